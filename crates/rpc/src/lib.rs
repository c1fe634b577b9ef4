//! The wire contract that every service shares: one error type with one enum of reasons, metadata names, deadlines.
pub mod absent;
pub mod bearer;
pub mod clock;
pub mod deadline;
pub mod error;
pub mod help;
pub mod identifier;
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
