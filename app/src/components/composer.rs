//! Where one writes: new messages, and own ones anew. The text is cleared only when it was handed over; whatever is refused
//! stays in the box.

use leptos::ev::{KeyboardEvent, SubmitEvent};
use leptos::html::Textarea;
use leptos::prelude::*;
use protocol::{ErrorCode, Role};

use super::burn_timer::{BurnTimerButton, BurnTimerPanel, BurnTimers};
use super::composer_mode::Mode;
use super::composer_note::{CopyDraft, Length, NOTE_ID, NotSent, Note};
use super::emoji::use_emoji;
use super::emoji_picker::{EmojiButton, EmojiPicker};
use super::formatting::formats;
use super::mention_list::{MentionList, Mentions};
use super::{Glyph, Icon, changing, said, when};
use crate::browser;
use crate::i18n::words;
use crate::signals::{Effect, RwSignal, Signal, live};
use client::{Confidant, slash};

const ID: &str = "message";
/// What browsers report as the key code while an input method composes.
const COMPOSING: u32 = 229;

/// Moves the focus into the box.
pub(crate) fn focus_composer() {
    browser::focus(ID);
}

/// Moves the focus to where the talk goes on: into the box, or where that would bring up a keyboard, into the log.
pub(crate) fn focus_writing() {
    request_animation_frame(|| browser::focus(if browser::is_touch() { "log" } else { ID }));
}

/// Writes into the box, as if it were typed at the caret.
pub(crate) fn write_into_composer(text: String) {
    request_animation_frame(move || browser::write(ID, &text));
}

/// What is in the box, as far as others need to know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Draft {
    area: NodeRef<Textarea>,
    /// Mirrors the text, so that the box can grow with it; nothing where the box is as high as it gets.
    mirror: RwSignal<String>,
    length: RwSignal<Length>,
    refused: RwSignal<Option<NotSent>>,
    mode: RwSignal<Mode>,
    /// Whose message is answered, or to whom one whispers.
    about: RwSignal<String>,
    /// The latter.
    to: StoredValue<Option<Confidant>>,
    /// A whisper that was begun before another room was shown.
    whispered: StoredValue<Option<(Confidant, String)>>,
    /// The new message that was begun, while the box is for something else or is not drawn yet.
    begun: StoredValue<String>,
    send: Callback<(Mode, Option<Confidant>, String), Result<(), ErrorCode>>,
    command: StoredValue<Option<Callback<(Mode, String)>>>,
    changeable: Callback<Option<u64>, Result<(u64, String), ErrorCode>>,
    on_typing: Callback<(Mode, bool)>,
}

impl Draft {
    /// An empty box. `send` takes a text or says why not; `changeable` finds an own message that can be changed, without a
    /// key the last; `on_typing` hears whether there is text in the box.
    pub(crate) fn new(
        send: impl Fn((Mode, Option<Confidant>, String)) -> Result<(), ErrorCode> + Send + Sync + 'static,
        changeable: impl Fn(Option<u64>) -> Result<(u64, String), ErrorCode> + Send + Sync + 'static,
        on_typing: impl Fn((Mode, bool)) + Send + Sync + 'static,
    ) -> Self {
        Self {
            area: NodeRef::new(),
            mirror: RwSignal::new(String::new()),
            length: RwSignal::new(Length::default()),
            refused: RwSignal::new(None),
            mode: RwSignal::new(Mode::New),
            about: RwSignal::new(String::new()),
            to: StoredValue::new(None),
            whispered: StoredValue::new(None),
            begun: StoredValue::new(String::new()),
            send: Callback::new(send),
            command: StoredValue::new(None),
            changeable: Callback::new(changeable),
            on_typing: Callback::new(on_typing),
        }
    }

    /// The same with what was begun before another room was shown.
    pub(crate) fn with_begun(self, text: String, whisper: Option<(Confidant, String)>) -> Self {
        self.begun.set_value(text);
        self.whispered.set_value(whisper);
        self
    }

