//! A run and its dataset on the wire.

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Run;
use crate::decimal::Decimal;
use crate::kernel::reply::Reply;
use crate::kernel::sync::lock;

impl Run {
    pub(in crate::apify) fn reply(&self, status: StatusCode) -> Reply {
        Reply::json(status, &json!({"data": self.show()}))
    }

    /// What a list of runs shows.
    pub(in crate::apify) fn summary(&self) -> Value {
        let mut shown = self.show();
        for name in ["userId", "statusMessage", "isStatusMessageTerminal", "stats", "options", "exitCode"] {
            if let Some(map) = shown.as_object_mut() {
                map.shift_remove(name);
            }
        }
        shown
    }

    /// The dataset, of which the first `shown` rows are there to see.
    pub(in crate::apify) fn dataset(&self, shown: Option<usize>) -> Value {
        let progress = lock(&self.progress);
        json!({
            "id": self.dataset_id(),
            "name": null,
            "userId": self.user,
            "createdAt": time(self.started),
            "modifiedAt": time(progress.finished.unwrap_or_else(Timestamp::now)),
            "itemCount": progress.shown(shown),
            "actId": self.actor.id(),
            "actRunId": self.id(),
        })
    }

    fn show(&self) -> Value {
        let progress = lock(&self.progress);
        let status = self.status();
        let ran = progress.finished.unwrap_or_else(Timestamp::now).duration_since(self.started);
        let ran = i64::try_from(ran.as_millis()).unwrap_or(0).max(0);
        let counts: Map<_, _> = self
            .actor
            .events()
            .iter()
            .map(|event| (event.name().to_owned(), json!(progress.count(*event))))
            .collect();
        let mut options = json!({
            "build": self.options.build,
            "timeoutSecs": self.options.timeout_secs,
            "memoryMbytes": self.options.memory,
            "diskMbytes": self.options.memory * 2,
        });
        if let Some(cap) = self.options.cap {
            options["maxTotalChargeUsd"] = json!(cap);
        }
        if let Some(most) = self.options.max_items {
            options["maxItems"] = json!(most);
        }
        json!({
            "id": self.id(),
            "actId": self.actor.id(),
            "userId": self.user,
            "startedAt": time(self.started),
            "finishedAt": progress.finished.map(time),
            "status": status,
            "statusMessage": progress.message,
            "isStatusMessageTerminal": status.is_final().then_some(true),
            "meta": {"origin": "API"},
            "stats": {
                "restartCount": 0,
                "resurrectCount": 0,
                "runTimeSecs": Decimal::new(ran, 3),
                "computeUnits": Decimal::new(ran * 7, 8),
            },
            "options": options,
            "buildId": "sbxBuild000000001",
            "buildNumber": "0.0.1",
            "exitCode": status.exit_code(),
            "defaultKeyValueStoreId": format!("sbxK{:013}", self.number),
            "defaultDatasetId": self.dataset_id(),
            "defaultRequestQueueId": format!("sbxQ{:013}", self.number),
            "usageTotalUsd": progress.spent,
            "chargedEventCounts": counts,
        })
    }
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
