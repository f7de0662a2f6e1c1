//! What of a page's files is for whoever works on them, and is left out for readers: comments.
//!
//! Only whole lines, so that nothing has to be parsed: a line that begins with `//`, and blocks
//! that begin a line with `/*` and end one with `*/`. The tests of the pages refuse template
//! texts that have such lines. Licences of others stay: their files are not ours to change.

/// Without comments, and without what indents the lines.
pub(super) fn lean(path: &str, text: &str) -> String {
    let is_ours = !path.starts_with("vendor/");
    if !is_ours || !(path.ends_with(".js") || path.ends_with(".css")) {
        return text.to_owned();
    }
    let mut lean = String::with_capacity(text.len());
    let mut is_comment = false;
    for line in text.lines() {
        let line = line.trim_start();
        is_comment |= line.starts_with("/*");
        let ends = is_comment && line.trim_end().ends_with("*/");
        if !is_comment && !line.is_empty() && !line.starts_with("//") {
            lean.push_str(line);
            lean.push('\n');
        }
        is_comment &= !ends;
    }
    lean
}

#[cfg(test)]
#[path = "lean_tests.rs"]
mod tests;
