//! Where each record stands.
use data_encoding::HEXLOWER;
use granary_credential::{Kind, fingerprint};
use granary_rpc::Identifier;

pub(crate) const TENANTS: &str = "tenants";
pub(crate) const KEYS: &str = "keys";
pub(crate) const TENANT_KEYS: &str = "tenant-keys";
pub(crate) const SYSTEM: &str = "system";
pub(crate) const SEALS: &str = "seals";
pub(crate) const ACCOUNTS: &str = "accounts";
/// Who may write to the store. It belongs to the store and not to what is in it, so no walk comes to it.
pub(crate) const TERM: &str = "store/term";
/// Every root, and how many segments the paths of its records have besides.
pub const TREE: [(&str, usize); 6] =
    [(SYSTEM, 1), (TENANTS, 1), (KEYS, 1), (TENANT_KEYS, 2), (SEALS, 2), (ACCOUNTS, 4)];
/// The name of an account's own record in its folder.
pub(crate) const ACCOUNT: &str = "account";

pub(crate) fn tenant(name: &str) -> String {
    format!("{TENANTS}/{name}")
}

pub(crate) fn key(key_id: &str) -> String {
    format!("{KEYS}/{key_id}")
}

/// Below it lies an empty record for each key of the tenant, so that its keys can be listed without reading all others.
pub(crate) fn tenant_keys(tenant: &str) -> String {
    format!("{TENANT_KEYS}/{tenant}")
}

pub(crate) fn system(name: &str) -> String {
    format!("{SYSTEM}/{name}")
}

/// The minutes of one sweep follow one another in the order of their names.
pub(crate) fn seal_minute(minute: u64) -> String {
    format!("{minute:012}")
}

/// An account's folder. The first three digits of the hash bound what one LIST returns: 4,096 folders a tenant.
pub(crate) fn account_folder(tenant: &str, identifier: &Identifier) -> String {
    let hash = HEXLOWER.encode(&fingerprint::sha256(identifier.as_str().as_bytes()));
    format!("{ACCOUNTS}/{tenant}/{}/{hash}", &hash[..3])
}

/// An account's own record.
pub(crate) fn account(folder: &str) -> String {
    format!("{folder}/{ACCOUNT}")
}

/// The record of one kind.
pub(crate) fn kind(folder: &str, kind: Kind) -> String {
    format!("{folder}/{}", kind.text())
}

/// Whether a tenant's name can stand in a path: 1 to 63 of a–z, 0–9 and "-".
pub(crate) fn valid_tenant(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_holds_every_path() {
        let folder = account_folder("acme", &Identifier::parse("u").unwrap());
        let seal = format!("{SEALS}/{}/{}", seal_minute(7), "ab".repeat(32));
        let entry = format!("{}/{}", tenant_keys("acme"), "key");
        let all = [tenant("acme"), key("id"), system("page"), account(&folder), entry, seal];
        for path in all.into_iter().chain([kind(&folder, Kind::ApifyToken)]) {
            let (root, rest) = path.split_once('/').unwrap();
            let depth = TREE.iter().find(|(name, _)| *name == root).unwrap().1;
            assert_eq!(rest.split('/').count(), depth, "{path}");
        }
    }
}
