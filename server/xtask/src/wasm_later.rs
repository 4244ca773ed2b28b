//! What of a room's program is fetched later: what a page does not need to be shown.
//!
//! Parts of names, as a compiler's messages have them. A part that fits what begins with the page does no harm but makes
//! it wait for the second half at once; `start.spec.ts` sees that. What is missing makes the first load heavier.

/// Dialogs, menus, forms and what follows when they are used. Nothing that a lost line needs, or a page that is left: the
/// second half could not be fetched then.
const OWN: &[&str] = &[
    "::attempt",
    "::leading",
    "BTreeMap<protocol::ids::RoomCode, app::driver::cells::RoomCells>>::remove",
    "BTreeMap<protocol::ids::RoomCode, client::room_state::RoomState>>::remove",
    "BanView",
    "ChangeRoom",
    "Client>::be_called",
    "Client>::enter",
    "Commands>",
    "Draft>::delete",
    "Draft>::done",
    "Draft>::edit::",
    "Draft>::react",
    "Draft>::refuse",
    "Draft>::reply",
    "Draft>::take_emoji",
    "Draft>::whisper",
    "DriverHandle>::leave",
    "Emoji>::fetch",
    "Emoji>::offers",
    "Emoji>::used",
    "Form>::count::",
    "Form>::place_of",
    "Form>::refuse",
    "Form>::text",
    "InviteView",
    "JoinAnswer",
    "MakeInvite",
    "Mentions>::choose",
    "Mentions>::is_whole",
    "Mentions>::take_key",
    "Mentions>::write",
    "MessageList>::clear",
    "PutOut",
    "QrView",
    "Room>::act",
    "RoomState>::changeable",
    "RoomState>::clear",
    "RoomState>::dropped",
    "RoomState>::receipts",
    "RoomState>::tell_news",
    "RoomState>::whisper",
    "Roster>::mentioned",
    "Scroll>::restore",
    "Switch>::depart",
    "Timeline>::cid_of",
    "Timeline>::clear",
    "Timeline>::news",
    "Timeline>::quote",
    "Timeline>::requote",
    "Timeline>::whisper",
    "another_room",
    "ban_list",
    "begin_inviting",
    "browser::acting",
    "browser::alerts",
    "browser::grid",
    "burn_timer::choice",
    "burn_timer::panel",
    "burn_timer::room_choice",
    "burning::tick",
    "client::aside::Place>",
    "client::emoji",
    "client::notices",
    "command_list",
    "component_burning",
    "component_composer::{closure#8}",
    "component_copy_draft",
    "component_dialog::{closure#3}",
    "component_join_card::{closure#1}",
    "component_keys_sheet::{closure",
    "component_mention_list",
    "component_message_menu::{closure#1}",
    "component_mode_bar",
    "component_one_box",
    "component_own_name",
    "component_parting_strip",
    "component_people::{closure#4}",
    "component_person::{closure#4}",
    "component_person::{closure#5}",
    "component_pill::{closure#1}",
    "component_room_list::{closure#3}",
    "component_room_list::{closure#9}",
    "component_tell_reading::{closure#1}",
    "component_theme_switch::{closure#0}::{closure#1}",
    "component_timeline::{closure#1}",
    "component_timeline::{closure#2}",
    "component_timeline::{closure#3}",
    "component_waiting_card",
    "components::formatting",
    "components::menu",
    "components::notices",
    "copy_by_api",
    "copy_by_selection",
    "emoji_names",
    "ended_room",
    "emoji_picker::cells",
    "emoji_picker::chosen",
    "emoji_picker::grid",
    "emoji_picker::groups",
    "emoji_picker::key_pressed",
    "emoji_picker::picker",
    "emoji_picker::toggle",
    "emoji_picker::tones",
    "en::commands",
    "failure_text",
    "floor::confidant",
    "floor::end::{closure#1}",
    "floor::end::{closure#2}",
    "floor::line_of",
    "floor::log::{closure#1}",
    "floor::log::{closure#3}",
    "floor::naming",
    "floor::press",
    "floor::reply",
    "floor::taken_up",
    "floor::write_to",
    "focus_next",
    "go_to_room",
    "http::Wish",
    "http::bans",
    "invite_list",
    "invite_maker",
    "invite_panel",
    "invite_row",
    "join::knock",
    "join::withdraw_knock",
    "join_room::{closure#0}",
    "keys_sheet::sheet",
    "knock_lines",
    "log_keys",
    "long_press::asked",
    "message_menu::opened",
    "message_menu::text_items",
    "message_row::drawn_marks",
    "message_row::pressed",
    "message_row::reveal",
    "message_row::whisper_note",
    "message_tools::chips",
    "message_tools::quote",
    "people::hide",
    "people::show",
    "person_question",
    "powers::powers::{closure#1}",
    "powers::powers::{closure#2}",
    "put_in_place",
    "read_seldom",
    "room::adding",
    "room::commands",
    "room::door",
    "room::noticing",
    "room_entry::matching",
    "room_list::hide",
    "room_menu::panel",
    "room_menu::timer",
    "room_news",
    "rows_in_view",
    "say_in_row",
    "session_storage::unsent_of",
    "show_message",
    "take_given_back",
    "take_seldom",
    "timeline::answered",
    "turned_away_notice",
    "write_into_composer",
];

