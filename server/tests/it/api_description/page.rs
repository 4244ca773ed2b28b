//! `docs/api.md`: what is asked and answered, as a page for people, made of the two documents. `WHISPERSPACE_BLESS=1` writes
//! it anew.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use super::document;
use super::schemas::resolved;
use crate::harness::TestServer;

const HEAD: &str = "# The API

Made from what a server says of itself at `/api/v1/openapi.json` (OpenAPI 3.1) and `/api/v1/asyncapi.json` (AsyncAPI 3): what differs is an error of this page. \
`WHISPERSPACE_BLESS=1 cargo test --package server --test it -- api_description::page` writes it anew.

";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_of_the_api_says_what_the_documents_say() {
    let server = TestServer::spawn().await;
    let (http, frames) = (document(&server, "openapi").await, document(&server, "asyncapi").await);
    let mut page = HEAD.to_owned();
    requests(&mut page, &http);
    bodies(&mut page, &http);
    messages(&mut page, &frames);
    let page = format!("{}\n", page.trim_end());
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/api.md");
    if option_env!("WHISPERSPACE_BLESS").is_some() {
        std::fs::write(&file, &page).expect("the page can be written");
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    let first = written.lines().zip(page.lines()).find(|(written, made)| written != made);
    assert!(written == page, "docs/api.md is not what the documents say; the first line that differs: {first:?}");
}

/// Text for a cell of a table: one line, and no bar that ends it.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

fn says(value: &Value, key: &str) -> String {
    cell(value[key].as_str().unwrap_or_default())
}

fn line(page: &mut String, text: &str) {
    // Writing to a text does not fail.
    let _ = writeln!(page, "{text}");
}

fn requests(page: &mut String, document: &Value) {
    line(page, "## Requests\n");
    line(page, &format!("{}\n", says(&document["info"], "description")));
    line(page, "| request | what it does | who asks | body | answers |\n|---|---|---|---|---|");
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let body = content(document, &operation["requestBody"]);
            let query = operation["parameters"].as_array().into_iter().flatten().filter(|it| it["in"] == "query");
            let query: Vec<_> = query.map(|it| format!("`?{}=`", it["name"].as_str().unwrap_or_default())).collect();
            let answers = operation["responses"].as_object().into_iter().flatten();
            let answers: Vec<_> = answers
                .filter(|(status, _)| *status != "default")
                .map(|(status, it)| format!("{status} {}", content(document, it)).trim_end().to_owned())
                .collect();
            let asked = [query.join(" "), body].join(" ");
            let row = [
                format!("`{} {path}`", method.to_ascii_uppercase()),
                says(operation, "summary"),
                who(&operation["security"]),
                asked.trim().to_owned(),
                answers.join("; "),
            ];
            line(page, &format!("| {} |", row.join(" | ")));
        }
    }
    line(page, "");
}

/// The ways to say who asks, any of which will do.
fn who(security: &Value) -> String {
    let ways = security.as_array().into_iter().flatten().filter_map(Value::as_object);
    let names: Vec<_> = ways.flat_map(|way| way.keys()).map(|name| name.replace('_', " ")).collect();
    if names.is_empty() { "anybody".to_owned() } else { names.join(" or ") }
}

/// The type of a body.
fn content(document: &Value, described: &Value) -> String {
    let kinds = described["content"].as_object().into_iter().flatten();
    let types = kinds.map(|(kind, content)| match kind.as_str() {
        "application/json" if content["schema"]["type"] == "string" => "JSON".to_owned(),
        "application/json" | "application/problem+json" => shape(document, &content["schema"]),
        text => text.to_owned(),
    });
    types.collect::<Vec<_>>().join(", ")
}

/// Whether a type is told in a section of its own: it has fields, or is one of several that have.
fn has_section(schema: &Value) -> bool {
    ["properties", "oneOf", "anyOf", "allOf"].iter().any(|part| schema.get(part).is_some())
}

