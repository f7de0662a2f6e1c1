//! What stands in front of localstripe: it adds what Stripe describes and localstripe lacks
//! (answers kept by Idempotency-Key, the way to the bank, `capture_before`), and fails on demand.

use std::collections::{HashMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use ureq::http::request::Builder;

use super::servers::Server;

/// Until when charges can be captured, as this Stripe says.
pub(crate) const CAPTURE_BEFORE: u64 = 1_900_000_000;

/// What happens to the next request of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Answered so, and nothing is done. Kept by its key from 500 on, as Stripe keeps it.
    Refuse(u16),
    /// Done, and the answer is lost.
    LoseAnswer,
}

/// A front, and the server behind it.
pub(crate) struct Front {
    pub(crate) address: String,
    shared: Arc<Shared>,
    _server: Server,
}

#[derive(Default)]
struct Shared {
    behind: String,
    kept: Mutex<HashMap<String, (u16, Value)>>,
    faults: Mutex<HashMap<&'static str, VecDeque<Fault>>>,
    /// Disputes by their id; localstripe knows none.
    disputes: Mutex<HashMap<String, Value>>,
    /// Requests by how their address ends, and their names.
    seen: Mutex<Vec<(String, String)>>,
}

/// A request on the wire.
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) key: Option<String>,
    /// As it came, for servers that look at it.
    pub(crate) version: Option<String>,
    pub(crate) body: String,
}

impl Front {
    pub(crate) fn start() -> Self {
        let server = Server::localstripe();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shared = Arc::new(Shared { behind: server.address.clone(), ..Shared::default() });
        let theirs = Arc::clone(&shared);
        // Ends with the test's process; a connection each, one request a connection.
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&theirs);
                std::thread::spawn(move || shared.serve(&stream));
            }
        });
        Front { address, shared, _server: server }
    }

    /// Lets the next request whose address ends so go wrong.
    pub(crate) fn fail(&self, operation: &'static str, fault: Fault) {
        self.shared.faults.lock().unwrap().entry(operation).or_default().push_back(fault);
    }

    /// Names under which something was done, by how the address ends.
    pub(crate) fn names(&self, operation: &str) -> Vec<String> {
        let seen = self.shared.seen.lock().unwrap();
        let these = seen.iter().filter(|(path, _)| path.ends_with(operation));
        these.map(|(_, key)| key.clone()).collect()
    }

    /// Something asked of the server behind, as a test does it: its answer.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> Value {
        let (method, path, body) = (method.to_owned(), path.to_owned(), body.to_owned());
        let request = Request { method, path, key: None, version: None, body };
        self.shared.forward(&request).1
    }

    pub(crate) fn intent(&self, id: &str) -> Value {
        self.ask("GET", &format!("/v1/payment_intents/{id}"), "")
    }

    /// The buyer answers their bank.
    pub(crate) fn bank(&self, id: &str, approves: bool) {
        let secret = self.intent(id)["client_secret"].as_str().unwrap().to_owned();
        let body = format!("client_secret={secret}&success={approves}");
        self.ask("POST", &format!("/v1/payment_intents/{id}/_authenticate"), &body);
    }

    /// A buyer's bank says how a dispute over an intent stands.
    pub(crate) fn dispute(&self, id: &str, intent: &str, status: &str) -> Value {
        let dispute = json!({
            "id": id, "object": "dispute", "payment_intent": intent, "status": status,
            "reason": "fraudulent",
        });
        self.shared.disputes.lock().unwrap().insert(id.to_owned(), dispute.clone());
        dispute
    }

    /// A token for a card.
    pub(crate) fn card(&self, number: &str) -> String {
        let body = format!(
            "type=card&card[number]={number}&card[exp_month]=12&card[exp_year]=2035&card[cvc]=123"
        );
        let made = self.ask("POST", "/v1/payment_methods", &body);
        made["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
    }
}

pub(crate) fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (mut key, mut version, mut length) = (None, None, 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "idempotency-key" => key = Some(value.to_owned()),
            "stripe-version" => version = Some(value.to_owned()),
            "content-length" => length = value.parse().ok()?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { method, path, key, version, body: String::from_utf8(body).ok()? })
}

pub(crate) fn write(mut stream: &TcpStream, status: u16, value: &Value, replayed: bool) {
    let body = value.to_string();
    let replayed = if replayed { "Idempotent-Replayed: true\r\n" } else { "" };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{replayed}\
         Content-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    let _ = stream.write_all(format!("{head}{body}").as_bytes());
}

