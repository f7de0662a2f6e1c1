//! The line for browsers without script, and what a link to an event shows elsewhere.

use serde_json::json;

use super::abuse::raw;
use crate::world::{World, new_event};

/// What a browser keeps of the answers: cookies, by name.
#[derive(Default)]
struct Browser {
    cookies: Vec<(String, String)>,
}

impl Browser {
    /// Follows where an answer leads, as a browser does; the last answer.
    async fn ask(&mut self, world: &World, method: &str, path: &str, headers: &str) -> String {
        let cookies: Vec<_> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\
             cookie: {}\r\n{headers}\r\n",
            cookies.join("; ")
        );
        let answer = raw(world, &[request.as_bytes()]).await;
        for line in answer.lines().take_while(|line| !line.is_empty()) {
            let Some(cookie) = line.strip_prefix("set-cookie: ") else { continue };
            let (name, rest) = cookie.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap_or_default().to_owned();
            self.cookies.retain(|(known, _)| known != name);
            self.cookies.push((name.to_owned(), value));
        }
        answer
    }

    /// What is pressed leads to the page of the line, which is then read.
    async fn press(&mut self, world: &World, line: &str, act: &str) -> String {
        let answer = self.ask(world, "POST", &format!("{line}?act={act}"), "").await;
        assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
        let leads = answer.lines().find_map(|row| row.strip_prefix("location: ")).unwrap();
        assert!(leads.starts_with(line), "{answer}");
        self.ask(world, "GET", leads, "").await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_without_script_waits_and_comes_in() {
    let flags = [("admission.puzzle_level", "0"), ("admission.pace_per_minute", "60000")];
    let world = World::start_in(tempfile::tempdir().unwrap(), &flags).await;
    let event = world.event(json!({})).await;
    let line = format!("{}/line", event.trim_start_matches("/v1"));
    let mut browser = Browser::default();
    let first = browser.ask(&world, "GET", &line, "").await;
    assert!(first.contains("Nobody is waiting") && first.contains("act=join"), "{first}");

    let elsewhere = browser
        .ask(&world, "POST", &format!("{line}?act=join"), "sec-fetch-site: cross-site\r\n")
        .await;
    assert!(elsewhere.starts_with("HTTP/1.1 403"), "{elsewhere}");
    assert!(browser.cookies.is_empty(), "a form of another site makes nobody stand in the line");

    let page = browser.press(&world, &line, "join").await;
    assert!(page.to_lowercase().contains("cache-control: private, no-store"), "{page}");
    assert!(page.contains("ahead of") || page.contains("It is your turn"), "{page}");
    let queue = format!("{event}/queue");
    world.until(&queue, |answer| answer.body["frontier"].as_u64() >= Some(1)).await;
    let page = browser.ask(&world, "GET", &line, "").await;
    assert!(page.contains("It is your turn"), "{page}");
    let page = browser.press(&world, &line, "enter").await;
    assert!(page.contains("You are in"), "{page}");
    assert!(world.audit().is_clean());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_to_an_event_shows_what_it_is() {
    let world = World::start().await;
    let mut described = new_event(&json!({}));
    described["name"] = json!("Tea & <script>cake</script>");
    described["description"] = json!("At \"four\"");
    let event = world.on_sale(described).await;
    let path = event.trim_start_matches("/v1");
    let page = Browser::default().ask(&world, "GET", path, "").await;
    let name = "Tea &amp; &lt;script&gt;cake&lt;/script&gt;";
    assert!(page.contains(&format!("<title>{name}</title>")), "{page}");
    assert!(page.contains(&format!("property=\"og:title\" content=\"{name}\"")), "{page}");
    assert!(page.contains("At &quot;four&quot;") && !page.contains("<script>cake"), "{page}");
    assert!(page.contains(&format!("href=\"{path}/line\"")), "{page}");

    // The page is the same for all, and anew once the event says something else.
    let staff = world.staff();
    let changed = json!({ "name": "Coffee", "revision": 0 });
    let sent = world.send(hyper::Method::PATCH, &event, &staff, Some("k"), Some(changed)).await;
    assert_eq!(sent.status, 200, "{}", sent.body);
    let page = Browser::default().ask(&world, "GET", path, "").await;
    assert!(page.contains("<title>Coffee</title>"), "{page}");
    let unknown = Browser::default().ask(&world, "GET", "/events/evt_0000000000001", "").await;
    assert!(unknown.contains("<title>Tickets</title>"), "{unknown}");
    world.stop().await;
}
