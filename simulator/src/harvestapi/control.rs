//! What the control port tells of the holders of cookies, and how the notes of their invitations are treated.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use super::backend::Backend;
use super::sessions::Notes;
use crate::kernel::call::parse_form;
use crate::kernel::control::{answered, refused};
use crate::kernel::fields::{Complaint, Fields};

pub(super) fn router(backend: Arc<Backend>) -> Router {
    Router::new().route("/connections", get(connections).post(set_notes)).with_state(backend)
}

/// What the holder of a cookie has done; without a cookie, the switch alone.
async fn connections(State(backend): State<Arc<Backend>>, uri: Uri) -> Response {
    let query = uri.query().map(parse_form).unwrap_or_default();
    match query.into_iter().find(|(key, _)| key == "li_at") {
        None => Json(json!({"connection_notes": backend.sessions.notes()})).into_response(),
        Some((_, cookie)) if backend.cookies.get(&cookie).is_some() => {
            Json(backend.sessions.written(&cookie)).into_response()
        }
        Some(_) => refused(StatusCode::NOT_FOUND, "li_at: is not known"),
    }
}

async fn set_notes(State(backend): State<Arc<Backend>>, body: Bytes) -> Response {
    let notes = Fields::parse(&body).and_then(|mut fields| {
        let words = [("kept", Notes::Kept), ("ignored", Notes::Ignored)];
        let notes = fields.word("connection_notes", &words)?;
        fields.finish()?;
        notes.ok_or_else(|| Complaint::new("connection_notes", "is needed"))
    });
    answered(notes.map(|notes| {
        backend.sessions.set_notes(notes);
        json!({"connection_notes": notes})
    }))
}
