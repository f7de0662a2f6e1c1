//! Whose address counts: what the settings say of proxies, and what a gateway sees through them.

use floodgate_config::{ForwardedBy, Settings};
use floodgate_http_client::{Call, Http};
use http::Method;
use serde_json::Value;

use super::Finding;

/// Somebody we pretend to be: an address of examples (RFC 5737), so nobody has it.
const PRETENDED: &str = "203.0.113.7";
const CHECK: &str = "proxies";

/// The settings alone. What is out of bounds, such as trusting everybody, is refused before.
pub(super) fn proxies(settings: &Settings) -> Finding {
    let server = &settings.server;
    if server.trusted_proxies.is_empty() {
        let found = "none is trusted: right where visitors come directly; behind a proxy all of \
            them would share its quota (see --through)";
        return Finding::good(CHECK, found);
    }
    let names: Vec<String> = server.trusted_proxies.iter().map(ToString::to_string).collect();
    let foreign: Vec<&str> = std::iter::zip(&names, &server.trusted_proxies)
        .filter(|(_, network)| !network.is_private())
        .map(|(name, _)| name.as_str())
        .collect();
    let header = match server.forwarded_header {
        ForwardedBy::XForwardedFor => "X-Forwarded-For",
        ForwardedBy::Forwarded => "Forwarded",
    };
    let how = if server.proxy_protocol { "the PROXY protocol and " } else { "" };
    let found = format!("{how}{header} of {} are believed", names.join(", "));
    if foreign.is_empty() {
        return Finding::good(CHECK, found);
    }
    let whose = format!("public addresses among them ({}) must all be yours", foreign.join(", "));
    Finding::good(CHECK, format!("{found}; {whose}"))
}

/// Asks through the proxies how requests arrive, as ourselves and pretending to be somebody else.
pub(super) async fn through(url: &str, key: &str) -> Vec<Finding> {
    let plain = connection(url, key, vec![]).await;
    let pretended = format!("for={PRETENDED}");
    let headers = vec![("x-forwarded-for", PRETENDED), ("forwarded", pretended.as_str())];
    let spoofed = connection(url, key, headers).await;
    match (plain, spoofed) {
        (Ok(plain), Ok(spoofed)) => vec![judge(&plain, &spoofed), https(url, &plain)],
        (Err(error), _) | (_, Err(error)) => vec![Finding::bad(
            CHECK,
            format!("{url} does not say how requests arrive: {error}"),
            "give the address where visitors come to, and a staff key with --key-file",
        )],
    }
}

async fn connection(
    url: &str,
    key: &str,
    headers: Vec<(&'static str, &str)>,
) -> Result<Value, String> {
    let http = Http::new(url).map_err(|error| error.to_string())?;
    let call = Call { bearer: Some(key), headers, ..Call::default() };
    let answer = http.call(Method::GET, "/v1/staff/connection", call).await;
    let answer = answer.map_err(|error| error.to_string())?;
    if answer.is_ok() { Ok(answer.body) } else { Err(format!("{} {}", answer.status, answer.body)) }
}

fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap_or_default()
}

fn judge(plain: &Value, spoofed: &Value) -> Finding {
    let (peer, address) = (text(plain, "peer"), text(plain, "address"));
    let (header, written) = (text(plain, "header"), text(plain, "written"));
    let hops = &plain["trusted_hops"];
    let is_trusted = plain["is_trusted"] == true;
    let found = format!("over {hops} trusted hops, from {peer}; {address} counts");
    if text(spoofed, "address") == PRETENDED {
        let fix = "trust only your own proxies in server.trusted_proxies, and let the outermost \
            one add or replace the header";
        return Finding::bad(CHECK, format!("{found}; and so would any address we write"), fix);
    }
    if !is_trusted && !written.is_empty() {
        let fix = format!("if {peer} is your proxy, add it to server.trusted_proxies");
        return Finding::bad(CHECK, format!("{found}; {header} says {written}: ignored"), fix);
    }
    if is_trusted && written.is_empty() && peer == address {
        let fix = format!("let the proxy add {header}, or speak the PROXY protocol");
        return Finding::bad(CHECK, format!("{found}; no proxy says whom it is for"), fix);
    }
    Finding::good(CHECK, found)
}

fn https(url: &str, plain: &Value) -> Finding {
    let is_here =
        ["127.", "localhost", "[::1]"].iter().any(|host| url.contains(&format!("//{host}")));
    match (plain["is_https"] == true, is_here) {
        (true, _) => Finding::good("https", "visitors use it: cookies are Secure and __Host-"),
        (false, true) => Finding::good("https", "not used, on this machine"),
        (false, false) => Finding::bad(
            "https",
            "nothing says that visitors use it, so cookies are not Secure",
            "set payments.public_url to https://…, or let the proxy send X-Forwarded-Proto",
        ),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(peer: &str, is_trusted: bool, written: &str, address: &str) -> Value {
        json!({ "peer": peer, "is_trusted": is_trusted, "trusted_hops": u8::from(is_trusted),
            "header": "x-forwarded-for", "written": written, "address": address })
    }

    #[test]
    fn each_fault_of_a_proxy_has_a_fix_of_its_own() {
        let good = answer("10.0.0.5", true, "198.51.100.1", "198.51.100.1");
        assert!(judge(&good, &good).ok);
        let chosen = answer("10.0.0.5", true, PRETENDED, PRETENDED);
        let rows = [
            (&good, &chosen, "outermost"),
            (&answer("10.0.0.5", false, "198.51.100.1", "10.0.0.5"), &good, "add it"),
            (&answer("10.0.0.5", true, "", "10.0.0.5"), &good, "speak the PROXY"),
        ];
        for (plain, spoofed, fix) in rows {
            let finding = judge(plain, spoofed);
            assert!(!finding.ok && finding.fix.is_some_and(|said| said.contains(fix)), "{fix}");
        }
        let direct = answer("198.51.100.1", false, "", "198.51.100.1");
        assert!(judge(&direct, &direct).ok);
    }
}
