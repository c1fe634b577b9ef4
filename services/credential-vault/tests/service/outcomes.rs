use std::time::Duration;

use granary_credential::Kind;
use granary_credential::verdict::Verdict;
use granary_proto::granary::policy::v1::Scope;
use granary_proto::granary::vault::v1::CredentialStatus as Status;
use granary_rpc::{Reason, error};

use crate::support::{
    LINKEDIN, LOG_TIME, Word, apify_token, harvest_token, harvestapi_key, linkedin_session, reason, suite,
};

const PROBE: &str = "granary.internal.v1.HarvestProbes/ProbeHarvestToken";
const TOKEN: (Kind, i64) = (Kind::HarvestToken, 1);

#[tokio::test]
async fn two_rejected_probes_settle_what_one_rejection_made_suspect_and_an_accepted_one_revives() {
    let suite = suite().await;
    let key = &suite.operator;
    suite.create(key, "u").await;
    suite.put(key, "u", harvest_token("t"), None).await.unwrap();
    for (word, status, asks) in [
        (Word::Accepted, Status::Active, ""),
        (Word::Accepted, Status::Active, ""),
        (Word::Rejected, Status::Suspect, PROBE),
        (Word::Rejected, Status::Suspect, PROBE),
        (Word::Accepted, Status::Active, ""),
        (Word::ProbeRejected, Status::Suspect, PROBE),
        (Word::Rejected, Status::Suspect, PROBE),
        (Word::ProbeRejected, Status::Expired, ""),
        (Word::Accepted, Status::Expired, ""),
        (Word::Rejected, Status::Expired, ""),
        (Word::ProbeRejected, Status::Expired, ""),
        (Word::ProbeAccepted, Status::Active, ""),
        (Word::ProbeRejected, Status::Suspect, PROBE),
    ] {
        let report = suite.report(key, "u", TOKEN, word).await.unwrap();
        assert_eq!((report.status(), report.probe_method.as_str()), (status, asks), "{word:?}");
        assert_eq!(suite.get(key, "u").await.unwrap().credentials[0].status(), status);
    }
}

#[tokio::test]
async fn only_the_fresh_word_of_the_service_about_this_account_is_heard() {
    let suite = suite().await;
    let key = &suite.operator;
    for account in ["u", "v"] {
        suite.create(key, account).await;
        suite.put(key, account, harvest_token("t"), None).await.unwrap();
    }
    let word = suite.verdict(key, "u", TOKEN, Word::Rejected).await;
    let forged = |change: fn(&mut Verdict)| {
        let mut verdict = word.clone();
        change(&mut verdict);
        verdict
    };
    let minutes = |n: u64| n * 60_000;
    let mut bad: Vec<Vec<u8>> = [
        forged(|v| v.tenant = "other".into()),
        forged(|v| v.account = "v".into()),
        forged(|v| v.incarnation = vec![9; 16]),
        forged(|v| v.kind = Kind::Unspecified.into()),
        forged(|v| v.version = 0),
        Verdict { at_ms: word.at_ms - minutes(7), ..word.clone() },
        Verdict { at_ms: word.at_ms + minutes(7), ..word.clone() },
        // The service signs, and does not use that kind.
        forged(|v| v.process = LINKEDIN.into()),
    ]
    .iter()
    .map(|verdict| suite.sign(verdict))
    .collect();
    // The gateway's own word.
    bad.push(word_without_a_key(&word));
    bad.push(Vec::new());
    for verdict in bad {
        let refused = reason(suite.report_signed(key, "u", verdict).await);
        assert!(matches!(refused, Reason::InvalidInput | Reason::TicketRefused), "{refused:?}");
    }
    assert_eq!(suite.get(key, "u").await.unwrap().credentials[0].status(), Status::Pending);
    // What is good is heard once.
    let signed = suite.sign(&word);
    assert_eq!(suite.report_signed(key, "u", signed.clone()).await.unwrap().status(), Status::Suspect);
    suite.report(key, "u", TOKEN, Word::Accepted).await.unwrap();
    assert_eq!(suite.report_signed(key, "u", signed).await.unwrap().status(), Status::Active);
}

