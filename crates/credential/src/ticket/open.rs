//! Opens a ticket at the service that it was sealed for. Anything that does not fit is refused.
use granary_proto::granary::policy::v1::Exposure;
use granary_proto::{Method, Rights};
use prost::Message;
use zeroize::Zeroize;

use super::{Format, Header, Keyring, MAGIC, Sealed};
use crate::{Credential, Grant, Kind, aead};

/// Format and length of the header.
const PREFIX: usize = 5;

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
    /// What else it declares.
    pub rights: Rights,
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
    /// It is for methods of another scope, effect or exposure.
    #[error("the ticket is for another kind of method")]
    Rights,
    /// It holds other kinds than the method declares.
    #[error("the ticket does not hold what the method declares")]
    Contents,
}

impl<'a> Expected<'a> {
    /// What a ticket for a method of an account of a tenant must say.
    pub fn of(
        method: &'a Method,
        tenant: &'a str,
        account: &'a str,
        incarnation: &'a [u8],
        now_ms: u64,
    ) -> Self {
        let (audience, needs, rights) = (&method.process, &method.needs, method.rights());
        Self { audience, tenant, account, incarnation, needs, rights, now_ms }
    }
}

/// Opens a ticket, or refuses it.
///
/// # Errors
/// Says what does not fit; nothing is returned in part.
pub fn open(ring: &Keyring, ticket: &[u8], expected: &Expected<'_>) -> Result<Grant, Refused> {
    let (format, clear, sealed) = split(ticket).ok_or(Refused::Unreadable)?;
    let header = Header::decode(&clear[PREFIX..]).map_err(|_| Refused::Unreadable)?;
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
    // A probe may use what has expired, and nothing else may.
    let is_probe = expected.rights.exposure == Exposure::Internal;
    let is_for_it = Rights { scope: header.scope(), effect: header.effect(), exposure: header.exposure() }
        == expected.rights;
    if header.probe != is_probe || (format == Format::Two && !is_for_it) {
        return Err(Refused::Rights);
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

/// The format, what stands in the clear, and what is sealed.
fn split(ticket: &[u8]) -> Option<(Format, &[u8], &[u8])> {
    let (prefix, _) = ticket.split_first_chunk::<PREFIX>()?;
    let [magic @ .., high, low] = prefix;
    let format = [Format::One, Format::Two].into_iter().find(|format| MAGIC[*format as usize] == magic)?;
    let (clear, sealed) = ticket.split_at_checked(PREFIX + usize::from(u16::from_be_bytes([*high, *low])))?;
    Some((format, clear, sealed))
}
