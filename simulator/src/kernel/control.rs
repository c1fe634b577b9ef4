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

use super::call::parse_form;
use super::fields::Complaint;
use super::listener::Listener;
use super::shared::Shared;

mod credentials;
mod journal_body;

use journal_body::JournalBody;

/// Bytes that one command may have.
const MAX_COMMAND: usize = 16 << 20;

/// Serves the paths of the kernel, and those that vendors add.
pub(crate) async fn serve(listener: Listener, shared: Arc<Shared>, stop: CancellationToken) {
    let own = Router::new()
        .route("/health", get(async || Json(json!({"status": "ok"}))))
        .route("/credentials", get(list_credentials).post(set_credential))
        .route("/journal", get(journal))
        .route("/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/reset", post(reset))
        .with_state(shared.clone());
    let router = shared
        .vendors
        .iter()
        .fold(own, |router, vendor| router.merge(vendor.clone().control()))
        .fallback(async || refused(StatusCode::NOT_FOUND, "no such path"))
        .layer(DefaultBodyLimit::max(MAX_COMMAND));
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

/// Answers a command with what it did, or with what is wrong with it.
pub(crate) fn answered(result: Result<Value, Complaint>) -> Response {
    match result {
        Ok(value) => Json(value).into_response(),
        Err(complaint) => refused(StatusCode::BAD_REQUEST, &complaint.to_string()),
    }
}

/// Refuses a command.
pub(crate) fn refused(status: StatusCode, text: &str) -> Response {
    (status, Json(json!({"error": text}))).into_response()
}

async fn list_credentials(State(shared): State<Arc<Shared>>) -> Response {
    Json(credentials::listing(&shared.vendors)).into_response()
}

async fn set_credential(State(shared): State<Arc<Shared>>, body: body::Bytes) -> Response {
    answered(credentials::apply(&shared.vendors, &body))
}

async fn journal(State(shared): State<Arc<Shared>>, uri: Uri) -> Response {
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
    let content_type = [(header::CONTENT_TYPE, "application/json")];
    (content_type, Body::new(JournalBody::new(shared, after))).into_response()
}

async fn faults(State(shared): State<Arc<Shared>>) -> Response {
    Json(shared.faults.list()).into_response()
}

async fn add_fault(State(shared): State<Arc<Shared>>, body: body::Bytes) -> Response {
    answered(shared.faults.add(&shared.vendors, &body).map(|id| json!({"id": id})))
}

async fn clear_faults(State(shared): State<Arc<Shared>>) -> Response {
    shared.faults.clear();
    Json(json!({})).into_response()
}

async fn reset(State(shared): State<Arc<Shared>>) -> Response {
    // It waits for the disk when state is kept.
    let _ = tokio::task::spawn_blocking(move || shared.reset()).await;
    Json(json!({})).into_response()
}
