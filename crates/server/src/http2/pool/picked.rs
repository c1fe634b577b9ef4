//! One call on the connection that was chosen for it.
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use h2::SendStream;
use h2::client::ResponseFuture;
use http::{Request, Response};

use super::{Connection, Error, Failed, Inner};
use crate::http2::endpoint::Flight;
use crate::http2::exchange::{self, Answer, Exchange};
use crate::http2::send_body::{Outgoing, SendBody};

/// A connection that was chosen for one call.
#[derive(Debug)]
pub struct Picked {
    pool: Arc<Inner>,
    connection: Arc<Connection>,
    flight: Flight,
}

/// A call that was sent, until its answer begins. Dropped, it is cancelled.
#[derive(Debug)]
pub struct Sent<B> {
    pool: Arc<Inner>,
    connection: Arc<Connection>,
    /// What waits for the answer; or why nothing was sent, until that is told.
    exchange: Result<Exchange<B>, Option<Failed<B>>>,
}

impl Picked {
    pub(super) fn new(pool: Arc<Inner>, connection: Arc<Connection>) -> Self {
        Self { flight: connection.begin(), pool, connection }
    }

    /// Sends a request whose URI was made by [`Pool::uri`](super::Pool::uri): its head now, its body while the answer is waited
    /// for. What fails gives the body back, so that it can be sent again where that is allowed.
    pub fn send<B>(self, head: Request<()>, body: B) -> Sent<B>
    where
        B: Outgoing,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let Self { pool, connection, flight } = self;
        let whole = body.is_end_stream();
        let exchange = match send(&connection, head, whole) {
            Ok((answer, _)) if whole => Ok(Exchange::new(answer, exchange::Request::Whole(body), flight)),
            Ok((answer, stream)) => {
                let request = exchange::Request::SendBody(SendBody::new(body, stream));
                Ok(Exchange::new(answer, request, flight))
            }
            Err(error) => {
                pool.drop_connection(&connection);
                let endpoint = Some(connection.endpoint);
                Err(Some(Failed { error: Error::Ended(error), body, endpoint }))
            }
        };
        Sent { pool, connection, exchange }
    }
}

/// Sends the head of a request. A fresh handle waits for nobody: it is ready, or the connection is at its end.
fn send(
    connection: &Connection,
    head: Request<()>,
    whole: bool,
) -> Result<(ResponseFuture, SendStream<Bytes>), String> {
    let closing = || "it is closing".to_owned();
    let mut sender = connection.sender().ok_or_else(closing)?;
    match sender.poll_ready(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(ready) => ready.map_err(|e| e.to_string())?,
        Poll::Pending => return Err("it has no room".to_owned()),
    }
    sender.send_request(head, whole).map_err(|e| e.to_string())
}

impl<B> Future for Sent<B>
where
    B: Outgoing,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Output = Result<Response<Answer<B>>, Failed<B>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let exchange = match &mut this.exchange {
            Ok(exchange) => exchange,
            Err(failed) => return failed.take().map_or(Poll::Pending, |failed| Poll::Ready(Err(failed))),
        };
        let answered = ready!(Pin::new(exchange).poll(cx));
        Poll::Ready(answered.map_err(|(error, body)| {
            if error.is_io() {
                this.pool.drop_connection(&this.connection);
            }
            Failed { error: error.into(), body, endpoint: Some(this.connection.endpoint) }
        }))
    }
}
