//! nginx and HAProxy as Debian ships them, each in a folder that goes with it.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use floodgate_testkit::ports::port_for_a_server;

/// A running proxy; ended when dropped.
pub(super) struct Proxy {
    child: Child,
    /// Where it listens, as `127.0.0.1:port`.
    pub(super) address: String,
    _folder: tempfile::TempDir,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a program is there; without it only the quick tests go on.
pub(super) fn has(program: &str) -> bool {
    let mut command = Command::new(program);
    if command.arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok() {
        return true;
    }
    assert!(super::is_quick(), "{program} is missing: apt install nginx-light haproxy");
    eprintln!("left out: {program} is missing");
    false
}

/// A file of docs/network with its addresses replaced.
pub(super) fn documented(name: &str, replaced: &[(&str, &str)]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/network").join(name);
    let mut text = std::fs::read_to_string(path).unwrap();
    for (from, to) in replaced {
        assert!(text.contains(from), "docs/network/{name} has no `{from}`");
        text = text.replace(from, to);
    }
    text
}

/// nginx in one process, with the configuration of `PORT`, its own folders on top.
pub(super) async fn nginx(configuration: &str) -> Proxy {
    let (folder, port) = (tempfile::tempdir().unwrap(), port_for_a_server());
    let path = folder.path().display();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary = temporary.map(|kind| format!("  {kind}_temp_path {path}/{kind};\n")).concat();
    let head = format!(
        "daemon off; master_process off; user root; pid {path}/pid; error_log {path}/error;\n"
    );
    let http = format!("http {{\n  access_log off;\n{temporary}");
    let text = configuration.replace("PORT", &port.to_string());
    let text = text.replace("worker_processes auto;", "worker_processes 1;");
    let text = text.replace("worker_connections 40000;", "worker_connections 512;");
    let text = head + &text.replacen("http {\n", &http, 1);
    let file = folder.path().join("nginx.conf");
    std::fs::write(&file, text).unwrap();
    let mut command = Command::new("nginx");
    command.arg("-p").arg(folder.path()).arg("-c").arg(&file).arg("-e").arg("stderr");
    started(command, port, folder).await
}

pub(super) async fn haproxy(configuration: &str) -> Proxy {
    let (folder, port) = (tempfile::tempdir().unwrap(), port_for_a_server());
    let file = folder.path().join("haproxy.cfg");
    let text = configuration.replace("PORT", &port.to_string());
    std::fs::write(&file, text.replace("maxconn 40000", "maxconn 200")).unwrap();
    let mut command = Command::new("haproxy");
    command.arg("-db").arg("-q").arg("-f").arg(&file);
    started(command, port, folder).await
}

async fn started(mut command: Command, port: u16, folder: tempfile::TempDir) -> Proxy {
    let mut child = command.spawn().unwrap();
    let address = format!("127.0.0.1:{port}");
    let mut pulse = tokio::time::interval(Duration::from_millis(20));
    for _ in 0..1_500 {
        pulse.tick().await;
        assert_eq!(child.try_wait().unwrap(), None, "{command:?} ended");
        if tokio::net::TcpStream::connect(&address).await.is_ok() {
            return Proxy { child, address, _folder: folder };
        }
    }
    panic!("{command:?} never listened");
}
