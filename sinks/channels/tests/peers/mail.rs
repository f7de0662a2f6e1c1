//! Mail to aiosmtpd and mailpit; its signatures before dkimpy.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use floodgate_channels::{
    Courier, Delivery, DkimOptions, EmailCourier, EmailOptions, SmtpEncryption,
};
use serde_json::Value;

use crate::words::{outgoing, verdict};
use crate::{Peer, home};

fn options(home: &Path, port: u16) -> EmailOptions {
    let dkim = |selector: &str, name: &str| DkimOptions {
        domain: "example.org".into(),
        selector: selector.into(),
        key_file: home.join("keys").join(name),
    };
    EmailOptions {
        host: "localhost".into(),
        port,
        encryption: SmtpEncryption::Required,
        credentials: Some(("floodgate".into(), "secret".into())),
        authority_file: Some(home.join("keys/authority.pem")),
        from: "Floodgate Karten <tickets@example.org>".into(),
        bounces_to: None,
        dkim: vec![dkim("r1", "dkim-rsa.pem"), dkim("e1", "dkim-ed25519.pem")],
        mails_per_connection: 100,
        timeout: Duration::from_secs(10),
    }
}

fn server(home: &Path, port: u16) -> (Peer, u16) {
    let keys = home.join("keys").display().to_string();
    let (peer, first) = Peer::python(home, "mail_server.py", &[keys, port.to_string()]);
    (peer, u16::try_from(first["port"].as_u64().unwrap()).unwrap())
}

