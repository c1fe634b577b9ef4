//! The wire contract that every service shares: one error type with one enum of reasons, metadata names, deadlines.
//!
//! ```
//! use granary_rpc::{Error, Reason, error::reason_of};
//!
//! let error = Error::new(Reason::ScopeMissing, "the API key lacks the scope time:read").with("scope", "time:read");
//! let status = error.into_status();
//! assert_eq!(status.code(), tonic::Code::PermissionDenied);
//! assert_eq!(reason_of(&status), Some(Reason::ScopeMissing));
//! ```
pub mod absent;
pub mod bearer;
pub mod clock;
pub mod deadline;
pub mod error;
pub mod help;
pub mod identifier;
pub mod loopback;
pub mod metadata;
pub mod pattern;
pub mod reason;
pub mod trace;
pub mod unseen;

pub use bearer::bearer;
pub use deadline::Deadline;
pub use error::{Error, Violation};
pub use help::DocsBase;
pub use identifier::Identifier;
pub use reason::{Family, Reason};
