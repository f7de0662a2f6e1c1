//! What a buyer does when the door asks for work.

use http::Method;
use serde_json::{Value, json};
use tokio::time::Instant;

use floodgate_admission::puzzle;

use crate::buyer::{Buyer, Ended, Papers, Step};
use floodgate_http_client::{Call, Response};

/// Challenges a buyer tries: each of them may expire while a busy machine solves it.
pub(super) const CHALLENGES_MAX: u32 = 10;
/// Hashes that are no burden for a thread that has other buyers to serve: some milliseconds.
const HASHES_AT_ONCE: u64 = 1 << 16;

impl Buyer {
    /// Joins the queue: at once at an open door, else with a solved challenge.
    pub(super) async fn join(&self, papers: &mut Papers, arrival: Instant) -> Step<u64> {
        let path = self.path("/queue");
        let is_open = self.queue.borrow().puzzle_level == Some(0);
        let mut body = if is_open { Some(json!({})) } else { None };
        for _ in 0..CHALLENGES_MAX {
            let shown = match body.take() {
                Some(shown) => shown,
                None => self.solved(papers).await?,
            };
            let answer = self.ask(papers, Method::POST, &path, "join", shown, arrival).await?;
            if let (Some(place), true) = (answer.body["place"].as_u64(), answer.is_ok()) {
                papers.device = answer.text("device").unwrap_or_default().to_owned();
                papers.ticket = answer.text("queue_ticket").unwrap_or_default().to_owned();
                return Ok(place);
            }
            if !answer.code().starts_with("puzzle_") {
                break;
            }
        }
        Err(Ended)
    }

    /// A place behind those who are there, after a turn that was missed: the ticket is enough.
    pub(super) async fn rejoin(&self, papers: &mut Papers, missed: u32) -> Step<u64> {
        let (path, request) = (self.path("/queue"), format!("rejoin-{missed}"));
        let now = Instant::now();
        let answer = self.ask(papers, Method::POST, &path, &request, json!({}), now).await?;
        let place = answer.body["place"].as_u64().filter(|_| answer.is_ok()).ok_or(Ended)?;
        papers.ticket = answer.text("queue_ticket").unwrap_or_default().to_owned();
        Ok(place)
    }

    /// What opens the door: a solved challenge, or nothing where nothing is asked for.
    async fn solved(&self, papers: &mut Papers) -> Step<Value> {
        let asked = self.challenge(papers).await?;
        let Some(solved) = solved(&asked).await else {
            self.tally.error();
            return Err(Ended);
        };
        if let Some(device) = solved.device {
            papers.device = device;
        }
        Ok(solved.shown)
    }

    /// A challenge. A read: it is not counted as an answer.
    async fn challenge(&self, papers: &Papers) -> Step<Response> {
        let path = self.path("/queue/challenge");
        for tries in 0.. {
            let mut headers = vec![("x-forwarded-for", papers.address.as_str())];
            if !papers.device.is_empty() {
                headers.push(("floodgate-device", papers.device.as_str()));
            }
            let mut wait = None;
            match self.http.call(Method::GET, &path, Call { headers, ..Call::default() }).await {
                Ok(answer) if answer.is_ok() => return Ok(answer),
                Ok(answer) => wait = answer.retry_after,
                Err(_) => self.tally.error(),
            }
            self.pause(wait.unwrap_or_default(), tries).await?;
        }
        Err(Ended)
    }
}

/// What opens the door, and to whom.
pub(super) struct Solved {
    /// What a join carries.
    pub(super) shown: Value,
    /// Whom the challenge is for, where there was one.
    pub(super) device: Option<String>,
}

/// Solves what the door asks for; `None` where that makes no sense.
pub(super) async fn solved(asked: &Response) -> Option<Solved> {
    let asks = &asked.body["asks"];
    let Some(challenge) = asks["challenge"].as_str().map(str::to_owned) else {
        return Some(Solved { shown: json!({}), device: None });
    };
    let device = Some(asks["device"].as_str().unwrap_or_default().to_owned());
    let number = |name: &str| asks[name].as_u64().and_then(|n| u8::try_from(n).ok());
    let (bits, parts) = (number("bits")?, number("parts")?);
    let text = challenge.clone();
    let solve = move || puzzle::solve(&text, bits, parts);
    let solution = if puzzle::hashes(bits, parts) <= HASHES_AT_ONCE {
        solve()
    } else {
        tokio::task::spawn_blocking(solve).await.ok().flatten()
    };
    Some(Solved { shown: json!({ "challenge": challenge, "solution": solution? }), device })
}
