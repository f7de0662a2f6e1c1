//! Search: which events fit some words, and which free seats fit a party.
//!
//! Facts become documents ([`Documents`]), documents go into an index ([`SearchIndex`]), and an
//! index answers queries. There are two: [`Embedded`] in memory, and [`OpenSearch`]. Both pass
//! [`contract`]. Every document says as of which fact it is, and an older one never replaces a
//! newer one, so disorder and replays do no harm.
//!
//! | file | holds |
//! |---|---|
//! | `document` | what an index has: events, sections, runs of seats |
//! | `fold`, `event` | from facts to documents |
//! | `query` | what is asked and answered |
//! | `words`, `highlight` | words as they are compared, with mistakes; what of a text fits |
//! | `together` | seats side by side, out of the free ones of a run |
//! | `embedded`, `opensearch` | the two indexes |
//! | [`contract`] | what both must do, as functions to test with |

pub mod contract;
mod document;
mod embedded;
mod event;
mod fold;
mod highlight;
mod index;
mod opensearch;
mod query;
mod together;
mod words;

pub use document::{Document, DocumentKey, EventDocument, RunDocument, RunPlace, SectionDocument};
pub use embedded::Embedded;
pub use event::town;
pub use fold::Documents;
pub use highlight::{Piece, highlight};
pub use index::{Reached, SearchError, SearchIndex, Unfit};
pub use opensearch::{OpenSearch, OpenSearchOptions};
pub use query::{
    EventHit, EventHits, EventQuery, FacetCount, Facets, FoundSeats, HitCursor, SeatFindings,
    SeatOrder, SeatQuery,
};
pub use words::{WORDS_MAX, plain_words};
