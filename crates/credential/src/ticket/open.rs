//! Opens a ticket at the service that it was sealed for. Anything that does not fit is refused.
use prost::Message;
use zeroize::Zeroize;

use super::{Header, Keyring, MAGIC, Sealed};
use crate::{Credential, Grant, Kind, aead};

/// What a ticket must say to be opened.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The service that opens it.
    pub audience: &'a str,
    /// The tenant that the gateway named.
    pub tenant: &'a str,
    /// The account that the gateway named.
    pub account: &'a str,
    /// The account's incarnation that the gateway named.
    pub incarnation: &'a [u8],
    /// What the called method declares: exactly one credential for each entry, and no other.
    pub needs: &'a [Vec<Kind>],
    /// The time of arrival, in milliseconds since 1970.
    pub now_ms: u64,
}

/// Why a ticket was refused.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refused {
    /// It is no ticket, was changed, or was sealed with a key that is not known here.
    #[error(
        "the ticket cannot be opened: the service's ticket_key_file and its entry in credential_vault.ticket_keys must share a key"
    )]
    Unreadable,
    /// It was sealed for another service.
    #[error("the ticket is for another service")]
    Audience,
    /// It names another tenant or account.
    #[error("the ticket is for another account")]
    Account,
    /// It was made before the account was deleted and created anew.
    #[error("the ticket is for an earlier account of that name")]
    Incarnation,
    /// It is past its expiry.
    #[error("the ticket has expired")]
    Expired,
    /// It holds other kinds than the method declares.
    #[error("the ticket does not hold what the method declares")]
    Contents,
}

/// Opens a ticket, or refuses it.
///
/// # Errors
/// Says what does not fit; nothing is returned in part.
pub fn open(ring: &Keyring, ticket: &[u8], expected: &Expected<'_>) -> Result<Grant, Refused> {
    let (clear, sealed) = split(ticket).ok_or(Refused::Unreadable)?;
    let header = Header::decode(&clear[MAGIC.len() + 2..]).map_err(|_| Refused::Unreadable)?;
    let key = ring.find(&header.key_id).ok_or(Refused::Unreadable)?;
    let plain = aead::open(key, clear, sealed).ok_or(Refused::Unreadable)?;

    if header.audience != expected.audience {
        return Err(Refused::Audience);
    }
    if header.tenant != expected.tenant || header.account != expected.account {
        return Err(Refused::Account);
    }
    if header.incarnation != expected.incarnation {
        return Err(Refused::Incarnation);
    }
    if expected.now_ms >= header.expires_ms {
        return Err(Refused::Expired);
    }
    let kinds: Vec<Kind> = header.contents.iter().map(super::Content::kind).collect();
    if !fits(&kinds, expected.needs) {
        return Err(Refused::Contents);
    }
    let mut sealed = Sealed::decode(plain.as_slice()).map_err(|_| Refused::Unreadable)?;
    let credentials: Option<Vec<(Credential, i64)>> = (sealed.values.len() == kinds.len())
        .then(|| {
            let values = sealed.values.iter().zip(&header.contents);
            values.map(|(v, c)| Some((Credential::decode(c.kind(), v)?, c.version))).collect()
        })
        .flatten();
    sealed.values.iter_mut().for_each(Zeroize::zeroize);
    Ok(Grant::new(header, credentials.ok_or(Refused::Unreadable)?))
}

/// Exactly one kind for each need, in any order, and nothing besides.
fn fits(kinds: &[Kind], needs: &[Vec<Kind>]) -> bool {
    kinds.len() == needs.len()
        && needs.iter().all(|need| kinds.iter().filter(|k| need.contains(k)).count() == 1)
        && kinds.iter().all(|kind| needs.iter().any(|need| need.contains(kind)))
}

/// What stands in the clear, and what is sealed.
fn split(ticket: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = ticket.strip_prefix(MAGIC.as_slice())?;
    let length = usize::from(u16::from_be_bytes(rest.get(..2)?.try_into().ok()?));
    ticket.split_at_checked(MAGIC.len() + 2 + length)
}
