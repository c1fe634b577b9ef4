//! Forwards one call: outgoing metadata is built from nothing, frames pass as they are.
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use granary_proto::Method;
use granary_proto::granary::policy::v1::Effect;
use granary_rpc::metadata::name;
use granary_rpc::{Deadline, Identifier};
use granary_server::RequestId;
use granary_server::http2::{self, Answer, EndpointId, Failed};
use http::{HeaderMap, HeaderValue, Request, Response, Version};
use tokio::time::{Instant, Sleep};
use tonic::Status;

use crate::admit::Admitted;
use crate::backend::Backend;
use crate::body::Outbound;
use crate::core::Core;
use crate::outcome::Watch;
use crate::relay::{Relay, strip};
use crate::tickets::Ticket;
use crate::under_way::{Subject, UnderWay};

mod failure;
mod head;

/// How often one call is sent at most.
const MAX_ATTEMPTS: usize = 3;
/// A call that takes longer than this is asked about again when something changes.
const RETRY_TIMEOUT: Duration = Duration::from_secs(1);

/// A call as a service will see it.
pub(crate) struct Outgoing<'a> {
    pub(crate) method: &'static Method,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) id: &'a RequestId,
    pub(crate) deadline: Deadline,
    pub(crate) body: Outbound,
}

/// On whose behalf.
pub(crate) enum Behalf {
    /// Credential-vault admits the caller by itself.
    Caller,
    /// With a ticket.
    Account { caller: Admitted, account: Identifier, ticket: Arc<Ticket> },
}

/// What ends a call that waits for its service.
struct Patience<'a> {
    core: &'a Core,
    deadline: Deadline,
    sleep: Pin<Box<Sleep>>,
    /// Who is to be asked about once the call is a long one.
    subject: Option<Subject>,
    under_way: Option<UnderWay>,
}

impl Core {
    /// Forwards a call and returns the answer as it begins.
    pub(crate) async fn forward(
        &self,
        call: Outgoing<'_>,
        behalf: Behalf,
    ) -> Result<Response<Box<Relay>>, Status> {
        let backend = self.backend(call.method)?;
        let mut head = Some(head::build(backend, &call, &behalf)?);
        let mut patience = Patience::new(self, &call, &behalf);
        let Outgoing { method, deadline, mut body, .. } = call;
        let call = Outgoing { body: Outbound::none(), ..call };
        let mut avoided = None;
        for attempt in 1.. {
            if deadline.remaining().is_zero() {
                return Err(Deadline::error().into());
            }
            let headers = match head.take() {
                Some(head) => head,
                None => head::build(backend, &call, &behalf)?,
            };
            let sent = send((backend, avoided), method, headers, body, &mut patience).await?;
            let Failed { error, body: mut returned, endpoint } = match sent {
                Ok(response) => {
                    let max_cost = call.headers.get(&name::MAX_COST).cloned();
                    return Ok(relay(response, method, behalf, patience, max_cost));
                }
                Err(failed) => failed,
            };
            let may_repeat = error.is_unprocessed() || method.effect == Effect::Read;
            if attempt >= MAX_ATTEMPTS || !may_repeat || error.is_unreachable() || !returned.rewind() {
                return Err(failure::of(backend, error, method).into());
            }
            metrics::counter!("granary_calls_sent_again_total", "service" => backend.process).increment(1);
            (body, avoided) = (returned, endpoint);
        }
        Err(failure::never().into())
    }
}

type Sent = Result<Response<Answer<Outbound>>, Failed<Outbound>>;

