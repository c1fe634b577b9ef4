//! A call that names no deadline has one all the same, in every state that it can be in and at every listener.
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use granary_proto::granary::gateway::v1::ExecuteToolRequest;
use granary_proto::granary::gateway::v1::execute_tool_request::Input;
use granary_testkit::hostile::{self, Call, Connection, EMPTY, Ended, How, unfinished};
use granary_testkit::neighbours::Good;
use granary_testkit::{Hostile, neighbours};
use serde_json::json;

use super::unread::as_a_gateway;
use super::{
    COMPANY, Deployment, GET_ACCOUNT, HEALTH, LIST_SERVICES, PROFILE, REFLECTION, TOOL, profile, sized,
};

/// When a call must have ended whose deadline is a second.
const END_TIMEOUT: Duration = Duration::from_millis(2_500);
const LIST_TOOLS: &str = "/granary.gateway.v1.ToolService/ListTools";
const LISTENERS: [&str; 5] = [
    "gateway",
    "credential_vault.public",
    "credential_vault.broker",
    "harvest_time.server",
    "linkedin_data.server",
];

/// Calls of one connection: of reflection it may hold eight, and the list of tools is so long that more than thirty that nobody
/// reads are too many bytes before their deadline.
fn count(path: &str) -> usize {
    if [REFLECTION, LIST_TOOLS].contains(&path) { 5 } else { sized(5, 50) }
}

/// The services, at each listener of which a call that names no deadline has a second.
async fn hasty() -> Deployment {
    let settings = LISTENERS.map(|listener| format!("{listener}.limits.default_deadline_ms=1000"));
    Deployment::open(&settings.each_ref().map(String::as_str)).await
}

/// All that calls harvest-time, linkedin-data and the broker as a gateway does.
async fn insiders(deployment: &Deployment) -> [Hostile; 3] {
    let broker = Hostile::new(&deployment.cluster.address("broker"));
    [
        as_a_gateway(deployment, "harvest-time", COMPANY).await,
        as_a_gateway(deployment, "linkedin-data", PROFILE).await,
        broker.with("granary-peer-key", &deployment.cluster.file("peer-broker")),
    ]
}

/// How the calls of a connection have ended, and the connection, which has to live until then.
async fn end_all(connection: Connection, calls: Vec<Call>) -> (Connection, Vec<Ended>) {
    (connection, join_all(calls.into_iter().map(|call| call.end(END_TIMEOUT))).await)
}

async fn all<F: Future<Output = (Connection, Vec<Ended>)>>(
    targets: impl IntoIterator<Item = (String, F)>,
) -> Vec<(String, Vec<Ended>)> {
    let running = targets.into_iter().map(|(what, running)| async move { (what, running.await) });
    let all = join_all(running).await;
    all.into_iter().map(|(what, (_, ended))| (what, ended)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_without_an_end_ends_at_the_default_deadline_at_every_listener() {
    let deployment = hasty().await;
    let calling = deployment.good.clone().calls(&[Good::Company, Good::Account]).start().await;
    let stranger = Hostile::new(&deployment.gateway());
    let vault = deployment.cluster.address("vault");
    let (evil, at_vault) = (deployment.evil.clone(), deployment.evil.clone().at(&vault));
    let [harvest, linkedin, broker] = insiders(&deployment).await;
    let targets = [
        ("gateway", &stranger, HEALTH),
        ("gateway", &stranger, REFLECTION),
        ("gateway", &evil, COMPANY),
        ("gateway", &evil, GET_ACCOUNT),
        ("gateway", &evil, TOOL),
        ("vault", &stranger.clone().at(&vault), HEALTH),
        ("vault", &stranger.clone().at(&vault), REFLECTION),
        ("vault", &at_vault, GET_ACCOUNT),
        ("vault", &at_vault, "/granary.vault.v1.Admin/ListApiKeys"),
        ("harvest-time", &harvest, COMPANY),
        ("harvest-time", &harvest, HEALTH),
        ("linkedin-data", &linkedin, PROFILE),
        ("linkedin-data", &linkedin, HEALTH),
        ("broker", &broker, "/granary.internal.v1.CredentialBroker/Authenticate"),
        ("broker", &broker, HEALTH),
    ];
    let running = targets.map(|(listener, caller, path)| {
        let running = async move {
            let mut connection = caller.connect().await;
            let mut calls = Vec::new();
            for _ in 0..count(path) {
                let mut call = connection.begin(path).await.expect("a call");
                call.send(unfinished(300), false);
                calls.push(call);
            }
            end_all(connection, calls).await
        };
        (format!("{path} at {listener}"), running)
    });
    let ended = Box::pin(all(running)).await;
    calling.stop().await.assert_unharmed();
    for (what, calls) in ended {
        for call in calls {
            // The library's reflection only ends its stream.
            let told = call.status.is_some() && (!call.is_ok() || what.starts_with(REFLECTION));
            assert!(told, "{what}: {call}");
            assert!(
                call.took > Duration::from_millis(900),
                "it was taken, and had its second: {what}: {call}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_nobody_reads_ends_at_the_default_deadline_at_every_listener() {
    let deployment = hasty().await;
    let calling = deployment.good.clone().calls(&[Good::Company, Good::Account]).start().await;
    deployment.answer_evil("/v2/company*", 0, Some(json!({"name": "n".repeat(300 << 10)}))).await;
    let stranger = Hostile::new(&deployment.gateway());
    let vault = deployment.cluster.address("vault");
    let (evil, at_vault) = (deployment.evil.clone(), deployment.evil.clone().at(&vault));
    let [harvest, linkedin, broker] = insiders(&deployment).await;
    let by_name = hostile::frame(&ExecuteToolRequest {
        identifier: "evil-user".into(),
        tool_name: "get_company".into(),
        input: Some(Input::ToolInputJson("{}".into())),
    });
    let empty = Bytes::from_static(EMPTY);
    let services = hostile::frame_of(&LIST_SERVICES);
    let targets = [
        ("gateway", &stranger, HEALTH, &empty),
        ("gateway", &stranger, REFLECTION, &services),
        ("gateway", &evil, COMPANY, &empty),
        ("gateway", &evil, TOOL, &by_name),
        ("gateway", &evil, LIST_TOOLS, &empty),
        ("vault", &stranger.clone().at(&vault), REFLECTION, &services),
        ("vault", &at_vault, "/granary.vault.v1.CredentialVault/GetSealingKey", &empty),
        ("harvest-time", &harvest, COMPANY, &empty),
        ("linkedin-data", &linkedin, PROFILE, &profile()),
        ("broker", &broker, HEALTH, &empty),
    ];
    let running = targets.map(|(listener, caller, path, body)| {
        let running = async move {
            let mut connection = caller.clone().with_window(0).connect().await;
            let mut calls = Vec::new();
            for _ in 0..count(path) {
                calls.push(connection.call(path, body.clone()).await.expect("a call"));
            }
            end_all(connection, calls).await
        };
        (format!("{path} at {listener}"), running)
    });
    let ended = Box::pin(all(running)).await;
    calling.stop().await.assert_unharmed();
    for (what, calls) in ended {
        for call in calls {
            let late = call.status.as_ref().is_some_and(|s| s.code() == tonic::Code::DeadlineExceeded);
            assert!(call.how == How::Answered && late, "{what}: {call}");
        }
    }
    // Whoever reads is answered as ever.
    let answer = neighbours::call(deployment.good.client(), deployment.good.account(), Good::Company).await;
    answer.expect("a good call");
}
