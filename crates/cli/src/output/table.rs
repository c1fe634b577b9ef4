//! Aligned columns for people, read from the documents that scripts get.
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use super::printable;
use crate::dollars::usd;

/// Rows under headings.
#[derive(Clone, Debug, Default)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings.
    pub fn new(headings: &[&str]) -> Self {
        Self { rows: vec![headings.iter().map(|h| (*h).to_owned()).collect()] }
    }

    /// A table of a list of documents; each column has a heading and the key of what it shows.
    pub fn of(documents: &[Value], columns: &[(&str, &str)]) -> Self {
        let headings: Vec<&str> = columns.iter().map(|(heading, _)| *heading).collect();
        let mut table = Self::new(&headings);
        for document in documents {
            table.row(columns.iter().map(|(_, key)| member(document, key)).collect());
        }
        table
    }

    /// Adds a row. What is empty is shown as "-".
    pub fn row(&mut self, cells: Vec<String>) {
        // A line break would end the row. Escaped before widths are counted, so that columns stay aligned.
        let shown = |c: String| match c.as_str() {
            "" => "-".to_owned(),
            cell => printable(&cell.replace(['\n', '\t'], " ")),
        };
        self.rows.push(cells.into_iter().map(shown).collect());
    }

    /// The table as lines without blanks at their ends.
    pub fn text(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let width = |column: usize| {
            self.rows.iter().filter_map(|row| row.get(column)).map(|c| c.width()).max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let lines = self.rows.iter().map(|row| {
            // A letter of Chinese takes two columns, a mark above a letter none: padding by the number of characters would be off.
            let cells = row
                .iter()
                .zip(&widths)
                .map(|(cell, &width)| format!("{cell}{}", " ".repeat(width.saturating_sub(cell.width()))));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// One document as lines of name and value; each pair is a name and the key of what it shows.
pub fn fields(document: &Value, pairs: &[(&str, &str)]) -> String {
    let mut table = Table::default();
    for (name, key) in pairs {
        table.row(vec![(*name).to_owned(), member(document, key)]);
    }
    table.text()
}

/// A member of a document as a cell: times to the second, since digits after it would make columns differ, and money as dollars.
pub fn member(document: &Value, key: &str) -> String {
    match document.get(key) {
        Some(Value::String(time)) if key.ends_with("_time") => {
            match (time.split_once('.'), time.ends_with('Z')) {
                (Some((seconds, _)), true) => format!("{seconds}Z"),
                _ => time.clone(),
            }
        }
        Some(Value::Number(micros)) if key.ends_with("_micros") => {
            micros.as_i64().map_or_else(|| micros.to_string(), |micros| format!("{} USD", usd(micros)))
        }
        value => cell(value),
    }
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => items.iter().map(|i| cell(Some(i))).collect::<Vec<_>>().join(", "),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_are_aligned_and_nothing_trails() {
        let rows = [json!({"a": "x", "b": [1, 2]}), json!({"a": "longer", "c": true})];
        let table = Table::of(&rows, &[("A", "a"), ("B", "b"), ("C", "c")]);
        assert_eq!(table.text(), "A       B     C\nx       1, 2  -\nlonger  -     true");
    }

    #[test]
    fn what_cannot_be_seen_is_shown_and_moves_no_column() {
        let rows = [json!({"a": "rtl\u{202e}abc", "b": 1}), json!({"a": "plain", "b": 2})];
        let table = Table::of(&rows, &[("A", "a"), ("B", "b")]);
        assert_eq!(table.text(), "A             B\nrtl\\u202eabc  1\nplain         2");
        let mut table = Table::new(&["A"]);
        table.row(vec!["two\nlines\u{1b}[2J".to_owned()]);
        assert_eq!(table.text(), "A\ntwo lines\\u001b[2J");
    }

    #[test]
    fn columns_are_as_wide_as_a_terminal_draws_them() {
        let rows =
            [json!({"a": "名前", "b": 1}), json!({"a": "e\u{301}", "b": 2}), json!({"a": "abcd", "b": 3})];
        let table = Table::of(&rows, &[("A", "a"), ("B", "b")]);
        assert_eq!(table.text(), "A     B\n名前  1\ne\u{301}     2\nabcd  3");
    }

    #[test]
    fn times_have_no_digits_after_the_second_and_money_is_dollars() {
        let row = json!({"create_time": "2026-03-31T12:00:00.25Z", "cost_micros": 6400, "label": "a.bZ"});
        let shown = ["create_time", "cost_micros", "label"].map(|key| member(&row, key));
        assert_eq!(shown, ["2026-03-31T12:00:00Z", "0.0064 USD", "a.bZ"]);
    }

    #[test]
    fn fields_stand_under_one_another() {
        assert_eq!(
            fields(&json!({"k": "v"}), &[("key", "k"), ("none at all", "n")]),
            "key          v\nnone at all  -"
        );
    }
}
