//! The group of processors, as a coordinator keeps it: sessions, shares, one owner after the other.
//!
//! A partition moves only once its last owner knows that it lost it, or has been silent for longer
//! than its session. A member that sleeps longer is expelled, and learns of it when it polls.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use floodgate_event_log::{LogError, Membership, Partition, Reassignment};

use super::clock::Clock;

/// How long a member may be silent.
pub(crate) const SESSION_MS: u64 = 1_000;

type MemberId = u64;

#[derive(Debug)]
pub(crate) struct Group {
    partitions: u32,
    next_id: MemberId,
    /// When each was last heard from.
    members: BTreeMap<MemberId, u64>,
    /// Who is to have a partition.
    target: BTreeMap<Partition, MemberId>,
    /// Who has it, as far as it knows.
    held: BTreeMap<Partition, MemberId>,
    /// The next question of any member fails.
    fails: bool,
    pub(crate) thrown_out: u32,
}

impl Group {
    pub(crate) fn new(partitions: u32) -> Arc<Mutex<Self>> {
        Arc::new(Mutex::new(Group {
            partitions,
            next_id: 1,
            members: BTreeMap::new(),
            target: BTreeMap::new(),
            held: BTreeMap::new(),
            fails: false,
            thrown_out: 0,
        }))
    }

    fn join(&mut self, now: u64) -> MemberId {
        let id = self.next_id;
        self.next_id += 1;
        self.members.insert(id, now);
        self.share_out();
        id
    }

    fn leave(&mut self, id: MemberId) {
        if self.members.remove(&id).is_some() {
            self.share_out();
        }
    }

    pub(crate) fn hear(&mut self, id: MemberId, now: u64) {
        if let Some(heard_at) = self.members.get_mut(&id) {
            *heard_at = now;
        }
    }

    /// Throws out who has said nothing for a session.
    pub(crate) fn miss(&mut self, now: u64) {
        let silent = |at: &u64| now > at + SESSION_MS;
        let missed = self.members.values().filter(|at| silent(at)).count();
        if missed > 0 {
            self.thrown_out += missed as u32;
            self.members.retain(|_, at| !silent(at));
            self.share_out();
        }
    }

    /// A partition moves for no reason.
    pub(crate) fn move_one(&mut self, partition: Partition, nth: usize) {
        if let Some(&to) = self.members.keys().nth(nth % self.members.len().max(1)) {
            self.target.insert(partition, to);
        }
    }

    pub(crate) fn fail_once(&mut self) {
        self.fails = true;
    }

    /// Who stays keeps what it has; the rest goes to those with the fewest, one at a time.
    fn share_out(&mut self) {
        let members = &self.members;
        self.target.retain(|_, id| members.contains_key(id));
        self.held.retain(|_, id| members.contains_key(id));
        for partition in 0..self.partitions {
            if !self.target.contains_key(&partition)
                && let Some((_, least)) = self.by_share().first()
            {
                self.target.insert(partition, *least);
            }
        }
        while let (Some(&(few, to)), Some(&(many, from))) =
            (self.by_share().first(), self.by_share().last())
        {
            if many <= few + 1 {
                break;
            }
            let moved = self.target.iter().find(|(_, id)| **id == from).map(|(p, _)| *p);
            if let Some(partition) = moved {
                self.target.insert(partition, to);
            }
        }
    }

    fn by_share(&self) -> Vec<(usize, MemberId)> {
        let count = |id| self.target.values().filter(|to| **to == id).count();
        let mut all: Vec<_> = self.members.keys().map(|&id| (count(id), id)).collect();
        all.sort_unstable();
        all
    }

    /// The share of a member; `None` if it was thrown out. Asking lets go of what it is not to have.
    fn share_of(&mut self, id: MemberId) -> Option<BTreeSet<Partition>> {
        if !self.members.contains_key(&id) {
            return None;
        }
        let target = &self.target;
        self.held.retain(|partition, has| *has != id || target.get(partition) == Some(&id));
        for (&partition, &to) in &self.target {
            if to == id {
                self.held.entry(partition).or_insert(id);
            }
        }
        Some(self.held.iter().filter(|(_, has)| **has == id).map(|(p, _)| *p).collect())
    }
}

/// A processor's place in the group. Dropping it says nothing to anybody, as `kill -9` does.
#[derive(Debug)]
pub(crate) struct SimMember {
    group: Arc<Mutex<Group>>,
    clock: Clock,
    /// Shared with the process, which is heard while it is awake.
    id: Arc<Mutex<Option<MemberId>>>,
    share: BTreeSet<Partition>,
}

impl SimMember {
    pub(crate) fn new(group: &Arc<Mutex<Group>>, clock: &Clock) -> Self {
        let (group, clock) = (Arc::clone(group), clock.clone());
        SimMember { group, clock, id: Arc::default(), share: BTreeSet::new() }
    }

    pub(crate) fn id(&self) -> Arc<Mutex<Option<MemberId>>> {
        Arc::clone(&self.id)
    }
}

impl Membership for SimMember {
    fn join(&mut self) -> Result<(), LogError> {
        let mut id = self.id.lock().unwrap();
        assert!(id.is_none(), "it joins once");
        *id = Some(self.group.lock().unwrap().join(self.clock.now()));
        Ok(())
    }

    fn poll(&mut self, _wait: Duration) -> Result<Reassignment, LogError> {
        let mut group = self.group.lock().unwrap();
        let mut id = self.id.lock().unwrap();
        if std::mem::take(&mut group.fails) {
            return Err(LogError::Backend("the coordinator does not answer".to_owned()));
        }
        let share = id.and_then(|id| group.share_of(id)).unwrap_or_else(|| {
            // Thrown out: all is lost, and it joins again.
            *id = Some(group.join(self.clock.now()));
            BTreeSet::new()
        });
        let change = Reassignment {
            gained: share.difference(&self.share).copied().collect(),
            lost: self.share.difference(&share).copied().collect(),
        };
        self.share = share;
        Ok(change)
    }

    fn leave(&mut self) {
        if let Some(id) = self.id.lock().unwrap().take() {
            self.group.lock().unwrap().leave(id);
        }
    }

    fn has_others(&mut self) -> bool {
        let own = self.id.lock().unwrap().is_some();
        self.group.lock().unwrap().members.len() > usize::from(own)
    }

    fn group_version(&self) -> Option<u32> {
        Some(floodgate_engine::EngineLimits::default().version_max)
    }
}
