//! No circle between files of a crate: who reads one file must not have to read all of them.
//!
//! An edge goes from a file to each file whose items it names, seen through re-exports. Between a
//! module and those inside it there may be both ways: a parent is made of its children.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

use super::{expect_none, read, root, shown};

/// A module's path below its crate; the root's is empty.
type ModulePath = Vec<String>;

/// One file, as far as this test reads it.
struct Module {
    file: String,
    tokens: Vec<String>,
    children: BTreeSet<String>,
}

/// A crate by its modules.
struct Sources(BTreeMap<ModulePath, Module>);

#[test]
fn files_of_a_crate_import_in_no_circle() {
    let workspace: toml::Table = read(&root().join("Cargo.toml")).parse().unwrap();
    let members = workspace["workspace"]["members"].as_array().unwrap();
    let folders = members.iter().filter_map(|member| member.as_str()).chain([""]);
    let mut findings = Vec::new();
    for folder in folders {
        for start in ["src/lib.rs", "src/main.rs", "tests/main.rs"] {
            let start = root().join(folder).join(start);
            if start.is_file() {
                findings.extend(load(&start).circles());
            }
        }
    }
    expect_none(&findings);
}

fn load(start: &Path) -> Sources {
    let mut modules = BTreeMap::new();
    let mut left = vec![(ModulePath::new(), start.to_owned())];
    while let Some((path, file)) = left.pop() {
        let module = Module::new(shown(&file), &read(&file));
        for child in &module.children {
            let inside = path.iter().chain([child]).cloned().collect();
            left.push((inside, file_of(&file, path.is_empty(), child)));
        }
        modules.insert(path, module);
    }
    Sources(modules)
}

fn file_of(parent: &Path, is_root: bool, child: &str) -> PathBuf {
    let folder = if is_root || parent.ends_with("mod.rs") {
        parent.parent().unwrap_or(parent).to_owned()
    } else {
        parent.with_extension("")
    };
    let flat = folder.join(format!("{child}.rs"));
    if flat.is_file() { flat } else { folder.join(child).join("mod.rs") }
}

impl Module {
    fn new(file: String, text: &str) -> Self {
        let tokens = without_tests(&tokens(text));
        let declared = tokens.windows(3).enumerate();
        let declared = declared.filter(|(_, three)| three[0] == "mod" && three[2] == ";");
        // A file of another crate's tests is looked at there.
        let declared = declared.filter(|(at, _)| !is_elsewhere(&tokens[..*at]));
        let children = declared.map(|(_, three)| three[1].clone()).collect();
        Module { file, tokens, children }
    }
}

/// Whether the attributes in front of a declaration name its file.
fn is_elsewhere(before: &[String]) -> bool {
    let begin = before.iter().rposition(|token| token == ";" || token == "}");
    before[begin.map_or(0, |at| at + 1)..].windows(2).any(|two| two[0] == "path" && two[1] == "=")
}

