//! What crosses services, with real processes and real sockets. Each test is named after the promise that it keeps.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests, helpers included"
)]
mod architecture;
mod audit;
mod blind_gateway;
mod collected;
mod contract;
mod edges;
mod errors;
mod failover;
mod few_bytes;
mod full_disk;
mod help_links;
mod input;
mod isolation;
mod job;
mod limits;
mod needs;
mod neighbours;
mod one_account;
mod processes;
mod reflection;
mod replicas;
mod revocation;
mod sealed_puts;
mod support;
mod tenants;
mod tool_list;
mod vault;
mod verdicts;
