//! The keys of the catalogue: a text each, or a function where a number or a name goes in.

use client::slash::Command;
use protocol::{ErrorCode, LeaveReason, Role};

use crate::format::Span;

pub(super) type Phrase = &'static str;

/// One language.
pub(crate) struct Catalogue {
    // The document
    #[cfg(feature = "ssr")]
    pub(crate) language: Phrase,
    #[cfg(feature = "ssr")]
    pub(crate) direction: Phrase,
    pub(crate) product: Phrase,
    #[cfg(feature = "ssr")]
    pub(crate) description: Phrase,
    pub(crate) title: fn(&str) -> String,

    // Where the program does not run
    #[cfg(feature = "ssr")]
    pub(crate) start_slow: Phrase,
    #[cfg(feature = "ssr")]
    pub(crate) start_missing: Phrase,
    #[cfg(feature = "ssr")]
    pub(crate) start_failed: Phrase,
    #[cfg(feature = "ssr")]
    pub(crate) start_broken: Phrase,

    // Landing
    #[cfg(feature = "site")]
    pub(crate) headline: Phrase,
    #[cfg(feature = "site")]
    pub(crate) promise: Phrase,
    #[cfg(feature = "site")]
    pub(crate) promise_more: Phrase,
    pub(crate) your_name: Phrase,
    pub(crate) your_name_hint: Phrase,
    pub(crate) create_room: Phrase,
    pub(crate) or: Phrase,
    pub(crate) room_code: Phrase,
    pub(crate) room_code_example: Phrase,
    pub(crate) join_room: Phrase,
    #[cfg(feature = "site")]
    pub(crate) options: Phrase,
    pub(crate) room_name: Phrase,
    pub(crate) room_name_hint: Phrase,
    pub(crate) pin: Phrase,
    #[cfg(feature = "site")]
    pub(crate) new_pin_hint: Phrase,
    pub(crate) capacity: Phrase,
    #[cfg(feature = "site")]
    pub(crate) capacity_hint: fn(u32) -> String,
    #[cfg(feature = "site")]
    pub(crate) lifetime: Phrase,
    #[cfg(feature = "site")]
    pub(crate) lasts: fn(Span) -> String,
    #[cfg(feature = "site")]
    pub(crate) wrong_capacity: fn(u64) -> String,
    #[cfg(feature = "site")]
    pub(crate) wrong_lifetime: fn(Span) -> String,
    pub(crate) wrong_pin: fn(u64) -> String,
    pub(crate) other_code: Phrase,
    pub(crate) has_ended: Phrase,
    pub(crate) sealed_room: Phrase,
    #[cfg(feature = "site")]
    pub(crate) promises: &'static [Phrase],
    pub(crate) how_do_i_know: Phrase,
    pub(crate) sign_in: Phrase,
    pub(crate) account: Phrase,
    pub(crate) back_to_start: Phrase,
    pub(crate) start_in_new_tab: Phrase,
    pub(crate) no_script: Phrase,

    // Join
    pub(crate) join_named: fn(&str) -> String,
    pub(crate) join_unnamed: fn(&str) -> String,
    pub(crate) inside_now: fn(u32) -> String,
    pub(crate) pin_hint: Phrase,

