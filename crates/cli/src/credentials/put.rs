//! `granary credentials put`: seals a credential for credential-vault and sends it through the gateway.
use std::path::PathBuf;
use std::time::SystemTime;

use granary_proto::granary::vault::v1 as wire;
use serde_json::json;

use super::kind::KindName;
use super::{state, value};
use crate::client::Connections;
use crate::clock::apart;
use crate::exit::Failure;
use crate::output::Shown;
use crate::sealing::{Fingerprints, SealingKey};

/// Flags of `granary credentials put`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The account's identifier; the account must exist
    #[arg(long, value_name = "IDENTIFIER")]
    account: String,
    /// The kind
    kind: KindName,
    /// The Harvest account that the token is for; with harvest-token only, and needed there
    #[arg(long, value_name = "N", required_if_eq("kind", "harvest-token"))]
    #[arg(required_if_eq("kind", "harvest_token"), value_parser = clap::value_parser!(i64).range(1..))]
    account_id: Option<i64>,
    /// The user agent that goes with the session; with linkedin-session only
    #[arg(long, value_name = "TEXT")]
    user_agent: Option<String>,
    /// Refuse unless this version is the current one; 0: unless there is none yet
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(0..))]
    expected_version: Option<i64>,
    /// Read the value from this file; "-" is stdin
    #[arg(long, value_name = "PATH")]
    from_file: Option<PathBuf>,
    /// What the sealing key must be: its SHA-256 in hexadecimal, from `granary up` or `granary keys sealing`; several with commas
    /// between, during a change of keys. With it the key may come through the gateway; without it, it comes from
    /// credential-vault's own address, over a connection that nobody on the way can change
    #[arg(long, value_name = "HEX", env = "GRANARY_SEALING_FINGERPRINT")]
    fingerprint: Option<String>,
    #[command(flatten)]
    connection: Connections,
}

const EXAMPLES: &str = "\
The value is never an argument. It is read without echo at a terminal, from stdin where something is piped in, or from a \
file. For linkedin-session it is the li_at cookie, with a proxy on a second line, if any, or a browser's export of its \
cookies as JSON, in which li_at stands once.

Examples:
  granary credentials put --account user_ha_456 harvestapi-key
  pass show harvest \\
    | granary credentials put --account user_ha_456 harvest-token \\
      --account-id 1234567
  granary credentials put --account user_ha_456 linkedin-session \\
      --from-file session.txt";

/// Reads, seals, sends.
pub(super) async fn run(args: Args) -> Result<Shown, Failure> {
    if args.account_id.is_some() && args.kind != KindName::HarvestToken {
        return Err(Failure::usage("--account-id goes with harvest-token only"));
    }
    if args.user_agent.is_some() && args.kind != KindName::LinkedinSession {
        return Err(Failure::usage("--user-agent goes with linkedin-session only"));
    }
    let read = |text: &str| {
        let wrong = || {
            let (flag, variable) = ("--fingerprint", "GRANARY_SEALING_FINGERPRINT");
            Failure::of_value(flag, variable, text, "must be 64 hexadecimal digits")
        };
        Fingerprints::parse(text).ok_or_else(wrong)
    };
    let fingerprints = args.fingerprint.as_deref().map(read).transpose()?;
    let gateway = args.connection.gateway()?;
    let text = value::read(args.kind, &args.account, args.from_file.as_deref())?;
    let credential = value::parse(args.kind, &text, args.account_id, args.user_agent)?;
    drop(text);

    let key = match fingerprints {
        Some(fingerprints) => fingerprints.fetch(&gateway).await?,
        None => {
            let vault = args.connection.vault()?;
            let key = SealingKey::fetch(&vault).await?;
            if !vault.is_private() {
                return Err(unchecked(&key));
            }
            key
        }
    };
    let request = wire::PutSealedCredentialRequest {
        sealed_box: key.seal(gateway.api_key_id()?, &args.account, &credential, args.expected_version)?,
        identifier: args.account.clone(),
        key_id: key.key_id.clone(),
    };
    drop(credential);
    let put = gateway
        .answer_for(&args.account, gateway.accounts().put_sealed_credential(gateway.request(request)))
        .await;
    let answer = put.map_err(|failure| clocks_compared(failure, SystemTime::now()))?;
    let mut shown = state(answer.credential.as_ref())?;
    shown.document["sealing_key"] = json!({"key_id": key.key_id, "fingerprint": key.fingerprint()});
    Ok(shown)
}

/// Tells by how much this machine's clock differs from credential-vault's, where a box that was just sealed is refused for its
/// time.
fn clocks_compared(failure: Failure, own: SystemTime) -> Failure {
    match apart(&failure, own) {
        Some(apart) => failure.and(&format!("this machine's clock is {} credential-vault's", apart.text)),
        None => failure,
    }
}

fn unchecked(key: &SealingKey) -> Failure {
    Failure::configuration(format!(
        "nothing was sent: the sealing key came over a plain connection, on which somebody may have changed it; compare its \
         fingerprint with what `granary keys sealing` prints at credential-vault's own host, and pass it with --fingerprint: {}",
        key.fingerprint()
    ))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use granary_rpc::{Error, Reason};

    use super::*;

    #[test]
    fn a_box_refused_for_its_time_tells_how_the_clocks_differ() {
        let refused =
            || Error::new(Reason::SealExpired, "too late").with("server_time", "2026-03-31T12:00:00Z");
        let server = SystemTime::UNIX_EPOCH + Duration::from_secs(1_774_958_400);
        let told = |own| clocks_compared(refused().into(), own).text();
        assert!(
            told(server - Duration::from_secs(400))
                .contains("too late; this machine's clock is 400 s behind")
        );
        assert!(told(server + Duration::from_secs(700)).contains("clock is 700 s ahead of"));
        let other = Error::new(Reason::SealInvalid, "closed").with("server_time", "2026-03-31T12:00:00Z");
        assert!(!clocks_compared(other.into(), server).text().contains("clock"));
    }
}
