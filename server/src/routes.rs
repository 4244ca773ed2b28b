//! The list of addresses, and what every request passes through on its way to one of them.

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{any, delete, get, post};
use protocol::ErrorCode;

use crate::admin;
use crate::apps;
use crate::connections;
use crate::http::access_log::access_log;
use crate::http::advice::advise;
use crate::http::below::{self, to_first_page};
use crate::http::cors::share;
use crate::http::description;
use crate::http::headers::secure;
use crate::http::host::one_host;
use crate::http::identity::identify;
use crate::http::problem::{method_not_allowed, not_found, problem, unify};
use crate::http::triage::{self, Triage};
use crate::http::{account, assets, forms, health, invites, knocks, logins, pages, request_id, rooms};
use crate::socketio;
use crate::state::AppState;
use crate::ws;

/// Everything that is served.
pub(crate) fn router(state: AppState) -> Router {
    let site = assets::site();
    if !site.is_complete() {
        tracing::warn!(
            "this program carries no interface: pages come without style and script; cargo xtask build makes one that does"
        );
    }
    let for_somebody = Router::new()
        .nest("/api/v1", api(&state))
        .route("/api", any(not_found))
        .route("/api/", any(not_found))
        .route("/api/{*path}", any(not_found))
        .merge(admin::page::routes(&state))
        .merge(without_scripts())
        .merge(pages::routes())
        .fallback(pages::missing)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(state.clone(), identify));
    Router::new()
        .route("/ws", get(ws::upgrade))
        .route("/ws/{name}", get(ws::plain::upgrade))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .merge(site.routes())
        .merge(description::routes(&state.config))
        // By keys of their own: no login of a person counts there.
        .merge(apps::api::routes(&state))
        .method_not_allowed_fallback(method_not_allowed)
        .merge(for_somebody)
        .layer(from_fn(unify))
        // Behind it: refusals of Engine.IO have a form of their own.
        .merge(socketio::routes(&state))
        .layer(from_fn(advise))
        .layer(from_fn(one_host))
        .layer(from_fn_with_state(state.clone(), access_log))
        .layer(from_fn_with_state(state.clone(), secure))
        .layer(from_fn_with_state(state.clone(), request_id::name))
        .with_state(state)
}

/// What a line is served for which there is only the reserve: whether the server is well, and why there is no more; or
/// everything (`site`), where there is room for who asks.
pub(crate) fn reserve(state: AppState, reason: ErrorCode, site: Router) -> Router {
    let refusals = Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(async move || problem(connections::full(reason)))
        .layer(from_fn(unify))
        .layer(from_fn_with_state(state.clone(), access_log))
        .layer(from_fn_with_state(state.clone(), secure))
        .layer(from_fn_with_state(state.clone(), request_id::name))
        .with_state(state.clone());
    Router::new().fallback(triage::triage).with_state(Arc::new(Triage { state, site, refusals }))
}

/// A router of this server, where its host has others beside it: below the path of its public address.
pub(crate) fn below(state: &AppState, site: Router) -> Router {
    let bare = Router::new()
        .fallback(to_first_page)
        .layer(from_fn_with_state(state.clone(), access_log))
        .layer(from_fn_with_state(state.clone(), secure))
        .layer(from_fn_with_state(state.clone(), request_id::name))
        .with_state(state.clone());
    below::below(&state.config.sub_path, site, bare)
}

fn api(state: &AppState) -> Router<AppState> {
    Router::new()
        .route("/guest", post(account::guest))
        .route("/register", post(account::register))
        .route("/login", post(account::login))
        .route("/logout", post(account::logout))
        .route("/me", get(account::me).patch(account::rename).delete(account::delete_me))
        .route("/me/token", post(logins::renew))
        .route("/me/password", post(logins::change_password))
        .route("/me/logins", get(logins::list_logins))
        .route("/me/logins/{id}", delete(logins::revoke_login))
        .route("/rooms", get(rooms::list).post(rooms::create))
        .route("/rooms/{code}", get(rooms::look_up).patch(rooms::change).delete(rooms::delete))
        .route("/rooms/{code}/join", post(rooms::join))
        .route("/rooms/{code}/leave", post(rooms::leave))
        .route("/rooms/{code}/kick", post(rooms::kick))
        .route("/rooms/{code}/ban", post(rooms::ban))
        .route("/rooms/{code}/role", post(rooms::role))
        .route("/rooms/{code}/bans", get(rooms::bans))
        .route("/rooms/{code}/bans/{member}", delete(rooms::unban))
        .route("/rooms/{code}/knock", post(knocks::knock).delete(knocks::withdraw))
        .route("/rooms/{code}/admit", post(knocks::admit))
        .route("/rooms/{code}/invites", get(invites::list).post(invites::make))
        .route("/rooms/{code}/invites/{id}", delete(invites::revoke))
        .route("/qr", post(invites::draw))
        .nest("/admin", admin::api::routes(state))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(state.clone(), share))
}

/// For people without scripts, and for pages whose program should stay small. `/create`, `/join` and `/leave` are posted
/// to; by GET they lead back to where their forms are.
fn without_scripts() -> Router<AppState> {
    Router::new()
        .route("/create", get(forms::find_form).post(forms::create))
        .route("/join", get(forms::find).post(forms::join))
        .route("/leave", get(forms::find_form).post(forms::leave))
}
