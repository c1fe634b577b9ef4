//! Promise 9: errors say who must act.
use std::time::{Duration, Instant};

use granary_credential::Kind;
use granary_proto::granary::linkedin::v1::GetMyApiUserRequest;
use granary_proto::granary::vault::v1::{CredentialStatus, RevokeCredentialRequest};
use granary_rpc::Reason;
use granary_testkit::Up;
use tonic::Code;
use tonic_types::StatusExt;

use crate::support::{call_by_path, key, make_known, ready_account, reason};

#[tokio::test]
async fn a_missing_revoked_or_expired_credential_says_kind_and_what_to_do() {
    let up = Up::start().await;
    let (client, sandbox) = (up.client(), up.sandbox());
    client.account("a").await;
    let status = client.call("a", "get_my_api_user", "{}").await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    let info = status.get_details_error_info().unwrap();
    assert_eq!((info.reason.as_str(), info.domain.as_str()), ("CREDENTIAL_MISSING", "granary"));
    assert_eq!(info.metadata["kind"], "harvestapi_key");
    assert!(status.message().contains("PutSealedCredential"), "it says what to do: {}", status.message());

    let text = "sbx-expiring-key-000000001";
    make_known(&sandbox, "unused-token-0001", 960_001, text).await;
    client.put("a", &key(text)).await.unwrap();
    client.call("a", "get_my_api_user", "{}").await.unwrap();
    sandbox.set(serde_json::json!({"harvestapi_key": text, "state": "expired"})).await;
    let status = client.call("a", "get_my_api_user", "{}").await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert_eq!(status.get_details_error_info().unwrap().reason, "CREDENTIAL_REJECTED");
    assert!(status.metadata().get("granary-credential-outcome").is_none(), "that is for the broker");
    // The gateway carries the word of the service, and two probes, half a minute apart, settle it. It serves until then.
    let status = async || client.get("a").await.unwrap().credentials[0].status();
    let began = Instant::now();
    while status().await != CredentialStatus::Suspect {
        assert!(began.elapsed() < Duration::from_secs(5), "the rejection was not reported");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    let rejected = client.call("a", "get_my_api_user", "{}").await.unwrap_err();
    assert_eq!(rejected.get_details_error_info().unwrap().reason, "CREDENTIAL_REJECTED", "it still serves");
    while status().await != CredentialStatus::Expired {
        assert!(began.elapsed() < Duration::from_secs(45), "the probes did not settle it");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(began.elapsed() > Duration::from_secs(28), "{:?}", began.elapsed());
    let mut tries = 0;
    loop {
        let status = client.call("a", "get_my_api_user", "{}").await.unwrap_err();
        if status.get_details_error_info().unwrap().reason == "CREDENTIAL_EXPIRED" {
            assert_eq!(status.get_details_error_info().unwrap().metadata["kind"], "harvestapi_key");
            break;
        }
        tries += 1;
        assert!(tries < 100, "{status:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let kind = Kind::HarvestapiKey.into();
    client
        .accounts()
        .revoke_credential(RevokeCredentialRequest { identifier: "a".into(), kind })
        .await
        .unwrap();
    let status = loop {
        let status = client.call("a", "get_my_api_user", "{}").await.unwrap_err();
        if status.get_details_error_info().unwrap().reason != "CREDENTIAL_EXPIRED" {
            break status;
        }
    };
    assert_eq!(status.get_details_error_info().unwrap().reason, "CREDENTIAL_REVOKED");
}

#[tokio::test]
async fn a_wrong_api_key_is_unauthenticated_before_anything_else_is_looked_at() {
    let up = Up::start().await;
    for (bad, expected) in [
        ("", Reason::ApiKeyMissing),
        ("nonsense", Reason::ApiKeyInvalid),
        ("grn_AAAAAAAAAAAA_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", Reason::ApiKeyInvalid),
    ] {
        let client = up.client_with(bad);
        let failure = client
            .harvest("nobody")
            .get_company(granary_proto::granary::harvest::v1::GetCompanyRequest::default())
            .await;
        assert_eq!(failure.as_ref().unwrap_err().code(), Code::Unauthenticated);
        assert_eq!(reason(failure), expected, "{bad}");
        assert_eq!(reason(client.get("nobody").await), expected, "{bad}");
        assert_eq!(reason(client.call("nobody", "no_such_tool", "{").await), expected, "{bad}");
    }
    let almost = format!("{}x", up.api_key());
    assert_eq!(reason(up.client_with(&almost).get("a").await), Reason::ApiKeyInvalid);
}

#[tokio::test]
async fn another_tenants_account_answers_like_one_that_does_not_exist() {
    let up = Up::start().await;
    let (operator, sandbox) = (up.client(), up.sandbox());
    let (one, other) = (operator.tenant("one").await, operator.tenant("other").await);
    ready_account(&one, &sandbox, "user_ha_456").await;
    let strip = |status: tonic::Status, name: &str| {
        (status.code(), status.message().replace(name, "X"), reason(Err::<(), _>(status)))
    };
    let theirs = strip(other.get("user_ha_456").await.unwrap_err(), "user_ha_456");
    let nobodys = strip(other.get("no_such").await.unwrap_err(), "no_such");
    assert_eq!(theirs, nobodys);
    let theirs = strip(other.call("user_ha_456", "get_company", "{}").await.unwrap_err(), "user_ha_456");
    let nobodys = strip(other.call("no_such", "get_company", "{}").await.unwrap_err(), "no_such");
    assert_eq!(theirs, nobodys);
    assert_eq!(theirs.2, Reason::AccountNotFound);
}

#[tokio::test]
async fn scopes_and_account_patterns_bound_a_key_with_cold_and_warm_tickets() {
    let up = Up::start().await;
    let (client, sandbox) = (up.client(), up.sandbox());
    ready_account(&client, &sandbox, "eu_1").await;
    ready_account(&client, &sandbox, "us_1").await;
    let bounded = client.with_key(&client.key("", &[4, 6], &["eu_*"]).await.key_text);
    // Once with cold tickets, once with tickets that an unbounded key has warmed.
    for _ in 0..2 {
        bounded.call("eu_1", "get_company", "{}").await.unwrap();
        assert_eq!(reason(bounded.call("us_1", "get_company", "{}").await), Reason::AccountNotAllowed);
        assert_eq!(
            reason(bounded.call("eu_1", "stop_timer", r#"{"time_entry_id": 1}"#).await),
            Reason::ScopeMissing
        );
        assert_eq!(reason(bounded.get("eu_1").await), Reason::ScopeMissing);
        for account in ["eu_1", "us_1"] {
            client.call(account, "get_company", "{}").await.unwrap();
        }
    }
    let listed =
        bounded.tools().list_tools(granary_proto::granary::gateway::v1::ListToolsRequest::default()).await;
    let names: Vec<String> = listed.unwrap().into_inner().tools.into_iter().map(|t| t.name).collect();
    assert!(
        names.contains(&"get_company".to_owned()) && !names.contains(&"log_time_entry".to_owned()),
        "{names:?}"
    );
}

#[tokio::test]
async fn the_account_header_stands_exactly_once_and_well_formed() {
    let up = Up::start().await;
    let (client, sandbox) = (up.client(), up.sandbox());
    for odd in ["user/../é", "100%", "%2e%2e", "a b", "K", "ﬀ", &"x".repeat(256)] {
        ready_account(&client, &sandbox, odd).await;
        client
            .linkedin(odd)
            .get_my_api_user(GetMyApiUserRequest {})
            .await
            .unwrap_or_else(|e| panic!("{odd}: {e:?}"));
    }
    for (bad, code) in [
        ("", Code::InvalidArgument),
        (&*"x".repeat(257), Code::InvalidArgument),
        ("a\0b", Code::InvalidArgument),
        (" ", Code::InvalidArgument),
        ("a ", Code::InvalidArgument),
        ("a\u{200b}b", Code::InvalidArgument),
    ] {
        let request = granary_proto::granary::vault::v1::GetOrCreateConnectedAccountRequest {
            identifier: bad.to_owned(),
        };
        assert_eq!(
            client.accounts().get_or_create_connected_account(request).await.unwrap_err().code(),
            code
        );
    }
    let mut plain = granary_proto::granary::linkedin::v1::linked_in_data_client::LinkedInDataClient::new(
        granary_testkit::client::channel(up.gateway()),
    );
    for accounts in [&[][..], &["a", "a"], &["%zz"], &["%00"], &["%"]] {
        let mut request = tonic::Request::new(GetMyApiUserRequest {});
        let bearer = format!("Bearer {}", up.api_key());
        request.metadata_mut().insert("authorization", bearer.parse().unwrap());
        for account in accounts {
            request.metadata_mut().append("granary-account", account.parse().unwrap());
        }
        assert_eq!(
            reason(plain.get_my_api_user(request).await),
            Reason::AccountHeaderInvalid,
            "{accounts:?}"
        );
    }
}

#[tokio::test]
async fn methods_of_other_doors_are_not_served_here_and_say_where() {
    let up = Up::start().await;
    let client = up.client();
    client.account("a").await;
    let request = granary_proto::granary::vault::v1::PutCredentialRequest {
        identifier: "a".into(),
        ..Default::default()
    };
    let status = client.accounts().put_credential(request).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    assert_eq!(status.get_details_error_info().unwrap().metadata["endpoint"], "credential-vault");
    assert!(status.message().contains("PutSealedCredential"), "{}", status.message());
    let probe = granary_proto::granary::internal::v1::ProbeCredentialRequest {};
    assert_eq!(reason(client.harvest_probes("a").probe_harvest_token(probe).await), Reason::MethodUnknown);
    assert_eq!(reason(client.call("a", "no_such_tool", "{}").await), Reason::ToolUnknown);
}

#[tokio::test]
async fn a_deadline_is_enforced_and_passed_on() {
    let up = Up::start().await;
    let (client, sandbox) = (up.client(), up.sandbox());
    ready_account(&client, &sandbox, "a").await;
    client.call("a", "get_company", "{}").await.unwrap();
    sandbox.fault(serde_json::json!({"api": "harvest", "path": "/v2/company", "delay_ms": 5_000})).await;
    let mut request = tonic::Request::new(granary_proto::granary::harvest::v1::GetCompanyRequest::default());
    request.set_timeout(Duration::from_millis(300));
    let start = Instant::now();
    let status = client.harvest("a").get_company(request).await.unwrap_err();
    assert!(matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled), "{status:?}");
    assert!(start.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_granted_secret_that_upstream_sends_back_is_masked() {
    let up = Up::start().await;
    let (client, sandbox) = (up.client(), up.sandbox());
    ready_account(&client, &sandbox, "a").await;
    let secret = sandbox.harvest_token(0).await.0;
    for echo in ["plain", "json", "url", "base64", "header"] {
        sandbox.fault(serde_json::json!({"api": "harvest", "path": "/v2/company", "echo": echo})).await;
        let (data, answer) = client.call("a", "get_company", "{}").await.unwrap();
        assert!(!format!("{data}{answer:?}").contains(&secret), "{echo}");
        assert_eq!(answer.warnings.len(), 1, "{echo}: {:?}", answer.warnings);
        assert_eq!(answer.warnings[0].code, "SECRET_REDACTED");
    }
    sandbox
        .fault(serde_json::json!({"api": "harvest", "path": "/v2/company", "echo": "plain", "status": 422}))
        .await;
    let status = client.call("a", "get_company", "{}").await.unwrap_err();
    assert!(!format!("{status:?}").contains(&secret), "{status:?}");
}

/// Bytes that are no message of the method's type are the caller's fault, and say so with a reason like any other.
#[tokio::test]
async fn a_request_that_is_no_message_has_a_reason_too() {
    let up = Up::start().await;
    let (client, sandbox) = (up.client(), up.sandbox());
    ready_account(&client, &sandbox, "a").await;
    for path in [
        "granary.harvest.v1.HarvestTime/GetUser",
        "granary.gateway.v1.ToolService/ExecuteTool",
        "granary.vault.v1.CredentialVault/GetConnectedAccount",
    ] {
        let path = format!("/{path}");
        let status = call_by_path(up.gateway(), up.api_key(), &path, &[0xff; 3], &["a"]).await;
        assert_eq!(reason(Err::<(), _>(status)), Reason::InvalidInput, "{path}");
    }
}
