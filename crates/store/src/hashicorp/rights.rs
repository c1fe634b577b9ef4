//! What credential-vault may do in Vault: every line of its policy, which of them an operation needs, and which of them the
//! policy that Vault has lacks.
use super::config::Config;
use super::fault::Fault;
use super::questions::Capabilities;
use super::session::Session;

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
            &["delete", "list", "read"],
            "deleting a record for good, listing names, and finding old versions of a value that is revoked",
        ),
        rule(format!("{kv}/destroy/*"), &["update"], "destroying those"),
        rule(
            format!("{kv}/config"),
            &["read"],
            "at start, and again while it runs: that one version is kept, and check-and-set required",
        ),
        rule(
            format!("{transit}/keys/{key}"),
            &["read"],
            "at start, and again while it runs: that the key is derived and stays in Vault",
        ),
        rule(format!("{transit}/encrypt/{key}"), &["update"], "sealing a value"),
        rule(format!("{transit}/decrypt/{key}"), &["update"], "opening a value, for a ticket"),
        rule(format!("{transit}/rewrap/{key}"), &["update"], "granary store rewrap"),
        rule(format!("{transit}/keys/{key}/rotate"), &["update"], "granary store rewrap --rotate"),
        rule("auth/token/lookup-self".to_owned(), &["read"], "telling a dead token from a denied request"),
        rule("auth/token/renew-self".to_owned(), &["update"], "keeping the token alive"),
        rule(Capabilities::PATH.to_owned(), &["update"], "telling which line of this policy is missing"),
    ]
}

/// What an operation, by its name in metrics, needs, in words.
pub(crate) fn needed(config: &Config, operation: &str) -> String {
    let (kv, transit, key) = (&config.mount, &config.transit_mount, &config.transit_key);
    match operation {
        "get" => format!("read on {kv}/data/*"),
        "put" => format!("create and update on {kv}/data/*"),
        "mark" => format!("patch on {kv}/data/*"),
        "delete" => format!("delete on {kv}/metadata/*"),
        "list" => format!("list on {kv}/metadata/*"),
        "versions" => format!("read on {kv}/metadata/*"),
        "destroy" => format!("update on {kv}/destroy/*"),
        "config" => format!("read on {kv}/config"),
        "key" => format!("read on {transit}/keys/{key}"),
        "seal" => format!("update on {transit}/encrypt/{key}"),
        "open" => format!("update on {transit}/decrypt/{key}"),
        "rewrap" => format!("update on {transit}/rewrap/{key}"),
        "rotate" => format!("update on {transit}/keys/{key}/rotate"),
        other => other.to_owned(),
    }
}

/// What the policy lacks, in words; nothing where it has every line.
pub(super) async fn lacking(session: &Session, config: &Config) -> Result<Option<String>, Fault> {
    let rules = rules(config);
    // Whatever stands for the rest of a path.
    let sample = |rule: &Rule| rule.path.replace('*', "any");
    let paths: Vec<String> = rules.iter().map(sample).collect();
    let found =
        match session.result("capabilities", true, || Some(Capabilities { paths: paths.clone() })).await {
            Err(Fault::Forbidden) => return Ok(Some(format!("update on {}", Capabilities::PATH))),
            found => found?,
        };
    let mut lacks = Vec::new();
    for rule in &rules {
        let has = found.get(&sample(rule)).map(Vec::as_slice).unwrap_or_default();
        let has = |wanted: &str| has.iter().any(|one| one == wanted || one == "root");
        let missing: Vec<&str> = rule.capabilities.iter().copied().filter(|wanted| !has(wanted)).collect();
        if !missing.is_empty() {
            lacks.push(format!("{} on {}", missing.join(", "), rule.path));
        }
    }
    Ok((!lacks.is_empty()).then(|| lacks.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_needs_a_line_of_the_policy() {
        let config = Config { mount: "kv-a".to_owned(), ..Config::default() };
        let rules = rules(&config);
        for operation in [
            "get", "put", "mark", "delete", "list", "versions", "destroy", "config", "key", "seal", "open",
            "rewrap", "rotate",
        ] {
            let needed = needed(&config, operation);
            let (capabilities, path) = needed.split_once(" on ").expect(operation);
            let rule = rules.iter().find(|rule| rule.path == path).expect(operation);
            assert!(capabilities.split(" and ").all(|one| rule.capabilities.contains(&one)), "{needed}");
        }
    }
}
