//! `LinkedInData` over HarvestAPI and Apify: each call uses the credentials that its ticket brings and no others, and says
//! what upstream billed.
//!
//! ```
//! let method = granary_proto::policy_table().unwrap().tool("scrape_profile").unwrap();
//! let input = r#"{"public_identifier": "ann"}"#;
//! let input = granary_convert::parse_input_text(&method.descriptor.input(), input).unwrap();
//! assert_eq!(granary_linkedin_data::standard_quote(method, &input), Ok(6_400));
//! ```
mod answer;
mod apify;
mod bulk;
mod collect;
mod config;
mod context;
mod early_head;
mod employees;
mod envelope;
mod failure;
mod follow;
mod industries;
mod methods;
mod owner;
mod page;
mod price;
mod probe;
mod quirks;
mod service;
mod streamed;

pub use config::{Config, ConnectionNotes};
pub use price::standard_quote;
pub use service::{routes, run};
