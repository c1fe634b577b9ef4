//! What Apify says of a run: how far it is, what it charged, and why it ended.
use granary_proto::granary::types::v1::Charge;
use granary_rpc::Error;
use serde_json::Value;

use super::{failure, micros};

/// What an actor says, in small letters, where its user has had as many runs as are free.
const NO_RUN_LEFT: &str = "run limit";
/// What it says where the cap of the run is reached, which is ours.
const NO_MONEY_LEFT: &str = "max charge reached";

/// What Apify says of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    pub(crate) id: String,
    pub(crate) status: String,
    pub(crate) message: String,
    pub(crate) dataset: String,
    /// All that was said.
    pub(crate) json: Value,
}

/// Whether a text may be the id of a run or of a dataset. It becomes a part of paths.
pub(crate) fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

impl State {
    /// Reads an answer about a run.
    pub(super) fn read(body: &Value) -> Result<Self, Error> {
        let data = &body["data"];
        let word = |key: &str| data[key].as_str().unwrap_or_default().to_owned();
        let state = Self {
            id: word("id"),
            status: word("status"),
            message: word("statusMessage"),
            dataset: word("defaultDatasetId"),
            json: data.clone(),
        };
        if is_id(&state.id) && is_id(&state.dataset) { Ok(state) } else { Err(failure::unreadable("a run")) }
    }

    /// The id alone, where an answer tells no more of a run that it began.
    pub(super) fn id_in(body: &Value) -> Option<&str> {
        body["data"]["id"].as_str().filter(|id| is_id(id))
    }

    /// Whether it will not change any more.
    pub(crate) fn ended(&self) -> bool {
        ["SUCCEEDED", "FAILED", "TIMED-OUT", "ABORTED"].contains(&self.status.as_str())
    }

    pub(crate) fn succeeded(&self) -> bool {
        self.status == "SUCCEEDED"
    }

    /// Whether it was let do no more, though Apify calls it a success: the actor ends by itself where the user has used up the
    /// runs that are free, or the cap is reached, and says so.
    pub(crate) fn is_limited(&self) -> bool {
        self.has_no_run_left() || self.says(NO_MONEY_LEFT)
    }

    /// Whether its user has had as many runs as are free.
    pub(super) fn has_no_run_left(&self) -> bool {
        self.says(NO_RUN_LEFT)
    }

    fn says(&self, words: &str) -> bool {
        self.message.to_lowercase().contains(words)
    }

    /// Results that were charged, by the run's own count. Starts are charged, too, and are none; nor are what Apify itself
    /// charges for each row beside the actor's events.
    pub(crate) fn charged_results(&self) -> usize {
        let is_result = |event: &str| !event.contains("start") && !event.starts_with("apify-");
        let results = self.charged_events().filter(|(event, _)| is_result(event));
        results.filter_map(|(_, count)| usize::try_from(count).ok()).fold(0, usize::saturating_add)
    }

    fn charged_events(&self) -> impl Iterator<Item = (&String, u64)> {
        let events = self.json["chargedEventCounts"].as_object().into_iter().flatten();
        events.filter_map(|(event, count)| Some((event, count.as_u64()?)))
    }

    /// What was billed, as far as it is told. A sum of nothing beside events that were charged is one that Apify has not made
    /// yet: for some seconds after its end a run shows 0.
    pub(crate) fn charge(&self) -> Charge {
        let billed = self.charged_events().filter(|(_, count)| *count > 0);
        let payment_codes: Vec<String> = billed.map(|(event, _)| event.clone()).collect();
        let sum = micros(&self.json["usageTotalUsd"]);
        Charge {
            cost_micros: sum.filter(|sum| *sum != 0 || payment_codes.is_empty()),
            payment_codes,
            upstream_request_id: Some(self.id.clone()),
        }
    }
}
