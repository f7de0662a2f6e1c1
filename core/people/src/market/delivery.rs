//! What is delivered of an order by itself: to a program of the buyer, to the topic of deliveries.
//!
//! An order has a position of its own in the topic of its product, moved in the transaction that
//! queues its calls, as webhooks have.

use floodgate_domain::{LogTime, WebhookId};
use floodgate_event_log::Checkpoint;

use super::{ProductOrder, ProductState};
use crate::PeopleError;
use crate::database::values;
use crate::store::Work;
use crate::webhooks::{NewWebhook, WebhookChange};

/// The kind of a call with a record of a product. No fact has this name.
pub const PRODUCT_DELIVERED: &str = "product_delivered";
/// Orders with a program of their own: half of all webhooks, so that buyers leave some to staff.
const PROGRAMS_MAX: u64 = 16;
/// Why the webhook of an order that has ended is called no more.
const ENDED: &str = "the order has ended";

/// How an order is delivered, beside being asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProductDelivery {
    pub webhook: Option<WebhookId>,
    /// Where that is.
    pub url: Option<String>,
    pub to_topic: bool,
    /// Where it goes on in the topic of its product; `None` where it has not begun.
    pub at: Option<Checkpoint>,
}

/// How an order is to be delivered from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductDeliveryChange {
    pub number: u32,
    /// The number of its webhook, should it get one.
    pub webhook: WebhookId,
    pub url: Option<String>,
    pub to_topic: bool,
}

impl Work<'_> {
    pub fn product_delivery(&mut self, number: u32) -> Result<ProductDelivery, PeopleError> {
        let sql = "SELECT webhook, to_topic, next, mark FROM product_deliveries WHERE number = $1";
        let Some(row) = self.row(sql, values![number])? else {
            return Ok(ProductDelivery::default());
        };
        let webhook = row.int_or_none(0)?.map(|id| WebhookId(id.cast_unsigned()));
        let mark = row.text_or_none(3)?.map(|text| text.parse()).transpose();
        let mark = mark.map_err(|_| PeopleError::Damaged("a position has no mark".to_owned()))?;
        let next = row.int_or_none(2)?.map(i64::cast_unsigned);
        let found = webhook.map(|id| self.webhook(id)).transpose()?.flatten();
        Ok(ProductDelivery {
            webhook: found.as_ref().map(|webhook| webhook.id),
            url: found.map(|webhook| webhook.url),
            to_topic: row.int(1)? != 0,
            at: next.map(|next| Checkpoint { next, mark }),
        })
    }

    /// Delivers an order another way. A new webhook's secret is returned, here and nowhere else;
    /// `None` in place of all where there are too many.
    pub fn set_product_delivery(
        &mut self,
        change: &ProductDeliveryChange,
        order: &ProductOrder,
        now: LogTime,
    ) -> Result<Option<(ProductDelivery, Option<String>)>, PeopleError> {
        let before = self.product_delivery(change.number)?;
        let (mut webhook, mut secret) = (before.webhook, None);
        match (&change.url, before.webhook) {
            (Some(url), Some(id)) => {
                let is_enabled = (before.url.as_ref() != Some(url)).then_some(true);
                let url = Some(url.clone());
                let other = WebhookChange { url, is_enabled, ..WebhookChange::default() };
                self.change_webhook(id, &other, now)?;
            }
            (Some(url), None) => {
                let count = "SELECT COUNT(*) FROM product_deliveries WHERE webhook IS NOT NULL";
                let programs = self.row(count, &[])?.map_or(Ok(0), |row| row.id(0))?;
                let new = NewWebhook {
                    id: change.webhook,
                    url: url.clone(),
                    kinds: vec![PRODUCT_DELIVERED.to_owned()],
                    event_id: Some(order.event_id),
                    description: format!("order {} of a product", change.number),
                    start_at: now,
                };
                if programs >= PROGRAMS_MAX {
                    return Ok(None);
                }
                let Some((id, made)) = self.add_webhook(&new, now)? else { return Ok(None) };
                (webhook, secret) = (Some(id), Some(made));
            }
            (None, Some(id)) => {
                self.remove_webhook(id)?;
                webhook = None;
            }
            (None, None) => {}
        }
        self.run(
            "INSERT INTO product_deliveries (number, webhook, to_topic) VALUES ($1, $2, $3)
             ON CONFLICT (number) DO UPDATE SET webhook = excluded.webhook,
                 to_topic = excluded.to_topic",
            values![change.number, webhook.map(|id| id.0), u8::from(change.to_topic)],
        )?;
        Ok(Some((self.product_delivery(change.number)?, secret)))
    }

    /// Orders that are delivered now, to a program or the topic.
    pub fn product_deliveries(
        &mut self,
        now: LogTime,
    ) -> Result<Vec<(ProductOrder, ProductDelivery)>, PeopleError> {
        let rows = self.rows(
            "SELECT d.number FROM product_deliveries d JOIN product_orders o ON o.number = d.number
             WHERE o.state = $1 AND (d.webhook IS NOT NULL OR d.to_topic = 1) ORDER BY d.number",
            values![ProductState::Paid as u8],
        )?;
        let mut found = Vec::new();
        for row in rows {
            let number = u32::try_from(row.id(0)?).unwrap_or(u32::MAX);
            let order = self.product_order(number)?.filter(|order| order.is_delivered(now));
            if let Some(order) = order {
                found.push((order, self.product_delivery(number)?));
            }
        }
        Ok(found)
    }

    /// Moves an order on from where one believes it to be; whether it was there, and is still
    /// delivered.
    pub fn move_product_delivery(
        &mut self,
        number: u32,
        (from, behind): (Option<Checkpoint>, Checkpoint),
    ) -> Result<bool, PeopleError> {
        let mark = behind.mark.map(|mark| mark.to_string());
        let moved = self.run(
            "UPDATE product_deliveries SET next = $3, mark = $4
             WHERE number = $1 AND COALESCE(next, -1) = $2 AND EXISTS
                 (SELECT 1 FROM product_orders o WHERE o.number = $1 AND o.state = $5)",
            values![
                number,
                from.map_or(-1, |from| from.next.cast_signed()),
                behind.next,
                mark,
                ProductState::Paid as u8
            ],
        )?;
        Ok(moved > 0)
    }

    /// An order has ended: nobody is called any more, also with what waits.
    pub(super) fn end_product_delivery(&mut self, number: u32) -> Result<(), PeopleError> {
        let Some(id) = self.product_delivery(number)?.webhook else { return Ok(()) };
        let waiting = "DELETE FROM webhook_deliveries WHERE webhook = $1 AND state IN (0, 1)";
        self.run(waiting, values![id.0])?;
        self.disable_webhook(id, ENDED)
    }

    /// An ended order goes on from where its delivery was. What its buyer has disabled stays so.
    pub(super) fn resume_product_delivery(
        &mut self,
        number: u32,
        now: LogTime,
    ) -> Result<(), PeopleError> {
        let Some(id) = self.product_delivery(number)?.webhook else { return Ok(()) };
        let found = self.webhook(id)?.filter(|webhook| webhook.reason == ENDED);
        if found.is_some() {
            let change = WebhookChange { is_enabled: Some(true), ..WebhookChange::default() };
            self.change_webhook(id, &change, now)?;
        }
        Ok(())
    }
}
