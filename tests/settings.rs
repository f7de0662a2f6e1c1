//! What the command line says of settings: whether a file is good, and no secret.

use crate::process::run_aloud;

#[test]
fn a_file_is_checked_by_its_name_and_secrets_are_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my.toml");
    let file = path.to_str().unwrap();
    std::fs::write(&path, "[redis]\nurl = \"redis://:hunter2@127.0.0.1:6379\"\n").unwrap();
    assert_eq!(run_aloud(&["config", "check", file]).0, 0);
    assert_eq!(run_aloud(&["config", "check", "--config", file]).0, 0);
    for form in [&["config", "show", "--config", file][..], &["config", "show", "--json"]] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_floodgate"))
            .args(form)
            .env("FLOODGATE_CONFIG", file)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("redis.url") && text.contains("***"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
    std::fs::write(&path, "[redis]\naddress = \"x\"\n").unwrap();
    let (code, said) = run_aloud(&["config", "check", file]);
    assert!(code == 64 && said.contains("redis.address"), "{code} {said}");
    assert_eq!(run_aloud(&["config", "check", "/nowhere/at/all.toml"]).0, 64);
}
