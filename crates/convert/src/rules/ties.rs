//! Rules that tie several fields of a message together.
use granary_rpc::Violation;

use crate::shape::Ties;
use crate::violations::{join, violation};

/// What is known of the fields of a message, by their names.
pub(super) struct Given<'a> {
    /// Whether it was given.
    pub(super) set: &'a dyn Fn(&str) -> bool,
    /// Whether it also switches something on.
    pub(super) on: &'a dyn Fn(&str) -> bool,
    /// Whether it also holds more than blanks.
    pub(super) filled: &'a dyn Fn(&str) -> bool,
    /// The day that it holds, if it holds one.
    pub(super) day: &'a dyn Fn(&str) -> Option<[i32; 3]>,
}

/// Every rule of them that is broken.
pub(super) fn check(ties: &Ties, path: &str, given: &Given<'_>) -> Vec<Violation> {
    let (set, on) = (given.set, given.on);
    let mut violations = Vec::new();
    let mut one_of = |names: &Vec<String>| {
        violations.push(violation(path, format!("needs at least one of {}", names.join(", "))));
    };
    ties.at_least_one.iter().filter(|names| !names.iter().any(|n| set(n))).for_each(&mut one_of);
    ties.filters.iter().filter(|names| !names.iter().any(|n| (given.filled)(n))).for_each(&mut one_of);
    for groups in &ties.at_most_one {
        exclusive(groups, path, on, &mut violations);
    }
    for names in &ties.together {
        let (given, missing): (Vec<&String>, Vec<&String>) = names.iter().partition(|n| set(n));
        if let Some(first) = given.first() {
            let wanted =
                |n: &&String| violation(&join(path, n), format!("is required together with {first}"));
            violations.extend(missing.iter().map(wanted));
        }
    }
    for names in &ties.in_order {
        for pair in names.windows(2) {
            if let ([first, second], Some(from), Some(to)) =
                (pair, (given.day)(&pair[0]), (given.day)(&pair[1]))
                && from > to
            {
                violations.push(violation(&join(path, second), format!("must not be before {first}")));
            }
        }
    }
    violations
}

/// The violation stands at the fields of every alternative but the first that is set.
fn exclusive(groups: &[Vec<String>], path: &str, on: &dyn Fn(&str) -> bool, violations: &mut Vec<Violation>) {
    let mut first: Option<&str> = None;
    for group in groups {
        let set: Vec<&String> = group.iter().filter(|n| on(n)).collect();
        match first {
            None => first = set.first().map(|n| n.as_str()),
            Some(other) => {
                let clash =
                    |n: &&String| violation(&join(path, n), format!("cannot be given together with {other}"));
                violations.extend(set.iter().map(clash));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(ties: &Ties, given: &[&str]) -> Vec<String> {
        let set = |name: &str| given.contains(&name);
        let filled = |name: &str| given.contains(&name) && name != "blank";
        let given = Given { set: &set, on: &set, filled: &filled, day: &|_| None };
        check(ties, "", &given).into_iter().map(|v| v.field).collect()
    }

    #[test]
    fn groups_exclude_one_another_and_pairs_stay_together() {
        let names = |list: &[&str]| list.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        let ties = Ties {
            at_least_one: vec![names(&["hours", "start"])],
            at_most_one: vec![vec![names(&["hours"]), names(&["start", "end"])]],
            together: vec![names(&["start", "end"])],
            filters: vec![],
            in_order: vec![],
        };
        assert_eq!(broken(&ties, &[]), [""]);
        assert!(broken(&ties, &["hours"]).is_empty());
        assert!(broken(&ties, &["start", "end"]).is_empty());
        assert_eq!(broken(&ties, &["start"]), ["end"]);
        assert_eq!(broken(&ties, &["hours", "start", "end"]), ["start", "end"]);
        let ties = Ties { filters: vec![names(&["words", "blank"])], ..Ties::default() };
        assert_eq!(broken(&ties, &["blank"]), [""]);
        assert!(broken(&ties, &["words"]).is_empty());
    }
}
