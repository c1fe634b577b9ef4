//! What `granary up` says when it is ready: one line for scripts, or addresses and calls to try for people.
use granary_credential_vault::store_selection::StoreKind;
use serde_json::{Map, Value, json};

use super::state::StateDir;
use super::{AllInOne, sandbox_urls};
use crate::exit::Failure;
use crate::output::{self, Format};
use crate::shell;

pub(super) fn print(all_in_one: &AllInOne, state: &StateDir, format: Format) -> Result<(), Failure> {
    match format {
        Format::Json => output::line(&Value::Object(line(all_in_one)).to_string()),
        Format::Text => output::line(&text(all_in_one, state)),
    }
}

fn line(all_in_one: &AllInOne) -> Map<String, Value> {
    let mut line = Map::new();
    line.insert("gateway".into(), json!(all_in_one.gateway.address().to_string()));
    line.insert("vault".into(), json!(all_in_one.credential_vault.public().to_string()));
    line.insert("sandbox".into(), all_in_one.sandbox.as_ref().map_or(Value::Null, sandbox_urls));
    line.insert("sealing_fingerprint".into(), json!(all_in_one.sealing_fingerprint));
    if let Some(key) = &all_in_one.api_key {
        line.insert("api_key".into(), json!(key));
    }
    line
}

/// The same command again, with a new key.
fn again(arguments: impl Iterator<Item = String>) -> String {
    let words: Vec<String> = arguments.map(|argument| shell::word(&argument)).collect();
    format!("{} --new-key", words.join(" "))
}

fn text(all_in_one: &AllInOne, state: &StateDir) -> String {
    let gateway = all_in_one.gateway.address();
    let vault = all_in_one.credential_vault.public();
    let program = std::env::current_exe().map_or_else(|_| "granary".to_owned(), |p| p.display().to_string());
    let mut text = format!(
        "Granary is up.\n\n  gateway            {gateway}\n  credential-vault   {vault}   (its own address: keys, plain puts)\n"
    );
    if let Some(sandbox) = &all_in_one.sandbox {
        text += &format!(
            "  sandbox            {} (Harvest)  {} (HarvestAPI)  {} (control)\n",
            sandbox.harvest_url(),
            sandbox.harvestapi_url(),
            sandbox.control_url()
        );
    }
    text += &format!(
        "  state              {}   ({})\n  sealing key        {}\n",
        state.root().display(),
        match all_in_one.store {
            StoreKind::Embedded => {
                "the master key lies beside the data, in keys/: fit for one machine, not for production"
            }
            StoreKind::Vault =>
                "accounts and credentials are in HashiCorp Vault; keys between services here, in keys/",
        },
        all_in_one.sealing_fingerprint
    );
    let key = match &all_in_one.api_key {
        Some(key) => {
            text += &format!("\nYour API key, shown this once:\n\n  {key}\n");
            format!(" GRANARY_API_KEY={key}")
        }
        None => {
            text += &format!(
                "\nThe API key was shown when it was made: keep GRANARY_API_KEY as it is. Where the key is lost, end this with \
                 Ctrl-C and make another one with\n\n  {}\n",
                again(std::env::args())
            );
            String::new()
        }
    };
    text += &format!(
        "\nTry it in a second terminal:\n\n  export GRANARY_ADDR={gateway} GRANARY_VAULT_ADDR={vault}{key}\n  \
         {program} accounts create user_ha_456\n"
    );
    match &all_in_one.sandbox {
        Some(sandbox) => {
            let key = sandbox.sample().harvestapi_key;
            text += &format!(
                "  echo {key} | {program} credentials put --account user_ha_456 harvestapi-key\n  \
                 {program} call scrape_profile --account user_ha_456 '{{\"public_identifier\": \"jeffweiner08\"}}'\n"
            );
        }
        None => {
            text += &format!(
                "  {program} credentials put --account user_ha_456 harvestapi-key\n  \
                 {program} call get_my_api_user --account user_ha_456 '{{}}'\n"
            );
        }
    }
    text += "\nCtrl-C ends it; what you saved stays.";
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_key_has_its_way_back_as_one_command() {
        let arguments = ["granary", "up", "--state-dir", "/tmp/my state"].map(str::to_owned);
        assert_eq!(again(arguments.into_iter()), "granary up --state-dir '/tmp/my state' --new-key");
    }
}
