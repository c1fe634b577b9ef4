//! Whether an entry came back as it was asked for. Harvest may answer with success and leave a field as it was.
use granary_proto::granary::harvest::v1::TimeEntry;
use granary_proto::granary::types::v1::Warning;
use prost_reflect::DynamicMessage;

use crate::asked::{day, decimal, integer, text};

/// The code of the warning, one for each field.
const NOT_APPLIED: &str = "NOT_APPLIED";
/// Hours are compared in millionths.
const SCALE: usize = 6;
/// Harvest keeps hundredths of an hour: less than one is its rounding.
const HUNDREDTH: i64 = 10_000;
const MINUTES_OF_HALF_A_DAY: u16 = 12 * 60;

/// What is wrong with a field that was asked for.
#[derive(Clone, Copy)]
enum AppliedFault {
    /// It came back with another value.
    Other,
    /// It did not come back.
    Absent,
}

/// A warning for each field that came back otherwise, or not at all. An entry of Harvest has every field that can be asked for,
/// except notes that are empty, which are null; so a field that is not there is not known to be applied.
pub(crate) fn warnings(asked: &DynamicMessage, entry: Option<&TimeEntry>) -> Vec<Warning> {
    let Some(entry) = entry else { return Vec::new() };
    let id = |field: &str, stored: Option<i64>| compare(integer(asked, field), stored);
    let time = |field: &str, stored: Option<&str>| {
        compare(text(asked, field).as_deref().and_then(minutes), stored.and_then(minutes))
    };
    let hours = compare_by(
        decimal(asked, "hours").as_deref().and_then(millionths),
        entry.hours.as_ref().and_then(|hours| millionths(&hours.value)),
        |a, b| (a - b).abs() < HUNDREDTH,
    );
    let notes = text(asked, "notes").as_deref().map(lines);
    [
        ("project_id", id("project_id", entry.project.as_ref().and_then(|project| project.id))),
        ("task_id", id("task_id", entry.task.as_ref().and_then(|task| task.id))),
        ("user_id", id("user_id", entry.user.as_ref().and_then(|user| user.id))),
        ("spent_date", compare(day(asked, "spent_date"), entry.spent_date)),
        ("hours", hours),
        ("notes", compare(notes, Some(lines(entry.notes.as_deref().unwrap_or_default())))),
        ("started_time", time("started_time", entry.started_time.as_deref())),
        ("ended_time", time("ended_time", entry.ended_time.as_deref())),
    ]
    .into_iter()
    .filter_map(|(field, fault)| Some(warning(field, fault?)))
    .collect()
}

/// A warning where a timer was to run, or not to, and does otherwise.
pub(crate) fn runs(asked: bool, entry: Option<&TimeEntry>) -> Option<Warning> {
    compare(Some(asked), entry.and_then(|entry| entry.is_running)).map(|fault| warning("is_running", fault))
}

fn compare<T: PartialEq>(asked: Option<T>, stored: Option<T>) -> Option<AppliedFault> {
    compare_by(asked, stored, T::eq)
}

fn compare_by<T>(
    asked: Option<T>,
    stored: Option<T>,
    is_same: impl Fn(&T, &T) -> bool,
) -> Option<AppliedFault> {
    let asked = asked?;
    match stored {
        Some(stored) => (!is_same(&asked, &stored)).then_some(AppliedFault::Other),
        None => Some(AppliedFault::Absent),
    }
}

fn warning(field: &str, fault: AppliedFault) -> Warning {
    let answers = match fault {
        AppliedFault::Other => format!("with another {field} than was asked for"),
        AppliedFault::Absent => format!("without the {field} that was asked for"),
    };
    Warning {
        code: NOT_APPLIED.to_owned(),
        message: format!("harvest says that it is done, and answers {answers}; look at the entry"),
        field: field.to_owned(),
    }
}

/// A decimal of hours; nothing where it is written otherwise, or beyond what an entry has.
fn millionths(text: &str) -> Option<i64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 6 || !digits(whole) || !digits(decimals) {
        return None;
    }
    let decimals: String = decimals.chars().chain("000000".chars()).take(SCALE).collect();
    format!("{whole}{decimals}").parse().ok()
}

/// Notes without what Harvest may change about line ends and blanks around them.
fn lines(notes: &str) -> String {
    notes.replace("\r\n", "\n").trim().to_owned()
}

