//! Kafka, Redis and PostgreSQL of this test alone, each behind a proxy, and the ways they go away.

use std::process::{Command, Stdio};
use std::time::Duration;

use floodgate_testkit::ports::port_for_a_server;

use super::proxy::Proxy;

/// What goes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Server {
    Kafka,
    Redis,
    Postgres,
}

impl Server {
    pub(super) const ALL: [Server; 3] = [Server::Kafka, Server::Redis, Server::Postgres];

    fn name(self) -> &'static str {
        match self {
            Server::Kafka => "kafka",
            Server::Redis => "redis",
            Server::Postgres => "postgres",
        }
    }
}

/// How it goes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Away {
    /// Asked to end, and started again.
    Stopped,
    /// SIGKILL, and started again.
    Killed,
    /// SIGSTOP, and SIGCONT.
    Frozen,
    /// It goes on, and nobody gets through to it.
    Closed,
    /// It comes back at another address.
    Moved,
}

impl Away {
    pub(super) const ALL: [Away; 5] =
        [Away::Stopped, Away::Killed, Away::Frozen, Away::Closed, Away::Moved];
}

/// Ended when dropped, with all they wrote.
pub(super) struct Servers {
    folder: tempfile::TempDir,
    kafka: u16,
    controller: u16,
    redis: u16,
    postgres: u16,
    /// Two addresses for each server, of which one leads to it.
    proxies: [[Proxy; 2]; 3],
    /// Which one.
    at: [usize; 3],
}

impl Servers {
    pub(super) async fn start() -> Self {
        let [kafka, controller, redis, postgres] = std::array::from_fn(|_| port_for_a_server());
        let proxies = [kafka, redis, postgres].map(|port| [Proxy::new(port), Proxy::new(port)]);
        let folder = tempfile::tempdir().unwrap();
        let mut servers =
            Servers { folder, kafka, controller, redis, postgres, proxies, at: [0; 3] };
        for server in Server::ALL {
            servers.run("up", server);
            servers.proxies[server as usize][0].open().await;
        }
        servers
    }

    /// The settings that name them: both addresses where a client takes several.
    pub(super) fn settings(&self) -> Vec<(String, String)> {
        let ports = |server: Server| {
            let [one, two] = &self.proxies[server as usize];
            (one.port, two.port)
        };
        let ((k1, k2), (r1, _), (p1, p2)) =
            (ports(Server::Kafka), ports(Server::Redis), ports(Server::Postgres));
        let postgres =
            format!("host=127.0.0.1,127.0.0.1 port={p1},{p2} user=floodgate dbname=postgres");
        [
            ("kafka.brokers", format!("127.0.0.1:{k1},127.0.0.1:{k2}")),
            ("redis.url", format!("redis://127.0.0.1:{r1}")),
            ("sinks.postgres", postgres),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .into()
    }

    fn own_port(&self, server: Server) -> u16 {
        match server {
            Server::Kafka => self.kafka,
            Server::Redis => self.redis,
            Server::Postgres => self.postgres,
        }
    }

    fn run(&self, word: &str, server: Server) {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/servers");
        let advertised = self.proxies[Server::Kafka as usize][self.at[Server::Kafka as usize]].port;
        let status = Command::new(script)
            .args([word, server.name()])
            .env("FLOODGATE_SERVERS", self.folder.path())
            .env("FLOODGATE_KAFKA_PORT", self.kafka.to_string())
            .env("FLOODGATE_KAFKA_CONTROLLER_PORT", self.controller.to_string())
            .env("FLOODGATE_KAFKA_ADVERTISED", format!("127.0.0.1:{advertised}"))
            // After a kill -9 its controller waits so long before it takes it for another broker.
            .env("FLOODGATE_KAFKA_SESSION_MS", "9000")
            .env("FLOODGATE_REDIS_PORT", self.redis.to_string())
            .env("FLOODGATE_POSTGRES_PORT", self.postgres.to_string())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "scripts/servers {word} {server:?}");
    }

    /// A server and the processes it has started.
    fn processes(&self, server: Server) -> Vec<String> {
        let file = self.folder.path().join(format!("{}.pid", server.name()));
        let pid = std::fs::read_to_string(file).unwrap().trim().to_owned();
        let children = Command::new("pgrep").args(["-P", &pid]).output().unwrap();
        let children = String::from_utf8(children.stdout).unwrap();
        std::iter::once(pid).chain(children.split_whitespace().map(str::to_owned)).collect()
    }

    fn signal(&self, server: Server, signal: &str) {
        send(signal, &self.processes(server));
    }

    /// Returns once none of them is left: PostgreSQL does not start beside an orphan of its own.
    async fn kill(&self, server: Server) {
        let all = self.processes(server);
        send("-KILL", &all);
        let is_there = |pid: &String| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            // What nobody has waited for yet is a name only.
            stat.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
        };
        let mut pulse = tokio::time::interval(Duration::from_millis(10));
        while all.iter().any(is_there) {
            pulse.tick().await;
        }
    }

    /// It is away, or has moved.
    pub(super) async fn away(&mut self, server: Server, away: Away) {
        let at = self.at[server as usize];
        match away {
            Away::Stopped => self.run("down", server),
            Away::Killed => {
                self.kill(server).await;
                self.run("down", server);
            }
            Away::Frozen => self.signal(server, "-STOP"),
            Away::Closed => self.proxies[server as usize][at].close().await,
            Away::Moved => {
                self.run("down", server);
                // A store has one address in the settings, behind which another one stands then.
                if server == Server::Redis {
                    self.redis = port_for_a_server();
                    self.proxies[server as usize][at].lead_to(self.redis);
                } else {
                    self.proxies[server as usize][at].close().await;
                    self.at[server as usize] = 1 - at;
                }
            }
        }
    }

    /// Returns once it answers again.
    pub(super) async fn back(&mut self, server: Server, away: Away) {
        match away {
            Away::Stopped | Away::Killed => self.run("up", server),
            Away::Frozen => self.signal(server, "-CONT"),
            Away::Closed => {
                let at = self.at[server as usize];
                self.proxies[server as usize][at].open().await;
            }
            Away::Moved => {
                self.run("up", server);
                let at = self.at[server as usize];
                if server != Server::Redis {
                    self.proxies[server as usize][at].open().await;
                }
            }
        }
    }

    /// Asks the database itself, past the proxy.
    pub(super) fn query(&self, sql: &str) -> String {
        let port = self.own_port(Server::Postgres).to_string();
        let words = ["-h", "127.0.0.1", "-p", &port, "-U", "floodgate", "postgres", "-Atc", sql];
        let output = Command::new("psql").args(words).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}

/// One that has ended meanwhile needs no signal.
fn send(signal: &str, all: &[String]) {
    Command::new("kill").arg(signal).args(all).stderr(Stdio::null()).status().unwrap();
}

impl Drop for Servers {
    fn drop(&mut self) {
        for server in Server::ALL {
            // One that could not be started again left no process to end.
            if self.folder.path().join(format!("{}.pid", server.name())).exists() {
                self.signal(server, "-CONT");
                self.run("down", server);
            }
        }
        // PostgreSQL's data lie where its own user can read them.
        let user = Command::new("id").arg("-u").output().unwrap().stdout;
        let user = String::from_utf8(user).unwrap();
        let data = format!("/tmp/floodgate-postgres-{}-{}", user.trim(), self.postgres);
        let _ = std::fs::remove_dir_all(data);
    }
}
