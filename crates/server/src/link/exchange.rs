//! One call on a connection. Whoever waits for its answer also drives its request, so that a call costs no task of its own.
use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::client::ResponseFuture;
use http::Response;
use http_body::{Body, Frame};

use crate::wire::{Incoming, Sending};

/// A call whose answer has not begun. Dropped, it is cancelled.
#[derive(Debug)]
pub(super) struct Exchange<B> {
    pub(super) answer: ResponseFuture,
    pub(super) request: Option<Sending<B>>,
}

/// An answer's body, by which the rest of the request goes out too. Dropped before its end, the call is cancelled.
#[derive(Debug)]
pub struct Answer<B> {
    body: Incoming,
    request: Option<Sending<B>>,
}

impl<B> Future for Exchange<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Output = Result<Response<Answer<B>>, h2::Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        drive(&mut self.request, cx);
        let response = ready!(Pin::new(&mut self.answer).poll(cx))?;
        let request = self.request.take();
        Poll::Ready(Ok(response.map(|stream| Answer { body: Incoming::new(stream), request })))
    }
}

impl<B> Body for Answer<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = h2::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, h2::Error>>> {
        drive(&mut self.request, cx);
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
}

/// Sends of a request what can be sent now.
fn drive<B>(request: &mut Option<Sending<B>>, cx: &mut Context<'_>)
where
    Sending<B>: Future<Output = ()> + Unpin,
{
    if request.as_mut().is_some_and(|request| Pin::new(request).poll(cx).is_ready()) {
        *request = None;
    }
}