/// The minute of the day of a time by either clock, such as "8:00am" or "08:00".
fn minutes(text: &str) -> Option<u16> {
    let text = text.trim().to_ascii_lowercase();
    let (clock, half) = match (text.strip_suffix("am"), text.strip_suffix("pm")) {
        (Some(clock), _) => (clock, Some(0)),
        (_, Some(clock)) => (clock, Some(MINUTES_OF_HALF_A_DAY)),
        _ => (text.as_str(), None),
    };
    let (hour, minute) = clock.trim().split_once(':')?;
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    if hour > 24 || minute > 59 {
        return None;
    }
    Some(half.map_or(hour * 60, |half| (hour % 12) * 60 + half) + minute)
}

#[cfg(test)]
mod tests {
    use granary_proto::google::r#type::{Date, Decimal};
    use granary_proto::granary::harvest::v1::UpdateTimeEntryRequest;
    use prost::Message;

    use super::*;

    fn named(asked: &UpdateTimeEntryRequest, stored: &TimeEntry) -> Vec<String> {
        let table = granary_proto::policy_table().unwrap();
        let descriptor = table.tool("update_time_entry").unwrap().descriptor.input();
        let asked = DynamicMessage::decode(descriptor, asked.encode_to_vec().as_slice()).unwrap();
        warnings(&asked, Some(stored)).into_iter().map(|warning| warning.field).collect()
    }

    fn decimal(value: &str) -> Option<Decimal> {
        Some(Decimal { value: value.to_owned() })
    }

    #[test]
    fn each_field_that_came_back_otherwise_is_named() {
        let asked = UpdateTimeEntryRequest {
            time_entry_id: 77,
            hours: decimal("3.25"),
            notes: Some("new".into()),
            spent_date: Some(Date { year: 2026, month: 3, day: 31 }),
            ..Default::default()
        };
        let stored = TimeEntry {
            hours: decimal("1.5"),
            notes: Some("old".into()),
            spent_date: asked.spent_date,
            ..Default::default()
        };
        assert_eq!(named(&asked, &stored), ["hours", "notes"]);
        let times = UpdateTimeEntryRequest {
            started_time: Some("8:00am".into()),
            ended_time: Some("12:00pm".into()),
            ..Default::default()
        };
        assert_eq!(named(&times, &TimeEntry::default()), ["started_time", "ended_time"]);
    }

    #[test]
    fn a_field_that_did_not_come_back_is_not_known_to_be_applied() {
        let asked = UpdateTimeEntryRequest {
            time_entry_id: 77,
            project_id: Some(1),
            task_id: Some(2),
            spent_date: Some(Date { year: 2026, month: 3, day: 31 }),
            hours: decimal("3.25"),
            notes: Some("new".into()),
            started_time: Some("8:00am".into()),
            ended_time: Some("12:00pm".into()),
        };
        let all = ["project_id", "task_id", "spent_date", "hours", "notes", "started_time", "ended_time"];
        assert_eq!(named(&asked, &TimeEntry::default()), all);
        let unreadable =
            TimeEntry { hours: decimal("3h15"), started_time: Some("noon".into()), ..Default::default() };
        assert_eq!(named(&asked, &unreadable), all);
        let nothing = UpdateTimeEntryRequest { time_entry_id: 77, ..Default::default() };
        assert_eq!(named(&nothing, &TimeEntry::default()), [""; 0]);
    }

    #[test]
    fn another_spelling_of_the_same_is_the_same() {
        let asked = UpdateTimeEntryRequest {
            hours: decimal("1.333"),
            notes: Some(" a\r\nb ".into()),
            started_time: Some("12:05 AM".into()),
            ended_time: Some("14:59".into()),
            ..Default::default()
        };
        let stored = TimeEntry {
            hours: decimal("1.33"),
            notes: Some("a\nb".into()),
            started_time: Some("00:05".into()),
            ended_time: Some("2:59pm".into()),
            ..Default::default()
        };
        assert_eq!(named(&asked, &stored), [""; 0]);
        let emptied = UpdateTimeEntryRequest { notes: Some(String::new()), ..Default::default() };
        assert_eq!(named(&emptied, &TimeEntry::default()), [""; 0]);
    }
}
