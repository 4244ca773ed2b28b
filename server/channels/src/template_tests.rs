//! Templates are filled as they say.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{Facts, Needs, Template, Text};
use crate::client::{ClaimNames, Client};

fn client() -> Client {
    let claims = json!({"sub": "ada", "name": "Ada", "avatar": {"url": "a.png"}});
    let names = ClaimNames { user: "sub".into(), name: "name".into(), role: "role".into(), lists: Vec::new() };
    Client::read(claims.as_object().expect("is an object"), &names).expect("has a user")
}

fn with<T>(payload: &Value, then: impl FnOnce(&Facts<'_>) -> T) -> T {
    let (client, empty) = (client(), Map::new());
    let payload = payload.as_object().unwrap_or(&empty);
    let presence = ["ada".to_owned()];
    then(&Facts {
        client: &client,
        payload,
        now: "2026-01-01T00:00:00.000Z",
        id: "i1",
        channel: None,
        count: 2,
        presence: &presence,
        reason: "gone",
    })
}

#[test]
fn a_place_takes_the_value_with_its_type() {
    let template = json!({
        "a": "{a}", "b": "{b.c}", "none": "{z}", "id": "$user.id", "role": "$user.role", "avatar": "$claim.avatar", "n": "$count",
        "who": "$presence", "text": "{a} by $user.name for 3 $$", "list": ["{z}", "$now", 1, null], "why": "$reason", "new": "$id",
    });
    let template = Template::parse(&template).expect("is a template");
    assert_eq!(template.needs(), Needs { count: true, presence: true });
    let filled = with(&json!({"a": 7, "b": {"c": [true]}}), |facts| template.fill(facts));
    assert_eq!(
        filled,
        json!({
            "a": 7, "b": [true], "id": "ada", "role": null, "avatar": {"url": "a.png"}, "n": 2, "who": ["ada"],
            "text": "7 by Ada for 3 $", "list": ["2026-01-01T00:00:00.000Z", 1, null], "why": "gone", "new": "i1",
        })
    );
}

#[test]
fn a_part_stays_a_part() {
    let (mixed, whole) = (Text::parse("chat:{id}").expect("is a text"), Text::parse("{id}").expect("is a text"));
    let name = |text: &Text, id: Value| {
        with(&json!({"id": id}), |facts| text.channel(facts).map(|name| name.as_str().to_owned()))
    };
    assert_eq!(name(&mixed, json!("7")).as_deref(), Some("chat:7"));
    assert_eq!(name(&mixed, json!(7)).as_deref(), Some("chat:7"));
    for bad in [json!("7:secret"), json!(""), json!("*"), json!(null), json!(["7"]), json!("x".repeat(10_000))] {
        assert_eq!(name(&mixed, bad), None);
    }
    assert_eq!(name(&whole, json!("chat:7:secret")).as_deref(), Some("chat:7:secret"), "rules decide about it");
    assert_eq!(name(&whole, json!(7)), None);
    let own = Text::parse("presence:$user.id").expect("is a text");
    assert_eq!(name(&own, json!(null)).as_deref(), Some("presence:ada"));
}

#[test]
fn what_is_no_place_is_told() {
    for wrong in ["{", "{}", "{a b}", "$users", "$claim.", "{a.}", "$identity", "$counter"] {
        Text::parse(wrong).expect_err(wrong);
    }
}

proptest! {
    #[test]
    fn nothing_that_a_client_brings_becomes_a_place(text in ".{0,40}") {
        let template = Template::parse(&json!({"said": "{a}", "more": "- {a}"})).expect("is a template");
        let filled = with(&json!({"a": text}), |facts| template.fill(facts));
        prop_assert_eq!(filled, json!({"said": text, "more": format!("- {text}")}));
    }
}
