//! An answer that a service cannot finish ends with trailers that say why, and that a write may have been made.
use std::time::Duration;

use bytes::Bytes;
use granary_proto::granary::gateway::v1::ExecuteToolRequest;
use granary_proto::granary::gateway::v1::execute_tool_request::Input;
use granary_rpc::Reason;
use granary_testkit::hostile::{self, EMPTY, Ended, How};
use granary_testkit::neighbours::Good;
use granary_testkit::{Deed, Impostor};

use super::streams::{all_pages, endless_pages};
use super::{COMPANY, Deployment, PROFILE, TIME_ENTRY, TOOL, profile, sized};

const TIMEOUT: Duration = Duration::from_secs(3);
const FOLLOW: &str = "/granary.linkedin.v1.LinkedInData/FollowPages";

fn assert_told(what: &str, call: &Ended, expected: Reason) {
    assert_eq!((call.how, call.reason()), (How::Answered, Some(expected)), "{what}: {call}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_of_a_service_that_is_killed_end_with_trailers_that_say_why() {
    let mut deployment = Deployment::open(&[]).await;
    endless_pages(&deployment.sandbox, 100).await;
    let body = hostile::frame(&all_pages());
    let calling = deployment.good.start().await;
    let mut connection = deployment.evil.connect().await;
    let mut streams = Vec::new();
    for _ in 0..sized(20, 100) {
        streams.push(connection.call(FOLLOW, body.clone()).await.expect("a call"));
    }
    tokio::time::sleep(Duration::from_millis(sized(600, 6_000))).await;
    deployment.cluster.kill("linkedin-data").await;
    for stream in streams {
        let ended = stream.end(TIMEOUT).await;
        assert!(ended.bytes > 0, "it was in the middle of its pages: {ended}");
        assert_told("a stream", &ended, Reason::ServiceUnavailable);
    }
    calling.stop().await.assert_unharmed();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_answers_of_a_service_that_breaks_off_end_with_trailers_that_say_why() {
    for deed in [Deed::HangUp(40_000), Deed::Reset(40_000)] {
        let impostor = Impostor::start(deed.clone(), 100).await;
        let address = impostor.address();
        let settings =
            ["harvest_time", "linkedin_data"].map(|name| format!("gateway.{name}.address={address}"));
        let deployment = Deployment::open(&settings.each_ref().map(String::as_str)).await;
        let calling = deployment.good.clone().calls(&[Good::Account]).start().await;
        let by_name = |tool: &str, json: &str| {
            hostile::frame(&ExecuteToolRequest {
                identifier: "evil-user".into(),
                tool_name: tool.into(),
                input: Some(Input::ToolInputJson(json.into())),
            })
        };
        let entry = r#"{"project_id": 1, "task_id": 1, "spent_date": "2026-03-31", "hours": 1}"#;
        let calls: [(&str, &str, Bytes, Reason); 5] = [
            ("a read", COMPANY, Bytes::from_static(EMPTY), Reason::ServiceUnavailable),
            ("a charged read", PROFILE, profile(), Reason::ServiceUnavailable),
            ("a write", TIME_ENTRY, Bytes::from_static(EMPTY), Reason::UnknownOutcome),
            ("a read by name", TOOL, by_name("get_company", "{}"), Reason::ServiceUnavailable),
            ("a write by name", TOOL, by_name("log_time_entry", entry), Reason::UnknownOutcome),
        ];
        let mut connection = deployment.evil.connect().await;
        for (what, path, body, expected) in calls {
            let before = impostor.calls().len();
            let ended = connection.call(path, body).await.expect("a call").end(TIMEOUT).await;
            assert_told(&format!("{what}, {deed:?}"), &ended, expected);
            assert_eq!(ended.bytes > EMPTY.len(), path != TOOL, "{what}: its beginning arrived: {ended}");
            assert_eq!(impostor.calls().len() - before, 1, "{what}, {deed:?}: it was sent once");
        }
        calling.stop().await.assert_unharmed();
    }
}
