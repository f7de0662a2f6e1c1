//! Words that do not belong here.

use super::{expect_none, files, read, shown};

/// Marks of unfinished work, and what gives a machine away. Split, so that this list is not
/// its own finding.
const BANNED: [(&str, &str); 9] = [
    ("TO", "DO"),
    ("FIX", "ME"),
    ("XX", "X:"),
    ("todo", "!("),
    ("unimplemented", "!("),
    ("db", "g!("),
    ("#[ig", "nore"),
    ("/wo", "rk/"),
    ("lorem ip", "sum"),
];

/// Names that say nothing (style: no Manager, Helper, Util, common).
const EMPTY_NAMES: [&str; 4] = ["Manager {", "Helper {", "Utils {", "mod common"];

#[test]
fn nothing_is_left_unfinished() {
    let mut findings = Vec::new();
    for path in files(&[".rs", ".js", ".mjs", ".toml", ".md", ".yml", ".sh", ".html", ".css"]) {
        for (number, line) in read(&path).lines().enumerate() {
            for (head, tail) in BANNED {
                if line.contains(&format!("{head}{tail}")) {
                    findings.push(format!("{}:{} {head}{tail}", shown(&path), number + 1));
                }
            }
        }
    }
    expect_none(&findings);
}

#[test]
fn names_say_something() {
    let mut findings = Vec::new();
    for path in files(&[".rs"]) {
        if shown(&path).starts_with("tests/tidy") {
            continue;
        }
        for (number, line) in read(&path).lines().enumerate() {
            for name in EMPTY_NAMES {
                if line.contains("struct") && line.contains(name) || line.trim() == name {
                    findings.push(format!("{}:{} {line}", shown(&path), number + 1));
                }
            }
        }
    }
    expect_none(&findings);
}
