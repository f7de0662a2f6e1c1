//! Pages name files that are there.

use std::collections::BTreeSet;

use super::{expect_none, files, read, root, shown};

const ENDINGS: [&str; 10] =
    [".rs", ".md", ".toml", ".sql", ".js", ".mjs", ".py", ".html", ".json", "/"];

/// Every file and folder git would keep, as pages name them: without the `src` between a room and
/// its files.
fn known() -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    for path in files(&[""]) {
        let name = shown(&path);
        let mut rest = name.as_str();
        loop {
            known.insert(format!("/{rest}"));
            known.insert(format!("/{rest}").replace("/src/", "/"));
            let Some((folder, _)) = rest.rsplit_once('/') else { break };
            rest = folder;
        }
    }
    known
}

/// The folder whose files a page may name without saying where they are: its own, and those beside
/// it in the same room.
fn room_of(page: &str) -> String {
    match page.split('/').collect::<Vec<_>>()[..] {
        [] | [_] => "/".to_owned(),
        [room, _] | [room, _, _] => format!("/{room}/"),
        [room, part, ..] => format!("/{room}/{part}/"),
    }
}

/// What stands between backticks and looks like a path.
fn named_paths(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2).filter(|text| {
        let is_path = |c: char| c.is_ascii_alphanumeric() || "_./-".contains(c);
        let ends = ENDINGS.iter().any(|ending| text.ends_with(ending));
        ends && text.chars().all(is_path) && !text.starts_with(['/', '.'])
    })
}

/// Where the links of a line lead, unless it is to another site or place in the page.
fn links(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| {
        let target = rest.split(')').next()?.split('#').next()?;
        (!target.is_empty() && !target.contains(':')).then_some(target)
    })
}

#[test]
fn pages_name_files_that_are_there() {
    let known = known();
    let mut findings = Vec::new();
    for page in files(&[".md"]) {
        let folder = page.parent().map_or_else(root, std::path::Path::to_path_buf);
        let room = room_of(&shown(&page));
        for (number, line) in read(&page).lines().enumerate() {
            let at = format!("{}:{}", shown(&page), number + 1);
            for name in named_paths(line) {
                let wanted = format!("/{}", name.trim_end_matches('/'));
                // A bare name is one of the page's own room.
                let within = if name.trim_end_matches('/').contains('/') { "/" } else { &room };
                let is_there = |path: &String| path.starts_with(within) && path.ends_with(&wanted);
                if !known.iter().any(is_there) {
                    findings.push(format!("{at} `{name}` is not there"));
                }
            }
            let broken = links(line).filter(|target| !folder.join(target).exists());
            findings.extend(broken.map(|target| format!("{at} the link to {target} is broken")));
        }
    }
    expect_none(&findings);
}

#[test]
fn paths_and_links_are_found_in_a_line() {
    let line = "| `src/a.rs`, `a::b` | [x](../x.md#y), [z](https://z.example) `GET /v1/` `b/` |";
    assert_eq!(named_paths(line).collect::<Vec<_>>(), ["src/a.rs", "b/"]);
    assert_eq!(links(line).collect::<Vec<_>>(), ["../x.md"]);
}
