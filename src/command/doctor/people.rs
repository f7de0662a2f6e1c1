//! Reaching people: the store of addresses, and the servers that messages go to.

use std::net::{TcpStream, ToSocketAddrs};
use std::path::Path;
use std::time::Duration;

use floodgate_config::Settings;

use super::Finding;

/// How long a mail server may take to accept a connection.
const CONNECTED_WITHIN: Duration = Duration::from_secs(5);

/// The store of addresses.
pub(super) fn store(settings: &Settings, data: &Path) -> Finding {
    match floodgate_server::people_answer(settings, data) {
        None => {
            let found =
                "no addresses are kept, so nobody can leave one: people.postgres is not set";
            Finding::good("people", found)
        }
        Some(Ok(())) => Finding::good("people", "the store of addresses answers"),
        Some(Err(error)) => {
            let fix = "start it, or set people.postgres; messages wait for it meanwhile";
            Finding::bad("people", error.to_string(), fix)
        }
    }
}

/// Where mail goes, if it goes anywhere.
pub(super) fn mail(settings: &Settings) -> Vec<Finding> {
    let server = &settings.channels.email.server;
    if server.is_empty() {
        return vec![Finding::good("mail", "none is sent: channels.email.server is not set")];
    }
    let mut findings = vec![answer_of(server)];
    if settings.payments.public_url.is_empty() {
        let found = "messages have links, and payments.public_url does not say where to";
        let fix = "set it to the address people find the pages at, https://…";
        findings.push(Finding::bad("links", found, fix));
    }
    if settings.channels.email.dkim_selector.is_empty() {
        let found = "mail is not signed: channels.email.dkim_selector is not set";
        let fix = "make a key and publish it (docs/messages.md); many servers refuse mail without";
        findings.push(Finding::bad("dkim", found, fix));
    }
    findings
}

fn answer_of(server: &str) -> Finding {
    let tried = server.to_socket_addrs().map_err(|error| error.to_string()).and_then(|found| {
        let mut last = "it has no address".to_owned();
        for address in found {
            match TcpStream::connect_timeout(&address, CONNECTED_WITHIN) {
                Ok(_) => return Ok(()),
                Err(error) => last = error.to_string(),
            }
        }
        Err(last)
    });
    match tried {
        Ok(()) => Finding::good("mail", format!("{server} accepts connections")),
        Err(why) => {
            let fix = "start it, or set channels.email.server; messages wait for it meanwhile";
            Finding::bad("mail", format!("{server}: {why}"), fix)
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_mail_server_is_asked_and_what_is_missing_is_named() {
        let mut settings = Settings::default();
        assert!(mail(&settings).iter().all(|finding| finding.ok));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        settings.channels.email.server = listener.local_addr().unwrap().to_string();
        let faults = |settings: &Settings| -> Vec<_> {
            let all = mail(settings).into_iter().filter(|finding| !finding.ok);
            all.map(|finding| finding.check).collect()
        };
        assert_eq!(faults(&settings), ["links", "dkim"]);
        settings.payments.public_url = "https://tickets.example.org".to_owned();
        settings.channels.email.dkim_selector = "s1".to_owned();
        assert!(faults(&settings).is_empty());
        drop(listener);
        assert_eq!(faults(&settings), ["mail"]);
    }
}
