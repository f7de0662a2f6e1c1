//! A block: up to 64 adjacent seats of one category as bits.

/// Seats of one run that fit into one word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) first_seat: u32,
    pub(super) rank: u32,
    pub(super) category: u8,
    pub(super) count: u8,
    /// Any places will do: a standing area.
    pub(super) general_admission: bool,
    /// Its first seat touches the last one of the block before it in the plan.
    pub(super) touches: bool,
    /// Seats that can be sold at all: blocked ones cannot, in the plan or by staff.
    pub(super) for_sale: u64,
    /// Wheelchair and companion seats: never given to a general request.
    pub(super) accessible: u64,
    /// Those of them that are no wheelchair spaces. Under the first rules nobody knows.
    pub(super) companion: u64,
    pub(super) free: u64,
    pub(super) sold: u64,
    /// Longest run of free general seats, as noted in the index.
    pub(super) longest: u8,
}

impl Block {
    pub(super) fn open_to_all(&self) -> u64 {
        self.free & !self.accessible
    }

    pub(super) fn open_wheelchair_spaces(&self) -> u64 {
        self.free & self.accessible & !self.companion
    }
}
