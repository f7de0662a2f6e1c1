//! Prices: minor units, all-in, by category, in tiers.

use crate::ids::LogTime;

/// Tiers a category may have; early birds come in a handful, not in dozens.
pub const TIERS_MAX: usize = 8;

/// An ISO 4217 code, such as `EUR`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(pub [u8; 3]);

impl Currency {
    /// The code as text; three upper-case letters by construction of [`Currency::parse`], else
    /// `XXX`, which ISO 4217 gives to "no currency".
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// Reads three ASCII letters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 3] = text.as_bytes().try_into().ok()?;
        bytes
            .iter()
            .all(u8::is_ascii_alphabetic)
            .then(|| Currency(bytes.map(|b| b.to_ascii_uppercase())))
    }
}

impl Default for Currency {
    fn default() -> Self {
        Currency(*b"EUR")
    }
}

/// What each category costs. A category without a tier is not for sale.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PriceTable {
    pub currency: Currency,
    /// By category index; missing ones are not for sale.
    pub categories: Vec<Vec<Tier>>,
}

/// One price of a category, valid while both limits hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tier {
    /// All-in price of one seat, fees included, in minor units (cents).
    pub amount: u32,
    /// Of which fees, in minor units; shown, never added.
    pub fee: u32,
    /// Ends when so many seats of the category are held or sold.
    pub until_taken: Option<u32>,
    /// Ends at this instant.
    pub until: Option<LogTime>,
}

impl PriceTable {
    /// Whether seats of `category` are for sale: it has a price, now or at another time.
    #[must_use]
    #[inline]
    pub fn sells(&self, category: u8) -> bool {
        self.categories.get(usize::from(category)).is_some_and(|tiers| !tiers.is_empty())
    }

    /// The first category whose last tier ends: its seats would be for sale at no price.
    #[must_use]
    pub fn first_that_ends(&self) -> Option<usize> {
        let ends = |tier: &Tier| tier.until_taken.is_some() || tier.until.is_some();
        self.categories.iter().position(|tiers| tiers.last().is_some_and(ends))
    }

    /// The all-in price of one seat of `category` now, if it is for sale.
    #[must_use]
    #[inline]
    pub fn amount(&self, category: u8, taken: u32, now: LogTime) -> Option<u32> {
        self.tier(category, taken, now).map(|tier| tier.amount)
    }

    /// The tier that says so.
    #[must_use]
    #[inline]
    pub fn tier(&self, category: u8, taken: u32, now: LogTime) -> Option<&Tier> {
        self.categories.get(usize::from(category))?.iter().find(|tier| {
            tier.until_taken.is_none_or(|limit| taken < limit)
                && tier.until.is_none_or(|limit| now < limit)
        })
    }

    /// One flat price for each category, for demos and tests.
    #[must_use]
    pub fn flat(currency: Currency, amounts: &[u32]) -> Self {
        let tier = |&amount| vec![Tier { amount, fee: 0, until_taken: None, until: None }];
        PriceTable { currency, categories: amounts.iter().map(tier).collect() }
    }
}
