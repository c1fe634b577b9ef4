use data_encoding::HEXLOWER;
use granary_credential::ticket::{self, Expected};
use granary_credential::{Grant, Key, Kind, fingerprint};
use granary_proto::granary::internal::v1 as internal;
use granary_proto::granary::policy::v1::Scope;
use granary_rpc::Reason;
use granary_store::Context;

use crate::support::{
    HARVEST, LINKEDIN, LOG_TIME, Options, Suite, Word, apify_token, detail, harvest_token, harvestapi_key,
    linkedin_session, reason, suite, suite_with,
};

const PROBE: &str = "granary.internal.v1.HarvestProbes/ProbeHarvestToken";

impl Suite {
    /// Opens a ticket as the method's own service would.
    fn open(
        &self,
        issued: &internal::IssueTicketResponse,
        method: &str,
        tenant: &str,
        account: &str,
    ) -> Grant {
        let method = granary_proto::policy_table().unwrap().path(&format!("/{method}")).unwrap();
        let now = granary_rpc::clock::now_ms();
        let expected = Expected::of(method, tenant, account, &issued.incarnation, now);
        ticket::open(&self.rings[&method.process], &issued.ticket, &expected).unwrap()
    }

    /// The secret texts that a call of the method may use.
    pub(crate) async fn opened_text(&self, method: &str, account: &str) -> Vec<String> {
        let issued = self.ticket(&self.operator, account, method).await.unwrap();
        let grant = self.open(&issued, method, "acme", account);
        grant.secrets().iter().map(|secret| secret.expose().to_owned()).collect()
    }
}

async fn with_all_kinds(options: Options) -> Suite {
    let suite = suite_with(options).await;
    let key = &suite.operator;
    suite.create(key, "u").await;
    for credential in [
        harvestapi_key("canary-harvestapi"),
        harvest_token("canary-harvest"),
        linkedin_session("canary-linkedin"),
        apify_token("canary-apify"),
    ] {
        suite.put(key, "u", credential, None).await.unwrap();
    }
    suite
}

#[tokio::test]
async fn a_ticket_holds_the_declared_kind_and_nothing_else_is_read() {
    let suite = with_all_kinds(Options::default()).await;
    // Every method that needs a credential.
    for method in granary_proto::policy_table().unwrap().methods().iter().filter(|m| !m.needs.is_empty()) {
        let held: Vec<(Kind, &str)> = method.needs.iter().map(|need| (need[0], canary(need[0]))).collect();
        let method = method.name();
        suite.store.reset();
        let issued = suite.ticket(&suite.operator, "u", method).await.unwrap();
        let grant = suite.open(&issued, method, "acme", "u");
        assert_eq!(grant.credentials().len(), held.len(), "{method}");
        let inside: Vec<(Kind, i64)> = issued.credentials.iter().map(|c| (c.kind(), c.version)).collect();
        assert_eq!(inside, held.iter().map(|(kind, _)| (*kind, 1)).collect::<Vec<_>>(), "{method}");
        let texts: Vec<&str> = grant.secrets().iter().map(|secret| secret.expose()).collect();
        assert_eq!(texts, held.iter().map(|(_, text)| *text).collect::<Vec<_>>(), "{method}");

        let context = |kind| Context::credential(&folder("u"), grant.incarnation(), kind);
        let contexts: Vec<Context> = held.iter().map(|(kind, _)| context(*kind)).collect();
        assert_eq!(suite.store.opened(), contexts, "each value is opened once, and no other");
        let kinds = ["harvestapi_key", "harvest_token", "linkedin_session", "apify_token"];
        let mut read: Vec<String> =
            suite.store.read_names().into_iter().filter(|n| kinds.iter().any(|k| n.starts_with(k))).collect();
        // A probe is noted in the record that it opens.
        read.dedup();
        assert_eq!(read.len(), held.len(), "{read:?}");
        assert!(read.iter().zip(&held).all(|(name, (kind, _))| name.starts_with(kind.text())), "{read:?}");
    }
}

/// Where an account of the tenant "acme" lies.
pub(crate) fn folder(identifier: &str) -> String {
    let hash = HEXLOWER.encode(&fingerprint::sha256(identifier.as_bytes()));
    format!("accounts/acme/{}/{hash}", &hash[..3])
}

/// What the account holds of a kind.
fn canary(kind: Kind) -> &'static str {
    match kind {
        Kind::HarvestToken => "canary-harvest",
        Kind::HarvestapiKey => "canary-harvestapi",
        Kind::LinkedinSession => "canary-linkedin",
        Kind::ApifyToken => "canary-apify",
        Kind::Unspecified => panic!("no kind"),
    }
}

#[tokio::test]
async fn a_ticket_is_sealed_for_its_service_alone() {
    let suite = with_all_kinds(Options::default()).await;
    let issued = suite.ticket(&suite.operator, "u", LOG_TIME).await.unwrap();
    let method = granary_proto::policy_table().unwrap().path(&format!("/{LOG_TIME}")).unwrap();
    let expected = |audience| Expected {
        audience,
        ..Expected::of(method, "acme", "u", &issued.incarnation, granary_rpc::clock::now_ms())
    };
    assert!(ticket::open(&suite.rings[HARVEST], &issued.ticket, &expected(HARVEST)).is_ok());
    assert!(ticket::open(&suite.rings[LINKEDIN], &issued.ticket, &expected(LINKEDIN)).is_err());
    assert!(!issued.ticket.windows(6).any(|w| w == b"canary"));
}

