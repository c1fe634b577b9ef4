//! Streams that go on for as long as nobody ends them.
use std::time::{Duration, Instant};

use granary_proto::granary::linkedin::v1::follow_pages_request::List;
use granary_proto::granary::linkedin::v1::{FollowPagesRequest, FollowPagesResponse, SearchCompaniesRequest};
use granary_proto::granary::vault::v1::RevokeApiKeyRequest;
use granary_testkit::{Client, Sandbox, neighbours};
use serde_json::json;
use tonic::{Request, Status, Streaming};

pub(super) const DEADLINE: Duration = Duration::from_secs(300);
const ALL_SCOPES: [i32; 8] = [1, 2, 3, 4, 5, 6, 7, 8];

/// From now on a search for companies has a thousand pages, each of which takes so long.
pub(super) async fn endless_pages(sandbox: &Sandbox, millis: u64) {
    let page = json!({"status": 200, "elements": [{"id": "1", "name": "x"}],
        "pagination": {"totalPages": 1_000, "pageSize": 1}});
    let path = "/linkedin/company-search*";
    let fault =
        json!({"api": "harvestapi", "path": path, "count": 0, "delay_ms": millis, "body": {"json": page}});
    sandbox.fault(fault).await;
}

/// Asks for all pages of a search for companies.
pub(super) fn all_pages() -> FollowPagesRequest {
    let search = SearchCompaniesRequest { search: "x".into(), ..Default::default() };
    let list = Some(List::SearchCompanies(search));
    FollowPagesRequest { list, max_items: Some(10_000), ..Default::default() }
}

/// Begins to follow pages.
pub(super) async fn follow(client: &Client, account: &str) -> Streaming<FollowPagesResponse> {
    let mut request = Request::new(all_pages());
    request.set_timeout(DEADLINE);
    client.linkedin(account).follow_pages(request).await.expect("pages").into_inner()
}

/// Reads so many pages.
pub(super) async fn pages(stream: &mut Streaming<FollowPagesResponse>, count: usize) {
    for _ in 0..count {
        let page = tokio::time::timeout(Duration::from_secs(10), stream.message()).await;
        page.expect("a page in time").expect("a page").expect("more pages");
    }
}

/// Reads until the stream fails, which must be within this time.
pub(super) async fn failure<T>(
    stream: &mut Streaming<T>,
    since: Instant,
    within: Duration,
) -> Result<Status, String> {
    while since.elapsed() < within {
        match tokio::time::timeout(within.saturating_sub(since.elapsed()), stream.message()).await {
            Ok(Ok(Some(_))) => {}
            Ok(Ok(None)) => return Err("it ended as if it were whole".to_owned()),
            Ok(Err(status)) => return Ok(status),
            Err(_) => break,
        }
    }
    Err(format!("it goes on after {:?}", since.elapsed()))
}

/// An account of the operator's tenant that follows pages by a key of its own; with that key's id.
pub(super) async fn follower(operator: &Client, sandbox: &Sandbox, account: &str) -> (Client, String) {
    neighbours::settle(operator, sandbox, account).await;
    caller(operator).await
}

/// A client with a key of its own, and the key's id.
pub(super) async fn caller(operator: &Client) -> (Client, String) {
    let made = operator.key("", &ALL_SCOPES, &[]).await;
    (operator.with_key(&made.key_text), made.api_key.expect("the key").key_id)
}

/// Revokes an API key.
pub(super) async fn revoke_key(operator: &Client, key_id: String) {
    operator.admin().revoke_api_key(RevokeApiKeyRequest { key_id }).await.expect("it is revoked");
}
