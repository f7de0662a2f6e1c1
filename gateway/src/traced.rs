//! Spans of traced requests, and passing their context into the log.

use std::time::SystemTime;

use axum::extract::Request;
use futures::future::try_join;

use floodgate_admission::WaitingRoom;
use floodgate_domain::{Envelope, Reply};
use floodgate_event_log::trace::TRACEPARENT;
use floodgate_event_log::{LogError, Span, SpanKind, Topic, TraceContext, Tracer};
use floodgate_transport::CommandClient;

/// A request that is traced; travels with it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Traced {
    pub(crate) context: TraceContext,
    parent: u64,
    start: SystemTime,
}

fn random() -> u64 {
    WaitingRoom::fresh_device().buyer.0
}

impl Traced {
    /// A request is traced because it was drawn, or because a trusted proxy asks for it. To do it
    /// for anybody who asks would be a way to make us work.
    pub(crate) fn begin(tracer: &Tracer, is_trusted: bool, request: &Request) -> Option<Self> {
        if !tracer.is_on() {
            return None;
        }
        let header = request.headers().get(TRACEPARENT).and_then(|value| value.to_str().ok());
        let asked = header.filter(|_| is_trusted).and_then(TraceContext::parse);
        let (context, parent) = match asked {
            Some(above) => (above.child(random()), above.span_id),
            None => {
                let drawn = tracer.sample(u128::from(random()) << 64 | u128::from(random()));
                (drawn?.child(random()), 0)
            }
        };
        Some(Traced { context, parent, start: SystemTime::now() })
    }

    /// The request was answered.
    pub(crate) fn end(self, tracer: &Tracer, method: &str, route: &str, status: u16) {
        tracer.record(Span {
            context: self.context,
            parent: self.parent,
            name: format!("{method} {route}"),
            kind: SpanKind::Server,
            start: self.start,
            end: SystemTime::now(),
            attributes: vec![
                ("http.request.method", method.to_owned()),
                ("http.route", route.to_owned()),
                ("http.response.status_code", status.to_string()),
            ],
        });
    }
}

/// Appends with the context of its span, and measures both ways: until the command is durable, and
/// until its answer is here.
pub(crate) async fn exchange(
    tracer: &Tracer,
    trace: TraceContext,
    client: &CommandClient,
    envelope: Envelope,
) -> Result<Reply, LogError> {
    let (context, command) = (trace.child(random()), envelope.command.name());
    let start = SystemTime::now();
    let (pending, wait) = client.begin_traced(envelope, context);
    let span = |context: TraceContext, name: String, kind| Span {
        context,
        parent: trace.span_id,
        name,
        kind,
        start,
        end: SystemTime::now(),
        attributes: vec![("messaging.destination.name", Topic::Commands.name().to_owned())],
    };
    let durable = async {
        pending.await?;
        tracer.record(span(context, format!("append {command}"), SpanKind::Producer));
        Ok(())
    };
    let answered = async {
        let reply = wait.await?;
        let context = trace.child(random());
        tracer.record(span(context, "await answer".to_owned(), SpanKind::Internal));
        Ok(reply)
    };
    try_join(durable, answered).await.map(|((), reply)| reply)
}
