//! What the servers said of a call that none of them served, one after the other, and what that comes to.
use super::super::fault::Fault;
use crate::Outage;

/// What was heard so far.
#[derive(Default)]
pub(super) struct Said {
    pub(super) count: usize,
    /// Servers that cannot choose a leader: sealed, or out of reach.
    away: usize,
    /// Servers that wait for a leader.
    waiting: usize,
    last: Option<Fault>,
}

impl Said {
    pub(super) fn hear(&mut self, fault: Fault) {
        self.count += 1;
        match fault {
            Fault::Unreached
            | Fault::Outage(Outage::Sealed | Outage::Unreachable | Outage::Untrusted | Outage::Slow) => {
                self.away += 1;
            }
            Fault::Outage(Outage::Standby) => self.waiting += 1,
            _ => {}
        }
        self.last = Some(fault);
    }

    /// What it comes to, of so many servers. A leader that fell is chosen anew within seconds, unless half of the servers are
    /// away: then somebody must unseal or start them.
    pub(super) fn verdict(&self, servers: usize) -> Fault {
        let last = self.last.unwrap_or(Fault::Unreached);
        // A write of it may stand.
        if self.waiting == 0 || last == Fault::Deposed {
            return last;
        }
        let outage = if self.away * 2 >= servers { Outage::QuorumLost } else { Outage::Standby };
        Fault::Outage(outage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quorum_that_is_lost_is_told_from_a_leader_that_is_being_chosen() {
        let (sealed, standby) = (Fault::Outage(Outage::Sealed), Fault::Outage(Outage::Standby));
        for (heard, servers, comes_to) in [
            (vec![standby], 1, Outage::Standby),
            (vec![sealed, sealed, sealed], 3, Outage::Sealed),
            // The leader was killed, and the two others choose one of them.
            (vec![Fault::Unreached, standby, standby], 3, Outage::Standby),
            (vec![standby, Fault::Unreached, standby], 3, Outage::Standby),
            (vec![sealed, standby, sealed], 3, Outage::QuorumLost),
            (vec![sealed, Fault::Unreached, standby], 3, Outage::QuorumLost),
            (vec![sealed, standby, standby, standby, standby], 5, Outage::Standby),
        ] {
            let mut said = Said::default();
            heard.iter().for_each(|fault| said.hear(*fault));
            assert_eq!(said.verdict(servers), Fault::Outage(comes_to), "{heard:?}");
        }
        let mut said = Said::default();
        [sealed, standby, Fault::Deposed].iter().for_each(|fault| said.hear(*fault));
        assert_eq!(said.verdict(3), Fault::Deposed, "its write may stand");
    }
}
