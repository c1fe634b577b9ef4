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
use crate::fields::Fault;
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
