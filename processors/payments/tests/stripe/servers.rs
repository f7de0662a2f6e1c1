//! The servers, and an account at one of them.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use floodgate_domain::{Currency, EventId, HoldId, LogTime, PaymentMethod, Subject};
use floodgate_payments::stripe::{Stripe, StripeOptions};
use floodgate_payments::{Charge, Payment};
use floodgate_testkit::ports::port_for_a_server;

pub(crate) const WEBHOOK_SECRETS: &str = "whsec_new\nwhsec_old\n";

/// Where they are installed.
fn home() -> &'static PathBuf {
    static HOME: OnceLock<PathBuf> = OnceLock::new();
    HOME.get_or_init(|| {
        // The tests of the whole use these servers too.
        let mut folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
        let script = folders.find_map(|folder| {
            let script = folder.join("processors/payments/tests/stripe/install");
            script.exists().then_some(script)
        });
        let script = script.unwrap();
        let output = Command::new(script).stderr(Stdio::inherit()).output().unwrap();
        assert!(output.status.success(), "the test servers could not be installed");
        PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
    })
}

/// Python with what was installed.
pub(crate) fn python() -> Command {
    Command::new(home().join("venv/bin/python"))
}

/// A server of ours; killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Keeps state. Its own starter listens everywhere, this one on loopback.
    pub(crate) fn localstripe() -> Self {
        let start = "import sys; from aiohttp import web; from localstripe.server import app; \
            web.run_app(app, host='127.0.0.1', port=int(sys.argv[1]))";
        let mut command = python();
        let port = port_for_a_server();
        command.args(["-c", start, &port.to_string()]);
        Server::start(command, port)
    }

    /// Checks requests.
    pub(crate) fn stripe_mock() -> Self {
        let mut command = Command::new(home().join("bin/stripe-mock"));
        let port = port_for_a_server();
        let address = format!("127.0.0.1:{port}");
        command.args(["-http-addr", &address, "-strict-version-check"]);
        // Or all of them would want the same port, and all but the first would end.
        command.args(["-https-addr", &format!("127.0.0.1:{}", port_for_a_server())]);
        Server::start(command, port)
    }

    fn start(mut command: Command, port: u16) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let address = format!("127.0.0.1:{port}");
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let until = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(&address).is_err() {
            if let Some(status) = child.try_wait().unwrap() {
                let mut output = String::new();
                while said.read_line(&mut output).unwrap() > 0 {}
                panic!("a server ended: {status}: {output}");
            }
            assert!(Instant::now() < until, "a server does not answer");
            std::thread::park_timeout(Duration::from_millis(5));
        }
        // Read on, so that it never waits for us.
        std::thread::spawn(move || for _ in said.lines() {});
        Server { child, address }
    }
}

/// An account at a server.
pub(crate) fn account(address: &str) -> Stripe {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    Stripe::open(&StripeOptions {
        api: format!("http://{address}"),
        secret_key_file: file("key", "sk_test_123456\n"),
        webhook_secrets_file: file("secrets", WEBHOOK_SECRETS),
        publishable_key: "pk_test_123456".to_owned(),
        public_url: "https://tickets.example".to_owned(),
    })
    .unwrap()
}

/// An attempt to pay by a card's token.
pub(crate) fn payment(hold: u64, method: &str) -> Payment {
    let charge = Charge {
        method: PaymentMethod::parse(method).unwrap(),
        amount: 4900,
        currency: Currency(*b"EUR"),
    };
    Payment {
        subject: Subject::Order { event_id: EventId(3), hold_id: HoldId(hold) },
        attempt: 1,
        charge: Some(charge),
        reference: None,
        deadline: LogTime(u64::MAX / 2),
    }
}
