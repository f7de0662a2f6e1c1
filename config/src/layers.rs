//! From text to settings: default, then file, then environment, then flags.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::{Table, Value};

use crate::masking::masked;
use crate::settings::Settings;

/// What is wrong with the configuration, and the fix.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read {path}: {reason}; check the path given with --config")]
    Unreadable { path: PathBuf, reason: String },
    #[error("{origin}: {message}")]
    Malformed { origin: String, message: String },
    #[error("{origin}: there is no setting `{key}`{hint}; `floodgate config show` lists all")]
    Unknown { origin: String, key: String, hint: String },
    #[error("{key} = {value}: it must be {fix}")]
    OutOfBounds { key: &'static str, value: String, fix: String },
}

/// Settings, and where each one that is not the default came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    pub settings: Settings,
    /// Every key in effect: its value as TOML, without secrets, and its origin.
    pub effective: BTreeMap<String, (String, String)>,
}

/// Prefix of environment variables: `FLOODGATE_SERVER__LISTEN` is `server.listen`.
const PREFIX: &str = "FLOODGATE_";

/// Loads settings. `environment` is given by the caller; `flags` are `section.key` and text.
pub fn load(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
    flags: &[(String, String)],
) -> Result<Loaded, ConfigError> {
    let text = file.map(|path| {
        std::fs::read_to_string(path).map_err(|error| ConfigError::Unreadable {
            path: path.to_owned(),
            reason: error.to_string(),
        })
    });
    let text = text.transpose()?;
    load_text(file.zip(text.as_deref()), environment, flags)
}

/// Loads settings from the text of a file, under its name.
pub fn load_text(
    file: Option<(&Path, &str)>,
    environment: impl IntoIterator<Item = (String, String)>,
    flags: &[(String, String)],
) -> Result<Loaded, ConfigError> {
    let mut table = parse("default.toml", crate::DEFAULT_TOML)?;
    let mut origins = BTreeMap::new();
    if let Some((path, text)) = file {
        let origin = path.display().to_string();
        for (key, value) in flatten(&parse(&origin, text)?) {
            set(&mut table, &key, value, &origin)?;
            origins.insert(key, origin.clone());
        }
    }
    let from_environment = environment.into_iter().filter_map(|(name, text)| {
        // Single names such as FLOODGATE_KEY belong to commands, not to settings.
        let key = name.strip_prefix(PREFIX).filter(|key| key.contains("__"))?;
        let key = key.replace("__", ".").to_lowercase();
        Some((key, text, format!("environment {name}")))
    });
    let from_flags =
        flags.iter().map(|(key, text)| (key.clone(), text.clone(), format!("flag for {key}")));
    for (key, text, origin) in from_environment.chain(from_flags) {
        let value = like(lookup(&table, &key), &text);
        set(&mut table, &key, value, &origin)?;
        origins.insert(key, origin);
    }
    let settings = Settings::deserialize(Value::Table(table.clone())).map_err(|error| {
        let origin = origins.values().last().cloned().unwrap_or_else(|| "default.toml".into());
        ConfigError::Malformed { origin, message: error.to_string().trim().to_owned() }
    })?;
    if let Some((key, value, fix)) = settings.violations().into_iter().next() {
        return Err(ConfigError::OutOfBounds { key, value, fix });
    }
    let effective = flatten(&table).into_iter().map(|(key, value)| {
        let origin = origins.get(&key).cloned().unwrap_or_else(|| "default".to_owned());
        let shown = masked(&key, &value.to_string());
        (key, (shown, origin))
    });
    Ok(Loaded { settings, effective: effective.collect() })
}

fn parse(origin: &str, text: &str) -> Result<Table, ConfigError> {
    text.parse().map_err(|error: toml::de::Error| ConfigError::Malformed {
        origin: origin.to_owned(),
        message: error.to_string().trim().to_owned(),
    })
}

/// `section.key` and value of everything in a table of sections, and of sections within them.
fn flatten(table: &Table) -> Vec<(String, Value)> {
    let mut flat = Vec::new();
    for (section, value) in table {
        match value {
            Value::Table(keys) => {
                let within = flatten(keys).into_iter();
                flat.extend(within.map(|(key, value)| (format!("{section}.{key}"), value)));
            }
            other => flat.push((section.clone(), other.clone())),
        }
    }
    flat
}

