//! What the records hold. Only `sealed` fields are secret, and only as what the store sealed.
use granary_credential::Kind;
use granary_proto::granary::vault::v1::CredentialStatus;
use prost::Message;

use crate::paths;
use crate::store::{self, Context};

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

/// `…/KIND.INCARNATION`
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Credential {
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

/// A record's data with every sealed value passed through `reseal`; everything else stays as it is.
pub(crate) fn reseal(
    path: &str,
    data: &[u8],
    mut reseal: impl FnMut(&Context, &[u8]) -> Result<Vec<u8>, store::Error>,
) -> Result<Vec<u8>, store::Error> {
    let corrupt = |_| store::Error::Corrupt("a record that cannot be read".to_owned());
    let segments: Vec<&str> = path.split('/').collect();
    match segments.as_slice() {
        [paths::ACCOUNTS, _, _, _, paths::ACCOUNT] => Ok(data.to_vec()),
        [paths::ACCOUNTS, tenant, _, _, _] => {
            let mut record = Credential::decode(data).map_err(corrupt)?;
            let context = Context::credential(tenant, &record.incarnation, record.kind());
            for value in &mut record.values {
                value.sealed = reseal(&context, &value.sealed)?;
            }
            Ok(record.encode_to_vec())
        }
        [paths::SYSTEM, name] => {
            let mut record = SystemKey::decode(data).map_err(corrupt)?;
            if !record.sealed.is_empty() {
                record.sealed = reseal(&Context::system(name), &record.sealed)?;
            }
            Ok(record.encode_to_vec())
        }
        _ => Ok(data.to_vec()),
    }
}
