//! The clocks. Sealed credentials live for minutes by credential-vault's clock, so that a machine whose clock is off can store none.
use std::time::{Duration, SystemTime};

use granary_credential::{Credential, Secret};
use granary_proto::granary::vault::v1::PutSealedCredentialRequest;

use super::finding::Finding;
use crate::client::ApiClient;
use crate::clock::apart;
use crate::exit::{CONFIGURATION, Failure};
use crate::sealing::SealingKey;

/// From here on it is said.
const MAX_UNREPORTED_DELAY: Duration = Duration::from_secs(5);
/// From here on sealed credentials are near to being refused.
const MAX_CLOCK_DELAY: Duration = Duration::from_secs(120);

const CHECK: &str = "clock";
/// Whose box it is where no account is known.
const NOBODY: &str = "granary-doctor";

/// Asks what time it is by the one answer that tells: the refusal of a box that is long past its time. It holds nothing, and would
/// be refused for its version, too.
pub(super) async fn look(gateway: &ApiClient, key: &SealingKey, account: Option<&str>) -> Finding {
    match refusal(gateway, key, account.unwrap_or(NOBODY)).await {
        Ok(refusal) => judged(&refusal, SystemTime::now()),
        Err(failure) => Finding::unseen(CHECK, &failure),
    }
}

async fn refusal(gateway: &ApiClient, key: &SealingKey, account: &str) -> Result<Failure, Failure> {
    let nothing = Credential::ApifyToken { token: Secret::new("nothing".to_owned()) };
    let (past, never) = (SystemTime::UNIX_EPOCH, Some(i64::MAX));
    let request = PutSealedCredentialRequest {
        sealed_box: key.seal_until(past, gateway.api_key_id()?, account, &nothing, never)?,
        identifier: account.to_owned(),
        key_id: key.key_id.clone(),
    };
    match gateway.answer(gateway.accounts().put_sealed_credential(gateway.request(request))).await {
        Ok(_) => Err(Failure::unexpected("a box that is long past its time was taken")),
        Err(failure) => Ok(failure),
    }
}

fn judged(refusal: &Failure, own: SystemTime) -> Finding {
    let Some(apart) = apart(refusal, own) else { return Finding::unseen(CHECK, refusal) };
    let said = format!("this machine's clock is {} credential-vault's", apart.text);
    let next = "set the clock of the machine that is wrong; sealed credentials live for minutes";
    match apart.by {
        by if by < MAX_UNREPORTED_DELAY => {
            Finding::fine(CHECK, "this machine's clock and credential-vault's agree")
        }
        by if by < MAX_CLOCK_DELAY => Finding::warning(CHECK, said, next),
        _ => Finding::fault(CHECK, CONFIGURATION, said, next),
    }
}

#[cfg(test)]
mod tests {
    use granary_rpc::{Error, Reason};

    use super::*;
    use crate::doctor::finding::{Level, worst};

    #[test]
    fn a_clock_that_is_off_is_told_by_how_much() {
        let server = SystemTime::UNIX_EPOCH + Duration::from_secs(1_774_958_400);
        let refused = Error::new(Reason::SealExpired, "late").with("server_time", "2026-03-31T12:00:00Z");
        let refusal = Failure::from(refused);
        let level = |own| judged(&refusal, own).level;
        assert_eq!(level(server + Duration::from_secs(2)), Level::Fine);
        assert_eq!(level(server + Duration::from_secs(60)), Level::Warning);
        let behind = judged(&refusal, server - Duration::from_secs(400));
        assert!(behind.said.contains("400 s behind credential-vault's"), "{behind:?}");
        assert_eq!(worst(&[behind]), 3);
        let other = Failure::from(Error::new(Reason::ScopeMissing, "no"));
        assert!(judged(&other, server).said.starts_with("not looked at"));
    }
}
