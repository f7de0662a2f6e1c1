//! The document says what is served, all of it and nothing else.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use serde_json::Value;

use super::{openapi, table};
use crate::problem::explain;

/// What is for people's eyes: no program calls it, so the document leaves it out.
const PAGES: &[&str] = &[
    "/",
    "/assets/{*path}",
    "/confirm",
    "/deliveries",
    "/docs",
    "/events",
    "/events/{event_id}",
    "/events/{event_id}/announcements",
    "/events/{event_id}/dials",
    "/events/{event_id}/gate",
    "/events/{event_id}/house",
    "/events/{event_id}/insight",
    "/events/{event_id}/line",
    "/events/{event_id}/manage",
    "/manage",
    "/manage/new",
    "/market",
    "/market/invoices/{invoice}",
    "/me",
    "/looks/{look}",
    "/pictures/{picture}",
    "/push.js",
    "/sign-in",
    "/sign-in/return",
    "/tickets",
    "/unsubscribe/{token}",
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
    let pages: BTreeSet<String> = PAGES.iter().map(|page| (*page).to_owned()).collect();
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

/// All answers of all operations: call, status, answer.
fn answers(document: &Value) -> Vec<(String, &String, &Value)> {
    let all = operations(document).into_iter().flat_map(|(call, operation)| {
        let answers = operation["responses"].as_object().unwrap().iter();
        answers.map(move |(status, answer)| (call.clone(), status, answer))
    });
    all.collect()
}

#[test]
fn codes_named_in_the_document_exist() {
    let document = written();
    let mut count = 0;
    for (call, status, response) in answers(&document) {
        let problem = &response["content"]["application/problem+json"]["schema"]["$ref"];
        if problem != "#/components/schemas/Problem" || status == "default" {
            continue;
        }
        let codes = response["description"].as_str().unwrap();
        for code in codes.split(':').next().unwrap().split(", ") {
            let row = explain(code).unwrap_or_else(|| panic!("{call} {status}: {code}?"));
            assert_eq!(row.status.as_str(), status, "{call}: {code}");
            count += 1;
        }
    }
    assert!(count > 500, "{count}");
}

#[test]
fn every_answer_has_words_and_a_form() {
    let document = written();
    for (call, status, answer) in answers(&document) {
        assert_ne!(answer["description"].as_str().unwrap_or_default(), "", "{call} {status}");
        let is_bare = status == "304";
        assert_eq!(answer["content"].is_object(), !is_bare, "{call} {status}: no media type");
    }
}

/// A command that is not decided in time, a key that is wrong: a new call declares them by being
/// in the table of routes, or this says what it lacks.
#[test]
fn every_call_declares_what_follows_from_its_form() {
    for (call, operation) in operations(&written()) {
        let declares = |status: &str, why: &str| {
            assert!(operation["responses"][status].is_object(), "{call}: {status} ({why})");
        };
        let needs = |scheme: &str| operation["security"][0][scheme].is_array();
        if call.contains(" /v1") {
            declares("429", "calls are limited");
            declares("503", "a server may be overloaded");
        }
        if call.contains('{') {
            declares("404", "what an address names may not exist");
        }
        if operation["parameters"].to_string().contains("Idempotency-Key") {
            declares("400", "without a key");
            declares("413", "a body that is too large");
        }
        if needs("staff") {
            declares("401", "without a key");
            declares("403", "a key of another role");
            let words = operation["description"].as_str().unwrap();
            assert!(words.contains("Staff: "), "{call} does not say who may");
        }
        if needs("device") {
            declares("401", "without a device");
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let (name, place) = (&parameter["name"], parameter["in"].as_str().unwrap());
            let in_path = call.contains(&format!("{{{}}}", name.as_str().unwrap()));
            assert_eq!(place == "path", in_path, "{call}: {name} is in {place}");
        }
    }
}

/// What no call of the document answers: it is not about a call, or it goes to Floodgate itself.
const NOT_OF_A_CALL: [&str; 4] = [
    // Commands of Floodgate itself alone.
    "privacy_budget_spent",
    "release_out_of_order",
    "method_not_allowed",
    "version_goes_back",
];

#[test]
fn every_code_stands_at_a_call_that_may_answer_with_it() {
    let document = written();
    let declared: BTreeSet<&str> = answers(&document)
        .iter()
        .filter_map(|(_, _, answer)| answer["description"].as_str())
        .flat_map(|words| words.split(':').next().unwrap_or_default().split(", "))
        .collect();
    for row in crate::problem::rows() {
        let is_said = declared.contains(row.code) || NOT_OF_A_CALL.contains(&row.code);
        assert!(is_said, "no call declares {}: add it in openapi/answers.rs", row.code);
    }
}

#[test]
fn rules_of_a_sale_say_their_bounds() {
    let document = written();
    let rules = &document["components"]["schemas"]["PolicyPatch"]["properties"];
    assert_eq!(rules["seats_per_hold_max"]["maximum"], 16);
    for (name, rule) in rules.as_object().unwrap() {
        let words = rule["description"].as_str().unwrap_or_default();
        let is_flag =
            rule["type"].as_array().is_some_and(|types| types.contains(&"boolean".into()));
        assert!(is_flag || words.contains("between"), "{name}: {words}");
    }
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
