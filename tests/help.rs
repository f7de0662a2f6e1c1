//! What pages and helps give to type is there: each command, and each of its flags.

use std::collections::HashMap;
use std::process::Command;

use crate::tidy::{expect_none, files, read, shown};

/// Helps by the words typed, asked for once each; `None` where there is no such command.
#[derive(Default)]
struct Helps(HashMap<Vec<String>, Option<String>>);

impl Helps {
    fn of(&mut self, words: &[&str]) -> Option<String> {
        let key: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let ask = || {
            let binary = env!("CARGO_BIN_EXE_floodgate");
            let output = Command::new(binary).args(words).arg("--help").output().unwrap();
            output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
        };
        self.0.entry(key).or_insert_with(ask).clone()
    }

    /// What is wrong with a line that begins with `floodgate`.
    fn look_at(&mut self, line: &str) -> Option<String> {
        let mut words: Vec<&str> = Vec::new();
        let mut help = self.of(&words)?;
        let mut typed = line.split_whitespace().skip(1).peekable();
        while let Some(word) = typed.next_if(|word| is_command(word)) {
            words.push(word);
            let Some(found) = self.of(&words) else {
                return Some(format!("there is no `{}`", words.join(" ")));
            };
            help = found;
            // Below the last command there are arguments only.
            if !help.contains("\nCommands:") {
                break;
            }
        }
        let flags = typed.filter_map(|word| word.strip_prefix("--")?.split('=').next());
        let unknown = flags.filter(|flag| !flag.is_empty()).find(|flag| {
            let is_it =
                |word: &str| word.trim_matches(&[',', '[', ']', '.'][..]) == format!("--{flag}");
            !help.split_whitespace().any(is_it)
        });
        unknown.map(|flag| format!("`{}` has no --{flag}", words.join(" ")))
    }
}

fn is_command(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_lowercase())
        && word.chars().all(|c| c.is_ascii_lowercase() || c == '-')
}

/// The calls of the program in a line of a shell, without what explains them.
fn calls(line: &str) -> impl Iterator<Item = &str> {
    let code = line.split(" #").next().unwrap_or_default().trim();
    code.split(" && ").filter_map(|call| {
        let start = call.find("floodgate ")?;
        let before = &call[..start];
        let is_call = before.is_empty()
            || before.split_whitespace().all(|word| word.contains('=') && !word.starts_with('-'));
        // Helps explain behind a gap.
        is_call.then(|| call[start..].split("    ").next().unwrap_or_default())
    })
}

#[test]
fn what_pages_say_to_type_is_there() {
    let (mut helps, mut findings, mut count) = (Helps::default(), Vec::new(), 0);
    for page in files(&[".md"]) {
        let mut is_code = false;
        for (number, line) in read(&page).lines().enumerate() {
            if line.starts_with("```") {
                is_code = !is_code;
            }
            for call in calls(line).filter(|_| is_code) {
                count += 1;
                let wrong = helps.look_at(call);
                findings.extend(wrong.map(|it| format!("{}:{} {it}", shown(&page), number + 1)));
            }
        }
    }
    expect_none(&findings);
    assert!(count > 10, "only {count} calls were found");
}

/// Every command there is, by what the helps list.
fn commands(helps: &mut Helps) -> Vec<Vec<String>> {
    let mut all: Vec<Vec<String>> = vec![Vec::new()];
    let mut next = 0;
    while let Some(words) = all.get(next).cloned() {
        next += 1;
        let typed: Vec<&str> = words.iter().map(String::as_str).collect();
        let help = helps.of(&typed).unwrap();
        let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
        let listed = listed.take_while(|line| !line.is_empty());
        let names = listed.filter_map(|line| {
            // A name stands two spaces in; what it does goes on further right.
            let rest = line.strip_prefix("  ").filter(|rest| !rest.starts_with(' '))?;
            rest.split_whitespace().next().filter(|name| *name != "help")
        });
        all.extend(names.map(|name| [words.clone(), vec![name.to_owned()]].concat()));
    }
    all
}

#[test]
fn what_helps_say_to_type_is_there() {
    let mut helps = Helps::default();
    let commands = commands(&mut helps);
    assert!(commands.len() > 30, "{commands:?}");
    let mut findings = Vec::new();
    for words in commands {
        let typed: Vec<&str> = words.iter().map(String::as_str).collect();
        let help = helps.of(&typed).unwrap();
        let examples = help.lines().skip_while(|line| !line.starts_with("Examples:"));
        for call in examples.flat_map(calls) {
            let wrong = helps.look_at(call);
            findings.extend(wrong.map(|it| format!("{} --help: {it}", words.join(" "))));
        }
    }
    expect_none(&findings);
}

#[test]
fn calls_are_found_in_lines_of_a_shell() {
    let found = |line: &'static str| calls(line).collect::<Vec<_>>();
    assert_eq!(found("floodgate doctor     # what is wrong"), ["floodgate doctor"]);
    assert_eq!(
        found("A=1 floodgate serve && floodgate audit"),
        ["floodgate serve", "floodgate audit"]
    );
    assert_eq!(found("  floodgate demo      a stadium on sale"), ["floodgate demo"]);
    assert!(found("see floodgate demo").is_empty());
    let mut helps = Helps::default();
    let mut wrong = |call| helps.look_at(call).unwrap_or_default();
    assert_eq!(wrong("floodgate venue generate --house bowl"), "");
    assert_eq!(wrong("floodgate venue demolish"), "there is no `venue demolish`");
    assert_eq!(wrong("floodgate audit --quickly"), "`audit` has no --quickly");
}
