//! Settings that every such service has.
use std::path::Path;

use granary_credential::key_file;
use granary_credential::ticket::Keyring;
use granary_server::{Callers, Server, admission};

/// They lie in the table of the service's own settings.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// The table's name, such as "harvest_time".
    pub table: &'static str,
    /// Where the gateway reaches it.
    pub server: &'a Server,
    /// How many calls run and wait at a time.
    pub admission: &'a admission::Settings,
    /// The file with the keys that open its tickets, one a line, 32 bytes in base64 each.
    pub ticket_key_file: &'a Path,
}

impl Settings<'_> {
    /// Everything that is wrong with them, each fault after the full name of its setting.
    pub fn validate(&self) -> Vec<String> {
        let mut faults = self.server.validate(&format!("{}.server", self.table), Callers::Services);
        faults.extend(self.admission.validate(&format!("{}.admission", self.table)));
        faults.extend(self.ring().err());
        faults
    }

    /// The keys that open its tickets.
    ///
    /// # Errors
    /// The file cannot be read, or has a line that is no key.
    pub fn ring(&self) -> Result<Keyring, String> {
        let (table, file) = (self.table, self.ticket_key_file.display());
        let text = key_file::read_text(self.ticket_key_file)
            .map_err(|fault| format!("{table}.ticket_key_file: {fault}"))?;
        Keyring::parse(&text).map_err(|fault| format!("{table}.ticket_key_file: {file}: {fault}"))
    }
}

/// A third party's settings, where an empty `base_url` stands for this one: a table that sets only a timeout still means it.
#[must_use]
pub fn or_standard(config: &granary_upstream::Config, standard: &str) -> granary_upstream::Config {
    let mut config = config.clone();
    if config.base_url.is_empty() {
        standard.clone_into(&mut config.base_url);
    }
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_none_is_told_without_its_text() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tickets.keys");
        std::fs::write(&file, "sekret").unwrap();
        let (server, admission) = (Server::loopback(0, None), admission::Settings::default());
        let settings =
            Settings { table: "x", server: &server, admission: &admission, ticket_key_file: &file };
        let faults = settings.validate().join("; ");
        assert!(faults.contains("x.ticket_key_file: ") && !faults.contains("sekret"), "{faults}");
    }

    #[test]
    fn a_table_without_an_address_means_the_vendor_itself() {
        let own =
            granary_upstream::Config { base_url: "http://127.0.0.1:1".to_owned(), ..Default::default() };
        let none = granary_upstream::Config { base_url: String::new(), ..own.clone() };
        assert_eq!(or_standard(&own, "https://vendor.example").base_url, own.base_url);
        assert_eq!(or_standard(&none, "https://vendor.example").base_url, "https://vendor.example");
    }
}
