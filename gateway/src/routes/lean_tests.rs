//! What is left out of served files, and what that leaves.
#![allow(clippy::unwrap_used)]

use super::*;

#[test]
fn comments_of_whole_lines_are_left_out() {
    let rows = [
        ("// Owns it.\nlet a = 1; // why\n", "let a = 1; // why\n"),
        ("/** One line. */\nlet a;\n", "let a;\n"),
        ("/**\n * Two\n * lines.\n */\n  let a;\n\nlet b;", "let a;\nlet b;\n"),
        ("const glob = 'a/*b';\n", "const glob = 'a/*b';\n"),
        ("a\n  /* in\n  between */\nb\n", "a\nb\n"),
    ];
    for (text, expected) in rows {
        assert_eq!(lean("js/a.js", text), expected, "{text}");
        assert_eq!(lean("vendor/a.js", text), text);
        assert_eq!(lean("a.html", text), text);
    }
}
