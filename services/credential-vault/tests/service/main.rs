//! CredentialVault, Admin and the broker over real gRPC on loopback.
#![allow(clippy::unwrap_used, clippy::panic)]

mod accounts;
mod admin;
mod admission;
mod audit;
mod credentials;
mod fairness;
mod faults;
mod forged;
mod invalidations;
mod limits;
mod lists;
mod mark;
mod outcomes;
mod sealed;
mod start;
mod support;
mod tickets;
