//! Accounts: their names, their changes, and guests who become one.

use std::collections::BTreeSet;

use super::fixtures::{
    END, HOUR, NOW, a_room_of, account, account_user, assert_conflict, assert_not_found, display_name, done, guest,
    key, login, room, room_id, room_name, user_id, username, users_in,
};
use crate::store::{Account, AccountChange, Room, SharedStore, StoreError, User};

/// Strings that mean something to a database, a shell, or C.
const HOSTILE: &[&str] = &[
    r#"{"$ne":null}"#,
    "{$ne:null}",
    r#"{"$where":"sleep(1000)"}"#,
    "$set",
    "a.b.$[].c",
    "' OR '1'='1",
    "'; DROP TABLE users; --",
    "\"; DELETE FROM rooms; --",
    "%",
    "_",
    "\\",
    "\\0",
    "before\0after",
    "\0",
    "?1",
    ":id",
    "",
    " ",
    "null",
    "NULL",
    "0",
    "1e9",
    "line\nbreak\r\n",
];

/// "Ada" and "aDA" are one name.
pub async fn names_collide_in_any_case(store: &SharedStore) {
    done(store.create_user(account_user(1, "Ada")).await);
    for (number, name) in [(2, "Ada"), (3, "ada"), (4, "ADA"), (5, "aDA")] {
        assert_conflict(store.create_user(account_user(number, name)).await);
        assert_eq!(done(store.user(user_id(number), NOW).await), None);
    }
    done(store.create_user(account_user(6, "Ada_")).await);
}

/// The case of a name does not matter when it is looked up; the owner's spelling comes back.
pub async fn an_account_is_found_in_any_case(store: &SharedStore) {
    done(store.create_user(account_user(1, "AdaLovelace")).await);
    for name in ["AdaLovelace", "adalovelace", "ADALOVELACE"] {
        let found = done(store.user_by_name(&username(name)).await);
        assert_eq!(found, Some(account_user(1, "AdaLovelace")));
    }
    assert_eq!(done(store.user_by_name(&username("AdaLovelac")).await), None);
    assert_eq!(done(store.user_by_name(&username("Ada.ovelace")).await), None);
}

/// One name, composed or not, in any width, with or without what does not show; the owner's spelling comes back.
pub async fn names_of_every_script_collide_as_they_read(store: &SharedStore) {
    let spellings = [["José", "jose\u{301}", "ＪＯＳÉ"], ["علی\u{200C}رضا", "علیرضا", "علی\u{200C}رضا\u{200F}"]];
    for (number, [owned, second, third]) in (1..).zip(spellings) {
        done(store.create_user(account_user(number, owned)).await);
        for other in [second, third] {
            assert_conflict(store.create_user(account_user(number + 10, other)).await);
            let found = done(store.user_by_name(&username(other)).await);
            assert_eq!(found, Some(account_user(number, owned)));
        }
    }
    done(store.create_user(account_user(3, "Jose")).await);
    done(store.create_user(account_user(4, "Артем")).await);
    done(store.create_user(account_user(5, "Артём")).await);
}

/// The name of a deleted account can be taken.
pub async fn a_name_is_free_after_deletion(store: &SharedStore) {
    done(store.create_user(account_user(1, "Ada")).await);
    done(store.delete_user(user_id(1)).await);
    done(store.create_user(account_user(2, "ada")).await);
    let found = done(store.user_by_name(&username("Ada")).await);
    assert_eq!(found, Some(account_user(2, "ada")));
}

