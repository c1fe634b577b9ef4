//! What services say of credentials: their word is taken if they signed it, for what they use themselves, and while it is fresh.
use std::time::Duration;

use granary_credential::Kind;
use granary_credential::verdict::{self, Verdict};
use granary_rpc::clock::now_ms;
use granary_rpc::{Error, Identifier, Reason};

use crate::state::State;

/// How far the time of a verdict may be from ours: clocks differ, and reports may wait.
const VERDICT_TTL: Duration = Duration::from_secs(300);

/// A verdict that the process which it names has signed about a kind that it uses, and whose time is near.
pub(super) fn read(state: &State, signed: &[u8]) -> Option<(Verdict, Kind)> {
    let process = verdict::claimed_process(signed)?;
    let verdict = verdict::verify(state.rings.get(&process)?, signed)?;
    let kind = verdict.known_kind()?;
    let uses = |needs: &[Vec<Kind>]| needs.iter().flatten().any(|needed| *needed == kind);
    let is_used = state.table.process(&process).any(|method| uses(&method.needs));
    let is_fresh = u128::from(verdict.at_ms.abs_diff(now_ms())) <= VERDICT_TTL.as_millis();
    (is_used && is_fresh && verdict.version > 0).then_some((verdict, kind))
}

/// Checks that a verdict is about the account that it is reported for.
pub(super) fn must_be_about(
    verdict: &Verdict,
    tenant: &str,
    identifier: &Identifier,
    incarnation: &[u8],
) -> Result<(), Error> {
    let fits = verdict.tenant == tenant
        && verdict.account == identifier.as_str()
        && verdict.incarnation == incarnation;
    let refused = || Error::new(Reason::TicketRefused, "the verdict is about another account");
    fits.then_some(()).ok_or_else(refused)
}