    // Room
    pub(crate) message: Phrase,
    pub(crate) messages: Phrase,
    pub(crate) message_to: fn(&str) -> String,
    pub(crate) send_message: Phrase,
    pub(crate) leave_room: Phrase,
    pub(crate) copy_link: Phrase,
    pub(crate) link_copied: Phrase,
    pub(crate) copy_code: fn(&str) -> String,
    pub(crate) code_copied: Phrase,
    pub(crate) copy_failed: Phrase,
    pub(crate) copied: Phrase,
    pub(crate) not_copied: Phrase,
    pub(crate) copy_code_block: Phrase,
    pub(crate) copy_text: Phrase,
    pub(crate) skip_to_composer: Phrase,
    pub(crate) skip_to_log: Phrase,
    pub(crate) you_in_brackets: Phrase,
    pub(crate) gone: Phrase,
    pub(crate) gone_more: Phrase,
    pub(crate) unread_title: fn(u32, &str) -> String,
    pub(crate) unread_from_here: Phrase,
    pub(crate) left_elsewhere: Phrase,
    pub(crate) room_over: Phrase,
    pub(crate) commands: Phrase,
    pub(crate) command: fn(Command) -> Phrase,
    pub(crate) usage: fn(Command) -> String,
    pub(crate) only_for: fn(Role) -> Phrase,
    pub(crate) unknown_command: fn(&str) -> String,
    pub(crate) unclear_command: fn(Command) -> String,
    pub(crate) shortcuts: Phrase,
    pub(crate) keys: &'static [(Phrase, &'static [(Phrase, Phrase)])],
    pub(crate) single_keys: Phrase,
    pub(crate) more: Phrase,
    pub(crate) copy_message: Phrase,
    pub(crate) select_text: Phrase,
    pub(crate) too_many: fn(usize, bool) -> String,
    pub(crate) just_you: Phrase,
    pub(crate) just_you_more: Phrase,
    pub(crate) say_hi: Phrase,
    pub(crate) say_hi_more: Phrase,
    pub(crate) entering: Phrase,
    pub(crate) rooms: Phrase,
    pub(crate) close_rooms: Phrase,
    pub(crate) close_room: fn(&str) -> String,
    pub(crate) close_this_room: Phrase,
    pub(crate) close: Phrase,
    pub(crate) another_room: Phrase,
    pub(crate) go_to_room: Phrase,
    pub(crate) unread: fn(u32) -> String,
    pub(crate) mentions: fn(u32) -> String,
    pub(crate) last_said: fn(&str) -> String,
    pub(crate) refused_word: Phrase,
    pub(crate) people: Phrase,
    pub(crate) people_in_room: fn(u32) -> String,
    pub(crate) people_count: fn(u32) -> String,
    pub(crate) people_more: fn(u32) -> String,
    pub(crate) close_people: Phrase,
    pub(crate) you: Phrase,
    pub(crate) owner: Phrase,
    pub(crate) away: Phrase,
    pub(crate) away_reconnecting: Phrase,
    pub(crate) owner_more: Phrase,
    pub(crate) mention: Phrase,
    pub(crate) moderator: Phrase,
    pub(crate) kick: Phrase,
    pub(crate) ban: Phrase,
    pub(crate) make_moderator: Phrase,
    pub(crate) make_member: Phrase,
    pub(crate) make_owner: Phrase,
    pub(crate) powers_menu: Phrase,
    pub(crate) rename_room: Phrase,
    pub(crate) set_topic: Phrase,
    pub(crate) topic: Phrase,
    pub(crate) set_pin: Phrase,
    pub(crate) set_pin_hint: Phrase,
    pub(crate) lock_room: Phrase,
    pub(crate) unlock_room: Phrase,
    pub(crate) locked_more: Phrase,
    pub(crate) emoji: Phrase,
    pub(crate) search_emoji: Phrase,
    pub(crate) recent_emoji: Phrase,
    pub(crate) found_emoji: Phrase,
    pub(crate) nothing_found: Phrase,
    pub(crate) no_emoji: Phrase,
    pub(crate) emoji_kinds: Phrase,
    pub(crate) emoji_groups: &'static [Phrase],
    pub(crate) skin_tone: Phrase,
    pub(crate) tones: [Phrase; 6],
    pub(crate) set_timer: Phrase,
    pub(crate) room_timer_more: Phrase,
    pub(crate) room_burns: fn(u32) -> String,
    pub(crate) burn_timer: Phrase,
    pub(crate) burn_span: fn(u64) -> String,
    pub(crate) burn_as_room: fn(u64) -> String,
    pub(crate) burn_note: fn(u64) -> String,
    pub(crate) burns_after: fn(u32) -> String,
    pub(crate) burns_in: fn(u64) -> String,
    pub(crate) burned: Phrase,
    pub(crate) quoted_burned: Phrase,
    pub(crate) burn_room: Phrase,
    pub(crate) burn_more: Phrase,
    pub(crate) hold_to_burn: Phrase,
    pub(crate) change_name: Phrase,
    pub(crate) leaving: Phrase,
    pub(crate) leaving_in: fn(u32) -> String,
    pub(crate) stay: Phrase,
    pub(crate) leave_now: Phrase,
    pub(crate) time_left: fn(Span) -> String,
    pub(crate) typing: fn(&[&str]) -> String,
    pub(crate) joined: fn(&[&str]) -> String,
    pub(crate) left: fn(&[&str]) -> String,
    pub(crate) joined_and_left: fn(usize, usize) -> String,
    pub(crate) missed: fn(Option<u64>) -> String,
    pub(crate) new_messages: fn(u32) -> String,
    pub(crate) spoiler: Phrase,
    pub(crate) sending: Phrase,
    pub(crate) sent: Phrase,
    pub(crate) reach: fn(bool, u32) -> String,
    pub(crate) tell_reading: Phrase,
    pub(crate) waiting: Phrase,
    pub(crate) keep_unsent: Phrase,
    pub(crate) not_changed: Phrase,
    pub(crate) edit: Phrase,
    pub(crate) delete: Phrase,
    pub(crate) cancel: Phrase,
    pub(crate) editing: Phrase,
    pub(crate) deleting: Phrase,
    pub(crate) reply: Phrase,
    pub(crate) replying: fn(&str) -> String,
    pub(crate) whisper: Phrase,
    pub(crate) whispering: fn(&str) -> String,
    pub(crate) whisper_to: fn(&str) -> String,
    pub(crate) whispers_to_you: fn(&str) -> String,
    pub(crate) quoted: fn(&str) -> String,
    pub(crate) quoted_deleted: Phrase,
    pub(crate) quoted_elsewhere: Phrase,
    pub(crate) mentions_you: Phrase,
    pub(crate) react: Phrase,
    pub(crate) reacting: Phrase,
    pub(crate) any_emoji: Phrase,
    pub(crate) reacted: fn(&str, &[&str]) -> String,
    pub(crate) more_reactions: fn(usize) -> String,
    pub(crate) edited: Phrase,
    pub(crate) deleted: Phrase,
    pub(crate) not_sent: Phrase,
    pub(crate) retry: Phrase,
    pub(crate) discard: Phrase,
    pub(crate) characters: fn(usize, usize) -> String,
    pub(crate) slow_down: fn(u32) -> String,

    // Connection
    pub(crate) connected: Phrase,
    pub(crate) connecting: Phrase,
    pub(crate) connection_lost: Phrase,
    pub(crate) reconnecting_in: fn(u32) -> String,
    pub(crate) reconnecting_now: Phrase,
    pub(crate) restarting: Phrase,
    pub(crate) offline: Phrase,
    pub(crate) offline_more: Phrase,
    pub(crate) disconnected: Phrase,
    pub(crate) ended_word: Phrase,
    pub(crate) back_online: fn(Option<Option<u64>>) -> String,
    pub(crate) retry_now: Phrase,
    pub(crate) reload: Phrase,

    // Ends and errors
    pub(crate) error: fn(ErrorCode) -> Phrase,
    pub(crate) unreachable: Phrase,
    pub(crate) wait: fn(u64) -> String,
    pub(crate) ended: fn(LeaveReason) -> (Phrase, Phrase),
    pub(crate) left_unheard: Phrase,
    pub(crate) room_full: Phrase,
    pub(crate) cannot_enter: Phrase,
    pub(crate) try_again: Phrase,
    pub(crate) new_room: Phrase,
    pub(crate) read_what_was_said: Phrase,
    #[cfg(feature = "site")]
    pub(crate) not_found: Phrase,
    #[cfg(feature = "site")]
    pub(crate) not_found_more: Phrase,
    pub(crate) no_such_room: Phrase,
    pub(crate) something_wrong: Phrase,

    // Account
    #[cfg(feature = "site")]
    pub(crate) account_why: Phrase,
    #[cfg(feature = "site")]
    pub(crate) sign_up: Phrase,
    #[cfg(feature = "site")]
    pub(crate) sign_up_more: Phrase,
    #[cfg(feature = "site")]
    pub(crate) user_name: Phrase,
    #[cfg(feature = "site")]
    pub(crate) user_name_hint: Phrase,
    #[cfg(feature = "site")]
    pub(crate) new_name_hint: Phrase,
    #[cfg(feature = "site")]
    pub(crate) show_password: Phrase,
    #[cfg(feature = "site")]
    pub(crate) hide_password: Phrase,
    #[cfg(feature = "site")]
    pub(crate) show: Phrase,
    #[cfg(feature = "site")]
    pub(crate) hide: Phrase,
    #[cfg(feature = "site")]
    pub(crate) signed_in: Phrase,
    #[cfg(feature = "site")]
    pub(crate) signed_up: Phrase,
    #[cfg(feature = "site")]
    pub(crate) signed_out: Phrase,
    #[cfg(feature = "site")]
    pub(crate) forgotten: Phrase,
    #[cfg(feature = "site")]
    pub(crate) password: Phrase,
    #[cfg(feature = "site")]
    pub(crate) password_hint: Phrase,
    #[cfg(feature = "site")]
    pub(crate) signed_in_as: fn(&str) -> String,
    #[cfg(feature = "site")]
    pub(crate) guest_so_far: fn(&str) -> String,
    #[cfg(feature = "site")]
    pub(crate) sign_out: Phrase,
    #[cfg(feature = "site")]
    pub(crate) name_in_rooms: Phrase,
    pub(crate) name_in_rooms_more: Phrase,
    pub(crate) save: Phrase,
    #[cfg(feature = "site")]
    pub(crate) saved: Phrase,
    #[cfg(feature = "site")]
    pub(crate) change_password: Phrase,
    #[cfg(feature = "site")]
    pub(crate) current_password: Phrase,
    #[cfg(feature = "site")]
    pub(crate) new_password: Phrase,
    #[cfg(feature = "site")]
    pub(crate) wrong_password: Phrase,
    #[cfg(feature = "site")]
    pub(crate) password_changed: Phrase,
    #[cfg(feature = "site")]
    pub(crate) logins: Phrase,
    #[cfg(feature = "site")]
    pub(crate) logins_more: Phrase,
    #[cfg(feature = "site")]
    pub(crate) this_login: Phrase,
    #[cfg(feature = "site")]
    pub(crate) login_began: fn(&str) -> String,
    #[cfg(feature = "site")]
    pub(crate) login_on: fn(&str, &str) -> String,
    #[cfg(feature = "site")]
    pub(crate) login_ended: Phrase,
    #[cfg(feature = "site")]
    pub(crate) login_used: fn(&str) -> String,
    #[cfg(feature = "site")]
    pub(crate) revoke: Phrase,
    #[cfg(feature = "site")]
    pub(crate) revoke_named: fn(&str) -> String,
    #[cfg(feature = "site")]
    pub(crate) your_rooms: Phrase,
    #[cfg(feature = "site")]
    pub(crate) your_rooms_more: Phrase,
    #[cfg(feature = "site")]
    pub(crate) no_rooms: Phrase,
    #[cfg(feature = "site")]
    pub(crate) room_until: fn(&str, u32, &str) -> String,
    #[cfg(feature = "site")]
    pub(crate) room_menu: Phrase,
    #[cfg(feature = "site")]
    pub(crate) room_menu_named: fn(&str) -> String,
    #[cfg(feature = "site")]
    pub(crate) end_room: Phrase,
    #[cfg(feature = "site")]
    pub(crate) end_room_more: Phrase,
    #[cfg(feature = "site")]
    pub(crate) room_was_ended: Phrase,
    #[cfg(feature = "site")]
    pub(crate) room_was_left: Phrase,
    #[cfg(feature = "site")]
    pub(crate) loading: Phrase,
    #[cfg(feature = "site")]
    pub(crate) delete_account: Phrase,
    #[cfg(feature = "site")]
    pub(crate) delete_account_more: Phrase,
    #[cfg(feature = "site")]
    pub(crate) delete_guest: Phrase,
    #[cfg(feature = "site")]
    pub(crate) delete_guest_more: Phrase,
    #[cfg(feature = "site")]
    pub(crate) appearance: Phrase,
    pub(crate) theme: Phrase,
    pub(crate) theme_system: Phrase,
    pub(crate) theme_light: Phrase,
    pub(crate) theme_dark: Phrase,
    #[cfg(feature = "site")]
    pub(crate) needs_script: Phrase,

    // About
    #[cfg(feature = "site")]
    pub(crate) about: Phrase,
    #[cfg(feature = "site")]
    pub(crate) about_lead: Phrase,
    #[cfg(feature = "site")]
    pub(crate) about_sections: &'static [(Phrase, &'static [Phrase])],
}

/// A type without content to show.
impl std::fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Catalogue(…)")
    }
}
