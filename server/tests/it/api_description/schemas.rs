//! Schemas of a document, ready to be held against values.

use jsonschema::Validator;
use serde_json::{Value, json};

/// A schema of this document, in the dialect of its format. Its references lead to the document's components.
pub(super) fn validator(document: &Value, schema: &Value) -> Validator {
    let whole = json!({"components": {"schemas": document["components"]["schemas"]}, "allOf": [schema]});
    let made = if document.get("asyncapi").is_some() {
        jsonschema::draft7::new(&whole)
    } else {
        jsonschema::draft202012::new(&whole)
    };
    made.unwrap_or_else(|error| panic!("{schema} is no schema: {error}"))
}

/// The same, and nothing beside what it names: what a server sends may grow, so its schemas are open, and a field that is
/// misspelt in them would pass.
pub(super) fn closed(document: &Value, schema: &Value) -> Validator {
    assert!(schema["properties"].is_object(), "not one object: {schema}");
    let mut schema = schema.clone();
    schema["additionalProperties"] = json!(false);
    validator(document, &schema)
}

/// What is wrong with a value, if anything is.
pub(super) fn faults(validator: &Validator, value: &Value) -> Option<String> {
    let faults: Vec<String> =
        validator.iter_errors(value).map(|error| format!("{error} at {}", error.instance_path)).collect();
    (!faults.is_empty()).then(|| faults.join("; "))
}

/// What a reference leads to.
pub(super) fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let mut schema = schema;
    while let Some(path) = schema["$ref"].as_str() {
        schema = document.pointer(path.trim_start_matches('#')).unwrap_or_else(|| panic!("{path} leads nowhere"));
    }
    schema
}
