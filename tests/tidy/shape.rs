//! Files one can hold in the head.

use super::{expect_none, files, read, root, shown};

const FILE_LINES_MAX: usize = 500;
const TEST_FILE_LINES_MAX: usize = 800;
const LIB_LINES_MAX: usize = 80;
const FUNCTION_LINES_MAX: usize = 70;
const LINE_CHARS_MAX: usize = 100;
const README_LINES_MAX: usize = 60;

fn is_test(path: &str) -> bool {
    path.contains("/tests/") || path.starts_with("tests/") || path.ends_with("tests.rs")
}

#[test]
fn files_are_short() {
    let mut findings = Vec::new();
    for path in files(&[".rs", ".js", ".mjs", ".css", ".html"]) {
        let (name, lines) = (shown(&path), read(&path).lines().count());
        let limit = if is_test(&name) {
            TEST_FILE_LINES_MAX
        } else if name.ends_with("lib.rs") {
            LIB_LINES_MAX
        } else {
            FILE_LINES_MAX
        };
        if lines > limit {
            findings.push(format!("{name} has {lines} lines, at most {limit}"));
        }
    }
    expect_none(&findings);
}

#[test]
fn lines_are_short() {
    let mut findings = Vec::new();
    for path in files(&[".rs"]) {
        for (number, line) in read(&path).lines().enumerate() {
            // A long text or address is not improved by cutting it.
            let is_text = line.contains('"') || line.contains("///") || is_test(&shown(&path));
            if line.chars().count() > LINE_CHARS_MAX && !is_text {
                findings.push(format!("{}:{} is too long", shown(&path), number + 1));
            }
        }
    }
    expect_none(&findings);
}

#[test]
fn functions_are_short() {
    let mut findings = Vec::new();
    for path in files(&[".rs"]) {
        let name = shown(&path);
        let text = read(&path);
        let lines: Vec<&str> = text.lines().collect();
        for (start, line) in lines.iter().enumerate() {
            let Some(indent) = function_indent(line) else { continue };
            let closing = format!("{}}}", " ".repeat(indent));
            let length = lines[start..].iter().position(|line| *line == closing);
            let limit = if is_test(&name) { 2 * FUNCTION_LINES_MAX } else { FUNCTION_LINES_MAX };
            if let Some(length) = length.filter(|&length| length + 1 > limit) {
                let what = line.trim();
                findings.push(format!("{name}:{} {} lines: {what}", start + 1, length + 1));
            }
        }
    }
    expect_none(&findings);
}

/// Where a function with a body starts, by its indentation; rustfmt keeps this exact.
fn function_indent(line: &str) -> Option<usize> {
    let code = line.trim_start();
    let is_function = code.starts_with("fn ")
        || code.contains(" fn ") && !code.starts_with("//") && !code.contains('"');
    (is_function && !code.ends_with(';') && !code.ends_with('}')).then(|| line.len() - code.len())
}

#[test]
fn every_room_has_a_short_page() {
    let rooms = [
        "config",
        "admission",
        "gateway",
        "sinks",
        "server",
        "src",
        "tests",
        "tools",
        "core/domain",
        "core/seating",
        "core/event-log",
        "core/http-client",
        "core/telemetry",
        "processors/engine",
        "processors/runner",
        "processors/streams",
        "processors/payments",
    ];
    let mut findings = Vec::new();
    for room in rooms {
        let page = root().join(room).join("README.md");
        let Ok(text) = std::fs::read_to_string(&page) else {
            findings.push(format!("{room} has no README.md"));
            continue;
        };
        let lines = text.lines().count();
        if lines > README_LINES_MAX {
            findings.push(format!("{room}/README.md has {lines} lines"));
        }
    }
    expect_none(&findings);
}

#[test]
fn every_source_file_says_what_it_owns() {
    let findings: Vec<String> = files(&[".rs"])
        .into_iter()
        .filter(|path| !read(path).starts_with("//!"))
        .map(|path| format!("{} has no module doc", shown(&path)))
        .collect();
    expect_none(&findings);
}

#[test]
fn every_setting_is_documented() {
    let path = root().join("config/default.toml");
    let text = read(&path);
    let mut findings = Vec::new();
    let mut before = "";
    for (number, line) in text.lines().enumerate() {
        let is_key = line.contains(" = ") && !line.trim_start().starts_with(['#', '"', ']', '[']);
        if is_key && !before.trim_start().starts_with('#') {
            findings.push(format!("{}:{} {line} has no comment above", shown(&path), number + 1));
        }
        before = line;
    }
    expect_none(&findings);
}
