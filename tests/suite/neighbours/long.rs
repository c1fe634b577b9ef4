//! Streams and bulk runs, which last, take no place of calls that are over in a moment.
use std::time::Duration;

use futures_util::future::join_all;
use granary_proto::granary::linkedin::v1::BulkScrapeProfilesRequest;
use granary_rpc::{Reason, error};
use granary_testkit::neighbours::{DEADLINE, Good};
use tokio::time::{sleep, timeout};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

use super::revoked::bulk_caller;
use super::streams::{endless_pages, follow, pages};
use super::{Deployment, attack_time};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_of_one_tenant_leave_a_service_its_calls_and_another_tenant_its_streams() {
    let deployment = Deployment::open(&[
        "linkedin_data.admission.max_in_flight=8",
        "linkedin_data.admission.max_long_in_flight=4",
        "linkedin_data.admission.max_long_in_flight_per_tenant=3",
    ])
    .await;
    endless_pages(&deployment.sandbox, 100).await;
    let held: Vec<_> = (0..20)
        .map(|_| {
            let client = deployment.evil_client.clone();
            tokio::spawn(async move {
                let mut stream = follow(&client, "evil-user").await;
                while stream.message().await.is_ok_and(|page| page.is_some()) {}
            })
        })
        .collect();
    sleep(Duration::from_millis(500)).await;
    let good = deployment.good.clone().calls(&[Good::Profile, Good::ApiUser]);
    let calling = good.start().await;
    let mut stream =
        timeout(DEADLINE, follow(good.client(), good.account())).await.expect("a place for a stream");
    pages(&mut stream, 3).await;
    sleep(attack_time()).await;
    calling.stop().await.assert_unharmed();
    assert!(held.iter().all(|stream| !stream.is_finished()), "the other tenant's streams go on, or wait");
    held.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_has_no_more_runs_and_streams_under_way_than_it_may() {
    let deployment = Deployment::open(&["gateway.max_streams_per_tenant=2"]).await;
    let (operator, sandbox) = (deployment.cluster.client(), &deployment.sandbox);
    let (client, _) = bulk_caller(&operator, sandbox).await;
    let run = |number: usize| {
        let client = client.clone();
        tokio::spawn(async move {
            let url = format!("https://www.linkedin.com/in/invented-{number}");
            if number.is_multiple_of(2) {
                let mut request =
                    Request::new(BulkScrapeProfilesRequest { urls: vec![url], find_email: None });
                request.set_timeout(Duration::from_secs(3));
                client.linkedin("bulk").bulk_scrape_profiles(request).await.map(drop)
            } else {
                let input = format!(r#"{{"urls": ["{url}"]}}"#);
                let call = client.call("bulk", "bulk_scrape_profiles", &input);
                timeout(Duration::from_secs(3), call)
                    .await
                    .unwrap_or_else(|_| Err(Status::deadline_exceeded("")))
                    .map(drop)
            }
        })
    };
    let runs = join_all((0..6).map(run)).await;
    let ended: Vec<Status> = runs.into_iter().filter_map(|run| run.unwrap().err()).collect();
    let (refused, under_way): (Vec<&Status>, Vec<&Status>) =
        ended.iter().partition(|status| error::reason_of(status) == Some(Reason::Overloaded));
    assert_eq!(refused.len(), 4, "{ended:?}");
    assert!(under_way.iter().all(|status| status.code() == Code::DeadlineExceeded), "{under_way:?}");
    for status in refused {
        let details = status.get_details_error_info().unwrap().metadata;
        assert_eq!(details.get("limit").map(String::as_str), Some("streams_per_tenant"));
        assert!(status.get_details_retry_info().is_some(), "{status:?}");
    }
    // Its places are free again.
    assert!(sandbox.journal(0).await.iter().filter(|call| call.path.contains("/runs?")).count() == 2);
    let again = run(0).await.unwrap().err();
    assert!(again.is_none_or(|status| status.code() == Code::DeadlineExceeded), "places come back");
}
