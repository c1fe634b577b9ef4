//! Forms of texts that the contract names: decimals and money, times of day, ids, lists that were written as one text, and what
//! is LinkedIn's own: addresses of its pages, and places. JSON and messages are [`granary-convert`]'s, which asks here.
//!
//! ```
//! use granary_proto::granary::policy::v1::Format;
//!
//! assert_eq!(granary_formats::wrong(Format::Digits, "12"), None);
//! assert!(granary_formats::wrong(Format::Digits, "twelve").is_some());
//! assert_eq!(granary_formats::linkedin::person("https://de.linkedin.com/in/J%C3%BCrgen-X/?trk=a"), "jürgen-x");
//! ```
//!
//! [`granary-convert`]: ../granary_convert/index.html
pub mod decimal;
mod escapes;
mod format;
pub mod linkedin;
pub mod money;
mod split;
mod url;

pub use escapes::Fault;
pub use format::{settled, wrong};
pub use split::{Items, could_be_two, split};
