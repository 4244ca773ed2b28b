//! The page of an operator who is signed in: numbers first, then what can be done.

use leptos::prelude::*;
use protocol::admin::{Carried, LiveRoom, LiveRooms, NodeOverview, Refusals};

use super::panels::{button, drain, logins, refused, switches};
use super::{Act, Seen};
use crate::base::at;
use crate::i18n::admin_words;

/// All of it.
pub(super) fn overview(seen: Seen) -> impl IntoView {
    let words = admin_words();
    let Seen { operator, overview, rooms, switches: closed, drain: draining, done, failure, refreshes } = seen;
    let again = if refreshes { "/admin?refresh" } else { "/admin" };
    let (other, other_words) =
        if refreshes { ("/admin", words.refresh_no_more) } else { ("/admin?refresh", words.refresh_by_itself) };
    view! {
        <h1>{words.title}</h1>
        <div class="admin-bar">
            <p class="muted">{(words.signed_in_as)(&operator)}</p>
            <nav class="actions">
                <a class="button" href=at(again)>
                    {words.refresh}
                </a>
                <a class="button" href=at(other)>
                    {other_words}
                </a>
                <form method="post" action=at("/admin/sign-out")>
                    <button class="button quiet" type="submit">
                        {words.sign_out}
                    </button>
                </form>
            </nav>
        </div>
        {done.map(|act| {
            view! {
                <p class="banner good admin-done" role="status">
                    {(words.done)(act)}
                </p>
            }
        })}
        {refused(failure)}
        {numbers(&overview)}
        {live_rooms(rooms)}
        {switches(closed)}
        {logins()}
        {drain(draining)}
        <div class="admin-pair">{transports(overview.connections)} {refusals(overview.refusals)}</div>
    }
}

/// One number with its name, and what else there is to it.
fn number(name: &'static str, value: String, more: Option<String>) -> impl IntoView {
    view! {
        <div class="admin-number">
            <dt>{name}</dt>
            <dd>
                <strong>{value}</strong>
                {more.map(|more| view! { <span class="muted">{more}</span> })}
            </dd>
        </div>
    }
}

fn numbers(seen: &NodeOverview) -> impl IntoView {
    let words = admin_words();
    let (minute, total) = (seen.last_minute, seen.total);
    let connections: u64 = seen.connections.iter().map(|carried| carried.count).sum();
    let memory = seen.memory_bytes.map_or_else(|| words.memory_unknown.to_owned(), bytes);
    let node = seen.node.clone().unwrap_or_else(|| words.node_unnamed.to_owned());
    let others = seen.other_nodes.map_or_else(|| words.no_other_nodes.to_owned(), words.other_nodes);
    let in_all = |count| Some((words.in_all)(&grouped(count)));
    let away = (seen.sessions_away > 0).then(|| (words.sessions_away)(seen.sessions_away));
    let most = seen.memory_max_bytes.map(|most| (words.memory_of)(&bytes(most)));
    view! {
        <section aria-labelledby="now">
            <h2 id="now">{words.now}</h2>
            <dl class="admin-numbers">
                {number(words.connections, grouped(connections), Some((words.lines)(seen.tcp_connections)))}
                {number(words.sessions, grouped(seen.sessions_connected), away)}
                {number(words.live_rooms, grouped(seen.rooms), None)}
                {number(words.messages_minute, grouped(minute.messages), in_all(total.messages))}
                {number(words.deliveries_minute, grouped(minute.deliveries), in_all(total.deliveries))}
                {number(words.refusals_minute, grouped(minute.refusals), in_all(total.refusals))}
                {number(words.memory, memory, most)}
                {number(words.uptime, (words.ago)(seen.uptime_s), Some((words.version)(&seen.version)))}
                {number(words.node, node, Some(others))}
            </dl>
        </section>
    }
}