async fn send(
    (backend, avoided): (&Backend, Option<EndpointId>),
    method: &'static Method,
    headers: HeaderMap,
    body: Outbound,
    patience: &mut Patience<'_>,
) -> Result<Sent, Status> {
    let connection = tokio::select! {
        biased;
        // Nothing was sent yet, so nothing is unknown.
        status = patience.over() => return Err(status),
        connection = backend.pool.connection(avoided) => connection,
    };
    let connection = match connection {
        Ok(connection) => connection,
        Err(error) => return Ok(Err(Failed { error, body, endpoint: None })),
    };
    let mut request = Request::new(());
    *request.method_mut() = http::Method::POST;
    *request.version_mut() = Version::HTTP_2;
    *request.uri_mut() = backend.pool.uri(&method.path)?;
    *request.headers_mut() = headers;
    tokio::select! {
        biased;
        status = patience.over() => {
            // The service sees the same deadline, but its word cannot arrive any more.
            Err(if changes(method) { granary_rpc::error::with_metadata(&status, "outcome", "unknown") } else { status })
        }
        sent = connection.send(request, body) => Ok(sent),
    }
}

impl<'a> Patience<'a> {
    fn new(core: &'a Core, call: &Outgoing<'_>, behalf: &Behalf) -> Self {
        let subject = match behalf {
            Behalf::Account { caller, account, ticket } => {
                call.headers.get(&name::AUTHORIZATION).map(|authorization| Subject {
                    authorization: authorization.clone(),
                    caller: caller.clone(),
                    account: account.clone(),
                    method: call.method,
                    incarnation: ticket.incarnation(),
                })
            }
            Behalf::Caller => None,
        };
        let until = call.deadline.instant();
        let first = if subject.is_some() { until.min(Instant::now() + RETRY_TIMEOUT) } else { until };
        let mut patience = Self {
            core,
            deadline: call.deadline,
            sleep: Box::pin(tokio::time::sleep_until(first)),
            subject,
            under_way: None,
        };
        if call.method.is_stream {
            patience.begin();
        }
        patience
    }

    /// From now on the call counts as a long one.
    fn begin(&mut self) {
        if let Some(subject) = self.subject.take() {
            self.under_way = Some(self.core.under_way.begin(self.core, subject));
        }
    }

    /// Waits until the call is over, whatever the service does.
    async fn over(&mut self) -> Status {
        loop {
            let refused = poll_fn(|cx| match &mut self.under_way {
                Some(under_way) => under_way.poll_refused(cx),
                None => std::task::Poll::Pending,
            });
            tokio::select! {
                biased;
                status = refused => return status,
                () = &mut self.sleep => {}
            }
            if self.deadline.remaining().is_zero() {
                return Deadline::error().into();
            }
            self.begin();
            self.sleep.as_mut().reset(self.deadline.instant());
        }
    }
}

/// Whether a call changes something upstream, so that a lost answer leaves its outcome unknown.
fn changes(method: &Method) -> bool {
    method.effect == Effect::Write && method.upstream.is_some()
}

fn relay(
    response: Response<Answer<Outbound>>,
    method: &Method,
    behalf: Behalf,
    mut patience: Patience<'_>,
    max_cost: Option<HeaderValue>,
) -> Response<Box<Relay>> {
    let (mut parts, body) = response.into_parts();
    if parts.headers.contains_key(&name::RUN_ID) {
        patience.begin();
    }
    let Patience { core, deadline, sleep, mut under_way, .. } = patience;
    let mut watch = match behalf {
        Behalf::Caller => None,
        Behalf::Account { caller, account, ticket } => {
            Some(Watch::new(core.clone(), caller, account, ticket, max_cost))
        }
    };
    let outcome = strip(&mut parts.headers);
    // An answer without a body carries its status in the headers.
    if let Some(status) = parts.headers.get(&name::STATUS)
        && let Some(watch) = watch.take()
    {
        watch.ended(Some(status), outcome.as_ref());
    } else if let Some(watch) = &mut watch {
        watch.heard(outcome);
    }
    if let Some(under_way) = &mut under_way {
        under_way.names_run(&parts.headers);
    }
    let relay = Relay::forwarded(body, changes(method), watch, (deadline, sleep), under_way);
    Response::from_parts(parts, relay)
}

/// What the connections to a service say of a call that has no answer.
pub(crate) type Unanswered = http2::Error;
