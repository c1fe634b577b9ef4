//! The answers of a call that has many, and how such a call begins.
use std::pin::Pin;

use futures_util::Stream;
use granary_rpc::metadata;
use tonic::{Response, Status};

/// The answers of a call that has many.
pub(crate) type Streamed<R> = Pin<Box<dyn Stream<Item = Result<R, Status>> + Send>>;

/// A stream that has begun.
pub(crate) struct Begun<R> {
    stream: Streamed<R>,
    run_id: Option<String>,
}

impl<R> Begun<R> {
    pub(crate) fn new(stream: Streamed<R>) -> Self {
        Self { stream, run_id: None }
    }

    /// Names the run that it follows.
    pub(crate) fn of_run(self, run_id: Option<String>) -> Self {
        Self { run_id, ..self }
    }

    /// The answer, with the run in its headers: whoever ends the call can name what it leaves behind.
    pub(crate) fn into_response(self) -> Response<Streamed<R>> {
        let mut response = Response::new(self.stream);
        if let Some(run_id) = self.run_id.and_then(|id| id.parse().ok()) {
            response.metadata_mut().insert(metadata::RUN_ID, run_id);
        }
        response
    }
}
