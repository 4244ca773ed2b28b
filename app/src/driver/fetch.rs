//! One request to `/api/v1`, or for a file of the interface, by the browser's `fetch`. The only file that fetches.

use client::RequestError;
use leptos::prelude::{document, window};
use protocol::{ErrorCode, Problem, decode};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Headers, RequestCredentials, RequestInit, Response};

use crate::base::at;

/// Sends a request and returns the body of a successful answer (empty for 204). A server that takes longer than
/// `answer_ms_max` counts as unreachable.
pub(super) async fn call(
    method: &'static str,
    path: String,
    body: Option<String>,
    answer_ms_max: u32,
) -> Result<String, RequestError> {
    let answer = exchange(method, &(at("/api/v1/") + &path), body, answer_ms_max).await;
    let (status, text) = answer.map_err(|_| RequestError::UNREACHABLE)?;
    if (200..300).contains(&status) {
        return Ok(text);
    }
    let problem = decode::<Problem>(&text);
    Err(problem.map_or(
        // Something between page and server answered in its place.
        RequestError::of(if status == 413 { ErrorCode::TooLarge } else { ErrorCode::Unknown }),
        |problem| RequestError {
            code: problem.code,
            retry_after_ms: problem.retry_after_ms,
            number: problem.number(),
            unreachable: false,
        },
    ))
}

/// A file beside the style sheet, whose address holds the version of the interface: browsers keep it for good.
pub(super) async fn beside(name: &str, answer_ms_max: u32) -> Option<String> {
    let sheet = document().query_selector("link[rel=stylesheet]").ok()??.get_attribute("href")?;
    let (folder, _) = sheet.rsplit_once('/')?;
    let (status, text) = exchange("GET", &[folder, "/", name].concat(), None, answer_ms_max).await.ok()?;
    (status == 200).then_some(text)
}

async fn exchange(method: &str, url: &str, body: Option<String>, answer_ms_max: u32) -> Result<(u16, String), JsValue> {
    let request = RequestInit::new();
    request.set_method(method);
    request.set_credentials(RequestCredentials::SameOrigin);
    request.set_signal(Some(&AbortSignal::timeout_with_u32(answer_ms_max)));
    let headers = Headers::new()?;
    headers.set("Accept", "application/json")?;
    if let Some(body) = body {
        headers.set("Content-Type", "application/json")?;
        request.set_body(&JsValue::from_str(&body));
    }
    request.set_headers(&headers);
    let response: Response = JsFuture::from(window().fetch_with_str_and_init(url, &request)).await?.dyn_into()?;
    let text = JsFuture::from(response.text()?).await?;
    Ok((response.status(), text.as_string().unwrap_or_default()))
}
