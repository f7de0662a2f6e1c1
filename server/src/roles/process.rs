//! What a process has besides its roles, as services: the log, the socket, tasks of the runtime.

use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use floodgate_event_log::LogError;
use floodgate_transport::{Health, Service, ServiceError};

use super::SharedLog;

/// The log of the process.
#[derive(Debug)]
pub(super) struct LogService {
    log: SharedLog,
    /// Since when it has not taken appends. A plain mutex: touched by those who look at the health.
    troubled: Mutex<Option<Instant>>,
}

impl LogService {
    pub(super) fn new(log: SharedLog) -> Self {
        LogService { log, troubled: Mutex::new(None) }
    }
}

impl Service for LogService {
    fn name(&self) -> &str {
        "log"
    }

    fn health(&self) -> Health {
        let mut troubled = self.troubled.lock().unwrap_or_else(PoisonError::into_inner);
        match self.log.shared().health() {
            Ok(()) => {
                *troubled = None;
                Health::Ready
            }
            Err(LogError::Closed) => {
                Health::failed("it has closed for good; a new process has to start")
            }
            Err(error) => {
                let since = *troubled.get_or_insert_with(Instant::now);
                Health::Degraded { reason: error.to_string(), since }
            }
        }
    }

    /// Holds end by the log's clock, whatever the machine's says.
    fn notice(&self) -> Option<String> {
        let off = self.log.shared().clock_off_by_ms()?;
        let (seconds, word) =
            (off.unsigned_abs().div_ceil(1_000), if off > 0 { "ahead of" } else { "behind" });
        Some(format!(
            "the clock of this machine is {seconds} s {word} that of the log, by which holds end; set \
             them by NTP"
        ))
    }

    /// Nobody writes any more: see [`Service::join`].
    fn stop(&self) {}

    /// Writes out what waits.
    fn join(&self) -> Result<(), ServiceError> {
        self.log.close();
        Ok(())
    }
}

/// A task that runs as long as the process.
#[derive(Debug)]
pub(super) struct Task {
    name: &'static str,
    runtime: Handle,
    // A plain mutex: taken once, at the end.
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Task {
    /// Starts it; it is cut off when it is stopped. Must be called inside a runtime.
    pub(super) fn spawn(
        name: &'static str,
        future: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        let runtime = Handle::current();
        let task = Mutex::new(Some(runtime.spawn(future)));
        Task { name, runtime, task }
    }

    fn has_ended(&self) -> bool {
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        task.as_ref().is_some_and(JoinHandle::is_finished)
    }

    fn take(&self) -> Option<JoinHandle<()>> {
        self.task.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Service for Task {
    fn name(&self) -> &str {
        self.name
    }

    fn health(&self) -> Health {
        if self.has_ended() { Health::failed("it ended by itself") } else { Health::Ready }
    }

    fn stop(&self) {
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        task.iter().for_each(JoinHandle::abort);
    }

    fn join(&self) -> Result<(), ServiceError> {
        let Some(task) = self.take() else { return Ok(()) };
        match self.runtime.block_on(task) {
            Err(error) if error.is_panic() => Err(ServiceError::new(self.name, error)),
            _ => Ok(()),
        }
    }
}

/// A server that is asked to end, and then finishes what it has.
#[derive(Debug)]
pub(super) struct Server {
    task: Task,
    ending: watch::Sender<bool>,
    /// How long it may take to end; `None` where it bounds that itself.
    ends_within: Option<Duration>,
}

impl Server {
    /// Starts what `run` makes of the news that it shall end. Must be called inside a runtime.
    pub(super) fn spawn<F>(
        name: &'static str,
        ends_within: Option<Duration>,
        run: impl FnOnce(Shutdown) -> F,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (ending, mut end) = watch::channel(false);
        let shutdown: Shutdown = Box::pin(async move {
            // A sender that is gone has taken the reason to serve with it.
            let _ = end.wait_for(|ends| *ends).await;
        });
        Server { task: Task::spawn(name, run(shutdown)), ending, ends_within }
    }
}

/// Done once a server shall end.
pub(super) type Shutdown = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

impl Service for Server {
    fn name(&self) -> &str {
        self.task.name
    }

    fn health(&self) -> Health {
        if *self.ending.borrow() { Health::Ready } else { self.task.health() }
    }

    fn stop(&self) {
        self.ending.send_replace(true);
    }

    fn join(&self) -> Result<(), ServiceError> {
        let Some(task) = self.task.take() else { return Ok(()) };
        let abort = task.abort_handle();
        let ended = self.task.runtime.block_on(async {
            match self.ends_within {
                Some(within) => tokio::time::timeout(within, task).await.ok(),
                None => Some(task.await),
            }
        });
        match ended {
            Some(Err(error)) => Err(ServiceError::new(self.task.name, error)),
            Some(Ok(())) => Ok(()),
            None => {
                abort.abort();
                Ok(())
            }
        }
    }
}
