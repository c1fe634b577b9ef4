//! What services say of credentials, signed as they sign it.
use std::sync::atomic::Ordering;

use granary_credential::Kind;
use granary_credential::verdict::{self, Verdict};
use granary_proto::granary::internal::v1 as internal;
use granary_rpc::clock::now_ms;
use tonic::Status;

use super::{HARVEST, LINKEDIN, LOG_TIME, Suite};

/// What a vendor made of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Accepted,
    Rejected,
    ProbeAccepted,
    ProbeRejected,
}

impl Suite {
    /// Reports what a vendor made of a credential, as its service would sign it. Each word is later than the one before, and a
    /// probe's by more than half a minute.
    pub(crate) async fn report(
        &self,
        key: &str,
        identifier: &str,
        (kind, version): (Kind, i64),
        word: Word,
    ) -> Result<internal::ReportOutcomeResponse, Status> {
        let verdict = self.verdict(key, identifier, (kind, version), word).await;
        self.report_signed(key, identifier, self.sign(&verdict)).await
    }

    pub(crate) async fn report_signed(
        &self,
        key: &str,
        identifier: &str,
        verdict: Vec<u8>,
    ) -> Result<internal::ReportOutcomeResponse, Status> {
        let principal_token = self.principal(key).await;
        let request =
            internal::ReportOutcomeRequest { principal_token, identifier: identifier.into(), verdict };
        self.brokers().report_outcome(request).await.map(tonic::Response::into_inner)
    }

    pub(crate) async fn verdict(
        &self,
        key: &str,
        identifier: &str,
        (kind, version): (Kind, i64),
        word: Word,
    ) -> Verdict {
        let probe = matches!(word, Word::ProbeAccepted | Word::ProbeRejected);
        let later = if probe { 31_000 } else { 1 };
        let at_ms = now_ms() + self.clock.fetch_add(later, Ordering::Relaxed) + later;
        let service = if kind == Kind::HarvestToken { HARVEST } else { LINKEDIN };
        Verdict {
            process: service.to_owned(),
            tenant: "acme".to_owned(),
            account: identifier.to_owned(),
            incarnation: self.incarnation(key, identifier).await,
            kind: kind.into(),
            version,
            accepted: matches!(word, Word::Accepted | Word::ProbeAccepted),
            probe,
            at_ms,
            ..Verdict::default()
        }
    }

    pub(crate) fn sign(&self, verdict: &Verdict) -> Vec<u8> {
        verdict::sign(&self.rings[&verdict.process], verdict).unwrap()
    }

    /// The account's incarnation, as a ticket for whatever it holds tells it; later also where no ticket is given out.
    async fn incarnation(&self, key: &str, identifier: &str) -> Vec<u8> {
        for method in [
            LOG_TIME,
            "granary.linkedin.v1.LinkedInData/ScrapeProfile",
            "granary.linkedin.v1.LinkedInData/BulkScrapeProfiles",
        ] {
            if let Ok(issued) = self.ticket(key, identifier, method).await {
                self.incarnations.lock().unwrap().insert(identifier.to_owned(), issued.incarnation.clone());
                return issued.incarnation;
            }
        }
        self.incarnations.lock().unwrap().get(identifier).cloned().unwrap_or_default()
    }
}
