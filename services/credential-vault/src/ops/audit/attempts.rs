//! Refusals of callers who are not known, summed up: whoever sends unknown keys makes no more lines than a few a second.
use super::entry::Entry;

/// Most different sums of one second. What does not fit is summed under [`OTHERS`].
const MAX_GROUPS: usize = 16;
/// Stands for every action, and for every outcome.
const OTHERS: &str = "*";

/// What was refused since it was last taken.
#[derive(Debug, Default)]
pub(super) struct Attempts(Vec<(&'static str, &'static str, u64)>);

impl Attempts {
    pub(super) fn add(&mut self, action: &'static str, outcome: &'static str) {
        let known = self.0.iter().position(|group| (group.0, group.1) == (action, outcome));
        if let Some(group) = known.and_then(|index| self.0.get_mut(index)) {
            group.2 += 1;
        } else if self.0.len() < MAX_GROUPS {
            self.0.push((action, outcome, 1));
        } else {
            self.rest();
        }
    }

    /// A line for each sum; they start again at 0.
    pub(super) fn take(&mut self) -> Vec<Vec<u8>> {
        let all = std::mem::take(&mut self.0);
        all.into_iter().map(|(action, outcome, count)| Entry::sum(action, outcome, count).line()).collect()
    }

    /// The last sum stands for all that do not fit, itself included.
    fn rest(&mut self) {
        if let Some(last) = self.0.last_mut() {
            *last = (OTHERS, OTHERS, last.2 + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_attempt_is_left_out_however_many_kinds_there_are() {
        let mut attempts = Attempts::default();
        let names: Vec<&'static str> = (0..40).map(|n| &*format!("method-{n}").leak()).collect();
        for name in names.iter().chain(&names) {
            attempts.add(name, "API_KEY_INVALID");
        }
        let lines = attempts.take();
        assert_eq!(lines.len(), MAX_GROUPS);
        let counts = lines.iter().map(|line| {
            let value: serde_json::Value = serde_json::from_slice(line).unwrap();
            value["attempts"].as_u64().unwrap()
        });
        assert_eq!(counts.sum::<u64>(), 80);
        assert!(attempts.take().is_empty());
    }
}
