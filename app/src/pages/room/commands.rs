//! What commands do. The server has the last word of what may be done; a command that it refuses stays in the box.

use protocol::api::ChangeRoom;
use protocol::{ErrorCode, Limits, MemberId, timer_within};

use crate::browser;
use crate::components::{Draft, Mode, Open, Powers, show_people};
use crate::driver;
use crate::driver::{Client, Wish};
use crate::i18n::{failure_text, words};
use crate::signals::RwSignal;
use client::Confidant;
use client::slash::{Command, Typed, action, addressed, is_called, parse, span_s};

/// What commands act on.
#[derive(Clone, Copy)]
pub(super) struct Commands {
    pub(super) client: Client,
    pub(super) room: driver::Room,
    pub(super) powers: Powers,
    /// Where they are typed, and what is wrong with them is said.
    pub(super) draft: Draft,
    pub(super) people_open: RwSignal<bool>,
    pub(super) keys_open: RwSignal<bool>,
    pub(super) inviting: RwSignal<bool>,
}

impl Commands {
    /// Does what was typed.
    pub(super) fn run(self, mode: Mode, typed: String) {
        let words = words();
        match parse(&typed) {
            Typed::Text(text) => self.draft.say(mode, text.to_owned()),
            Typed::Unknown(word) => self.draft.refuse((words.unknown_command)(word)),
            Typed::Unclear(command) => self.draft.refuse((words.unclear_command)(command)),
            Typed::Command(command, argument) => {
                let role = self.powers.role.get_untracked();
                if command.power().is_none_or(|power| role.may(power)) {
                    self.obey(mode, command, argument, &typed);
                } else {
                    self.refuse(ErrorCode::Forbidden);
                }
            }
        }
    }

    fn obey(self, mode: Mode, command: Command, argument: &str, typed: &str) {
        let none = ChangeRoom::default();
        match command {
            Command::Me => {
                if let Some(name) = self.own_name() {
                    self.draft.say(mode, action(&name, argument));
                }
            }
            Command::Msg => self.whisper(argument, typed),
            Command::Nick => {
                let (client, name) = (self.client, argument.to_owned());
                self.attempt(typed, async move { client.be_called(name).await });
            }
            Command::Topic => self.ask(typed, Wish::Change(ChangeRoom { topic: Some(argument.to_owned()), ..none })),
            Command::Lock => self.ask(typed, Wish::Change(ChangeRoom { locked: Some(true), ..none })),
            Command::Unlock => self.ask(typed, Wish::Change(ChangeRoom { locked: Some(false), ..none })),
            Command::Kick => self.ask_about(typed, argument, Wish::Kick),
            Command::Ban => self.ask_about(typed, argument, Wish::Ban),
            Command::Timer => self.set_timer(argument, typed),
            Command::Who => {
                self.draft.done(typed);
                let you = self.room.you.get_untracked();
                show_people(self.people_open, you.map_or_else(String::new, |you| you.as_str().to_owned()));
            }
            Command::Invite => {
                self.draft.done(typed);
                self.inviting.set(true);
            }
            Command::Burn => {
                self.draft.done(typed);
                self.powers.open.set(Open::Burning);
                show_people(self.people_open, "hold".to_owned());
            }
            Command::Clear => {
                self.draft.done(typed);
                self.room.clear();
            }
            Command::Help => {
                self.draft.done(typed);
                self.keys_open.set(true);
            }
        }
    }

    /// Words to one person only; without words, the box is for that from now on.
    fn whisper(self, argument: &str, typed: &str) {
        let you = self.room.you.get_untracked();
        let found = self.room.members.with_untracked(|members| {
            let others = || members.iter().filter(|member| Some(&member.id) != you.as_ref());
            let is_name = |name: &str| others().any(|member| is_called(member.name.as_str(), name, browser::lowercase));
            let (name, words) = addressed(argument, is_name)?;
            let member = others().find(|member| is_called(member.name.as_str(), name, browser::lowercase))?;
            Some((Confidant { member: member.id.clone(), name: member.name.clone() }, words))
        });
        match found {
            None => self.refuse(ErrorCode::NoSuchMember),
            Some((to, "")) => {
                self.draft.done(typed);
                self.draft.whisper(to, None);
            }
            Some((to, words)) => match self.room.send(words, Some(to), None) {
                Ok(()) => self.draft.done(typed),
                Err(why) => self.refuse(why),
            },
        }
    }

    /// What is said from now on burns after this span.
    fn set_timer(self, span: &str, typed: &str) {
        let Some(chosen_s) = span_s(span) else {
            return self.draft.refuse((words().unclear_command)(Command::Timer));
        };
        if let Err(why) = timer_within(&Limits::default(), chosen_s) {
            return self.refuse(why);
        }
        self.draft.done(typed);
        // Where the room has no timer, to have none is no choice of one's own.
        let of_room = self.room.info.with_untracked(|info| info.as_ref().and_then(|info| info.timer_s));
        self.room.set_timer((chosen_s > 0 || of_room.is_some()).then_some(chosen_s));
    }

    fn own_name(self) -> Option<String> {
        let you = self.room.you.get_untracked()?;
        self.room.members.with_untracked(|members| {
            let own = members.iter().find(|member| member.id == you)?;
            Some(own.name.as_str().to_owned())
        })
    }

    /// Something is to happen to whoever is called so.
    fn ask_about(self, typed: &str, name: &str, wish: fn(MemberId) -> Wish) {
        let own = self.powers.role.get_untracked();
        let found = self.room.members.with_untracked(|members| {
            let is_it = |member: &&protocol::Member| is_called(member.name.as_str(), name, browser::lowercase);
            members.iter().find(is_it).map(|member| (member.id.clone(), own > member.role()))
        });
        match found {
            None => self.refuse(ErrorCode::NoSuchMember),
            Some((_, false)) => self.refuse(ErrorCode::Forbidden),
            Some((id, true)) => self.ask(typed, wish(id)),
        }
    }

    fn ask(self, typed: &str, wish: Wish) {
        let room = self.room;
        self.attempt(typed, async move { room.exercise(wish).await });
    }

    /// The text stays in the box until the server has done it.
    fn attempt(self, typed: &str, doing: impl Future<Output = Result<(), client::RequestError>> + 'static) {
        let (draft, typed) = (self.draft, typed.to_owned());
        leptos::task::spawn_local(async move {
            match doing.await {
                Ok(()) => draft.done(&typed),
                Err(failure) => draft.refuse(failure_text(&failure)),
            }
        });
    }

    fn refuse(self, why: ErrorCode) {
        self.draft.refuse((words().error)(why).to_owned());
    }
}

/// Does to a message's text what its menu offers beside the buttons.
pub(super) fn copy_text(draft: Draft, text: String) {
    browser::copy(text, move |done| {
        if !done {
            draft.refuse(words().not_copied.to_owned());
        }
    });
}
