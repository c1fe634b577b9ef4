//! What services do alike that call a third party with the credentials of a ticket: their settings, their start, and the
//! opening and closing of a call. What the third party is like is theirs alone.
//!
//! ```
//! use std::path::Path;
//!
//! use granary_server::{Server, admission};
//! use granary_ticketed::Settings;
//!
//! let (server, admission) = (Server::loopback(0, None), admission::Settings::default());
//! let settings = Settings { table: "harvest_time", server: &server, admission: &admission, ticket_key_file: Path::new("none") };
//! assert!(settings.ring().is_err_and(|fault| fault.starts_with("harvest_time.ticket_key_file: cannot read")));
//! ```
mod call;
mod settings;
mod start;

pub use call::{Opened, tell};
pub use settings::{Settings, or_standard};
pub use start::{Error, Failure, Ticketed, start};