fn live_rooms(rooms: LiveRooms) -> impl IntoView {
    let words = admin_words();
    let LiveRooms { total, rooms } = rooms;
    let listed = rooms.len();
    let row = |room: LiveRoom| {
        let locked = if room.locked { words.yes } else { words.no };
        let end = (words.end_room_of)(&room.hash);
        view! {
            <tr>
                <th scope="row" class="admin-hash" data-label=words.room>
                    {room.hash.clone()}
                </th>
                <td data-label=words.people>{grouped(room.people)}</td>
                <td data-label=words.sessions_here>{grouped(room.sessions)}</td>
                <td data-label=words.locked>{locked}</td>
                <td data-label=words.age>{(words.ago)(room.age_s)}</td>
                <td>{button(Act::EndRoom, room.hash, Some(end))}</td>
            </tr>
        }
    };
    let heads = [words.room, words.people, words.sessions_here, words.locked, words.age];
    let body = if rooms.is_empty() {
        view! { <p class="muted">{words.no_rooms}</p> }.into_any()
    } else {
        view! {
            <table class="admin-table admin-rooms">
                <thead>
                    <tr>
                        {heads.map(|head| view! { <th scope="col">{head}</th> }).into_iter().collect_view()}
                        <td></td>
                    </tr>
                </thead>
                <tbody>{rooms.into_iter().map(row).collect_view()}</tbody>
            </table>
        }
        .into_any()
    };
    view! {
        <section aria-labelledby="rooms">
            <h2 id="rooms">{words.rooms}</h2>
            <p class="muted">
                {words.rooms_more} " "
                {(listed > 0).then(|| (words.rooms_listed)(listed, total))}
            </p>
            {body}
        </section>
    }
}

fn transports(connections: Vec<Carried>) -> impl IntoView {
    let words = admin_words();
    let rows = connections.into_iter().map(|carried| (carried.transport, carried.count)).collect();
    view! {
        <section aria-labelledby="connections">
            <h2 id="connections">{words.connections}</h2>
            {counts(words.transport, rows)}
        </section>
    }
}

fn refusals(refusals: Vec<Refusals>) -> impl IntoView {
    let words = admin_words();
    let rows: Vec<_> =
        refusals.into_iter().map(|refusals| (refusals.code.as_str().to_owned(), refusals.count)).collect();
    let table = (!rows.is_empty()).then(|| counts(words.code, rows));
    let said = if table.is_some() { words.refusals_more } else { words.no_refusals };
    view! {
        <section aria-labelledby="refusals">
            <h2 id="refusals">{words.refusals}</h2>
            <p class="muted">{said}</p>
            {table}
        </section>
    }
}

fn counts(of: &'static str, rows: Vec<(String, u64)>) -> impl IntoView {
    let row = |(name, count): (String, u64)| {
        view! {
            <tr>
                <th scope="row" class="admin-hash">
                    {name}
                </th>
                <td class="admin-count">{grouped(count)}</td>
            </tr>
        }
    };
    view! {
        <table class="admin-table">
            <thead>
                <tr>
                    <th scope="col">{of}</th>
                    <th scope="col" class="admin-count">
                        {admin_words().count}
                    </th>
                </tr>
            </thead>
            <tbody>{rows.into_iter().map(row).collect_view()}</tbody>
        </table>
    }
}

/// Thousands apart.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let first = digits.len() % 3;
    let (head, rest) = digits.split_at(first);
    let mut groups: Vec<&str> = if head.is_empty() { Vec::new() } else { vec![head] };
    groups.extend(rest.as_bytes().chunks(3).filter_map(|group| std::str::from_utf8(group).ok()));
    groups.join(",")
}

fn bytes(count: u64) -> String {
    format!("{} MiB", grouped(count.div_ceil(1 << 20)))
}

#[cfg(test)]
mod tests {
    use super::{bytes, grouped};

    #[test]
    fn numbers_are_read_in_groups() {
        let table = [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345, "12,345"), (1_234_567, "1,234,567")];
        for (count, told) in table {
            assert_eq!(grouped(count), told);
        }
        assert_eq!(bytes(1_500 << 20), "1,500 MiB");
    }
}
