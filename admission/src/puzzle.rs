//! Proof of work at the door: a signed challenge, and what solves it.
//!
//! A challenge is a fixed-width record under a MAC, bound to event, device and network, valid
//! for two minutes. The server keeps no state for it: its difficulty is covered by the MAC, so
//! nobody can make it easier. It has [`PARTS`] small puzzles instead of one large one, whose time
//! would vary six times as much, and because people want to see progress.
//!
//! Checks run from cheap to expensive: length, version, MAC, expiry, binding, work. Rate limits
//! come before that, and the store spends the proof together with the place. Checking takes a few
//! microseconds, solving hundreds of times as long. Work opens the door and nothing else: more of
//! it does not get a better place.
//!
//! Those who cannot compute wait: such a challenge needs no work, but is valid only after a while,
//! and after the waits of all others in the network: a place costs a network more time than the
//! work takes.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use floodgate_domain::{BuyerId, EventId, LogTime};

use crate::keys::{Keys, MAC_BYTES, Purpose};
use crate::limits::network_key;

/// The hardest level; 0 asks for nothing.
pub const LEVEL_MAX: u8 = 12;
/// Small puzzles in a challenge: the slowest of a hundred tries takes 1.7 times the median one.
pub const PARTS: u8 = 16;
/// Level 1 asks for 7 zero bits a part, 2,048 hashes in all; each level doubles that.
const BITS_AT_ZERO: u8 = 6;
/// How long a challenge can be used: longer than the hardest level takes on a slow phone.
pub const VALID_MS: u64 = 120_000;
/// Waiting instead of working takes so long for each level: longer than a slow phone computes.
const WAIT_MS_A_LEVEL: u64 = 5_000;

const VERSION: u8 = 1;
const HEAD_BYTES: usize = 8;
const BODY_BYTES: usize = HEAD_BYTES + 7 * 8;
const CHALLENGE_BYTES: usize = BODY_BYTES + MAC_BYTES;
/// Characters of a challenge's text form.
const TEXT_CHARS: usize = (CHALLENGE_BYTES * 4).div_ceil(3);
/// A part's solution is one 32-bit number.
const NONCE_BYTES: usize = 4;
const SOLUTION_BYTES: usize = PARTS as usize * NONCE_BYTES;
const SOLUTION_CHARS: usize = (SOLUTION_BYTES * 4).div_ceil(3);

/// Why nobody gets through the door with this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PuzzleError {
    #[error("this is not one of our challenges, or it was changed")]
    Forged,
    #[error("this challenge has expired")]
    Expired,
    #[error("this challenge is for another event")]
    OtherEvent,
    #[error("this challenge is for another device")]
    OtherDevice,
    #[error("this challenge is for another network")]
    OtherNetwork,
    #[error("this challenge is not valid yet")]
    NotReady { retry_after_ms: u64 },
    #[error("this does not solve the challenge")]
    Unsolved,
    #[error("this challenge was already used for a place")]
    Spent,
}

/// What a challenge asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ChallengeKind {
    /// To be solved.
    Work = 1,
    /// To be waited for.
    Wait = 2,
}

/// Who is at which door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bearer {
    pub event_id: EventId,
    pub buyer: BuyerId,
    pub address: IpAddr,
}

/// A challenge, as signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Challenge {
    pub kind: ChallengeKind,
    pub level: u8,
    /// Zero bits each part's hash begins with.
    pub bits: u8,
    pub parts: u8,
    pub event_id: EventId,
    pub buyer: BuyerId,
    /// An IPv4 /24 or an IPv6 /48, as a number.
    network: u64,
    pub issued_at: LogTime,
    /// Not good before: the issue for work, later for waiting.
    pub ready_at: LogTime,
    pub expires_at: LogTime,
    /// Random: no two challenges are alike.
    id: u64,
}

/// That the door was passed, for the store to spend once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proof {
    /// The challenge's random number.
    pub id: u64,
    /// Of two challenges of one device the later one counts.
    pub issued_at: LogTime,
}

