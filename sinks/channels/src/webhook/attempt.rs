//! One call of a webhook, and what came of it.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use ureq::Agent;

use super::signature::{WebhookSecret, signatures};
use crate::courier::Delivery;
use crate::http::{common_answer, unanswered};

/// How much of an answer is kept: its reader wants to know what the other side complained of.
const ANSWER_BYTES: usize = 512;

/// What is sent, and where to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WebhookCall<'a> {
    pub(crate) url: &'a str,
    pub(crate) secrets: &'a [WebhookSecret],
    pub(crate) id: &'a str,
    pub(crate) body: &'a [u8],
}

/// One try as the log of calls shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attempt {
    pub(crate) delivery: Delivery,
    pub(crate) status: Option<u16>,
    pub(crate) took: Duration,
    /// How the answer began.
    pub(crate) answer: String,
}

/// Calls once. Takes bounded time whatever the other side does.
pub(crate) fn attempt(agent: &Agent, call: WebhookCall<'_>) -> Attempt {
    let WebhookCall { url, secrets, id, body } = call;
    let (began, now) = (Instant::now(), Timestamp::now());
    let at = now.as_second();
    let request = agent
        .post(url)
        .header("Content-Type", "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", at.to_string())
        .header("webhook-signature", signatures(secrets, id, at, body));
    let mut response = match request.send(body) {
        Ok(response) => response,
        Err(error) => {
            let (delivery, answer) = (unanswered(&error), String::new());
            return Attempt { delivery, status: None, took: began.elapsed(), answer };
        }
    };
    let status = response.status().as_u16();
    let delivery = match status {
        200..=299 => Delivery::Sent { reference: String::new() },
        410 => Delivery::suppressed("answer 410: the receiver is gone"),
        _ => common_answer(status, response.headers(), now)
            .unwrap_or_else(|| Delivery::later(format!("answer {status}"))),
    };
    // Where more comes than is read, the connection is given up: nobody waits for the rest.
    let mut first = [0; ANSWER_BYTES];
    let read = read_first(&mut response.body_mut().as_reader(), &mut first);
    let answer = plain(&first[..read]);
    Attempt { delivery, status: Some(status), took: began.elapsed(), answer }
}

fn read_first(from: &mut impl std::io::Read, into: &mut [u8]) -> usize {
    let mut read = 0;
    while read < into.len() {
        match from.read(&mut into[read..]) {
            Ok(0) | Err(_) => break,
            Ok(count) => read += count,
        }
    }
    read
}

/// Text that can be shown: what is none becomes a space.
fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let shown = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    shown.collect::<String>().trim().to_owned()
}
