//! What several tests use.
use granary_credential::{Credential, Secret};
use granary_rpc::{Reason, error};
use granary_testkit::{Client, Sandbox};
use http_body_util::{BodyExt, Full};
use serde_json::json;
use tonic::Status;
use tower::{Service, ServiceExt};

/// A Harvest token as a credential.
pub(crate) fn token(text: &str, account_id: i64) -> Credential {
    Credential::HarvestToken { access_token: Secret::new(text.to_owned()), account_id }
}

/// A HarvestAPI key as a credential.
pub(crate) fn key(text: &str) -> Credential {
    Credential::HarvestapiKey { api_key: Secret::new(text.to_owned()) }
}

/// A LinkedIn session as a credential.
pub(crate) fn session(text: &str) -> Credential {
    Credential::LinkedinSession { li_at: Secret::new(text.to_owned()), proxy: None, user_agent: None }
}

/// An Apify token as a credential.
pub(crate) fn apify(text: &str) -> Credential {
    Credential::ApifyToken { token: Secret::new(text.to_owned()) }
}

/// Makes the simulator know a Harvest token and a HarvestAPI key.
pub(crate) async fn make_known(
    sandbox: &Sandbox,
    harvest_token: &str,
    account_id: i64,
    harvestapi_key: &str,
) {
    sandbox.set(json!({"access_token": harvest_token, "account_id": account_id})).await;
    sandbox.set(json!({"harvestapi_key": harvestapi_key})).await;
}

/// An account with both credentials that the simulator knows from the start.
pub(crate) async fn ready_account(client: &Client, sandbox: &Sandbox, identifier: &str) {
    client.account(identifier).await;
    let (text, account_id) = sandbox.harvest_token(0).await;
    client.put_sealed(identifier, &token(&text, account_id)).await.unwrap();
    let text = sandbox.harvestapi_key(0).await;
    client.put_sealed(identifier, &key(&text)).await.unwrap();
}

/// The reason of a failure.
pub(crate) fn reason<T: std::fmt::Debug>(result: Result<T, Status>) -> Reason {
    let status = result.expect_err("a failure");
    error::reason_of(&status).unwrap_or_else(|| panic!("a failure without a reason: {status:?}"))
}

/// What comes of a call of any method, with the bytes of its message and these values of `granary-account`.
pub(crate) async fn call_by_path(
    address: &str,
    key: &str,
    path: &str,
    message: &[u8],
    accounts: &[&str],
) -> Status {
    let mut frame = vec![0];
    frame.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    frame.extend(message);
    let mut request = http::Request::post(path)
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("authorization", format!("Bearer {key}"));
    for account in accounts {
        request = request.header("granary-account", *account);
    }
    let request = request.body(tonic::body::Body::new(Full::new(bytes::Bytes::from(frame)))).unwrap();
    let mut channel = granary_testkit::client::channel(address);
    let (head, body) = channel.ready().await.unwrap().call(request).await.unwrap().into_parts();
    let trailers = body.collect().await.unwrap().trailers().cloned().unwrap_or_default();
    Status::from_header_map(&head.headers).or_else(|| Status::from_header_map(&trailers)).unwrap()
}

/// An input that a tool takes.
pub(crate) fn good_input(tool: &str) -> &'static str {
    match tool {
        "log_time_entry" => r#"{"project_id": 1, "task_id": 1, "spent_date": "2026-03-31", "hours": 1}"#,
        "get_user" => r#"{"user_id": "me"}"#,
        "list_project_task_assignments" => r#"{"project_id": 1}"#,
        "stop_timer" | "restart_timer" | "delete_time_entry" => r#"{"time_entry_id": 1}"#,
        "update_time_entry" => r#"{"time_entry_id": 1, "notes": "x"}"#,
        "scrape_profile" | "get_profile_posts" | "get_profile_comments" | "get_profile_reactions" => {
            r#"{"public_identifier": "jeffweiner08"}"#
        }
        "search_people" => r#"{"title": "engineer"}"#,
        "search_leads" => r#"{"current_job_titles": "engineer"}"#,
        "scrape_company" | "get_company_posts" => r#"{"universal_name": "microsoft"}"#,
        "scrape_job" => r#"{"job_id": "1"}"#,
        "search_jobs" => r#"{"keywords": "engineer"}"#,
        "get_linkedin_post" => r#"{"activity_id": "1"}"#,
        "get_group_posts" | "get_linkedin_group" => r#"{"group_id": "1"}"#,
        "get_post_comments" | "get_post_reactions" => {
            r#"{"post": "https://www.linkedin.com/posts/x-activity-7"}"#
        }
        "get_comment_replies" | "get_comment_reactions" => {
            r#"{"comment_url": "urn:li:comment:(activity:1,2)"}"#
        }
        "search_linkedin_ads" => r#"{"keyword": "robot"}"#,
        "get_linkedin_ad_details" => r#"{"ad_id": "1"}"#,
        "send_connection_request" => r#"{"profile": "jeffweiner08"}"#,
        "accept_connection_request" => r#"{"invitation_id": "1", "shared_secret": "x"}"#,
        "send_linkedin_message" => {
            r#"{"recipient_profile": "https://www.linkedin.com/in/jeffweiner08", "message": "Hello"}"#
        }
        "bulk_scrape_profiles" => r#"{"urls": ["https://www.linkedin.com/in/jeffweiner08"]}"#,
        "get_bulk_run" => r#"{"run_id": "none"}"#,
        "bulk_scrape_company_employees" => r#"{"companies": ["microsoft"], "max_items": 1}"#,
        "search_profiles"
        | "search_profile_services"
        | "search_geo_id"
        | "search_companies"
        | "search_posts"
        | "search_groups" => r#"{"search": "engineer"}"#,
        _ => "{}",
    }
}

/// One number at the usual size, another at the full one.
pub(crate) fn sized<T>(usual: T, full: T) -> T {
    match std::env::var("GRANARY_TEST_SIZE").as_deref() {
        Ok("full") => full,
        Ok("" | "usual") | Err(std::env::VarError::NotPresent) => usual,
        other => panic!("GRANARY_TEST_SIZE is {other:?}; it may be full, or usual"),
    }
}
