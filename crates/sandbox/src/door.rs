use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::answer::Answer;
use crate::call::{Api, Call, Reply};
use crate::faults::{self, Effect, HangUp, Outcome};
use crate::world::World;
use crate::{apify, harvest, harvestapi};

/// What every call on an API port passes: journal, faults, then the service itself.
pub(crate) struct Door {
    world: Arc<World>,
    api: Api,
    origin: String,
}

/// The largest body that any of the three services takes (Apify's limit).
const BODY_LIMIT: usize = 9_437_184;
const BODY_DEADLINE: Duration = Duration::from_secs(30);

// === impl Door ===

impl Door {
    pub(crate) fn new(world: Arc<World>, api: Api, origin: String) -> Self {
        Self { world, api, origin }
    }

    /// Answers one call; `connection` is cancelled to hang up on the client.
    pub(crate) async fn serve(
        &self,
        request: Request<Incoming>,
        connection: &CancellationToken,
    ) -> Response<Answer> {
        let (parts, body) = request.into_parts();
        let mut call = Call::new(self.api, parts, &self.origin);
        let number = self.world.journal.arrive(&call);
        let effect = self.world.faults.take(&self.world, &call);
        let outcome = match read(body).await {
            Err(status) => Outcome::Answered(Answer::whole(refusal(self.api, status))),
            Ok(bytes) => {
                call.body = bytes;
                self.pass(call, effect.as_deref()).await
            }
        };
        match outcome {
            Outcome::Answered(response) => {
                self.world.journal.finish(number, response.status());
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
        let entered = match self.api {
            Api::LinkedIn if !outside => harvestapi::enter(&self.world, &call).await,
            Api::LinkedIn | Api::Harvest | Api::Apify => Ok(None),
        };
        // Held until the answer is made, so that a delay keeps the place taken.
        let _slot = match entered {
            Ok(slot) => slot,
            Err(reply) => return Outcome::Answered(Answer::whole(reply)),
        };
        let Some(effect) = effect else { return Outcome::Answered(Answer::whole(self.answer(&call).await)) };
        if !effect.delay.is_zero() {
            sleep(effect.delay).await;
        }
        if effect.hang_up == Some(HangUp::Before) {
            return Outcome::HungUp;
        }
        call.rows = effect.rows;
        if effect.unchanged {
            harvest::look_instead(&mut call);
        }
        let reply = match faults::instead(effect, &self.world, &call) {
            Some(reply) => reply,
            None => self.answer(&call).await,
        };
        if effect.hang_up == Some(HangUp::After) {
            return Outcome::HungUp;
        }
        faults::finish(effect, &call, reply)
    }

    async fn answer(&self, call: &Call) -> Reply {
        match self.api {
            Api::Harvest => harvest::handle(&self.world, call),
            Api::LinkedIn => harvestapi::handle(&self.world, call),
            Api::Apify => apify::handle(&self.world, call).await,
        }
    }
}

async fn read(body: Incoming) -> Result<Bytes, StatusCode> {
    match timeout(BODY_DEADLINE, Limited::new(body, BODY_LIMIT).collect()).await {
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
        Ok(Err(_)) => Err(StatusCode::PAYLOAD_TOO_LARGE),
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
    }
}

fn refusal(api: Api, status: StatusCode) -> Reply {
    match api {
        Api::Harvest => harvest::failure(status, None),
        Api::LinkedIn => harvestapi::failure(status, None),
        Api::Apify => apify::failure(status, None),
    }
}
