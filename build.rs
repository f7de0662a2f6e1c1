//! Notes the commit a release build is of, so that figures can name it.
//!
//! A debug build names none: nobody compares its figures, and it would be compiled and linked
//! again after every commit.

use std::process::Command;

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is_release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let commit = if is_release { git(&["rev-parse", "--short=12", "HEAD"]) } else { None };
    println!("cargo::rustc-env=FLOODGATE_COMMIT={}", commit.as_deref().unwrap_or("unknown"));
    // Where they are differs between a clone and a work tree of one.
    for path in ["HEAD", "refs/heads"].into_iter().filter(|_| commit.is_some()) {
        if let Some(path) = git(&["rev-parse", "--git-path", path]) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
}
