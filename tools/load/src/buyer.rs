//! One buyer's visit: queue, enter, hold, pay, go home.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::Method;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

use crate::profile::{Profile, Tempers, Thought};
use crate::seen::QueueSeen;
use crate::tally::Tally;
use crate::timeline::{Count, Stage};
use floodgate_audit::Acked;
use floodgate_http_client::{Call, Http, Response};

/// Tries of one request that failed without an answer before the buyer goes home.
const TRIES_MAX: u32 = 200;
/// Different seats a buyer asks for before they accept that there is nothing for them.
const ATTEMPTS_MAX: u32 = 6;

/// A card that is charged and never answered for.
const LOST: &str = "pm_sandbox_lost";

/// How a buyer behaves; drawn from the stampede's seed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Temper {
    group: u8,
    /// Names seats instead of asking for the best.
    picks_seats: bool,
    /// Leaves after holding, without paying.
    walks_away: bool,
    card: &'static str,
}

impl Temper {
    pub(super) fn draw(rng: &mut StdRng, of: &Tempers) -> Self {
        let card = match rng.random_range(0..1000) {
            drawn if drawn < of.declined => "pm_sandbox_decline",
            drawn if drawn < of.declined + of.lost => LOST,
            _ => "pm_sandbox_approve",
        };
        Temper {
            group: of.groups[rng.random_range(0..of.groups.len())],
            picks_seats: rng.random_bool(of.picks_seats),
            walks_away: rng.random_bool(of.walks_away),
            card,
        }
    }
}

/// Why a visit ended early; counted where it happened.
pub(super) struct Ended;

pub(super) type Step<T> = Result<T, Ended>;

/// A buyer before the visit.
#[derive(Debug)]
pub(super) struct Buyer {
    pub(super) http: Http,
    pub(super) queue: watch::Receiver<QueueSeen>,
    pub(super) tally: Arc<Tally>,
    pub(super) event_id: String,
    pub(super) number: usize,
    pub(super) temper: Temper,
    pub(super) seed: u64,
    pub(super) give_up_at: Instant,
    pub(super) inside: Arc<Semaphore>,
    pub(super) profile: Arc<Profile>,
    /// Where they are; `None` before and after.
    pub(super) stage: Option<Stage>,
}

/// What the server gave them along the way.
#[derive(Debug, Default)]
pub(super) struct Papers {
    pub(super) address: String,
    pub(super) device: String,
    pub(super) ticket: String,
    pass: String,
}

impl Buyer {
    /// The whole visit; `arrival` is when the first request was meant to be sent.
    pub(super) async fn visit(mut self, arrival: Instant) {
        self.tally.progress.arrived.fetch_add(1, Ordering::Relaxed);
        let mut papers = Papers { address: address_of(self.number), ..Papers::default() };
        // Ending early is an outcome; it was counted where it happened.
        let _ = self.walk(&mut papers, arrival).await;
        self.at(None);
        self.tally.progress.done.fetch_add(1, Ordering::Relaxed);
    }

    async fn walk(&mut self, papers: &mut Papers, arrival: Instant) -> Step<()> {
        self.at(Some(Stage::Joining));
        let mut place = self.join(papers, arrival).await?;
        self.tally.count(Count::Joined);
        let inside = Arc::clone(&self.inside);
        let mut missed = 0;
        let _permit = loop {
            self.at(Some(Stage::Line));
            self.wait_for_turn(place).await?;
            let permit = inside.acquire().await.map_err(|_| Ended)?;
            self.at(Some(Stage::Door));
            if self.enter(papers).await? {
                break permit;
            }
            missed += 1;
            place = self.rejoin(papers, missed).await?;
        };
        self.tally.progress.entered.fetch_add(1, Ordering::Relaxed);
        self.tally.count(Count::Admitted);
        self.at(Some(Stage::Choosing));
        let mut rng = StdRng::seed_from_u64(self.seed);
        think(self.profile.think.choose, &mut rng).await;
        let Some(order) = self.hold(papers, &mut rng).await? else {
            return self.leave(papers).await;
        };
        self.tally.count(Count::Hold);
        if self.temper.walks_away {
            return self.leave(papers).await;
        }
        think(self.profile.think.pay, &mut rng).await;
        self.at(Some(Stage::Paying));
        self.pay(papers, &order).await
    }

