//! Every store does the same: checks that both pass, and ten thousand operations that come out as out of a map.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails where it cannot go on"
)]

mod checks;
mod embedded;
mod hashicorp;
mod model;
