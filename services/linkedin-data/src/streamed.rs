//! The answers of a call that has many.
use std::pin::Pin;

use futures_util::Stream;
use tonic::Status;

/// The answers of a call that has many.
pub(crate) type Streamed<R> = Pin<Box<dyn Stream<Item = Result<R, Status>> + Send>>;
