//! Products as those see them who sell and buy them; what each kind is, is in `products`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use floodgate_domain::LogTime;
use floodgate_people::{
    BuyerKey, InvoiceTerms, ProductDelivery, ProductKind, ProductOffer, ProductOrder,
};

use super::invoice::InvoicePartyBody;
use super::products::{ProductLabel, product};
use crate::time;

/// A kind of product: cohorts, concurrency or velocity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum KindBody {
    /// Weekly tables of the people who agreed to be counted.
    #[default]
    Cohorts,
    /// How many wait and how many shop, to the minute.
    Concurrency,
    /// How fast orders come, against the first ten minutes.
    Velocity,
}

impl From<KindBody> for ProductKind {
    fn from(kind: KindBody) -> Self {
        match kind {
            KindBody::Cohorts => ProductKind::Cohorts,
            KindBody::Concurrency => ProductKind::Concurrency,
            KindBody::Velocity => ProductKind::Velocity,
        }
    }
}

/// Whether a product of an event may be sold, as far as whoever asks has a say.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProductOfferBody {
    pub(crate) approved: bool,
    #[serde(default)]
    pub(crate) kind: KindBody,
    /// For a year of it, in minor units of the event's currency; a manager names it.
    #[schema(example = 50_000, minimum = 1, maximum = 100_000_000)]
    pub(crate) amount: Option<u64>,
}

/// A product of an event.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProductAnswer {
    #[schema(example = "audience/evt_0000000000001")]
    product_id: String,
    /// cohorts, concurrency or velocity.
    kind: &'static str,
    event_id: String,
    event_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    artist: Option<String>,
    amount: u64,
    currency: String,
    /// Both have to say yes.
    approved_by_manager: bool,
    approved_by_artist: bool,
    on_sale: bool,
    /// Who it is from, how it is made, what is promised: the fields of the IAB Tech Lab's Data
    /// Transparency Standard.
    label: ProductLabel,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProductList {
    pub(crate) products: Vec<ProductAnswer>,
}

impl ProductAnswer {
    pub(crate) fn of(offer: &ProductOffer, (event_name, artist): (String, String)) -> Self {
        ProductAnswer {
            product_id: offer.kind.product_id(offer.event_id),
            kind: offer.kind.code(),
            event_id: offer.event_id.to_string(),
            label: (product(offer.kind).label)(offer.event_id, &event_name),
            event_name,
            artist: Some(artist).filter(|artist| !artist.is_empty()),
            amount: offer.amount,
            currency: offer.currency.clone(),
            approved_by_manager: offer.manager.is_some(),
            approved_by_artist: offer.artist.is_some(),
            on_sale: offer.is_on_sale(),
        }
    }
}

/// What it is paid with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BuyProductBody {
    #[serde(default)]
    pub(crate) kind: KindBody,
    /// A token of the payment provider, as its form makes it.
    #[schema(example = "pm_sandbox_approve", max_length = 64)]
    pub(crate) payment_method: String,
}

/// Why an order ends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndProductBody {
    pub(crate) reason: EndReason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EndReason {
    /// The money goes back.
    Refund,
    /// The buyer's bank has taken it back.
    Dispute,
}

/// An order of a product.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProductOrderAnswer {
    number: u32,
    product_id: String,
    /// cohorts, concurrency or velocity.
    kind: &'static str,
    event_id: String,
    staff_id: String,
    amount: u64,
    currency: String,
    /// open, authorised, paid, declined, refunding, refunded or disputed.
    state: &'static str,
    /// Whether tables are delivered.
    delivered: bool,
    ordered_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    paid_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
    /// Until when tables are delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    delivered_until: Option<String>,
    /// Counted without a gap.
    #[serde(skip_serializing_if = "Option::is_none")]
    invoice: Option<String>,
    /// In lists: who the invoice is to, once its buyer has said.
    #[serde(skip_serializing_if = "Option::is_none")]
    invoice_to: Option<InvoicePartyBody>,
    /// In lists: the rate of VAT when it was paid, in hundredths of a percent; absent where none is stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    vat_basis_points: Option<u32>,
    /// Within the amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    vat_amount: Option<u64>,
}

