//! From the topics of products to those who bought them: each order is read on from where it is,
//! and moved on in the transaction that queues its calls.
//!
//! The topic of deliveries is written before: what a crash cuts off comes there twice, as the same
//! record under the same key. An order that has ended is read on by nobody.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use floodgate_domain::{CommandId, LogTime};
use floodgate_event_log::{
    Checkpoint, CheckpointError, Log, NewRecord, Partition, Record, Topic, partition_of,
};
use floodgate_people::{
    DELIVERIES_WAITING_MAX, NewDelivery, PRODUCT_DELIVERED, People, ProductDelivery, ProductKind,
    ProductOrder,
};

use super::feed::{FeedError, start_of};

/// Records read and written at once.
const BATCH_MAX: usize = 256;
/// How long a read waits for what is already there.
const READ_WITHIN: Duration = Duration::from_millis(50);

pub(super) struct ProductFeed {
    log: Arc<dyn Log>,
    people: People,
}

/// A record of an order's product.
struct Delivered<'a> {
    record: &'a Record,
    product_id: String,
    time: String,
    text: &'a str,
}

impl<'a> Delivered<'a> {
    /// `None` of what is not of the order's product.
    fn of(record: &'a Record, order: &ProductOrder) -> Option<Self> {
        let text = std::str::from_utf8(&record.value).ok()?;
        let body: Value = serde_json::from_str(text).ok()?;
        let field = |name: &str| body.get(name).and_then(Value::as_str);
        let is_of_kind = match order.kind {
            ProductKind::Cohorts => true,
            ProductKind::Concurrency | ProductKind::Velocity => {
                field("kind") == Some(order.kind.code())
            }
        };
        let is_own = field("event_id") == Some(order.event_id.to_string().as_str());
        let time = field("released_at").or(field("until"))?.to_owned();
        let product_id = field("product_id")?.to_owned();
        (is_of_kind && is_own).then_some(Delivered { record, product_id, time, text })
    }

    /// The call of the buyer's program with it; the same record is the same call.
    fn call(&self, webhook: floodgate_domain::WebhookId) -> NewDelivery {
        let Delivered { record, product_id, time, text } = self;
        let id = CommandId::derived(&[b"product", product_id.as_bytes()]).0;
        NewDelivery {
            name: format!("{webhook}-{id:032x}"),
            webhook,
            kind: PRODUCT_DELIVERED.to_owned(),
            body: format!(r#"{{"type":"{PRODUCT_DELIVERED}","timestamp":"{time}","data":{text}}}"#),
            place: record.offset,
        }
    }

    /// The record for the topic, as it was, under the order's number.
    fn copy(&self, order: &ProductOrder) -> NewRecord {
        let number = order.number.to_string();
        let key = format!("{number}/{}", self.product_id);
        let mut headers = self.record.headers.clone();
        headers.push(("floodgate-order".to_owned(), number.into_bytes().into()));
        NewRecord { key: key.into_bytes().into(), value: self.record.value.clone(), headers }
    }
}

impl ProductFeed {
    pub(super) fn new(log: Arc<dyn Log>, people: People) -> Self {
        ProductFeed { log, people }
    }

    /// Reads every order on by a batch; how many records were read.
    pub(super) fn turn(&mut self, now: LogTime) -> Result<usize, FeedError> {
        let mut read = 0;
        for (order, delivery) in self.people.look(|work| work.product_deliveries(now))? {
            read += self.go_on(&order, &delivery, now)?;
        }
        Ok(read)
    }

    fn go_on(
        &self,
        order: &ProductOrder,
        delivery: &ProductDelivery,
        now: LogTime,
    ) -> Result<usize, FeedError> {
        let topic = order.kind.topic();
        let event = order.event_id.to_string();
        let partition = partition_of(event.as_bytes(), self.log.partitions(topic));
        let Some(from) = delivery.at else {
            let paid_at = order.paid_at.unwrap_or(now);
            let start = Checkpoint::at(start_of(&*self.log, (topic, partition), paid_at)?);
            self.people.with(|work| work.move_product_delivery(order.number, (None, start)))?;
            return Ok(1);
        };
        if from.next == self.log.end(topic, partition)? || !self.has_room(delivery)? {
            return Ok(0);
        }
        match from.check(&*self.log, topic, partition) {
            Ok(()) => {}
            Err(CheckpointError::Log(error)) => return Err(error.into()),
            // Of another log it has had nothing: what that says of now is read from here on.
            Err(_) => {
                let end = Checkpoint::at(self.log.end(topic, partition)?);
                let moved = (Some(from), end);
                self.people.with(|work| work.move_product_delivery(order.number, moved))?;
                return Ok(0);
            }
        }
        self.deliver(order, delivery, (topic, partition, from), now)
    }

    fn has_room(&self, delivery: &ProductDelivery) -> Result<bool, FeedError> {
        let Some(id) = delivery.webhook else { return Ok(true) };
        let left = self.people.look(|work| work.deliveries_left(id))?;
        Ok(left < DELIVERIES_WAITING_MAX)
    }

    fn deliver(
        &self,
        order: &ProductOrder,
        delivery: &ProductDelivery,
        (topic, partition, from): (Topic, Partition, Checkpoint),
        now: LogTime,
    ) -> Result<usize, FeedError> {
        let mut records = Vec::new();
        self.log.reader(topic, partition, from.next)?.poll(BATCH_MAX, READ_WITHIN, &mut records)?;
        let Some(last) = records.last() else { return Ok(0) };
        let own: Vec<Delivered<'_>> =
            records.iter().filter_map(|record| Delivered::of(record, order)).collect();
        if delivery.to_topic && !own.is_empty() {
            let copies = own.iter().map(|one| one.copy(order)).collect();
            self.log.append(Topic::Deliveries, partition, copies).wait()?;
        }
        let behind = Checkpoint::behind(last);
        self.people.with(|work| {
            // Another process was there first, or the order has ended.
            if !work.move_product_delivery(order.number, (Some(from), behind))? {
                return Ok(());
            }
            let Some(webhook) = delivery.webhook else { return Ok(()) };
            for one in &own {
                work.queue_delivery(&one.call(webhook), now)?;
            }
            Ok(())
        })?;
        Ok(records.len())
    }
}

#[cfg(test)]
#[path = "products_tests.rs"]
mod tests;
