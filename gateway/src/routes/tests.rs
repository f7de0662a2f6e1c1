//! The document says what is served, all of it and nothing else.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use serde_json::Value;

use super::{openapi, table};
use crate::problem::explain;

/// What is for people's eyes: no program calls it, so the document leaves it out.
const PAGES: [&str; 6] = [
    "/",
    "/assets/{*path}",
    "/docs",
    "/events/{event_id}",
    "/events/{event_id}/dials",
    "/events/{event_id}/gate",
];

/// Addresses of a router, as its debug form lists them: it has no other way to say.
fn served() -> BTreeSet<String> {
    let (router, _) = table().split_for_parts();
    let text = format!("{router:?}");
    let ids = text.split("RouteId(").skip(1);
    let paths = ids.filter_map(|rest| {
        let (_, path) = rest.split_once("): \"")?;
        rest.starts_with(|digit: char| digit.is_ascii_digit()).then_some(path)
    });
    let paths = paths.filter_map(|path| Some(path.split_once('"')?.0.to_owned()));
    // What answers everything else is no address.
    paths.filter(|path| !path.contains("axum_fallback")).collect()
}

fn written() -> Value {
    serde_json::from_slice(&openapi()).unwrap()
}

#[test]
fn every_route_is_in_the_document_and_the_reverse() {
    let pages: BTreeSet<String> = PAGES.map(str::to_owned).into();
    let document = written();
    let documented: BTreeSet<String> =
        document["paths"].as_object().unwrap().keys().cloned().collect();
    let served = served();
    assert!(served.is_superset(&pages), "a page is gone: {served:?}");
    assert_eq!(&served - &pages, documented);
    assert!(documented.len() > 30, "{documented:?}");
}

#[test]
fn every_call_with_a_cost_of_its_own_is_served() {
    let served = served();
    for call in crate::costs::calls() {
        let (method, path) = call.split_once(' ').unwrap();
        assert!(served.contains(path), "{call}");
        if let Some(methods) = written()["paths"].get(path) {
            assert!(methods[method.to_lowercase()].is_object(), "{call}");
        }
    }
}

/// All operations, with their method and address.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let all = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (format!("{method} {path}"), operation))
    });
    all.collect()
}

#[test]
fn every_call_has_a_name_of_its_own_a_known_group_and_words() {
    let document = written();
    let groups: Vec<&str> = document["tags"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|tag| tag["name"].as_str())
        .collect();
    let mut names = BTreeSet::new();
    for (call, operation) in operations(&document) {
        let name = operation["operationId"].as_str().unwrap_or_default();
        assert!(!name.is_empty() && names.insert(name), "{call}: {name}");
        assert!(groups.contains(&operation["tags"][0].as_str().unwrap()), "{call}");
        assert!(operation["summary"].is_string(), "{call} does not say what it does");
    }
}

#[test]
fn codes_named_in_the_document_exist() {
    let document = written();
    let mut count = 0;
    for (call, operation) in operations(&document) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let is_problem = response["content"]["application/json"]["schema"]["$ref"]
                == "#/components/schemas/Problem";
            if !is_problem {
                continue;
            }
            let codes = response["description"].as_str().unwrap();
            let codes = codes.split(':').next().unwrap().trim_end_matches(['…', ' ']);
            for code in codes.split(", ") {
                let row = explain(code).unwrap_or_else(|| panic!("{call} {status}: {code}?"));
                assert_eq!(row.status.as_str(), status, "{call}: {code}");
                count += 1;
            }
        }
    }
    assert!(count > 10);
}

#[test]
fn references_lead_somewhere() {
    fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let document = written();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 10);
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}