fn word_without_a_key(verdict: &Verdict) -> Vec<u8> {
    use granary_credential::{Key, ticket::Keyring, verdict};
    verdict::sign(&Keyring::single(Key::random()), verdict).unwrap()
}

#[tokio::test]
async fn a_probe_opens_what_has_expired_once_in_half_a_minute_and_nothing_else_does() {
    let suite = suite().await;
    let key = &suite.operator;
    suite.create(key, "u").await;
    suite.put(key, "u", harvest_token("t"), None).await.unwrap();
    for _ in 0..2 {
        suite.report(key, "u", TOKEN, Word::ProbeRejected).await.unwrap();
    }
    assert_eq!(reason(suite.ticket(key, "u", LOG_TIME).await), Reason::CredentialExpired);
    let other = suite.key("acme", &[Scope::LinkedinRead], &[]).await;
    assert_eq!(reason(suite.ticket(&other, "u", PROBE).await), Reason::ScopeMissing);
    let reader = suite.key("acme", &[Scope::TimeRead], &[]).await;
    let issued = suite.ticket(&reader, "u", PROBE).await.unwrap();
    assert_eq!(issued.credentials[0].status(), Status::Expired);
    let again = suite.ticket(key, "u", PROBE).await.unwrap_err();
    let told = |key: &str| error::metadata_of(&again, key).unwrap_or_default();
    assert_eq!(
        (told("limit"), told("status"), told("version")),
        ("probes".into(), "CREDENTIAL_STATUS_EXPIRED".into(), "1".into())
    );
    let delay = error::retry_delay_of(&again).unwrap();
    assert!(delay > Duration::from_secs(20) && delay <= Duration::from_secs(30), "{delay:?}");
    // A new value may be probed at once.
    suite.put(key, "u", harvest_token("t2"), None).await.unwrap();
    suite.ticket(key, "u", PROBE).await.unwrap();
}

#[tokio::test]
async fn a_report_about_an_old_version_changes_nothing() {
    let suite = suite().await;
    let key = &suite.operator;
    suite.create(key, "u").await;
    suite.put(key, "u", harvest_token("one"), None).await.unwrap();
    suite.put(key, "u", harvest_token("two"), None).await.unwrap();
    for version in [1, 3] {
        for word in [Word::Accepted, Word::Rejected, Word::ProbeRejected, Word::ProbeRejected] {
            let report = suite.report(key, "u", (Kind::HarvestToken, version), word).await.unwrap();
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
        (Kind::HarvestapiKey, harvestapi_key("k"), "granary.internal.v1.LinkedInProbes/ProbeHarvestapiKey"),
        (
            Kind::LinkedinSession,
            linkedin_session("l"),
            "granary.internal.v1.LinkedInProbes/ProbeLinkedinSession",
        ),
        (Kind::ApifyToken, apify_token("a"), "granary.internal.v1.LinkedInProbes/ProbeApifyToken"),
    ] {
        suite.put(key, "u", credential, None).await.unwrap();
        let report = suite.report(key, "u", (kind, 1), Word::Rejected).await.unwrap();
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
    let missing = suite.report(key, "nobody", TOKEN, Word::Accepted).await;
    assert_eq!(reason(missing), Reason::AccountNotFound);
    suite.create(key, "u").await;
    suite.put(key, "u", apify_token("a"), None).await.unwrap();
    let report = suite.report(key, "u", TOKEN, Word::Rejected).await.unwrap();
    assert_eq!((report.status(), report.probe_method.as_str()), (Status::Unspecified, ""));
    let faulty = suite.report_signed(key, "", b"no verdict".to_vec()).await.unwrap_err();
    for field in ["identifier", "verdict"] {
        assert!(faulty.message().contains(field), "{field}: {}", faulty.message());
    }
}
