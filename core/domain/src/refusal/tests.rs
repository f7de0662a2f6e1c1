//! Every refusal has its words, once.

use super::*;

#[test]
fn codes_are_unique_and_complete() {
    let mut texts: Vec<_> = REFUSALS.iter().map(|refusal| refusal.code()).collect();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), REFUSALS.len());
    for refusal in REFUSALS {
        assert_eq!(Refusal::from_code(refusal as u8), Some(refusal));
    }
    assert_eq!(Refusal::from_code(0), None);
}
