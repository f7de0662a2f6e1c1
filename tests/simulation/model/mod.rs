//! An independent model of a sale: books kept from published facts alone, and a judge of every
//! answer.
//!
//! It shares nothing with the engine's decisions nor with the audit's books. It looks at every
//! step and draws nothing at random.

pub(crate) mod books;
pub(crate) mod judge;
pub(crate) mod messages;
pub(crate) mod silence;
