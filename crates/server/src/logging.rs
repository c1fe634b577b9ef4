//! Logs to standard error, as JSON lines or for people. Bodies and headers never reach them.
use std::io::IsTerminal;

use serde::{Deserialize, Serialize};
use tracing::{Dispatch, Metadata};
use tracing_subscriber::filter::{LevelFilter, Targets, filter_fn};
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The form of logs.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// One JSON object a line.
    Json,
    /// For people.
    #[default]
    Pretty,
}

/// How to log.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Logging {
    /// The form.
    pub form: Form,
    /// A level, or levels by the beginning of a module's path, such as "info" or "granary_gateway=debug,info".
    pub filter: String,
}

impl Default for Logging {
    fn default() -> Self {
        Self { form: Form::Pretty, filter: "info".to_owned() }
    }
}

/// Targets of libraries that may print headers, frames or bodies at low levels, where credentials stand. They are held at
/// warnings whatever the filter says; `h2` warns of what a hostile peer does, once for each time, and we say that ourselves.
const QUIET: [(&str, LevelFilter); 8] = [
    ("h2", LevelFilter::ERROR),
    ("hyper", LevelFilter::WARN),
    ("hyper_util", LevelFilter::WARN),
    ("reqwest", LevelFilter::WARN),
    ("rustls", LevelFilter::WARN),
    ("tower", LevelFilter::WARN),
    ("vaultrs", LevelFilter::OFF),
    ("rustify", LevelFilter::OFF),
];

impl Logging {
    /// What is wrong with it.
    pub fn validate(&self) -> Vec<String> {
        match self.filter.parse::<Targets>() {
            Ok(_) => Vec::new(),
            Err(error) => vec![format!("logging.filter: {error}")],
        }
    }

    /// Starts logging for the process. A second start changes nothing.
    pub fn start(&self) {
        // An error here says that a subscriber is set already, as in tests.
        let _ = self.to(BoxMakeWriter::new(std::io::stderr)).try_init();
    }

    /// What [`start`](Self::start) sets for the process, with another place to write to.
    pub fn to(&self, writer: BoxMakeWriter) -> Dispatch {
        let chosen = self.filter.parse().unwrap_or_else(|_| Targets::new().with_default(LevelFilter::INFO));
        let events = tracing_subscriber::registry().with(chosen).with(filter_fn(may_speak));
        let mut lines = tracing_subscriber::fmt::layer().with_writer(writer).with_target(true);
        // Colours are for a terminal, and there too unless NO_COLOR is set, which is the layer's own affair.
        if !std::io::stderr().is_terminal() {
            lines = lines.with_ansi(false);
        }
        match self.form {
            Form::Json => events.with(lines.json().flatten_event(true)).into(),
            Form::Pretty => events.with(lines.compact()).into(),
        }
    }
}

/// A filter of its own: among directives the most specific one wins, and the configuration's could be that.
fn may_speak(metadata: &Metadata<'_>) -> bool {
    QUIET.iter().all(|(target, most)| !metadata.target().starts_with(target) || metadata.level() <= most)
}
