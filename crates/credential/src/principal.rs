//! Principal tokens: who calls, with credential-vault's MAC, so that a gateway can show it but not make it.
use std::time::Duration;

use granary_proto::granary::internal::v1::Principal;
use prost::Message;

use crate::Key;
use crate::fingerprint;

/// Longest life of a token.
pub const PRINCIPAL_TTL: Duration = Duration::from_secs(60);
/// By how much the clock of the replica that minted a token may be ahead of the one that reads it.
const MAX_CLOCK_SKEW_DELAY: Duration = Duration::from_secs(5);
const TAG: usize = 32;

/// Mints a token.
pub fn mint(key: &Key, principal: &Principal) -> Vec<u8> {
    let mut token = principal.encode_to_vec();
    let tag = fingerprint::hmac(key, &[&token]);
    token.extend_from_slice(&tag);
    token
}

/// Reads a token that was minted with the key, has not expired at `now_seconds` since 1970, and does so within the longest life
/// of one: whoever has the key by theft mints no token that lasts.
pub fn read(key: &Key, token: &[u8], now_seconds: i64) -> Option<Principal> {
    let (message, tag) = token.split_at_checked(token.len().checked_sub(TAG)?)?;
    if !fingerprint::verify(key, message, tag) {
        return None;
    }
    let principal = Principal::decode(message).ok()?;
    let expires = principal.expire_time.as_ref()?.seconds;
    let latest = now_seconds.checked_add_unsigned((PRINCIPAL_TTL + MAX_CLOCK_SKEW_DELAY).as_secs())?;
    (now_seconds < expires && expires <= latest).then_some(principal)
}
