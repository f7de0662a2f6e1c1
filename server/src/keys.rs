//! Secrets in files: created once, readable only by their owner.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use floodgate_domain::StaffId;
use floodgate_gateway::{StaffKey, StaffRole};

use crate::private::make_folder;

/// Where the secrets of an installation are.
#[derive(Debug, Clone)]
pub struct KeyFiles {
    pub root: PathBuf,
    pub ticket: PathBuf,
    pub staff: PathBuf,
}

/// Secrets as the roles need them.
#[derive(Debug)]
pub struct Secrets {
    pub root: [u8; 32],
    pub ticket: [u8; 32],
    pub staff: Vec<StaffKey>,
}

impl KeyFiles {
    /// The usual names in a folder.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        KeyFiles {
            root: folder.join("root.key"),
            ticket: folder.join("ticket.key"),
            staff: folder.join("staff.keys"),
        }
    }

    /// Makes what is missing. New staff keys, one a role, are returned with their role, for this
    /// is the only moment their text exists here; `<role>.key` files keep them for the owner.
    pub fn make(&self, folder: &Path) -> Result<Vec<(StaffRole, PathBuf)>> {
        make_folder(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        for path in [&self.root, &self.ticket] {
            if !path.exists() {
                let key = random();
                write_secret(path, &hex(&key))?;
                // One that was there before, from a key that is gone, says nothing of this one.
                let _ = fs::remove_file(sum_of(path));
                write_secret(&sum_of(path), &sum(&key))?;
            }
        }
        let mut made = Vec::new();
        if !self.staff.exists() {
            let mut lines = String::from("# role, number, SHA-256 of the key\n");
            for (number, role) in (1..).zip(StaffRole::ALL) {
                let path = folder.join(format!("{}.key", role.code()));
                lines.push_str(&new_staff_key(role, number, &path)?);
                made.push((role, path));
            }
            write_secret(&self.staff, &lines)?;
        }
        Ok(made)
    }

    /// Adds one more key of a role to an installation that has its keys. A gateway takes it at
    /// its next start.
    pub fn add(&self, folder: &Path, role: StaffRole) -> Result<(StaffId, PathBuf)> {
        let numbers = self.read()?.staff.into_iter().map(|key| key.id.0);
        let number = numbers.max().unwrap_or(0) + 1;
        let path = folder.join(format!("{}-{number}.key", role.code()));
        let line = new_staff_key(role, number, &path)?;
        let mut file = OpenOptions::new().append(true).open(&self.staff)?;
        file.write_all(line.as_bytes())?;
        file.sync_all().context("a key could not be stored")?;
        Ok((StaffId(number), path))
    }

    /// Reads all of them.
    pub fn read(&self) -> Result<Secrets> {
        let staff = read_text(&self.staff, "secrets.staff_keys_file")?;
        let root = read_key(&self.root, "secrets.root_key_file")?;
        let ticket = read_key(&self.ticket, "secrets.ticket_key_file")?;
        if root == ticket {
            bail!(
                "secrets.root_key_file and secrets.ticket_key_file hold the same key: who signs \
                 tickets could then make passes; make keys with `floodgate keys new --out keys`"
            );
        }
        Ok(Secrets {
            root,
            ticket,
            staff: staff
                .lines()
                .map(str::trim)
                .filter(|line| !line.is_empty() && !line.starts_with('#'))
                .map(|line| staff_key(line).with_context(|| self.staff.display().to_string()))
                .collect::<Result<_>>()?,
        })
    }
}

fn read_text(path: &Path, setting: &str) -> Result<String> {
    if path.as_os_str().is_empty() {
        bail!(
            "{setting} is not set; create keys with `floodgate keys new --out keys` and name the file"
        );
    }
    fs::read_to_string(path).with_context(|| format!("cannot read {setting} = {}", path.display()))
}

fn read_key(path: &Path, setting: &str) -> Result<[u8; 32]> {
    let text = read_text(path, setting)?;
    let key = parse_hex(text.trim())
        .with_context(|| format!("{}: {setting} must hold 64 hex digits", path.display()))?;
    if is_weak(&key) {
        bail!(
            "{}: {setting} is no random key, and anybody could guess it; make one with \
             `floodgate keys new --out keys`",
            path.display()
        );
    }
    match fs::read_to_string(sum_of(path)) {
        Ok(known) if known.trim() != sum(&key) => bail!(
            "{}: {setting} is not the key that was made there: it is damaged, or another one, and \
             nothing signed before would hold. Put back a copy of it; where it is the right one, \
             remove {}",
            path.display(),
            sum_of(path).display()
        ),
        // Keys that came from elsewhere have none.
        _ => Ok(key),
    }
}

/// Where the sum of a key lies that was made here.
fn sum_of(path: &Path) -> PathBuf {
    path.with_added_extension("sum")
}

