//! Ends a call from outside of it, once, with a reason.
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;
use tonic::Status;

/// What a call looks at while it waits. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ender(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    reason: OnceLock<Status>,
    waker: AtomicWaker,
}

impl Ender {
    /// Ends the call. A second reason changes nothing.
    pub(crate) fn end(&self, reason: Status) {
        if self.0.reason.set(reason).is_ok() {
            self.0.waker.wake();
        }
    }

    /// Whether it was ended.
    #[cfg(test)]
    pub(crate) fn is_set(&self) -> bool {
        self.0.reason.get().is_some()
    }

    /// Ready with the reason.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<Status> {
        if let Some(reason) = self.0.reason.get() {
            return Poll::Ready(reason.clone());
        }
        self.0.waker.register(cx.waker());
        // It may have been ended while the waker was put in its place.
        self.0.reason.get().map_or(Poll::Pending, |reason| Poll::Ready(reason.clone()))
    }
}