#[tokio::test]
async fn a_harvestapi_key_serves_harvest_only_where_that_was_configured() {
    for one_key in [false, true] {
        let options = Options { one_key_for_harvest: one_key, ..Options::default() };
        let suite = suite_with(options).await;
        let key = &suite.operator;
        suite.create(key, "u").await;
        suite.put(key, "u", harvestapi_key("canary"), None).await.unwrap();
        let issued = suite.ticket(key, "u", LOG_TIME).await;
        if one_key {
            assert_eq!(issued.unwrap().credentials[0].kind(), Kind::HarvestapiKey);
            suite.put(key, "u", harvest_token("t"), None).await.unwrap();
            let issued = suite.ticket(key, "u", LOG_TIME).await.unwrap();
            assert_eq!(issued.credentials[0].kind(), Kind::HarvestToken, "the first that it has decides");
            for _ in 0..2 {
                suite.report(key, "u", (Kind::HarvestToken, 1), Word::ProbeRejected).await.unwrap();
            }
            assert_eq!(reason(suite.ticket(key, "u", LOG_TIME).await), Reason::CredentialExpired);
        } else {
            let status = issued.unwrap_err();
            assert_eq!(detail(&status, "kind"), "harvest_token");
            assert_eq!(reason::<()>(Err(status)), Reason::CredentialMissing);
        }
    }
}

#[tokio::test]
async fn a_ticket_needs_the_scope_the_pattern_and_the_callers_own_tenant() {
    let suite = with_all_kinds(Options::default()).await;
    let reader = suite.key("acme", &[Scope::TimeRead], &[]).await;
    let status = suite.ticket(&reader, "u", LOG_TIME).await.unwrap_err();
    assert_eq!(detail(&status, "scope"), "time:write");
    assert_eq!(reason::<()>(Err(status)), Reason::ScopeMissing);
    assert!(suite.ticket(&reader, "u", PROBE).await.is_ok(), "a probe needs no scope");

    let narrow = suite.key("acme", &[Scope::TimeWrite], &["team_*"]).await;
    assert_eq!(reason(suite.ticket(&narrow, "u", LOG_TIME).await), Reason::AccountNotAllowed);
    let other = suite.tenant("other").await;
    assert_eq!(reason(suite.ticket(&other, "u", LOG_TIME).await), Reason::AccountNotFound);
}

#[tokio::test]
async fn a_principal_token_that_is_not_ours_is_refused() {
    let suite = with_all_kinds(Options::default()).await;
    let mut token = suite.principal(&suite.operator).await;
    let key = &suite.operator;
    let verdict = suite.verdict(key, "u", (Kind::HarvestToken, 1), Word::ProbeRejected).await;
    let verdict = suite.sign(&verdict);
    let forged = granary_credential::principal::mint(&Key::random(), &internal::Principal::default());
    token[3] ^= 1;
    for principal_token in [token, forged, Vec::new()] {
        let request = internal::IssueTicketRequest {
            principal_token: principal_token.clone(),
            identifier: "u".into(),
            method: LOG_TIME.into(),
        };
        assert_eq!(reason(suite.brokers().issue_ticket(request).await), Reason::PeerRefused);
        let request = internal::ReportOutcomeRequest {
            principal_token,
            identifier: "u".into(),
            verdict: verdict.clone(),
        };
        assert_eq!(reason(suite.brokers().report_outcome(request).await), Reason::PeerRefused);
    }
    assert!(suite.ticket(&suite.operator, "u", LOG_TIME).await.is_ok());
}

#[tokio::test]
async fn methods_without_needs_and_unknown_ones_get_no_ticket() {
    let suite = suite().await;
    for method in
        ["", "granary.vault.v1.CredentialVault/PutCredential", "granary.harvest.v1.HarvestTime/Nope"]
    {
        let status = suite.ticket(&suite.operator, "", method).await.unwrap_err();
        assert!(status.message().contains("method") && status.message().contains("identifier"));
        assert_eq!(reason::<()>(Err(status)), Reason::InvalidInput);
    }
}

/// While everything moves to another store, a record may be read from the one and opened by the other.
#[tokio::test]
async fn a_value_that_was_sealed_anew_meanwhile_is_read_again_once() {
    let suite = with_all_kinds(Options::default()).await;
    assert_eq!(suite.opened_text(LOG_TIME, "u").await, ["canary-harvest"]);
    suite.store.move_away(1);
    assert_eq!(suite.opened_text(LOG_TIME, "u").await, ["canary-harvest"]);
    suite.store.move_away(usize::MAX);
    assert_eq!(reason(suite.ticket(&suite.operator, "u", LOG_TIME).await), Reason::Internal);
}
