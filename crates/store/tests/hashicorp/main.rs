//! The store in a real HashiCorp Vault: how it is made, how it logs in, and what it does while Vault fails.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails where it cannot go on"
)]

mod bootstrap;
mod cluster;
mod faults;
mod held;
mod load;
mod lockout;
mod login;
