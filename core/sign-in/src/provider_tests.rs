//! What is sent to a provider, and read from one.

#![allow(clippy::unwrap_used)]

use serde_json::json;

use super::*;

#[test]
fn claims_are_values_or_lists_of_them() {
    let claims = json!({ "role": "a", "groups": ["b", "c"], "email": "ada@example.org" });
    let Value::Object(claims) = claims else { unreachable!() };
    let mut ada = Identity { issuer: String::new(), subject: String::new(), claims };
    assert!(ada.has("role", "a") && ada.has("groups", "c"));
    assert!(!ada.has("role", "") && !ada.has("groups", "d") && !ada.has("none", ""));
    assert_eq!(ada.verified_email(), None);
    ada.claims.insert("email_verified".to_owned(), json!(false));
    assert_eq!(ada.verified_email(), None);
    ada.claims.insert("email_verified".to_owned(), json!(true));
    assert_eq!(ada.verified_email(), Some("ada@example.org"));
}

#[test]
fn forms_are_written_so_that_nothing_in_them_ends_them() {
    assert_eq!(form(&[("a", "x&y=1 ü"), ("b", "~-._")]), "a=x%26y%3D1%20%C3%BC&b=~-._");
}

#[test]
fn settings_that_cannot_work_are_refused_at_the_start() {
    let good = IdentitySettings {
        issuer: "https://id.example".to_owned(),
        client_id: "us".to_owned(),
        client_secret: String::new(),
        scopes: "openid email".to_owned(),
        authority_file: None,
    };
    assert!(IdentityProvider::new(good.clone()).is_ok());
    for wrong in [
        IdentitySettings { issuer: "http://id.example".to_owned(), ..good.clone() },
        IdentitySettings { client_id: String::new(), ..good.clone() },
        IdentitySettings { scopes: "email".to_owned(), ..good.clone() },
        IdentitySettings { authority_file: Some("/nowhere.pem".into()), ..good },
    ] {
        assert!(matches!(IdentityProvider::new(wrong), Err(IdentityError::Setting(_))));
    }
}
