//! EngineVersion: from here on other rules apply.

use floodgate_domain::fact::Fact;
use floodgate_domain::refusal::Refusal;

use super::Context;
use crate::version::InForce;

/// Decides for the whole partition. The same version again is lawful and changes nothing: two owners
/// may write it at once. What was decided under newer rules cannot go on under older ones.
pub(crate) fn engine_version(
    in_force: InForce,
    context: Context,
    version: u32,
) -> Result<Option<Fact>, Refusal> {
    context.system()?;
    if version < in_force.version {
        return Err(Refusal::VersionGoesBack);
    }
    let is_new = in_force.is_outdated_by(version);
    Ok(is_new.then_some(Fact::EngineVersionSet { version }))
}
