//! Whoever comes, with a device made for those who have none yet.

use axum::extract::{FromRef, FromRequestParts};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, header};

use floodgate_admission::WaitingRoom;
use floodgate_domain::BuyerId;

use super::cookie::Papers;
use super::fan::Fan;
use crate::admission::Admission;
use crate::problem::ApiError;

/// A visitor whose device is known after this call, if it was not before.
#[derive(Debug)]
pub(crate) struct Newcomer {
    pub(crate) buyer: BuyerId,
    /// What the device is called in a list of devices.
    pub(crate) label: String,
    cookie: Option<HeaderValue>,
}

impl Newcomer {
    /// Gives a new device along with an answer.
    pub(crate) fn greet(self, mut response: Response) -> Response {
        if let Some(cookie) = self.cookie {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }
}

impl<S> FromRequestParts<S> for Newcomer
where
    S: Send + Sync,
    Admission: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let label = label(&parts.headers);
        if let Some(device) = Fan::from_request_parts(parts, state).await?.device {
            return Ok(Newcomer { buyer: device.buyer, label, cookie: None });
        }
        let (device, admission) = (WaitingRoom::fresh_device(), Admission::from_ref(state));
        let papers = Papers::from_request_parts(parts, state).await?;
        let cookie = papers.device_cookie(&device.seal(admission.keys()));
        Ok(Newcomer { buyer: device.buyer, label, cookie })
    }
}

/// From what a browser says of itself: its name and its system, nothing that identifies it.
pub(crate) fn label(headers: &HeaderMap) -> String {
    const BROWSERS: [(&str, &str); 4] =
        [("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")];
    const SYSTEMS: [(&str, &str); 6] = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS", "Mac"),
        ("Linux", "Linux"),
    ];
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let agent = agent.unwrap_or_default();
    let of = |names: &[(&'static str, &'static str)]| {
        names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    match (of(&BROWSERS), of(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "a device".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_called_after_its_browser_and_system() {
        let rows = [
            ("Mozilla/5.0 (Android 14; Mobile; rv:1) Gecko/1 Firefox/140.0", "Firefox on Android"),
            ("Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0 Safari/537.36", "Chrome on Linux"),
            ("Mozilla/5.0 (iPhone; CPU) Version/26 Safari/605", "Safari on iPhone"),
            ("curl/8.5", "a device"),
        ];
        for (agent, name) in rows {
            let agent = HeaderValue::from_static(agent);
            assert_eq!(label(&HeaderMap::from_iter([(header::USER_AGENT, agent)])), name);
        }
    }
}
