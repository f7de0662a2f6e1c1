//! What happens around every request: its sender is looked at and limited, it is counted, timed and
//! traced, and its answer gets headers.

use std::net::IpAddr;
use std::sync::Once;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Version, header};

use floodgate_admission::{Limited, RemainingQuota, WaitingRoom};
use floodgate_domain::{EventId, Network};

use super::{parameters, refused_page};
use crate::caching::Credential;
use crate::connection::{guarded, keep_running};
use crate::costs;
use crate::csp;
use crate::extract::Visitor;
use crate::extract::address::Peer;
use crate::extract::staff::bearer;
use crate::problem::{ApiError, Code, SaidCode};
use crate::same_site;
use crate::shares::HeldShare;
use crate::state::GatewayState;
use crate::traced::Traced;

/// When those who got no stream may ask for one again; meanwhile they poll.
const STREAM_LATER_MS: u64 = 30_000;

/// Headers that every answer gets here.
const HEADERS_ADDED: usize = 8;

/// Looks at, limits, counts, times and dresses.
pub(super) async fn around(
    State(state): State<GatewayState>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let (metering, tracer) = (state.telemetry.metering(), state.telemetry.tracer());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let is_page = route.as_ref().is_none_or(|route| !route.as_str().starts_with("/v1"));
    let request_id = request_id(request.headers());
    let peer = request.extensions().get::<Peer>().copied();
    let trust = &state.trust;
    let is_trusted = peer.is_some_and(|peer| trust.trusts(peer.0.ip()));
    let traced = Traced::begin(tracer, is_trusted, &request).map(|traced| {
        request.extensions_mut().insert(traced);
        (traced, request.method().clone())
    });
    let credential = Credential::default();
    request.extensions_mut().insert(credential.clone());
    let keys = state.admission.keys();
    let visitor = Visitor::of(peer, request.headers(), trust, keys, state.settings.is_https);
    if trust.ignores(visitor.peer, request.headers()) {
        note_forgotten_proxy(visitor.peer);
    }
    request.extensions_mut().insert(visitor);
    let event_id = event_of(request.uri().path());
    let name = route.as_ref().map_or("none", MatchedPath::as_str);
    let mut quota = None;
    let admitted = host(&request).and_then(|()| {
        let checked = check(&state, visitor, &request, name);
        quota = checked
            .as_ref()
            .map_or_else(|limited| Some(used_up(limited)), |left| left.as_ref().map(remaining));
        checked.map(|_| ()).map_err(limited)
    });
    let public_url = &state.sign_ins.parts().public_url;
    let admitted = admitted.and_then(|()| {
        same_site::check(request.method(), request.uri(), request.headers(), public_url)
    });
    let admitted =
        admitted.and_then(|()| parameters::check(request.method(), name, request.uri().query()));
    let admitted = admitted.and_then(|()| stream_of(&state, visitor, &request, name));
    let mut response = answered(admitted, request, next).await;
    if let (Some(SaidCode(code)), Some(event_id)) = (response.extensions().get().copied(), event_id)
        && let Some(entry) = state.views.get(event_id)
    {
        entry.refused.note(code);
    }
    metering.answered(name, response.status(), started.elapsed());
    if let Some((traced, method)) = traced {
        traced.end(tracer, method.as_str(), name, response.status().as_u16());
    }
    // At once, not entry by entry.
    response.headers_mut().reserve(HEADERS_ADDED);
    credential.dress(&mut response);
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        headers.insert("x-request-id", value);
    }
    // Programs read it; what comes with a page is on the way of whoever waits for that.
    if let Some(left) = quota.filter(|_| !is_page && !is_kept_for_good(headers))
        && let Ok(left) = HeaderValue::from_str(&left)
    {
        headers.insert("ratelimit", left);
        headers.insert("ratelimit-policy", state.admission.quotas().policies.clone());
    }
    dress(headers, is_page);
    response
}

/// The event that a call is about.
fn event_of(path: &str) -> Option<EventId> {
    path.strip_prefix("/v1/events/")?.split('/').next()?.parse().ok()
}

/// Whoever gets this answer next, out of a cache, has another quota.
fn is_kept_for_good(headers: &HeaderMap) -> bool {
    let rule = headers.get(header::CACHE_CONTROL).and_then(|rule| rule.to_str().ok());
    rule.is_some_and(|rule| rule.contains("immutable"))
}