impl ProductOrderAnswer {
    pub(crate) fn of(order: &ProductOrder, now: LogTime) -> Self {
        ProductOrderAnswer {
            number: order.number,
            product_id: order.kind.product_id(order.event_id),
            kind: order.kind.code(),
            event_id: order.event_id.to_string(),
            staff_id: order.staff.to_string(),
            amount: order.amount,
            currency: order.currency.clone(),
            state: order.state.code(),
            delivered: order.is_delivered(now),
            ordered_at: time::text(order.made_at),
            paid_at: order.paid_at.map(time::text),
            ended_at: order.ended_at.map(time::text),
            delivered_until: order.delivered_until().map(time::text),
            invoice: order.invoice.map(|number| format!("INV-{number:06}")),
            invoice_to: None,
            vat_basis_points: None,
            vat_amount: None,
        }
    }

    /// The same with what its invoice says.
    pub(crate) fn with_terms(mut self, order: &ProductOrder, terms: Option<InvoiceTerms>) -> Self {
        let Some(InvoiceTerms { to, vat_basis_points }) = terms else { return self };
        self.invoice_to = to.map(InvoicePartyBody::from);
        if vat_basis_points > 0 {
            self.vat_basis_points = Some(vat_basis_points);
            self.vat_amount = Some(vat_within(order.amount, vat_basis_points));
        }
        self
    }
}

/// The part of an amount that is VAT, to the nearest minor unit.
fn vat_within(amount: u64, basis_points: u32) -> u64 {
    let (whole, part) = (u128::from(amount), u128::from(basis_points));
    let of = 10_000 + part;
    u64::try_from((whole * part + of / 2) / of).unwrap_or(u64::MAX)
}

/// How an order is to be delivered by itself.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeliveryBody {
    /// A program that is called with each record; none where it is left out.
    #[serde(default)]
    #[schema(max_length = 2000, example = "https://example.org/floodgate")]
    pub(crate) webhook_url: Option<String>,
    /// Whether the records come to the topic of deliveries.
    #[serde(default)]
    pub(crate) topic: bool,
}

/// How an order is delivered by itself.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProductDeliveryAnswer {
    number: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_url: Option<String>,
    /// Signs the calls (Standard Webhooks, v1); in the answer that made the webhook.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    topic: bool,
    /// What keys of its records on floodgate.deliveries.v1 begin with.
    topic_key: String,
}

impl ProductDeliveryAnswer {
    pub(crate) fn of(number: u32, delivery: ProductDelivery, secret: Option<String>) -> Self {
        ProductDeliveryAnswer {
            number,
            webhook_id: delivery.webhook.map(|id| id.to_string()),
            webhook_url: delivery.url,
            secret,
            topic: delivery.to_topic,
            topic_key: format!("{number}/"),
        }
    }
}

/// A further key of an advertiser.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BuyerKeyBody {
    /// What it is for; at most 80 bytes.
    #[schema(example = "Nightly import", max_length = 80)]
    pub(crate) label: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BuyerKeyAnswer {
    key_id: String,
    label: String,
    made_at: String,
    /// In the answer that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

impl BuyerKeyAnswer {
    pub(crate) fn of(one: &BuyerKey, key: Option<String>) -> Self {
        BuyerKeyAnswer {
            key_id: format!("{:016x}", one.key),
            label: one.label.clone(),
            made_at: time::text(one.made_at),
            key,
        }
    }
}

/// Further keys that count; 20 at most.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BuyerKeyList {
    pub(crate) keys: Vec<BuyerKeyAnswer>,
}

/// What an event's products have earned.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EarnedAnswer {
    pub(crate) event_id: String,
    pub(crate) currency: String,
    pub(crate) amount: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProductOrderList {
    pub(crate) orders: Vec<ProductOrderAnswer>,
    /// Of those that are paid.
    pub(crate) earned: Vec<EarnedAnswer>,
    /// Who sells, as it stands on an invoice, a line each; none where the installation does not say.
    pub(crate) seller: Vec<String>,
}

/// What an order was given: the records of its product, the newest last.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProductTables {
    pub(crate) product_id: String,
    /// As on the topic; see the schemas of floodgate.audience.v2 and floodgate.live.v1.
    pub(crate) cells: Vec<Map<String, Value>>,
}

#[cfg(test)]
mod tests {
    use super::vat_within;

    #[test]
    fn the_tax_is_a_part_of_the_amount() {
        let rows = [(11_900, 1_900, 1_900), (50_000, 1_900, 7_983), (100, 0, 0), (1, 1_900, 0)];
        for (amount, rate, tax) in rows {
            assert_eq!(vat_within(amount, rate), tax, "{amount} at {rate}");
        }
    }
}
