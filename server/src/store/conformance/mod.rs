//! What every store must do, one case a function: `store_conformance!` makes each a test of one store.
//!
//! Cases see the trait only. They take a [`SharedStore`](super::SharedStore) that is empty, so that some of them can
//! call it from many tasks at once. A new case also belongs in the list below.

pub mod accounts;
pub mod endings;
pub mod expiry;
pub mod logins;
pub mod members;
pub mod powers;
pub mod purging;
pub mod races;
pub mod rooms;
pub mod users;

pub(crate) mod fixtures;

#[cfg(test)]
pub(crate) mod sequences;

/// One `#[tokio::test]` for each case. `$make` names an async function without arguments that answers an empty store
/// and whatever has to live as long as it does (a temporary folder, or `()`).
#[macro_export]
macro_rules! store_conformance {
    ($make:ident) => { $crate::store_conformance! { @tests $make
        users {
            the_unknown_are_none
            a_guest_is_kept
            an_account_is_kept
            a_user_brings_its_logins
            ids_of_users_are_unique
            a_guest_is_extended
            extending_others_does_nothing
            deleting_a_user_deletes_its_record
            deleting_a_user_ends_its_memberships
            deleting_the_unknown_does_nothing
        }
        accounts {
            names_collide_in_any_case
            an_account_is_found_in_any_case
            names_of_every_script_collide_as_they_read
            a_name_is_free_after_deletion
            a_guest_becomes_an_account_and_keeps_all_else
            a_guest_cannot_take_a_name_in_use
            only_live_guests_become_accounts
            an_account_changes_one_thing_at_a_time
            only_accounts_can_be_changed
            accounts_do_not_expire
            unicode_names_survive
            hostile_strings_are_values
            hostile_names_are_values
        }
        logins {
            logins_are_listed_oldest_first
            the_least_recently_used_login_makes_way
            of_equals_the_older_login_makes_way
            a_lower_bound_removes_several
            the_new_login_always_stays
            a_login_is_touched_and_never_goes_back
            touching_what_is_not_there_is_false
            a_login_keeps_its_device
            a_login_is_removed_once
            all_logins_but_one_are_removed
            all_logins_are_removed
            nobody_gets_no_login
            a_key_is_unique_within_its_user
            logins_are_their_users_own
        }
        rooms {
            the_unknown_are_none
            a_room_is_kept
            the_owner_is_the_first_member
            codes_of_live_rooms_are_unique
            ids_of_rooms_are_unique
            a_deleted_room_frees_its_code
            a_deleted_room_leaves_no_member
            rooms_of_a_user_are_in_the_order_of_membership
            live_rooms_are_listed
            long_values_survive
        }
        members {
            a_join_makes_one_membership
            a_second_join_changes_nothing
            there_is_no_joining_of_no_room
            the_bound_is_exact
            a_member_passes_the_bound
            members_are_in_the_order_of_joining
            guests_are_told_from_accounts
            membership_is_of_one_room
            a_stranger_leaves_nothing
            a_member_leaves_and_comes_back
        }
        endings {
            the_last_to_leave_deletes_the_room
            the_room_passes_to_the_oldest_member
            the_room_passes_on_until_nobody_is_left
            an_owner_who_comes_back_is_a_member
            others_leave_and_the_owner_stays
            a_closed_store_refuses
        }
        powers {
            a_room_changes_what_is_said_and_nothing_else
            what_is_taken_away_is_gone
            no_room_is_not_changed
            a_member_becomes_a_moderator_and_a_member_again
            moderators_are_bounded
            a_room_is_handed_over
            only_members_have_a_role
            a_role_ends_with_the_membership
            an_owner_who_leaves_is_followed_by_a_moderator_who_is_none_any_more
        }
        expiry {
            a_room_ends_at_its_millisecond
            a_guest_ends_at_its_millisecond
            an_expired_code_is_free
            a_code_is_taken_until_its_millisecond
            an_expired_room_is_left_as_any_other
        }
        purging {
            nothing_expired_is_nothing_purged
            what_a_ping_writes_does_not_stay
            expired_rooms_are_purged
            spared_rooms_are_not_purged
            expired_guests_are_purged
            rooms_of_purged_guests_pass_on_or_end
            rooms_that_pass_on_are_reported_once
            memberships_of_deleted_users_are_purged
            unused_logins_are_purged
            a_purged_code_and_room_stay_gone
        }
        races {
            many_users_join_at_once
            one_user_joins_many_times_at_once
            the_bound_holds_under_many_joins
            one_creator_of_a_code_wins
            one_creator_of_an_expired_code_wins
            one_account_of_a_name_wins
            one_guest_of_a_name_wins
            joins_race_a_deletion
            joins_race_the_last_to_leave
            everybody_leaves_at_once
            the_owner_leaves_among_others
            logins_are_bounded_under_many
            one_of_many_removals_wins
            a_user_is_deleted_while_rooms_change
            a_purge_races_joins
        }
    } };
    (@tests $make:ident $($module:ident { $($case:ident)+ })+) => {$(
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let (store, _guard) = super::$make().await;
                    $crate::store::conformance::$module::$case(&store).await;
                }
            )+
        }
    )+};
}

#[cfg(test)]
mod tests {
    /// A case that is written and not listed would never run.
    #[test]
    fn every_case_is_listed() {
        let list = include_str!("mod.rs");
        let modules = [
            ("users", include_str!("users.rs")),
            ("accounts", include_str!("accounts.rs")),
            ("logins", include_str!("logins.rs")),
            ("rooms", include_str!("rooms.rs")),
            ("members", include_str!("members.rs")),
            ("endings", include_str!("endings.rs")),
            ("powers", include_str!("powers.rs")),
            ("expiry", include_str!("expiry.rs")),
            ("purging", include_str!("purging.rs")),
            ("races", include_str!("races.rs")),
        ];
        for (module, source) in modules {
            let (_, listed) = list.split_once(&format!("        {module} {{\n")).expect("listed");
            let (listed, _) = listed.split_once('}').expect("closed");
            let listed: Vec<&str> = listed.split_whitespace().collect();
            let written = source.lines().filter_map(|line| line.strip_prefix("pub async fn "));
            let written = written.map(|line| line.split('(').next().unwrap_or_default());
            assert_eq!(written.collect::<Vec<_>>(), listed, "{module}");
        }
    }
}
