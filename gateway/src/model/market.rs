//! Tables of audiences as those see them who sell and buy them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use floodgate_domain::release::{RELEASE_EPSILON_MICROS_MAX, YEARLY_EPSILON_MICROS_MAX};
use floodgate_domain::{EventId, LogTime};
use floodgate_people::{ProductOffer, ProductOrder};

use crate::time;

/// A year of an order, from its payment on.
pub(crate) const DELIVERED_MS: u64 = 365 * 24 * 3_600_000;

/// Whether the tables of an event may be sold, as far as whoever asks has a say.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProductOfferBody {
    pub(crate) approved: bool,
    /// For a year of tables, in minor units of the event's currency; a manager names it.
    #[schema(example = 50_000, minimum = 1, maximum = 100_000_000)]
    pub(crate) amount: Option<u64>,
}

/// The tables of an event as a product.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProductAnswer {
    #[schema(example = "audience/evt_0000000000001")]
    product_id: String,
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
            product_id: format!("audience/{}", offer.event_id),
            event_id: offer.event_id.to_string(),
            label: label(offer.event_id, &event_name),
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

/// The fields of the IAB Tech Lab's Data Transparency Standard 1.2, as far as they say anything here.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProductLabel {
    data_transparency_standard: &'static str,
    segment_name: String,
    segment_id: String,
    segment_taxonomy: LabelTaxonomy,
    segmentation_criteria: &'static str,
    precision_level: &'static str,
    audience_count: &'static str,
    geography: &'static str,
    /// None: there is nobody to match.
    id_types: [&'static str; 0],
    audience_expansion: bool,
    device_expansion: bool,
    refresh_cadence: &'static str,
    source_lookback_window: &'static str,
    data_sources: &'static str,
    inclusion_methodology: &'static str,
    provenance: &'static str,
    /// What the people agreed to, by name.
    purpose: &'static str,
    privacy: LabelPrivacy,
    terms: &'static str,
}

/// Ids of the IAB's Audience Taxonomy.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LabelTaxonomy {
    name: &'static str,
    version: &'static str,
    ids: [u32; 1],
}

/// What is promised to the people in it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LabelPrivacy {
    unit: &'static str,
    mechanism: &'static str,
    epsilon_per_table: f64,
    epsilon_per_365_days: f64,
    delta: f64,
}

fn label(event_id: EventId, event_name: &str) -> ProductLabel {
    let epsilon = |micros: u32| f64::from(micros) / 1e6;
    ProductLabel {
        data_transparency_standard: "1.2",
        segment_name: format!("People of {event_name}, by age band and country"),
        segment_id: format!("audience/{event_id}"),
        // Purchase intent: concerts.
        segment_taxonomy: LabelTaxonomy {
            name: "IAB Audience Taxonomy",
            version: "1.1",
            ids: [783],
        },
        segmentation_criteria: "Was in the ticket shop of the event, and agreed to be counted.",
        precision_level: "aggregate",
        audience_count: "in the tables, with noise; never below the threshold",
        geography: "country, as stated",
        id_types: [],
        audience_expansion: false,
        device_expansion: false,
        refresh_cadence: "a table a week of the sale, six within any 365 days",
        source_lookback_window: "since the sale of the event opened",
        data_sources: "stated by the person on the tickets page",
        inclusion_methodology: "declared",
        provenance: "first party",
        purpose: "audience",
        privacy: LabelPrivacy {
            unit: "a device at one event",
            mechanism: "discrete Laplace noise, at most 4 cells a person",
            epsilon_per_table: epsilon(RELEASE_EPSILON_MICROS_MAX),
            epsilon_per_365_days: epsilon(YEARLY_EPSILON_MICROS_MAX),
            delta: 0.0,
        },
        terms: "Tables may be used and passed on. Nobody may try to find out who is in them.",
    }
}

/// What it is paid with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BuyProductBody {
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
}

impl ProductOrderAnswer {
    pub(crate) fn of(order: &ProductOrder, now: LogTime) -> Self {
        let until = order.paid_at.map(|at| at.plus(DELIVERED_MS));
        ProductOrderAnswer {
            number: order.number,
            product_id: format!("audience/{}", order.event_id),
            event_id: order.event_id.to_string(),
            staff_id: order.staff.to_string(),
            amount: order.amount,
            currency: order.currency.clone(),
            state: order.state.code(),
            delivered: is_delivered(order, now),
            ordered_at: time::text(order.made_at),
            paid_at: order.paid_at.map(time::text),
            ended_at: order.ended_at.map(time::text),
            delivered_until: until.map(time::text),
            invoice: order.invoice.map(|number| format!("INV-{number:06}")),
        }
    }
}

/// Whether an order is paid for, and its year is not over.
pub(crate) fn is_delivered(order: &ProductOrder, now: LogTime) -> bool {
    let until = order.paid_at.map(|at| at.plus(DELIVERED_MS));
    order.state == floodgate_people::ProductState::Paid && until.is_some_and(|until| now < until)
}

/// What an event's tables have earned.
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
}

/// All tables of an order's event, cell by cell, the newest last.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProductTables {
    pub(crate) product_id: String,
    /// As on the topic; see the schema of floodgate.audience.v2.
    pub(crate) cells: Vec<Map<String, Value>>,
}

/// The columns of the file: the fields of a record.
const COLUMNS: [&str; 16] = [
    "product_id",
    "release_id",
    "event_id",
    "artist",
    "window",
    "from",
    "until",
    "released_at",
    "cell",
    "age",
    "region",
    "count",
    "margin",
    "threshold",
    "epsilon_micros",
    "spent_micros",
];

/// The same as a file: RFC 4180, a line a cell.
pub(crate) fn csv(cells: &[Map<String, Value>]) -> String {
    let mut text = COLUMNS.join(",") + "\r\n";
    for cell in cells {
        let line = COLUMNS.map(|column| field(cell.get(column)));
        text.push_str(&line.join(","));
        text.push_str("\r\n");
    }
    text
}

/// A spreadsheet takes what begins like a formula for one; only the artist's name is anybody's words.
fn field(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => {
            let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
            let guard = if is_formula { "'" } else { "" };
            format!("\"{guard}{}\"", text.replace('"', "\"\""))
        }
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_file_has_a_line_a_cell_and_no_formulas() {
        let cell = json!({ "product_id": "evt/w/all", "artist": "=1+\"x\"", "count": 104 });
        let Value::Object(cell) = cell else { panic!("an object") };
        let text = csv(&[cell]);
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert_eq!(lines[0], COLUMNS.join(","));
        assert_eq!(lines[1], "\"evt/w/all\",,,\"'=1+\"\"x\"\"\",,,,,,,,104,,,,");
        assert_eq!(lines[2..], [""]);
    }
}
