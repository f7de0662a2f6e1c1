//! The store: opened once, used by transactions.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use crate::PeopleError;
use crate::database::{Access, StoreConnection, StoredRow, StoredValue};
use crate::links::Link;
use crate::postgres::PostgresConnection;
use crate::seal::MasterKey;
use crate::sqlite::SqliteConnection;

/// Connections at once: SQLite writes one transaction at a time, PostgreSQL has a hundred for all.
const CONNECTIONS_MAX: usize = 4;

/// Where the store is.
#[derive(Clone)]
pub enum PeopleLocation {
    /// A file, for one process.
    File(PathBuf),
    /// A PostgreSQL server, as `host=… user=…` or a URL; it may hold a password.
    Postgres(String),
}

impl PeopleLocation {
    /// Whether a store can be there: a server that answers, a file that is one or not there yet.
    /// Makes and changes nothing. Blocks.
    pub fn answers(&self) -> Result<(), PeopleError> {
        match self {
            PeopleLocation::File(path) if !path.exists() => Ok(()),
            PeopleLocation::File(path) => crate::sqlite::answers(path),
            PeopleLocation::Postgres(config) => crate::postgres::answers(config),
        }
    }
}

impl fmt::Debug for PeopleLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PeopleLocation::File(path) => write!(f, "File({})", path.display()),
            PeopleLocation::Postgres(_) => f.write_str("Postgres"),
        }
    }
}

/// Who can be reached and how; cheap to clone. Blocks: not for async tasks.
#[derive(Clone)]
pub struct People(Arc<Inner>);

struct Inner {
    place: PeopleLocation,
    master: MasterKey,
    connections: Mutex<Connections>,
    returned: Condvar,
}

#[derive(Default)]
struct Connections {
    idle: Vec<Box<dyn StoreConnection>>,
    open: usize,
}

impl fmt::Debug for People {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "People({:?})", self.0.place)
    }
}

/// A transaction on the store: everything it does, or nothing.
pub struct Work<'a> {
    pub(crate) connection: &'a mut dyn StoreConnection,
    pub(crate) master: &'a MasterKey,
}

impl fmt::Debug for Work<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Work")
    }
}

impl People {
    /// Names the store; it is opened, and made where it is missing, by its first use. `root` is
    /// the root key of the installation.
    #[must_use]
    pub fn new(place: PeopleLocation, root: &[u8; 32]) -> Self {
        People(Arc::new(Inner {
            place,
            master: MasterKey::new(root),
            connections: Mutex::default(),
            returned: Condvar::new(),
        }))
    }

    /// Does `work` in one transaction; an error undoes it.
    pub fn with<T>(
        &self,
        work: impl FnOnce(&mut Work<'_>) -> Result<T, PeopleError>,
    ) -> Result<T, PeopleError> {
        self.transaction(Access::Write, work)
    }

    /// Looks at the store as of one moment, without waiting for those who write; what writes fails.
    pub fn look<T>(
        &self,
        work: impl FnOnce(&mut Work<'_>) -> Result<T, PeopleError>,
    ) -> Result<T, PeopleError> {
        self.transaction(Access::Read, work)
    }

    fn transaction<T>(
        &self,
        access: Access,
        work: impl FnOnce(&mut Work<'_>) -> Result<T, PeopleError>,
    ) -> Result<T, PeopleError> {
        let mut lease = self.lease()?;
        let connection = lease.connection.as_mut().expect("a lease has one until it ends");
        connection.begin(access)?;
        let done = work(&mut Work { connection: connection.as_mut(), master: &self.0.master });
        match done {
            Ok(value) => connection.commit().map(|()| value),
            Err(error) => {
                connection.rollback();
                Err(error)
            }
        }
    }

    /// Whether no other process can have it open: a file is one process's own.
    #[must_use]
    pub fn is_of_one_process(&self) -> bool {
        matches!(self.0.place, PeopleLocation::File(_))
    }

    /// Overwrites on disk what has been deleted.
    pub fn purge(&self) -> Result<(), PeopleError> {
        let mut lease = self.lease()?;
        lease.connection.as_mut().expect("a lease has one until it ends").purge()
    }

    /// The text of a link, to be put behind the address of a page.
    #[must_use]
    pub fn token(&self, link: Link) -> String {
        link.token(&self.0.master)
    }

    /// What a token stands for; `None` of one that was not made here.
    #[must_use]
    pub fn link(&self, token: &str) -> Option<Link> {
        Link::read(token, &self.0.master)
    }

    fn lease(&self) -> Result<Lease<'_>, PeopleError> {
        let inner = &*self.0;
        let mut connections = inner.connections.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(connection) = connections.idle.pop() {
                return Ok(Lease { inner, connection: Some(connection) });
            }
            if connections.open < CONNECTIONS_MAX {
                break;
            }
            connections = inner.returned.wait(connections).unwrap_or_else(PoisonError::into_inner);
        }
        connections.open += 1;
        drop(connections);
        let mut lease = Lease { inner, connection: None };
        lease.connection = Some(match &inner.place {
            PeopleLocation::File(path) => {
                Box::new(SqliteConnection::open(path)?) as Box<dyn StoreConnection>
            }
            PeopleLocation::Postgres(config) => Box::new(PostgresConnection::open(config)?),
        });
        Ok(lease)
    }
}

/// A connection on loan; back when it ends, unless it is of no more use.
struct Lease<'a> {
    inner: &'a Inner,
    connection: Option<Box<dyn StoreConnection>>,
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let connections = &self.inner.connections;
        let mut connections = connections.lock().unwrap_or_else(PoisonError::into_inner);
        match self.connection.take().filter(|connection| connection.is_usable()) {
            Some(connection) if !std::thread::panicking() => connections.idle.push(connection),
            _ => connections.open -= 1,
        }
        drop(connections);
        self.inner.returned.notify_one();
    }
}

impl Work<'_> {
    pub(crate) fn run(&mut self, sql: &str, values: &[StoredValue]) -> Result<u64, PeopleError> {
        self.connection.run(sql, values)
    }

    pub(crate) fn rows(
        &mut self,
        sql: &str,
        values: &[StoredValue],
    ) -> Result<Vec<StoredRow>, PeopleError> {
        self.connection.rows(sql, values)
    }

    /// The first row of an answer, if it has any.
    pub(crate) fn row(
        &mut self,
        sql: &str,
        values: &[StoredValue],
    ) -> Result<Option<StoredRow>, PeopleError> {
        Ok(self.rows(sql, values)?.into_iter().next())
    }
}