#[test]
fn mail_is_signed_so_that_others_can_check_it_and_nobody_can_change_it() {
    let Some(home) = home() else { return };
    let (mut peer, port) = server(&home, 0);
    let mut courier = EmailCourier::new(options(&home, port)).unwrap();
    let mut mail = outgoing("msg_1", "ada@example.net");
    mail.subject =
        "Doors open at seven – Übergröße 🎟 and a subject that does not fit into one line".into();
    mail.text =
        format!("Doors open at seven.\n.\n..two dots\n{}\n\ttab  \nend ", "long ".repeat(400));
    mail.html = format!("<p>Doors open at seven, {}</p>", "ü".repeat(900));
    let delivery = courier.deliver(&mail);
    assert_eq!(delivery, Delivery::Sent { reference: "4XyZ12".into() });
    let seen = peer.next();
    assert_eq!(seen["to"], "ada@example.net");
    assert_eq!(seen["subject"], mail.subject);
    assert_eq!(seen["message_id"], "<msg_1@example.org>");
    assert_eq!(seen["dkim"], serde_json::json!([true, true]), "RSA and Ed25519");
    assert_eq!((&seen["survive"], &seen["tampered"]), (&serde_json::json!([]), &7.into()));
    for signed in seen["signed"].as_array().unwrap() {
        let count =
            |name: &str| signed.as_array().unwrap().iter().filter(|has| *has == name).count();
        for name in ["list-unsubscribe", "list-unsubscribe-post", "from", "subject", "message-id"] {
            assert_eq!(count(name), 2, "{name}: as it is there, and once more");
        }
    }
    assert_eq!(seen["defects"], serde_json::json!([]));
    assert_eq!(
        seen["types"],
        serde_json::json!(["multipart/alternative", "text/plain", "text/html"])
    );
    let text = seen["text"].as_str().unwrap().replace("\r\n", "\n");
    assert_eq!(text.trim_end(), mail.text.trim_end());
    assert_eq!(seen["html"].as_str().unwrap().trim_end(), mail.html);
    let headers = &seen["headers"];
    assert_eq!(headers["List-Unsubscribe"], "<https://tickets.example.org/v1/unsubscribe/abc>");
    assert_eq!(headers["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click");
    assert_eq!(headers["Auto-Submitted"], "auto-generated");
    assert_eq!(headers["From"], "Floodgate Karten <tickets@example.org>");

    // A mail without anything to unsubscribe from: nobody can add it on the way.
    courier.deliver(&floodgate_channels::Outgoing { unsubscribe: None, ..mail });
    let seen = peer.next();
    assert_eq!(seen["dkim"], serde_json::json!([true, true]));
    assert_eq!(seen["headers"]["List-Unsubscribe"], Value::Null);
}

#[test]
fn replies_of_a_real_server_are_understood_and_its_restart_costs_nothing() {
    let Some(home) = home() else { return };
    let (peer, port) = server(&home, 0);
    let mut courier =
        EmailCourier::new(EmailOptions { timeout: Duration::from_secs(1), ..options(&home, port) })
            .unwrap();
    for (name, expected) in [
        ("ada", "sent"),
        ("reply-550_5.1.1_user_unknown", "suppressed"),
        ("reply-452_4.2.2_full", "later"),
        ("reply-550_5.7.1_policy", "later"),
        ("nonsense", "later"),
        ("drop", "later"),
        ("slow", "later"),
        ("bob", "sent"),
    ] {
        let delivery = courier.deliver(&outgoing("msg_1", &format!("{name}@example.net")));
        assert_eq!(verdict(&delivery), expected, "{name}: {delivery:?}");
    }
    drop(peer);
    let delivery = courier.deliver(&outgoing("msg_2", "ada@example.net"));
    assert_eq!(verdict(&delivery), "later", "{delivery:?}");
    let (mut peer, _) = server(&home, port);
    let delivery = courier.deliver(&outgoing("msg_2", "ada@example.net"));
    assert_eq!(verdict(&delivery), "sent", "{delivery:?}");
    assert_eq!(peer.next()["message_id"], "<msg_2@example.org>");
}

#[test]
fn nothing_goes_to_a_server_that_cannot_prove_who_it_is_or_takes_another_password() {
    let Some(home) = home() else { return };
    let (_peer, port) = server(&home, 0);
    let right = options(&home, port);
    let wrong = Some(("floodgate".into(), "guessed".into()));
    for (what, options) in [
        ("an authority nobody trusts", EmailOptions { authority_file: None, ..right.clone() }),
        ("another name", EmailOptions { host: "127.0.0.1".into(), ..right.clone() }),
        ("another password", EmailOptions { credentials: wrong, ..right }),
    ] {
        let delivery = EmailCourier::new(options).unwrap().deliver(&outgoing("m", "a@example.net"));
        let is_hello = |reason: &String| reason.starts_with("hello");
        assert!(matches!(&delivery, Delivery::Later { reason, .. } if is_hello(reason)), "{what}");
    }
}

#[test]
fn a_mail_program_finds_the_button_that_unsubscribes() {
    let Some(home) = home() else { return };
    let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (smtp, api) = (free(), free());
    let keys = home.join("keys");
    let child = Command::new(home.join("bin/mailpit"))
        .args(["--smtp", &format!("127.0.0.1:{smtp}"), "--listen", &format!("127.0.0.1:{api}")])
        .args(["--disable-version-check", "--smtp-auth-accept-any", "--smtp-require-starttls"])
        .arg("--smtp-tls-cert")
        .arg(keys.join("server.pem"))
        .arg("--smtp-tls-key")
        .arg(keys.join("server.key"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _peer = Ends(child);
    let ready = format!("http://127.0.0.1:{api}/readyz");
    floodgate_testkit::cut::until("mailpit listens", || ureq::get(&ready).call().is_ok());
    let mut courier = EmailCourier::new(options(&home, smtp)).unwrap();
    let delivery = courier.deliver(&outgoing("msg_1", "ada@example.net"));
    assert_eq!(verdict(&delivery), "sent", "{delivery:?}");
    drop(courier);
    let read = |path: &str| -> Value {
        let url = format!("http://127.0.0.1:{api}/api/v1/{path}");
        let text = ureq::get(url).call().unwrap().body_mut().read_to_string().unwrap();
        serde_json::from_str(&text).unwrap()
    };
    let id = read("messages")["messages"][0]["ID"].as_str().unwrap().to_owned();
    let unsubscribe = &read(&format!("message/{id}"))["ListUnsubscribe"];
    assert_eq!(unsubscribe["Links"][0], "https://tickets.example.org/v1/unsubscribe/abc");
    assert_eq!(unsubscribe["HeaderPost"], "List-Unsubscribe=One-Click");
    assert_eq!(unsubscribe["Errors"], "", "{unsubscribe}");
}

/// Ends a child when the test does, however it does.
struct Ends(std::process::Child);

impl Drop for Ends {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