    /// Gives what begins with a command's slash to `command`, which says what becomes of it.
    pub(crate) fn commanding(self, command: Callback<(Mode, String)>) {
        self.command.set_value(Some(command));
    }

    /// The box is drawn. What was typed into it before the program ran is a draft like one that was begun earlier; a finger
    /// wants the keyboard only when it asks.
    fn take_up(self) {
        if let Some(area) = self.area.get() {
            if area.value().is_empty() {
                area.set_value(&self.begun.try_update_value(std::mem::take).unwrap_or_default());
            }
            self.measure();
        }
        if let Some((to, text)) = self.whispered.try_update_value(Option::take).flatten() {
            self.whisper(to, None);
            self.put(&text);
        }
        if !browser::is_touch() {
            browser::focus_if_idle(ID);
        }
    }

    /// The new message that was begun, whether it is in the box or beside it.
    pub(crate) fn begun(self) -> String {
        match self.mode.get_untracked() {
            Mode::New | Mode::Reply(_) => {
                self.area.try_get_untracked().flatten().map(|area| area.value()).unwrap_or_default()
            }
            Mode::Edit(_) | Mode::React(_) | Mode::Delete(_) | Mode::Whisper(_) => self.begun.get_value(),
        }
    }

    /// The whisper that was begun, and to whom.
    pub(crate) fn begun_whisper(self) -> Option<(Confidant, String)> {
        let to = self.to.get_value().filter(|_| matches!(self.mode.get_untracked(), Mode::Whisper(_)))?;
        Some((to, self.area.try_get_untracked().flatten()?.value()))
    }

    /// Takes an own message into the box to be changed, without a key the last one. What was begun is kept beside it.
    ///
    /// # Errors
    /// Why it cannot be changed.
    pub(crate) fn edit(self, key: Option<u64>) -> Result<(), ErrorCode> {
        let (key, text) = self.changeable.run(key)?;
        self.enter_mode(Mode::Edit(key), &text);
        Ok(())
    }

    /// What is written answers the message in this row, of somebody who is called so.
    pub(crate) fn reply(self, key: u64, name: String) {
        if !self.mode.get_untracked().says_to_all() {
            self.leave_mode();
        }
        self.about.set(name);
        self.mode.set(Mode::Reply(key));
        browser::focus(ID);
    }

    /// What is written goes to this person only, as an answer to the message in this row.
    pub(crate) fn whisper(self, to: Confidant, key: Option<u64>) {
        self.about.set(to.name.as_str().to_owned());
        self.to.set_value(Some(to));
        self.enter_mode(Mode::Whisper(key), "");
        browser::focus(ID);
    }

    /// Asks for an emoji for the message in this row.
    pub(crate) fn react(self, key: u64) {
        self.enter_mode(Mode::React(key), "");
    }

    /// Asks whether an own message is to be taken back.
    ///
    /// # Errors
    /// Why it cannot be.
    pub(crate) fn delete(self, key: u64) -> Result<(), ErrorCode> {
        self.changeable.run(Some(key))?;
        self.enter_mode(Mode::Delete(key), "");
        Ok(())
    }

    /// What was to be an emoji for the message in this row is none: it is in the box again, unless that is for something
    /// else by now.
    #[inline(never)]
    pub(crate) fn react_again(self, key: u64, typed: &str) {
        if self.mode.get_untracked() == Mode::New {
            self.enter_mode(Mode::React(key), typed);
        }
        self.refused.set(Some(NotSent::Code(ErrorCode::InvalidEmoji)));
    }

    /// What was begun is kept beside what the box is for now.
    fn enter_mode(self, mode: Mode, text: &str) {
        if let (true, Some(area)) = (self.mode.get_untracked().says_to_all(), self.area.get_untracked()) {
            self.begun.set_value(area.value());
        }
        self.mode.set(mode);
        self.put(text);
    }

