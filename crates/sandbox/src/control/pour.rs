use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame};

use crate::world::World;

/// The journal as a JSON array, written out piece by piece: at no time does more than one piece exist as text.
pub(super) struct Pour {
    world: Arc<World>,
    after: u64,
    place: Place,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Start,
    Middle,
    End,
}

/// Calls in one piece.
const PIECE: usize = 1000;

// === impl Pour ===

impl Pour {
    pub(super) fn new(world: Arc<World>, after: u64) -> Self {
        Self { world, after, place: Place::Start }
    }
}

impl Body for Pour {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.get_mut();
        if this.place == Place::End {
            return Poll::Ready(None);
        }
        let mut piece = Vec::new();
        if this.place == Place::Start {
            piece.push(b'[');
        }
        match this.world.journal.write_after(this.after, PIECE, &mut piece, this.place == Place::Middle) {
            Some(last) => {
                this.after = last;
                this.place = Place::Middle;
            }
            None => {
                piece.push(b']');
                this.place = Place::End;
            }
        }
        Poll::Ready(Some(Ok(Frame::data(piece.into()))))
    }
}
