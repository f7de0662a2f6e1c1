//! Several services under one name.

use std::sync::Arc;

use crate::health::Health;
use crate::service::{Service, ServiceError};

/// Services that are one to those outside, such as the followers of all partitions. As healthy as
/// the worst of them.
#[derive(Debug)]
pub struct Group {
    name: String,
    members: Vec<Arc<dyn Service>>,
}

impl Group {
    #[must_use]
    pub fn new(name: impl Into<String>, members: Vec<Arc<dyn Service>>) -> Self {
        Group { name: name.into(), members }
    }
}

impl Service for Group {
    fn name(&self) -> &str {
        &self.name
    }

    fn health(&self) -> Health {
        let members = self.members.iter();
        Health::of_all(members.map(|member| (member.name(), member.health())))
    }

    fn stop(&self) {
        self.members.iter().for_each(|member| member.stop());
    }

    fn join(&self) -> Result<(), ServiceError> {
        let ended: Vec<_> = self.members.iter().map(|member| member.join()).collect();
        ended.into_iter().collect()
    }
}
