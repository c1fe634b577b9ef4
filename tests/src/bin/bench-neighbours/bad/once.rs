//! Each way to misbehave, once.
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use granary_proto::granary::gateway::v1::ExecuteToolRequest;
use granary_proto::granary::gateway::v1::execute_tool_request::Input;
use granary_proto::granary::linkedin::v1::{
    GetLinkedinGroupRequest, ScrapeProfileRequest, SearchCompaniesRequest,
};
use granary_testkit::Hostile;
use granary_testkit::hostile::{self, Call, EMPTY, ENDLESS};

use super::BadKind;
use crate::BAD;

const PROFILE: &str = "/granary.linkedin.v1.LinkedInData/ScrapeProfile";
const GROUP: &str = "/granary.linkedin.v1.LinkedInData/GetLinkedinGroup";
const COMPANIES: &str = "/granary.linkedin.v1.LinkedInData/SearchCompanies";
const TOOL: &str = "/granary.gateway.v1.ToolService/ExecuteTool";
const HEALTH: &str = "/grpc.health.v1.Health/Check";
const WATCH: &str = "/grpc.health.v1.Health/Watch";

/// What is sent, made once.
pub(super) struct Bodies {
    profile: Bytes,
    group: Bytes,
    companies: Bytes,
    unknown_keys: Bytes,
}

impl Bodies {
    pub(super) fn new() -> Self {
        let public_identifier = Some("sixty-kilobytes".to_owned());
        let tool = ExecuteToolRequest {
            identifier: BAD.to_owned(),
            tool_name: "search_leads".to_owned(),
            input: Some(Input::ToolInputJson(hostile::unknown_keys(55_000))),
        };
        Self {
            profile: hostile::frame(&ScrapeProfileRequest { public_identifier, ..Default::default() }),
            group: hostile::frame(&GetLinkedinGroupRequest {
                group_id: Some("1".to_owned()),
                ..Default::default()
            }),
            companies: hostile::frame(&SearchCompaniesRequest {
                search: "x".to_owned(),
                ..Default::default()
            }),
            unknown_keys: hostile::frame(&tool),
        }
    }
}

/// Misbehaves once, and tells by how many calls.
pub(super) async fn misbehave(kind: BadKind, caller: &Hostile, bodies: &Bodies) -> usize {
    let soon = Duration::from_secs(1);
    let within = |timeout: &str| caller.clone().with_timeout(timeout);
    match kind {
        BadKind::Cancels => {
            let Ok(mut connection) = caller.try_connect().await else { return 0 };
            for number in 0..100 {
                let Some(call) = connection.call(PROFILE, bodies.profile.clone()).await else {
                    return number;
                };
                tokio::time::sleep(Duration::from_millis(2)).await;
                call.cancel();
            }
            100
        }
        BadKind::Busy => {
            let Ok(mut connection) = caller.try_connect().await else { return 0 };
            for number in 0..100 {
                let Some(call) = connection.call(PROFILE, bodies.profile.clone()).await else {
                    return number;
                };
                call.end(soon).await;
            }
            100
        }
        BadKind::HangsUp => {
            let calls = begin(caller, PROFILE, &bodies.profile, 200, Duration::from_millis(20)).await;
            tokio::time::sleep(Duration::from_millis(30)).await;
            calls
        }
        BadKind::Late => begin(&within("1n"), PROFILE, &bodies.profile, 200, Duration::from_millis(30)).await,
        BadKind::Unread => begin(&within("2S").with_window(0), PROFILE, &bodies.profile, 120, soon * 2).await,
        BadKind::Unfinished => begin(&within("1S"), HEALTH, &hostile::unfinished(4_194_000), 60, soon).await,
        BadKind::Announced => begin(&within("1S"), HEALTH, &Bytes::from_static(ENDLESS), 60, soon).await,
        BadKind::Headers => {
            let mut calls = 0;
            for size in [20_000, 56_000] {
                let caller = caller.clone().with_large_headers(size);
                calls += begin(&caller, HEALTH, &bodies.profile, 1, soon / 10).await;
            }
            calls
        }
        BadKind::Watches => {
            let (empty, watching) = (Bytes::from_static(EMPTY), Duration::from_secs(60));
            join_all((0..8).map(|_| begin(caller, WATCH, &empty, 250, watching))).await.into_iter().sum()
        }
        BadKind::Slow => join_all((0..3).map(|_| begin(caller, GROUP, &bodies.group, 200, soon * 4)))
            .await
            .into_iter()
            .sum(),
        BadKind::Refused => {
            let stranger = caller.clone().without("authorization").with_key("gry_unknown_unknown");
            begin(&stranger, PROFILE, &bodies.profile, 1_100, soon * 2).await
        }
        BadKind::UnknownKeys => {
            let caller = within("200m");
            let calls = (0..6).map(|_| begin(&caller, TOOL, &bodies.unknown_keys, 1, soon));
            join_all(calls).await.into_iter().sum()
        }
        BadKind::Rows => begin(caller, COMPANIES, &bodies.companies, 4, soon * 5).await,
    }
}

/// Begins calls on a connection, leaves them alone for a time or until all have ended, and hangs up.
async fn begin(caller: &Hostile, path: &str, body: &Bytes, count: usize, time: Duration) -> usize {
    let Ok(mut connection) = caller.try_connect().await else { return 0 };
    let unfinished = path == HEALTH;
    let mut calls: Vec<Call> = Vec::new();
    for _ in 0..count {
        let Some(mut call) = connection.begin(path).await else { break };
        call.send(body.clone(), !unfinished);
        calls.push(call);
    }
    let begun = calls.len();
    join_all(calls.into_iter().map(|call| call.end(time))).await;
    connection.hang_up().await;
    begun
}