    fn at(&mut self, stage: Option<Stage>) {
        self.tally.moves(self.stage, stage);
        self.stage = stage;
    }

    pub(super) fn path(&self, rest: &str) -> String {
        format!("/v1/events/{}{rest}", self.event_id)
    }

    /// One request, tried again under the same key until it is answered.
    pub(super) async fn ask(
        &self,
        papers: &Papers,
        method: Method,
        path: &str,
        request: &str,
        body: Value,
        meant_at: Instant,
    ) -> Step<Response> {
        let key = format!("{}-{}-{request}", self.seed, self.number);
        for tries in 0..TRIES_MAX {
            let mut headers = vec![("x-forwarded-for", papers.address.as_str())];
            for (name, value) in [
                ("floodgate-device", &papers.device),
                ("floodgate-queue-ticket", &papers.ticket),
                ("floodgate-pass", &papers.pass),
            ] {
                if !value.is_empty() {
                    headers.push((name, value.as_str()));
                }
            }
            let body = (method == Method::POST).then(|| body.clone());
            let call = Call { headers, key: Some(&key), body, bearer: None };
            match self.http.call(method.clone(), path, call).await {
                // Accepted but not decided yet, shed, or asked to slow down: the same key is safe.
                Ok(answer)
                    if matches!(answer.status, 202 | 429 | 503)
                        && answer.code() != "cooling_down" =>
                {
                    self.pause(answer.retry_after.unwrap_or(Duration::from_millis(200)), tries)
                        .await?;
                }
                Ok(answer) => {
                    let refusal = (!answer.is_ok()).then(|| answer.code());
                    self.tally.answer(meant_at.elapsed(), refusal);
                    return Ok(answer);
                }
                Err(_) => {
                    self.tally.error();
                    self.pause(Duration::from_millis(100), tries).await?;
                }
            }
        }
        self.tally.gave_up();
        Err(Ended)
    }

    /// Backs off, longer each time up to a second; gives up when patience is over.
    pub(super) async fn pause(&self, at_least: Duration, tries: u32) -> Step<()> {
        if Instant::now() >= self.give_up_at {
            self.tally.gave_up();
            return Err(Ended);
        }
        let backoff = Duration::from_millis(50 << tries.min(4));
        tokio::time::sleep(at_least.max(backoff).min(Duration::from_secs(5))).await;
        Ok(())
    }

    async fn wait_for_turn(&mut self, place: u64) -> Step<()> {
        let give_up_at = self.give_up_at;
        let turn = self.queue.wait_for(|seen| seen.calls(place) || seen.is_over);
        match tokio::time::timeout_at(give_up_at, turn).await {
            Ok(Ok(seen)) if !seen.is_over => Ok(()),
            Ok(_) => Err(Ended),
            Err(_) => {
                self.tally.gave_up();
                Err(Ended)
            }
        }
    }

    /// Into the shop; `false` is a turn that was missed.
    async fn enter(&self, papers: &mut Papers) -> Step<bool> {
        for tries in 0.. {
            let (path, request) = (self.path("/enter"), format!("enter-{tries}"));
            let answer =
                self.ask(papers, Method::POST, &path, &request, json!({}), Instant::now()).await?;
            if answer.is_ok() {
                papers.pass = answer.text("pass").unwrap_or_default().to_owned();
                return Ok(true);
            }
            if answer.code() == "turn_lapsed" {
                return Ok(false);
            }
            if !matches!(answer.code().as_str(), "not_your_turn" | "shop_full" | "sale_paused") {
                break;
            }
            self.pause(answer.retry_after.unwrap_or(Duration::from_millis(250)), tries).await?;
        }
        Err(Ended)
    }

