//! The role that writes to people.

use anyhow::{Result, bail};

use floodgate_transport::Stage;

use super::{Parts, Role};
use crate::channels::options;

pub(super) fn start(parts: &Parts<'_>) -> Result<()> {
    let Some((store, codes)) = parts.people.clone().zip(parts.codes.clone()) else {
        if parts.roles == [Role::Channels] {
            bail!("people.postgres is not set: there is nobody to write to; name a database");
        }
        return Ok(());
    };
    let options = options(parts.settings, parts.address, codes)?;
    for service in floodgate_channels::spawn(parts.log.shared(), store, &options)? {
        // Buyers do not wait for messages: an unreachable mail server must not close the shop.
        if parts.roles.contains(&Role::Gateway) {
            parts.services.add_beside(Stage::Work, service);
        } else {
            parts.services.add(Stage::Work, service);
        }
    }
    Ok(())
}
