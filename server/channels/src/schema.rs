//! A closed part of JSON Schema (draft 2020-12), enough to bound what an event brings: `type`, `enum`, `required`,
//! `properties`, `additionalProperties` (a boolean), `minLength`, `maxLength`, `minimum`, `maximum`, `items`, `minItems`,
//! `maxItems`; and `format: "html"`, which says that a text is shown as markup and has to be sanitised. Any other word
//! is a mistake in the file: what is not checked must not look as if it were.
//!
//! A kept library would bring the whole of the specification, with references and regular expressions, of which clients
//! could make work for the server.

use serde_json::{Map, Value};

use crate::bounds::DEPTH_MAX;

/// What a payload has to be.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    types: Vec<Type>,
    values: Option<Vec<Value>>,
    required: Vec<String>,
    properties: Vec<(String, Schema)>,
    is_closed: bool,
    length: Range,
    number: Option<(f64, f64)>,
    items: Option<Box<Schema>>,
    count: Range,
    is_html: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Object,
    Array,
    String,
    Number,
    Integer,
    Boolean,
    Null,
}

/// Both ends belong to it.
#[derive(Debug, Clone, Copy)]
struct Range {
    least: u64,
    most: u64,
}

impl Default for Range {
    fn default() -> Self {
        Self { least: 0, most: u64::MAX }
    }
}

impl Range {
    fn has(self, length: usize) -> bool {
        (self.least..=self.most).contains(&(length as u64))
    }
}

impl Schema {
    /// # Errors
    /// What is wrong with it.
    pub fn parse(schema: &Value) -> Result<Self, String> {
        Self::at(schema, 0)
    }

    fn at(schema: &Value, depth: usize) -> Result<Self, String> {
        let Value::Object(words) = schema else { return Err("a schema is an object".to_owned()) };
        if depth >= DEPTH_MAX {
            return Err(format!("a schema has at most {DEPTH_MAX} levels"));
        }
        let mut made = Self::default();
        for (word, value) in words {
            made.word(word, value, depth).map_err(|why| format!("{word}: {why}"))?;
        }
        Ok(made)
    }

    fn word(&mut self, word: &str, value: &Value, depth: usize) -> Result<(), String> {
        match word {
            "type" => self.types = types(value)?,
            "enum" => self.values = Some(value.as_array().cloned().ok_or("is a list")?),
            "required" => self.required = strings(value)?,
            "properties" => {
                let fields = value.as_object().ok_or("is an object")?.iter();
                let fields = fields.map(|(name, schema)| Ok((name.clone(), Self::at(schema, depth + 1)?)));
                self.properties = fields.collect::<Result<_, String>>()?;
            }
            "additionalProperties" => self.is_closed = !value.as_bool().ok_or("is true or false")?,
            "minLength" => self.length.least = count(value)?,
            "maxLength" => self.length.most = count(value)?,
            "minItems" => self.count.least = count(value)?,
            "maxItems" => self.count.most = count(value)?,
            "minimum" => {
                self.number = Some((number(value)?, self.number.map_or(f64::INFINITY, |(_, most)| most)));
            }
            "maximum" => {
                self.number = Some((self.number.map_or(f64::NEG_INFINITY, |(least, _)| least), number(value)?));
            }
            "items" => self.items = Some(Box::new(Self::at(value, depth + 1)?)),
            "format" => {
                self.is_html = value.as_str().filter(|format| *format == "html").map(|_| true).ok_or("is html")?;
            }
            "title" | "description" => {}
            _ => return Err("is no word that is known here".to_owned()),
        }
        Ok(())
    }

    /// Whether a value is what it has to be.
    pub fn takes(&self, value: &Value) -> bool {
        let is_kind = self.types.is_empty() || self.types.iter().any(|kind| kind.takes(value));
        let is_one = self.values.as_ref().is_none_or(|values| values.contains(value));
        is_kind
            && is_one
            && match value {
                Value::Null | Value::Bool(_) => true,
                Value::Number(number) => {
                    let number = number.as_f64().unwrap_or(f64::NAN);
                    self.number.is_none_or(|(least, most)| number >= least && number <= most)
                }
                // Characters as the specification counts them: Unicode scalar values.
                Value::String(text) => self.length.has(text.chars().count()),
                Value::Array(items) => {
                    self.count.has(items.len())
                        && self.items.as_ref().is_none_or(|schema| items.iter().all(|item| schema.takes(item)))
                }
                Value::Object(fields) => self.takes_fields(fields),
            }
    }

    fn takes_fields(&self, fields: &Map<String, Value>) -> bool {
        let schema_of = |name: &str| self.properties.iter().find(|(known, _)| known == name).map(|(_, schema)| schema);
        self.required.iter().all(|name| fields.contains_key(name))
            && fields.iter().all(|(name, value)| schema_of(name).map_or(!self.is_closed, |schema| schema.takes(value)))
    }

