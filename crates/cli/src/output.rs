//! The one place that writes to stdout and stderr: tables for people, one JSON document for scripts.
mod table;

use std::io::{self, BufRead, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

use granary_rpc::unseen::is_unseen;
use serde_json::Value;

use crate::exit::Failure;

pub use table::{Table, fields, member};

/// How answers are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON document, for scripts.
    Json,
}

/// What a command answers with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    /// For people, on stdout.
    pub text: String,
    /// For people, on stderr.
    pub notes: Vec<String>,
    /// For scripts, on stdout.
    pub document: Value,
    /// The exit code, where what was found is no success.
    pub code: u8,
}

/// Shows an answer.
pub fn show(format: Format, shown: &Shown) -> Result<(), Failure> {
    match format {
        Format::Json => line(&pretty(&shown.document)),
        Format::Text => {
            line(&shown.text)?;
            shown.notes.iter().for_each(|note| to_stderr(&printable(note)));
            Ok(())
        }
    }
}

/// Shows a failure, and tells the exit code.
pub fn failure(format: Format, failure: &Failure) -> ExitCode {
    match format {
        Format::Json => to_stderr(&pretty(&failure.document())),
        Format::Text => to_stderr(&printable(&failure.text())),
    }
    ExitCode::from(failure.code())
}

/// Writes one text and a line break to stdout.
pub fn line(text: &str) -> Result<(), Failure> {
    raw(format!("{}\n", printable(text).trim_end_matches('\n')).as_bytes())
}

/// Writes bytes to stdout as they are. A reader that has gone away is no failure.
pub fn raw(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::unexpected(format!("cannot write to stdout: {error}")))
        }
        _ => Ok(()),
    }
}

/// Asks a person whether to go on. Where there is no terminal to ask at, a script must have said so beforehand.
pub fn confirm(question: &str) -> Result<(), Failure> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(Failure::usage(format!(
            "nothing was done: {question} There is no terminal to ask at; add --yes to do it"
        )));
    }
    let mut stderr = io::stderr().lock();
    let mut answer = String::new();
    write!(stderr, "{} [y/N] ", printable(question))
        .and_then(|()| stderr.flush())
        .and_then(|()| io::stdin().lock().read_line(&mut answer))
        .map_err(|e| Failure::unexpected(format!("cannot ask: {e}")))?;
    if matches!(answer.trim(), "y" | "Y" | "yes") { Ok(()) } else { Err(Failure::usage("nothing was done")) }
}

/// JSON over several lines.
pub fn pretty(document: &Value) -> String {
    serde_json::to_string_pretty(document).unwrap_or_default()
}

/// A text in which no control character can move a terminal's cursor or change its colours, and none that cannot be seen can
/// make it read otherwise. In JSON these escapes mean the same as the characters.
fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if (c.is_control() && c != '\n') || is_unseen(c) {
            let mut units = [0; 2];
            safe.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            safe.push(c);
        }
    }
    safe
}

/// Something to know while a command is at work.
pub fn note(text: &str) {
    to_stderr(&printable(text));
}

/// Where stderr is gone too, there is nowhere left to say so.
fn to_stderr(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_cannot_steer_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\u{9b}1m\r\nc"), "a\\u001b[2Jb\\u009b1m\\u000d\nc");
        assert_eq!(printable("rtl\u{202e}abc\u{200b}"), "rtl\\u202eabc\\u200b");
        let document = serde_json::json!({"label": "x\u{7f}\u{9b}\u{202e}\u{e0001}"});
        let text = printable(&pretty(&document));
        assert!(!text.contains(['\u{9b}', '\u{202e}', '\u{e0001}']));
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), document);
    }
}
