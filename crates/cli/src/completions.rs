//! Completion scripts, made from the command line itself.
use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Cli;
use crate::exit::Failure;
use crate::output;

/// Flags of `granary completions`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The shell. Commands, flags, kinds and the names of tools are completed
    shell: Shell,
}

const EXAMPLES: &str = "\
Examples:
  granary completions bash \\
    > ~/.local/share/bash-completion/completions/granary
  granary completions zsh > \"${fpath[1]}/_granary\"
  granary completions fish > ~/.config/fish/completions/granary.fish";

/// Prints the script.
pub fn run(args: &Args) -> Result<(), Failure> {
    output::raw(&script(args.shell))
}

fn script(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    let mut command = Cli::command();
    clap_complete::generate(shell, &mut command, "granary", &mut script);
    if shell == Shell::Fish {
        script.extend(fish_arguments(&command).into_bytes());
    }
    script
}

/// What the generator of fish's script leaves out: values of arguments that are no flags.
fn fish_arguments(command: &clap::Command) -> String {
    let mut lines = String::new();
    for first in command.get_subcommands() {
        let at = format!("__fish_granary_using_subcommand {}", first.get_name());
        add_fish_arguments(first, &at, &mut lines);
        for second in first.get_subcommands() {
            let at = format!("{at}; and __fish_seen_subcommand_from {}", second.get_name());
            add_fish_arguments(second, &at, &mut lines);
        }
    }
    lines
}

fn add_fish_arguments(command: &clap::Command, at: &str, lines: &mut String) {
    for argument in command.get_positionals() {
        let names: Vec<String> =
            argument.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
        if !names.is_empty() {
            *lines += &format!("complete -c granary -n \"{at}\" -f -a \"{}\"\n", names.join(" "));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_has_a_script_that_knows_the_commands_and_the_tools() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let script = String::from_utf8(script(shell)).unwrap();
            assert!(script.contains("inventory"), "{shell}");
            assert!(script.contains("log_time_entry"), "{shell}");
        }
    }
}
