//! LinkedIn's industries (codes V2): what people call them, and the ids that upstream takes.
use std::collections::HashMap;
use std::sync::LazyLock;

use granary_rpc::Violation;

/// One industry a line: its id, a space, its name.
const TABLE: &str = include_str!("industries/table.txt");
/// How many pieces of a text with commas a name may have been parted into.
const MOST_PIECES: usize = 5;
/// How many names an error suggests.
const SUGGESTED: usize = 5;

/// The ids of industries that are given by name or id.
///
/// # Errors
/// A fault for each that is not known, with the names that come nearest.
pub(crate) fn resolve(field: &str, given: &[String]) -> Result<Vec<String>, Vec<Violation>> {
    let (mut ids, mut faults) = (Vec::new(), Vec::new());
    let mut rest = given;
    let mut index = 0;
    while let Some(first) = rest.first() {
        let taken = match longest(rest) {
            Some((taken, id)) => {
                ids.push(id);
                taken
            }
            None => {
                faults.push(unknown(&format!("{field}[{index}]"), first));
                1
            }
        };
        index += taken;
        rest = rest.get(taken..).unwrap_or_default();
    }
    if faults.is_empty() { Ok(ids) } else { Err(faults) }
}

/// The most items that are one industry together: a name with commas in it may have been parted at them.
fn longest(items: &[String]) -> Option<(usize, String)> {
    (1..=items.len().min(MOST_PIECES)).rev().find_map(|taken| {
        let name = items.get(..taken)?.join(", ");
        id(&name).map(|id| (taken, id))
    })
}

fn id(name: &str) -> Option<String> {
    let name = name.trim();
    if !name.is_empty() && name.len() <= 10 && name.bytes().all(|b| b.is_ascii_digit()) {
        return Some(name.to_owned());
    }
    BY_NAME.get(&plain(name)).map(|id| (*id).to_owned())
}

fn unknown(field: &str, given: &str) -> Violation {
    let names: Vec<String> = nearest(given).into_iter().map(|(id, name)| format!("{name} ({id})")).collect();
    let description = format!("is no industry of LinkedIn; the nearest are: {}", names.join("; "));
    Violation { field: field.to_owned(), description }
}

/// The industries whose names come nearest: by the words they share, then by their pairs of letters.
fn nearest(given: &str) -> Vec<(&'static str, &'static str)> {
    let given = plain(&given.chars().take(100).collect::<String>());
    let mut all: Vec<_> = rows().map(|(id, name)| (likeness(&given, &plain(name)), id, name)).collect();
    all.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.2.len().cmp(&b.2.len())));
    all.into_iter().take(SUGGESTED).map(|(_, id, name)| (id, name)).collect()
}

fn likeness(a: &str, b: &str) -> f64 {
    let words = |text: &str| text.split(' ').filter(|w| *w != "and").map(str::to_owned).collect::<Vec<_>>();
    let pairs = |text: &str| {
        let letters: Vec<char> = text.chars().filter(|c| *c != ' ').collect();
        letters.windows(2).map(|pair| pair.iter().collect::<String>()).collect::<Vec<_>>()
    };
    share(&words(a), &words(b)) + share(&pairs(a), &pairs(b))
}

/// How much of two lists is in both, from 0 to 1.
fn share(a: &[String], b: &[String]) -> f64 {
    let both = a.iter().filter(|item| b.contains(item)).count();
    let all = u32::try_from(a.len() + b.len()).unwrap_or(u32::MAX).max(1);
    2.0 * f64::from(u32::try_from(both).unwrap_or(u32::MAX)) / f64::from(all)
}

/// Small letters and digits, words parted by one space, "&" as "and".
fn plain(name: &str) -> String {
    let name = name.replace('&', " and ").to_lowercase();
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLE.lines().filter_map(|line| line.split_once(' '))
}

static BY_NAME: LazyLock<HashMap<String, &'static str>> =
    LazyLock::new(|| rows().map(|(id, name)| (plain(name), id)).collect());

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(given: &[&str]) -> Result<Vec<String>, Vec<Violation>> {
        resolve("industry", &given.iter().map(|g| (*g).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn every_name_of_the_table_is_one_industry() {
        assert_eq!((rows().count(), BY_NAME.len()), (434, 434));
        for (id, name) in rows() {
            assert_eq!(ids(&[name]).unwrap(), [id], "{name}");
            let pieces: Vec<&str> = name.split(", ").collect();
            assert_eq!(ids(&pieces).unwrap(), [id], "{name}");
        }
    }

    #[test]
    fn names_are_taken_however_they_are_written_and_ids_as_they_are() {
        assert_eq!(
            ids(&["software  development", "Hospitals & Health Care", "96"]).unwrap(),
            ["4", "14", "96"]
        );
        let parted = ids(&["Technology", "Information and Internet", "Law Practice"]);
        assert_eq!(parted.unwrap(), ["6", "9"]);
    }

    #[test]
    fn an_unknown_name_is_told_the_nearest() {
        let faults = ids(&["Law Practice", "Sofware", "Health"]).unwrap_err();
        assert_eq!(
            faults.iter().map(|f| f.field.as_str()).collect::<Vec<_>>(),
            ["industry[1]", "industry[2]"]
        );
        assert!(faults[0].description.contains("Software Development (4)"), "{}", faults[0].description);
        assert!(faults[1].description.contains("Hospitals and Health Care"), "{}", faults[1].description);
        assert_eq!(faults[0].description.matches(';').count(), SUGGESTED);
    }
}
