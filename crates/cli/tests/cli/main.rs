//! The command as scripts use it, against a stand-in for the gateway and credential-vault on loopback.
mod call;
mod credentials;
mod failures;
mod fake;
mod run;
