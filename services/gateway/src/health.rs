//! The gateway's health: its own follows the broker's stream, each service's follows the service.
use std::collections::HashMap;
use std::time::Duration;

use granary_rpc::metadata;
use granary_server::CancellationToken;
use granary_server::health::Health;
use tonic::Request;
use tonic::metadata::MetadataValue;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::backend::Backend;
use crate::core::Core;
use crate::invalidation::Watcher;

/// How often the services are asked.
const CHECK_INTERVAL: Duration = Duration::from_millis(500);
/// Until everything serves for the first time, it is looked at more often.
const FIRST_CHECK_INTERVAL: Duration = Duration::from_millis(20);

/// Services that are the gateway's own, and serve whenever it does.
pub(crate) const OWN: &str = "granary.gateway.v1.ToolService";

/// Keeps health true until `end`, and says when all serve for the first time.
pub(crate) async fn follow(
    core: Core,
    watcher: Watcher,
    health: Health,
    ready: tokio::sync::watch::Sender<bool>,
    end: CancellationToken,
) {
    let mut told = HashMap::new();
    loop {
        let admits = watcher.is_connected();
        let mut all = admits;
        health.set_all(&[OWN], admits).await;
        for backend in &core.backends {
            let serves = serves(backend).await;
            all &= serves.is_ok();
            health.set(backend.service, serves.is_ok()).await;
            tell(&mut told, backend.service, serves);
        }
        if all {
            ready.send_replace(true);
        }
        let pause = if *ready.borrow() { CHECK_INTERVAL } else { FIRST_CHECK_INTERVAL };
        tokio::select! {
            () = end.cancelled() => break,
            () = tokio::time::sleep(pause) => {}
        }
    }
    for backend in &core.backends {
        health.set(backend.service, false).await;
    }
}

/// Logs why a service does not serve, once for each reason.
fn tell(told: &mut HashMap<&'static str, String>, service: &'static str, serves: Result<(), String>) {
    match serves {
        Ok(()) => drop(told.remove(service)),
        Err(reason) if told.get(service) == Some(&reason) => {}
        Err(reason) => {
            tracing::warn!(service, reason, "a service does not serve");
            told.insert(service, reason);
        }
    }
}

/// Whether one of its replicas serves, and else what one of them says.
async fn serves(backend: &Backend) -> Result<(), String> {
    let looks = backend.links.iter().map(|link| {
        let mut request = Request::new(HealthCheckRequest { service: backend.service.to_owned() });
        if let Some(key) = backend.peer_key.as_ref().and_then(|e| MetadataValue::try_from(e.as_bytes()).ok())
        {
            request.metadata_mut().insert(metadata::PEER_KEY, key);
        }
        let mut client = HealthClient::new(link.clone());
        Box::pin(async move {
            let answer = tokio::time::timeout(Duration::from_secs(1), client.check(request)).await;
            match answer {
                Ok(Ok(response)) if response.get_ref().status() == ServingStatus::Serving => Ok(()),
                Ok(Ok(_)) => Err("it says so itself".to_owned()),
                Ok(Err(status)) => Err(status.message().to_owned()),
                Err(_) => Err("it did not answer in time".to_owned()),
            }
        })
    });
    futures_util::future::select_ok(looks).await.map(drop)
}
