//! The keys of the catalogue: a text each, or a function where a number or a name goes in.

use protocol::{ErrorCode, LeaveReason};

use crate::format::Span;

type Text = &'static str;

/// One language.
pub(crate) struct Catalogue {
    // The document
    pub(crate) language: Text,
    #[cfg(feature = "ssr")]
    pub(crate) direction: Text,
    pub(crate) product: Text,
    #[cfg(feature = "ssr")]
    pub(crate) description: Text,
    pub(crate) title: fn(&str) -> String,

    // Landing
    pub(crate) headline: Text,
    pub(crate) promise: Text,
    pub(crate) promise_more: Text,
    pub(crate) your_name: Text,
    pub(crate) your_name_hint: Text,
    pub(crate) create_room: Text,
    pub(crate) or: Text,
    pub(crate) room_code: Text,
    pub(crate) room_code_example: Text,
    pub(crate) join_room: Text,
    pub(crate) options: Text,
    pub(crate) room_name: Text,
    pub(crate) room_name_hint: Text,
    pub(crate) pin: Text,
    pub(crate) new_pin_hint: Text,
    pub(crate) capacity: Text,
    pub(crate) lifetime: Text,
    pub(crate) lifetime_default: Text,
    pub(crate) lifetimes: &'static [(u64, Text)],
    pub(crate) promises: &'static [Text],
    pub(crate) how_do_i_know: Text,
    pub(crate) sign_in: Text,
    pub(crate) account: Text,
    pub(crate) back_to_start: Text,
    pub(crate) start_in_new_tab: Text,
    pub(crate) no_script: Text,

    // Join
    pub(crate) join_named: fn(&str) -> String,
    pub(crate) join_unnamed: fn(&str) -> String,
    pub(crate) inside_now: fn(u32) -> String,
    pub(crate) pin_hint: Text,

    // Room
    pub(crate) message: Text,
    pub(crate) messages: Text,
    pub(crate) message_to: fn(&str) -> String,
    pub(crate) send_message: Text,
    pub(crate) leave_room: Text,
    pub(crate) copy_link: Text,
    pub(crate) link_copied: Text,
    pub(crate) copy_code: fn(&str) -> String,
    pub(crate) code_copied: Text,
    pub(crate) copy_failed: Text,
    pub(crate) just_you: Text,
    pub(crate) just_you_more: Text,
    pub(crate) say_hi: Text,
    pub(crate) say_hi_more: Text,
    pub(crate) entering: Text,
    pub(crate) people: Text,
    pub(crate) people_in_room: fn(u32) -> String,
    pub(crate) people_count: fn(u32) -> String,
    pub(crate) people_more: fn(u32) -> String,
    pub(crate) close_people: Text,
    pub(crate) you: Text,
    pub(crate) owner: Text,
    pub(crate) away: Text,
    pub(crate) time_left: fn(Span) -> String,
    pub(crate) typing: fn(&[&str]) -> String,
    pub(crate) joined: fn(&[&str]) -> String,
    pub(crate) left: fn(&[&str]) -> String,
    pub(crate) joined_and_left: fn(usize, usize) -> String,
    pub(crate) missed: fn(Option<u64>) -> String,
    pub(crate) new_messages: fn(u32) -> String,
    pub(crate) spoiler: Text,
    pub(crate) sending: Text,
    pub(crate) sent: Text,
    pub(crate) waiting: Text,
    pub(crate) not_sent: Text,
    pub(crate) retry: Text,
    pub(crate) discard: Text,
    pub(crate) characters: fn(usize, usize) -> String,
    pub(crate) slow_down: fn(u32) -> String,

    // Connection
    pub(crate) connected: Text,
    pub(crate) connecting: Text,
    pub(crate) connection_lost: Text,
    pub(crate) reconnecting_in: fn(u32) -> String,
    pub(crate) reconnecting_now: Text,
    pub(crate) restarting: Text,
    pub(crate) offline: Text,
    pub(crate) offline_more: Text,
    pub(crate) disconnected: Text,
    pub(crate) ended_word: Text,
    pub(crate) back_online: fn(Option<Option<u64>>) -> String,
    pub(crate) retry_now: Text,
    pub(crate) reload: Text,

    // Ends and errors
    pub(crate) error: fn(ErrorCode) -> Text,
    pub(crate) unreachable: Text,
    pub(crate) wait: fn(u64) -> String,
    pub(crate) ended: fn(LeaveReason) -> (Text, Text),
    pub(crate) left_unheard: Text,
    pub(crate) room_full: Text,
    pub(crate) cannot_enter: Text,
    pub(crate) try_again: Text,
    pub(crate) new_room: Text,
    pub(crate) not_found: Text,
    pub(crate) not_found_more: Text,
    pub(crate) no_such_room: Text,
    pub(crate) something_wrong: Text,

    // Account
    pub(crate) account_why: Text,
    pub(crate) sign_up: Text,
    pub(crate) sign_up_more: Text,
    pub(crate) user_name: Text,
    pub(crate) user_name_hint: Text,
    pub(crate) password: Text,
    pub(crate) password_hint: Text,
    pub(crate) signed_in_as: fn(&str) -> String,
    pub(crate) guest_so_far: fn(&str) -> String,
    pub(crate) sign_out: Text,
    pub(crate) name_in_rooms: Text,
    pub(crate) name_in_rooms_more: Text,
    pub(crate) save: Text,
    pub(crate) saved: Text,
    pub(crate) change_password: Text,
    pub(crate) current_password: Text,
    pub(crate) new_password: Text,
    pub(crate) wrong_password: Text,
    pub(crate) password_changed: Text,
    pub(crate) logins: Text,
    pub(crate) logins_more: Text,
    pub(crate) this_login: Text,
    pub(crate) login_began: fn(&str) -> String,
    pub(crate) login_used: fn(&str) -> String,
    pub(crate) revoke: Text,
    pub(crate) revoke_named: fn(&str) -> String,
    pub(crate) loading: Text,
    pub(crate) delete_account: Text,
    pub(crate) delete_account_more: Text,
    pub(crate) delete_guest: Text,
    pub(crate) delete_guest_more: Text,
    pub(crate) appearance: Text,
    pub(crate) theme: Text,
    pub(crate) theme_system: Text,
    pub(crate) theme_light: Text,
    pub(crate) theme_dark: Text,
    pub(crate) needs_script: Text,

    // About
    pub(crate) about: Text,
    pub(crate) about_lead: Text,
    pub(crate) about_sections: &'static [(Text, &'static [Text])],
}

/// A type without content to show.
impl std::fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Catalogue({})", self.language)
    }
}
