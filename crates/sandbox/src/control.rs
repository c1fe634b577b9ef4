//! The port of whoever drives the sandbox.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{Request, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, body};
use hyper::body::Incoming;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::call::parse_form;
use crate::credentials::Update;
use crate::fields::{Fault, Fields};
use crate::harvestapi::Notes;
use crate::listener::Listener;
use crate::world::World;

mod pour;

use pour::Pour;

/// Bytes that one command may have.
const COMMAND_LIMIT: usize = 16 << 20;

pub(crate) async fn serve(listener: Listener, world: Arc<World>, stop: CancellationToken) {
    let router = Router::new()
        .route("/health", get(async || Json(json!({"status": "ok"}))))
        .route("/credentials", get(credentials).post(set_credential))
        .route("/journal", get(journal))
        .route("/connections", get(connections).post(set_notes))
        .route("/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/reset", post(reset))
        .fallback(async || refused(StatusCode::NOT_FOUND, "no such path"))
        .layer(DefaultBodyLimit::max(COMMAND_LIMIT))
        .with_state(world);
    let answer = move |request: Request<Incoming>, _| {
        let router = router.clone();
        async move {
            match router.oneshot(request.map(Body::new)).await {
                Ok(response) => response,
                Err(never) => match never {},
            }
        }
    };
    listener.serve(answer, stop).await;
}

async fn credentials(State(world): State<Arc<World>>) -> Response {
    Json(world.credentials.listing()).into_response()
}

async fn set_credential(State(world): State<Arc<World>>, body: body::Bytes) -> Response {
    let applied = Update::parse(&body)
        .and_then(|update| world.credentials.apply(&world.store, &world.accounts, update));
    answered(applied)
}

/// What the holder of a cookie has done; without a cookie, the switch alone.
async fn connections(State(world): State<Arc<World>>, uri: Uri) -> Response {
    let query = uri.query().map(parse_form).unwrap_or_default();
    match query.into_iter().find(|(key, _)| key == "li_at") {
        None => Json(json!({"connection_notes": world.sessions.notes()})).into_response(),
        Some((_, cookie)) if world.credentials.li_at(&cookie).is_some() => {
            Json(world.sessions.written(&world.store, &cookie)).into_response()
        }
        Some(_) => refused(StatusCode::NOT_FOUND, "li_at: is not known"),
    }
}

async fn set_notes(State(world): State<Arc<World>>, body: body::Bytes) -> Response {
    let notes = Fields::parse(&body).and_then(|mut fields| {
        let words = [("kept", Notes::Kept), ("ignored", Notes::Ignored)];
        let notes = fields.word("connection_notes", &words)?;
        fields.finish()?;
        notes.ok_or_else(|| Fault::new("connection_notes", "is needed"))
    });
    answered(notes.map(|notes| {
        world.sessions.set_notes(notes);
        json!({"connection_notes": notes})
    }))
}

async fn journal(State(world): State<Arc<World>>, uri: Uri) -> Response {
    let after =
        match uri.query().map(parse_form).unwrap_or_default().into_iter().find(|(key, _)| key == "after") {
            None => 0,
            Some((_, text)) => match text.parse() {
                Ok(after) => after,
                Err(_) => {
                    return refused(StatusCode::BAD_REQUEST, "after: must be a whole number, not below 0");
                }
            },
        };
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (kind, Body::new(Pour::new(world, after))).into_response()
}

async fn faults(State(world): State<Arc<World>>) -> Response {
    Json(world.faults.list()).into_response()
}

async fn add_fault(State(world): State<Arc<World>>, body: body::Bytes) -> Response {
    answered(world.faults.add(&body).map(|id| json!({"id": id})))
}

async fn clear_faults(State(world): State<Arc<World>>) -> Response {
    world.faults.clear();
    Json(json!({})).into_response()
}

async fn reset(State(world): State<Arc<World>>) -> Response {
    // It waits for the disk when state is kept.
    let _ = tokio::task::spawn_blocking(move || world.reset()).await;
    Json(json!({})).into_response()
}

fn answered(result: Result<Value, Fault>) -> Response {
    match result {
        Ok(value) => Json(value).into_response(),
        Err(fault) => refused(StatusCode::BAD_REQUEST, &fault.to_string()),
    }
}

fn refused(status: StatusCode, text: &str) -> Response {
    (status, Json(json!({"error": text}))).into_response()
}
