//! Accounts that cannot be used, or soon cannot, and the command for each.
use granary_proto::granary::vault::v1 as wire;
use granary_proto::granary::vault::v1::{AccountStatus, ConnectedAccount, CredentialState, CredentialStatus};

use super::finding::Finding;
use crate::client::{ApiClient, all_pages};
use crate::exit::{Failure, USER};
use crate::shell;

/// Most accounts that are named one by one.
const MAX_NAMED: usize = 20;
/// Accounts asked for at a time.
const PAGE: i32 = 1_000;

const CHECK: &str = "accounts";

/// Every account that the key may see.
pub(super) async fn all(gateway: &ApiClient) -> Result<Vec<ConnectedAccount>, Failure> {
    all_pages(async |page_token| {
        let request = wire::ListConnectedAccountsRequest { page_size: PAGE, page_token, status: 0 };
        let mut client = gateway.accounts();
        let answer = gateway.answer(client.list_connected_accounts(gateway.request(request))).await?;
        Ok((answer.connected_accounts, answer.next_page_token))
    })
    .await
}

/// Looks through them.
pub(super) fn look(accounts: &[ConnectedAccount]) -> Vec<Finding> {
    let mut found: Vec<Finding> = accounts.iter().flat_map(of_account).collect();
    let more = found.len().saturating_sub(MAX_NAMED);
    let code = super::finding::worst(&found);
    found.truncate(MAX_NAMED);
    if more > 0 {
        let said = format!("{more} more like these");
        let next = "`granary accounts list --all` shows every account with its credentials";
        found.push(if code == 0 {
            Finding::warning(CHECK, said, next)
        } else {
            Finding::fault(CHECK, code, said, next)
        });
    }
    if found.is_empty() {
        found.push(Finding::fine(
            CHECK,
            format!("{} accounts, each credential of which can be used", accounts.len()),
        ));
    }
    found
}

fn of_account(account: &ConnectedAccount) -> Vec<Finding> {
    let name = shell::word(&account.identifier);
    if account.status() == AccountStatus::Disabled {
        let next = format!("`granary accounts enable {name}` allows calls again");
        return vec![Finding::warning(CHECK, format!("{name} is disabled"), next)];
    }
    account.credentials.iter().filter_map(|credential| of_credential(&name, credential)).collect()
}

fn of_credential(name: &str, credential: &CredentialState) -> Option<Finding> {
    let kind = credential.kind().text();
    let flag = kind.replace('_', "-");
    let renew = format!("ask the user for a new one: `granary credentials put --account {name} {flag}`");
    match credential.status() {
        CredentialStatus::Expired => {
            Some(Finding::fault(CHECK, USER, format!("the vendor no longer takes {kind} of {name}"), renew))
        }
        CredentialStatus::Revoked => {
            Some(Finding::warning(CHECK, format!("{kind} of {name} was revoked here"), renew))
        }
        CredentialStatus::Suspect => {
            let next = format!("`granary credentials verify --account {name} {flag}` asks the vendor");
            Some(Finding::warning(CHECK, format!("the vendor refused {kind} of {name}, once so far"), next))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use granary_proto::granary::policy::v1::CredentialKind;

    use super::*;
    use crate::doctor::finding::{Level, worst};

    fn account(identifier: &str, status: CredentialStatus) -> ConnectedAccount {
        let credential = CredentialState {
            kind: CredentialKind::HarvestToken.into(),
            status: status.into(),
            ..CredentialState::default()
        };
        ConnectedAccount {
            identifier: identifier.into(),
            credentials: vec![credential],
            ..Default::default()
        }
    }

    #[test]
    fn what_cannot_be_used_is_named_with_its_command() {
        let found =
            look(&[account("ann b", CredentialStatus::Expired), account("bob", CredentialStatus::Active)]);
        assert_eq!((found.len(), worst(&found)), (1, USER));
        assert!(
            found[0].next.contains("granary credentials put --account 'ann b' harvest-token"),
            "{found:?}"
        );
        let found =
            look(&[account("bob", CredentialStatus::Revoked), account("eve", CredentialStatus::Suspect)]);
        assert!(found.len() == 2 && worst(&found) == 0 && found.iter().all(|f| f.level == Level::Warning));
        let mut disabled = account("bob", CredentialStatus::Expired);
        disabled.set_status(AccountStatus::Disabled);
        assert!(look(&[disabled])[0].next.contains("granary accounts enable bob"));
    }

    #[test]
    fn many_are_counted_and_none_is_fine() {
        let many: Vec<_> = (0..50).map(|n| account(&format!("u{n}"), CredentialStatus::Expired)).collect();
        let found = look(&many);
        assert_eq!((found.len(), worst(&found)), (MAX_NAMED + 1, USER));
        assert!(found[MAX_NAMED].said.starts_with("30 more"));
        assert_eq!(look(&[account("bob", CredentialStatus::Active)])[0].level, Level::Fine);
    }
}
