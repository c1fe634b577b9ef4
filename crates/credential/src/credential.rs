//! The four kinds of credential as typed values.
use std::fmt;

use granary_proto::granary::vault::v1 as wire;
use granary_rpc::Violation;
use prost::Message;
use zeroize::{Zeroize, Zeroizing};

use crate::{Kind, Secret, pasted};

/// Longest secret text, in bytes; LinkedIn cookies and OAuth tokens stay well below it.
pub const MAX_BYTES: usize = 4_096;

/// One third-party credential.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// A HarvestAPI key.
    HarvestapiKey {
        /// Sent as `X-API-Key`.
        api_key: Secret,
    },
    /// A Harvest token.
    HarvestToken {
        /// Sent as a bearer token.
        access_token: Secret,
        /// Sent as `Harvest-Account-Id`.
        account_id: i64,
    },
    /// A LinkedIn session.
    LinkedinSession {
        /// The `li_at` cookie.
        li_at: Secret,
        /// A proxy URL, which may hold a password.
        proxy: Option<Secret>,
        /// The user agent that goes with the session.
        user_agent: Option<String>,
    },
    /// An Apify token.
    ApifyToken {
        /// Sent as a bearer token.
        token: Secret,
    },
}

impl Credential {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::HarvestapiKey { .. } => Kind::HarvestapiKey,
            Self::HarvestToken { .. } => Kind::HarvestToken,
            Self::LinkedinSession { .. } => Kind::LinkedinSession,
            Self::ApifyToken { .. } => Kind::ApifyToken,
        }
    }

    /// Every secret text inside, for masking.
    pub fn secrets(&self) -> Vec<&Secret> {
        match self {
            Self::HarvestapiKey { api_key: secret }
            | Self::HarvestToken { access_token: secret, .. }
            | Self::ApifyToken { token: secret } => vec![secret],
            Self::LinkedinSession { li_at, proxy, .. } => std::iter::once(li_at).chain(proxy).collect(),
        }
    }

    /// The value as bytes, to be sealed. The copies made on the way are wiped.
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        let text = |secret: &Secret| secret.expose().to_owned();
        let mut bytes = Zeroizing::new(Vec::new());
        match self {
            Self::HarvestapiKey { api_key } => {
                let mut value = wire::HarvestapiKey { api_key: text(api_key) };
                *bytes = value.encode_to_vec();
                value.api_key.zeroize();
            }
            Self::HarvestToken { access_token, account_id } => {
                let mut value =
                    wire::HarvestToken { access_token: text(access_token), account_id: *account_id };
                *bytes = value.encode_to_vec();
                value.access_token.zeroize();
            }
            Self::LinkedinSession { li_at, proxy, user_agent } => {
                let mut value = wire::LinkedinSession {
                    li_at: text(li_at),
                    proxy: proxy.as_ref().map(text).unwrap_or_default(),
                    user_agent: user_agent.clone().unwrap_or_default(),
                };
                *bytes = value.encode_to_vec();
                value.li_at.zeroize();
                value.proxy.zeroize();
            }
            Self::ApifyToken { token } => {
                let mut value = wire::ApifyToken { token: text(token) };
                *bytes = value.encode_to_vec();
                value.token.zeroize();
            }
        }
        bytes
    }

    /// The value from bytes that `encode` made.
    pub fn decode(kind: Kind, bytes: &[u8]) -> Option<Self> {
        match kind {
            Kind::HarvestapiKey => wire::HarvestapiKey::decode(bytes).ok()?.try_into().ok(),
            Kind::HarvestToken => wire::HarvestToken::decode(bytes).ok()?.try_into().ok(),
            Kind::LinkedinSession => wire::LinkedinSession::decode(bytes).ok()?.try_into().ok(),
            Kind::ApifyToken => wire::ApifyToken::decode(bytes).ok()?.try_into().ok(),
            Kind::Unspecified => None,
        }
    }
}

impl TryFrom<wire::HarvestapiKey> for Credential {
    type Error = Vec<Violation>;

    fn try_from(value: wire::HarvestapiKey) -> Result<Self, Self::Error> {
        let mut faults = Vec::new();
        let api_key = header_safe("harvestapi_key.api_key", value.api_key, &mut faults);
        finish(Self::HarvestapiKey { api_key }, faults)
    }
}

impl TryFrom<wire::HarvestToken> for Credential {
    type Error = Vec<Violation>;

    fn try_from(value: wire::HarvestToken) -> Result<Self, Self::Error> {
        let mut faults = Vec::new();
        let access_token = header_safe("harvest_token.access_token", value.access_token, &mut faults);
        if value.account_id < 1 {
            faults.push(fault("harvest_token.account_id", "must be the numeric id of a Harvest account"));
        }
        finish(Self::HarvestToken { access_token, account_id: value.account_id }, faults)
    }
}

impl TryFrom<wire::LinkedinSession> for Credential {
    type Error = Vec<Violation>;

    fn try_from(value: wire::LinkedinSession) -> Result<Self, Self::Error> {
        let mut faults = Vec::new();
        let li_at = header_safe("linkedin_session.li_at", value.li_at, &mut faults);
        let proxy = (!value.proxy.is_empty())
            .then(|| header_safe("linkedin_session.proxy", value.proxy, &mut faults));
        let user_agent = Some(value.user_agent).filter(|u| !u.is_empty());
        if user_agent.as_ref().is_some_and(|u| u.len() > 1_024 || u.chars().any(char::is_control)) {
            faults.push(fault(
                "linkedin_session.user_agent",
                "must be at most 1024 bytes without control characters",
            ));
        }
        finish(Self::LinkedinSession { li_at, proxy, user_agent }, faults)
    }
}

impl TryFrom<wire::ApifyToken> for Credential {
    type Error = Vec<Violation>;

    fn try_from(value: wire::ApifyToken) -> Result<Self, Self::Error> {
        let mut faults = Vec::new();
        let token = header_safe("apify_token.token", value.token, &mut faults);
        finish(Self::ApifyToken { token }, faults)
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({})", self.kind().text())
    }
}

/// Secrets go into headers and queries, so they are visible ASCII without spaces; the fault never repeats the value.
fn header_safe(field: &str, text: String, faults: &mut Vec<Violation>) -> Secret {
    let secret = Secret::new(text);
    let value = secret.expose();
    if value.is_empty() {
        faults.push(fault(field, "must not be empty"));
    } else if value.len() > MAX_BYTES {
        faults.push(fault(field, pasted::wrong(value).unwrap_or("must have at most 4096 bytes")));
    } else if !value.bytes().all(|b| b.is_ascii_graphic()) {
        faults.push(fault(field, pasted::wrong(value).unwrap_or("must be visible ASCII without spaces")));
    }
    secret
}

fn fault(field: &str, description: &str) -> Violation {
    Violation { field: field.to_owned(), description: description.to_owned() }
}

fn finish(credential: Credential, faults: Vec<Violation>) -> Result<Credential, Vec<Violation>> {
    if faults.is_empty() { Ok(credential) } else { Err(faults) }
}
