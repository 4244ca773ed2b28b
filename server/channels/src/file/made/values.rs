//! Values of TOML as JSON.

/// TOML has no null; all else is JSON too. Dates become texts.
pub(super) fn json(value: toml::Value) -> serde_json::Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(is) => is.into(),
        toml::Value::Datetime(at) => at.to_string().into(),
        toml::Value::Array(items) => items.into_iter().map(json).collect::<Vec<_>>().into(),
        toml::Value::Table(fields) => {
            serde_json::Value::Object(fields.into_iter().map(|(name, value)| (name, json(value))).collect())
        }
    }
}