/// Words, `::` and single marks; comments and texts are left out.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) = text_length(rest) {
            length
        } else if is_word(first) {
            let length = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len());
            tokens.push(rest[..length].to_owned());
            length
        } else if rest.starts_with("::") {
            tokens.push("::".to_owned());
            2
        } else {
            if !first.is_whitespace() {
                tokens.push(first.to_string());
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

/// How long the text or letter is that starts here, if one does.
fn text_length(rest: &str) -> Option<usize> {
    let raw = rest.trim_start_matches(['b', 'r']);
    let prefix = rest.len() - raw.len();
    let hashes = raw.len() - raw.trim_start_matches('#').len();
    if rest[..prefix].contains('r') && raw[hashes..].starts_with('"') {
        let end = format!("\"{}", "#".repeat(hashes));
        let body = prefix + hashes + 1;
        return Some(rest[body..].find(&end).map_or(rest.len(), |at| body + at + end.len()));
    }
    let mark = raw.chars().next().filter(|mark| prefix < 2 && ['"', '\''].contains(mark))?;
    // `'a` is a lifetime, `'a'` and `'\n'` are letters.
    if mark == '\'' && !raw[1..].starts_with('\\') {
        let letter = raw[1..].chars().next()?;
        let length = 1 + letter.len_utf8();
        return raw[length..].starts_with('\'').then_some(prefix + length + 1);
    }
    let mut is_escaped = false;
    for (at, letter) in raw.char_indices().skip(1) {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            letter if letter == mark => return Some(prefix + at + 1),
            _ => {}
        }
    }
    Some(rest.len())
}

/// Leaves out what is only there in tests: a circle through a test is none.
fn without_tests(tokens: &[String]) -> Vec<String> {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let (mut kept, mut at) = (Vec::new(), 0);
    while at < tokens.len() {
        if tokens[at..].iter().take(MARK.len()).eq(MARK.iter()) {
            at = end_of_item(tokens, at + MARK.len());
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

/// Behind the next `;` outside of brackets, or behind the next block.
fn end_of_item(tokens: &[String], start: usize) -> usize {
    let mut depth = 0_u32;
    for (at, token) in tokens.iter().enumerate().skip(start) {
        match token.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" => depth -= 1,
            "}" if depth == 1 => return at + 1,
            "}" => depth -= 1,
            ";" if depth == 0 => return at + 1,
            _ => {}
        }
    }
    tokens.len()
}

/// The paths of a tree such as `crate::a::{b, c::D as E}`, each with the name it is bound to; and
/// where the tree ends.
fn tree(tokens: &[String], start: usize, prefix: &[String]) -> (Vec<(Vec<String>, String)>, usize) {
    let (mut path, mut at) = (prefix.to_vec(), start);
    let token = |at: usize| tokens.get(at).map_or("", String::as_str);
    if token(at) == "{" {
        let mut all = Vec::new();
        at += 1;
        while !["}", ""].contains(&token(at)) {
            let (paths, end) = tree(tokens, at, prefix);
            all.extend(paths);
            at = if token(end) == "," { end + 1 } else { end.max(at + 1) };
        }
        return (all, at + 1);
    }
    path.push(token(at).to_owned());
    if token(at + 1) == "::" {
        return tree(tokens, at + 2, &path);
    }
    let is_renamed = token(at + 1) == "as";
    let name = if is_renamed { token(at + 2) } else { token(at) };
    // `{self}` names what is in front of it.
    if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
        path.pop();
    }
    let name = if name == "self" { path.last().cloned().unwrap_or_default() } else { name.into() };
    (vec![(path, name)], at + if is_renamed { 3 } else { 1 })
}

impl Sources {
    /// What a module's `use` statements bind: names to whole paths.
    fn bound(&self, at: &ModulePath) -> Vec<(String, ModulePath)> {
        let module = &self.0[at];
        let mut bound = Vec::new();
        for (start, token) in module.tokens.iter().enumerate() {
            if token == "use" {
                let (paths, _) = tree(&module.tokens, start + 1, &[]);
                let whole = paths
                    .into_iter()
                    .filter_map(|(path, name)| Some((name, self.absolute(at, &path)?)));
                bound.extend(whole);
            }
        }
        bound
    }

    /// A path as seen from the crate's root; `None` for those of other crates.
    fn absolute(&self, at: &ModulePath, path: &[String]) -> Option<ModulePath> {
        let first = path.first()?.as_str();
        let mut base = match first {
            "crate" => Vec::new(),
            "self" | "super" => at.clone(),
            _ if self.0[at].children.contains(first) => at.clone(),
            _ => return None,
        };
        for segment in path {
            match segment.as_str() {
                "crate" | "self" => {}
                "super" => drop(base.pop()),
                segment => base.push(segment.to_owned()),
            }
        }
        Some(base)
    }

    /// The module that owns what a path names, seen through at most `depth` re-exports.
    fn owner(&self, path: &[String], depth: u32) -> ModulePath {
        let inside = (0..=path.len()).rev().find(|&length| self.0.contains_key(&path[..length]));
        let (at, rest) = path.split_at(inside.unwrap_or(0));
        let at = at.to_vec();
        let Some(name) = rest.first().filter(|_| depth > 0) else { return at };
        let bound = self.bound(&at);
        let through = |path: &ModulePath| {
            let whole: ModulePath = path.iter().chain(&rest[1..]).cloned().collect();
            self.owner(&whole, depth - 1)
        };
        if let Some((_, path)) = bound.iter().find(|(bound, _)| bound == name) {
            return through(path);
        }
        let globs = bound.iter().filter(|(bound, _)| bound == "*");
        let mut owners = globs.map(|(_, path)| path[..path.len() - 1].to_vec());
        owners.find(|owner| self.0.get(owner).is_some_and(|it| it.defines(name))).unwrap_or(at)
    }

    /// The modules a module names.
    fn named(&self, at: &ModulePath) -> BTreeSet<ModulePath> {
        let module = &self.0[at];
        let bound = self.bound(at);
        let mut named: BTreeSet<ModulePath> =
            bound.iter().map(|(_, path)| self.owner(path, 4)).collect();
        for (start, token) in module.tokens.iter().enumerate() {
            let is_path = module.tokens.get(start + 1).is_some_and(|next| next == "::");
            let is_start = start == 0 || module.tokens[start - 1] != "::";
            if !(is_path && is_start) {
                continue;
            }
            let (paths, _) = tree(&module.tokens, start, &[]);
            for (path, _) in paths {
                let through = bound.iter().find(|(name, _)| name == token);
                let whole = match through {
                    Some((_, known)) => Some(known.iter().chain(&path[1..]).cloned().collect()),
                    None => self.absolute(at, &path),
                };
                named.extend(whole.map(|whole: ModulePath| self.owner(&whole, 4)));
            }
        }
        named
    }

    /// Every circle, each by the files in it and its shortest way round.
    fn circles(&self) -> Vec<String> {
        let is_above = |one: &ModulePath, other: &ModulePath| other.starts_with(one);
        let edges: BTreeMap<&ModulePath, BTreeSet<ModulePath>> = self
            .0
            .keys()
            .map(|from| {
                let mut to = self.named(from);
                to.retain(|to| !is_above(from, to) && !is_above(to, from));
                (from, to)
            })
            .collect();
        let mut seen = BTreeSet::new();
        let mut findings = Vec::new();
        for start in self.0.keys() {
            let Some(way) = way_round(&edges, start) else { continue };
            let reached = reachable(&edges, start);
            let back = |at: &&ModulePath| reachable(&edges, at).contains(start);
            let circle: BTreeSet<&ModulePath> = reached.iter().filter(back).collect();
            let file = |at: &ModulePath| self.0[at].file.clone();
            let files: Vec<String> = circle.iter().map(|at| file(at)).collect();
            if seen.insert(files.clone()) {
                let way: Vec<String> = way.iter().map(file).collect();
                findings.push(format!(
                    "{} files import each other: {}\n  shortest: {}",
                    files.len(),
                    files.join(", "),
                    way.join(" → ")
                ));
            }
        }
        findings
    }
}

impl Module {
    fn defines(&self, name: &str) -> bool {
        const ITEMS: [&str; 9] =
            ["struct", "enum", "fn", "type", "trait", "const", "static", "union", "macro_rules"];
        let is_item = |pair: &[String]| ITEMS.contains(&pair[0].as_str()) && pair[1] == name;
        self.tokens.windows(2).any(is_item)
    }
}

type Edges<'a> = BTreeMap<&'a ModulePath, BTreeSet<ModulePath>>;

fn reachable(edges: &Edges<'_>, start: &ModulePath) -> BTreeSet<ModulePath> {
    let mut reached = BTreeSet::new();
    let mut left = vec![start.clone()];
    while let Some(at) = left.pop() {
        for next in edges.get(&at).into_iter().flatten() {
            if reached.insert(next.clone()) {
                left.push(next.clone());
            }
        }
    }
    reached
}

/// The shortest way from `start` back to it.
fn way_round(edges: &Edges<'_>, start: &ModulePath) -> Option<Vec<ModulePath>> {
    let mut seen = BTreeSet::new();
    let mut left = VecDeque::from([vec![start.clone()]]);
    while let Some(way) = left.pop_front() {
        for next in edges.get(way.last()?).into_iter().flatten() {
            let longer: Vec<ModulePath> = way.iter().chain([next]).cloned().collect();
            if next == start {
                return Some(longer);
            }
            if seen.insert(next.clone()) {
                left.push_back(longer);
            }
        }
    }
    None
}

/// A crate of these modules, by path as in `a::b`; the root declares the others.
fn crate_of(sources: &[(&str, &str)]) -> Sources {
    let modules = sources.iter().map(|(path, text)| {
        let path: ModulePath =
            path.split("::").filter(|it| !it.is_empty()).map(str::to_owned).collect();
        (path.clone(), Module::new(path.join("/"), text))
    });
    Sources(modules.collect())
}

/// What a crate is like, its modules, and how many circles are in it.
type Case<'a> = (&'a str, Vec<(&'a str, &'a str)>, usize);

#[test]
fn circles_are_found_and_nothing_else_is() {
    let root = ("", "mod a; mod b; mod c;");
    let rows: [Case<'_>; 9] = [
        ("a line", vec![("a", "use crate::b::B;"), ("b", "use crate::c::C;"), ("c", "")], 0),
        ("two", vec![("a", "use crate::b::B;"), ("b", "fn f() { crate::a::g(); }"), ("c", "")], 1),
        (
            "three, by module names and groups",
            vec![
                ("a", "use super::{b, c as _c}; fn f() { b::g() }"),
                ("b", "use crate::{c::{self, C}};"),
                ("c", "use crate::a;"),
            ],
            1,
        ),
        (
            "through a re-export",
            vec![
                ("a", "use crate::b::Inner;"),
                ("b", "mod inner; pub use inner::Inner;"),
                ("b::inner", "use crate::a::A; pub struct Inner;"),
                ("c", ""),
            ],
            1,
        ),
        (
            "through a glob and a module's name",
            vec![
                ("a", "use crate::b; fn f() { b::Inner::new() }"),
                ("b", "mod inner; pub use inner::*;"),
                ("b::inner", "use crate::a::A; pub struct Inner;"),
                ("c", ""),
            ],
            1,
        ),
        (
            "a parent and its children",
            vec![
                ("a", "mod x; mod y; use x::X; pub struct A;"),
                ("a::x", "use super::A; use super::y::Y; pub struct X;"),
                ("a::y", "use crate::a::A; pub struct Y;"),
                ("b", ""),
                ("c", ""),
            ],
            0,
        ),
        (
            "between siblings inside",
            vec![
                ("a", "mod x; mod y;"),
                ("a::x", "use super::y::Y; pub struct X;"),
                ("a::y", "use super::x::X; pub struct Y;"),
                ("b", ""),
                ("c", ""),
            ],
            1,
        ),
        (
            "only in comments, texts and tests",
            vec![
                ("a", "use crate::b::B;"),
                (
                    "b",
                    "// crate::a::A\n const T: &str = \"crate::a::A\"; const C: char = '\"';
                     #[cfg(test)] mod tests { use crate::a::A; fn f() { ({}) } }
                     #[cfg(test)] use crate::a::A; fn f<'a>(_: &'a str) {}",
                ),
                ("c", ""),
            ],
            0,
        ),
        (
            "with what follows a test",
            vec![
                ("a", "use crate::b::B;"),
                ("b", "#[cfg(test)] mod tests { fn f() {} }\n use crate::a::A;"),
                ("c", ""),
            ],
            1,
        ),
    ];
    for (name, modules, count) in rows {
        let sources: Vec<_> = [root].into_iter().chain(modules).collect();
        let found = crate_of(&sources).circles();
        assert_eq!(found.len(), count, "{name}: {found:?}");
    }
}
