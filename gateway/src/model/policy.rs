//! The rules of a sale.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use floodgate_domain::{Policy, Refusal};

use crate::problem::{ApiError, Code};

/// Rules of a sale; absent ones stay as they are. Durations are strings such as "5m" or "90s". An
/// operator may change how long things take; what a buyer may have, and whether it takes a pass, is
/// up to a manager.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PolicyPatch {
    /// How long seats are held before they are bought.
    #[schema(example = "5m")]
    pub(crate) hold: Option<String>,
    /// How often a hold may be extended.
    pub(crate) extensions_max: Option<u8>,
    /// What one extension adds to what is left.
    pub(crate) extension: Option<String>,
    /// How long a payment may take; a bank's own questions fit inside.
    pub(crate) payment: Option<String>,
    /// After a decline, how long the seats wait for another card. However many are tried, an order is
    /// unpaid for at most hold, all extensions, payment and retry together.
    pub(crate) retry: Option<String>,
    /// How many payments may be tried for one order.
    pub(crate) payment_attempts_max: Option<u8>,
    /// Seats of one buyer in this event, held and bought together.
    pub(crate) seats_per_buyer_max: Option<u16>,
    pub(crate) seats_per_hold_max: Option<u8>,
    /// Holds and unpaid orders of one buyer at once.
    pub(crate) holds_per_buyer_max: Option<u8>,
    /// After seats were given back unpaid, how long their buyer may hold none: twice as long each time,
    /// up to 64 times, until they buy. "0s" for none. Freed seats themselves are on sale again after a
    /// moment nobody can foresee, at most a twentieth of a hold's length and 15 seconds.
    pub(crate) cooldown: Option<String>,
    /// Whether the shop is behind the queue; without, anybody may hold.
    pub(crate) pass_required: Option<bool>,
    /// Shoppers at once; also a dial, and only set as one once the event exists.
    pub(crate) shoppers_max: Option<u32>,
    /// How long a shopper may stay.
    pub(crate) pass: Option<String>,
    /// Buyers who have seats at once, held or bought; people who only came by are not counted.
    pub(crate) buyers_max: Option<u32>,
    /// How long a shopper who has no seats may do nothing; then they leave and others can come. "0s" is
    /// as long as the pass. It counts for visits that begin afterwards.
    #[schema(example = "3m")]
    pub(crate) idle: Option<String>,
    /// Whether a manager has to approve announcements before they go out.
    pub(crate) approve_announcements: Option<bool>,
    /// Whether only those who are signed in may join the line (`sign_in_required`).
    pub(crate) sign_in_required: Option<bool>,
}

impl PolicyPatch {
    pub(crate) fn of(policy: &Policy) -> Self {
        let text = |ms| Some(humantime::format_duration(Duration::from_millis(ms)).to_string());
        PolicyPatch {
            hold: text(policy.hold_ms),
            extensions_max: Some(policy.extensions_max),
            extension: text(policy.extension_ms),
            payment: text(policy.payment_ms),
            retry: text(policy.retry_ms),
            payment_attempts_max: Some(policy.payment_attempts_max),
            seats_per_buyer_max: Some(policy.seats_per_buyer_max),
            seats_per_hold_max: Some(policy.seats_per_hold_max),
            holds_per_buyer_max: Some(policy.holds_per_buyer_max),
            cooldown: text(policy.cooldown_ms),
            pass_required: Some(policy.pass_required),
            shoppers_max: Some(policy.shoppers_max),
            pass: text(policy.pass_ms),
            buyers_max: Some(policy.buyers_max),
            idle: text(policy.idle().unwrap_or(0)),
            approve_announcements: Some(policy.approve_announcements == Some(true)),
            sign_in_required: Some(policy.sign_in_required == Some(true)),
        }
    }

    /// The first changed rule that is not an operator's to change: what a buyer may have, and
    /// whether it takes a pass.
    pub(crate) fn for_managers(&self, before: &Policy) -> Option<&'static str> {
        fn differs<T: PartialEq + Copy>(asked: Option<T>, before: T) -> bool {
            asked.is_some_and(|asked| asked != before)
        }
        let rules = [
            ("pass_required", differs(self.pass_required, before.pass_required)),
            ("seats_per_buyer_max", differs(self.seats_per_buyer_max, before.seats_per_buyer_max)),
            ("seats_per_hold_max", differs(self.seats_per_hold_max, before.seats_per_hold_max)),
            ("holds_per_buyer_max", differs(self.holds_per_buyer_max, before.holds_per_buyer_max)),
            ("buyers_max", differs(self.buyers_max, before.buyers_max)),
            (
                "approve_announcements",
                differs(self.approve_announcements, before.approve_announcements == Some(true)),
            ),
            (
                "sign_in_required",
                differs(self.sign_in_required, before.sign_in_required == Some(true)),
            ),
        ];
        rules.into_iter().find_map(|(name, changes)| changes.then_some(name))
    }

    /// `policy` with the changes of this patch, each within its bounds; an error names the field as
    /// it stands in the body, behind `prefix`.
    pub(crate) fn apply(&self, policy: Policy, prefix: &str) -> Result<Policy, ApiError> {
        let policy = self.changed(policy, prefix)?;
        match policy.fault() {
            None => Ok(policy),
            Some(fault) => {
                let field = format!("{prefix}{}", fault.field);
                Err(ApiError::refused(Refusal::InvalidPolicy).field(field, fault.fix))
            }
        }
    }

    fn changed(&self, policy: Policy, prefix: &str) -> Result<Policy, ApiError> {
        let ms = |name: &str, text: &Option<String>, before: u64| match text {
            None => Ok(before),
            Some(text) => humantime::parse_duration(text)
                .ok()
                .and_then(|duration| u64::try_from(duration.as_millis()).ok())
                .ok_or_else(|| {
                    let message = "a duration such as 5m or 90s";
                    ApiError::new(Code::MalformedBody).field(format!("{prefix}{name}"), message)
                }),
        };
        Ok(Policy {
            hold_ms: ms("hold", &self.hold, policy.hold_ms)?,
            extensions_max: self.extensions_max.unwrap_or(policy.extensions_max),
            extension_ms: ms("extension", &self.extension, policy.extension_ms)?,
            payment_ms: ms("payment", &self.payment, policy.payment_ms)?,
            retry_ms: ms("retry", &self.retry, policy.retry_ms)?,
            payment_attempts_max: self.payment_attempts_max.unwrap_or(policy.payment_attempts_max),
            seats_per_buyer_max: self.seats_per_buyer_max.unwrap_or(policy.seats_per_buyer_max),
            seats_per_hold_max: self.seats_per_hold_max.unwrap_or(policy.seats_per_hold_max),
            holds_per_buyer_max: self.holds_per_buyer_max.unwrap_or(policy.holds_per_buyer_max),
            cooldown_ms: ms("cooldown", &self.cooldown, policy.cooldown_ms)?,
            pass_required: self.pass_required.unwrap_or(policy.pass_required),
            shoppers_max: self.shoppers_max.unwrap_or(policy.shoppers_max),
            pass_ms: ms("pass", &self.pass, policy.pass_ms)?,
            buyers_max: self.buyers_max.unwrap_or(policy.buyers_max),
            idle_ms: match &self.idle {
                None => policy.idle_ms,
                set => Some(ms("idle", set, 0)?),
            },
            approve_announcements: self.approve_announcements.or(policy.approve_announcements),
            sign_in_required: self.sign_in_required.or(policy.sign_in_required),
        })
    }
}
