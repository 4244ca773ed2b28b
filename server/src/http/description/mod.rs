//! What this server says and takes, described for programs: `OpenAPI` 3.1 for the HTTP API, `AsyncAPI` 3 for frames. Both are made
//! once, from the types that travel; which address takes and answers which type stands in `rooms`, `applications`,
//! `admin` and `frames`, and tests hold them against what is really sent.
//!
//! Decides nothing: what is described here is done elsewhere.

mod admin;
mod applications;
mod frames;
mod operation;
mod rooms;

use std::sync::LazyLock;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder, OpenApiVersion, PathsBuilder, Server};

use self::operation::Operation;
use crate::auth::cookie_name;
use crate::config::Config;
use crate::sub_path::SubPath;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// It changes with the program only.
const CACHE: HeaderValue = HeaderValue::from_static("public, max-age=3600");

static OPENAPI: LazyLock<Bytes> = LazyLock::new(|| protocol::encode(&openapi(&SubPath::default())).into());
static ASYNCAPI: LazyLock<Bytes> = LazyLock::new(|| frames::asyncapi().to_string().into());

/// `GET /api/v1/openapi.json` and `GET /api/v1/asyncapi.json`.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>(config: &Config) -> Router<S> {
    let (http, frames) = match &config.public_url {
        Some(origin) if !config.sub_path.is_root() => below(origin, &config.sub_path),
        Some(_) | None => (OPENAPI.clone(), ASYNCAPI.clone()),
    };
    Router::new()
        .route("/api/v1/openapi.json", get(async move || document(&http)))
        .route("/api/v1/asyncapi.json", get(async move || document(&frames)))
}

/// Of a server that is below a path: the addresses of the documents begin there, and not at the host.
fn below(origin: &str, path: &SubPath) -> (Bytes, Bytes) {
    let (mut http, mut frames) = (openapi(path), frames::asyncapi());
    http.servers = Some(vec![Server::new([origin, path.as_str()].concat())]);
    let (scheme, host) = origin.split_once("://").unwrap_or_default();
    let scheme = if scheme == "https" { "wss" } else { "ws" };
    frames["servers"] = json!({"public": {"host": host, "pathname": path.as_str(), "protocol": scheme}});
    (protocol::encode(&http).into(), frames.to_string().into())
}

fn document(bytes: &Bytes) -> Response {
    ([(header::CONTENT_TYPE, JSON), (header::CACHE_CONTROL, CACHE)], bytes.clone()).into_response()
}

/// Every operation, in the order of the document.
fn operations() -> Vec<Operation> {
    [rooms::operations(), applications::operations(), admin::operations()].concat()
}

fn openapi(path: &SubPath) -> OpenApi {
    let mut paths = PathsBuilder::new();
    let mut components = ComponentsBuilder::new()
        .security_scheme(
            operation::LOGIN,
            bearer("JWT", "The token of a guest or an account, as `POST /guest` and `POST /login` answer it."),
        )
        .security_scheme(operation::COOKIE, cookie(path))
        .security_scheme(operation::API_KEY, bearer("key", "An API key of the application (`whisperspace apps key`)."))
        .security_scheme(
            operation::OPERATOR,
            bearer("token", "An operator's: that of `--admin-token-file`, or as `POST /admin/sign-in` answers it."),
        )
        .security_scheme(operation::APP_TOKEN, bearer("JWT", "A token that the application signed for its user."));
    for operation in operations() {
        components = components.schemas_from_iter(operation.schemas());
        let (path, kind, described) = operation.described();
        paths = paths.path(path, utoipa::openapi::PathItem::new(kind, described));
    }
    let info = InfoBuilder::new().title("WhisperSpace").version(env!("CARGO_PKG_VERSION")).description(Some(
        "Chat rooms that keep nothing, and channels for other applications. Refusals are `application/problem+json` \
             (RFC 9457) with a `code` of one table. Requests with fields that are not described are refused.",
    ));
    let mut document =
        OpenApiBuilder::new().info(info.build()).paths(paths.build()).components(Some(components.build())).build();
    document.openapi = OpenApiVersion::Version31;
    document
}

fn bearer(format: &str, says: &str) -> SecurityScheme {
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format(format).description(Some(says));
    SecurityScheme::Http(scheme.build())
}

fn cookie(path: &SubPath) -> SecurityScheme {
    let secure = cookie_name(true, path);
    let says = format!(
        "For pages of this server; over HTTPS it is called `{secure}`. Unsafe methods need the site's own Origin."
    );
    SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(cookie_name(false, path), says.into())))
}

#[cfg(test)]
mod tests;
