//! What makes an ID token good (OpenID Connect Core 1.0, section 3.1.3.7): who signed it, for
//! whom, when, and in answer to which question.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::proof_key::{ProofKey, Written};

/// The longest token: groups of a large organisation are in there.
const TOKEN_BYTES_MAX: usize = 64 << 10;
/// The longest name of a person at their provider (OpenID Connect Core 1.0, section 2).
const SUBJECT_BYTES_MAX: usize = 255;
/// By how much clocks may differ.
const SKEW_SECONDS: u64 = 60;

/// A key of a provider, under its name.
#[derive(Debug, Clone)]
pub(crate) struct NamedKey {
    pub(crate) id: Option<String>,
    pub(crate) key: ProofKey,
}

/// What a token has to say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) nonce: &'a str,
    /// Seconds since 1970.
    pub(crate) now: u64,
}

/// Why a token is not good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenFault {
    /// No key of the provider has the name it says: they may have changed.
    UnknownKey,
    Wrong(&'static str),
}

/// What a good token says.
pub(crate) fn check(
    token: &str,
    keys: &[NamedKey],
    expected: &Expected<'_>,
) -> Result<Map<String, Value>, TokenFault> {
    let wrong = |what| Err(TokenFault::Wrong(what));
    let malformed = TokenFault::Wrong("the ID token is malformed");
    if token.len() > TOKEN_BYTES_MAX {
        return wrong("the ID token is too long");
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(malformed)?;
    let (head, body) = signed.split_once('.').ok_or(malformed)?;
    let part = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| malformed);
    let head: Value = serde_json::from_slice(&part(head)?).map_err(|_| malformed)?;
    let signature = part(signature)?;
    if head.get("crit").is_some() {
        return wrong("the ID token asks for what is not known here");
    }
    let algorithm = head["alg"].as_str().unwrap_or_default();
    if !["RS256", "ES256"].contains(&algorithm) {
        return wrong("the ID token is signed in another way than RS256 or ES256");
    }
    let name = head["kid"].as_str();
    let candidates: Vec<&NamedKey> = keys
        .iter()
        .filter(|key| name.is_none() || key.id.as_deref() == name)
        .filter(|key| key.key.algorithm() == algorithm)
        .collect();
    if candidates.is_empty() {
        return Err(TokenFault::UnknownKey);
    }
    let signed = signed.as_bytes();
    if !candidates.iter().any(|key| key.key.verifies(signed, &signature, Written::Fixed)) {
        return wrong("the ID token's signature is wrong");
    }
    let claims: Value = serde_json::from_slice(&part(body)?).map_err(|_| malformed)?;
    let Value::Object(claims) = claims else { return Err(malformed) };
    about_us(&claims, expected)?;
    Ok(claims)
}

