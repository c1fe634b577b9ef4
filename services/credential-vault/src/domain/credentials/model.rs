//! The record against a model that is too simple to be wrong.
use granary_credential::verdict::Verdict;
use granary_proto::granary::vault::v1::CredentialStatus as Status;
use proptest::prelude::*;

use super::status::{Fresh, KEPT, PROBE_INTERVAL_MS};
use crate::domain::documents::Credential;

#[derive(Clone, Debug)]
enum Step {
    Put(u8),
    RollBack(i64),
    Revoke,
    /// Of which version, accepted or not, by a probe or not, and after how many milliseconds.
    Hear(i64, bool, bool, i64),
}

/// All values ever put, by version; what may be returned to begins after the last revocation.
#[derive(Default)]
struct Model {
    values: Vec<u8>,
    erased: usize,
    status: Status,
    /// When the first of the rejected probes was, since the value was last taken.
    rejected_at: Option<i64>,
}

impl Model {
    fn version(&self) -> i64 {
        i64::try_from(self.values.len()).unwrap()
    }

    fn kept(&self) -> Vec<i64> {
        let first = self.erased.max(self.values.len().saturating_sub(KEPT));
        (first + 1..=self.values.len()).map(|v| i64::try_from(v).unwrap()).collect()
    }

    fn apply(&mut self, step: &Step, at: i64) {
        match step {
            Step::Put(value) => {
                self.values.push(*value);
                self.status = Status::Pending;
                self.rejected_at = None;
            }
            Step::RollBack(version) if self.kept().contains(version) => {
                let value = self.values[usize::try_from(*version - 1).unwrap()];
                self.apply(&Step::Put(value), at);
            }
            Step::Revoke if !self.values.is_empty() => {
                self.erased = self.values.len();
                self.status = Status::Revoked;
            }
            Step::Hear(version, accepted, probe, _)
                if *version == self.version() && !self.values.is_empty() =>
            {
                self.hear(*accepted, *probe, at);
            }
            _ => {}
        }
    }

    fn hear(&mut self, accepted: bool, probe: bool, at: i64) {
        match (self.status, accepted) {
            (Status::Revoked, _) | (Status::Expired, false) => {}
            (Status::Expired, true) if !probe => {}
            (Status::Active, true) => {}
            (_, true) => {
                self.status = Status::Active;
                self.rejected_at = None;
            }
            (_, false) if !probe => self.status = Status::Suspect,
            (_, false) => match self.rejected_at {
                Some(first) if self.status == Status::Suspect && at - first >= PROBE_INTERVAL_MS => {
                    self.status = Status::Expired;
                }
                Some(_) => self.status = Status::Suspect,
                None => {
                    self.status = Status::Suspect;
                    self.rejected_at = Some(at);
                }
            },
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => any::<u8>().prop_map(Step::Put),
        2 => (0..12_i64).prop_map(Step::RollBack),
        1 => Just(Step::Revoke),
        6 => (0..12_i64, any::<bool>(), any::<bool>(), 1..40_000_i64).prop_map(|(v, a, p, after)| Step::Hear(v, a, p, after)),
    ]
}

proptest! {
    #[test]
    fn a_record_does_what_the_model_does(steps in prop::collection::vec(step(), 0..40)) {
        let (mut record, mut model) = (Credential::default(), Model::default());
        let mut now = 1;
        for step in &steps {
            now += if let Step::Hear(.., after) = step { *after } else { 1 };
            let before = record.clone();
            let existed = record.version > 0;
            match step {
                Step::Put(value) => record.put(Fresh { sealed: vec![*value], fingerprint: value.to_string() }, now),
                Step::RollBack(version) => drop(record.roll_back(*version, now)),
                Step::Revoke => if existed { record.revoke(now); },
                Step::Hear(version, accepted, probe, _) => {
                    let at_ms = u64::try_from(now).unwrap();
                    let verdict = Verdict { version: *version, accepted: *accepted, probe: *probe, at_ms, ..Verdict::default() };
                    record.hear(&verdict, now);
                    let heard = record.clone();
                    prop_assert!(!record.hear(&verdict, now + 1) && record == heard, "a verdict is heard once");
                }
            }
            model.apply(step, now);

            let shown = record.shown();
            prop_assert_eq!(shown.version, model.version());
            prop_assert_eq!(shown.status(), model.status);
            prop_assert_eq!(&shown.kept_versions, &model.kept());
            prop_assert!(shown.version >= before.version, "a version is never counted back");
            let revoked = model.status == Status::Revoked;
            prop_assert_eq!(record.values.is_empty(), revoked || model.values.is_empty());
            let current = model.values.last().filter(|_| !revoked).map(|value| vec![*value]);
            prop_assert_eq!(record.current().map(|value| value.sealed.clone()), current);
            if record.status() != before.status() || record.version != before.version {
                prop_assert_eq!(record.status_ms, now);
            }
        }
    }
}
