//! An error links to its page where pages are published, and to nothing where they are not.
use granary_proto::granary::vault::v1::ListTenantsRequest;
use granary_testkit::Up;
use tonic::Status;
use tonic_types::StatusExt;

use crate::support::ready_account;

/// A refusal of the gateway, one of credential-vault through it, one of harvest-time, and one of credential-vault's own address.
async fn refusals(up: &Up) -> Vec<(&'static str, Status)> {
    let (client, sandbox) = (up.client(), up.sandbox());
    ready_account(&client, &sandbox, "a").await;
    let wrong = up.client_with("grn_AAAAAAAAAAAA_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    vec![
        ("TOOL_UNKNOWN", client.call("a", "no_such_tool", "{}").await.unwrap_err()),
        ("ACCOUNT_NOT_FOUND", client.get("nobody").await.unwrap_err()),
        ("UPSTREAM_NOT_FOUND", client.call("a", "get_user", r#"{"user_id": "1"}"#).await.unwrap_err()),
        ("API_KEY_INVALID", wrong.admin().list_tenants(ListTenantsRequest::default()).await.unwrap_err()),
    ]
}

#[tokio::test]
async fn errors_of_every_service_link_to_their_page_where_that_is_published() {
    let up = Up::start_with(&["--set", "docs_base_url=https://docs.example.com/granary/"]).await;
    for (reason, status) in refusals(&up).await {
        assert_eq!(status.get_details_error_info().unwrap().reason, reason);
        let links = status.get_details_help().unwrap_or_else(|| panic!("{reason} has no link")).links;
        let expected = format!("https://docs.example.com/granary/errors/{reason}.md");
        assert_eq!(links.into_iter().map(|link| link.url).collect::<Vec<_>>(), [expected]);
    }
}

#[tokio::test]
async fn errors_link_to_nothing_that_nobody_said_is_published() {
    let up = Up::start().await;
    for (reason, status) in refusals(&up).await {
        assert_eq!(status.get_details_error_info().unwrap().reason, reason);
        assert!(status.get_details_help().is_none(), "{status:?}");
    }
}
