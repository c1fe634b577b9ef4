//! The journal as the body of an answer.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame};

use crate::kernel::shared::Shared;

/// A JSON array that is written out piece by piece: at no time does more than one piece exist as text.
pub(super) struct JournalBody {
    shared: Arc<Shared>,
    after: u64,
    progress: Progress,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Start,
    Middle,
    End,
}

/// Calls in one piece.
const PIECE: usize = 1000;

impl JournalBody {
    pub(super) fn new(shared: Arc<Shared>, after: u64) -> Self {
        Self { shared, after, progress: Progress::Start }
    }
}

impl Body for JournalBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.get_mut();
        if this.progress == Progress::End {
            return Poll::Ready(None);
        }
        let mut piece = Vec::new();
        if this.progress == Progress::Start {
            piece.push(b'[');
        }
        let comma = this.progress == Progress::Middle;
        match this.shared.journal.write_after(this.after, PIECE, &mut piece, comma) {
            Some(last) => {
                this.after = last;
                this.progress = Progress::Middle;
            }
            None => {
                piece.push(b']');
                this.progress = Progress::End;
            }
        }
        Poll::Ready(Some(Ok(Frame::data(piece.into()))))
    }
}