    /// Has every text that is shown as markup replaced.
    pub fn clean(&self, value: &mut Value, clean: &dyn Fn(&str) -> String) {
        match value {
            Value::String(text) if self.is_html => *text = clean(text),
            Value::Array(items) => {
                if let Some(schema) = &self.items {
                    for item in items {
                        schema.clean(item, clean);
                    }
                }
            }
            Value::Object(fields) => {
                for (name, schema) in &self.properties {
                    if let Some(value) = fields.get_mut(name) {
                        schema.clean(value, clean);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

impl Type {
    fn takes(self, value: &Value) -> bool {
        match self {
            Self::Object => value.is_object(),
            Self::Array => value.is_array(),
            Self::String => value.is_string(),
            Self::Number => value.is_number(),
            Self::Integer => value.as_f64().is_some_and(|number| number.fract() == 0.0),
            Self::Boolean => value.is_boolean(),
            Self::Null => value.is_null(),
        }
    }
}

fn types(value: &Value) -> Result<Vec<Type>, String> {
    let one = |name: &str| {
        Ok(match name {
            "object" => Type::Object,
            "array" => Type::Array,
            "string" => Type::String,
            "number" => Type::Number,
            "integer" => Type::Integer,
            "boolean" => Type::Boolean,
            "null" => Type::Null,
            _ => return Err(format!("there is no type {name:?}")),
        })
    };
    match value {
        Value::String(name) => Ok(vec![one(name)?]),
        _ => strings(value)?.iter().map(|name| one(name)).collect(),
    }
}

fn strings(value: &Value) -> Result<Vec<String>, String> {
    let names = value.as_array().ok_or("is a list of names")?.iter();
    names.map(|name| name.as_str().map(str::to_owned).ok_or_else(|| "is a list of names".to_owned())).collect()
}

fn count(value: &Value) -> Result<u64, String> {
    value.as_u64().ok_or_else(|| "is a number from 0 on".to_owned())
}

fn number(value: &Value) -> Result<f64, String> {
    value.as_f64().ok_or_else(|| "is a number".to_owned())
}

/// Whether there are no more levels than is allowed, the outermost counted.
pub(crate) fn is_shallow(value: &Value, levels: usize) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
        Value::Array(items) => levels > 0 && items.iter().all(|item| is_shallow(item, levels - 1)),
        Value::Object(fields) => levels > 0 && fields.values().all(|value| is_shallow(value, levels - 1)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Schema;

    #[test]
    fn each_word_is_checked() {
        let schema = Schema::parse(&json!({
            "type": "object", "required": ["a"], "additionalProperties": false,
            "properties": {
                "a": {"type": "string", "minLength": 1, "maxLength": 3},
                "b": {"enum": ["x", 1]},
                "c": {"type": ["integer", "null"], "minimum": 0, "maximum": 9},
                "d": {"type": "array", "maxItems": 2, "items": {"type": "boolean"}},
            },
        }))
        .expect("is a schema");
        for good in
            [json!({"a": "äöü"}), json!({"a": "x", "b": 1, "c": null, "d": [true]}), json!({"a": "x", "c": 9.0})]
        {
            assert!(schema.takes(&good), "{good}");
        }
        for bad in [
            json!({}),
            json!([]),
            json!({"a": ""}),
            json!({"a": "xxxx"}),
            json!({"a": 1}),
            json!({"a": "x", "z": 1}),
            json!({"a": "x", "b": "y"}),
            json!({"a": "x", "c": 10}),
            json!({"a": "x", "c": 1.5}),
            json!({"a": "x", "c": -1}),
            json!({"a": "x", "d": [1]}),
            json!({"a": "x", "d": [true, true, true]}),
        ] {
            assert!(!schema.takes(&bad), "{bad}");
        }
    }

    #[test]
    fn what_is_not_known_is_told() {
        for wrong in [
            json!(1),
            json!({"pattern": "a*"}),
            json!({"type": "text"}),
            json!({"maxLength": -1}),
            json!({"format": "email"}),
        ] {
            Schema::parse(&wrong).expect_err("is no schema");
        }
    }

    #[test]
    fn markup_is_cleaned_where_it_is_declared() {
        let schema =
            Schema::parse(&json!({"properties": {"a": {"format": "html"}, "b": {"items": {"format": "html"}}}}));
        let mut value = json!({"a": "x", "b": ["y", 1], "c": "z"});
        schema.expect("is a schema").clean(&mut value, &|text| format!("<{text}>"));
        assert_eq!(value, json!({"a": "<x>", "b": ["<y>", 1], "c": "z"}));
    }
}
