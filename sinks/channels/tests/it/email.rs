//! What replies of a mail server lead to, and how connections are kept.

use std::net::TcpListener;
use std::time::Duration;

use floodgate_channels::{Courier, Delivery, EmailCourier, EmailOptions, SmtpEncryption};

use crate::smtp_server::{Manner, SmtpServer};
use crate::words::{outgoing, verdict};

fn options(port: u16) -> EmailOptions {
    EmailOptions {
        host: "127.0.0.1".into(),
        port,
        encryption: SmtpEncryption::None,
        credentials: None,
        authority_file: None,
        from: "Floodgate <tickets@example.org>".into(),
        bounces_to: Some("bounces@example.org".into()),
        dkim: Vec::new(),
        mails_per_connection: 100,
        timeout: Duration::from_secs(10),
    }
}

fn courier(server: &SmtpServer) -> EmailCourier {
    EmailCourier::new(options(server.address.port())).unwrap()
}

#[test]
fn only_what_is_said_about_a_mailbox_counts_against_it() {
    let server = SmtpServer::start(Manner::Usual);
    let mut courier = courier(&server);
    let rows = [
        ("ada", "sent"),
        ("r550-5.1.1", "suppressed"),
        ("r550-5.1.10", "suppressed"),
        ("r550-5.2.1", "suppressed"),
        ("r550-User_unknown", "suppressed"),
        ("r553-no_such_user_here", "suppressed"),
        ("d550-5.1.1", "suppressed"),
        // Refused, but nobody says that the address is wrong.
        ("r550-relaying_denied", "never"),
        ("r551-somewhere_else", "never"),
        ("d552-5.3.4_too_big", "never"),
        ("d554-5.6.0_content", "never"),
        // Full, slow, busy, or about us.
        ("r452-4.2.2", "later"),
        ("r450-4.2.1_greylisted", "later"),
        ("r552-5.2.2_over_quota", "later"),
        ("r554-5.7.1_blocked", "later"),
        ("r550-5.7.1_relaying_denied", "later"),
        ("r550-5.1.8_sender", "later"),
        ("r503-5.5.1", "later"),
        ("d554-5.7.1_spam", "later"),
        ("d550-user_unknown", "later"),
        ("d451-4.3.0", "later"),
        // Classes that contradict each other, codes without meaning, silence.
        ("r450-5.1.1", "later"),
        ("r550-4.1.1", "never"),
        ("r354-go_on", "later"),
        ("r999", "later"),
        ("d354", "later"),
        ("rdrop", "later"),
        ("ddrop", "later"),
        ("confused", "later"),
    ];
    for (name, expected) in rows {
        let delivery = courier.deliver(&outgoing("msg_1", &format!("{name}@example.org")));
        assert_eq!(verdict(&delivery), expected, "{name}: {delivery:?}");
        let words = format!("{delivery:?}");
        assert!(!words.contains('@') && !words.contains("example"), "{words}");
        // Whatever happened, the next one gets through.
        let delivery = courier.deliver(&outgoing("msg_2", "next@example.org"));
        assert_eq!(delivery, Delivery::Sent { reference: "4XyZ12".into() }, "after {name}");
    }
}

#[test]
fn a_connection_serves_many_mails_but_not_more_than_it_may() {
    let server = SmtpServer::start(Manner::Usual);
    let mut courier = EmailCourier::new(EmailOptions {
        mails_per_connection: 4,
        ..options(server.address.port())
    })
    .unwrap();
    for number in 0..10 {
        // A recipient that is refused costs no connection.
        let name = if number % 3 == 0 { "r550-5.1.1" } else { "ada" };
        courier.deliver(&outgoing(&format!("msg_{number}"), &format!("{name}@example.org")));
    }
    drop(courier);
    let seen = server.seen.lock().unwrap();
    assert_eq!((seen.connections, seen.accepted.len()), (3, 6));
    let count = |verb: &str| seen.commands.iter().filter(|line| line.starts_with(verb)).count();
    assert_eq!((count("EHLO"), count("RSET"), count("QUIT")), (3, 4, 3));
    assert_eq!(count("MAIL FROM:<bounces@example.org>"), 10);
}

#[test]
fn a_server_that_closes_or_restarts_between_mails_costs_no_try() {
    for manner in [Manner::Hasty, Manner::Restarting] {
        let server = SmtpServer::start(manner);
        let mut courier = courier(&server);
        for number in 0..5 {
            let delivery = courier.deliver(&outgoing(&format!("msg_{number}"), "ada@example.org"));
            assert_eq!(verdict(&delivery), "sent", "{manner:?} {number}: {delivery:?}");
        }
        drop(courier);
        let seen = server.seen.lock().unwrap();
        assert_eq!((seen.connections, seen.accepted.len()), (5, 5), "{manner:?}");
    }
}

#[test]
fn a_server_that_refuses_us_or_talks_nonsense_costs_nobody_their_mail() {
    for manner in [Manner::Nonsense, Manner::Refusing] {
        let server = SmtpServer::start(manner);
        let delivery = courier(&server).deliver(&outgoing("msg_1", "ada@example.org"));
        assert!(matches!(&delivery, Delivery::Later { reason, .. } if reason.starts_with("hello")));
    }
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut courier = EmailCourier::new(options(port)).unwrap();
    let delivery = courier.deliver(&outgoing("msg_1", "ada@example.org"));
    assert_eq!(verdict(&delivery), "later", "{delivery:?}");
}

#[test]
fn a_server_that_says_nothing_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let short = EmailOptions { timeout: Duration::from_millis(50), ..options(port) };
    let delivery = EmailCourier::new(short).unwrap().deliver(&outgoing("msg_1", "a@example.org"));
    assert_eq!(verdict(&delivery), "later", "{delivery:?}");
}

#[test]
fn what_a_try_repeats_has_the_same_name() {
    let server = SmtpServer::start(Manner::Usual);
    let mut courier = courier(&server);
    courier.deliver(&outgoing("msg_7", "ada@example.org"));
    courier.deliver(&outgoing("msg_7", "ada@example.org"));
    drop(courier);
    let seen = server.seen.lock().unwrap();
    let is_named = |mail: &str| mail.contains("\nMessage-ID: <msg_7@example.org>\n");
    assert!(seen.accepted.len() == 2 && seen.accepted.iter().all(|(_, mail)| is_named(mail)));
}

#[test]
fn settings_that_cannot_work_say_what_to_write() {
    let wrong_from = EmailOptions { from: "nobody".into(), ..options(25) };
    let error = EmailCourier::new(wrong_from).unwrap_err().to_string();
    assert!(error.contains("name@example.org"), "{error}");
    let open = EmailOptions {
        host: "mail.example.org".into(),
        credentials: Some(("ada".into(), "secret".into())),
        ..options(25)
    };
    let error = EmailCourier::new(open).unwrap_err().to_string();
    assert!(error.contains("587") && !error.contains("secret"), "{error}");
    assert!(!format!("{:?}", options(25)).contains("credentials"));
}
