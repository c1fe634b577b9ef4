//! What the records hold. Only `sealed` fields are secret, and only as what the store sealed.
use granary_credential::Kind;
use granary_proto::granary::vault::v1::{CredentialStatus, TenantLimits};
use granary_store::embedded::Reseal;
use granary_store::{self as store, Context};
use prost::Message;

use crate::domain::paths;

/// A record that is changed by check-and-set. The id of its last write settles a write whose outcome was not seen.
pub(crate) trait Document: Message + Default + Clone + PartialEq + 'static {
    fn write_id(&mut self) -> &mut Vec<u8>;
}

/// `accounts/TENANT/HEX/HASH/account`
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Account {
    #[prost(string, tag = "1")]
    pub(crate) identifier: String,
    /// 16 random bytes.
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) incarnation: Vec<u8>,
    #[prost(int64, tag = "3")]
    pub(crate) create_ms: i64,
    #[prost(enumeration = "AccountState", tag = "4")]
    pub(crate) state: i32,
    /// Who deletes it, and since when: only one may at a time.
    #[prost(bytes = "vec", tag = "5")]
    pub(crate) delete_id: Vec<u8>,
    #[prost(int64, tag = "6")]
    pub(crate) delete_ms: i64,
    /// The kinds that were put, or are about to be: who shows the account need not look for others.
    #[prost(enumeration = "Kind", repeated, tag = "7")]
    pub(crate) kinds: Vec<i32>,
    #[prost(bytes = "vec", tag = "15")]
    pub(crate) write_id: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub(crate) enum AccountState {
    Enabled = 0,
    Disabled = 1,
    /// To everyone but whoever deletes it, it is gone.
    Deleting = 2,
}

/// `accounts/TENANT/HEX/HASH/KIND`. A mark beside it is described in `accounts::mark`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Credential {
    /// The life of the account that it was put in. In any other it is as good as absent.
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) incarnation: Vec<u8>,
    #[prost(enumeration = "Kind", tag = "2")]
    pub(crate) kind: i32,
    #[prost(enumeration = "CredentialStatus", tag = "3")]
    pub(crate) status: i32,
    #[prost(int64, tag = "4")]
    pub(crate) status_ms: i64,
    /// The current version. It survives a revocation, and is never counted back.
    #[prost(int64, tag = "5")]
    pub(crate) version: i64,
    #[prost(int64, tag = "6")]
    pub(crate) put_ms: i64,
    /// Ascending; the last is the current one. None after a revocation.
    #[prost(message, repeated, tag = "7")]
    pub(crate) values: Vec<Value>,
    /// When the last verdict that was taken was signed, by the service's clock. An older one changes nothing.
    #[prost(int64, tag = "8")]
    pub(crate) verdict_ms: i64,
    /// When the first probe was rejected since the vendor last took the value, by the service's clock. 0: none was.
    #[prost(int64, tag = "9")]
    pub(crate) probe_rejected_ms: i64,
    /// When a ticket for a probe was last given out.
    #[prost(int64, tag = "10")]
    pub(crate) probe_ms: i64,
    /// Whether what that probe found was told since.
    #[prost(bool, tag = "11")]
    pub(crate) probe_told: bool,
    #[prost(bytes = "vec", tag = "15")]
    pub(crate) write_id: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Value {
    #[prost(int64, tag = "1")]
    pub(crate) version: i64,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) sealed: Vec<u8>,
    #[prost(int64, tag = "3")]
    pub(crate) put_ms: i64,
    #[prost(string, tag = "4")]
    pub(crate) fingerprint: String,
}

/// `tenants/NAME`
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Tenant {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(int64, tag = "2")]
    pub(crate) create_ms: i64,
    /// Absent in records from before tenants had limits, and where none is set.
    #[prost(message, optional, tag = "3")]
    pub(crate) limits: Option<TenantLimits>,
    #[prost(bytes = "vec", tag = "15")]
    pub(crate) write_id: Vec<u8>,
}