/// By which a key is known again, and cannot be guessed.
fn sum(key: &[u8; 32]) -> String {
    let digest = Sha256::new().chain_update(b"floodgate key sum").chain_update(key).finalize();
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The fewest different bytes of a key: 32 random ones have 18 or fewer once in 10^8 keys.
const DIFFERENT_BYTES_MIN: usize = 16;

/// Whether a key was typed rather than made: a few bytes again and again, or counted up or down.
fn is_weak(key: &[u8; 32]) -> bool {
    let different: std::collections::BTreeSet<u8> = key.iter().copied().collect();
    let step = key[1].wrapping_sub(key[0]);
    let is_counted = key.windows(2).all(|pair| pair[1].wrapping_sub(pair[0]) == step);
    different.len() < DIFFERENT_BYTES_MIN || is_counted
}

/// Makes a key in a file of its own; gives its line for the staff file.
fn new_staff_key(role: StaffRole, number: u64, path: &Path) -> Result<String> {
    let role = role.code();
    let key = format!("fgk_{role}_{number}_{}", hex(&random()));
    write_secret(path, &key)?;
    let digest: [u8; 32] = Sha256::digest(key.as_bytes()).into();
    Ok(format!("{role} {number} {}\n", hex(&digest)))
}

fn staff_key(line: &str) -> Result<StaffKey> {
    let mut words = line.split_whitespace();
    let mut next = || words.next().context("a line is: role, number, SHA-256 of the key");
    let role = StaffRole::parse(next()?).with_context(|| {
        format!("unknown role; one of {}", StaffRole::ALL.map(StaffRole::code).join(", "))
    })?;
    let id = StaffId(next()?.parse().context("the number of a staff key")?);
    if matches!(id, StaffId::SYSTEM | StaffId::SETTINGS_FILE) {
        bail!("the number {} is reserved for Floodgate itself; give the key another", id.0);
    }
    let digest = parse_hex(next()?).context("the digest must be 64 hex digits")?;
    Ok(StaffKey { id, role, digest })
}

fn write_secret(path: &Path, text: &str) -> Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot make {}", path.display()))?;
    file.write_all(text.as_bytes())?;
    file.sync_all().context("a key could not be stored")
}

fn random() -> [u8; 32] {
    rand::random()
}

/// Lower-case hex digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn parse_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::private::is_open_to_others;

    #[test]
    fn a_damaged_key_is_not_taken_for_another() {
        let folder = tempfile::tempdir().unwrap();
        let files = KeyFiles::in_folder(folder.path());
        files.make(folder.path()).unwrap();
        for path in [&files.root, &files.ticket] {
            let whole = fs::read_to_string(path).unwrap();
            let first = if whole.starts_with('7') { '6' } else { '7' };
            fs::write(path, format!("{first}{}", &whole[1..])).unwrap();
            let error = files.read().unwrap_err().to_string();
            assert!(error.contains("is not the key that was made there"), "{error}");
            fs::remove_file(sum_of(path)).unwrap();
            files.read().unwrap();
        }
    }

    #[test]
    fn made_keys_can_be_read_and_are_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let files = KeyFiles::in_folder(folder.path());
        let made = files.make(folder.path()).unwrap();
        assert_eq!(made.len(), StaffRole::ALL.len());
        let secrets = files.read().unwrap();
        assert_eq!(secrets.staff.iter().map(|key| key.role).collect::<Vec<_>>(), StaffRole::ALL);
        assert!(!is_open_to_others(&files.root));
        let own = KeyFiles::in_folder(&folder.path().join("keys"));
        own.make(&folder.path().join("keys")).unwrap();
        assert!(!is_open_to_others(&folder.path().join("keys")));
        assert!(files.make(folder.path()).unwrap().is_empty());
        assert_eq!(files.read().unwrap().root, secrets.root);
        let text = fs::read_to_string(&made[0].1).unwrap();
        let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        assert_eq!(secrets.staff[0].digest, digest);
    }

    #[test]
    fn one_more_key_has_a_number_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let files = KeyFiles::in_folder(folder.path());
        assert!(files.add(folder.path(), StaffRole::Artist).is_err(), "there is nothing to add to");
        files.make(folder.path()).unwrap();
        let (id, path) = files.add(folder.path(), StaffRole::Artist).unwrap();
        assert_eq!(id, StaffId(5));
        assert!(!is_open_to_others(&path));
        let (other, _) = files.add(folder.path(), StaffRole::Artist).unwrap();
        assert_eq!(other, StaffId(6));
        let staff = files.read().unwrap().staff;
        let added = staff.iter().find(|key| key.id == id).unwrap();
        assert_eq!(added.role, StaffRole::Artist);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(added.digest, <[u8; 32]>::from(Sha256::digest(text.as_bytes())));
    }

    #[test]
    fn bad_files_name_the_fix() {
        let folder = tempfile::tempdir().unwrap();
        let files = KeyFiles::in_folder(folder.path());
        assert!(format!("{:#}", files.read().unwrap_err()).contains("secrets.staff_keys_file"));
        files.make(folder.path()).unwrap();
        let staff = fs::read_to_string(&files.staff).unwrap();
        fs::write(&files.staff, staff.replace("operator 2", "operator 0")).unwrap();
        assert!(format!("{:#}", files.read().unwrap_err()).contains("reserved for Floodgate"));
        fs::write(&files.staff, staff).unwrap();
        // Keys from elsewhere have no sums.
        for path in [&files.root, &files.ticket] {
            fs::remove_file(sum_of(path)).unwrap();
        }
        let ticket = fs::read_to_string(&files.ticket).unwrap();
        let root = fs::read_to_string(&files.root).unwrap();
        fs::write(&files.root, &ticket).unwrap();
        assert!(format!("{:#}", files.read().unwrap_err()).contains("hold the same key"));
        fs::write(&files.root, root).unwrap();
        let counted: Vec<u8> = (0..32).collect();
        let halves = [[7; 16], [9; 16]].concat();
        for weak in [[0; 32].as_slice(), &[255; 32], &counted, &halves, &b"test".repeat(8)] {
            for (path, name) in [(&files.root, "root_key"), (&files.ticket, "ticket_key")] {
                let before = fs::read_to_string(path).unwrap();
                fs::write(path, hex(weak)).unwrap();
                let error = format!("{:#}", files.read().unwrap_err());
                assert!(error.contains(name) && error.contains("guess"), "{error}");
                fs::write(path, before).unwrap();
            }
        }
        fs::write(&files.root, "short").unwrap();
        assert!(format!("{:#}", files.read().unwrap_err()).contains("64 hex digits"));
    }
}
