//! Requests and bodies out of schemas: as they should be, and spoilt. The same seed makes the same ones.

use serde_json::{Map, Value, json};

use super::schemas::resolved;

/// Lists and objects inside of one another.
const DEPTH_MAX: u32 = 6;

/// Random numbers that can be had again (xorshift64*).
pub(super) struct Dice(u64);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        // Nothing comes out of 0 but 0.
        Self(seed | 1)
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(high).unwrap_or(0) % end.max(1)
    }

    /// One time in so many.
    pub(super) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(super) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

/// A value that a schema describes, as far as its keywords are those that the documents use.
pub(super) fn value(document: &Value, schema: &Value, dice: &mut Dice, depth: u32) -> Value {
    let schema = resolved(document, schema);
    if depth > DEPTH_MAX {
        return Value::Null;
    }
    if let Some(fixed) = schema.get("const") {
        return fixed.clone();
    }
    for list in ["enum", "oneOf", "anyOf"] {
        if let Some(choices) = schema[list].as_array().filter(|choices| !choices.is_empty()) {
            let choice = dice.pick(choices);
            let is_value = list == "enum";
            // Beside its alternatives a schema may have fields of its own.
            if is_value || schema.get("properties").is_none() {
                return if is_value { choice.clone() } else { value(document, choice, dice, depth + 1) };
            }
        }
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let parts = parts.iter().map(|part| value(document, part, dice, depth + 1));
        let fields = parts.filter_map(|part| part.as_object().cloned()).flatten();
        return Value::Object(fields.collect());
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => dice.pick(kinds).clone(),
        kind => kind.clone(),
    };
    match kind.as_str() {
        Some("object") => object(document, schema, dice, depth),
        Some("array") => {
            let count = dice.below(3);
            (0..count).map(|_| value(document, &schema["items"], dice, depth + 1)).collect()
        }
        Some("string") => text(schema, dice).into(),
        Some("integer" | "number") => number(schema, dice),
        Some("boolean") => dice.once_in(2).into(),
        Some("null") => Value::Null,
        _ => dice.pick(&[json!(null), json!(1), json!("x"), json!({"a": [1]})]).clone(),
    }
}

fn object(document: &Value, schema: &Value, dice: &mut Dice, depth: u32) -> Value {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let mut made = Map::new();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        if required.contains(&json!(name)) || dice.once_in(2) {
            let meant = meant(name).filter(|_| !dice.once_in(4));
            let made_up = || value(document, field, dice, depth + 1);
            made.insert(name.clone(), meant.map_or_else(made_up, Value::from));
        }
    }
    Value::Object(made)
}

/// What a door takes under this name: a schema says only that it is a text.
fn meant(name: &str) -> Option<&'static str> {
    Some(match name {
        "channel" => "chat:1",
        "user" => "ada",
        "username" => "friday_crew",
        "password" => "correct horse",
        "device" => "Firefox on Linux",
        _ => return None,
    })
}

fn number(schema: &Value, dice: &mut Dice) -> Value {
    let least = schema["minimum"].as_f64().unwrap_or(0.0);
    let chosen = *dice.pick(&[0_u32, 1, 2, 10, 50, 300, 3_600, 86_400, 4_000_000_000]);
    if f64::from(chosen) >= least { json!(chosen) } else { schema["minimum"].clone() }
}

/// Texts that some door takes and another does not.
fn text(schema: &Value, dice: &mut Dice) -> String {
    const WORDS: [&str; 10] = [
        "Ada",
        "friday_crew",
        "4711",
        "correct horse",
        "Who has the keys",
        "🎉",
        "<b>x</b>",
        "chat:1",
        "Firefox on Linux",
        "/",
    ];
    let pattern = schema["pattern"].as_str().unwrap_or_default();
    if pattern.contains("HJKMNP") || pattern.contains("HJKMN") {
        return "KW7P3MXQ".to_owned();
    }
    if pattern.contains("{22}") || pattern.contains("{22,22}") {
        return "C".repeat(22);
    }
    if pattern.contains("A-Za-z0-9") {
        return "bWVzc2FnZQ".to_owned();
    }
    let chosen = (*dice.pick(&WORDS)).to_owned();
    let least = schema["minLength"].as_u64().map_or(0, |least| usize::try_from(least).unwrap_or(0));
    chosen.repeat(least.div_ceil(chosen.chars().count()).max(1))
}

/// Bytes that are no such body, or may not be: a field too many, one too few, one of another type, no object, no JSON.
pub(super) fn spoilt(body: &Value, dice: &mut Dice) -> Vec<u8> {
    let mut spoilt = body.clone();
    let names: Vec<String> = body.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    match (dice.below(6), names.is_empty()) {
        (0, _) | (1 | 2, true) => {
            if let Some(fields) = spoilt.as_object_mut() {
                fields.insert("invented".to_owned(), json!(1));
            }
        }
        (1, false) => {
            let name = dice.pick(&names);
            spoilt.as_object_mut().map(|fields| fields.remove(name));
        }
        (2, false) => {
            let name = dice.pick(&names).clone();
            let wrong =
                [json!(null), json!({"$ne": null}), json!([[]]), json!(-1), json!(1e99), json!("x".repeat(5_000))];
            spoilt[&name] = dice.pick(&wrong).clone();
        }
        (3, _) => spoilt = json!([spoilt]),
        (4, _) => return spoilt.to_string().as_bytes()[1..].to_vec(),
        _ => return b"{\"name\": \"\xff\xfe\"}".to_vec(),
    }
    spoilt.to_string().into_bytes()
}
