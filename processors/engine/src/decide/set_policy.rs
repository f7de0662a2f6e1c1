//! SetPolicy: the rules of a sale from now on.

use floodgate_domain::fact::{Fact, SetBy};
use floodgate_domain::policy::Policy;
use floodgate_domain::refusal::Refusal;

use super::Context;
use super::rules::terms::policy_can_be;
use crate::outcomes::Outcome;

pub(super) fn set_policy(
    context: Context,
    policy: &Policy,
    facts: &mut Vec<Fact>,
) -> Result<Outcome, Refusal> {
    context.staff()?;
    policy_can_be(context, policy)?;
    facts.push(Fact::PolicySet(SetBy { value: Box::new(*policy), by: context.setter() }));
    Ok(Outcome::Done)
}
