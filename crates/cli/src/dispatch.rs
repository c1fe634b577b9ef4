//! From the parsed command line to the code behind each command.
use crate::args::{Cli, Command};
use crate::exit::Failure;
use crate::{
    accounts, call, completions, credentials, doctor, explain, hashicorp_vault, inventory, keys, output,
    serve, store, tenants, tools, up,
};

/// Does what was asked for, and tells the exit code.
pub async fn run(cli: Cli) -> Result<u8, Failure> {
    let done = |()| 0;
    let format = cli.output;
    let shown = match cli.command {
        Command::Up(args) => return Box::pin(up::run(*args, format)).await.map(done),
        Command::Gateway(args) => return Box::pin(serve::gateway(args, format)).await.map(done),
        Command::CredentialVault(args) => {
            return Box::pin(serve::credential_vault(args, format)).await.map(done);
        }
        Command::HarvestTime(args) => return Box::pin(serve::harvest_time(args, format)).await.map(done),
        Command::LinkedinData(args) => return Box::pin(serve::linkedin_data(args, format)).await.map(done),
        Command::Sandbox(args) => return Box::pin(serve::sandbox(args)).await.map(done),
        Command::Store(command) => match Box::pin(store::run(command, format)).await? {
            Some(shown) => shown,
            None => return Ok(0),
        },
        Command::Renamed { .. } => {
            return Err(Failure::usage("granary vault is called granary hashicorp-vault"));
        }
        Command::HashicorpVault(command) => match Box::pin(hashicorp_vault::run(command, format)).await? {
            Some(shown) => shown,
            None => return Ok(0),
        },
        Command::Completions(args) => return completions::run(&args).map(done),
        Command::Accounts(command) => accounts::run(command).await?,
        Command::Credentials(command) => credentials::run(command).await?,
        Command::Call(args) => call::run(*args).await?,
        Command::Tools(command) => tools::run(command).await?,
        Command::Keys(command) => keys::run(command).await?,
        Command::Tenants(command) => tenants::run(command).await?,
        Command::Doctor(args) => Box::pin(doctor::run(*args)).await?,
        Command::Explain(args) => explain::run(&args)?,
        Command::Inventory(_) => inventory::run()?,
    };
    output::show(format, &shown).map(|()| shown.code)
}
