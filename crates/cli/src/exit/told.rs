//! Refusals in the words of this command. A server's text is for callers of its RPCs and names those; whoever types commands is told
//! the command to type, from the reason and the variable parts that came with it.
use granary_convert::nearest;
use granary_credential::Kind;
use granary_proto::{PolicyTable, policy_table};
use granary_rpc::{Reason, reason};

use super::Failure;
use crate::dollars::usd;
use crate::shell;

/// What a server calls the way to store a credential, and what it is here.
const PUT: (&str, &str) = ("PutSealedCredential", "`granary credentials put`");

impl Failure {
    /// Names the account in the commands that the message proposes.
    #[must_use]
    pub fn for_account(mut self, identifier: &str) -> Self {
        self.tell(&shell::word(identifier));
        self
    }

    /// Proposes the tool that was probably meant, where there is none of this name.
    #[must_use]
    pub fn for_tool(mut self, given: &str) -> Self {
        if self.reason != reason::name(Reason::ToolUnknown) {
            return self;
        }
        let tools = policy_table().map(PolicyTable::tools).unwrap_or_default();
        let names = tools.iter().flat_map(|tool| [&tool.tool].into_iter().chain(&tool.tool_aliases));
        let names = names.map(String::as_str);
        let near = nearest(names, given).map(|name| format!("did you mean {name}? ")).unwrap_or_default();
        let given: String = given.chars().take(80).collect();
        self.message = format!("there is no tool \"{given}\"; {near}`granary tools list` has them all");
        self
    }

    /// Puts the command's own words in the place of the server's, where it has some.
    pub(super) fn tell(&mut self, account: &str) {
        if let Some(message) = self.words(account) {
            self.message = message;
        }
        // The one text that stands within faults of fields, which have no reason of their own.
        for violation in &mut self.violations {
            violation.description = violation.description.replace(PUT.0, PUT.1);
        }
        self.message = self.message.replace(PUT.0, PUT.1);
    }

    fn words(&self, account: &str) -> Option<String> {
        let micros = |key: &str| self.get(key)?.parse::<i64>().ok().map(usd);
        let put = || self.get("kind").and_then(Kind::from_text).map(|kind| put(kind, account));
        let kind = self.get("kind").unwrap_or_default();
        Some(match self.reason.as_str() {
            // Without its identifier it is one that went away while the call ran.
            "ACCOUNT_NOT_FOUND" if self.get("identifier").is_some() => {
                format!(
                    "there is no account of this identifier; `granary accounts create {account}` creates it"
                )
            }
            "ACCOUNT_DISABLED" => {
                format!("the account is disabled; `granary accounts enable {account}` allows calls again")
            }
            "CREDENTIAL_MISSING" => format!("the account has no {kind}; `{}` stores one", put()?),
            "CREDENTIAL_EXPIRED" => format!(
                "the vendor no longer takes the account's {kind}; ask the user for a new one, and store it with `{}`",
                put()?
            ),
            "CREDENTIAL_REVOKED" => {
                format!("the account's {kind} was revoked; only a new one brings it back: `{}`", put()?)
            }
            "COST_CAP_EXCEEDED" => {
                let (quote, cap) = (micros("quote_micros")?, micros("cap_micros")?);
                format!("the call may cost {quote} USD, and --max-cost is {cap} USD")
            }
            _ => return None,
        })
    }
}

/// The command that stores a credential of a kind.
fn put(kind: Kind, account: &str) -> String {
    let further = if kind == Kind::HarvestToken { " --account-id N" } else { "" };
    format!("granary credentials put --account {account} {}{further}", kind.text().replace('_', "-"))
}

#[cfg(test)]
mod tests {
    use granary_rpc::{Error, Violation};

    use super::*;

    #[test]
    fn a_missing_credential_names_the_command_that_stores_one() {
        let error =
            || Error::new(Reason::CredentialMissing, "PutSealedCredential").with("kind", "harvest_token");
        let told = Failure::from(error()).for_account("it's").text();
        assert!(
            told.contains("`granary credentials put --account 'it'\\''s' harvest-token --account-id N`"),
            "{told}"
        );
        assert!(Failure::from(error()).text().contains("--account IDENTIFIER harvest-token"));
    }

    #[test]
    fn accounts_are_created_and_enabled_by_commands() {
        let missing = Error::new(Reason::AccountNotFound, "GetOrCreate…").with("identifier", "u");
        assert!(Failure::from(missing).for_account("u").text().contains("`granary accounts create u`"));
        let gone = Error::new(Reason::AccountNotFound, "the account was deleted while the call ran");
        assert!(Failure::from(gone).for_account("u").text().contains("while the call ran"));
        let disabled = Error::new(Reason::AccountDisabled, "Enable…").with("identifier", "u");
        assert!(Failure::from(disabled).for_account("u").text().contains("`granary accounts enable u`"));
    }

    #[test]
    fn a_mistyped_tool_finds_its_name() {
        let told = |given: &str| Failure::from(Error::new(Reason::ToolUnknown, "no")).for_tool(given).text();
        assert!(told("log_tme_entry").contains("did you mean log_time_entry? `granary tools list`"));
        assert!(told("harvestapi_get_compny").contains("did you mean harvestapi_get_company?"));
        let far = told("make_coffee");
        assert!(far.contains("no tool \"make_coffee\"; `granary tools list` has them all"), "{far}");
        let other = Failure::from(Error::new(Reason::Internal, "no")).for_tool("log_tme_entry").text();
        assert!(!other.contains("did you mean"));
    }

    #[test]
    fn money_is_dollars_for_people_and_micros_for_scripts() {
        let error = Error::new(Reason::CostCapExceeded, "the call may cost 6400 micro-dollars")
            .with("quote_micros", "6400")
            .with("cap_micros", "1000");
        let failure = Failure::from(error);
        let text = failure.text();
        assert!(text.contains("may cost 0.0064 USD, and --max-cost is 0.001 USD"), "{text}");
        assert!(text.contains("\n  cap: 0.001 USD\n  quote: 0.0064 USD"), "{text}");
        assert_eq!(failure.document()["error"]["metadata"]["quote_micros"], "6400");
    }

    #[test]
    fn faults_of_fields_name_commands_too() {
        let description = "credentials are not parameters; store them with PutSealedCredential".to_owned();
        let text =
            Failure::from(Error::invalid(vec![Violation { field: "token".into(), description }])).text();
        assert!(
            text.starts_with("error: token: credentials are not parameters; store them with `granary cred")
        );
    }
}