/// Registering changes nothing but what it is about: no end any more, the same rooms, logins, id.
pub async fn a_guest_becomes_an_account_and_keeps_all_else(store: &SharedStore) {
    a_room_of(store, 2).await;
    done(store.add_login(user_id(1), login(1, NOW, NOW), 16, NOW).await);
    done(store.make_account(user_id(1), account("Ada"), END - 1).await);
    let expected = User { logins: vec![login(1, NOW, NOW)], ..account_user(1, "Ada") };
    assert_eq!(done(store.user(user_id(1), END + HOUR).await), Some(expected.clone()));
    assert_eq!(done(store.user_by_name(&username("ada")).await), Some(expected));
    assert_eq!(users_in(store, 1).await, [user_id(1), user_id(2)]);
    assert_eq!(done(store.rooms_of(user_id(1), NOW).await), [room(1, 1)]);
}

/// The guest stays the guest that it was.
pub async fn a_guest_cannot_take_a_name_in_use(store: &SharedStore) {
    done(store.create_user(account_user(1, "Ada")).await);
    done(store.create_user(guest(2)).await);
    assert_conflict(store.make_account(user_id(2), account("ADA"), NOW).await);
    assert_eq!(done(store.user(user_id(2), NOW).await), Some(guest(2)));
    assert_eq!(done(store.user(user_id(2), END).await), None);
    let found = done(store.user_by_name(&username("ada")).await);
    assert_eq!(found, Some(account_user(1, "Ada")));
}

/// Not the unknown, not accounts, not guests whose time is over; and their name stays free.
pub async fn only_live_guests_become_accounts(store: &SharedStore) {
    done(store.create_user(account_user(1, "Ada")).await);
    done(store.create_user(guest(2)).await);
    assert_not_found(store.make_account(user_id(1), account("Other"), NOW).await);
    assert_not_found(store.make_account(user_id(2), account("Other"), END).await);
    assert_not_found(store.make_account(user_id(3), account("Other"), NOW).await);
    // Where both reasons hold, a name in use is not told.
    assert_not_found(store.make_account(user_id(3), account("Ada"), NOW).await);
    assert_eq!(done(store.user_by_name(&username("Other")).await), None);
    assert_eq!(done(store.user(user_id(1), NOW).await), Some(account_user(1, "Ada")));
}

/// A change of the password leaves the display name, and the other way round.
pub async fn an_account_changes_one_thing_at_a_time(store: &SharedStore) {
    done(store.create_user(account_user(1, "Ada")).await);
    done(store.create_user(account_user(2, "Bob")).await);
    let hash = "$argon2id$new".to_owned();
    done(store.change_account(user_id(1), AccountChange::PasswordHash(hash.clone())).await);
    let expected = Account { password_hash: hash, ..account("Ada") };
    let user = User { account: Some(expected.clone()), ..account_user(1, "Ada") };
    assert_eq!(done(store.user(user_id(1), NOW).await), Some(user));

    let name = display_name("The Countess");
    done(store.change_account(user_id(1), AccountChange::DisplayName(name.clone())).await);
    let expected = Account { display_name: name, ..expected };
    let user = User { account: Some(expected), ..account_user(1, "Ada") };
    assert_eq!(done(store.user(user_id(1), NOW).await), Some(user));
    assert_eq!(done(store.user(user_id(2), NOW).await), Some(account_user(2, "Bob")));
}

/// A guest has no password and no kept name, so there is nothing to change.
pub async fn only_accounts_can_be_changed(store: &SharedStore) {
    done(store.create_user(guest(1)).await);
    for user in [1, 2] {
        let hash = AccountChange::PasswordHash("$argon2id$new".to_owned());
        assert_not_found(store.change_account(user_id(user), hash).await);
        let name = AccountChange::DisplayName(display_name("Eve"));
        assert_not_found(store.change_account(user_id(user), name).await);
    }
    assert_eq!(done(store.user(user_id(1), NOW).await), Some(guest(1)));
}

