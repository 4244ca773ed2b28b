//! The list of addresses, and what every request passes through on its way to one of them.

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{any, delete, get, post};

use crate::http::cors::share;
use crate::http::headers::secure;
use crate::http::identity::identify;
use crate::http::observe::observe;
use crate::http::problem::{method_not_allowed, not_found, unify};
use crate::http::{account, assets, forms, health, logins, pages, rooms};
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
        .merge(without_scripts())
        .merge(pages::routes())
        .fallback(pages::missing)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(state.clone(), identify));
    Router::new()
        .route("/ws", get(ws::upgrade))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .merge(site.routes())
        .method_not_allowed_fallback(method_not_allowed)
        .merge(for_somebody)
        .layer(from_fn(unify))
        // Behind it: refusals of Engine.IO have a form of their own.
        .merge(socketio::routes(&state))
        .layer(from_fn(observe))
        .layer(from_fn_with_state(state.clone(), secure))
        .with_state(state)
}

fn api(state: &AppState) -> Router<AppState> {
    Router::new()
        .route("/guest", post(account::guest))
        .route("/register", post(account::register))
        .route("/login", post(account::login))
        .route("/logout", post(account::logout))
        .route("/me", get(account::me).patch(account::rename).delete(account::delete_me))
        .route("/me/password", post(logins::change_password))
        .route("/me/logins", get(logins::list_logins))
        .route("/me/logins/{id}", delete(logins::revoke_login))
        .route("/rooms", get(rooms::list).post(rooms::create))
        .route("/rooms/{code}", get(rooms::look_up).delete(rooms::delete))
        .route("/rooms/{code}/join", post(rooms::join))
        .route("/rooms/{code}/leave", post(rooms::leave))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(state.clone(), share))
}

/// For people without scripts. `/create`, `/join` and `/leave` are posted to; to be read there is nothing there.
fn without_scripts() -> Router<AppState> {
    Router::new()
        .route("/create", post(forms::create))
        .route("/join", post(forms::join))
        .route("/leave", post(forms::leave))
}