    /// Holds what can be had: the group shrinks with every refusal.
    async fn hold(&self, papers: &Papers, rng: &mut StdRng) -> Step<Option<Response>> {
        let mut group = self.temper.group;
        for attempt in 0..ATTEMPTS_MAX {
            let body = if self.temper.picks_seats && attempt < 2 {
                json!({ "seats": [rng.random_range(0..30_000)] })
            } else {
                json!({ "best": { "count": group } })
            };
            let (path, request) = (self.path("/holds"), format!("hold-{attempt}"));
            let answer =
                self.ask(papers, Method::POST, &path, &request, body, Instant::now()).await?;
            if answer.is_ok() {
                self.acked(&answer);
                return Ok(Some(answer));
            }
            match answer.code().as_str() {
                "not_enough_together" => group = (group / 2).max(1),
                "seat_taken" | "accessible_seat" | "unknown_seat" | "seat_not_for_sale" => {}
                _ => return Ok(None),
            }
        }
        Ok(None)
    }

    fn acked(&self, answer: &Response) {
        let text = |field| answer.text(field).unwrap_or_default().to_owned();
        self.tally.acked(&Acked {
            event_id: self.event_id.clone(),
            order_id: text("order_id"),
            status: text("status"),
        });
    }

    async fn pay(&self, papers: &Papers, held: &Response) -> Step<()> {
        let hold_id = held.text("hold_id").unwrap_or_default().to_owned();
        let seats = held.body["seats"].as_array().map_or(0, Vec::len) as u64;
        let mut card = self.temper.card;
        for attempt in 0..2 {
            // The second attempt is meant, whatever became of the first.
            let body = json!({ "hold_id": hold_id, "payment_method": card,
                "despite_unanswered": attempt > 0 });
            let (path, request) = (self.path("/orders"), format!("pay-{attempt}"));
            let answer =
                self.ask(papers, Method::POST, &path, &request, body, Instant::now()).await?;
            if !answer.is_ok() {
                return Err(Ended);
            }
            self.acked(&answer);
            let Some(order_id) = answer.text("order_id").map(str::to_owned) else {
                self.tally.error();
                return Err(Ended);
            };
            let as_of = answer.body["as_of"]["offset"].as_u64().unwrap_or(0);
            match self.outcome(papers, &order_id, as_of).await?.as_str() {
                "confirmed" => {
                    self.tally.sale(seats);
                    return Ok(());
                }
                // The fix-it path: the seats wait for another card.
                "declined" | "no_answer" => card = "pm_sandbox_approve",
                _ => return Err(Ended),
            }
        }
        Err(Ended)
    }

    /// Asks until the payment has an outcome. A provider that never answers outlasts a buyer.
    /// What was so before `as_of` is of no interest any more.
    async fn outcome(&self, papers: &Papers, order_id: &str, as_of: u64) -> Step<String> {
        if self.temper.card == LOST {
            self.tally.count(Count::LostPayment);
            return Err(Ended);
        }
        let path = self.path(&format!("/orders/{order_id}?at_least={as_of}"));
        for tries in 0.. {
            let headers = vec![
                ("x-forwarded-for", papers.address.as_str()),
                ("floodgate-device", papers.device.as_str()),
            ];
            match self.http.call(Method::GET, &path, Call { headers, ..Call::default() }).await {
                Ok(answer) if answer.is_ok() => {
                    let status = answer.text("status").unwrap_or_default();
                    if !matches!(status, "payment_pending" | "held") {
                        if status == "confirmed" {
                            self.acked(&answer);
                        }
                        return Ok(status.to_owned());
                    }
                }
                Ok(_) => {}
                Err(_) => self.tally.error(),
            }
            self.pause(Duration::from_millis(50), tries).await?;
        }
        Err(Ended)
    }

    async fn leave(&self, papers: &Papers) -> Step<()> {
        let path = self.path("/leave");
        self.ask(papers, Method::POST, &path, "leave", json!({}), Instant::now()).await.map(|_| ())
    }
}

/// Stands still for as long as people do; nothing is waited for.
async fn think(thought: Thought, rng: &mut StdRng) {
    let pause = thought.draw(rng);
    if !pause.is_zero() {
        tokio::time::sleep(pause).await;
    }
}

/// A different address for each buyer, out of the range set aside for benchmarks (RFC 2544);
/// the server takes it from a proxy it trusts.
pub(super) fn address_of(number: usize) -> String {
    let [_, high, middle, low] = (number as u32).to_be_bytes();
    format!("198.{}.{middle}.{low}", 18 + (high & 1))
}
