//! The index in memory keeps the contract.

#[test]
fn the_embedded_index_keeps_the_contract() {
    floodgate_search::contract::keeps_the_contract(&floodgate_search::Embedded::default());
}
