//! The keys that sign requests to an object store.

use std::path::{Path, PathBuf};
use std::{fmt, io};

/// Keys of an object store. They are never printed.
#[derive(Clone)]
pub enum Credentials {
    Given {
        key_id: String,
        secret: String,
        token: Option<String>,
    },
    /// A file in the form of AWS's shared credentials. It is read again for every request, so that
    /// keys which are exchanged now and then need no restart.
    File(PathBuf),
}

/// Why a file gives no keys.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    #[error("{path} cannot be read: {error}")]
    Unreadable { path: PathBuf, error: io::Error },
    #[error(
        "{path} has no `aws_access_key_id = …` and `aws_secret_access_key = …` in its section [default]"
    )]
    Incomplete { path: PathBuf },
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Credentials::Given { .. } => f.write_str("Credentials given"),
            Credentials::File(path) => write!(f, "Credentials in {}", path.display()),
        }
    }
}

impl Credentials {
    /// The keys as they are now.
    pub(super) fn now(&self) -> Result<rusty_s3::Credentials, CredentialsError> {
        match self {
            Credentials::Given { key_id, secret, token } => Ok(keys(key_id, secret, token.clone())),
            Credentials::File(path) => read(path),
        }
    }
}

fn keys(key_id: &str, secret: &str, token: Option<String>) -> rusty_s3::Credentials {
    match token {
        Some(token) => rusty_s3::Credentials::new_with_token(key_id, secret, token),
        None => rusty_s3::Credentials::new(key_id, secret),
    }
}

fn read(path: &Path) -> Result<rusty_s3::Credentials, CredentialsError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| CredentialsError::Unreadable { path: path.to_owned(), error })?;
    let value = |key| in_default_section(&text, key);
    match (value("aws_access_key_id"), value("aws_secret_access_key")) {
        (Some(key_id), Some(secret)) => {
            Ok(keys(key_id, secret, value("aws_session_token").map(str::to_owned)))
        }
        _ => Err(CredentialsError::Incomplete { path: path.to_owned() }),
    }
}

/// The value of a key before any section, or in the section `default`.
fn in_default_section<'a>(text: &'a str, wanted: &str) -> Option<&'a str> {
    let mut is_default = true;
    text.lines().map(str::trim).find_map(|line| {
        if let Some(section) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            is_default = section.trim() == "default";
        }
        let (key, value) = line.split_once('=')?;
        let (key, value) = (key.trim(), value.trim());
        (is_default && key == wanted && !value.is_empty()).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::in_default_section;

    #[test]
    fn keys_come_from_the_default_section() {
        let rows = [
            ("aws_access_key_id = A", Some("A")),
            ("# keys\n[default]\n aws_access_key_id=A=B \n", Some("A=B")),
            ("[other]\naws_access_key_id = O\n[default]\naws_access_key_id = A", Some("A")),
            ("[other]\naws_access_key_id = O", None),
            ("aws_access_key_id =", None),
            ("", None),
        ];
        for (text, expected) in rows {
            assert_eq!(in_default_section(text, "aws_access_key_id"), expected, "{text:?}");
        }
    }
}
