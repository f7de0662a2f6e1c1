//! Pictures of events: uploaded by managers, served anew to everybody, named by the event.

use floodgate_http_client::{Call, Response};
use http::Method;
use serde_json::{Value, json};

use crate::http::abuse::raw;
use crate::world::{Papers, World};

/// Four by two, red, with a comment in it.
const PNG: &[u8] = b"\x89PNG\x0d\x0a\x1a\x0a\0\0\0\x0dIHDR\0\0\0\x04\0\0\0\x02\x08\x02\0\0\0\xf0\xca\xea\x34\
    \0\0\0\x0etEXtComment\0secret\x64\xaa\xc5\x29\0\0\0\x10IDAT\x78\xda\x63\xb8\xc3\xc5\x05\x47\x0c\xc8\x1c\
    \0\x68\x2a\x07\x81\x65\x18\xce\xbc\0\0\0\0IEND\xae\x42\x60\x82";

async fn upload(world: &World, event: &str, what: (&str, &[u8]), key: &str) -> Response {
    let path = format!("{event}/picture?alternative=The+band+on+stage");
    let bearer = world.staff().bearer;
    let call = Call { key: Some(key), bearer: Some(bearer.as_str()), ..Call::default() };
    world.http.send_file(Method::PUT, &path, call, what).await.unwrap()
}

