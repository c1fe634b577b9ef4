//! The command as scripts use it, against a stand-in for the gateway and credential-vault on loopback.
#[cfg(test)]
mod call;
#[cfg(test)]
mod credentials;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod failures;
#[cfg(test)]
mod fake;
#[cfg(test)]
mod run;
#[cfg(test)]
mod up;
#[cfg(test)]
mod verify;