impl Challenge {
    /// A challenge at `level` (1 to [`LEVEL_MAX`]); `random` comes from a good source.
    #[must_use]
    pub fn new(kind: ChallengeKind, level: u8, bearer: Bearer, now: LogTime, random: u64) -> Self {
        let level = level.clamp(1, LEVEL_MAX);
        let wait_ms = match kind {
            ChallengeKind::Work => 0,
            ChallengeKind::Wait => wait_ms(level),
        };
        Challenge {
            kind,
            level,
            bits: BITS_AT_ZERO + level,
            parts: PARTS,
            event_id: bearer.event_id,
            buyer: bearer.buyer,
            network: network_key(bearer.address),
            issued_at: now,
            ready_at: now.plus(wait_ms),
            expires_at: now.plus(wait_ms + VALID_MS),
            id: random,
        }
    }

    /// The same, but good only from `ready_at` on: others of the network wait before.
    #[must_use]
    pub fn not_before(mut self, ready_at: LogTime) -> Self {
        self.ready_at = self.ready_at.max(ready_at);
        self.expires_at = self.ready_at.plus(VALID_MS);
        self
    }

    /// Hashes it takes to solve it, on average.
    #[must_use]
    pub fn hashes(&self) -> u64 {
        hashes(self.bits, self.parts)
    }

    /// The text form.
    #[must_use]
    pub fn seal(&self, keys: &Keys) -> String {
        let mut bytes = [0; CHALLENGE_BYTES];
        let head = [VERSION, keys.current_id(), self.kind as u8, self.level, self.bits, self.parts];
        bytes[..head.len()].copy_from_slice(&head);
        let numbers = [
            self.event_id.0,
            self.buyer.0,
            self.network,
            self.issued_at.0,
            self.ready_at.0,
            self.expires_at.0,
            self.id,
        ];
        for (eight, number) in bytes[HEAD_BYTES..BODY_BYTES].chunks_exact_mut(8).zip(numbers) {
            eight.copy_from_slice(&number.to_be_bytes());
        }
        let tag = keys.sign(Purpose::Challenge, self.event_id, &bytes[..BODY_BYTES]);
        bytes[BODY_BYTES..].copy_from_slice(&tag);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a challenge of ours; says nothing yet of whose it is and until when.
    pub fn open(keys: &Keys, text: &str) -> Result<Self, PuzzleError> {
        if text.len() != TEXT_CHARS {
            return Err(PuzzleError::Forged);
        }
        let mut bytes = [0; CHALLENGE_BYTES];
        let written = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes);
        if written != Ok(CHALLENGE_BYTES) || bytes[0] != VERSION {
            return Err(PuzzleError::Forged);
        }
        let number = |at: usize| {
            let mut eight = [0; 8];
            eight.copy_from_slice(&bytes[HEAD_BYTES + at * 8..HEAD_BYTES + at * 8 + 8]);
            u64::from_be_bytes(eight)
        };
        let event_id = EventId(number(0));
        let mut tag = [0; MAC_BYTES];
        tag.copy_from_slice(&bytes[BODY_BYTES..]);
        if !keys.verify(bytes[1], Purpose::Challenge, event_id, &bytes[..BODY_BYTES], &tag) {
            return Err(PuzzleError::Forged);
        }
        Ok(Challenge {
            kind: if bytes[2] == ChallengeKind::Wait as u8 {
                ChallengeKind::Wait
            } else {
                ChallengeKind::Work
            },
            level: bytes[3],
            bits: bytes[4],
            parts: bytes[5],
            event_id,
            buyer: BuyerId(number(1)),
            network: number(2),
            issued_at: LogTime(number(3)),
            ready_at: LogTime(number(4)),
            expires_at: LogTime(number(5)),
            id: number(6),
        })
    }

    /// Whether this bearer may use it now; work is not looked at.
    fn is_for(&self, bearer: Bearer, now: LogTime) -> Result<(), PuzzleError> {
        if now >= self.expires_at {
            Err(PuzzleError::Expired)
        } else if self.event_id != bearer.event_id {
            Err(PuzzleError::OtherEvent)
        } else if self.buyer != bearer.buyer {
            Err(PuzzleError::OtherDevice)
        } else if self.network != network_key(bearer.address) {
            Err(PuzzleError::OtherNetwork)
        } else if now < self.ready_at {
            Err(PuzzleError::NotReady { retry_after_ms: self.ready_at.0 - now.0 })
        } else {
            Ok(())
        }
    }
}

