//! What seats cost.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use floodgate_domain::{Currency, Plan, PriceTable, Tier};

use crate::problem::{ApiError, Code};
use crate::time;

/// What each category costs: one amount, or tiers.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum PriceEntry {
    /// In minor units, all fees included.
    Amount(u32),
    Tiers(Vec<TierEntry>),
}

/// One price, valid while its limits hold.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TierEntry {
    /// In minor units, all fees included.
    pub(crate) amount: u32,
    /// The fees included in it.
    #[serde(default)]
    pub(crate) fee: u32,
    /// Ends when this many seats of the category are held or sold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) until_taken: Option<u32>,
    /// Ends at this instant, RFC 3339 with any offset.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub(crate) until: Option<String>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Prices {
    pub(crate) currency: String,
    /// By category name.
    pub(crate) prices: BTreeMap<String, PriceEntry>,
}

impl Prices {
    /// All steps of each category that has a price, in the form in which they are set.
    pub(crate) fn of(table: &PriceTable, plan: &Plan) -> Self {
        let rows = plan.categories.iter().zip(&table.categories);
        let rows = rows.filter(|(_, tiers)| !tiers.is_empty());
        let prices = rows.map(|(category, tiers)| {
            let tiers = tiers.iter().map(|tier| TierEntry {
                amount: tier.amount,
                fee: tier.fee,
                until_taken: tier.until_taken,
                until: tier.until.map(time::text),
            });
            (category.name.clone(), PriceEntry::Tiers(tiers.collect()))
        });
        Prices { currency: table.currency.as_str().to_owned(), prices: prices.collect() }
    }
}

/// Prices by category name, as the engine takes them.
pub(crate) fn price_table(
    currency: &str,
    entries: &BTreeMap<String, PriceEntry>,
    plan: &Plan,
) -> Result<PriceTable, ApiError> {
    let malformed =
        |path: &str, message: &str| ApiError::new(Code::MalformedBody).field(path, message);
    let currency = Currency::parse(currency)
        .ok_or_else(|| malformed("currency", "an ISO 4217 code, such as EUR"))?;
    let mut categories: Vec<Vec<Tier>> = Vec::new();
    for (name, entry) in entries {
        let at =
            plan.categories.iter().position(|category| category.name == *name).ok_or_else(
                || malformed(&format!("prices.{name}"), "the plan has no such category"),
            )?;
        if categories.len() <= at {
            categories.resize(at + 1, Vec::new());
        }
        categories[at] = match entry {
            PriceEntry::Amount(amount) => {
                vec![Tier { amount: *amount, fee: 0, until_taken: None, until: None }]
            }
            PriceEntry::Tiers(tiers) => tiers
                .iter()
                .map(tier)
                .collect::<Result<_, _>>()
                .map_err(|fix| malformed(&format!("prices.{name}.until"), fix))?,
        };
    }
    let prices = PriceTable { currency, categories };
    let name_of = |at: usize| plan.categories.get(at).map(|category| &*category.name);
    if let Some(name) = prices.first_that_ends().and_then(name_of) {
        let message = "the last price must have neither until nor until_taken: when it ended, seats \
                       would be for sale at no price; to sell no more, close the sale";
        return Err(malformed(&format!("prices.{name}"), message));
    }
    Ok(prices)
}

fn tier(entry: &TierEntry) -> Result<Tier, &'static str> {
    let until = entry.until.as_deref().map(time::parse);
    Ok(Tier {
        amount: entry.amount,
        fee: entry.fee,
        until_taken: entry.until_taken,
        until: until.transpose()?,
    })
}
