//! Every field of every body, and every parameter: each is read, and what nobody reads is refused.

use http::Method;
use serde_json::{Value, json};

use crate::world::{Papers, World};

/// A name that no call has.
const UNKNOWN: &str = "not_a_field";

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let name = schema["$ref"].as_str().and_then(|name| name.strip_prefix("#/components/schemas/"));
    name.map_or(schema, |name| &document["components"]["schemas"][name])
}

/// One way to send something wrong, and where.
struct Wrong {
    place: String,
    body: Value,
}

/// Everything wrong within a schema: an unknown field in each object, and each field of another
/// type; `wrap` puts it where the schema stands.
fn walk(
    document: &Value,
    schema: &Value,
    place: &str,
    wrap: &dyn Fn(Value) -> Value,
    found: &mut Vec<Wrong>,
) {
    let schema = resolved(document, schema);
    for variants in ["oneOf", "anyOf", "allOf"] {
        for variant in schema[variants].as_array().into_iter().flatten() {
            walk(document, variant, place, wrap, found);
        }
    }
    if let Some(items) = schema.get("items").filter(|items| items.is_object()) {
        walk(document, items, &format!("{place}[]"), &|value| wrap(json!([value])), found);
    }
    if let Some(values) = schema.get("additionalProperties").filter(|values| values.is_object()) {
        let within = |value| wrap(json!({ "Stalls": value }));
        walk(document, values, &format!("{place}.*"), &within, found);
        return;
    }
    let Some(fields) = schema["properties"].as_object() else { return };
    found.push(Wrong { place: format!("{place}.{UNKNOWN}"), body: wrap(json!({ UNKNOWN: 1 })) });
    for (name, field) in fields {
        let place = format!("{place}.{name}");
        let takes = kinds(document, field);
        // Neither a list of a map nor a map of a list is what any field takes.
        let other = if takes.contains(&"object") { json!([[[]]]) } else { json!({ UNKNOWN: [] }) };
        if !takes.is_empty() {
            found.push(Wrong { place: place.clone(), body: wrap(json!({ name: other })) });
        }
        walk(document, field, &place, &|value| wrap(json!({ name: value })), found);
    }
}

/// The JSON types a schema takes; empty where it takes any.
fn kinds<'a>(document: &'a Value, schema: &'a Value) -> Vec<&'a str> {
    let schema = resolved(document, schema);
    let mut all: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind.as_str()],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    for variants in ["oneOf", "anyOf", "allOf"] {
        for variant in schema[variants].as_array().into_iter().flatten() {
            all.extend(kinds(document, variant));
        }
    }
    all
}

/// The calls of the document whose requests are Floodgate's own.
fn calls(document: &Value) -> impl Iterator<Item = (Method, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let all = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(move |(method, call)| {
            (method.to_uppercase().parse::<Method>().unwrap(), path.as_str(), call)
        })
    });
    all.filter(|(_, path, _)| path.starts_with("/v1/") && !path.starts_with("/v1/payments/"))
}

fn address(event: &str, path: &str) -> String {
    path.replace("/v1/events/{event_id}", event)
        .replace("{order_id}", "ord_0000010000000")
        .replace("{hold_id}", "hld_0000010000000")
        .replace("{command_id}", "cmd_00000000000000000000000001")
        .replace("{seat_id}", "1")
        .replace("{product_order}", "1")
        .replace("{buyer_key}", "0000000000000001")
}

