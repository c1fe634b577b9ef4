//! What an operator may set.
use std::collections::BTreeMap;
use std::path::PathBuf;

use granary_formats::money;
use granary_server::{Server, admission};
use granary_ticketed::{Settings, or_standard};
use granary_upstream::Client;
use serde::{Deserialize, Serialize};

const HARVESTAPI: &str = "https://api.harvestapi.io";
const APIFY: &str = "https://api.apify.com";
/// The Starter tier. Larger tiers pay less, so that these are the worst case.
const PRICES: [(&str, &str); 30] = [
    ("profile", "0.0064"),
    ("profile_main", "0.004"),
    ("profile_with_email", "0.02"),
    ("lead_search", "0.10"),
    ("profile_search", "0.004"),
    ("service_search", "0.004"),
    ("company", "0.004"),
    ("company_search", "0.004"),
    ("job", "0.001"),
    ("job_search", "0.001"),
    ("post", "0.004"),
    ("post_search", "0.004"),
    ("profile_posts", "0.004"),
    ("company_posts", "0.004"),
    ("post_comments", "0.004"),
    ("post_reactions", "0.004"),
    ("post_comment_replies", "0.004"),
    ("comment_reactions", "0.004"),
    ("profile_comments", "0.004"),
    ("profile_reactions", "0.004"),
    ("group", "0.002"),
    ("group_search", "0.002"),
    ("ad", "0.0016"),
    ("ad_search", "0.0016"),
    ("bulk_profile", "0.004"),
    ("bulk_profile_with_email", "0.010"),
    ("employee", "0.004"),
    ("employee_full", "0.008"),
    ("employee_with_email", "0.012"),
    ("employees_start", "0.02"),
];

/// The settings of this service.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the gateway reaches it. Default 127.0.0.1:7104.
    pub server: Server,
    /// How many calls run and wait at a time.
    pub admission: admission::Settings,
    /// The file with the keys that open its tickets, one a line, 32 bytes in base64 each.
    pub ticket_key_file: PathBuf,
    /// HarvestAPI; an empty `base_url` stands for HarvestAPI itself.
    pub harvestapi: granary_upstream::Config,
    /// Apify; an empty `base_url` stands for Apify itself.
    pub apify: granary_upstream::Config,
    /// What a call costs at most, in US dollars as decimal text, by the name of its price. What is not named here has
    /// the Starter tier's price.
    pub prices: BTreeMap<String, String>,
    /// What becomes of the note of a connection request, which upstream does not document. Default: forward.
    pub connection_notes: ConnectionNotes,
}

/// What becomes of the note of a connection request.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum ConnectionNotes {
    /// It is sent along, and the answer warns that it may not arrive.
    #[default]
    Forward,
    /// A request with a note is refused.
    Refuse,
}

impl Default for Config {
    fn default() -> Self {
        let harvestapi = granary_upstream::Config { base_url: HARVESTAPI.to_owned(), ..Default::default() };
        let prices = PRICES.iter().map(|(sku, price)| ((*sku).to_owned(), (*price).to_owned())).collect();
        let server = Server::loopback(7104, None);
        let apify = granary_upstream::Config { base_url: APIFY.to_owned(), ..Default::default() };
        let connection_notes = ConnectionNotes::default();
        Self {
            server,
            admission: admission::Settings::default(),
            ticket_key_file: PathBuf::new(),
            harvestapi,
            apify,
            prices,
            connection_notes,
        }
    }
}

impl Config {
    /// Everything that is wrong with the settings of the service as a process.
    pub fn validate_all(&self) -> Vec<String> {
        let mut faults = self.settings().validate();
        faults.extend(self.validate());
        faults
    }

    pub(crate) fn settings(&self) -> Settings<'_> {
        Settings {
            table: "linkedin_data",
            server: &self.server,
            admission: &self.admission,
            ticket_key_file: &self.ticket_key_file,
        }
    }

    /// Everything that is wrong with what it is told of upstream.
    pub fn validate(&self) -> Vec<String> {
        let client =
            Client::new("harvestapi", &self.harvestapi()).err().map(|e| e.told("linkedin_data.harvestapi"));
        let apify = Client::new("apify", &self.apify()).err().map(|e| e.told("linkedin_data.apify"));
        let prices = self.prices.iter().filter(|(_, price)| micros(price).is_none());
        let prices = prices.map(|(sku, _)| {
            format!("linkedin_data.prices.{sku}: must be dollars as decimal text, such as \"0.004\"")
        });
        client.into_iter().chain(apify).chain(prices).collect()
    }

    pub(crate) fn harvestapi(&self) -> granary_upstream::Config {
        or_standard(&self.harvestapi, HARVESTAPI)
    }

    pub(crate) fn apify(&self) -> granary_upstream::Config {
        or_standard(&self.apify, APIFY)
    }

    /// Micro-dollars by the name of the price.
    pub(crate) fn prices(&self) -> BTreeMap<String, i64> {
        let standard = PRICES.iter().copied();
        let own = self.prices.iter().map(|(sku, price)| (sku.as_str(), price.as_str()));
        standard.chain(own).filter_map(|(sku, price)| Some((sku.to_owned(), micros(price)?))).collect()
    }
}

fn micros(price: &str) -> Option<i64> {
    money::micros(price).filter(|micros| *micros >= 0)
}
