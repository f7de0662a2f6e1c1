//! Who may look at single facts. Everybody else follows their effects, so that a new fact reaches
//! them all by its row in the domain's table.

use super::{expect_none, files, read, shown};

/// The words, the engine that decides and applies them, and the audit, which is independent on
/// purpose.
const MAY_NAME_FACTS: [&str; 3] = ["core/domain/", "processors/engine/", "tools/audit/"];

/// Those of them that must name every fact, with no arm for the rest.
const MUST_NAME_ALL: [&str; 2] = ["core/domain/src/", "processors/engine/src/"];

/// Split, so that this file is not its own finding.
fn fact() -> String {
    ["Fact", "::"].concat()
}

/// The lines of a file before its tests, with their numbers.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().take_while(|line| line.trim() != "#[cfg(test)]");
    lines.enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"))
}

fn is_test(name: &str) -> bool {
    name.contains("/tests/") || name.starts_with("tests/") || name.ends_with("tests.rs")
}

/// Whether a line names a fact's type itself, and not the end of another word.
fn names_fact(line: &str, fact: &str) -> bool {
    let before = |at: usize| line[..at].chars().next_back();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(fact).any(|(at, _)| !before(at).is_some_and(is_word))
}

#[test]
fn readers_follow_effects() {
    let fact = fact();
    let mut findings = Vec::new();
    for path in files(&[".rs"]) {
        let name = shown(&path);
        if is_test(&name) || MAY_NAME_FACTS.iter().any(|folder| name.starts_with(folder)) {
            continue;
        }
        let text = read(&path);
        let named = code(&text).filter(|(_, line)| names_fact(line, &fact));
        findings.extend(named.map(|(at, line)| {
            format!("{name}:{} follow `effects()` instead: {}", at + 1, line.trim())
        }));
    }
    expect_none(&findings);
}

#[test]
fn no_fact_is_passed_over() {
    let mut findings = Vec::new();
    for path in files(&[".rs"]) {
        let name = shown(&path);
        if MUST_NAME_ALL.iter().any(|folder| name.starts_with(folder)) {
            let found = passed_over(&read(&path));
            findings.extend(found.iter().map(|at| format!("{name}:{at} is an arm for any fact")));
        }
    }
    expect_none(&findings);
}

/// The arms for any fact, by line number from 1. Relies on the exact shape that rustfmt gives.
fn passed_over(text: &str) -> Vec<usize> {
    let fact = fact();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let lines: Vec<(usize, &str)> = code(text).collect();
    let mut found = Vec::new();
    for (at, (_, line)) in lines.iter().enumerate() {
        let is_match = line.contains("match ") && line.ends_with('{');
        if !is_match {
            continue;
        }
        let arms = indent(line) + 4;
        let block = lines[at + 1..]
            .iter()
            .take_while(|(_, line)| line.trim().is_empty() || indent(line) >= arms);
        let heads: Vec<_> = block.filter(|(_, line)| indent(line) == arms).collect();
        let is_of_facts = heads.iter().any(|(_, line)| line.trim_start().starts_with(&fact));
        let any = heads.iter().filter(|(_, line)| is_for_any(line.trim_start()));
        found.extend(any.filter(|_| is_of_facts).map(|(number, _)| number + 1));
    }
    found
}

/// `_ => …`, `other => …`, `other if … => …`: an arm that takes whatever is left.
fn is_for_any(arm: &str) -> bool {
    let is_name = |c: char| c.is_lowercase() || c.is_ascii_digit() || c == '_';
    let rest = arm.trim_start_matches(is_name);
    rest.len() < arm.len() && (rest.starts_with(" => ") || rest.starts_with(" if "))
}

#[test]
fn an_arm_for_any_fact_is_found() {
    let fact = fact();
    for (arm, found) in [("_ => {}", true), ("other => drop(other),", true), ("None => {}", false)]
    {
        let text = format!(
            "fn f() {{\n    match fact {{\n        {fact}SaleOpened => match 1 {{\n            \
             _ => {{}}\n        }},\n        {arm}\n    }}\n}}\n"
        );
        assert_eq!(passed_over(&text), if found { vec![6] } else { Vec::new() }, "{text}");
    }
}
