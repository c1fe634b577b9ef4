//! `LinkedInData` over HarvestAPI and Apify: each call uses the credentials that its ticket brings and no others, and says
//! what upstream billed.
mod answer;
mod apify;
mod bulk;
mod collect;
mod config;
mod early_head;
mod employees;
mod envelope;
mod failure;
mod follow;
mod gaps;
mod industries;
mod methods;
mod owner;
mod page;
mod price;
mod probe;
mod service;
mod session;
mod streamed;

pub use config::{Config, ConnectionNotes};
pub use price::standard_quote;
pub use service::{routes, run};