/// What a visitor shows at the door.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    pub challenge: &'a str,
    /// Of no interest after a wait.
    pub solution: &'a str,
    /// The visitor's device; without one, that of the challenge counts, which we signed.
    pub buyer: Option<BuyerId>,
    pub address: IpAddr,
}

/// Whether what is shown opens the door of an event: the challenge, and the proof to spend.
pub fn check(
    keys: &Keys,
    event_id: EventId,
    shown: Shown<'_>,
    now: LogTime,
) -> Result<(Challenge, Proof), PuzzleError> {
    let challenge = Challenge::open(keys, shown.challenge)?;
    let buyer = shown.buyer.unwrap_or(challenge.buyer);
    challenge.is_for(Bearer { event_id, buyer, address: shown.address }, now)?;
    if challenge.kind == ChallengeKind::Work {
        let solved = is_solved(shown.challenge, shown.solution, challenge.bits, challenge.parts);
        if !solved {
            return Err(PuzzleError::Unsolved);
        }
    }
    Ok((challenge, Proof { id: challenge.id, issued_at: challenge.issued_at }))
}

/// How long it takes to wait at a level instead of working.
pub(crate) fn wait_ms(level: u8) -> u64 {
    WAIT_MS_A_LEVEL * u64::from(level.clamp(1, LEVEL_MAX))
}

/// Hashes it takes on average to solve `parts` puzzles of `bits` zero bits.
#[must_use]
pub fn hashes(bits: u8, parts: u8) -> u64 {
    u64::from(parts) << bits.min(48)
}

/// Where all hashes of a challenge start: the digest of its text.
fn seed(challenge: &str) -> [u8; 32] {
    Sha256::digest(challenge.as_bytes()).into()
}

/// Whether a part's number gives a hash that begins with enough zero bits. The message is the
/// seed, the part's number and the nonce, both 32 bits, most significant byte first: one block.
fn fits(seed: &[u8; 32], part: u32, nonce: u32, bits: u8) -> bool {
    let mut message = [0; 40];
    message[..32].copy_from_slice(seed);
    message[32..36].copy_from_slice(&part.to_be_bytes());
    message[36..].copy_from_slice(&nonce.to_be_bytes());
    let hash = Sha256::digest(message);
    let mut head = [0; 8];
    head.copy_from_slice(&hash[..8]);
    u64::from_be_bytes(head).leading_zeros() >= u32::from(bits)
}

/// Whether every part is solved.
fn is_solved(challenge: &str, solution: &str, bits: u8, parts: u8) -> bool {
    if solution.len() != SOLUTION_CHARS || parts != PARTS {
        return false;
    }
    let mut nonces = [0; SOLUTION_BYTES];
    if URL_SAFE_NO_PAD.decode_slice(solution, &mut nonces) != Ok(SOLUTION_BYTES) {
        return false;
    }
    let seed = seed(challenge);
    // The first wrong part ends it: nonsense costs two hashes.
    nonces.chunks_exact(NONCE_BYTES).zip(0_u32..).all(|(nonce, part)| {
        let nonce = u32::from_be_bytes([nonce[0], nonce[1], nonce[2], nonce[3]]);
        fits(&seed, part, nonce, bits)
    })
}

/// Solves a challenge, as a visitor does; `None` when a part has no solution, which at our
/// levels does not happen (one in e to the power of 16,384).
#[must_use]
pub fn solve(challenge: &str, bits: u8, parts: u8) -> Option<String> {
    let seed = seed(challenge);
    let mut nonces = Vec::with_capacity(usize::from(parts) * NONCE_BYTES);
    for part in 0..u32::from(parts) {
        let nonce = (0..=u32::MAX).find(|&nonce| fits(&seed, part, nonce, bits))?;
        nonces.extend(nonce.to_be_bytes());
    }
    Some(URL_SAFE_NO_PAD.encode(nonces))
}

#[cfg(test)]
#[path = "puzzle_tests.rs"]
mod tests;