/// Views that change in another way than a log does.
const VIEWS: &[&str] = &[
    "::errors",
    "::insert_before_this_or_marker",
    "::keyup",
    "::mousedown",
    "::read_data",
    "::take_errors",
    "AriaPressed",
    "AriaSelected",
    "Autocapitalize",
    "Enterkeyhint",
    "Mountable>::elements",
    "Spellcheck",
    "add_event_listener_delegated",
    "any_view::elements",
    "attribute::Required",
    "elements::Dialog",
    "elements::Fieldset",
    "elements::Legend",
    "events::FocusEvent",
    "incomplete_chunk",
    "into_any::rebuild",
    "into_any_attr::keys",
    "into_any_attr::rebuild",
    "serialized_errors",
];

/// Of the standard library and others: what ends, is rare, or is called by the above alone.
const LIBRARIES: &[&str] = &[
    "::choose_parent_kv",
    "::fix_node_and_affected_ancestors",
    "::insert_fit",
    "::push_internal_level",
    "::rehash_in_place",
    "::remove_leaf_kv",
    "::unicode",
    "BalancingContext",
    "FromStr",
    "SplitWhitespace",
    "StrSearcher",
    "TwoWaySearcher",
    "intounderlying",
    "ser::Error",
    "sort::stable::tiny",
    "str>::parse",
];

/// More of all kinds, one a line, found by counting: `cargo xtask first-load` writes it. What a page does that is shown, talks,
/// loses its line and is left has none of these in its name.
const COUNTED: &str = include_str!("wasm_later.txt");

/// Parts of names that fit the lists above, of what begins with the page.
const AT_ONCE: &[&str] = &[
    "<(), app::pages::room::inviting::begin_inviting::{closure#4}",
    "Dialog> as reactive_graph",
    "Drop>::drop",
    "Link>::doubt",
    "Link>::give_up",
    "Link>::hurry",
    "Link>::keep",
    "Memo<bool>>::new",
    "Offer>>>::try_read",
    "acting::platform::kept",
    "begin_inviting::{closure#6}",
    "component_adding::{closure#0}",
    "component_banner",
    "component_copy_draft::{closure#1}",
    "component_mention_list::{closure#2}",
    "component_mention_list::{closure#3}",
    "component_people::{closure#11}",
    "component_people::{closure#4}",
    "component_wishes::{closure#7}",
    "en::EN::{closure#16}",
    "en::EN::{closure#17}",
    "en::EN::{closure#19}",
    "en::EN::{closure#1} ",
    "en::EN::{closure#20}",
    "en::EN::{closure#40}",
    "for_loop",
    "hydrate_from_server",
    "invite_panel::{closure#0}",
    "keyed::Keyed<protocol::member",
    "platform::tells_reading",
    "rebuild::<core::option::Option",
    "rebuild::<leptos::into_view::View<tachys::view::iterators",
];

/// Whether the function of this name is in the second half.
pub(crate) fn is_later(name: &str) -> bool {
    is_named_later(name) || {
        let name = without_hashes(name);
        COUNTED.lines().any(|part| name.contains(part)) && !fits(&name, AT_ONCE)
    }
}

/// Whether it is so by the lists above, without what was counted.
pub(crate) fn is_named_later(name: &str) -> bool {
    let name = without_hashes(name);
    [OWN, VIEWS, LIBRARIES].iter().any(|list| fits(&name, list)) && !fits(&name, AT_ONCE)
}

fn fits(name: &str, list: &[&str]) -> bool {
    list.iter().any(|part| name.contains(part))
}

/// The name without what stands in brackets: crates have a hash there that is another with each compiler.
pub(crate) fn without_hashes(name: &str) -> String {
    let mut depth = 0_usize;
    let mut kept = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ if depth == 0 => kept.push(c),
            _ => {}
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::is_later;

    #[test]
    fn a_dialog_is_later_and_a_row_is_not() {
        assert!(is_later("app[88f8e34882d82175]::components::go_to_room::__component_finder::{closure#0}"));
        assert!(is_later("<alloc[1f]::collections::BTreeMap<u8, u8>>::remove_leaf_kv"));
        assert!(!is_later("app[88f8e34882d82175]::components::message_row::__component_message_row"));
    }

    #[test]
    fn what_begins_with_the_page_is_at_once() {
        assert!(!is_later("app[8f]::pages::room::adding::__component_adding::{closure#0}"));
    }
}
