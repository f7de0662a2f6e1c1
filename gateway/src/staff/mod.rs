//! Staff keys: `fgk_<role>_<staff id>_<secret>`; the server knows only their digests. Further
//! keys of advertisers are in `buyer_keys`.

pub(crate) mod buyer_keys;
pub(crate) mod session;
pub(crate) mod sessions;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use floodgate_domain::StaffId;

use buyer_keys::BuyerKeys;

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StaffRole {
    /// Creates events, prices them, opens, closes and cancels their sale.
    Manager,
    /// Turns the dials of a sale and watches it.
    Operator,
    /// Writes to those who come and those who wait.
    Artist,
    /// Buys aggregated audience data.
    Advertiser,
}

impl StaffRole {
    pub const ALL: [StaffRole; 4] =
        [StaffRole::Manager, StaffRole::Operator, StaffRole::Artist, StaffRole::Advertiser];

    /// As written in keys and key files.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            StaffRole::Manager => "manager",
            StaffRole::Operator => "operator",
            StaffRole::Artist => "artist",
            StaffRole::Advertiser => "advertiser",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        StaffRole::ALL.into_iter().find(|role| role.code() == text)
    }
}

/// A key as the server keeps it.
#[derive(Debug, Clone)]
pub struct StaffKey {
    pub id: StaffId,
    pub role: StaffRole,
    /// SHA-256 of the whole key text.
    pub digest: [u8; 32],
}

/// Whose key was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyHolder {
    pub(crate) id: StaffId,
    pub(crate) role: StaffRole,
    /// Which of the buyer's further keys; 0 for a key of staff.
    pub(crate) further: u64,
}

/// All keys of this installation; as many as its file has lines.
#[derive(Debug, Clone)]
pub(crate) struct StaffKeys(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    keys: Box<[StaffKey]>,
    buyers: BuyerKeys,
    wrong: Mutex<WrongKeys>,
}

/// Wrong keys shown: each is counted, and one log line a second speaks of all since the last one.
/// Neither the key nor who showed it is in there.
#[derive(Debug, Default)]
struct WrongKeys {
    unsaid: u64,
    said: Option<Instant>,
}

const SAID_EVERY: Duration = Duration::from_secs(1);

impl WrongKeys {
    /// How many to speak of now, if it is time to.
    fn note(&mut self, now: Instant) -> Option<u64> {
        self.unsaid += 1;
        if self.said.is_some_and(|said| now.duration_since(said) < SAID_EVERY) {
            return None;
        }
        self.said = Some(now);
        Some(std::mem::take(&mut self.unsaid))
    }
}

impl StaffKeys {
    pub(crate) fn new(keys: Vec<StaffKey>, buyers: BuyerKeys) -> Self {
        StaffKeys(Arc::new(Inner { keys: keys.into(), buyers, wrong: Mutex::default() }))
    }

    /// Whose key this is; one that is nobody's is noted.
    pub(crate) fn find(&self, text: &str) -> Option<KeyHolder> {
        if let Some(holder) = self.further(text) {
            return Some(holder);
        }
        self.key(text).map(|key| KeyHolder { id: key.id, role: key.role, further: 0 })
    }

    /// Whose further key this is. It counts no longer than its owner has a key of staff.
    fn further(&self, text: &str) -> Option<KeyHolder> {
        let (id, further) = self.0.buyers.find(text)?;
        let role = StaffRole::Advertiser;
        let has_key = self.0.keys.iter().any(|key| key.id == id && key.role == role);
        has_key.then_some(KeyHolder { id, role, further })
    }

    /// The same, with all that is known of it.
    pub(crate) fn key(&self, text: &str) -> Option<&StaffKey> {
        let found = self.look(text);
        if found.is_none() {
            self.refuse();
        }
        found
    }

    /// What the key of `id` may do, if it is still the one whose digest begins like this.
    pub(crate) fn of(&self, id: StaffId, digest: &[u8]) -> Option<(StaffId, StaffRole)> {
        let key = self.0.keys.iter().find(|key| key.id == id && key.digest.starts_with(digest))?;
        Some((key.id, key.role))
    }

    /// Whether it is somebody's, for those who only count requests.
    pub(crate) fn knows(&self, text: &str) -> bool {
        self.look(text).is_some() || self.further(text).is_some()
    }

    /// Every key is compared, each in constant time.
    fn look(&self, text: &str) -> Option<&StaffKey> {
        let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        self.0.keys.iter().fold(None, |found, key| {
            if bool::from(key.digest.ct_eq(&digest)) { Some(key) } else { found }
        })
    }

    fn refuse(&self) {
        metrics::counter!("floodgate_staff_keys_refused_total").increment(1);
        let mut wrong = self.0.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = wrong.note(Instant::now()) {
            tracing::warn!(count, "wrong staff keys were shown");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_read_as_they_are_written() {
        for role in StaffRole::ALL {
            assert_eq!(StaffRole::parse(role.code()), Some(role));
        }
        assert_eq!(StaffRole::parse("fan"), None);
    }

    #[test]
    fn many_wrong_keys_are_one_line_a_second_that_counts_them() {
        let (mut wrong, start) = (WrongKeys::default(), Instant::now());
        let lines: Vec<u64> =
            (0..2_100).filter_map(|ms| wrong.note(start + Duration::from_millis(ms))).collect();
        assert_eq!(lines, [1, 1_000, 1_000]);
    }
}
