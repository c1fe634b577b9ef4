//! How much may be made of a text: many small values take far more room as messages than as JSON.
use super::Malformed;

/// Bytes that messages may take for each byte of their text. What upstreams send takes 2 to 6.
pub const ROOM_OF_BYTE: usize = 16;
/// Bytes that messages may take whatever the size of their text, so that short lists of large messages are no matter.
const ALWAYS: usize = 8 << 20;
/// About what one value takes as JSON that is held as it is.
const HELD_VALUE: usize = 112;

/// The room that is left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room(usize);

impl Room {
    pub(super) fn of(text: &str) -> Self {
        Self(ALWAYS + text.len().saturating_mul(ROOM_OF_BYTE))
    }

    /// Takes room for what is about to be made.
    pub(super) fn take(&mut self, bytes: usize) -> Result<(), Malformed> {
        self.0 = self.0.checked_sub(bytes).ok_or(Malformed)?;
        Ok(())
    }

    /// Takes room for JSON that is to be held as it is, by the signs that part its values.
    pub(super) fn hold(&mut self, json: &str) -> Result<(), Malformed> {
        let values = json.bytes().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count();
        self.take(values.saturating_mul(HELD_VALUE))
    }
}

#[cfg(test)]
mod tests {
    use granary_proto::granary::harvest::v1::{ListTimeEntriesResponse, TimeEntry};

    use super::super::{decode_lenient, has_more_items};
    use super::*;

    fn rows(row: &str, bytes: usize) -> String {
        let rows = vec![row; bytes / (row.len() + 1)].join(",");
        format!(r#"{{"time_entries":[{rows}]}}"#)
    }

    #[test]
    fn a_mebibyte_of_empty_rows_is_refused_and_one_of_full_rows_is_read() {
        assert_eq!(decode_lenient::<ListTimeEntriesResponse>(&rows("{}", 1 << 20)), Err(Malformed));
        let keys: Vec<String> = (0..200_000).map(|n| format!(r#""k{n}":[]"#)).collect();
        let keys = format!("{{{}}}", keys.join(","));
        assert!(decode_lenient::<TimeEntry>(&keys).is_ok_and(|entry| entry.extra.len() == 200_000));

        let row = r#"{"id":1,"spent_date":"2026-03-31","hours":1.5,"notes":"n","user":{"id":1,"name":"A B"},
            "client":{"id":2,"name":"C"},"project":{"id":3,"name":"D"},"task":{"id":4,"name":"E"},"billable":true,
            "is_locked":false,"created_at":"2026-03-31T10:00:00Z","updated_at":"2026-03-31T10:00:00Z","x":null}"#;
        let full = rows(row, 4 << 20);
        let read: ListTimeEntriesResponse = decode_lenient(&full).unwrap();
        assert!(read.time_entries.len() > 8_000);
        let made = read.time_entries.len() * size_of::<TimeEntry>();
        println!("{} bytes of rows for {} of JSON", made, full.len());
    }

    #[test]
    fn items_are_counted_no_further_than_needed() {
        assert_eq!(has_more_items("[1,2,3]", 3), Ok(false));
        assert_eq!(has_more_items("[1,2,3]", 2), Ok(true));
        assert_eq!(has_more_items("[]", 0), Ok(false));
        assert_eq!(has_more_items("{}", 0), Ok(true));
        assert_eq!(has_more_items("[1,2,nonsense", 1), Ok(true));
        assert_eq!(has_more_items("[1,nonsense", 1), Err(Malformed));
    }
}
