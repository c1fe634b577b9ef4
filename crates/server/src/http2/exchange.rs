//! One call on a connection. Whoever waits for its answer also drives its request, so that a call costs no task of its own.
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::client::ResponseFuture;
use http::Response;
use http_body::{Body, Frame};

use super::body::Incoming;
use super::endpoint::Flight;
use super::send_body::{Outgoing, SendBody};

/// A call whose answer has not begun. Dropped, it is cancelled.
#[derive(Debug)]
pub(super) struct Exchange<B> {
    parts: Option<Parts<B>>,
}

#[derive(Debug)]
struct Parts<B> {
    answer: ResponseFuture,
    request: Request<B>,
    flight: Flight,
}

/// The sender of a request, or the body of one that was sent at once.
#[derive(Debug)]
pub(super) enum Request<B> {
    Whole(B),
    SendBody(SendBody<B>),
}

/// An answer's body, by which the rest of the request goes out too. Dropped before its end, the call is cancelled.
#[derive(Debug)]
pub struct Answer<B> {
    body: Incoming,
    request: Option<SendBody<B>>,
    /// Counts the call for as long as it lasts.
    _flight: Flight,
}

impl<B> Exchange<B> {
    pub(super) fn new(answer: ResponseFuture, request: Request<B>, flight: Flight) -> Self {
        Self { parts: Some(Parts { answer, request, flight }) }
    }
}

impl<B> Request<B>
where
    SendBody<B>: Future<Output = ()> + Unpin,
{
    /// Sends of a request what can be sent now.
    fn drive(&mut self, cx: &mut Context<'_>) {
        if let Self::SendBody(sending) = self {
            // Whatever ends it, the answer tells.
            let _ = Pin::new(sending).poll(cx);
        }
    }
}

impl<B> Future for Exchange<B>
where
    B: Outgoing,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    /// A failure gives the request's body back.
    type Output = Result<Response<Answer<B>>, (h2::Error, B)>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(parts) = &mut self.parts else { return Poll::Pending };
        parts.request.drive(cx);
        let answered = ready!(Pin::new(&mut parts.answer).poll(cx));
        let Some(Parts { request, flight, .. }) = self.parts.take() else { return Poll::Pending };
        Poll::Ready(match answered {
            Ok(response) => {
                let request = match request {
                    Request::Whole(_) => None,
                    Request::SendBody(sending) => Some(sending),
                };
                Ok(response.map(|stream| Answer { body: Incoming::new(stream), request, _flight: flight }))
            }
            Err(error) => {
                let body = match request {
                    Request::Whole(body) => body,
                    Request::SendBody(sending) => sending.into_body(),
                };
                Err((error, body))
            }
        })
    }
}

impl<B> Answer<B> {
    /// Bytes that have arrived and were not read.
    pub fn unread(&mut self) -> usize {
        self.body.unread()
    }
}

impl<B> Body for Answer<B>
where
    B: Outgoing,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = h2::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, h2::Error>>> {
        if let Some(sending) = &mut self.request
            && Pin::new(sending).poll(cx).is_ready()
        {
            self.request = None;
        }
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
}
