//! `granary hashicorp-vault`: makes a HashiCorp Vault ready, with the operator's own token.
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use granary_credential_vault::TREE;
use granary_store::bootstrap::{self, Options, Outcome, Role, SecretId, policy};
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::output::{Format, Shown};
use crate::serve::checked;
use crate::settings::{From, Settings};

/// What can be done to a Vault.
#[derive(Clone, Debug, clap::Subcommand)]
#[command(after_help = EXAMPLES)]
pub enum Command {
    /// Create or check the engines, the transit key, the policy and the role that credential-vault needs
    Bootstrap(Box<Bootstrap>),
    /// Print the policy that credential-vault needs; asks no server
    Policy(Policy),
}

/// How to set it up.
#[derive(Clone, Debug, clap::Args)]
pub struct Bootstrap {
    #[command(flatten)]
    from: From,
    /// Change nothing; print what would be changed
    #[arg(long)]
    dry_run: bool,
    /// Look at every record for old versions, and destroy them; done anyway where the KV engine kept more than one
    #[arg(long)]
    destroy_old_versions: bool,
    /// How credential-vault is to log in
    #[arg(long, value_enum, default_value_t = How::Approle)]
    role: How,
    /// jwt: what the JWT's "aud" must hold
    #[arg(long, value_name = "TEXT", required_if_eq("role", "jwt"))]
    jwt_audience: Option<String>,
    /// jwt: what its "sub" must be, such as system:serviceaccount:granary:credential-vault
    #[arg(long, value_name = "TEXT", required_if_eq("role", "jwt"))]
    jwt_subject: Option<String>,
    /// approle: make a secret id and write it to this new file, open to its owner alone
    #[arg(long, value_name = "FILE")]
    secret_id_file: Option<PathBuf>,
    /// Write a token that unwraps the secret id once, within ten minutes, instead of the secret id
    #[arg(long, requires = "secret_id_file")]
    wrap: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum How {
    /// An AppRole
    Approle,
    /// A role of the jwt method, as in Kubernetes
    Jwt,
    /// None: tokens are made by other means
    None,
}

/// For which mounts.
#[derive(Clone, Debug, clap::Args)]
pub struct Policy {
    #[command(flatten)]
    from: From,
}

const EXAMPLES: &str = "\
The server and your token are VAULT_ADDR and VAULT_TOKEN, as for Vault's own commands; what the engines are \
called stands in credential_vault.vault of the settings.

Examples:
  granary hashicorp-vault bootstrap --dry-run
  granary hashicorp-vault bootstrap --secret-id-file secret-id --wrap
  granary hashicorp-vault bootstrap --role jwt --jwt-audience vault \\
      --jwt-subject system:serviceaccount:granary:credential-vault
  granary hashicorp-vault policy";

/// Does it.
pub async fn run(command: Command, format: Format) -> Result<Option<Shown>, Failure> {
    match command {
        Command::Policy(Policy { from }) => {
            let Some(settings) = checked(&from, format, |_| Vec::new())? else { return Ok(None) };
            let text = policy::text(&policy::rules(&settings.credential_vault.vault));
            let document = json!({"policy": text});
            Ok(Some(Shown { text: text.trim_end().to_owned(), document, ..Shown::default() }))
        }
        Command::Bootstrap(args) => bootstrap(*args, format).await,
    }
}

async fn bootstrap(args: Bootstrap, format: Format) -> Result<Option<Shown>, Failure> {
    // No log: what goes wrong is told once, by the failure, in the form that was asked for.
    let faults = |settings: &Settings| {
        let faults = settings.credential_vault.vault.faults_of_operator();
        faults.into_iter().map(|fault| format!("credential_vault.{fault}")).collect()
    };
    let Some(settings) = checked(&args.from, format, faults)? else { return Ok(None) };
    let role = match args.role {
        How::Approle => Role::AppRole,
        How::Jwt => Role::Jwt {
            audience: args.jwt_audience.unwrap_or_default(),
            subject: args.jwt_subject.unwrap_or_default(),
        },
        How::None => Role::None,
    };
    let secret_id = args.secret_id_file.as_ref().map(|_| SecretId { wrapped: args.wrap });
    // Before anything is made in Vault: a secret id that cannot be written would be lost.
    let file = match &args.secret_id_file {
        Some(path) if !args.dry_run => Some(fresh_file(path)?),
        _ => None,
    };
    let options = Options { dry_run: args.dry_run, destroy_old: args.destroy_old_versions, role, secret_id };
    let made = bootstrap::run(&settings.credential_vault.vault, &TREE, &options).await;
    let report = match made {
        Ok(report) => report,
        Err(failure) => {
            if let (Some(_), Some(path)) = (file, &args.secret_id_file) {
                let _ = std::fs::remove_file(path);
            }
            return Err(Failure::configuration(failure));
        }
    };
    if let (Some(mut file), Some(secret)) = (file, &report.secret_id) {
        writeln!(file, "{}", secret.expose()).map_err(Failure::unexpected)?;
    }
    let mut lines: Vec<String> =
        report.steps.iter().map(|step| format!("{:13} {}", told(step.outcome), step.what)).collect();
    lines.extend(report.role_id.as_ref().map(|id| format!("{:13} {id}", "role id")));
    let steps: Vec<Value> =
        report.steps.iter().map(|step| json!({"what": step.what, "outcome": told(step.outcome)})).collect();
    let document = json!({"steps": steps, "role_id": report.role_id});
    Ok(Some(Shown { text: lines.join("\n"), document, ..Shown::default() }))
}

/// A file that nobody else can read, and that was not there before.
fn fresh_file(path: &Path) -> Result<std::fs::File, Failure> {
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| {
            let name = path.display();
            Failure::configuration(match error.kind() {
                std::io::ErrorKind::AlreadyExists => format!(
                    "{name} is there already, and credential-vault may log in with it: name a new file, and move it over \
                     that one once it is written (mv NEW {name})"
                ),
                _ => format!("cannot make {name}: {error}"),
            })
        })
}

fn told(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Present => "present",
        Outcome::Created => "created",
        Outcome::Changed => "changed",
        Outcome::WouldCreate => "would create",
        Outcome::WouldChange => "would change",
    }
}
