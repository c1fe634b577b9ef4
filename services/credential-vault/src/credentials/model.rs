//! The record against a model that is too simple to be wrong.
use granary_proto::granary::vault::v1::{CredentialStatus as Status, Outcome};
use proptest::prelude::*;

use super::machine::{Fresh, KEPT};
use crate::documents::Credential;

#[derive(Clone, Debug)]
enum Step {
    Put(u8),
    RollBack(i64),
    Revoke,
    Report(i64, Outcome),
}

/// All values ever put, by version; what may be returned to begins after the last revocation.
#[derive(Default)]
struct Model {
    values: Vec<u8>,
    erased: usize,
    status: Status,
}

impl Model {
    fn version(&self) -> i64 {
        i64::try_from(self.values.len()).unwrap()
    }

    fn kept(&self) -> Vec<i64> {
        let first = self.erased.max(self.values.len().saturating_sub(KEPT));
        (first + 1..=self.values.len()).map(|v| i64::try_from(v).unwrap()).collect()
    }

    fn apply(&mut self, step: &Step) {
        match step {
            Step::Put(value) => {
                self.values.push(*value);
                self.status = Status::Pending;
            }
            Step::RollBack(version) if self.kept().contains(version) => {
                let value = self.values[usize::try_from(*version - 1).unwrap()];
                self.apply(&Step::Put(value));
            }
            Step::Revoke if !self.values.is_empty() => {
                self.erased = self.values.len();
                self.status = Status::Revoked;
            }
            Step::Report(version, outcome) if *version == self.version() && !self.values.is_empty() => {
                let ended = matches!(self.status, Status::Expired | Status::Revoked);
                match outcome {
                    _ if ended => {}
                    Outcome::Accepted => self.status = Status::Active,
                    Outcome::Rejected => self.status = Status::Suspect,
                    Outcome::ProbeRejected => self.status = Status::Expired,
                    Outcome::Unspecified => {}
                }
            }
            _ => {}
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let outcome = prop_oneof![
        Just(Outcome::Accepted),
        Just(Outcome::Rejected),
        Just(Outcome::ProbeRejected),
        Just(Outcome::Unspecified)
    ];
    prop_oneof![
        3 => any::<u8>().prop_map(Step::Put),
        2 => (0..12_i64).prop_map(Step::RollBack),
        1 => Just(Step::Revoke),
        4 => (0..12_i64, outcome).prop_map(|(version, outcome)| Step::Report(version, outcome)),
    ]
}

proptest! {
    #[test]
    fn a_record_does_what_the_model_does(steps in prop::collection::vec(step(), 0..40)) {
        let (mut record, mut model) = (Credential::default(), Model::default());
        for (now, step) in (1_i64..).zip(&steps) {
            let before = record.clone();
            let existed = record.version > 0;
            match step {
                Step::Put(value) => record.put(Fresh { sealed: vec![*value], fingerprint: value.to_string() }, now),
                Step::RollBack(version) => drop(record.roll_back(*version, now)),
                Step::Revoke => if existed { record.revoke(now); },
                Step::Report(version, outcome) => drop(record.report(*version, *outcome, now)),
            }
            model.apply(step);

            let shown = record.shown();
            prop_assert_eq!(shown.version, model.version());
            prop_assert_eq!(shown.status(), model.status);
            prop_assert_eq!(&shown.kept_versions, &model.kept());
            prop_assert!(shown.version >= before.version, "a version is never counted back");
            let revoked = model.status == Status::Revoked;
            prop_assert_eq!(record.values.is_empty(), revoked || model.values.is_empty());
            let current = model.values.last().filter(|_| !revoked).map(|value| vec![*value]);
            prop_assert_eq!(record.current().map(|value| value.sealed.clone()), current);
            if record.status() == before.status() && record.version == before.version {
                prop_assert_eq!(&record, &before);
            } else {
                prop_assert_eq!(record.status_ms, now);
            }
        }
    }
}
