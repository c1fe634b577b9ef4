use granary_credential::Kind;
use granary_proto::granary::vault::v1::{CredentialStatus as Status, Outcome};
use granary_rpc::Reason;

use crate::support::{apify_token, harvest_token, harvestapi_key, linkedin_session, reason, suite};

#[tokio::test]
async fn reports_move_the_status_and_a_rejection_asks_for_a_probe() {
    let suite = suite().await;
    let key = &suite.operator;
    suite.create(key, "u").await;
    suite.put(key, "u", harvest_token("t"), None).await.unwrap();
    let probe = "granary.harvest.v1.HarvestTime/ProbeHarvestToken";
    for (outcome, status, asks) in [
        (Outcome::Accepted, Status::Active, ""),
        (Outcome::Accepted, Status::Active, ""),
        (Outcome::Rejected, Status::Suspect, probe),
        (Outcome::Rejected, Status::Suspect, probe),
        (Outcome::Accepted, Status::Active, ""),
        (Outcome::Rejected, Status::Suspect, probe),
        (Outcome::ProbeRejected, Status::Expired, ""),
        (Outcome::Accepted, Status::Expired, ""),
        (Outcome::Rejected, Status::Expired, ""),
    ] {
        let report = suite.report(key, "u", (Kind::HarvestToken, 1), outcome).await.unwrap();
        assert_eq!((report.status(), report.probe_method.as_str()), (status, asks), "{outcome:?}");
        assert_eq!(suite.get(key, "u").await.unwrap().credentials[0].status(), status);
    }
}

#[tokio::test]
async fn a_report_about_an_old_version_changes_nothing() {
    let suite = suite().await;
    let key = &suite.operator;
    suite.create(key, "u").await;
    suite.put(key, "u", harvest_token("one"), None).await.unwrap();
    suite.put(key, "u", harvest_token("two"), None).await.unwrap();
    for version in [1, 3] {
        for outcome in [Outcome::Accepted, Outcome::Rejected, Outcome::ProbeRejected] {
            let report = suite.report(key, "u", (Kind::HarvestToken, version), outcome).await.unwrap();
            assert_eq!((report.status(), report.probe_method.as_str()), (Status::Pending, ""));
        }
    }
}

#[tokio::test]
async fn each_kind_has_its_own_probe() {
    let suite = suite().await;
    let key = &suite.operator;
    suite.create(key, "u").await;
    for (kind, credential, probe) in [
        (Kind::HarvestapiKey, harvestapi_key("k"), "granary.linkedin.v1.LinkedInData/ProbeHarvestapiKey"),
        (
            Kind::LinkedinSession,
            linkedin_session("l"),
            "granary.linkedin.v1.LinkedInData/ProbeLinkedinSession",
        ),
        (Kind::ApifyToken, apify_token("a"), "granary.linkedin.v1.LinkedInData/ProbeApifyToken"),
    ] {
        suite.put(key, "u", credential, None).await.unwrap();
        let report = suite.report(key, "u", (kind, 1), Outcome::Rejected).await.unwrap();
        assert_eq!((report.status(), report.probe_method.as_str()), (Status::Suspect, probe));
        let table = granary_proto::policy_table().unwrap();
        // Upstream wants its key beside a session.
        assert!(table.path(&format!("/{probe}")).is_some_and(|m| m.needs[0] == [kind]), "{probe}");
    }
}

#[tokio::test]
async fn what_is_not_there_cannot_be_reported_on() {
    let suite = suite().await;
    let key = &suite.operator;
    let missing = suite.report(key, "nobody", (Kind::HarvestToken, 1), Outcome::Accepted).await;
    assert_eq!(reason(missing), Reason::AccountNotFound);
    suite.create(key, "u").await;
    let report = suite.report(key, "u", (Kind::HarvestToken, 1), Outcome::Rejected).await.unwrap();
    assert_eq!((report.status(), report.probe_method.as_str()), (Status::Unspecified, ""));
    let faulty = suite.report(key, "u", (Kind::Unspecified, 0), Outcome::Unspecified).await.unwrap_err();
    for field in ["kind", "version", "outcome"] {
        assert!(faulty.message().contains(field));
    }
}
