//! `granary store`: what is done to everything in the store.
use std::path::PathBuf;
use std::time::Duration;

use granary_proto::granary::vault::v1 as wire;
use granary_proto::granary::vault::v1::{StoreKind, StorePhase, StoreProgress};
use serde_json::json;
use tonic::Streaming;

use crate::client::{ApiClient, VaultConnection};
use crate::exit::Failure;
use crate::output::{Format, Shown};
use crate::progress::Bar;
use crate::serve::{checked, refused};
use crate::settings::From;

/// How long one look at work that is under way lasts; after it, the next begins.
const WATCH_TIMEOUT: Duration = Duration::from_secs(540);

/// What can be done to the store.
#[derive(Clone, Debug, clap::Subcommand)]
#[command(after_help = EXAMPLES)]
pub enum Command {
    /// Move everything to the other store, compare it, and go on there; credential-vault does it while it runs
    Migrate(Migrate),
    /// Seal every value anew under the newest version of Vault's transit key; credential-vault does it while it runs
    Rewrap(Rewrap),
    /// Seal an embedded store anew under another master key, in one transaction, while no service uses it
    Rekey(Rekey),
}

/// Where to.
#[derive(Clone, Debug, clap::Args)]
pub struct Migrate {
    /// The store to move to, set up in credential-vault's settings
    #[arg(long, value_enum)]
    to: Kind,
    #[command(flatten)]
    connection: VaultConnection,
}

/// A kind of store, as flags name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// One encrypted file
    Embedded,
    /// HashiCorp Vault
    Vault,
}

/// How.
#[derive(Clone, Debug, clap::Args)]
pub struct Rewrap {
    /// Make a new version of the transit key first
    #[arg(long)]
    rotate: bool,
    #[command(flatten)]
    connection: VaultConnection,
}

/// Under which key.
#[derive(Clone, Debug, clap::Args)]
pub struct Rekey {
    #[command(flatten)]
    from: From,
    /// The file with the new master key: 32 bytes in base64. Made where it does not exist
    #[arg(long, value_name = "FILE")]
    new_key_file: PathBuf,
}

const EXAMPLES: &str = "\
migrate and rewrap need an operator key, and go on when this command is ended: called again, it shows how far they are.

Examples:
  granary store migrate --to vault
  granary store rewrap --rotate
  granary store rekey --config granary.toml --new-key-file new.key";

/// Does it.
pub async fn run(command: Command, format: Format) -> Result<Option<Shown>, Failure> {
    match command {
        Command::Rekey(args) => rekey(args, format).await.map(|()| None),
        Command::Migrate(Migrate { to, connection }) => {
            let api = connection.open()?;
            let to = if to == Kind::Vault { StoreKind::Vault } else { StoreKind::Embedded };
            let request = || wire::MigrateStoreRequest { to: to.into() };
            let progress = watched(
                &api,
                async |api: &ApiClient, _| {
                    let answer = api.admin().migrate_store(api.long_request(request(), WATCH_TIMEOUT)).await;
                    looked(api, answer).await
                },
                |message| message.progress,
            )
            .await?;
            let next = "set credential_vault.store to it before credential-vault is started again";
            Ok(Some(shown(progress, &format!("everything is in the other store now; {next}"))))
        }
        Command::Rewrap(Rewrap { rotate, connection }) => {
            let api = connection.open()?;
            let progress = watched(
                &api,
                async |api: &ApiClient, again| {
                    let request = wire::RewrapStoreRequest { rotate: rotate && !again };
                    let answer = api.admin().rewrap_store(api.long_request(request, WATCH_TIMEOUT)).await;
                    looked(api, answer).await
                },
                |message| message.progress,
            )
            .await?;
            Ok(Some(shown(progress, "every value is sealed under the newest key")))
        }
    }
}

/// Follows the work to its end, over as many looks as it takes.
async fn watched<T>(
    api: &ApiClient,
    look: impl AsyncFn(&ApiClient, bool) -> Result<Streaming<T>, Failure>,
    progress_of: impl Fn(T) -> Option<StoreProgress>,
) -> Result<StoreProgress, Failure> {
    let (bar, mut again) = (Bar::new(), false);
    loop {
        let mut stream = look(api, again).await?;
        again = true;
        loop {
            match stream.message().await {
                Ok(Some(message)) => {
                    let Some(progress) = progress_of(message) else { continue };
                    bar.show(&progress);
                    if progress.phase() == StorePhase::Done {
                        bar.end();
                        return Ok(progress);
                    }
                }
                Err(status) if status.code() != tonic::Code::DeadlineExceeded => {
                    return Err(api.failure(status).await);
                }
                Ok(None) | Err(_) => break,
            }
        }
    }
}

/// The stream of a look, or why there is none.
async fn looked<T>(
    api: &ApiClient,
    answer: Result<tonic::Response<Streaming<T>>, tonic::Status>,
) -> Result<Streaming<T>, Failure> {
    match answer {
        Ok(answer) => Ok(answer.into_inner()),
        Err(status) => Err(api.failure(status).await),
    }
}

fn shown(progress: StoreProgress, what: &str) -> Shown {
    let text = format!("{} records, {} written: {what}", progress.done, progress.changed);
    let document = json!({"records": progress.done, "written": progress.changed});
    Shown { text, document, ..Shown::default() }
}

/// Changes a store that no service uses now.
async fn rekey(Rekey { from, new_key_file }: Rekey, format: Format) -> Result<(), Failure> {
    let Some(settings) = checked(&from, format, |s| s.credential_vault.validate())? else { return Ok(()) };
    let cannot = |e| Failure::configuration(format!("cannot make {}: {e}", new_key_file.display()));
    let made = crate::keyfile::key(&new_key_file).map_err(cannot)?;
    let count =
        granary_credential_vault::rekey(&settings.credential_vault, &new_key_file).await.map_err(refused)?;
    let whose = if made { "a fresh key" } else { "the key" };
    crate::output::line(&format!(
        "{count} values sealed anew under {whose} in {0}; set credential_vault.master_key_file = \"{0}\"",
        new_key_file.display()
    ))
}