    /// An emoji was chosen: for the message that it is put to, or into the text.
    fn take_emoji(self, emoji: String) {
        match self.mode.get_untracked() {
            Mode::React(_) => self.hand_over(emoji),
            Mode::New | Mode::Reply(_) | Mode::Edit(_) | Mode::Whisper(_) => browser::insert(ID, &emoji),
            Mode::Delete(_) => {}
        }
    }

    /// A message is not there any more: neither are the words that were to take their place, nor what would answer it.
    pub(crate) fn let_go(self, is_gone: impl Fn(u64) -> bool) {
        match self.mode.get_untracked() {
            Mode::Edit(key) | Mode::React(key) | Mode::Delete(key) if is_gone(key) => self.leave_mode(),
            Mode::Reply(key) if is_gone(key) => self.mode.set(Mode::New),
            // The words stay for the one whom they are for.
            Mode::Whisper(Some(key)) if is_gone(key) => self.mode.set(Mode::Whisper(None)),
            Mode::New | Mode::Edit(_) | Mode::Reply(_) | Mode::React(_) | Mode::Delete(_) | Mode::Whisper(_) => {}
        }
    }

    /// Back to the new message that was begun.
    fn leave_mode(self) {
        if self.mode.get_untracked().says_to_all() {
            self.mode.set(Mode::New);
            return browser::focus(ID);
        }
        self.mode.set(Mode::New);
        self.put(&self.begun.try_update_value(std::mem::take).unwrap_or_default());
    }

    fn put(self, text: &str) {
        if let Some(area) = self.area.get_untracked() {
            area.set_value(text);
            // Its end is where one writes on; a finger brings up a keyboard only where something is to be typed.
            if !browser::is_touch() || matches!(self.mode.get_untracked(), Mode::Edit(_)) {
                let _ = area.focus();
            }
        }
        self.edited();
    }

    /// The person wrote or deleted something.
    fn edited(self) {
        self.measure();
        // Who types a command says nothing yet.
        let commands = self.mirror.with_untracked(|text| text.starts_with('/') && !text.starts_with("//"));
        let says = self.length.get_untracked().characters > 0 && !commands;
        self.on_typing.run((self.mode.get_untracked(), says));
    }

    fn measure(self) {
        let Some(area) = self.area.get_untracked() else {
            return;
        };
        let (length, mirror) = Length::of(&area);
        self.length.set(length);
        self.mirror.set(mirror);
        self.refused.set(None);
    }

    fn submit(self) {
        if let Some(area) = self.area.get_untracked() {
            self.hand_over(area.value());
            // Pressing the button took the focus; the next message starts in the box.
            let _ = area.focus();
        }
    }

    fn hand_over(self, typed: String) {
        let mode = self.mode.get_untracked();
        // A message that began with a slash still does.
        let text = if mode.sends() { slash::said(&typed).map(str::to_owned) } else { Some(typed.clone()) };
        match (text, self.command.get_value()) {
            (Some(text), _) => self.say(mode, text),
            (None, Some(command)) => command.run((mode, typed)),
            (None, None) => {}
        }
    }

    /// Sends it, or says why not.
    pub(crate) fn say(self, mode: Mode, text: String) {
        match self.send.run((mode, self.to.get_value(), text)) {
            Ok(()) => self.leave_sent(),
            Err(refusal) => self.refused.set(Some(NotSent::Code(refusal))),
        }
    }

    /// What is in the box was sent.
    fn leave_sent(self) {
        if !self.mode.get_untracked().says_to_all() {
            return self.leave_mode();
        }
        self.mode.set(Mode::New);
        if let Some(area) = self.area.get_untracked() {
            area.set_value("");
        }
        self.mirror.set(String::new());
        self.length.set(Length::default());
        self.refused.set(None);
    }