/// `keys/KEYID`
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ApiKey {
    #[prost(string, tag = "1")]
    pub(crate) key_id: String,
    #[prost(string, tag = "2")]
    pub(crate) tenant: String,
    #[prost(string, tag = "3")]
    pub(crate) label: String,
    #[prost(int32, repeated, tag = "4")]
    pub(crate) scopes: Vec<i32>,
    #[prost(string, repeated, tag = "5")]
    pub(crate) patterns: Vec<String>,
    #[prost(int64, tag = "6")]
    pub(crate) create_ms: i64,
    /// 0: never.
    #[prost(int64, tag = "7")]
    pub(crate) expire_ms: i64,
    /// 0: it was not.
    #[prost(int64, tag = "8")]
    pub(crate) revoke_ms: i64,
    /// SHA-256 of the key's text.
    #[prost(bytes = "vec", tag = "9")]
    pub(crate) hash: Vec<u8>,
    #[prost(bytes = "vec", tag = "15")]
    pub(crate) write_id: Vec<u8>,
}

/// `system/NAME`
#[derive(Clone, PartialEq, Message)]
pub(crate) struct SystemKey {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) sealed: Vec<u8>,
    #[prost(int64, tag = "2")]
    pub(crate) create_ms: i64,
    #[prost(bytes = "vec", tag = "15")]
    pub(crate) write_id: Vec<u8>,
}

macro_rules! documents {
    ($($name:ident),*) => {
        $(impl Document for $name {
            fn write_id(&mut self) -> &mut Vec<u8> {
                &mut self.write_id
            }
        })*
    };
}

documents!(Account, Credential, Tenant, ApiKey, SystemKey);

/// A record as far as sealing it anew is concerned: its sealed values can be replaced, everything else stays as it is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Sealable {
    /// Nothing in it is sealed.
    Plain(Vec<u8>),
    /// The credential of one kind, of the account that has this folder.
    Credential(String, Credential),
    /// A key of ours, of this name.
    System(String, SystemKey),
}

impl Sealable {
    pub(crate) fn read(path: &str, data: &[u8]) -> Result<Self, store::Error> {
        let corrupt = |_| store::Error::Corrupt(format!("{path} cannot be read"));
        let segments: Vec<&str> = path.split('/').collect();
        Ok(match segments.as_slice() {
            [paths::ACCOUNTS, _, _, _, paths::ACCOUNT] => Self::Plain(data.to_vec()),
            [folder @ .., _] if matches!(folder, [paths::ACCOUNTS, _, _, _]) => {
                Self::Credential(folder.join("/"), Credential::decode(data).map_err(corrupt)?)
            }
            [paths::SYSTEM, name] => {
                Self::System((*name).to_owned(), SystemKey::decode(data).map_err(corrupt)?)
            }
            _ => Self::Plain(data.to_vec()),
        })
    }

    /// The data of a record with every sealed value in it sealed anew; `None` where the record cannot be read, or a value does
    /// not open.
    pub(crate) fn reseal(path: &str, data: &[u8], reseal: Reseal<'_>) -> Option<Vec<u8>> {
        let mut record = Self::read(path, data).ok()?;
        for (context, value) in record.values() {
            *value = reseal(&context, value)?;
        }
        Some(record.encode())
    }

    /// Every sealed value with the place that it is sealed for.
    pub(crate) fn values(&mut self) -> Vec<(Context, &mut Vec<u8>)> {
        match self {
            Self::Plain(_) => Vec::new(),
            Self::Credential(folder, record) => {
                let context = Context::credential(folder, &record.incarnation, record.kind());
                record.values.iter_mut().map(|value| (context.clone(), &mut value.sealed)).collect()
            }
            Self::System(_, record) if record.sealed.is_empty() => Vec::new(),
            Self::System(name, record) => vec![(Context::system(name), &mut record.sealed)],
        }
    }

    /// Whether two records are the same but for how their values are sealed. The id of the last write tells.
    pub(crate) fn same_write(&self, other: &Self) -> bool {
        let bare = |record: &Self| {
            let mut record = record.clone();
            record.values().into_iter().for_each(|(_, value)| value.clear());
            record
        };
        bare(self) == bare(other)
    }

    pub(crate) fn encode(self) -> Vec<u8> {
        match self {
            Self::Plain(data) => data,
            Self::Credential(_, record) => record.encode_to_vec(),
            Self::System(_, record) => record.encode_to_vec(),
        }
    }
}
