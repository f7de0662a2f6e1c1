//! The shape of the house, as a test: arrows, sizes, words. Limits only tighten.

mod arrows;
mod circles;
mod facts;
mod fields;
mod names;
mod pages;
mod providers;
mod shape;
mod words;

use std::path::{Path, PathBuf};

/// The workspace's root, as cargo says it when it runs the tests. A binary that is already built
/// can look at another checkout so, without compiling that one.
pub(crate) fn root() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from)
}

/// Every file git would keep under `root` whose name ends with one of `endings`.
pub(crate) fn files(endings: &[&str]) -> Vec<PathBuf> {
    let listing = std::process::Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git lists the files of this checkout");
    assert!(listing.status.success(), "git ls-files failed");
    String::from_utf8(listing.stdout)
        .expect("paths are UTF-8")
        .lines()
        .filter(|path| endings.iter().any(|ending| path.ends_with(ending)))
        // What others wrote is kept as they published it; a digest in gateway/web-test says so.
        .filter(|path| !path.starts_with("gateway/web/vendor/"))
        .map(|path| root().join(path))
        .filter(|path| path.is_file())
        .collect()
}

pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// Fails with all findings at once.
pub(crate) fn expect_none(findings: &[String]) {
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}
