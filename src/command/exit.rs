//! How commands fail: a code for programs, a sentence for people.

use std::process::ExitCode;

use floodgate_config::ConfigError;
use floodgate_event_log::OpenError;
use floodgate_server::PaymentsError;
use floodgate_sinks::SinkError;
use serde_json::json;

/// A failed command. The codes follow sysexits.h where it has one.
#[derive(Debug)]
pub(super) struct Failure {
    code: u8,
    /// `None` when everything has been printed already.
    error: Option<anyhow::Error>,
}

const FAILED: u8 = 1;
const BAD_INPUT: u8 = 64;
const UNAVAILABLE: u8 = 69;
const IO: u8 = 74;

impl Failure {
    /// What was asked for was done, and found something.
    pub(super) fn findings() -> Self {
        Failure { code: FAILED, error: None }
    }

    /// A configuration or a file that cannot be used as it is.
    pub(super) fn bad_input(error: impl Into<anyhow::Error>) -> Self {
        Failure { code: BAD_INPUT, error: Some(error.into()) }
    }

    /// Nobody answers there, or not yet.
    pub(super) fn unavailable(error: impl Into<anyhow::Error>) -> Self {
        Failure { code: UNAVAILABLE, error: Some(error.into()) }
    }

    pub(super) fn io(error: impl Into<anyhow::Error>) -> Self {
        Failure { code: IO, error: Some(error.into()) }
    }

    /// Says what went wrong and returns the code to end with.
    pub(super) fn report(&self, as_json: bool) -> ExitCode {
        match &self.error {
            Some(error) if as_json => {
                println!("{}", json!({ "error": format!("{error:#}"), "exit_code": self.code }));
            }
            Some(error) => eprintln!("floodgate: {error:#}"),
            None => {}
        }
        ExitCode::from(self.code)
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.error {
            Some(error) => write!(f, "{error:#}"),
            None => f.write_str("it was reported before"),
        }
    }
}

impl From<anyhow::Error> for Failure {
    /// The first cause that has a code decides.
    fn from(error: anyhow::Error) -> Self {
        let code = error.chain().find_map(|cause| {
            let is_sink = matches!(cause.downcast_ref(), Some(SinkError::Misconfigured { .. }));
            if cause.is::<ConfigError>() || cause.is::<PaymentsError>() || is_sink {
                Some(BAD_INPUT)
            } else if cause.is::<std::io::Error>() || cause.is::<OpenError>() {
                Some(IO)
            } else {
                None
            }
        });
        Failure { code: code.unwrap_or(FAILED), error: Some(error) }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Failure::bad_input(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Failure::io(error)
    }
}
