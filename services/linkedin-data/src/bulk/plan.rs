//! Which row belongs to which URL: rows come in any order, some never, and repeats are fetched once.
use std::collections::{BTreeMap, HashMap};

use granary_formats::linkedin::person;
use granary_proto::granary::linkedin::v1 as wire;
use serde_json::Value;

use super::word;
use crate::answer;
use crate::apify::State;

/// The profiles of a request.
pub(super) struct Plan {
    given: Vec<String>,
    different: Vec<String>,
    /// By what is the same about spellings of one URL: the places in the request that wait for a row.
    waiting: BTreeMap<String, Vec<usize>>,
    strays: Vec<Value>,
}

impl Plan {
    /// The plan of a request: its URLs as they were given, and as they are sent on.
    pub(super) fn of(given: Vec<String>, urls: &[String]) -> Self {
        let mut waiting: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut different = Vec::new();
        for (index, url) in urls.iter().enumerate() {
            let places = waiting.entry(person(url)).or_default();
            if places.is_empty() {
                different.push(url.trim().to_owned());
            }
            places.push(index);
        }
        Self { given, different, waiting, strays: Vec::new() }
    }

    /// One URL for each profile.
    pub(super) fn different(&self) -> &[String] {
        &self.different
    }

    /// How many of them have a row.
    pub(super) fn answered(&self) -> usize {
        self.different.len().saturating_sub(self.waiting.len())
    }

    /// More rows than this are not read.
    pub(super) fn most_rows(&self) -> usize {
        2 * self.different.len() + 10
    }

    /// The entries that a row answers; none where it belongs to no URL.
    pub(super) fn take(&mut self, row: Value) -> Vec<wire::BulkProfile> {
        let Some(places) = key(&row).and_then(|key| self.waiting.remove(&key)) else {
            self.strays.push(row);
            return Vec::new();
        };
        let (profile, error) = outcome(row);
        self.entries(&places, profile.as_ref(), error.as_ref())
    }

    /// The entries of URLs that no row came for.
    pub(super) fn missing(&mut self, state: &State) -> Vec<wire::BulkProfile> {
        let said = granary_upstream::status::tidy(&state.message);
        // Of what was charged beyond the rows that were asked for, nobody knows which profile it was for.
        let billed = if state.charged_results() > self.answered() {
            format!("it may have been billed: see run {}", state.id)
        } else {
            "it was not billed".to_owned()
        };
        let error = wire::BulkError {
            reason: Some("NO_RESULT".to_owned()),
            message: Some(format!(
                "the run gave nothing for this profile; {billed}; the run says \"{said}\""
            )),
        };
        let waiting = std::mem::take(&mut self.waiting);
        waiting.values().flat_map(|places| self.entries(places, None, Some(&error))).collect()
    }

    /// Rows that belong to no URL.
    pub(super) fn extra(&self) -> HashMap<String, String> {
        let strays = (!self.strays.is_empty()).then(|| Value::Array(self.strays.clone()).to_string());
        strays.map(|rows| ("rows".to_owned(), rows)).into_iter().collect()
    }

    fn entries(
        &self,
        places: &[usize],
        profile: Option<&wire::Profile>,
        error: Option<&wire::BulkError>,
    ) -> Vec<wire::BulkProfile> {
        let entry = |place: &usize| wire::BulkProfile {
            url: self.given.get(*place).cloned(),
            index: i32::try_from(*place).ok(),
            profile: profile.cloned(),
            error: error.cloned(),
        };
        places.iter().map(entry).collect()
    }
}

/// By what a row is known: what was asked for, and only without that whom it shows.
fn key(row: &Value) -> Option<String> {
    asked(row).or_else(|| word(row, &["linkedinUrl", "publicIdentifier"])).map(person)
}

/// What was asked for, as the row repeats it.
fn asked(row: &Value) -> Option<&str> {
    ["originalQuery", "query"].iter().find_map(|key| match row.get(*key)? {
        Value::String(text) => Some(text.as_str()),
        query => word(query, &["url", "publicIdentifier", "profileId", "query"]),
    })
}

/// A row by itself, in no request.
pub(crate) fn row(row: Value) -> wire::BulkProfile {
    let url = asked(&row).map(str::to_owned);
    let (profile, error) = outcome(row);
    wire::BulkProfile { url, index: None, profile, error }
}

