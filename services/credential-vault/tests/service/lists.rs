use std::collections::BTreeSet;

use granary_proto::granary::policy::v1::Scope;
use granary_proto::granary::vault::v1 as wire;
use granary_proto::granary::vault::v1::AccountStatus;
use granary_rpc::Reason;
use tonic::Status;

use crate::support::{Suite, harvest_token, reason, suite, with};

async fn page(
    suite: &Suite,
    key: &str,
    page_size: i32,
    page_token: &str,
    status: AccountStatus,
) -> Result<wire::ListConnectedAccountsResponse, Status> {
    let page_token = page_token.to_owned();
    let request = wire::ListConnectedAccountsRequest { page_size, page_token, status: status.into() };
    suite.vaults().list_connected_accounts(with(key, request)).await.map(tonic::Response::into_inner)
}

/// All identifiers, page by page, each of which may hold `page_size` at most.
async fn all(suite: &Suite, key: &str, page_size: i32, status: AccountStatus) -> (BTreeSet<String>, usize) {
    let (mut seen, mut pages, mut token) = (BTreeSet::new(), 0, String::new());
    loop {
        let answer = page(suite, key, page_size, &token, status).await.unwrap();
        pages += 1;
        assert!(answer.connected_accounts.len() <= usize::try_from(page_size).unwrap());
        for account in answer.connected_accounts {
            assert!(seen.insert(account.identifier.clone()), "{} came twice", account.identifier);
        }
        token = answer.next_page_token;
        if token.is_empty() {
            return (seen, pages);
        }
        assert!(pages < 500);
    }
}

#[tokio::test]
async fn a_page_above_the_largest_is_lowered_to_it() {
    let suite = suite().await;
    suite.create(&suite.operator, "u").await;
    for size in [1_001, i32::MAX] {
        let answer = page(&suite, &suite.operator, size, "", AccountStatus::Unspecified).await.unwrap();
        assert_eq!(answer.connected_accounts.len(), 1);
    }
    let negative = page(&suite, &suite.operator, -1, "", AccountStatus::Unspecified).await;
    assert_eq!(reason(negative), Reason::InvalidInput);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_show_every_account_once_and_no_other_tenants() {
    let suite = suite().await;
    let key = suite.operator.clone();
    let other = suite.tenant("other").await;
    suite.create(&other, "theirs").await;
    let mut active = BTreeSet::new();
    let mut expected = BTreeSet::new();
    for n in 0..60 {
        let name = format!("user_{n}");
        suite.create(&key, &name).await;
        if n % 20 == 0 {
            suite.put(&key, &name, harvest_token("t"), None).await.unwrap();
            active.insert(name.clone());
        }
        expected.insert(name);
    }
    for size in [1, 7, 60, 1_000] {
        assert_eq!(all(&suite, &key, size, AccountStatus::Unspecified).await.0, expected);
        assert_eq!(all(&suite, &key, size, AccountStatus::Active).await.0, active);
        assert!(all(&suite, &key, size, AccountStatus::Disabled).await.0.is_empty());
    }
    assert_eq!(all(&suite, &other, 10, AccountStatus::Unspecified).await.0, ["theirs".to_owned()].into());
    let narrow = suite.key("acme", &[Scope::AccountsRead], &["user_1*"]).await;
    let narrowed: BTreeSet<String> = expected.into_iter().filter(|n| n.starts_with("user_1")).collect();
    assert_eq!(all(&suite, &narrow, 3, AccountStatus::Unspecified).await.0, narrowed);

    // One that finds little looks at a bounded number, and says that more may follow.
    let (_, pages) = all(&suite, &key, 2, AccountStatus::Disabled).await;
    assert!((60 / 8..=60).contains(&pages), "{pages}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_token_serves_its_own_list_only() {
    let suite = suite().await;
    let key = suite.operator.clone();
    let other = suite.tenant("other").await;
    for n in 0..4 {
        suite.create(&key, &format!("user_{n}")).await;
    }
    let any = AccountStatus::Unspecified;
    let token = page(&suite, &key, 2, "", any).await.unwrap().next_page_token;
    assert!(page(&suite, &key, 3, &token, any).await.is_ok());
    for (key, token, status) in [
        (&other, token.clone(), any),
        (&key, token.clone(), AccountStatus::Active),
        (&key, format!("{token}x"), any),
        (&key, "abc".to_owned(), any),
        (&key, "~".to_owned(), any),
    ] {
        assert_eq!(reason(page(&suite, key, 2, &token, status).await), Reason::InvalidInput);
    }
    for size in [-1, i32::MIN] {
        assert_eq!(reason(page(&suite, &key, size, "", any).await), Reason::InvalidInput);
    }
    let tenants = wire::ListTenantsRequest { page_size: 1, page_token: token };
    assert_eq!(reason(suite.admin().list_tenants(with(&key, tenants)).await), Reason::InvalidInput);
}
