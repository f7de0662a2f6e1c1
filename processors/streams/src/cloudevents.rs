//! Records of any topic as CloudEvents in JSON, one per line.

use serde_json::{Map, Value, json};

use floodgate_domain::wire::{decode_command, decode_fact, decode_replies};
use floodgate_domain::{Actor, Answer, Command, Envelope, FactPosition, LogTime, Reply};
use floodgate_event_log::{Partition, Record, Topic};

use crate::public::{Attributes, DialsBody, FactBody, snake_case};

/// A record as a CloudEvent in structured mode (JSON event format, spec version 1.0).
#[must_use]
pub fn event(topic: Topic, partition: Partition, record: &Record) -> Value {
    let (attributes, data) = match topic {
        Topic::Ledger => ledger(partition, record),
        Topic::Commands => command(partition, record),
        Topic::Replies => replies(partition, record),
        _ => foreign(topic, partition, record),
    };
    json!({
        "specversion": "1.0",
        "type": attributes.kind,
        "source": attributes.source,
        "id": attributes.id,
        "subject": attributes.subject,
        "time": attributes.time,
        "datacontenttype": "application/json",
        "topic": topic.name(),
        "partition": partition,
        "offset": record.offset,
        "data": data,
    })
}

fn ledger(partition: Partition, record: &Record) -> (Attributes, Value) {
    let Ok(fact) = decode_fact(&record.value) else {
        return unreadable("ledger", partition, record);
    };
    let body = FactBody::of(partition, &fact);
    let attributes = body.attributes(partition, &fact);
    (attributes, serde_json::to_value(body).unwrap_or_default())
}

fn command(partition: Partition, record: &Record) -> (Attributes, Value) {
    let Ok(envelope) = decode_command(&record.value) else {
        return unreadable("commands", partition, record);
    };
    let kind = format!("floodgate.command.{}.v1", snake_case(envelope.command.name()));
    let position = at_own_offset(partition, record);
    let event_id = envelope.event_id.to_string();
    let attributes = Attributes::new(kind, "commands", event_id.clone(), &event_id, position);
    (attributes, command_data(&envelope))
}

fn command_data(envelope: &Envelope) -> Value {
    let actor = match envelope.actor {
        Actor::Buyer(buyer) => buyer.to_string(),
        Actor::Staff(staff) => staff.to_string(),
        Actor::System => "system".to_owned(),
    };
    let mut data = Map::new();
    data.insert("command".into(), json!(snake_case(envelope.command.name())));
    data.insert("event_id".into(), json!(envelope.event_id.to_string()));
    data.insert("command_id".into(), json!(envelope.command_id.to_string()));
    data.insert("actor".into(), json!(actor));
    if let Some(hold_id) = envelope.command.hold_id() {
        data.insert("hold_id".into(), json!(hold_id.to_string()));
    }
    match &envelope.command {
        Command::CreateEvent(new) => {
            data.insert("name".into(), json!(new.details.name));
            data.insert("seats".into(), json!(new.plan.seat_count()));
        }
        Command::ReservePlaces { count } => {
            data.insert("count".into(), json!(count));
        }
        // What a fan shares stays in the record: nobody needs it beside the pseudonym on a screen.
        Command::Enter { place } | Command::AwaitTurn { place } => {
            data.insert("place".into(), json!(place.0));
        }
        Command::CallPlaces { below } => {
            data.insert("place".into(), json!(below.0));
        }
        Command::HoldSeats { seats, accessible } => {
            let seats: Vec<_> = seats.iter().map(|seat| seat.0).collect();
            data.insert("seats".into(), json!(seats));
            data.insert("accessible".into(), json!(accessible));
        }
        Command::HoldBest(group) => {
            data.insert("count".into(), json!(group.count));
            data.insert("accessible".into(), json!(group.accessible));
        }
        // What providers say of money and where they send people is nobody's reading.
        Command::PaymentAuthorised { attempt, .. }
        | Command::RecordPaymentAction { attempt, .. }
        | Command::PaymentDeclined { attempt, .. }
        | Command::PaymentCaptured { attempt, .. }
        | Command::PaymentLost { attempt, .. } => {
            data.insert("attempt".into(), json!(attempt));
        }
        Command::SetDials(change) => {
            data.insert("dials".into(), json!(DialsBody::from(&**change)));
            data.insert("reason".into(), json!(change.reason));
        }
        _ => {}
    }
    Value::Object(data)
}

/// The answers of one turn to one gateway.
fn replies(partition: Partition, record: &Record) -> (Attributes, Value) {
    let Ok(replies) = decode_replies(&record.value) else {
        return unreadable("replies", partition, record);
    };
    let position = at_own_offset(partition, record);
    let subject = String::from_utf8_lossy(&record.key).into_owned();
    let attributes =
        Attributes::new("floodgate.replies.v1", "replies", subject.clone(), &subject, position);
    let data = json!({ "replies": replies.iter().map(reply).collect::<Vec<_>>() });
    (attributes, data)
}

fn reply(reply: &Reply) -> Value {
    let outcome = match &reply.answer {
        Answer::Refused(refusal) => refusal.code(),
        Answer::Order(order) => order.status.code(),
        Answer::Entered { .. } => "entered",
        Answer::PlacesReserved { .. } => "places_reserved",
        Answer::Status(_) => "status",
        Answer::Done => "done",
    };
    json!({
        "command_id": reply.command_id.to_string(),
        "event_id": reply.event_id.to_string(),
        "offset": reply.offset,
        "outcome": outcome,
        "repeated": reply.repeated,
    })
}

/// Records that carry their envelope in headers, as the public topics do.
fn foreign(topic: Topic, partition: Partition, record: &Record) -> (Attributes, Value) {
    let header = |name: &str| {
        let found = record.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    };
    // A tombstone has an envelope and nothing in it.
    let data = match record.value.bytes() {
        Some(bytes) => serde_json::from_slice(bytes),
        None => Ok(Value::Null),
    };
    let (Some(kind), Ok(data)) = (header("ce_type"), data) else {
        return unreadable(topic.short_name(), partition, record);
    };
    let attributes = Attributes {
        kind,
        source: header("ce_source").unwrap_or_default(),
        id: header("ce_id").unwrap_or_default(),
        subject: header("ce_subject").unwrap_or_default(),
        time: header("ce_time").unwrap_or_default(),
    };
    (attributes, data)
}

fn unreadable(role: &str, partition: Partition, record: &Record) -> (Attributes, Value) {
    let position = at_own_offset(partition, record);
    let attributes = Attributes::new("floodgate.unreadable.v1", role, "", role, position);
    (attributes, json!({ "bytes": record.value.hex() }))
}

fn at_own_offset(partition: Partition, record: &Record) -> (Partition, FactPosition, LogTime) {
    (partition, FactPosition { offset: record.offset, index: 0 }, record.at)
}
