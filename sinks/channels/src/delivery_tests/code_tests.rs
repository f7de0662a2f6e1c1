//! Codes of a presale in messages: each its own, also where a process dies.

use super::*;

const BATCH: u16 = 7;

fn mint(scene: &mut Scene, count: u32) {
    scene.say(Fact::CodesMinted { batch: BATCH, label: "Club".into(), count, by: StaffId(1) });
}

fn with_codes(id: u64) -> Announcement {
    Announcement { codes: Some(BATCH), ..announcement(id, AudienceWho::FOLLOWERS) }
}

/// The codes that have arrived, by whom they went to, each where it has to be.
fn codes(scene: &Scene) -> Vec<(String, String)> {
    let taken = std::mem::take(&mut *scene.mail.taken.lock().unwrap());
    let code = |mail: Outgoing| {
        let (_, code) = mail.link.split_once("#code=").unwrap();
        assert!(mail.link.starts_with(&format!("https://tickets.example.org/events/{EVENT}#")));
        let says = |words: [&str; 2]| words.iter().any(|words| mail.text.contains(words));
        let for_one = ["good for one person", "gültig für eine Person"];
        let words = for_one.map(|words| format!("{words}: {code}"));
        assert!(says([&words[0], &words[1]]), "{}", mail.text);
        assert!(says(["Enter the code", "Code eingeben"]) && mail.html.contains(code));
        (mail.address, code.to_owned())
    };
    let mut codes: Vec<_> = taken.into_iter().map(code).collect();
    codes.sort();
    codes
}

fn followers(scene: &mut Scene, count: u64) {
    for buyer in 1..=count {
        scene.contact(buyer, &format!("p{buyer}@example.org"));
        scene.consents(buyer);
    }
    scene.deliver();
    scene.arrived();
}

#[test]
fn each_follower_gets_a_code_of_their_own_and_nobody_a_second() {
    let mut scene = Scene::new();
    followers(&mut scene, 3);
    mint(&mut scene, 4);
    scene.announce_this(with_codes(100));
    // Another process writes the same again, and one dies after the first mail was taken.
    scene.restart();
    scene.deliver();
    let sent = codes(&scene);
    let mut numbers: Vec<&str> = sent.iter().map(|(_, code)| code.as_str()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, ["CODE-7-0", "CODE-7-1", "CODE-7-2"]);
    assert_eq!(scene.with(|work| work.codes_given((EVENT, BATCH))), 3);
    scene.restart();
    scene.deliver();
    assert!(codes(&scene).is_empty());
}

#[test]
fn a_message_that_is_tried_again_keeps_its_code() {
    let mut scene = Scene::new();
    followers(&mut scene, 1);
    mint(&mut scene, 9);
    scene.mail.answers.lock().unwrap().push(Delivery::later("busy"));
    scene.announce_this(with_codes(100));
    scene.deliver();
    scene.now += HOUR;
    scene.deliver();
    assert_eq!(codes(&scene), [("p1@example.org".to_owned(), "CODE-7-0".to_owned())]);
}

#[test]
fn whoever_is_left_without_a_code_gets_the_message_once_more_are_minted() {
    let mut scene = Scene::new();
    followers(&mut scene, 3);
    mint(&mut scene, 1);
    scene.announce_this(with_codes(100));
    scene.deliver();
    assert_eq!(codes(&scene).len(), 1);
    assert_eq!(scene.verdicts(100), [(Verdict::Sent, 1), (Verdict::NoCode, 2)]);
    mint(&mut scene, 5);
    scene.deliver();
    let late: Vec<String> = codes(&scene).into_iter().map(|(_, code)| code).collect();
    assert_eq!(late.len(), 2);
    assert!(late.contains(&"CODE-7-1".to_owned()) && late.contains(&"CODE-7-2".to_owned()));
    assert_eq!(scene.verdicts(100), [(Verdict::Sent, 3)]);
}