/// A profile, or why there is none: a row with an envelope around no element, or one that shows nobody.
fn outcome(mut row: Value) -> (Option<wire::Profile>, Option<wire::BulkError>) {
    let missed = |row: &Value, reason: &str| {
        let told = match row.get("error") {
            Some(Value::String(text)) => Some(text.clone()),
            Some(error) => word(error, &["error", "message"]).map(str::to_owned),
            None => None,
        };
        let nothing = match reason {
            "UPSTREAM_NOT_FOUND" => "upstream found nobody there",
            _ => "the row shows nobody",
        };
        let message = told.map_or_else(|| nothing.to_owned(), |told| granary_upstream::status::tidy(&told));
        wire::BulkError { reason: Some(reason.to_owned()), message: Some(message) }
    };
    let status = row.get("status").and_then(Value::as_u64);
    let reason = match status {
        Some(500..) => "UPSTREAM_UNAVAILABLE",
        Some(404) => "UPSTREAM_NOT_FOUND",
        None if row.get("error").is_some() => "UPSTREAM_NOT_FOUND",
        _ => "UPSTREAM_MALFORMED",
    };
    let element = row.get_mut("element").map(Value::take);
    let shown = match &element {
        Some(element) => element,
        None => &row,
    };
    let is_denied = row.get("success").is_some_and(|success| success == false);
    if is_denied || word(shown, &["id", "linkedinUrl", "publicIdentifier"]).is_none() {
        return (None, Some(missed(&row, reason)));
    }
    match element {
        Some(element) => (Some(answer::profile(&element)), None),
        None => {
            if let Value::Object(row) = &mut row {
                row.shift_remove("originalQuery");
            }
            (Some(answer::profile(&row)), None)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn urls(slugs: &[&str]) -> Vec<String> {
        slugs.iter().map(|slug| format!("https://www.linkedin.com/in/{slug}")).collect()
    }

    #[test]
    fn rows_find_their_places_and_repeats_are_fetched_once() {
        let mut plan = Plan::of(urls(&["a", "b", "a/", "C"]), &urls(&["a", "b", "a/", "C"]));
        assert_eq!(plan.different().len(), 3);
        let entries =
            plan.take(json!({"id": "1", "originalQuery": {"url": "https://www.linkedin.com/in/a"}}));
        assert_eq!(entries.iter().map(|e| e.index.unwrap()).collect::<Vec<_>>(), [0, 2]);
        assert_eq!(entries[1].url.as_deref(), Some("https://www.linkedin.com/in/a/"));
        assert!(entries.iter().all(|e| e.profile.is_some() && e.error.is_none()));
        let miss = json!({"element": null, "status": 404, "error": "nobody", "originalQuery": {"url": urls(&["b"])[0]}});
        let entries = plan.take(miss);
        assert_eq!(entries[0].error.as_ref().unwrap().reason.as_deref(), Some("UPSTREAM_NOT_FOUND"));
        assert!(
            plan.take(json!({"id": "9", "originalQuery": {"url": "https://www.linkedin.com/in/zzz"}}))
                .is_empty()
        );
        assert_eq!(plan.answered(), 2);
        let state = State {
            id: "r1".to_owned(),
            message: "max charge reached".to_owned(),
            json: json!({"chargedEventCounts": {"actor-start": 1, "profile": 2}}),
            ..State::default()
        };
        let missing = plan.missing(&state);
        assert_eq!((missing.len(), missing[0].index), (1, Some(3)));
        let message = missing[0].error.clone().unwrap().message.unwrap();
        assert!(message.contains("max charge reached") && message.contains("not billed"), "{message}");
        assert!(plan.extra()["rows"].contains("zzz"));
    }

    #[test]
    fn nothing_is_said_to_be_free_against_the_count_of_what_was_charged() {
        let both = urls(&["a", "b"]);
        let mut plan = Plan::of(both.clone(), &both);
        plan.take(json!({"id": "1", "originalQuery": {"url": "https://www.linkedin.com/in/a"}}));
        let json = json!({"chargedEventCounts": {"profile": 2}});
        let state = State { id: "r1".to_owned(), json, ..State::default() };
        let message = plan.missing(&state)[0].error.clone().unwrap().message.unwrap();
        assert!(message.contains("may have been billed") && message.contains("r1"), "{message}");
    }

    #[test]
    fn spellings_of_one_person_are_one_row_and_are_answered_as_they_were_given() {
        let given = urls(&["j%C3%BCrgen-x", "jürgen-x"]);
        let mut plan = Plan::of(given.clone(), &urls(&["jürgen-x", "jürgen-x"]));
        assert_eq!(plan.different(), &urls(&["jürgen-x"]));
        let entries = plan.take(json!({"id": "1", "linkedinUrl": given[0]}));
        assert_eq!(entries.iter().map(|e| e.url.clone().unwrap()).collect::<Vec<_>>(), given);
    }

    #[test]
    fn older_layouts_are_read_too() {
        let mut plan = Plan::of(urls(&["a", "b"]), &urls(&["a", "b"]));
        let row = json!({"query": {"publicIdentifier": "A"}, "element": {"id": "1"}, "status": 200});
        assert_eq!(plan.take(row)[0].profile.as_ref().unwrap().id.as_deref(), Some("1"));
        let row = json!({"linkedinUrl": "https://www.linkedin.com/in/b", "firstName": "B"});
        assert_eq!(plan.take(row)[0].index, Some(1));
    }
}