fn about_us(claims: &Map<String, Value>, expected: &Expected<'_>) -> Result<(), TokenFault> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let seconds = |name: &str| {
        let number = claims.get(name)?;
        // Some write fractions.
        number.as_u64().or_else(|| number.as_f64().map(|number| number.max(0.0) as u64))
    };
    let audiences: Vec<&str> = match claims.get("aud") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let for_us = text("azp").map_or(audiences.len() == 1, |party| party == expected.client_id);
    let latest = expected.now + SKEW_SECONDS;
    let rows = [
        (text("iss") == Some(expected.issuer), "the ID token is of another issuer"),
        (audiences.contains(&expected.client_id), "the ID token is for another client"),
        (for_us, "the ID token was issued to another client"),
        (
            seconds("exp").is_some_and(|end| end + SKEW_SECONDS > expected.now),
            "the ID token has expired",
        ),
        (seconds("iat").is_some_and(|at| at <= latest), "the ID token is of the future"),
        (seconds("nbf").is_none_or(|at| at <= latest), "the ID token is not good yet"),
        (text("nonce") == Some(expected.nonce), "the ID token answers another question"),
        (
            text("sub").is_some_and(|name| (1..=SUBJECT_BYTES_MAX).contains(&name.len())),
            "the ID token names nobody",
        ),
    ];
    rows.into_iter().find(|row| !row.0).map_or(Ok(()), |row| Err(TokenFault::Wrong(row.1)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
    use serde_json::json;

    use super::*;

    const EXPECTED: Expected<'_> =
        Expected { issuer: "https://id.example", client_id: "us", nonce: "n", now: 1_000 };

    fn pair() -> EcdsaKeyPair {
        let (way, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let bytes = EcdsaKeyPair::generate_pkcs8(way, &random).unwrap();
        EcdsaKeyPair::from_pkcs8(way, bytes.as_ref(), &random).unwrap()
    }

    fn signed(pair: &EcdsaKeyPair, head: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(head), part(claims));
        let signature = pair.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn named(pair: &EcdsaKeyPair) -> NamedKey {
        let key = ProofKey::Es256(pair.public_key().as_ref().to_vec());
        NamedKey { id: Some("k".to_owned()), key }
    }

    #[test]
    fn a_token_is_good_if_all_of_it_is() {
        let pair = pair();
        let keys = [named(&pair)];
        let head = json!({ "alg": "ES256", "kid": "k" });
        let good = json!({
            "iss": "https://id.example", "aud": "us", "sub": "ada", "nonce": "n", "exp": 1_100,
            "iat": 990, "groups": ["a"],
        });
        let said = check(&signed(&pair, &head, &good), &keys, &EXPECTED).unwrap();
        assert_eq!(said["sub"], "ada");
        let rows = [
            ("iss", json!("https://other.example"), "of another issuer"),
            ("iss", json!("https://id.example/"), "of another issuer"),
            ("aud", json!("them"), "for another client"),
            ("aud", json!(["us", "them"]), "issued to another client"),
            ("azp", json!("them"), "issued to another client"),
            ("exp", json!(900), "expired"),
            ("exp", json!(null), "expired"),
            ("iat", json!(2_000), "of the future"),
            ("nbf", json!(2_000), "not good yet"),
            ("nonce", json!("m"), "another question"),
            ("nonce", json!(null), "another question"),
            ("sub", json!(""), "names nobody"),
            ("sub", json!("a".repeat(256)), "names nobody"),
        ];
        for (name, value, words) in rows {
            let mut claims = good.clone();
            claims[name] = value;
            let found = check(&signed(&pair, &head, &claims), &keys, &EXPECTED);
            let Err(TokenFault::Wrong(found)) = found else { panic!("{name}: {found:?}") };
            assert!(found.contains(words), "{name}: {found}");
        }
        let mut several = good.clone();
        (several["aud"], several["azp"]) = (json!(["them", "us"]), json!("us"));
        assert!(check(&signed(&pair, &head, &several), &keys, &EXPECTED).is_ok());
    }

    #[test]
    fn who_signs_is_not_for_the_token_to_say() {
        let (pair, other) = (pair(), pair());
        let keys = [named(&pair)];
        let good = json!({
            "iss": "https://id.example", "aud": "us", "sub": "ada", "nonce": "n", "exp": 1_100,
            "iat": 990,
        });
        let try_with = |pair: &EcdsaKeyPair, head: Value| {
            check(&signed(pair, &head, &good), &keys, &EXPECTED).unwrap_err()
        };
        let es256 = json!({ "alg": "ES256", "kid": "k" });
        assert!(matches!(try_with(&other, es256.clone()), TokenFault::Wrong(_)));
        assert_eq!(
            try_with(&pair, json!({ "alg": "ES256", "kid": "new" })),
            TokenFault::UnknownKey
        );
        assert_eq!(try_with(&pair, json!({ "alg": "RS256", "kid": "k" })), TokenFault::UnknownKey);
        for way in ["none", "HS256", "ES384", "es256", ""] {
            let fault = try_with(&pair, json!({ "alg": way, "kid": "k" }));
            assert!(matches!(fault, TokenFault::Wrong(_)), "{way}");
        }
        let critical = json!({ "alg": "ES256", "kid": "k", "crit": ["b64"] });
        assert!(matches!(try_with(&pair, critical), TokenFault::Wrong(_)));
        let token = signed(&pair, &es256, &good);
        for cut in [0, 1, token.len() / 2, token.len() - 1] {
            assert!(check(&token[..cut], &keys, &EXPECTED).is_err(), "{cut}");
        }
        let unsigned = format!("{}.", token.rsplit_once('.').unwrap().0);
        assert!(check(&unsigned, &keys, &EXPECTED).is_err());
    }
}
