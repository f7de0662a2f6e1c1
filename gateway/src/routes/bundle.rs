//! One script a page: its modules in one file, each in a function of its own.
//!
//! Made from the modules as they are when the files are first needed, without tools. A module keeps
//! its identity on a page whatever file brings it: it is kept under its name, and who brings it
//! first defines it. A script that only one page loads later leaves out what that page has already.
//!
//! Modules are what the pages' own style allows: `import { a, b as c } from './x.js';` and `export`
//! before a declaration or a list, at the beginning of a line.

use std::collections::{BTreeMap, BTreeSet};

/// Where modules of a page are kept while it is open.
const KEPT: &str = "const $ = globalThis[Symbol.for('floodgate')] ??= {};\n";

/// A module as written.
#[derive(Debug, Default)]
struct Module {
    /// What it takes, as a pattern of names, and of which module.
    imports: Vec<(String, String)>,
    /// Loaded later, by its path and how the source names it.
    later: Vec<(String, String)>,
    /// What it gives: `name` or `name: $["other"].name`.
    exports: Vec<String>,
    body: String,
    /// Whether it waits for something before it is there.
    waits: bool,
}

/// The files with every script that a page names, or that one loads later, made whole.
pub(super) fn bundled(mut files: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let scripts = files.iter().filter(|(path, _)| path.ends_with(".js") && path.contains("js/"));
    let modules: BTreeMap<String, Module> =
        scripts.map(|(path, text)| (path.clone(), parse(path, text))).collect();
    let pages: Vec<String> = files
        .iter()
        .filter(|(path, _)| path.ends_with(".html"))
        .flat_map(|(_, text)| text.lines().filter_map(script_of))
        .filter(|path| modules.contains_key(path))
        .collect();
    let mut made = BTreeMap::new();
    for page in &pages {
        made.insert(page.clone(), whole(page, &modules, None));
    }
    let mut loaded: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for page in &pages {
        for later in reached(page, &modules) {
            loaded.entry(later).or_default().insert(page);
        }
    }
    for (later, by) in loaded {
        let only = by.first().filter(|_| by.len() == 1);
        if !pages.iter().any(|page| page == later) {
            made.insert(later.to_owned(), whole(later, &modules, only.copied()));
        }
    }
    files.extend(made.into_iter().filter_map(|(path, text)| Some((path, text?))));
    files
}

/// `…src="/assets/js/x.js"` of a module script.
fn script_of(line: &str) -> Option<String> {
    let rest = line.split_once("<script type=\"module\" src=\"/assets/")?.1;
    Some(rest.split('"').next()?.to_owned())
}

/// All that a script loads later, directly or by way of what it loads.
fn reached<'a>(from: &'a str, modules: &'a BTreeMap<String, Module>) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut left = vec![from];
    while let Some(path) = left.pop() {
        for part in needed(path, modules) {
            let later = modules[part].later.iter().map(|(path, _)| path.as_str());
            left.extend(later.filter(|path| modules.contains_key(*path) && found.insert(*path)));
        }
    }
    found
}

/// A module and all that it takes from, those first that others take from.
fn needed<'a>(path: &'a str, modules: &'a BTreeMap<String, Module>) -> Vec<&'a str> {
    fn visit<'a>(
        path: &'a str,
        modules: &'a BTreeMap<String, Module>,
        list: &mut Vec<&'a str>,
        open: &mut Vec<&'a str>,
    ) {
        let Some((path, module)) = modules.get_key_value(path) else { return };
        if list.contains(&path.as_str()) || open.contains(&path.as_str()) {
            return;
        }
        open.push(path);
        for (_, other) in &module.imports {
            visit(other, modules, list, open);
        }
        open.pop();
        list.push(path);
    }
    let mut list = Vec::new();
    visit(path, modules, &mut list, &mut Vec::new());
    list
}

