//! Aligned columns for people, read from the documents that scripts get.
use serde_json::Value;

use super::printable;

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
            table.row(columns.iter().map(|(_, key)| cell(document.get(key))).collect());
        }
        table
    }

    /// Adds a row. What is empty is shown as "-".
    pub fn row(&mut self, cells: Vec<String>) {
        // Escaped before widths are counted, so that columns stay aligned.
        let shown = |c: String| if c.is_empty() { "-".to_owned() } else { printable(&c) };
        self.rows.push(cells.into_iter().map(shown).collect());
    }

    /// The table as lines without blanks at their ends.
    pub fn text(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let width = |column: usize| {
            self.rows
                .iter()
                .filter_map(|row| row.get(column))
                .map(|c| c.chars().count())
                .max()
                .unwrap_or_default()
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let lines = self.rows.iter().map(|row| {
            let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}"));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// One document as lines of name and value; each pair is a name and the key of what it shows.
pub fn fields(document: &Value, pairs: &[(&str, &str)]) -> String {
    let mut table = Table::default();
    for (name, key) in pairs {
        table.row(vec![(*name).to_owned(), cell(document.get(key))]);
    }
    table.text()
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        // A line break would end the row.
        Some(Value::String(text)) => text.replace(['\n', '\t'], " "),
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
    }

    #[test]
    fn fields_stand_under_one_another() {
        assert_eq!(
            fields(&json!({"k": "v"}), &[("key", "k"), ("none at all", "n")]),
            "key          v\nnone at all  -"
        );
    }
}
