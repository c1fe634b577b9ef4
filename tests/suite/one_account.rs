//! Metadata and request name one account: a call that names two acts for neither.
use granary_proto::granary::gateway::v1::{ExecuteToolRequest, ListToolsRequest, VerifyCredentialRequest};
use granary_proto::granary::policy::v1::{CredentialKind, Exposure};
use granary_proto::granary::vault::v1::{
    DeleteConnectedAccountRequest, DisableConnectedAccountRequest, EnableConnectedAccountRequest,
    GetConnectedAccountRequest, GetOrCreateConnectedAccountRequest, HarvestapiKey, PutCredentialRequest,
    PutSealedCredentialRequest, RevokeCredentialRequest, RollbackCredentialRequest,
    put_credential_request::Credential,
};
use granary_rpc::{Reason, error};
use granary_testkit::Up;
use prost::Message;
use tonic::Code;

use crate::support::{call_by_path, ready_account};

/// Every request that names an account, sound but for that, as the account of this identifier.
fn requests(identifier: &str) -> Vec<(&'static str, Vec<u8>)> {
    let identifier = identifier.to_owned();
    let kind = CredentialKind::HarvestapiKey.into();
    let tool_name = "get_company".to_owned();
    vec![
        (
            "/granary.gateway.v1.ToolService/ListTools",
            ListToolsRequest { identifier: identifier.clone(), ..Default::default() }.encode_to_vec(),
        ),
        (
            "/granary.gateway.v1.ToolService/ExecuteTool",
            ExecuteToolRequest { identifier: identifier.clone(), tool_name, input: None }.encode_to_vec(),
        ),
        (
            "/granary.gateway.v1.ToolService/VerifyCredential",
            VerifyCredentialRequest { identifier: identifier.clone(), kind }.encode_to_vec(),
        ),
        (
            "/granary.vault.v1.CredentialVault/GetOrCreateConnectedAccount",
            GetOrCreateConnectedAccountRequest { identifier: identifier.clone() }.encode_to_vec(),
        ),
        (
            "/granary.vault.v1.CredentialVault/GetConnectedAccount",
            GetConnectedAccountRequest { identifier: identifier.clone() }.encode_to_vec(),
        ),
        (
            "/granary.vault.v1.CredentialVault/DisableConnectedAccount",
            DisableConnectedAccountRequest { identifier: identifier.clone() }.encode_to_vec(),
        ),
        (
            "/granary.vault.v1.CredentialVault/EnableConnectedAccount",
            EnableConnectedAccountRequest { identifier: identifier.clone() }.encode_to_vec(),
        ),
        (
            "/granary.vault.v1.CredentialVault/PutCredential",
            PutCredentialRequest {
                identifier: identifier.clone(),
                credential: Some(Credential::HarvestapiKey(HarvestapiKey {
                    api_key: "another-key-0001".into(),
                })),
                expected_version: None,
            }
            .encode_to_vec(),
        ),
        (
            "/granary.vault.v1.CredentialVault/PutSealedCredential",
            PutSealedCredentialRequest {
                identifier: identifier.clone(),
                sealed_box: vec![1; 60],
                key_id: "k".into(),
            }
            .encode_to_vec(),
        ),
        (
            "/granary.vault.v1.CredentialVault/RollbackCredential",
            RollbackCredentialRequest {
                identifier: identifier.clone(),
                kind,
                version: 1,
                expected_version: None,
            }
            .encode_to_vec(),
        ),
        (
            "/granary.vault.v1.CredentialVault/RevokeCredential",
            RevokeCredentialRequest { identifier: identifier.clone(), kind }.encode_to_vec(),
        ),
        (
            "/granary.vault.v1.CredentialVault/DeleteConnectedAccount",
            DeleteConnectedAccountRequest { identifier }.encode_to_vec(),
        ),
    ]
}

#[tokio::test]
async fn a_header_that_names_another_account_than_the_request_is_refused_by_every_method() {
    let up = Up::start().await;
    let (client, sandbox) = (up.client(), up.sandbox());
    ready_account(&client, &sandbox, "a").await;
    client.account("b").await;
    let before = client.get("a").await.unwrap();
    let table = granary_proto::policy_table().unwrap();
    let mut methods: Vec<&str> = table
        .methods()
        .iter()
        .filter(|m| matches!(m.exposure, Exposure::Gateway | Exposure::Direct))
        .filter(|m| m.descriptor.input().get_field_by_name("identifier").is_some())
        .map(|m| m.path.as_str())
        .collect();
    let mut tried: Vec<&str> = requests("a").iter().map(|(name, _)| *name).collect();
    methods.sort_unstable();
    tried.sort_unstable();
    assert_eq!(tried, methods, "each method that takes an identifier is tried");

    for (path, message) in requests("a") {
        let is_direct = table.path(path).unwrap().exposure == Exposure::Direct;
        let mut addresses = vec![up.vault(), up.gateway()];
        addresses
            .retain(|address| if *address == up.vault() { path.contains(".vault.") } else { !is_direct });
        for address in addresses {
            for accounts in [&["b"][..], &["a", "a"], &["%zz"]] {
                let status = call_by_path(address, up.api_key(), path, &message, accounts).await;
                let reason = error::reason_of(&status);
                assert_eq!(reason, Some(Reason::AccountHeaderInvalid), "{path} as {accounts:?}: {status:?}");
            }
        }
    }
    assert_eq!(client.get("a").await.unwrap(), before, "nothing was done");

    // The same account in both is one account. What is listed last ends it.
    for (path, message) in requests("a") {
        let is_direct = table.path(path).unwrap().exposure == Exposure::Direct;
        let address = if is_direct { up.vault() } else { up.gateway() };
        let status = call_by_path(address, up.api_key(), path, &message, &["%61"]).await;
        let sealed = path.ends_with("PutSealedCredential");
        let expected = if sealed { Code::InvalidArgument } else { Code::Ok };
        assert_eq!(status.code(), expected, "{path}: {status:?}");
        assert_ne!(error::reason_of(&status), Some(Reason::AccountHeaderInvalid), "{path}");
    }
}
