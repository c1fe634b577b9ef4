//! Every example of every help is one whole command: it is read back from the help as a shell would read it once it was copied.
use clap::{CommandFactory, Parser};

use super::{Cli, MIN_WIDTH};

/// The commands of a script: words in quotes or not, line breaks after a backslash and within quotes, pipes and redirections.
fn commands(script: &str) -> Vec<Vec<String>> {
    let (mut all, mut words, mut word) = (Vec::new(), Vec::new(), None::<String>);
    let mut letters = script.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if letters.next_if_eq(&'\n').is_some() => {}
            quote @ ('\'' | '"') => {
                let word = word.get_or_insert_default();
                loop {
                    let inner = letters.next().unwrap_or_else(|| panic!("an open quote in {script}"));
                    if inner == quote {
                        break;
                    }
                    word.push(inner);
                }
            }
            ' ' | '\n' | '|' => {
                words.extend(word.take());
                if letter != ' ' && !words.is_empty() {
                    all.push(std::mem::take(&mut words));
                }
            }
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    all.push(words);
    all
}

fn check(command: &clap::Command, path: &str, found: &mut usize) {
    for help in [command.clone().render_help(), command.clone().render_long_help()] {
        let help = help.to_string();
        let Some((_, examples)) = help.split_once("Examples:\n") else { continue };
        let end = examples.find("\n\n").unwrap_or(examples.len());
        for mut words in commands(&examples[..end]).into_iter().filter(|words| !words.is_empty()) {
            if let Some(redirected) = words.iter().position(|word| word == ">" || word == "<") {
                words.truncate(redirected);
            }
            *found += 1;
            match words[0].as_str() {
                "granary" => {
                    let parsed = Cli::try_parse_from(&words);
                    assert!(parsed.is_ok(), "{path}: {words:?}: {}", parsed.unwrap_err());
                }
                "echo" | "pass" | "jq" => {}
                other => panic!("{path}: {other} is no command, but a piece of one: {examples}"),
            }
        }
    }
    for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
        check(inner, &format!("{path} {}", inner.get_name()), found);
    }
}

#[test]
fn examples_are_whole_commands_in_the_narrowest_help() {
    let mut command = Cli::command().term_width(MIN_WIDTH.into());
    command.build();
    let mut found = 0;
    check(&command, "granary", &mut found);
    assert!(found > 60, "{found}");
}

#[test]
fn a_broken_line_is_noticed() {
    assert_eq!(commands("a 'b c' \\\n  d | e \"f\n\"\nx > y").len(), 3);
    assert_eq!(
        commands("granary keys create --account-pattern\n'user_*'").len(),
        2,
        "so the second one is no command"
    );
}
