//! Spans of traced commands: from the poll that brought them to the answer that left.

use std::time::SystemTime;

use floodgate_domain::Envelope;
use floodgate_event_log::{Partition, Record, Span, SpanKind, TraceContext, Tracer};

/// A batch that is being decided.
pub(crate) struct Traces {
    begun: Option<SystemTime>,
}

impl Traces {
    /// Notes the time, if anybody wants to know.
    pub(crate) fn begin(tracer: &Tracer) -> Self {
        Traces { begun: tracer.is_on().then(SystemTime::now) }
    }

    /// One span for each command of the batch that was traced.
    pub(crate) fn end(
        self,
        tracer: &Tracer,
        partition: Partition,
        records: &[Record],
        envelopes: &[Envelope],
    ) {
        let Some(begun) = self.begun else { return };
        for (record, envelope) in records.iter().zip(envelopes) {
            let Some(parent) = TraceContext::of(record) else { continue };
            let attributes = vec![
                ("messaging.destination.partition.id", partition.to_string()),
                ("messaging.kafka.offset", record.offset.to_string()),
                ("floodgate.log_time_ms", record.at.0.to_string()),
                ("floodgate.batch", records.len().to_string()),
            ];
            tracer.record(Span {
                // Owners that decide the same command again report the same span.
                context: parent.child(parent.span_id.rotate_left(17) ^ record.offset),
                parent: parent.span_id,
                name: format!("decide {}", envelope.command.name()),
                kind: SpanKind::Consumer,
                start: begun,
                end: SystemTime::now(),
                attributes,
            });
        }
    }
}