/// Papers for whatever a call asks for.
async fn all_papers(world: &World, event: &str) -> Papers {
    Papers { bearer: world.staff().bearer, ..world.shopper(event).await }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_is_read_and_no_other_is_taken() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let papers = all_papers(&world, &event).await;
    let advertiser = Papers { bearer: world.key_of("advertiser"), ..Papers::default() };
    let document = world.get("/openapi.json", &Papers::default()).await.body;
    let (mut bodies, mut fields) = (0, 0);
    for (method, path, call) in calls(&document) {
        let takes_body = call["parameters"]
            .as_array()
            .is_some_and(|all| all.iter().any(|one| one["name"] == "Idempotency-Key"));
        // A picture is a file and has no fields.
        let content = call.pointer("/requestBody/content");
        let is_file = content.is_some_and(|content| content.get("application/json").is_none());
        if !takes_body || is_file {
            continue;
        }
        let mut wrong = Vec::new();
        let schema = call.pointer("/requestBody/content/application~1json/schema");
        let nothing = json!({ "properties": {} });
        walk(&document, schema.unwrap_or(&nothing), "", &|value| value, &mut wrong);
        assert!(!wrong.is_empty(), "{method} {path} has a body without a form");
        bodies += 1;
        for Wrong { place, body } in wrong {
            fields += 1;
            let key = format!("field-{fields}");
            let path = address(&event, path);
            let roles = call.pointer("/security/0/staff/0").and_then(Value::as_str);
            let is_advertisers = roles == Some("advertiser");
            let papers = if is_advertisers { &advertiser } else { &papers };
            let answer =
                world.send(method.clone(), &path, papers, Some(&key), Some(body.clone())).await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (400, "malformed_body"),
                "{method} {path} {place}: {body} is taken: {}",
                answer.body
            );
        }
    }
    assert!(bodies > 20 && fields > 80, "{fields} fields of {bodies} bodies");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_that_a_call_does_not_take_is_refused() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let papers = all_papers(&world, &event).await;
    let document = world.get("/openapi.json", &Papers::default()).await.body;
    let mut count = 0;
    for (method, path, call) in calls(&document) {
        count += 1;
        let path = format!("{}?{UNKNOWN}=1", address(&event, path));
        let key = format!("parameter-{count}");
        let body = (method != Method::GET).then(|| json!({}));
        let answer = world.send(method.clone(), &path, &papers, Some(&key), body).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "invalid_query"),
            "{method} {path}: {}",
            answer.body
        );
        let error = &answer.body["errors"][0];
        assert_eq!(error["path"], UNKNOWN, "{}", answer.body);
        let named = call["parameters"].as_array().into_iter().flatten();
        for known in named.filter(|one| one["in"] == "query") {
            let known = known["name"].as_str().unwrap();
            assert!(error["message"].as_str().unwrap().contains(known), "{}", answer.body);
        }
    }
    assert!(count > 40, "{count} calls");
    world.stop().await;
}

/// Three seats: a wheelchair space, the one beside it, and an ordinary one elsewhere.
#[tokio::test(flavor = "multi_thread")]
async fn a_wheelchair_space_asked_for_is_what_one_gets() {
    let world = World::start().await;
    let plan = "section,row,seat,category,accessible,companion\n\
        Stalls,A,1,Stalls,true,false\nStalls,A,2,Stalls,false,true\nStalls,B,1,Stalls,false,false\n";
    let event = world
        .on_sale(json!({
            "name": "Three seats", "currency": "EUR", "prices": { "Stalls": 4_900 },
            "plan": { "format": "csv", "content": plan }, "policy": { "hold": "20s" },
        }))
        .await;
    let hold = async |papers: &Papers, accessible: bool, count: u8| {
        let body = json!({ "best": { "count": count }, "accessible": accessible });
        world.post(&format!("{event}/holds"), papers, body).await
    };
    let (wheels, other) = (world.shopper(&event).await, world.shopper(&event).await);
    let held = hold(&wheels, true, 2).await;
    assert_eq!(held.status, 201, "{}", held.body);
    let seats = held.body["seats"].as_array().unwrap();
    let rows: Vec<&str> = seats.iter().map(|seat| seat["row"].as_str().unwrap()).collect();
    assert_eq!(rows, ["A", "A"], "the space and the one beside it: {}", held.body);
    let none = hold(&other, true, 1).await;
    assert_eq!((none.status, none.code().as_str()), (409, "no_wheelchair_space"), "{}", none.body);
    let ordinary = hold(&other, false, 1).await;
    assert_eq!(ordinary.status, 201, "{}", ordinary.body);
    assert_eq!(ordinary.body["seats"][0]["row"], "B", "{}", ordinary.body);

    let path = format!("{event}/holds/{}", held.text("hold_id").unwrap());
    let released = world.send(Method::DELETE, &path, &wheels, Some("back"), Some(json!({}))).await;
    assert_eq!(released.status, 200, "{}", released.body);
    let third = world.shopper(&event).await;
    // What was given back is set aside for a moment.
    let status = format!("{event}/status");
    world.until(&status, |answer| answer.body["free"] == 2).await;
    let refused = hold(&third, false, 1).await;
    assert_eq!(refused.code(), "only_accessible_left", "{}", refused.body);
    world.stop().await;
}