/// The script at `path` with all that it needs and `page` does not have. Nothing where something it
/// takes from is not there.
fn whole(path: &str, modules: &BTreeMap<String, Module>, page: Option<&str>) -> Option<String> {
    let has: BTreeSet<&str> =
        page.map(|page| needed(page, modules).into_iter().collect()).unwrap_or_default();
    let mut text = String::new();
    if let Some(page) = page {
        text.push_str(&format!("import '{}';\n", between(path, page)));
    }
    text.push_str(KEPT);
    for part in needed(path, modules).into_iter().filter(|part| !has.contains(part)) {
        let module = &modules[part];
        let (name, a) = (key(part), if module.waits { "async " } else { "" });
        text.push_str(&format!("$[{name}] ??= ({a}() => {{\n"));
        for (names, other) in &module.imports {
            modules.get(other)?;
            if !names.is_empty() {
                text.push_str(&format!("const {{ {names} }} = $[{}];\n", key(other)));
            }
        }
        text.push_str(&placed(part, path, module));
        text.push_str(&format!("return {{ {} }};\n}})();\n", module.exports.join(", ")));
        if module.waits {
            text.push_str(&format!("$[{name}] = await $[{name}];\n"));
        }
    }
    let exports = modules[path].exports.iter().map(|one| one.split(':').next().unwrap_or(one));
    let exports: Vec<&str> = exports.collect();
    text.push_str(&format!("export const {{ {} }} = $[{}];\n", exports.join(", "), key(path)));
    Some(text)
}

/// A module's body where it stands now: what it names beside itself is still found.
fn placed(part: &str, path: &str, module: &Module) -> String {
    let here = format!("new URL('{}', import.meta.url)", between(path, part));
    let mut body = module.body.replace("import.meta.url", &here);
    for (target, written) in &module.later {
        let from = format!("import('{written}')");
        body = body.replace(&from, &format!("import('{}')", between(path, target)));
    }
    body
}

fn key(path: &str) -> String {
    let name = path.strip_prefix("js/").unwrap_or(path);
    format!("'{}'", name.strip_suffix(".js").unwrap_or(name))
}

/// How a file names another.
fn between(from: &str, to: &str) -> String {
    let above = from.matches('/').count();
    format!("{}{to}", if above == 0 { "./".to_owned() } else { "../".repeat(above) })
}

/// Where `./x.js` or `../y/x.js` leads from a file.
fn led(from: &str, to: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in to.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn parse(path: &str, text: &str) -> Module {
    let mut module = Module::default();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let is_list = line.starts_with("export {");
        if line.starts_with("import ") || is_list {
            let mut statement = line.to_owned();
            while !statement.contains(';') {
                let Some(next) = lines.next() else { break };
                statement.push(' ');
                statement.push_str(next.trim());
            }
            take_or_give(path, &statement, is_list, &mut module);
            continue;
        }
        let declared = line.strip_prefix("export ");
        if let Some(name) = declared.and_then(name_of) {
            module.exports.push(name.to_owned());
        }
        module.waits |= line.starts_with("await ");
        let line = declared.unwrap_or(line);
        for written in line.split("import('").skip(1).filter_map(|rest| rest.split("')").next()) {
            module.later.push((led(path, written), written.to_owned()));
        }
        module.body.push_str(line);
        module.body.push('\n');
    }
    module
}

/// `import { a } from './x.js'`, `import './x.js'`, `export { a }`, `export { a } from './x.js'`.
fn take_or_give(path: &str, statement: &str, gives: bool, module: &mut Module) {
    let names = statement.split_once('{').and_then(|(_, rest)| rest.split_once('}'));
    let names = names.map_or("", |(names, _)| names.trim()).trim_end_matches(',');
    let from = statement.split('\'').nth(1).map(|written| led(path, written));
    let renamed = names.split(',').map(|name| name.trim().replacen(" as ", ": ", 1));
    match (gives, from) {
        (false, Some(from)) => {
            let names: Vec<String> = renamed.filter(|name| !name.is_empty()).collect();
            module.imports.push((names.join(", "), from));
        }
        (true, Some(from)) => {
            let given = names.split(',').map(str::trim);
            module.exports.extend(given.map(|name| format!("{name}: $[{}].{name}", key(&from))));
            module.imports.push((String::new(), from));
        }
        (true, None) => module.exports.extend(names.split(',').map(|name| name.trim().to_owned())),
        (false, None) => {}
    }
}

/// The name that `const x = …`, `async function x(…` or `class X …` declares.
fn name_of(declaration: &str) -> Option<&str> {
    let rest = declaration.strip_prefix("async ").unwrap_or(declaration);
    let rest = rest.split_once(' ')?.1;
    rest.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').next()
}

#[cfg(test)]
#[path = "bundle_tests.rs"]
mod tests;
