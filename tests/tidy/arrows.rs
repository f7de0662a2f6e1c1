//! Which room may lean on which, and who may name an outside system.

use super::{expect_none, files, read, root, shown};

/// Folder of a crate, and the crates of ours it may use. Nothing points back up.
const ARROWS: [(&str, &[&str]); 24] = [
    ("config", &["domain"]),
    ("core/domain", &[]),
    ("core/people", &["domain", "event-log"]),
    ("core/privacy", &[]),
    ("core/search", &["domain"]),
    ("core/seating", &["domain"]),
    ("core/sign-in", &[]),
    ("core/event-log", &["domain"]),
    ("core/transport", &["domain", "event-log"]),
    ("processors/engine", &["domain"]),
    ("processors/runner", &["domain", "engine", "event-log", "transport"]),
    ("processors/streams", &["domain", "event-log", "privacy", "transport"]),
    ("processors/payments", &["domain", "event-log", "transport"]),
    ("sinks", &["config", "domain", "event-log", "search", "transport"]),
    ("sinks/channels", &["domain", "event-log", "people", "transport"]),
    ("admission", &["domain"]),
    (
        "gateway",
        &[
            "domain",
            "seating",
            "event-log",
            "transport",
            "admission",
            "payments",
            "people",
            "search",
            "sign-in",
        ],
    ),
    ("core/http-client", &[]),
    ("core/telemetry", &["event-log", "http-client"]),
    (
        "server",
        &[
            "channels",
            "config",
            "domain",
            "event-log",
            "admission",
            "gateway",
            "runner",
            "streams",
            "payments",
            "people",
            "search",
            "sign-in",
            "sinks",
            "telemetry",
            "transport",
        ],
    ),
    ("tools/audit", &["domain", "engine", "event-log", "streams"]),
    (
        "tools/bench",
        &[
            "admission",
            "config",
            "domain",
            "engine",
            "event-log",
            "http-client",
            "load",
            "people",
            "runner",
            "seating",
            "server",
            "transport",
        ],
    ),
    ("tools/load", &["admission", "audit", "domain", "http-client"]),
    ("tools/testkit", &["domain", "event-log", "transport"]),
];

/// An outside system and the only crates that may name it.
const SYSTEMS: [(&str, &[&str]); 10] = [
    ("redis", &["admission"]),
    ("deadpool-redis", &["admission"]),
    ("rdkafka", &["core/event-log"]),
    ("axum", &["gateway"]),
    ("timely", &["processors/streams"]),
    ("differential-dataflow", &["processors/streams"]),
    ("rusqlite", &["core/event-log", "core/people", "sinks"]),
    ("rusty-s3", &["processors/runner"]),
    ("postgres", &["core/people", "sinks"]),
    ("lettre", &["sinks/channels"]),
];

/// Who may name the engine that decides, but for tests: who runs it, and who runs it once more.
const ENGINE: [&str; 3] = ["processors/runner", "tools/audit", "tools/bench"];

/// Dependencies that no file of a folder names, and why they are there.
const UNNAMED: [(&str, &str, &str); 2] = [
    ("", "proptest", "for the features it brings; the manifest says more"),
    ("", "ureq", "tests/stripe.rs shares a file of processors/payments, which names it"),
];

/// Names under `[dependencies]`, without those for tests.
fn dependencies(folder: &str) -> Vec<String> {
    names_under("dependencies", folder)
}

fn names_under(section: &str, folder: &str) -> Vec<String> {
    let manifest: toml::Table = read(&root().join(folder).join("Cargo.toml"))
        .parse()
        .unwrap_or_else(|error| panic!("{folder}/Cargo.toml: {error}"));
    let table = manifest.get(section).and_then(|value| value.as_table());
    table.map(|table| table.keys().cloned().collect()).unwrap_or_default()
}

#[test]
fn arrows_point_downward_only() {
    let mut findings = Vec::new();
    for (folder, allowed) in ARROWS {
        for name in dependencies(folder) {
            let Some(ours) = name.strip_prefix("floodgate-") else { continue };
            if !allowed.contains(&ours) {
                findings.push(format!("{folder} may not use {name}; it may use {allowed:?}"));
            }
        }
    }
    expect_none(&findings);
}

#[test]
fn the_engine_is_named_by_those_who_run_it() {
    let folders = ARROWS.iter().map(|(folder, _)| *folder).chain([""]);
    let findings: Vec<String> = folders
        .filter(|folder| !ENGINE.contains(folder))
        .filter(|folder| dependencies(folder).iter().any(|name| name == "floodgate-engine"))
        .map(|folder| format!("{folder:?} names the engine; only {ENGINE:?} may"))
        .collect();
    expect_none(&findings);
}

#[test]
fn unit_tests_are_run() {
    let mut findings = Vec::new();
    for (folder, _) in ARROWS {
        let manifest: toml::Table = read(&root().join(folder).join("Cargo.toml")).parse().unwrap();
        let runs = manifest.get("lib").and_then(|lib| lib.get("test")?.as_bool()).unwrap_or(true);
        let source = format!("{folder}/src/");
        for path in files(&[".rs"]).iter().filter(|path| !runs && shown(path).starts_with(&source))
        {
            if read(path).contains("#[cfg(test)]") {
                findings.push(format!("{}: {folder}/Cargo.toml has `test = false`", shown(path)));
            }
        }
    }
    expect_none(&findings);
}

#[test]
fn no_dependency_is_idle() {
    let sources: Vec<_> = files(&[".rs"]).iter().map(|path| (shown(path), read(path))).collect();
    let mut findings = Vec::new();
    for folder in ARROWS.iter().map(|(folder, _)| *folder).chain([""]) {
        for (section, subfolders) in
            [("dependencies", &["src/"][..]), ("dev-dependencies", &["src/", "tests/"][..])]
        {
            let within: Vec<_> =
                subfolders
                    .iter()
                    .map(|sub| {
                        if folder.is_empty() {
                            (*sub).to_owned()
                        } else {
                            format!("{folder}/{sub}")
                        }
                    })
                    .collect();
            for name in names_under(section, folder) {
                let in_code = name.replace('-', "_");
                let is_named = sources.iter().any(|(path, text)| {
                    within.iter().any(|start| path.starts_with(start)) && text.contains(&in_code)
                });
                let is_meant = UNNAMED.iter().any(|row| (row.0, row.1) == (folder, name.as_str()));
                if !is_named && !is_meant {
                    findings
                        .push(format!("{folder}/Cargo.toml: nothing names {name} of {section}"));
                }
            }
        }
    }
    expect_none(&findings);
}

#[test]
fn every_crate_has_its_arrows_written_down() {
    let workspace: toml::Table = read(&root().join("Cargo.toml")).parse().unwrap();
    let members = workspace["workspace"]["members"].as_array().unwrap();
    let findings: Vec<String> = members
        .iter()
        .filter_map(|member| member.as_str())
        .filter(|member| !ARROWS.iter().any(|(folder, _)| folder == member))
        .map(|member| format!("{member} has no row in tests/tidy/arrows.rs"))
        .collect();
    expect_none(&findings);
}

#[test]
fn outside_systems_have_one_door() {
    let mut findings = Vec::new();
    for (folder, _) in ARROWS.iter().chain([&("", &[][..])]) {
        for name in dependencies(folder) {
            let system = SYSTEMS.iter().find(|(system, _)| *system == name);
            if let Some((system, doors)) = system
                && !doors.contains(folder)
            {
                let here = if folder.is_empty() { "the root package" } else { folder };
                findings.push(format!("{here} names {system}; only {doors:?} may"));
            }
        }
    }
    expect_none(&findings);
}
