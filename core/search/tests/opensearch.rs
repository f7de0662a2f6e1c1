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
    keeps_the_contract(&OpenSearch::new(&options).expect("an address"));
}

#[test]
fn what_can_never_be_an_index_is_refused() {
    let refused = |url: &str, user: &str, name: &str| {
        let [url, user, name] = [url, user, name].map(str::to_owned);
        OpenSearch::new(&OpenSearchOptions { url, user, password: "x".into(), name }).is_err()
    };
    assert!(!refused("https://search:9200", "us", "shop-1"));
    assert!(!refused("http://127.0.0.1:9200", "us", "shop"));
    assert!(!refused("http://search:9200", "", "shop"));
    assert!(refused("http://search:9200", "us", "shop"), "a password in the open");
    assert!(refused("https://us:secret@search:9200", "", "shop"), "a password in an address");
    assert!(refused("search:9200", "", "shop"));
    for name in ["", "Shop", "-shop", "shop/_all", "1shop", "shop*"] {
        assert!(refused("https://search:9200", "", name), "{name:?}");
    }
}
