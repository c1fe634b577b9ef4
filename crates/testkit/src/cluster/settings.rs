//! The settings of a cluster, and the files of its keys.
use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

use granary_credential::Key;
use serde_json::Value;

/// Writes the keys, and returns the text of the settings.
pub(super) fn configuration(dir: &Path, ports: &HashMap<String, u16>, sandbox: &Value) -> String {
    let file = |name: &str, text: &str| {
        let path = dir.join(name);
        crate::write_secret(&path, text);
        path.display().to_string()
    };
    let key = |name: &str| file(name, &Key::random().to_base64());
    let peer = |name: &str| file(name, &Key::random().to_base64().replace(['+', '/', '='], "x"));
    let (broker, harvest, linkedin) = (peer("peer-broker"), peer("peer-harvest"), peer("peer-linkedin"));
    let (harvest_tickets, linkedin_tickets) = (key("tickets-harvest"), key("tickets-linkedin"));
    let mut text = String::new();
    let address = |name: &str| format!("127.0.0.1:{}", ports[name]);
    write!(
        text,
        r#"
[gateway]
listen.address = "{gateway}"
limits.lame_duck_ms = 0
threads = 2
credential_vault.address = "{vault}"
broker = {{ address = "{broker_at}", peer_key_file = "{broker}" }}
harvest_time = {{ address = "{harvest_at}", peer_key_file = "{harvest}" }}
linkedin_data = {{ address = "{linkedin_at}", peer_key_file = "{linkedin}" }}

[credential_vault]
public = {{ listen.address = "{vault}", limits.lame_duck_ms = 0 }}
broker = {{ listen.address = "{broker_at}", peer_key_file = "{broker}", limits.lame_duck_ms = 0 }}
store_path = "{store}"
master_key_file = "{master}"
audit_file = "{audit}"
ticket_keys = {{ harvest-time = "{harvest_tickets}", linkedin-data = "{linkedin_tickets}" }}

[harvest_time]
server = {{ listen.address = "{harvest_at}", peer_key_file = "{harvest}", limits.lame_duck_ms = 0 }}
ticket_key_file = "{harvest_tickets}"
harvest.base_url = "{harvest_url}"

[linkedin_data]
server = {{ listen.address = "{linkedin_at}", peer_key_file = "{linkedin}", limits.lame_duck_ms = 0 }}
ticket_key_file = "{linkedin_tickets}"
harvestapi.base_url = "{linkedin_url}"
apify.base_url = "{apify_url}"
"#,
        gateway = address("gateway"),
        vault = address("vault"),
        broker_at = address("broker"),
        harvest_at = address("harvest-time"),
        linkedin_at = address("linkedin-data"),
        store = dir.join("store.redb").display(),
        master = key("master.key"),
        audit = dir.join("audit.jsonl").display(),
        harvest_url = sandbox["harvest"].as_str().expect("a URL"),
        linkedin_url = sandbox["harvestapi"].as_str().expect("a URL"),
        apify_url = sandbox["apify"].as_str().expect("a URL"),
    )
    .expect("text");
    text
}
