//! Credential-vault over a real HashiCorp Vault.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails where it cannot go on"
)]

#[path = "../service/support.rs"]
#[allow(dead_code, unused_imports, reason = "shared with the tests of the service, which use more of it")]
mod service;

mod cost;
mod old_versions;
mod outages;
mod secrets;
mod settle;
mod upkeep;
