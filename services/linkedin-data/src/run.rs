//! Linkedin-data as a process: its routes behind its door.
use granary_server::{Callers, CancellationToken, Open, door};

use crate::service::MAX_REQUEST;
use crate::{Config, Error, routes};

const SERVICES: [&str; 1] = ["granary.linkedin.v1.LinkedInData"];

/// Why it cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A setting cannot be used.
    #[error("{0}")]
    Setting(String),
    /// The routes cannot be built.
    #[error(transparent)]
    Routes(#[from] Error),
    /// The door cannot be opened.
    #[error(transparent)]
    Door(#[from] door::Error),
}

/// Starts it on the current runtime.
///
/// # Errors
/// Where a setting, the keys or the address cannot be used.
pub async fn run(config: &Config, end: CancellationToken) -> Result<Open, Failure> {
    let routes = routes(config, config.ring().map_err(Failure::Setting)?)?;
    let door = config.door.with_messages_up_to(MAX_REQUEST);
    Ok(door.open(Callers::Services, routes, &SERVICES, end).await?)
}