impl Shared {
    fn serve(&self, stream: &TcpStream) {
        let Some(request) = read(stream) else { return };
        let key = request.key.clone();
        let name = key.clone().unwrap_or_default();
        self.seen.lock().unwrap().push((request.path.clone(), name));
        let kept = key.as_ref().and_then(|key| self.kept.lock().unwrap().get(key).cloned());
        if let Some((status, value)) = kept {
            return write(stream, status, &value, true);
        }
        let fault = self.fault(&request.path);
        let (status, value) = match fault {
            Some(Fault::Refuse(status)) => {
                (status, json!({ "error": { "code": "on_demand", "message": "as asked for" } }))
            }
            _ => self.forward(&request),
        };
        if let Some(key) = key.filter(|_| status != 429 && status != 409) {
            self.kept.lock().unwrap().insert(key, (status, value.clone()));
        }
        if fault != Some(Fault::LoseAnswer) {
            write(stream, status, &value, false);
        }
    }

    fn fault(&self, path: &str) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap();
        let (_, queue) = faults.iter_mut().find(|(end, _)| path.ends_with(**end))?;
        queue.pop_front()
    }

    /// Asks localstripe, which knows nothing of some fields, and says less than Stripe does.
    fn forward(&self, request: &Request) -> (u16, Value) {
        if let Some(id) = request.path.strip_prefix("/v1/disputes/") {
            let found = self.disputes.lock().unwrap().get(id).cloned();
            return found.map_or((404, json!({ "error": {} })), |dispute| (200, dispute));
        }
        let known = |pair: &&str| !pair.starts_with("return_url=");
        let body: Vec<&str> = request.body.split('&').filter(known).collect();
        let (method, path) = (request.method.clone(), request.path.clone());
        let request = Request { method, path, key: None, version: None, body: body.join("&") };
        let (status, mut value) = forward(&self.behind, &request);
        complete(&request.path, status, &mut value);
        (status, value)
    }
}

/// Asks a server behind, as the request came.
pub(crate) fn forward(behind: &str, request: &Request) -> (u16, Value) {
    let Request { method, path, version, body, .. } = request;
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut asked = Builder::new()
        .method(method.as_str())
        .uri(format!("http://{behind}{path}"))
        .header("Authorization", "Bearer sk_test_123456")
        .header("Content-Type", "application/x-www-form-urlencoded");
    if let Some(version) = version {
        asked = asked.header("Stripe-Version", version);
    }
    // A GET has no body, not an empty one.
    let answer = match method.as_str() {
        "GET" => agent.run(asked.body(()).unwrap()),
        _ => agent.run(asked.body(body.as_str()).unwrap()),
    };
    let mut answer = answer.unwrap();
    let status = answer.status().as_u16();
    (status, serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap_or_default())
}

/// Adds what Stripe says beside.
fn complete(path: &str, status: u16, value: &mut Value) {
    if value["next_action"]["type"] == "use_stripe_sdk" {
        let url = "https://hooks.stripe.example/3ds?intent=1";
        value["next_action"] =
            json!({ "type": "redirect_to_url", "redirect_to_url": { "url": url } });
    }
    if value["latest_charge"].is_object() {
        let details = json!({ "type": "card", "card": { "capture_before": CAPTURE_BEFORE } });
        value["latest_charge"]["payment_method_details"] = details;
    }
    // A token that is none.
    if status == 404 && path == "/v1/payment_intents" {
        value["error"]["code"] = "resource_missing".into();
        value["error"]["param"] = "payment_method".into();
    }
}

/// A webhook as it arrived.
pub(crate) struct Arrived {
    pub(crate) signature: String,
    pub(crate) body: Vec<u8>,
}

/// An event as Stripe sends it, signed by Stripe's own library, which checks it as a receiver too.
pub(crate) fn signed(kind: &str, object: &Value) -> Arrived {
    let event = json!({
        "id": "evt_1", "object": "event", "type": kind, "livemode": false,
        "data": { "object": object },
    });
    let body = event.to_string();
    let secret = super::servers::WEBHOOK_SECRETS.lines().next().unwrap();
    let script = "import stripe, sys; body, secret = sys.argv[1:]; \
        header = stripe.WebhookSignature.generate_signature_header(body, secret); \
        stripe.Webhook.construct_event(body, header, secret); print(header)";
    let output = super::servers::python().args(["-c", script, &body, secret]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let signature = String::from_utf8(output.stdout).unwrap().trim().to_owned();
    Arrived { signature, body: body.into_bytes() }
}

/// Waits for a webhook and takes it.
pub(crate) fn receive(listener: &TcpListener) -> Arrived {
    let (stream, _) = listener.accept().unwrap();
    let mut reader = BufReader::new(&stream);
    let (mut signature, mut length) = (String::new(), 0);
    let mut line = String::new();
    while reader.read_line(&mut line).unwrap() > 2 {
        if let Some((name, value)) = line.trim_end().split_once(": ") {
            match name.to_ascii_lowercase().as_str() {
                "stripe-signature" => value.clone_into(&mut signature),
                "content-length" => length = value.parse().unwrap(),
                _ => {}
            }
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    answer(&stream);
    Arrived { signature, body }
}

fn answer(mut stream: &TcpStream) {
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
}
