//! A provider of payments is known in its own folder and where it is registered.

use super::{expect_none, files, read, shown};

/// Where any provider may be named: itself, its registration, settings, the command line's consent.
const REGISTERED: [&str; 5] =
    ["processors/payments/", "config/", "server/src/payments.rs", "src/command/", "tests/"];

/// What plays buyers with test cards, and says so.
const TOOLS: [&str; 1] = ["tools/"];

/// Names of providers, and of what is theirs alone.
const NAMES: [&str; 6] = ["sandbox", "Sandbox", "Stripe", "stripe::", "stripe.com", "\"stripe\""];

#[test]
fn nobody_else_knows_a_provider() {
    let mut findings = Vec::new();
    for path in files(&[".rs", ".js", ".html", ".css"]) {
        let name = shown(&path);
        if REGISTERED.iter().chain(&TOOLS).any(|allowed| name.starts_with(allowed)) {
            continue;
        }
        for (number, line) in read(&path).lines().enumerate() {
            let is_named = NAMES.iter().any(|name| line.contains(name));
            // An example of what a provider calls itself is no knowledge of it, and HTML has a word
            // of the same spelling for frames.
            let is_meant = line.contains("#[schema(example") || line.contains("sandbox: 'allow-");
            if is_named && !is_meant {
                findings.push(format!("{name}:{} {line}", number + 1));
            }
        }
    }
    expect_none(&findings);
}
