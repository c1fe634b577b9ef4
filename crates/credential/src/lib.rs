//! Secrets, and every form in which they travel: tickets, sealed puts, and the principal tokens that ask for them.
//!
//! Small enough for one security review. Nothing here logs, and no type that holds a secret has `Display` or
//! `Serialize`; `Debug` shows the kind only.
//!
//! ```
//! let secret = granary_credential::Secret::new("of nobody's business".to_owned());
//! assert_eq!(secret.expose(), "of nobody's business");
//! assert!(!format!("{secret:?}").contains("business"));
//! ```
pub mod aead;
pub mod api_key;
pub mod credential;
pub mod fingerprint;
pub mod grant;
pub mod key_file;
pub mod layer;
mod pasted;
pub mod principal;
pub mod sealed;
pub mod secret;
pub mod ticket;
pub mod verdict;

pub use credential::Credential;
pub use granary_proto::granary::policy::v1::CredentialKind as Kind;
pub use grant::Grant;
pub use secret::{Key, Secret};