    /// This was done, if it is still in the box.
    pub(crate) fn done(self, typed: &str) {
        if self.area.try_get_untracked().flatten().is_some_and(|area| area.value() == typed) {
            self.leave_sent();
            self.on_typing.run((Mode::New, false));
        }
    }

    /// Says why what is in the box is not done.
    pub(crate) fn refuse(self, why: String) {
        self.refused.set(Some(NotSent::Said(why)));
    }

    fn key_pressed(self, event: &KeyboardEvent) {
        let page = match event.key().as_str() {
            "PageUp" => -1,
            "PageDown" => 1,
            "ArrowUp" => {
                let is_empty = self.area.get_untracked().is_some_and(|area| area.text_length() == 0);
                if is_empty && self.mode.get_untracked() == Mode::New && self.edit(None).is_ok() {
                    event.prevent_default();
                }
                return;
            }
            "Escape" if self.mode.get_untracked() != Mode::New && !event.is_composing() => {
                event.prevent_default();
                self.leave_mode();
                return;
            }
            "Enter" => {
                let composing = event.is_composing() || event.key_code() == COMPOSING;
                if !(event.shift_key() || composing || browser::is_touch()) {
                    event.prevent_default();
                    self.submit();
                }
                return;
            }
            // The log is one stop, also from below.
            "Tab" if event.shift_key() && document().get_element_by_id("newer").is_none() => {
                event.prevent_default();
                browser::focus("log");
                return;
            }
            _ => return,
        };
        if let Some(log) = document().get_element_by_id("log") {
            event.prevent_default();
            log.set_scroll_top(log.scroll_top() + page * log.client_height() * 9 / 10);
        }
    }
}

/// Text box and button.
#[component]
pub(crate) fn Composer(
    /// What the room is called.
    room: Signal<String>,
    /// The room has ended: what is in the box can be copied, and nothing is sent any more.
    over: Signal<bool>,
    /// What is written.
    draft: Draft,
    /// What the others inside are called.
    names: Signal<Vec<String>>,
    /// What the reader is.
    role: Signal<Role>,
    /// Characters that a message may have.
    limit: Signal<u32>,
    /// Why something could not be done to a message, while that is news.
    refused: Signal<Option<ErrorCode>>,
    /// Seconds until the server takes the next message.
    slow_down_s: Signal<Option<u32>>,
    /// For how long is there what is said.
    timers: BurnTimers,
) -> impl IntoView {
    let words = words();
    Effect::new(move || draft.take_up());
    let mentions = Mentions::new(draft.area, names, role, Callback::new(move |()| draft.edited()));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if !over.get_untracked() {
            mentions.close();
            draft.submit();
        }
    };
    let (emoji, picking) = (use_emoji(), RwSignal::new(false));
    Effect::new(move || {
        if emoji.failed.get() && !picking.get_untracked() {
            draft.refuse(words.no_emoji.to_owned());
        }
    });
    let is_new = move || draft.mode.get() == Mode::New;
    let sends = move || draft.mode.get().sends();
    let whispers = move || matches!(draft.mode.get(), Mode::Whisper(_)) && !over.get();
    view! {
        // By itself such a form submits nothing, so that a text is not lost while no program takes it.
        <form class="composer" class:whispering=live(whispers) method="dialog" on:submit=submit>
            {when(move || !is_new() && !over.get(), move || view! { <ModeBar draft /> }.into_any())}
            <MentionList mentions />
            <BurnTimerPanel timers />
            <EmojiPicker open=picking on_choose=Callback::new(move |emoji| draft.take_emoji(emoji)) />
            <div class="composer-box">
                <label class="visually-hidden" for=ID>{words.message}</label>
                {writing(draft, mentions, over, room)}
                {when(move || !over.get(), move || view! { <EmojiButton open=picking /> }.into_any())}
                {when(move || !over.get() && sends(), move || view! { <BurnTimerButton timers /> }.into_any())}
                <button type="submit" class="button primary send" hidden=live(move || over.get() || !sends()) aria-label=words.send_message>
                    <Icon glyph=Glyph::Send />
                </button>
                <CopyDraft area=draft.area length=draft.length over />
            </div>
            <Note not_sent=draft.refused length=draft.length limit slow_down_s refused />
        </form>
    }
    .into_any()
}

