//! What a page's script is made of.
#![allow(clippy::unwrap_used)]

use super::*;

fn files(rows: &[(&str, &str)]) -> BTreeMap<String, String> {
    rows.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

const PAGE: &str = "<script type=\"module\" src=\"/assets/js/page.js\"></script>\n";

fn small() -> BTreeMap<String, String> {
    bundled(files(&[
        ("page.html", PAGE),
        (
            "js/page.js",
            "import { a, b as c }\n  from './a.js';\nimport('./deep/later.js');\na(c);\n",
        ),
        (
            "js/a.js",
            "export const a = (b) => b;\nexport async function b() {}\nexport class C {}\n",
        ),
        (
            "js/deep/later.js",
            "import { a } from '../a.js';\nimport { d } from '../d.js';\nexport { d };\n\
            export const e = new URL('./x', import.meta.url);\n",
        ),
        (
            "js/d.js",
            "import { t } from './words.js';\nexport { t } from './words.js';\nexport const d = t;\n",
        ),
        ("js/words.js", "export const t = 1;\nawait learn(t);\n"),
    ]))
}

#[test]
fn a_page_has_one_script() {
    let made = small();
    assert_eq!(
        made["js/page.js"],
        "const $ = globalThis[Symbol.for('floodgate')] ??= {};\n\
        $['a'] ??= (() => {\nconst a = (b) => b;\nasync function b() {}\nclass C {}\n\
        return { a, b, C };\n})();\n\
        $['page'] ??= (() => {\nconst { a, b: c } = $['a'];\nimport('../js/deep/later.js');\na(c);\n\
        return {  };\n})();\nexport const {  } = $['page'];\n"
    );
}

#[test]
fn what_comes_later_leaves_out_what_its_page_has() {
    let later = &small()["js/deep/later.js"];
    assert!(later.starts_with("import '../../js/page.js';\n"), "{later}");
    assert!(!later.contains("$['a'] ??="), "{later}");
    assert!(later.contains("$['words'] ??= (async () => {\n"), "{later}");
    assert!(later.contains("$['words'] = await $['words'];\n"), "{later}");
    assert!(later.contains("return { t: $['words'].t, d };\n"), "{later}");
    assert!(later.contains("new URL('./x', new URL('../../js/deep/later.js', import.meta.url))"));
    assert!(later.ends_with("export const { d, e } = $['deep/later'];\n"), "{later}");
}

#[test]
fn what_two_pages_load_is_complete_in_itself() {
    let mut all =
        files(&[("other.html", "<script type=\"module\" src=\"/assets/js/other.js\"></script>")]);
    all.insert("js/other.js".to_owned(), "import('./deep/later.js');\n".to_owned());
    all.extend(files(&[
        ("page.html", PAGE),
        ("js/page.js", "import { a } from './a.js';\nimport('./deep/later.js');\n"),
        ("js/a.js", "export const a = 1;\n"),
        ("js/deep/later.js", "import { a } from '../a.js';\nexport const b = a;\n"),
    ]));
    let later = &bundled(all)["js/deep/later.js"];
    assert!(later.contains("$['a'] ??="), "{later}");
}
