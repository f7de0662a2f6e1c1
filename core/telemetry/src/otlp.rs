//! Export of spans to an OpenTelemetry collector: OTLP over HTTP, in its JSON form.
//!
//! The format is one document per batch (opentelemetry-proto, `ExportTraceServiceRequest`). If the
//! collector is unreachable, only its spans are lost.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use http::Method;
use serde_json::{Value, json};

use floodgate_event_log::{Span, SpanKind, SpanSink, Tracer};
use floodgate_http_client::{Call, Http};

/// Spans that wait for their batch, about 400 bytes each; more are dropped and counted.
const WAITING_MAX: usize = 4_096;
/// Spans of one document.
const BATCH_MAX: usize = 512;
/// How long the first span of a batch waits for company.
const BATCH_EVERY: Duration = Duration::from_millis(500);

/// A tracer that samples one request in `one_in`; to nowhere when `endpoint` is empty.
pub fn tracer(endpoint: &str, one_in: u32, role: &'static str) -> Result<Tracer> {
    if endpoint.is_empty() {
        return Ok(Tracer::default());
    }
    let http = Http::new(endpoint).context("trace.endpoint")?;
    let (sender, receiver) = sync_channel(WAITING_MAX);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let sends = move || runtime.block_on(run(&receiver, &http, role));
    // It ends when the last tracer is gone.
    std::thread::Builder::new().name("spans".to_owned()).spawn(sends)?;
    Ok(Tracer::new(Arc::new(Queue { sender }), one_in))
}

#[derive(Debug)]
struct Queue {
    sender: SyncSender<Span>,
}

impl SpanSink for Queue {
    fn record(&self, span: Span) {
        if self.sender.try_send(span).is_err() {
            metrics::counter!("floodgate_spans_dropped_total").increment(1);
        }
    }
}

async fn run(spans: &Receiver<Span>, http: &Http, role: &str) {
    while let Ok(first) = spans.recv() {
        let until = Instant::now() + BATCH_EVERY;
        let (mut batch, mut is_over) = (vec![first], false);
        while batch.len() < BATCH_MAX {
            match spans.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(span) => batch.push(span),
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => {
                    is_over = true;
                    break;
                }
            }
        }
        if let Err(error) = send(http, role, &batch).await {
            metrics::counter!("floodgate_spans_dropped_total").increment(batch.len() as u64);
            tracing::warn!(%error, spans = batch.len(), "the collector did not accept spans");
        }
        if is_over {
            return;
        }
    }
}

async fn send(http: &Http, role: &str, batch: &[Span]) -> Result<()> {
    let body = Some(document(role, std::process::id(), batch));
    let call = Call { body, ..Call::default() };
    let answer = http.exchange(&Method::POST, "/v1/traces", &call).await?;
    ensure!((200..300).contains(&answer.status), "HTTP {}", answer.status);
    Ok(())
}

/// The batch as OTLP's JSON: ids in hex, times in nanoseconds as texts.
fn document(role: &str, pid: u32, batch: &[Span]) -> Value {
    let resource = json!({ "attributes": [
        attribute("service.name", "floodgate"),
        attribute("service.instance.id", &format!("{role}-{pid}")),
        attribute("floodgate.role", role),
    ] });
    let spans: Vec<Value> = batch.iter().map(span).collect();
    let scope = json!({ "name": "floodgate", "version": env!("CARGO_PKG_VERSION") });
    json!({ "resourceSpans": [{
        "resource": resource, "scopeSpans": [{ "scope": scope, "spans": spans }],
    }] })
}

fn span(span: &Span) -> Value {
    let nanos =
        |at: SystemTime| at.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos().to_string();
    // Numbers of `Span.SpanKind` in trace.proto.
    let kind = match span.kind {
        SpanKind::Internal => 1,
        SpanKind::Server => 2,
        SpanKind::Producer => 4,
        SpanKind::Consumer => 5,
    };
    let attributes: Vec<_> =
        span.attributes.iter().map(|(name, value)| attribute(name, value)).collect();
    let parent = (span.parent != 0).then(|| format!("{:016x}", span.parent));
    json!({
        "traceId": format!("{:032x}", span.context.trace_id),
        "spanId": format!("{:016x}", span.context.span_id),
        "parentSpanId": parent.unwrap_or_default(),
        "name": span.name,
        "kind": kind,
        "startTimeUnixNano": nanos(span.start),
        "endTimeUnixNano": nanos(span.end),
        "attributes": attributes,
    })
}

fn attribute(name: &str, value: &str) -> Value {
    json!({ "key": name, "value": { "stringValue": value } })
}
