//! What was published for others is what happened.
//!
//! | file | holds |
//! |---|---|
//! | `facts` | every public fact is the image of one in the ledger; none is missing between two |
//! | `counts` | every published total is what the ledger adds up to as of its position |
//! | `live` | every number for advertisers is what the facts add up to, with its noise |
//! | `windows` | every published window is what the facts add up to as of its position |

pub(crate) mod counts;
pub(crate) mod facts;
pub(crate) mod live;
pub(crate) mod windows;
