//! The contract on a real OpenSearch.
//!
//! `scripts/servers up opensearch` starts one. It takes half a gigabyte, so `scripts/test` starts it
//! for a stage of its own, which names it in FLOODGATE_TEST_OPENSEARCH; elsewhere nothing is tested here.

use floodgate_search::contract::keeps_the_contract;
use floodgate_search::{OpenSearch, OpenSearchOptions};

#[test]
fn an_opensearch_keeps_the_contract() {
    let Ok(url) = std::env::var("FLOODGATE_TEST_OPENSEARCH") else { return };
    let options = OpenSearchOptions {
        url,
        user: String::new(),
        password: String::new(),
        name: format!("contract-{}", std::process::id()),
    };
    keeps_the_contract(&OpenSearch::new(options).expect("an address"));
}
