//! What is kept for whom, as records of a store. Nothing here knows of requests or of operators.
pub(crate) mod accounts;
pub(crate) mod caller;
pub(crate) mod credentials;
pub(crate) mod documents;
pub(crate) mod invalidation;
pub(crate) mod keys;
pub(crate) mod page_token;
pub(crate) mod paths;
pub(crate) mod records;
pub(crate) mod seals;
pub(crate) mod single_flight;
pub(crate) mod system_keys;
pub(crate) mod tenants;
pub(crate) mod time;
