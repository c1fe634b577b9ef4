//! Logs to standard error, as JSON lines or for people. Bodies and headers never reach them.
use serde::Deserialize;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

/// The form of logs.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// One JSON object a line.
    Json,
    /// For people.
    #[default]
    Pretty,
}

/// How to log.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Logging {
    /// The form.
    pub form: Form,
    /// The filter in `tracing`'s own language, such as "info" or "granary=debug,info".
    pub filter: String,
}

impl Default for Logging {
    fn default() -> Self {
        Self { form: Form::Pretty, filter: "info".to_owned() }
    }
}

/// Targets of libraries that may print headers, frames or bodies at low levels, where credentials stand. They are held at
/// warnings whatever the filter says.
const QUIET: [&str; 8] = [
    "h2=warn",
    "hyper=warn",
    "hyper_util=warn",
    "reqwest=warn",
    "rustls=warn",
    "tower=warn",
    "vaultrs=off",
    "rustify=off",
];

impl Logging {
    /// What is wrong with it.
    pub fn faults(&self) -> Vec<String> {
        match EnvFilter::try_new(&self.filter) {
            Ok(_) => Vec::new(),
            Err(error) => vec![format!("logging.filter: {error}")],
        }
    }

    /// Starts logging for the process. A second start changes nothing.
    pub fn start(&self) {
        let filter = QUIET.iter().filter_map(|d| d.parse().ok()).fold(
            EnvFilter::try_new(&self.filter).unwrap_or_else(|_| EnvFilter::new("info")),
            EnvFilter::add_directive,
        );
        let builder = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(BoxMakeWriter::new(std::io::stderr))
            .with_target(true);
        // An error here says that a subscriber is set already, as in tests.
        let _ = match self.form {
            Form::Json => builder.json().flatten_event(true).try_init(),
            Form::Pretty => builder.compact().try_init(),
        };
    }
}
