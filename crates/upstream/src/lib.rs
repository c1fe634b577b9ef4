//! The one HTTP client towards third parties: timeouts, retries, limits, host binding, and a guard that masks secrets
//! which an answer echoes.
//!
//! What goes out is a [`Call`] with an [`Auth`]; what comes back is an [`Answer`], already masked. An answer's status
//! becomes an error of the suite in [`status`], and nowhere else. Request URLs may carry secrets and appear in no log,
//! error or span.
//!
//! ```
//! use granary_upstream::{Call, Client, Config, Verb};
//!
//! let call = Call::new(Verb::Get, "/v2/users/me");
//! assert_eq!(call.path, "/v2/users/me");
//! let elsewhere = Config { base_url: "ftp://vendor.example".to_owned(), ..Config::default() };
//! assert!(Client::new("vendor", &elsewhere).is_err());
//! ```
mod answer;
mod auth;
mod call;
mod client;
mod config;
pub mod mask;
mod origin;
mod retry_after;
pub mod status;
mod text;

pub use answer::{Answer, Making};
pub use auth::{Auth, Prefix};
pub use call::{Call, Verb};
pub use client::Client;
pub use config::{BuildError, Config};
pub use status::{Effective, effective, failure, failure_of_write, foreign, is_of_a_gateway};
