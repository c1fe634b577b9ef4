//! Principal tokens: who calls, with credential-vault's MAC, so that a gateway can show it but not make it.
use granary_proto::granary::internal::v1::Principal;
use prost::Message;

use crate::Key;
use crate::fingerprint;

const TAG: usize = 32;

/// Mints a token.
pub fn mint(key: &Key, principal: &Principal) -> Vec<u8> {
    let mut token = principal.encode_to_vec();
    let tag = fingerprint::hmac(key, &[&token]);
    token.extend_from_slice(&tag);
    token
}

/// Reads a token that was minted with the key and has not expired at `now_seconds` since 1970.
pub fn read(key: &Key, token: &[u8], now_seconds: i64) -> Option<Principal> {
    let (message, tag) = token.split_at_checked(token.len().checked_sub(TAG)?)?;
    if !fingerprint::verify(key, message, tag) {
        return None;
    }
    let principal = Principal::decode(message).ok()?;
    let expires = principal.expire_time.as_ref()?.seconds;
    (now_seconds < expires).then_some(principal)
}
