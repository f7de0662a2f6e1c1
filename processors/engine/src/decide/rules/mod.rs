//! Rules that several commands share, one subject per file.

pub(super) mod crowd;
pub(super) mod decline;
pub(super) mod give_back;
pub(super) mod house;
pub(super) mod limits;
pub(super) mod new_hold;
pub(super) mod own_order;
pub(super) mod pass;
pub(super) mod phase;
pub(super) mod reports;
pub(super) mod sale_times;
pub(super) mod silence;
pub(super) mod terms;
