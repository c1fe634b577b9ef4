//! gRPC health, overall and for each service, without an API key.
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::{Health as HealthApi, HealthServer};
use tonic_health::server::HealthReporter;

/// Sets what the health service answers.
#[derive(Clone, Debug)]
pub struct Health(HealthReporter);

impl Health {
    /// A health service in which nothing serves yet.
    pub async fn new(services: &[&str]) -> (Self, HealthServer<impl HealthApi>) {
        let (reporter, server) = tonic_health::server::health_reporter();
        let health = Self(reporter);
        health.set("", false).await;
        for service in services {
            health.set(service, false).await;
        }
        (health, server)
    }

    /// Sets one service; "" is the process as a whole.
    pub async fn set(&self, service: &str, serving: bool) {
        let status = if serving { ServingStatus::Serving } else { ServingStatus::NotServing };
        self.0.set_service_status(service, status).await;
    }

    /// Sets the process and these services.
    pub async fn set_all(&self, services: &[&str], serving: bool) {
        for service in services {
            self.set(service, serving).await;
        }
        self.set("", serving).await;
    }
}
