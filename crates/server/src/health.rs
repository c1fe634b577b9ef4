//! gRPC health, overall and for each service, without an API key. A `Watch` speaks when something changes, and only then.
use std::collections::BTreeMap;
use std::pin::Pin;

use futures_util::{Stream, stream};
use tokio::sync::watch;
use tonic::{Request, Response, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_server::{Health as HealthApi, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

use crate::open_streams::{OpenStreams, Purpose, StreamPermit};

/// Bytes of one request: the name of a service is far shorter.
pub const MAX_REQUEST: usize = 512;

/// Sets what the health service answers.
#[derive(Clone, Debug)]
pub struct Health(watch::Sender<Said>);

/// What is said of each service; "" is the process as a whole.
#[derive(Debug, Default)]
struct Said {
    serving: BTreeMap<String, bool>,
    /// Whether every stream is to end.
    ended: bool,
}

/// What answers callers.
#[derive(Debug)]
struct Service {
    said: watch::Receiver<Said>,
    watches: OpenStreams,
}

impl Health {
    /// A health service in which nothing serves yet.
    pub async fn new(services: &[&str]) -> (Self, HealthServer<impl HealthApi>) {
        let (sender, said) = watch::channel(Said::default());
        let health = Self(sender);
        health.set_all(services, false).await;
        let service = Service { said, watches: OpenStreams::new(Purpose::Watch) };
        (health, HealthServer::new(service).max_decoding_message_size(MAX_REQUEST))
    }

    /// Sets one service; "" is the process as a whole. Nobody is woken where nothing changes.
    pub async fn set(&self, service: &str, serving: bool) {
        self.0.send_if_modified(|said| match said.serving.get_mut(service) {
            Some(before) => std::mem::replace(before, serving) != serving,
            None => {
                said.serving.insert(service.to_owned(), serving);
                true
            }
        });
    }

    /// Sets the process and these services.
    pub async fn set_all(&self, services: &[&str], serving: bool) {
        for service in services {
            self.set(service, serving).await;
        }
        self.set("", serving).await;
    }

    /// Ends every `Watch`, after its last word; later ones end after their first.
    pub fn end(&self) {
        self.0.send_if_modified(|said| !std::mem::replace(&mut said.ended, true));
    }
}

impl Said {
    fn of(&self, service: &str) -> ServingStatus {
        match self.serving.get(service) {
            Some(true) => ServingStatus::Serving,
            Some(false) => ServingStatus::NotServing,
            None => ServingStatus::ServiceUnknown,
        }
    }
}

#[tonic::async_trait]
impl HealthApi for Service {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        let status = self.said.borrow().of(&request.get_ref().service);
        if status == ServingStatus::ServiceUnknown {
            return Err(Status::not_found("service not registered"));
        }
        Ok(Response::new(HealthCheckResponse { status: status.into() }))
    }

    type WatchStream = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let place = self.watches.take(request.extensions())?;
        let service = request.into_inner().service;
        let watch = Watch { said: self.said.clone(), service, told: None, _place: place };
        let words = stream::unfold(watch, |mut watch| async move {
            let status = watch.next().await?;
            Some((Ok(HealthCheckResponse { status: status.into() }), watch))
        });
        Ok(Response::new(Box::pin(words)))
    }
}

/// One stream, and what it was told last.
struct Watch {
    said: watch::Receiver<Said>,
    service: String,
    told: Option<ServingStatus>,
    _place: StreamPermit,
}

impl Watch {
    /// Waits for a status that differs from the last one; nothing after the end.
    async fn next(&mut self) -> Option<ServingStatus> {
        let service = self.service.as_str();
        let told = self.told;
        let news = |said: &Said| said.ended || Some(said.of(service)) != told;
        // It fails where whoever sets health is gone, and then nothing changes any more.
        let status = self.said.wait_for(news).await.ok()?.of(service);
        (self.told.replace(status) != Some(status)).then_some(status)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::StreamExt;
    use tokio::time::timeout;

    use super::*;

    async fn watching(service: &Service, name: &str) -> <Service as HealthApi>::WatchStream {
        let request = Request::new(HealthCheckRequest { service: name.to_owned() });
        HealthApi::watch(service, request).await.unwrap().into_inner()
    }

    fn service() -> (Health, Service) {
        let (sender, said) = watch::channel(Said::default());
        (Health(sender), Service { said, watches: OpenStreams::new(Purpose::Watch) })
    }

    async fn word(watch: &mut <Service as HealthApi>::WatchStream) -> Option<ServingStatus> {
        let next = timeout(Duration::from_secs(5), watch.next()).await.expect("a word, or the end");
        next.map(|word| word.unwrap().status())
    }

    #[tokio::test]
    async fn a_watch_speaks_only_when_something_changes() {
        let (health, service) = service();
        health.set_all(&["a"], true).await;
        let mut watch = watching(&service, "a").await;
        assert_eq!(word(&mut watch).await, Some(ServingStatus::Serving));
        let seen = health.0.subscribe();
        for _ in 0..10 {
            health.set_all(&["a"], true).await;
        }
        assert!(!seen.has_changed().unwrap(), "the same value wakes nobody");
        health.set("b", true).await;
        assert!(timeout(Duration::from_millis(50), watch.next()).await.is_err(), "another service changed");
        health.set("a", false).await;
        assert_eq!(word(&mut watch).await, Some(ServingStatus::NotServing));
    }

    #[tokio::test]
    async fn a_watch_of_an_unknown_service_stays_open_and_hears_when_it_is_known() {
        let (health, service) = service();
        let mut watch = watching(&service, "later").await;
        assert_eq!(word(&mut watch).await, Some(ServingStatus::ServiceUnknown));
        health.set("later", true).await;
        assert_eq!(word(&mut watch).await, Some(ServingStatus::Serving));
        let request = Request::new(HealthCheckRequest { service: "never".to_owned() });
        let refused = HealthApi::check(&service, request).await.unwrap_err();
        assert_eq!(refused.code(), tonic::Code::NotFound);
    }

    #[tokio::test]
    async fn the_end_is_told_the_last_word_first() {
        let (health, service) = service();
        health.set("a", true).await;
        let mut watch = watching(&service, "a").await;
        assert_eq!(word(&mut watch).await, Some(ServingStatus::Serving));
        health.set("a", false).await;
        health.end();
        assert_eq!(word(&mut watch).await, Some(ServingStatus::NotServing));
        assert_eq!(word(&mut watch).await, None);
        let mut late = watching(&service, "a").await;
        assert_eq!(word(&mut late).await, Some(ServingStatus::NotServing));
        assert_eq!(word(&mut late).await, None);
    }

    #[tokio::test]
    async fn watches_are_bounded_and_give_their_places_back() {
        let (_health, service) = service();
        let mut open = Vec::new();
        for _ in 0..crate::open_streams::MAX_WATCHES {
            open.push(watching(&service, "").await);
        }
        let refused = service.watch(Request::new(HealthCheckRequest::default())).await.err().unwrap();
        assert_eq!(granary_rpc::error::reason_of(&refused), Some(granary_rpc::Reason::Overloaded));
        open.pop();
        drop(watching(&service, "").await);
    }
}