/// What browsers are to make of an answer. A style sheet loads nothing of its own accord: the policy
/// of its page counts.
fn dress(headers: &mut HeaderMap, is_page: bool) {
    let is_style = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/css"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    if is_page && !is_style {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(csp::OWN));
    }
}

/// The answer to a request that was let in, or why it was not.
async fn answered(
    admitted: Result<Option<HeldShare>, ApiError>,
    request: Request,
    next: Next,
) -> Response {
    let running = keep_running(&request);
    let is_opening = refused_page::is_opening(&request);
    let answer = match admitted {
        Ok(stream) => {
            let response = next.run(request).await;
            // Held until the answer is sent, or its client has gone.
            response.map(|body| match (stream, running) {
                (None, None) => body,
                held => guarded(body, held),
            })
        }
        Err(problem) => {
            let closes = problem.code() == Code::TooManyStreams.row().code && running.is_none();
            let mut response = problem.into_response();
            if closes {
                response
                    .headers_mut()
                    .insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            response
        }
    };
    if is_opening { refused_page::shown(answer) } else { answer }
}

/// A proxy nobody trusts makes all its visitors one: said once, and counted.
fn note_forgotten_proxy(peer: IpAddr) {
    static SAID: Once = Once::new();
    metrics::counter!("floodgate_forwarded_ignored_total").increment(1);
    // Machines of one's own only: others are people, and anybody can write a header.
    if Network::from(peer).is_private() {
        SAID.call_once(|| {
            let fix = "if it is your proxy, add it to server.trusted_proxies";
            tracing::warn!(%peer, fix, "a peer that is not trusted names clients");
        });
    }
}

/// Refuses what does not say which host it is meant for, or says it twice (RFC 9112, section 3.2).
/// HTTP/2 has it in `:authority`, HTTP/1.0 needs none.
fn host(request: &Request) -> Result<(), ApiError> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (first, second) = (hosts.next(), hosts.next());
    let is_named = first.is_some() || request.uri().authority().is_some();
    let may_lack = request.version() < Version::HTTP_11;
    if second.is_none() && (is_named || may_lack) {
        return Ok(());
    }
    Err(ApiError::new(Code::HostRequired))
}

/// Takes a request's cost off the quotas of its sender. Staff with a good key have none.
fn check(
    state: &GatewayState,
    visitor: Visitor,
    request: &Request,
    route: &str,
) -> Result<Option<RemainingQuota>, Limited> {
    let mut cost = costs::cost(request.method(), route, request.uri().query());
    if let Some(key) = bearer(request.headers()) {
        if state.staff.knows(key) {
            return Ok(None);
        }
        cost = costs::with_a_wrong_key(cost);
    }
    let buyer = visitor.counts_against();
    state.admission.quotas().limits.check(visitor.address, buyer, cost)
}

/// The part of all streams that this request takes, if it asks for one. Whoever gets none is sent
/// away with their connection, and can poll.
fn stream_of(
    state: &GatewayState,
    visitor: Visitor,
    request: &Request,
    route: &str,
) -> Result<Option<HeldShare>, ApiError> {
    if !costs::is_stream(request.method(), route) {
        return Ok(None);
    }
    let held = state.streams.enter(visitor.address);
    held.map(Some).ok_or_else(|| {
        metrics::counter!("floodgate_streams_refused_total").increment(1);
        ApiError::new(Code::TooManyStreams).retry_after_ms(STREAM_LATER_MS)
    })
}

fn remaining(left: &RemainingQuota) -> String {
    format!("\"{}\";r={}", left.policy, left.requests)
}

fn used_up(limited: &Limited) -> String {
    let seconds = limited.retry_after.as_secs() + 1;
    format!("\"{}\";r=0;t={seconds}", limited.policy)
}

fn limited(limited: Limited) -> ApiError {
    metrics::counter!("floodgate_rate_limited_total").increment(1);
    let ms = u64::try_from(limited.retry_after.as_millis()).unwrap_or(u64::MAX).max(1);
    ApiError::new(Code::RateLimited).retry_after_ms(ms)
}

/// The client's own id if it is a harmless text, else one of ours.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get("x-request-id").and_then(|value| value.to_str().ok());
    let is_fine = |id: &&str| id.len() <= 64 && id.bytes().all(|b| b.is_ascii_graphic());
    given
        .filter(is_fine)
        .map_or_else(|| format!("req_{:016x}", WaitingRoom::fresh_device().buyer.0), str::to_owned)
}