/// The box itself.
fn writing(draft: Draft, mentions: Mentions, over: Signal<bool>, room: Signal<String>) -> impl IntoView {
    let words = words();
    let invalid = move || draft.refused.with(Option::is_some);
    let full = move || draft.length.get().characters > 0 && draft.mirror.with(String::is_empty);
    let placeholder = move || match draft.mode.get() {
        _ if over.get() => words.room_over.to_owned(),
        Mode::React(_) => words.any_emoji.to_owned(),
        Mode::Delete(_) => String::new(),
        Mode::Whisper(_) => (words.whisper_to)(&draft.about.get()),
        Mode::New | Mode::Reply(_) | Mode::Edit(_) => (words.message_to)(&room.get()),
    };
    view! {
        <div class="grow" class:full=live(full) data-text=live(move || draft.mirror.get())>
            <textarea
                id=ID
                rows="1"
                dir="auto"
                autocomplete="off"
                placeholder=placeholder
                readonly=live(move || over.get() || matches!(draft.mode.get(), Mode::Delete(_)))
                aria-describedby=NOTE_ID
                aria-invalid=live(move || if invalid() { "true" } else { "false" })
                node_ref=draft.area
                aria-autocomplete="list"
                aria-activedescendant=live(move || mentions.active())
                on:input=move |_| {
                    draft.edited();
                    mentions.look(draft.mode.get_untracked().sends());
                }
                on:keydown=move |event| {
                    let shortcut = event.ctrl_key() != event.meta_key() && !event.alt_key();
                    if !(mentions.takes(&event) || shortcut && formats(&event, draft.area.get_untracked())) {
                        draft.key_pressed(&event);
                    }
                }
            ></textarea>
        </div>
    }
    .into_any()
}

/// Emoji that are one press away.
const AT_HAND: [&str; 6] = ["👍", "❤️", "😂", "😮", "😢", "🎉"];

/// What the box is for while that is no new message, and the two ways out.
#[component]
fn ModeBar(draft: Draft) -> impl IntoView {
    let words = words();
    let at_hand = move |emoji: &'static str| {
        let take = move |_| draft.hand_over(emoji.to_owned());
        view! { <button type="button" class="button quiet emoji" on:click=take>{emoji}</button> }.into_any()
    };
    let what = move || match draft.mode.get() {
        Mode::React(_) => view! {
            <p>{words.reacting}</p>
            {AT_HAND.map(at_hand).into_iter().collect_view()}
        }
        .into_any(),
        Mode::Reply(_) => view! { <p class="wide">{(words.replying)(&draft.about.get())}</p> }.into_any(),
        Mode::Whisper(_) => {
            view! { <p class="wide whisper-note">{(words.whispering)(&draft.about.get())}</p> }.into_any()
        }
        Mode::Delete(_) => view! { <p class="wide">{words.deleting}</p> }.into_any(),
        Mode::New | Mode::Edit(_) => view! { <p class="wide">{words.editing}</p> }.into_any(),
    };
    let done = move || match draft.mode.get() {
        Mode::React(_) => words.react,
        Mode::Delete(_) => words.delete,
        Mode::New | Mode::Reply(_) | Mode::Edit(_) | Mode::Whisper(_) => words.save,
    };
    view! {
        <div class="composer-mode">
            {changing(what)}
            <button type="button" class="button quiet" on:click=move |_| draft.leave_mode()>
                {words.cancel}
            </button>
            <button
                type="submit"
                class="button primary"
                hidden=live(move || draft.mode.get().sends())
                inner_html=said(move || done().to_owned())
            ></button>
        </div>
    }
}
