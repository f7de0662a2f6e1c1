//! One request followed across processes: its context travels in a record's header.
//!
//! The names and forms are those of W3C Trace Context (version 00). Requests that are not sampled
//! carry nothing and cost nothing. Where spans go is decided elsewhere: see [`SpanSink`].

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use crate::traits::Record;

/// The header a context travels in, in HTTP and in the log alike.
pub const TRACEPARENT: &str = "traceparent";

/// Which trace, and which span of it is the parent of what comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    pub trace_id: u128,
    pub span_id: u64,
}

impl TraceContext {
    /// The context of a header, if it is one, is sampled, and this build knows its version.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (version, trace, span) = (parts.next()?, parts.next()?, parts.next()?);
        let flags = parts.next()?;
        let is_whole = version == "00" && parts.next().is_none();
        let is_lower_hex = |text: &str, len| {
            text.len() == len && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        };
        let is_well_formed =
            is_lower_hex(trace, 32) && is_lower_hex(span, 16) && is_lower_hex(flags, 2);
        if !is_whole || !is_well_formed {
            return None;
        }
        let is_sampled = u8::from_str_radix(flags, 16).ok()? & 1 == 1;
        let trace_id = u128::from_str_radix(trace, 16).ok()?;
        let span_id = u64::from_str_radix(span, 16).ok()?;
        (is_sampled && trace_id != 0 && span_id != 0).then_some(TraceContext { trace_id, span_id })
    }

    /// The context a traced record brings along.
    #[must_use]
    pub fn of(record: &Record) -> Option<Self> {
        let (_, value) = record.headers.iter().find(|(name, _)| name == TRACEPARENT)?;
        TraceContext::parse(std::str::from_utf8(value).ok()?)
    }

    /// A span below this one; `span_id` comes from a good source and is not zero.
    #[must_use]
    pub fn child(self, span_id: u64) -> Self {
        TraceContext { span_id: span_id.max(1), ..self }
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-01", self.trace_id, self.span_id)
    }
}

/// What a span is to those around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanKind {
    /// A request that came in.
    Server,
    /// A record that was written for others.
    Producer,
    /// A record that was read.
    Consumer,
    /// Work inside.
    Internal,
}

/// Something that took time.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    pub context: TraceContext,
    /// The span above; 0 for none.
    pub parent: u64,
    pub name: String,
    pub kind: SpanKind,
    pub start: SystemTime,
    pub end: SystemTime,
    pub attributes: Vec<(&'static str, String)>,
}

/// Takes spans off the hands of those who measure. Must not block: a full sink drops and counts.
pub trait SpanSink: Send + Sync + fmt::Debug + 'static {
    fn record(&self, span: Span);
}

/// Whether and where to trace; cheap to clone. The default traces nothing.
#[derive(Debug, Clone, Default)]
pub struct Tracer {
    sink: Option<Arc<dyn SpanSink>>,
    /// One request in so many is traced; 0 for none but those that ask.
    one_in: u32,
}

impl Tracer {
    #[must_use]
    pub fn new(sink: Arc<dyn SpanSink>, one_in: u32) -> Self {
        Tracer { sink: Some(sink), one_in }
    }

    /// Whether spans go anywhere.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.sink.is_some()
    }

    /// A trace of its own for every `one_in`th request; `draw` is a random number.
    #[must_use]
    pub fn sample(&self, draw: u128) -> Option<TraceContext> {
        let is_drawn =
            self.is_on() && self.one_in > 0 && draw.is_multiple_of(u128::from(self.one_in));
        // The number is used up as the lot: what names the trace is its mix with a fixed odd one.
        let trace_id = draw.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).max(1);
        is_drawn.then_some(TraceContext { trace_id, span_id: 1 })
    }

    /// Hands a span over.
    pub fn record(&self, span: Span) {
        if let Some(sink) = &self.sink {
            sink.record(span);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn contexts_are_read_as_they_are_written() {
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let context = TraceContext::parse(text).unwrap();
        assert_eq!(context.to_string(), text);
        assert_eq!(context.child(7).trace_id, context.trace_id);
        for bad in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902-01",
        ] {
            assert_eq!(TraceContext::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn nothing_is_traced_unless_asked_for() {
        assert!(Tracer::default().sample(0).is_none());
        #[derive(Debug)]
        struct Nowhere;
        impl SpanSink for Nowhere {
            fn record(&self, _: Span) {}
        }
        let tracer = Tracer::new(Arc::new(Nowhere), 10);
        let traced = (0..1000_u128).filter(|&draw| tracer.sample(draw).is_some()).count();
        assert_eq!(traced, 100);
    }
}
