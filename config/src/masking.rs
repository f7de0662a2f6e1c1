//! Settings as they may be shown: what is secret in them is not.

/// Names of settings, of parameters and of Kafka properties whose value nobody is shown.
const SECRET: [&str; 6] = ["password", "passwd", "secret", "token", "credential", "passphrase"];
const MASK: &str = "***";

/// A value in TOML without its secrets: passwords in addresses, in lists of parameters
/// (`host=… password=…`) and in properties (`sasl.password=…`). Names of files are no secrets.
pub(crate) fn masked(key: &str, value: &str) -> String {
    if is_secret(key) && !key.ends_with("_file") {
        return if value == "\"\"" { value.to_owned() } else { format!("\"{MASK}\"") };
    }
    without_parameters(&without_userinfo(value))
}

fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    SECRET.iter().any(|word| name.contains(word)) || name.ends_with("key.pem")
}

/// `scheme://user:password@host` without the password; one without a user may be all password.
fn without_userinfo(value: &str) -> String {
    let mut shown = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        shown.push_str(before);
        let end = after.find(['?', '#', ' ', '"', '\'', ',']).unwrap_or(after.len());
        // A password may have an @ or a slash that nobody escaped: the last @ counts.
        let Some(at) = after[..end].rfind('@') else {
            rest = after;
            continue;
        };
        let user = after[..at].split_once(':').map_or(MASK, |(user, _)| user);
        shown.push_str(user);
        shown.push_str(if user == MASK { "" } else { ":" });
        shown.push_str(if user == MASK { "" } else { MASK });
        rest = &after[at..];
    }
    shown.push_str(rest);
    shown
}

/// `name=value` pairs, each ended by a space, `&`, a comma or the text's end; a value may be quoted.
fn without_parameters(value: &str) -> String {
    let mut shown = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find('=') {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        shown.push_str(before);
        shown.push('=');
        let before = before.trim_end();
        let begin = before.rfind([' ', '&', '?', ',', '"', '\'', ';', '[']).map_or(0, |at| at + 1);
        let name = &before[begin..];
        let after_space = after.trim_start_matches(' ');
        let spaces = &after[..after.len() - after_space.len()];
        if is_secret(name) {
            let end = match after_space.strip_prefix('\'') {
                Some(quoted) => quoted.find('\'').map_or(after_space.len(), |at| at + 2),
                None => after_space.find([' ', '&', ',', '"']).unwrap_or(after_space.len()),
            };
            shown.push_str(spaces);
            shown.push_str(MASK);
            rest = &after_space[end..];
        } else {
            rest = after;
        }
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_shown_wherever_it_stands() {
        for (key, value) in [
            ("redis.url", "\"redis://:hunter2@redis:6379/0\""),
            ("redis.url", "\"rediss://floodgate:hunter2@redis:6379\""),
            ("redis.url", "\"redis://hunter2@redis:6379\""),
            ("redis.url", "\"redis://u:hun@hunter2@redis:6379\""),
            ("redis.url", "\"redis://:hunter2/hunter2@redis:6379\""),
            ("kafka.properties", "[\"ssl.key.pem=hunter2\"]"),
            ("sinks.postgres", "\"host=db user=floodgate password=hunter2 dbname=x\""),
            ("sinks.postgres", "\"host=db password = 'hunter2 hunter2' dbname=x\""),
            ("sinks.postgres", "\"postgres://floodgate:hunter2@db/x?sslmode=require\""),
            ("sinks.postgres", "\"postgres://db/x?user=a&password=hunter2\""),
            ("kafka.properties", "[\"sasl.username=a\", \"sasl.password=hunter2\"]"),
            ("kafka.properties", "[\"ssl.key.password=hunter2\"]"),
            ("kafka.properties", "[\"sasl.oauthbearer.client.secret=hunter2\"]"),
            ("trace.endpoint", "\"http://a:hunter2@collector:4318\""),
            ("other.password", "\"hunter2\""),
            ("other.api_token", "\"hunter2\""),
        ] {
            let shown = masked(key, value);
            assert!(!shown.contains("hunter2"), "{key}: {shown}");
            assert!(shown.contains(MASK), "{key}: {shown}");
        }
    }

    #[test]
    fn everything_else_is_shown_as_it_is() {
        for (key, value) in [
            ("redis.url", "\"redis://127.0.0.1:16379\""),
            ("sinks.postgres", "\"host=db user=floodgate dbname=x\""),
            ("secrets.root_key_file", "\"/run/secrets/root_key\""),
            ("payments.stripe.secret_key_file", "\"/run/secrets/stripe\""),
            ("kafka.properties", "[\"security.protocol=ssl\"]"),
            ("server.trusted_proxies", "[]"),
            ("other.password", "\"\""),
        ] {
            assert_eq!(masked(key, value), value, "{key}");
        }
    }
}