fn lookup<'a>(table: &'a Table, key: &str) -> Option<&'a Value> {
    let (sections, name) = key.rsplit_once('.')?;
    let within = |table: &'a Table, section: &str| table.get(section)?.as_table();
    sections.split('.').try_fold(table, within)?.get(name)
}

fn lookup_mut<'a>(table: &'a mut Table, key: &str) -> Option<&'a mut Value> {
    let (sections, name) = key.rsplit_once('.')?;
    let within = |table: &'a mut Table, section: &str| table.get_mut(section)?.as_table_mut();
    sections.split('.').try_fold(table, within)?.get_mut(name)
}

/// Sets a key that exists; any other is a mistake, and the nearest name may be what was meant.
fn set(table: &mut Table, key: &str, value: Value, origin: &str) -> Result<(), ConfigError> {
    // A list of its own may stand beside the sections; a section is no value.
    let known = match key.contains('.') {
        true => lookup_mut(table, key).filter(|now| !now.is_table()),
        false => table.get_mut(key).filter(|now| now.is_array() && value.is_array()),
    };
    if let Some(place) = known {
        *place = value;
        return Ok(());
    }
    let nearest = flatten(table)
        .into_iter()
        .map(|(name, _)| (distance(&name, key), name))
        .min()
        .filter(|(distance, _)| *distance <= 4);
    let hint = nearest.map(|(_, name)| format!(" (did you mean `{name}`?)")).unwrap_or_default();
    Err(ConfigError::Unknown { origin: origin.to_owned(), key: key.to_owned(), hint })
}

/// A text as the kind of value the setting has now; lists are separated by commas.
fn like(now: Option<&Value>, text: &str) -> Value {
    let as_text = || Value::String(text.to_owned());
    match now {
        Some(Value::Integer(_)) => text.parse().map_or_else(|_| as_text(), Value::Integer),
        Some(Value::Boolean(_)) => text.parse().map_or_else(|_| as_text(), Value::Boolean),
        Some(Value::Array(_)) => {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            Value::Array(parts.map(|part| Value::String(part.to_owned())).collect())
        }
        _ => as_text(),
    }
}

/// Edits between two names (Levenshtein 1966).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.bytes().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    fn error(text: &str) -> String {
        load(Some(file(text).path()), [], &[]).unwrap_err().to_string()
    }

    #[test]
    fn the_default_is_the_reference_page() {
        let loaded = load(None, [], &[]).unwrap();
        assert_eq!(loaded.settings, Settings::default());
        assert!(loaded.effective.values().all(|(_, origin)| origin == "default"));
    }

    #[test]
    fn layers_come_on_top_of_each_other() {
        let file = file("[server]\nlisten = \"127.0.0.1:1\"\nanswer_deadline = \"7s\"\n");
        let environment = [("FLOODGATE_SERVER__LISTEN", "127.0.0.1:2"), ("OTHER", "x")];
        let environment = environment.map(|(name, text)| (name.to_owned(), text.to_owned()));
        let flags = [("log.partitions".to_owned(), "9".to_owned())];
        let loaded = load(Some(file.path()), environment, &flags).unwrap();
        assert_eq!(loaded.settings.server.listen.port(), 2);
        assert_eq!(loaded.settings.server.answer_deadline.as_millis(), 7000);
        assert_eq!(loaded.settings.log.partitions, 9);
        let origin = &loaded.effective["server.listen"].1;
        assert_eq!(origin, "environment FLOODGATE_SERVER__LISTEN");
    }

    #[test]
    fn mistakes_name_the_key_and_the_fix() {
        let unknown = error("[server]\nlisen = \"x\"\n");
        assert!(unknown.contains("server.lisen") && unknown.contains("server.listen"), "{unknown}");
        let duration = error("[server]\nanswer_deadline = \"soon\"\n");
        assert!(duration.contains("soon") && duration.contains("90s"), "{duration}");
        let bound = error("[log]\npartitions = 0\n");
        assert!(bound.contains("log.partitions = 0") && bound.contains("between 1"), "{bound}");
        for (few, key) in
            [("audience_threshold = 59", "threshold"), ("audience_window = \"59s\"", "1m")]
        {
            let refused = error(&format!("[streams]\n{few}\n"));
            assert!(refused.contains(key) && refused.contains("at least"), "{refused}");
        }
        let syntax = error("[server\n");
        assert!(syntax.contains("line 1"), "{syntax}");
        let missing = load(Some(Path::new("/nowhere.toml")), [], &[]).unwrap_err().to_string();
        assert!(missing.contains("/nowhere.toml"), "{missing}");
    }
}
