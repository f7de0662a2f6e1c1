//! Every call as the document says it: which methods its address takes, and which staff.

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};

use super::abuse::raw;
use crate::world::{Papers, World};

/// Ids that are well formed, of things that are not there.
pub(super) fn filled(path: &str) -> String {
    path.replace("{event_id}", "evt_0000000000009")
        .replace("{order_id}", "ord_0000010000000")
        .replace("{hold_id}", "hld_0000010000000")
        .replace("{command_id}", "cmd_00000000000000000000000001")
        .replace("{seat_id}", "1")
        .replace("{code}", "sold_out")
        .replace("{session_id}", "0000000000000001")
        .replace("{product_order}", "1")
        .replace("{buyer_key}", "0000000000000001")
        .replace("{file}", "orders.csv")
        .replace("{share_id}", "0000000000000001")
        .replace("{passkey_id}", "0000000000000001")
}

async fn document(world: &World) -> Value {
    world.get("/openapi.json", &Papers::default()).await.body
}

fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let all = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    });
    all.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_calls_admit_the_roles_they_name_and_no_other() {
    let world = World::start().await;
    let document = document(&world).await;
    let roles = ["manager", "operator", "artist", "advertiser"];
    let mut calls = 0;
    for (path, method, operation) in operations(&document) {
        let schemes = operation["security"].as_array().into_iter().flatten();
        let Some(admitted) = schemes.filter_map(|scheme| scheme["staff"].as_array()).next() else {
            continue;
        };
        calls += 1;
        assert!(!admitted.is_empty(), "{method} {path} names no role");
        let (path, method) = (filled(path), method.to_uppercase());
        let method: Method = method.parse().unwrap();
        for role in roles {
            let bearer = world.key_of(role);
            let papers = Papers { bearer, ..Papers::default() };
            let body = (method != Method::GET).then(|| json!({}));
            let answer = world.send(method.clone(), &path, &papers, Some("roles"), body).await;
            let is_refused = answer.code() == "wrong_role";
            let is_admitted = admitted.iter().any(|admitted| admitted == role);
            assert_eq!(is_refused, !is_admitted, "{role}: {method} {path}: {}", answer.body);
            assert!(answer.status != 401, "{role}: {method} {path}: {}", answer.body);
        }
        let nobody = Papers::default();
        let refused = world.send(method.clone(), &path, &nobody, Some("roles"), None).await;
        assert_eq!(refused.code(), "key_required", "{method} {path}: {}", refused.body);
    }
    assert!(calls >= 12, "{calls} calls of staff");

    let artist = Papers { bearer: world.key_of("artist"), ..Papers::default() };
    let me = world.get("/v1/staff/me", &artist).await;
    assert_eq!(me.body["role"], "artist", "{}", me.body);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_address_takes_the_methods_the_document_names_and_no_other() {
    let world = World::start().await;
    let document = document(&world).await;
    let paths = document["paths"].as_object().unwrap();
    for (path, methods) in paths {
        let mut named: BTreeSet<String> =
            methods.as_object().unwrap().keys().map(|method| method.to_uppercase()).collect();
        if named.contains("GET") {
            named.insert("HEAD".into());
        }
        let asked =
            format!("OPTIONS {} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", filled(path));
        let answer = raw(&world, &[asked.as_bytes()]).await;
        assert!(answer.starts_with("HTTP/1.1 405"), "{path}: {answer}");
        let allow = answer.lines().find_map(|line| line.strip_prefix("allow: "));
        let allowed = allow.unwrap_or_default().split(',').map(str::to_owned).collect();
        assert_eq!(named, allowed, "{path}");
    }
    assert!(paths.len() > 30);
    world.stop().await;
}
