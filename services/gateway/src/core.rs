//! What one serving thread holds: connections of its own, and the memory that all threads share.
use std::ops::Deref;
use std::sync::Arc;

use granary_proto::granary::policy::v1::Exposure;
use granary_proto::{Method, PolicyTable};
use granary_rpc::{Deadline, Error, Identifier, Reason};
use granary_server::Link;
use http::HeaderMap;
use tokio::sync::Semaphore;
use tonic::Status;

use crate::admit::{Admitted, Principals};
use crate::backend::{BACKENDS, Backend};
use crate::broker::Broker;
use crate::config::Config;
use crate::generations::Generations;
use crate::held::{Held, What};
use crate::tickets::{Ticket, Tickets};
use crate::under_way::Registry;

/// Reports to the broker under way at a time; past it a report is dropped, and the next rejection makes another.
const REPORTS: usize = 64;

/// What all threads share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) table: &'static PolicyTable,
    pub(crate) principals: Principals,
    pub(crate) tickets: Tickets,
    pub(crate) generations: Arc<Generations>,
    pub(crate) reports: Arc<Semaphore>,
    pub(crate) unread: Arc<Held>,
    pub(crate) unfinished: Arc<Held>,
}

/// One thread's view. Cheap to clone: every call holds one.
#[derive(Clone, Debug)]
pub(crate) struct Core(Arc<Thread>);

/// What stands behind a [`Core`].
#[derive(Debug)]
pub(crate) struct Thread {
    pub(crate) shared: Arc<Shared>,
    pub(crate) broker: Broker,
    pub(crate) backends: Vec<Backend>,
    pub(crate) under_way: Arc<Registry>,
}

impl Deref for Core {
    type Target = Thread;

    fn deref(&self) -> &Thread {
        &self.0
    }
}

impl Shared {
    pub(crate) fn new(config: Config, table: &'static PolicyTable) -> Arc<Self> {
        let generations = Arc::new(Generations::new());
        Arc::new(Self {
            principals: Principals::new(config.max_principals, config.bounds(), generations.clone()),
            tickets: Tickets::new(config.max_tickets, generations.clone()),
            reports: Arc::new(Semaphore::new(REPORTS)),
            unread: Held::new(What::Unread, config.max_unread_bytes, config.max_unread_bytes_per_tenant),
            unfinished: Held::new(
                What::Unfinished,
                config.max_unfinished_bytes,
                config.max_unfinished_bytes_per_tenant,
            ),
            generations,
            table,
            config,
        })
    }
}

impl Core {
    /// Opens no connection yet; each is made when first used, on the thread that uses it.
    pub(crate) fn new(shared: Arc<Shared>) -> Result<Self, String> {
        let config = &shared.config;
        Ok(Self(Arc::new(Thread {
            broker: Broker::new(Link::to_each(&config.broker)?, config.broker.peer_key()?.as_ref()),
            backends: BACKENDS.iter().map(|place| place.open(config)).collect::<Result<_, _>>()?,
            under_way: Arc::default(),
            shared,
        })))
    }

    /// The service that serves a method.
    pub(crate) fn backend(&self, method: &Method) -> Result<&Backend, Error> {
        let serves = |backend: &&Backend| backend.process == method.process;
        self.backends.iter().find(serves).ok_or_else(granary_server::stack::unknown_method)
    }

    /// Who calls, by the key in the headers.
    pub(crate) async fn admit(&self, headers: &HeaderMap, deadline: Deadline) -> Result<Admitted, Status> {
        self.shared.principals.admit(headers, &self.broker, deadline).await
    }

    /// Checks scope and account, which a cached ticket does not, and returns a ticket for one call.
    pub(crate) async fn ticket(
        &self,
        caller: &Admitted,
        account: &Identifier,
        method: &Method,
        deadline: Deadline,
    ) -> Result<Arc<Ticket>, Status> {
        caller.check_scope(method.scope)?;
        caller.check_account(account.as_str())?;
        self.shared.tickets.get(caller, account, method, &self.broker, deadline).await
    }
}

/// Whether a method can be called through the gateway.
pub(crate) fn is_served(method: &Method) -> bool {
    method.exposure == Exposure::Gateway
}

/// The refusal of a method that is reachable elsewhere, or nowhere.
pub(crate) fn not_here(method: &Method) -> Error {
    if method.exposure == Exposure::Direct {
        let hint = match method.descriptor.name() {
            "PutCredential" => "; seal the credential and use PutSealedCredential to go through the gateway",
            _ => "",
        };
        return Error::new(
            Reason::MethodNotHere,
            format!("{} is served at credential-vault's own address only{hint}", method.name()),
        )
        .with("endpoint", "credential-vault");
    }
    granary_server::stack::unknown_method()
}
