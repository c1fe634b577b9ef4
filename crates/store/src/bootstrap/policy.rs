//! The policy of credential-vault in Vault: every line that it needs, and nothing besides.
use std::fmt::Write as _;

pub use crate::hashicorp::rights::{Rule, rules};

/// The policy in Vault's own language.
pub fn text(rules: &[Rule]) -> String {
    let mut text =
        String::from("# Granary's credential-vault. Written by: granary hashicorp-vault bootstrap\n");
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
    use crate::hashicorp::Config;

    #[test]
    fn the_policy_names_our_mounts_and_no_wider_path() {
        let config = Config { mount: "kv-a".to_owned(), ..Config::default() };
        let text = text(&rules(&config));
        assert!(text.contains(
            "path \"kv-a/data/*\" {\n  capabilities = [\"create\", \"patch\", \"read\", \"update\"]\n}"
        ));
        assert!(!text.contains("sudo") && !text.contains("path \"*\""));
        assert_eq!(text.matches("\"sys/").count(), 1, "of the system it asks for its own capabilities alone");
    }

    #[test]
    fn the_policy_that_ships_is_the_one_that_is_written() {
        let shipped = include_str!("../../../../deploy/vault/policy.hcl");
        assert_eq!(
            shipped,
            text(&rules(&Config::default())),
            "run: granary hashicorp-vault policy > deploy/vault/policy.hcl"
        );
    }
}
