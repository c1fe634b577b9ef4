//! What every call on the port of a vendor passes: the journal, the faults, then the vendor itself.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::answer::AnswerBody;
use super::call::Call;
use super::faults::{self, Effect, HangUp, Outcome};
use super::shared::Shared;
use super::vendor::Vendor;

/// The way of a call through the port of one vendor.
pub(crate) struct Pipeline {
    shared: Arc<Shared>,
    vendor: Arc<dyn Vendor>,
    origin: String,
}

/// Bytes of the largest body that any of the vendors takes (Apify's limit).
const MAX_BODY: usize = 9_437_184;
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

impl Pipeline {
    pub(crate) fn new(shared: Arc<Shared>, vendor: Arc<dyn Vendor>, origin: String) -> Self {
        Self { shared, vendor, origin }
    }

    /// Answers one call; `connection` is cancelled to hang up on the client.
    pub(crate) async fn serve(
        &self,
        request: Request<Incoming>,
        connection: &CancellationToken,
    ) -> Response<AnswerBody> {
        let (parts, body) = request.into_parts();
        let mut call = Call::new(parts, &self.origin);
        let number = self.shared.journal.arrive(self.vendor.word(), &call);
        let effect = self.shared.faults.take(&*self.vendor, &call);
        let outcome = match read(body).await {
            Err(status) => Outcome::Answered(AnswerBody::whole(self.vendor.failure(status, None))),
            Ok(bytes) => {
                call.body = bytes;
                self.pass(call, effect.as_deref()).await
            }
        };
        match outcome {
            Outcome::Answered(response) => {
                self.shared.journal.finish(number, response.status());
                response
            }
            Outcome::HungUp => {
                connection.cancel();
                std::future::pending().await
            }
        }
    }

    async fn pass(&self, mut call: Call, effect: Option<&Effect>) -> Outcome {
        if let Some(origin) = effect.and_then(|effect| effect.link_origin.as_ref()) {
            call.origin.clone_from(origin);
        }
        let outside = effect.is_some_and(Effect::stays_outside);
        let entered = if outside { Ok(None) } else { self.vendor.enter(&call).await };
        // Held until the answer is made, so that a delay keeps the place taken.
        let _slot = match entered {
            Ok(slot) => slot,
            Err(reply) => return Outcome::Answered(AnswerBody::whole(reply)),
        };
        let Some(effect) = effect else {
            return Outcome::Answered(AnswerBody::whole(self.vendor.handle(&call).await));
        };
        if !effect.delay.is_zero() {
            sleep(effect.delay).await;
        }
        if effect.hang_up == Some(HangUp::Before) {
            return Outcome::HungUp;
        }
        call.rows = effect.rows;
        if effect.unchanged {
            self.vendor.look_instead(&mut call);
        }
        let reply = match faults::instead(effect, &*self.vendor, &call) {
            Some(reply) => reply,
            None => self.vendor.handle(&call).await,
        };
        if effect.hang_up == Some(HangUp::After) {
            return Outcome::HungUp;
        }
        faults::finish(effect, &call, reply)
    }
}

async fn read(body: Incoming) -> Result<Bytes, StatusCode> {
    match timeout(BODY_TIMEOUT, Limited::new(body, MAX_BODY).collect()).await {
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
        Ok(Err(_)) => Err(StatusCode::PAYLOAD_TOO_LARGE),
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
    }
}