/// A century later the account is there, purged or not.
pub async fn accounts_do_not_expire(store: &SharedStore) {
    let century = NOW + 100 * 365 * 24 * HOUR;
    done(store.create_user(account_user(1, "Ada")).await);
    assert_eq!(done(store.user(user_id(1), century).await), Some(account_user(1, "Ada")));
    assert_eq!(done(store.purge(century, 0, &BTreeSet::new()).await).users, 0);
    assert_eq!(done(store.user(user_id(1), century).await), Some(account_user(1, "Ada")));
    done(store.add_login(user_id(1), login(1, century, century), 16, century).await);
    assert!(done(store.touch_login(user_id(1), key(1), century, century).await));
}

/// Byte for byte: no normal form is made, no plane of Unicode is lost.
pub async fn unicode_names_survive(store: &SharedStore) {
    let names = [
        "Zoë",
        "Zoe\u{308}",
        "Ωmega ß İı",
        "Ирина",
        "田中さくら",
        "مريم",
        "नमस्ते",
        "👩\u{1F3FD}\u{FE0F}🎉",
        "𝔘𝔫𝔦\u{1F9FF}",
    ];
    for (number, name) in (1..).zip(names) {
        let named = Account { display_name: display_name(name), ..account(&format!("unicode{number}")) };
        let user = User { account: Some(named), ..account_user(number, "replaced") };
        done(store.create_user(user.clone()).await);
        assert_eq!(done(store.user(user_id(number), NOW).await), Some(user));
        let made = Room { name: room_name(name), ..room(number, number) };
        done(store.create_room(made.clone()).await);
        let read = done(store.room(room_id(number), NOW).await);
        assert_eq!(read.as_ref().map(|room| room.name.as_str()), Some(name));
        assert_eq!(read, Some(made));
    }
}

/// Text without a shape of its own comes back as it was, and nothing else is touched.
pub async fn hostile_strings_are_values(store: &SharedStore) {
    done(store.create_user(account_user(200, "bystander")).await);
    for (number, text) in (1..).zip(HOSTILE) {
        let name = format!("hostile{number}");
        let hostile = Account { password_hash: (*text).to_owned(), ..account(&name) };
        let user = User { account: Some(hostile), ..account_user(number, &name) };
        done(store.create_user(user.clone()).await);
        assert_eq!(done(store.user(user_id(number), NOW).await), Some(user.clone()));
        let change = AccountChange::PasswordHash(format!("x{text}"));
        done(store.change_account(user_id(number), change).await);
        let read = done(store.user_by_name(&username(&name)).await);
        let hash = read.and_then(|user| user.account).map(|account| account.password_hash);
        assert_eq!(hash, Some(format!("x{text}")));
        let made = Room { pin_hash: Some((*text).to_owned()), ..room(number, number) };
        done(store.create_room(made.clone()).await);
        assert_eq!(done(store.room(room_id(number), NOW).await), Some(made));
    }
    let bystander = done(store.user(user_id(200), NOW).await);
    assert_eq!(bystander, Some(account_user(200, "bystander")));
}

/// The same for what parses as a name; patterns match nothing but themselves.
pub async fn hostile_names_are_values(store: &SharedStore) {
    done(store.create_user(account_user(200, "bystander")).await);
    done(store.create_room(room(200, 200)).await);
    let shaped = HOSTILE.iter().filter_map(|text| protocol::RoomName::parse(text).ok());
    for (number, name) in (1..).zip(shaped) {
        let made = Room { name, ..room(number, 200) };
        done(store.create_room(made.clone()).await);
        assert_eq!(done(store.room(room_id(number), NOW).await), Some(made));
    }
    for (number, name) in (1..).zip(["___", "...", "--x", "_id", "__proto__", "null", "b.stander"]) {
        assert_eq!(done(store.user_by_name(&username(name)).await), None);
        done(store.create_user(account_user(number, name)).await);
        let found = done(store.user_by_name(&username(name)).await);
        assert_eq!(found, Some(account_user(number, name)));
        let again = store.create_user(account_user(100 + number, name)).await;
        assert!(matches!(again, Err(StoreError::Conflict)));
    }
    assert_eq!(done(store.room(room_id(200), NOW).await), Some(room(200, 200)));
}
