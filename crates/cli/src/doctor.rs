//! `granary doctor`: looks at everything that a call needs, and says of what is wrong what to do.
mod accounts;
mod clock;
mod finding;
mod services;
mod settings;

use std::time::Instant;

use serde_json::{Value, json};

use crate::client::{ApiClient, Connections};
use crate::exit::{CONFIGURATION, Failure};
use crate::output::Shown;
use crate::sealing::{Fingerprints, SealingKey};
use crate::settings::From;
use crate::tools;
use finding::{Finding, Level, worst};
use granary_proto::granary::gateway::v1::ListToolsRequest;

/// Flags of `granary doctor`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What the sealing key must be: its SHA-256 in hexadecimal
    #[arg(long, value_name = "HEX", env = "GRANARY_SEALING_FINGERPRINT")]
    fingerprint: Option<String>,
    /// An operator's settings to look at: a TOML file
    #[arg(long, value_name = "FILE", env = "GRANARY_CONFIG")]
    config: Option<std::path::PathBuf>,
    /// One setting more to look at
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    #[command(flatten)]
    connection: Connections,
}

const EXAMPLES: &str = "\
It changes nothing, and costs nothing. The exit code is that of the worst fault; warnings leave it at 0.

Examples:
  granary doctor
  granary doctor --config granary.toml
  granary doctor --output json | jq '.findings[] | select(.level != \"ok\")'";

/// Takes every look.
pub async fn run(args: Args) -> Result<Shown, Failure> {
    let from = From { config: args.config.clone(), set: args.set.clone(), check_config: false };
    let mut found = settings::look(&from).await;
    match args.connection.gateway() {
        Ok(gateway) => found.extend(reached(&args, &gateway).await),
        Err(failure) => found.push(Finding::failed("gateway", &failure)),
    }
    let level = found.iter().map(|finding| finding.level).max().unwrap_or(Level::Fine);
    let text = found.iter().map(Finding::line).collect::<Vec<_>>().join("\n");
    let findings: Vec<Value> = found.iter().map(Finding::document).collect();
    let document = json!({"worst": level.text(), "findings": findings});
    Ok(Shown { text, document, code: worst(&found), ..Shown::default() })
}

/// What can be seen through a gateway. Where it does not answer, nothing further is asked of it.
async fn reached(args: &Args, gateway: &ApiClient) -> Vec<Finding> {
    let mut found = vec![wire(gateway)];
    let began = Instant::now();
    let tools = match tools::listed(gateway, ListToolsRequest::default()).await {
        Ok(tools) => tools,
        Err(failure) => {
            found.push(Finding::failed("gateway", &failure));
            if failure.reason() != "UNREACHABLE" {
                found.extend(services::look(gateway).await);
            }
            return found;
        }
    };
    let took = began.elapsed().as_millis();
    found.push(Finding::fine(
        "gateway",
        format!("answers in {took} ms; the API key may call {} tools", tools.len()),
    ));
    found.push(services::contract(&tools));
    found.extend(services::look(gateway).await);
    let accounts = accounts::all(gateway).await;
    match SealingKey::fetch(gateway).await {
        Ok(key) => {
            found.push(sealing(args, &key).await);
            let first = accounts.as_ref().ok().and_then(|all| all.first()).map(|one| one.identifier.as_str());
            found.push(clock::look(gateway, &key, first).await);
        }
        Err(failure) => found.push(Finding::unseen("sealing key", &failure)),
    }
    match accounts {
        Ok(accounts) => found.extend(accounts::look(&accounts)),
        Err(failure) => found.push(Finding::unseen("accounts", &failure)),
    }
    found
}

/// Whether the API key can be read on the way.
fn wire(gateway: &ApiClient) -> Finding {
    if gateway.is_private() {
        Finding::fine("wire", format!("{} is this machine, or encrypted", gateway.uri()))
    } else {
        let said = format!(
            "{} is another machine, in plain text: the API key can be read on the way",
            gateway.uri()
        );
        Finding::warning("wire", said, "set gateway.listen.tls, and GRANARY_ADDR to https://…")
    }
}

/// Whether the sealing key that comes through the gateway is credential-vault's own.
async fn sealing(args: &Args, key: &SealingKey) -> Finding {
    const CHECK: &str = "sealing key";
    let differs = |whose: &str| {
        let said = format!("the gateway's has the fingerprint {}, {whose} another one", key.fingerprint());
        Finding::fault(
            CHECK,
            CONFIGURATION,
            said,
            "store no credential: the key was replaced, or somebody stands in between",
        )
    };
    match args.fingerprint.as_deref().map(Fingerprints::parse) {
        Some(None) => {
            let next = "`granary keys sealing` prints the right one";
            return Finding::fault(
                CHECK,
                CONFIGURATION,
                "the fingerprint must be 64 hexadecimal digits",
                next,
            );
        }
        Some(Some(expected)) if expected.checked(key.clone()).is_err() => {
            return differs("what was expected");
        }
        Some(Some(_)) => return Finding::fine(CHECK, "is the one that is expected"),
        None => {}
    }
    let own = match args.connection.vault() {
        Ok(vault) => SealingKey::fetch(&vault).await,
        Err(failure) => Err(failure),
    };
    match own {
        Ok(own) if own == *key => Finding::fine(CHECK, "is the same at credential-vault's own address"),
        Ok(_) => differs("credential-vault's own address"),
        Err(failure) => {
            let said = format!("credential-vault's own address cannot be asked: {}", failure.message());
            let next = "keys and tenants need it; puts do without it by GRANARY_SEALING_FINGERPRINT";
            Finding::warning(CHECK, said, next)
        }
    }
}