async fn picture(world: &World, event: &str) -> Value {
    world.get(event, &Papers::default()).await.body["picture"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_made_anew_and_shown_under_an_address_that_never_changes() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    assert_eq!(picture(&world, &event).await, Value::Null);
    let set = upload(&world, &event, ("image/png", PNG), "first").await;
    assert_eq!(set.status, 200, "{}", set.body);
    let shown = picture(&world, &event).await;
    assert_eq!((&shown["width"], &shown["height"]), (&json!(4), &json!(2)));
    assert_eq!(shown["alternative"], "The band on stage");
    let path = shown["path"].as_str().unwrap().to_owned();
    for width in ["480", "960", "1920"] {
        let path = path.replace("-1920", &format!("-{width}"));
        let call = Call::default();
        let file = world.http.exchange(&Method::GET, &path, &call).await.unwrap();
        assert_eq!((file.status, &file.body[..2]), (200, &[0xff, 0xd8][..]), "{width}");
        assert!(!file.body.windows(6).any(|bytes| bytes == b"secret"), "nothing else is left");
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let head = raw(&world, &[request.as_bytes()]).await.to_lowercase();
        for line in [
            "content-type: image/jpeg",
            "x-content-type-options: nosniff",
            "cache-control: public, max-age=31536000, immutable",
        ] {
            assert!(head.contains(line), "no {line} in {head}");
        }
    }
    // The same key again is the same change; another picture has another address.
    let revision = |body: &Value| body["revision"].clone();
    let before = revision(&world.get(&event, &Papers::default()).await.body);
    let again = upload(&world, &event, ("image/png", PNG), "first").await;
    assert_eq!(again.status, 200, "{}", again.body);
    assert_eq!(revision(&world.get(&event, &Papers::default()).await.body), before);

    // Its words change, then it is taken away; who has its address still finds it.
    let patch = async |body: Value, key: &str| {
        world.send(Method::PATCH, &event, &world.staff(), Some(key), Some(body)).await
    };
    let said = patch(json!({ "picture": { "alternative": "An empty stage" } }), "words").await;
    assert_eq!(said.status, 200, "{}", said.body);
    let shown = picture(&world, &event).await;
    assert_eq!(
        (shown["alternative"].as_str(), shown["path"].as_str()),
        (Some("An empty stage"), Some(&*path))
    );
    assert_eq!(patch(json!({ "picture": null }), "none").await.status, 200);
    assert_eq!(picture(&world, &event).await, Value::Null);
    let nothing = patch(json!({ "picture": { "alternative": "x" } }), "nothing").await;
    assert_eq!((nothing.status, nothing.code()), (400, "malformed_body".to_owned()));
    let kept = world.http.exchange(&Method::GET, &path, &Call::default()).await.unwrap();
    assert_eq!(kept.status, 200);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_picture_is_refused_and_nothing_uploaded_is_served() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    let rows: [(&str, &[u8], &str); 4] = [
        ("image/png", svg, "body"),
        ("image/svg+xml", svg, "content-type"),
        ("application/json", b"{}", "content-type"),
        ("image/png", &PNG[..60], "body"),
    ];
    for (kind, file, field) in rows {
        let refused = upload(&world, &event, (kind, file), "wrong").await;
        assert_eq!((refused.status, refused.code()), (400, "malformed_body".to_owned()));
        assert_eq!(refused.body["errors"][0]["path"], field, "{kind}: {}", refused.body);
    }
    let large = vec![0; (8 << 20) + 1];
    let refused = upload(&world, &event, ("image/png", &large), "large").await;
    assert_eq!((refused.status, refused.code()), (413, "body_too_large".to_owned()));
    assert_eq!(picture(&world, &event).await, Value::Null);
    assert!(!world.data().join("pictures").exists(), "nothing is kept of them");
    let digest = "0a".repeat(32);
    for name in [format!("{digest}-480"), format!("{digest}-481"), "..%2Flog.db".to_owned()] {
        let path = format!("/pictures/{name}");
        let none = world.http.call(Method::GET, &path, Call::default()).await.unwrap();
        assert_eq!((none.status, none.code()), (404, "not_found".to_owned()), "{path}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_have_their_organisers_colours_and_none_that_cannot_be_read() {
    let world = World::start().await;
    let event = world.event(json!({})).await;
    let patch = async |look: Value, key: &str| {
        let body = json!({ "look": look });
        world.send(Method::PATCH, &event, &world.staff(), Some(key), Some(body)).await
    };
    let pale = patch(json!({ "accent": "#ffff00" }), "pale").await;
    let fault = &pale.body["errors"][0];
    assert_eq!((pale.status, fault["path"].as_str()), (400, Some("look.accent")), "{}", pale.body);
    let fix = fault["message"].as_str().unwrap_or_default();
    let nearest = fix.rsplit(' ').find(|word| word.starts_with('#') && word.len() > 6);
    let nearest = nearest.unwrap_or_else(|| panic!("{fix}"))[..7].to_owned();
    let taken = patch(json!({ "accent": nearest }), "nearest").await;
    assert_eq!(taken.status, 200, "what a refusal proposes is good: {fix} {}", taken.body);

    let look = world.get(&event, &Papers::default()).await.body["look"].clone();
    assert_eq!(look["accent"], json!(nearest));
    let sheet = look["sheet"].as_str().unwrap().to_owned();
    let read =
        async |path: &str| world.http.exchange(&Method::GET, path, &Call::default()).await.unwrap();
    let css = read(&sheet).await;
    let text = String::from_utf8_lossy(&css.body).into_owned();
    assert!(css.status == 200 && text.contains(&nearest), "{} {text}", css.status);
    assert_eq!(read("/looks/1-ffff00-ffff00").await.status, 404, "nobody can ask for another one");
    let page = read(event.trim_start_matches("/v1")).await;
    assert!(String::from_utf8_lossy(&page.body).contains(&sheet), "the page asks for its sheet");

    let path = format!("{event}/logo?alternative=The+club");
    let bearer = world.staff().bearer;
    let call = Call { key: Some("logo"), bearer: Some(bearer.as_str()), ..Call::default() };
    let set = world.http.send_file(Method::PUT, &path, call, ("image/png", PNG)).await.unwrap();
    assert_eq!(set.status, 200, "{}", set.body);
    let logo = world.get(&event, &Papers::default()).await.body["look"]["logo"].clone();
    assert_eq!(logo["alternative"], "The club");
    assert_eq!(patch(json!(null), "none").await.status, 200);
    assert_eq!(world.get(&event, &Papers::default()).await.body["look"], Value::Null);
    world.stop().await;
}
