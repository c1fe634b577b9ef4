//! `granary credentials verify`: whether the vendors take an account's credentials now.
use granary_proto::granary::gateway::v1::{VerifyCredentialRequest, VerifyCredentialResponse};
use granary_proto::granary::policy::v1::CredentialKind;
use granary_proto::granary::vault::v1::{CredentialState, CredentialStatus};
use serde_json::{Value, json};

use super::kind::KindName;
use crate::accounts;
use crate::ceiling::Ceiling;
use crate::client::{ApiClient, GatewayConnection};
use crate::exit::{Failure, UPSTREAM, USER};
use crate::output::{Shown, Table};

/// What to ask about.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The account's identifier
    #[arg(long, value_name = "IDENTIFIER")]
    account: String,
    /// The kind
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    kind: Option<KindName>,
    /// Every credential that the account holds
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    ceiling: Ceiling,
    #[command(flatten)]
    connection: GatewayConnection,
}

/// Asks. Of all credentials, one that cannot be asked about stands among the others with what was said of it. A credential
/// that is refused is the user's to renew, and the exit code says so, as it does where nobody could tell.
pub async fn run(args: Args) -> Result<Shown, Failure> {
    let api = args.connection.open()?;
    let kinds: Vec<CredentialKind> = match args.kind {
        Some(kind) => vec![kind.kind()],
        None => held(&api, args.account.clone()).await?,
    };
    let (mut rows, mut code) = (Vec::new(), 0);
    for kind in kinds {
        match ask(&api, &args, kind).await {
            Ok(answer) => {
                rows.push(row(kind, &answer));
                if matches!(answer.status(), CredentialStatus::Suspect | CredentialStatus::Expired) {
                    code = USER;
                } else if answer.status() == CredentialStatus::Pending && code == 0 {
                    code = UPSTREAM;
                }
            }
            Err(error) if args.all => {
                code = if code == 0 { error.code() } else { code };
                rows.push(json!({"kind": kind.text(), "status": "unknown", "said": error.text()}));
            }
            Err(error) => return Err(error),
        }
    }
    let columns = [
        ("KIND", "kind"),
        ("VERSION", "version"),
        ("STATUS", "status"),
        ("COST", "cost_micros"),
        ("SAID", "said"),
    ];
    let text = Table::of(&rows, &columns).text();
    Ok(Shown { text, document: json!({"credentials": rows}), code, ..Shown::default() })
}

async fn held(api: &ApiClient, account: String) -> Result<Vec<CredentialKind>, Failure> {
    let account = accounts::get(api, account).await?;
    let usable =
        account.credentials.iter().filter(|credential| credential.status() != CredentialStatus::Revoked);
    Ok(usable.map(CredentialState::kind).collect())
}

async fn ask(
    api: &ApiClient,
    args: &Args,
    kind: CredentialKind,
) -> Result<VerifyCredentialResponse, Failure> {
    let message = VerifyCredentialRequest { identifier: args.account.clone(), kind: kind.into() };
    let mut request = api.request(message);
    args.ceiling.put_on(&mut request);
    api.answer_for(&args.account, api.tools().verify_credential(request)).await
}

fn row(kind: CredentialKind, answer: &VerifyCredentialResponse) -> Value {
    let status = answer.status();
    let seconds = answer.retry_delay.map_or(0, |delay| delay.seconds + i64::from(delay.nanos > 0));
    let said = match (status, answer.is_fresh) {
        (CredentialStatus::Active, true) => "the vendor takes it".to_owned(),
        (CredentialStatus::Suspect, true) => {
            format!(
                "the vendor refuses it; it still serves, and expires if it is refused again in {seconds} s or later"
            )
        }
        (CredentialStatus::Expired, true) => "the vendor refuses it; ask the user for a new one".to_owned(),
        (CredentialStatus::Pending, false) => {
            format!("asked a moment ago, without an answer; it can be asked again in {seconds} s")
        }
        (_, false) => format!("asked a moment ago; it can be asked again in {seconds} s"),
        (_, true) => String::new(),
    };
    let name = status.as_str_name().trim_start_matches("CREDENTIAL_STATUS_").to_lowercase();
    let mut row = json!({"kind": kind.text(), "version": answer.version, "status": name, "fresh": answer.is_fresh, "said": said});
    if let Some(micros) = answer.charge.as_ref().and_then(|charge| charge.cost_micros) {
        row["cost_micros"] = json!(micros);
    }
    row
}