/// A type in a few words.
fn shape(document: &Value, schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return if has_section(resolved(document, schema)) {
            format!("[{name}](#{})", name.to_ascii_lowercase())
        } else {
            name.to_owned()
        };
    }
    if let Some(values) = schema["enum"].as_array() {
        return values
            .iter()
            .map(|value| format!("`{}`", value.as_str().unwrap_or_default()))
            .collect::<Vec<_>>()
            .join(", ");
    }
    for list in ["oneOf", "anyOf", "allOf"] {
        if let Some(parts) = schema[list].as_array() {
            let parts: Vec<_> =
                parts.iter().filter(|part| part["type"] != "null").map(|it| shape(document, it)).collect();
            return parts.join(if list == "allOf" { " and " } else { " or " });
        }
    }
    match &schema["type"] {
        Value::String(kind) if kind == "array" => format!("list of {}", shape(document, &schema["items"])),
        Value::String(kind) => kind.clone(),
        Value::Array(kinds) => {
            let kinds: Vec<_> = kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null").collect();
            if kinds == ["array"] {
                format!("list of {}", shape(document, &schema["items"]))
            } else {
                kinds.join(" or ")
            }
        }
        _ => "anything".to_owned(),
    }
}

fn fields(page: &mut String, document: &Value, schema: &Value) {
    let Some(properties) = schema["properties"].as_object().filter(|properties| !properties.is_empty()) else { return };
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    line(page, "| field | type | always | what |\n|---|---|---|---|");
    for (name, field) in properties {
        let always = if required.contains(&Value::from(name.as_str())) { "yes" } else { "" };
        let what = [says(field, "description"), says(resolved(document, field), "description")];
        let what = what.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
        line(page, &format!("| `{name}` | {} | {always} | {what} |", shape(document, field)));
    }
    line(page, "");
}

fn bodies(page: &mut String, document: &Value) {
    line(page, "## Bodies\n");
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        if has_section(schema) {
            line(page, &format!("### {name}\n"));
            let about = says(schema, "description");
            if !about.is_empty() {
                line(page, &format!("{about}\n"));
            }
            if schema.get("properties").is_some() {
                fields(page, document, schema);
            } else {
                line(page, &format!("{}\n", shape(document, schema)));
                for part in schema["allOf"].as_array().into_iter().flatten() {
                    fields(page, document, part);
                }
            }
        }
    }
}

fn messages(page: &mut String, document: &Value) {
    line(page, "## Frames and events\n");
    line(page, &format!("{}\n", says(&document["info"], "description")));
    for (name, channel) in document["channels"].as_object().into_iter().flatten() {
        line(page, &format!("### {name}\n\n{}\n", says(channel, "description")));
        for action in ["receive", "send"] {
            let whose = if action == "receive" { "Clients say" } else { "The server says" };
            line(page, &format!("{whose}:\n\n| name | what | fields |\n|---|---|---|"));
            let listed = document["operations"][format!("{action}_{name}")]["messages"].as_array();
            for reference in listed.into_iter().flatten() {
                let message = resolved(document, reference);
                let fields = carried(resolved(document, &message["payload"]));
                let row =
                    [format!("`{}`", message["name"].as_str().unwrap_or_default()), says(message, "summary"), fields];
                line(page, &format!("| {} |", row.join(" | ")));
            }
            line(page, "");
        }
    }
}

/// The fields of a frame, or the arguments of an event.
fn carried(payload: &Value) -> String {
    if let Some(arguments) = payload["items"].as_array() {
        return arguments.iter().map(carried).collect::<Vec<_>>().join("; ");
    }
    if let Some(ways) = payload["anyOf"].as_array().filter(|_| payload.get("properties").is_none()) {
        return ways.iter().map(carried).collect::<Vec<_>>().join(" or ");
    }
    if payload["type"] == "array" {
        return format!("list of {}", carried(&payload["items"]));
    }
    let Some(properties) = payload["properties"].as_object() else {
        return says(payload, "description").trim_end_matches('.').to_lowercase();
    };
    let names = properties.keys().filter(|name| *name != "t").map(|name| format!("`{name}`"));
    names.collect::<Vec<_>>().join(", ")
}
