//! Requests that have not arrived whole. They take no place of those that are served, since any number may never arrive; of one
//! tenant's, so many are waited for.
use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use futures_util::poll;
use granary_rpc::{Deadline, Error, Reason};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use tonic::Status;
use tonic::body::Body;

/// Bytes of a request, framed.
const MAX_BYTES: usize = 65_536 + 5;
/// Requests of one tenant that are waited for.
const MAX_OF_TENANT: usize = 256;
/// When a caller that found too many may try again.
const RETRY_DELAY: Duration = Duration::from_millis(500);

/// How many requests of each tenant are waited for.
#[derive(Debug, Default)]
pub(crate) struct Arriving(Mutex<HashMap<String, usize>>);

/// One of them.
struct ArrivalPermit<'a>(&'a Arriving, &'a str);

impl Arriving {
    /// The whole of a tenant's request, within the call's deadline.
    pub(super) async fn whole(&self, tenant: &str, body: Body, deadline: Deadline) -> Result<Body, Status> {
        let mut gathering = pin!(Limited::new(body, MAX_BYTES).collect());
        let gathered = match poll!(gathering.as_mut()) {
            Poll::Ready(gathered) => gathered,
            Poll::Pending => {
                let _place = self.take(tenant)?;
                let gathered = tokio::time::timeout_at(deadline.instant(), gathering).await;
                gathered.map_err(|_| Deadline::error())?
            }
        };
        let whole = gathered.map_err(|error| match error.downcast::<Status>() {
            Ok(status) => *status,
            Err(error) if error.is::<LengthLimitError>() => too_long().into(),
            // Whoever sent a part of it has taken it back, or is gone.
            Err(_) => Error::new(Reason::InvalidInput, "the request is cut off").into(),
        })?;
        Ok(Body::new(Full::new(whole.to_bytes())))
    }

    fn take<'a>(&'a self, tenant: &'a str) -> Result<ArrivalPermit<'a>, Error> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = all.entry(tenant.to_owned()).or_default();
        if *count >= MAX_OF_TENANT {
            let text =
                format!("{MAX_OF_TENANT} requests of the tenant have begun and not arrived; try again later");
            return Err(Error::new(Reason::Overloaded, text)
                .with("limit", "arriving_per_tenant")
                .retry_after(RETRY_DELAY));
        }
        *count += 1;
        Ok(ArrivalPermit(self, tenant))
    }
}

impl Drop for ArrivalPermit<'_> {
    fn drop(&mut self) {
        let mut all = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = all.get_mut(self.1) {
            *count -= 1;
            if *count == 0 {
                all.remove(self.1);
            }
        }
    }
}

/// The refusal of a request that is larger than any of this service.
pub(super) fn too_long() -> Error {
    Error::new(Reason::LimitExceeded, "the request is longer than 65,536 bytes").with("subject", "message")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_has_its_share_and_another_has_its_own() {
        let arriving = Arriving::default();
        let held: Vec<_> = (0..MAX_OF_TENANT).map(|_| arriving.take("a").unwrap()).collect();
        assert_eq!(arriving.take("a").map(drop).unwrap_err().reason(), Reason::Overloaded);
        assert!(arriving.take("b").is_ok());
        drop(held);
        assert!(arriving.take("a").is_ok());
        assert!(arriving.0.lock().unwrap().is_empty(), "nothing is kept of whoever has left");
    }
}
