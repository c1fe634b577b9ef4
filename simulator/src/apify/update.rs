//! What the control port may set of a token of Apify.

use serde_json::Value;

use super::status::Status;
use super::token::{MAX_SYNC_WAIT, Tier, Token};
use crate::decimal::Micros;
use crate::kernel::fields::{Complaint, Fields};
use crate::kernel::rate::Rate;

/// What shall be true of a token from now on.
#[derive(Default)]
pub(super) struct Change {
    balance: Option<Micros>,
    rate: Option<Option<Rate>>,
    tier: Option<Tier>,
    pace_ms: Option<u64>,
    run_end: Option<Option<Status>>,
    run_end_after: Option<usize>,
    unavailable: Option<bool>,
    free_failures: Option<Vec<String>>,
    sync_limit_ms: Option<u64>,
}

/// Milliseconds.
const MAX_PACE: u64 = 600_000;
const MAX_FAILURES: usize = 1000;

impl Change {
    pub(super) fn parse(mut fields: Fields) -> Result<Self, Complaint> {
        let at_most = |name, value: Option<u64>, most| match value {
            Some(value) if value > most => Err(Complaint::new(name, &format!("must be at most {most}"))),
            value => Ok(value),
        };
        let pace = fields.integer("pace_ms")?;
        let sync_limit = fields.integer("sync_limit_ms")?;
        let after = fields.integer("run_end_after")?;
        let change = Self {
            balance: fields.dollars("balance")?,
            rate: Rate::parse(&mut fields)?,
            tier: fields.word("tier", &[("paying", Tier::Paying), ("free", Tier::Free)])?,
            pace_ms: at_most("pace_ms", pace, MAX_PACE)?,
            run_end: match fields.raw("run_end") {
                None => None,
                Some(Value::Null) => Some(None),
                Some(word) => {
                    let found = Status::FORCED.into_iter().find(|(known, _)| word == *known);
                    let complaint = "must be null, FAILED, TIMED-OUT or ABORTED";
                    Some(Some(found.ok_or_else(|| Complaint::new("run_end", complaint))?.1))
                }
            },
            run_end_after: after.map(|after| usize::try_from(after).unwrap_or(usize::MAX)),
            unavailable: fields.boolean("unavailable")?,
            free_failures: fields.raw("free_failures").map(texts).transpose()?,
            sync_limit_ms: at_most("sync_limit_ms", sync_limit, MAX_SYNC_WAIT)?,
        };
        fields.finish()?;
        Ok(change)
    }

    pub(super) fn apply(self, token: &mut Token) {
        let settings = &mut token.settings;
        token.balance = self.balance.unwrap_or(token.balance);
        token.rate = self.rate.unwrap_or(token.rate.take());
        settings.tier = self.tier.unwrap_or(settings.tier);
        settings.pace_ms = self.pace_ms.unwrap_or(settings.pace_ms);
        settings.run_end = self.run_end.unwrap_or(settings.run_end);
        settings.run_end_after = self.run_end_after.unwrap_or(settings.run_end_after);
        settings.unavailable = self.unavailable.unwrap_or(settings.unavailable);
        settings.sync_limit_ms = self.sync_limit_ms.unwrap_or(settings.sync_limit_ms);
        if let Some(texts) = self.free_failures {
            settings.free_failures = texts;
        }
    }
}

fn texts(value: Value) -> Result<Vec<String>, Complaint> {
    let complaint =
        || Complaint::new("free_failures", "must be a list of at most 1000 texts that are not empty");
    let texts: Option<Vec<String>> = match value {
        Value::Array(list) => list
            .into_iter()
            .map(|text| text.as_str().filter(|text| !text.is_empty()).map(str::to_owned))
            .collect(),
        _ => None,
    };
    texts.filter(|texts| texts.len() <= MAX_FAILURES).ok_or_else(complaint)
}
