//! Staff by what their key may do: `Staff<Manager>`, or `Staff<(Manager, Operator)>` where either
//! will do.

use std::marker::PhantomData;

use axum::extract::{FromRef, FromRequestParts, OptionalFromRequestParts};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;

use floodgate_domain::{Actor, StaffId};

use crate::caching::Credential;
use crate::problem::{ApiError, Code};
use crate::staff::session;
use crate::staff::sessions::StaffSessions;
use crate::staff::{KeyHolder, StaffKeys, StaffRole};
use crate::time;

/// The key a request shows; the scheme's name is not case-sensitive (RFC 9110, section 11.1).
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, key) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

/// Whose session a browser shows, if it has one.
fn by_session<S>(parts: &Parts, state: &S, keys: &StaffKeys) -> Option<KeyHolder>
where
    StaffSessions: FromRef<S>,
{
    let sessions = StaffSessions::from_ref(state);
    let token = sessions.admit(&parts.headers, keys, time::now())?;
    Some(KeyHolder { id: token.staff, role: token.role, further: 0 })
}

/// Roles a call is open to.
pub(crate) trait Roles: Send + Sync + 'static {
    fn admit(role: StaffRole) -> bool;
}

/// Names a role as a type.
macro_rules! roles {
    ($($name:ident)*) => {
        $(
            #[derive(Debug)]
            pub(crate) enum $name {}
            impl Roles for $name {
                fn admit(role: StaffRole) -> bool {
                    role == StaffRole::$name
                }
            }
        )*
    };
}
roles! { Manager Operator Artist Advertiser }

impl<A: Roles, B: Roles> Roles for (A, B) {
    fn admit(role: StaffRole) -> bool {
        A::admit(role) || B::admit(role)
    }
}

impl<A: Roles, B: Roles, C: Roles> Roles for (A, B, C) {
    fn admit(role: StaffRole) -> bool {
        <(A, B)>::admit(role) || C::admit(role)
    }
}

impl<A: Roles, B: Roles, C: Roles, D: Roles> Roles for (A, B, C, D) {
    fn admit(role: StaffRole) -> bool {
        <(A, B)>::admit(role) || <(C, D)>::admit(role)
    }
}

/// Somebody whose key has one of the roles `R`.
#[derive(Debug)]
pub(crate) struct Staff<R> {
    pub(crate) id: StaffId,
    pub(crate) role: StaffRole,
    /// Which of an advertiser's further keys was shown; 0 for a key of staff, or a session.
    pub(crate) further: u64,
    roles: PhantomData<fn() -> R>,
}

impl<R> Staff<R> {
    pub(crate) fn actor(&self) -> Actor {
        Actor::Staff(self.id)
    }
}

impl<S, R> FromRequestParts<S> for Staff<R>
where
    S: Send + Sync,
    R: Roles,
    StaffKeys: FromRef<S>,
    StaffSessions: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        Credential::used(parts);
        let keys = StaffKeys::from_ref(state);
        let found = match bearer(&parts.headers) {
            Some(text) => keys.find(text).ok_or_else(|| {
                ApiError::new(Code::KeyRequired).field("authorization", "unknown key")
            }),
            None => by_session(parts, state, &keys).ok_or_else(|| ApiError::new(Code::KeyRequired)),
        };
        let KeyHolder { id, role, further } = found?;
        if !R::admit(role) {
            return Err(ApiError::new(Code::WrongRole));
        }
        Ok(Staff { id, role, further, roles: PhantomData })
    }
}

/// Nobody where there is no key; one that is wrong is refused all the same.
impl<S, R> OptionalFromRequestParts<S> for Staff<R>
where
    S: Send + Sync,
    R: Roles,
    StaffKeys: FromRef<S>,
    StaffSessions: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, ApiError> {
        let has_session = session::shown(&parts.headers).is_some();
        if bearer(&parts.headers).is_none() && !has_session {
            return Ok(None);
        }
        <Self as FromRequestParts<S>>::from_request_parts(parts, state).await.map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_admits_itself_alone_and_several_admit_each() {
        type Everybody = (Manager, Operator, Artist, Advertiser);
        for role in StaffRole::ALL {
            assert_eq!(Manager::admit(role), role == StaffRole::Manager);
            assert_eq!(Artist::admit(role), role == StaffRole::Artist);
            assert_eq!(Advertiser::admit(role), role == StaffRole::Advertiser);
            let runs_the_sale = role == StaffRole::Manager || role == StaffRole::Operator;
            assert_eq!(<(Manager, Operator)>::admit(role), runs_the_sale);
            assert!(Everybody::admit(role));
        }
    }
}
