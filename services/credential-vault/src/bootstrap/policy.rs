//! What credential-vault may do in Vault: every line of its policy, and nothing besides.
use std::fmt::Write as _;

use crate::store::vault::Config;

/// One line of the policy.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The path in Vault.
    pub path: String,
    /// The capabilities on it.
    pub capabilities: &'static [&'static str],
    /// What it is for.
    pub why: &'static str,
}

/// Every line.
pub fn rules(config: &Config) -> Vec<Rule> {
    let (kv, transit, key) = (&config.mount, &config.transit_mount, &config.transit_key);
    let rule = |path, capabilities, why| Rule { path, capabilities, why };
    vec![
        rule(
            format!("{kv}/data/*"),
            &["create", "patch", "read", "update"],
            "records, by check-and-set, and marks beside them",
        ),
        rule(
            format!("{kv}/metadata/*"),
            &["delete", "list"],
            "deleting a record for good, and listing names",
        ),
        rule(
            format!("{kv}/config"),
            &["read"],
            "at start: that one version is kept, and check-and-set required",
        ),
        rule(
            format!("{transit}/keys/{key}"),
            &["read"],
            "at start: that the key is derived and stays in Vault",
        ),
        rule(format!("{transit}/encrypt/{key}"), &["update"], "sealing a value"),
        rule(format!("{transit}/decrypt/{key}"), &["update"], "opening a value, for a ticket"),
        rule(format!("{transit}/rewrap/{key}"), &["update"], "granary store rewrap"),
        rule(format!("{transit}/keys/{key}/rotate"), &["update"], "granary store rewrap --rotate"),
        rule("auth/token/lookup-self".to_owned(), &["read"], "telling a dead token from a denied request"),
        rule("auth/token/renew-self".to_owned(), &["update"], "keeping the token alive"),
    ]
}

/// The policy in Vault's own language.
pub fn text(rules: &[Rule]) -> String {
    let mut text = String::from("# Granary's credential-vault. Written by: granary vault bootstrap\n");
    for Rule { path, capabilities, why } in rules {
        let list = capabilities.iter().map(|c| format!("\"{c}\"")).collect::<Vec<_>>().join(", ");
        // Writing to a String cannot fail.
        let _ = write!(text, "\n# {why}\npath \"{path}\" {{\n  capabilities = [{list}]\n}}\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_names_our_mounts_and_no_wider_path() {
        let config = Config { mount: "kv-a".to_owned(), ..Config::default() };
        let text = text(&rules(&config));
        assert!(text.contains(
            "path \"kv-a/data/*\" {\n  capabilities = [\"create\", \"patch\", \"read\", \"update\"]\n}"
        ));
        assert!(!text.contains("sudo") && !text.contains("path \"*\"") && !text.contains("sys/"));
    }

    #[test]
    fn the_policy_that_ships_is_the_one_that_is_written() {
        let shipped = include_str!("../../../../deploy/vault/policy.hcl");
        assert_eq!(
            shipped,
            text(&rules(&Config::default())),
            "run: granary vault policy > deploy/vault/policy.hcl"
        );
    }
}
