//! Who may read the numbers of an event: a manager or operator, or whoever has a link to them.

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;

use super::path::event_id;
use super::staff::{Manager, Operator, Staff};
use crate::caching::Credential;
use crate::people::PeopleDesk;
use crate::problem::{ApiError, Code};
use crate::share_links::ShareLinks;
use crate::staff::StaffKeys;
use crate::staff::sessions::StaffSessions;
use crate::time;

/// The header of a link's text: in an address it would be in every log on the way.
const SHARE: &str = "floodgate-share";

/// Somebody who may read numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NumbersReader {
    Staff,
    /// By a link, of this event alone.
    ByLink,
}

impl<S> FromRequestParts<S> for NumbersReader
where
    S: Send + Sync,
    StaffKeys: FromRef<S>,
    StaffSessions: FromRef<S>,
    ShareLinks: FromRef<S>,
    PeopleDesk: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Some(text) = parts.headers.get(SHARE).cloned() else {
            let staff = Staff::<(Manager, Operator)>::from_request_parts(parts, state).await?;
            let _ = staff.role;
            return Ok(NumbersReader::Staff);
        };
        Credential::used(parts);
        let event_id = event_id(parts, state).await?;
        let (links, people) = (ShareLinks::from_ref(state), PeopleDesk::from_ref(state));
        let text = text.to_str().unwrap_or_default();
        if links.admits(&people, text, event_id, time::now()).await? {
            return Ok(NumbersReader::ByLink);
        }
        Err(ApiError::new(Code::KeyRequired).field(SHARE, "this link has ended or was withdrawn"))
    }
}
