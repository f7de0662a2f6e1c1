//! Spans of traced requests, and their context on its way into the log.

use std::time::SystemTime;

use axum::extract::Request;
use futures::future::try_join;

use floodgate_admission::WaitingRoom;
use floodgate_domain::{Envelope, Reply};
use floodgate_event_log::trace::TRACEPARENT;
use floodgate_event_log::{LogError, Span, SpanKind, Topic, TraceContext};

use crate::extract::address::Peer;
use crate::state::{GatewayState, Shared};

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
    /// A request is traced because it was drawn, or because a trusted proxy asks for it. Anybody
    /// else's wish would be a way to make us work.
    pub(crate) fn begin(state: &Shared, request: &Request) -> Option<Self> {
        if !state.tracer.is_on() {
            return None;
        }
        let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip().to_canonical());
        let is_trusted = peer.is_some_and(|peer| state.settings.trusted_proxies.contains(&peer));
        let header = request.headers().get(TRACEPARENT).and_then(|value| value.to_str().ok());
        let asked = header.filter(|_| is_trusted).and_then(TraceContext::parse);
        let (context, parent) = match asked {
            Some(above) => (above.child(random()), above.span_id),
            None => {
                let drawn = state.tracer.sample(u128::from(random()) << 64 | u128::from(random()));
                (drawn?.child(random()), 0)
            }
        };
        Some(Traced { context, parent, start: SystemTime::now() })
    }

    /// The request was answered.
    pub(crate) fn end(self, state: &Shared, method: &str, route: &str, status: u16) {
        state.tracer.record(Span {
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

impl GatewayState {
    /// Appends with the context of its span, and measures both ways: until the command is
    /// durable, and until its answer is here.
    pub(crate) async fn exchange_traced(
        &self,
        envelope: Envelope,
        trace: TraceContext,
    ) -> Result<Reply, LogError> {
        let append = trace.child(random());
        let command = envelope.command.name();
        let start = SystemTime::now();
        let (ticket, wait) = self.commands.begin_traced(envelope, append);
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
            ticket.await?;
            self.tracer.record(span(append, format!("append {command}"), SpanKind::Producer));
            Ok(())
        };
        let answered = async {
            let reply = wait.await?;
            let context = trace.child(random());
            self.tracer.record(span(context, "await answer".to_owned(), SpanKind::Internal));
            Ok(reply)
        };
        try_join(durable, answered).await.map(|((), reply)| reply)
    }
}
