//! Whatever comes, nothing panics, nothing grows, and what is written is what is read.

use proptest::prelude::*;
use socketio::packet::{self, Kind};

use crate::bodies::{self, Step};
use crate::server::Program;

/// Something like a packet.
fn packet() -> impl Strategy<Value = String> {
    let json =
        prop::sample::select(vec!["", "[]", "{}", "[\"message\"]", "[\"message-with-ack\",1]", "[", "\"x\"", "[5]"]);
    let namespace = prop::sample::select(vec!["", "/custom,", "/custom", "/x,", "/,"]);
    let id = prop::sample::select(vec!["", "0", "17", "99999999999999999999", "-1"]);
    let attachments = prop::sample::select(vec!["", "1-", "0-", "9-", "-"]);
    let whole = (0..9_u8, attachments, namespace, id, json)
        .prop_map(|(kind, attachments, namespace, id, json)| format!("4{kind}{attachments}{namespace}{id}{json}"));
    let engine = prop::sample::select(vec!["0", "1", "2", "2probe", "3", "5", "6", "bAQID", "b=", "abc", ""]);
    prop_oneof![4 => whole, 2 => engine.prop_map(str::to_owned), 1 => ".{0,12}"]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => packet().prop_map(Step::Say),
        1 => prop::collection::vec(any::<u8>(), 0..8).prop_map(Step::Binary),
        3 => prop::collection::vec(packet(), 1..5).prop_map(Step::Post),
        3 => Just(Step::Poll),
        1 => Just(Step::Cut),
        2 => Just(Step::Upgrade),
        1 => Just(Step::HangUp),
        2 => (0..400_u64).prop_map(Step::Pass),
    ]
}

proptest! {
    #[test]
    fn any_bytes_are_a_payload_or_a_fault(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        bodies::payload(&bytes);
    }

    #[test]
    fn any_text_is_a_packet_or_a_fault(text in prop_oneof![any::<String>(), packet()]) {
        bodies::text(&text);
    }

    #[test]
    fn what_is_written_is_what_is_read(
        kind in 0..5_usize,
        attachments in prop::option::of(0..100_usize),
        name in "[a-z/?=]{0,20}",
        id in prop::option::of(any::<u64>()),
        data in prop::sample::select(vec!["", "{}", "[]", "[\"a\",1]", "{\"a\":\"1,2\"}"]),
    ) {
        let kinds = [Kind::Connect, Kind::Disconnect, Kind::Event, Kind::Acknowledgement, Kind::ConnectError];
        let kind = kinds[kind];
        let attachments = attachments.filter(|_| matches!(kind, Kind::Event | Kind::Acknowledgement));
        let namespace = format!("/{name}");
        let packet = packet::Packet { kind, attachments, namespace: &namespace, id, data };
        let text = packet.encode();
        prop_assert_eq!(packet::Packet::parse(&text[1..]), Ok(packet));
    }

    #[test]
    fn whatever_a_client_does_its_session_stays_in_its_bounds(
        program in prop::sample::select(vec![Program::Messages, Program::Events]),
        steps in prop::collection::vec(step(), 0..60),
    ) {
        bodies::session(program, steps);
    }
}
