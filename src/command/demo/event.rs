//! The event of the demonstration, which people could plan for: a date, a place, a picture.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use floodgate_domain::Plan;
use serde_json::{Value, json};

use crate::command::exit::Failure;
use crate::command::staff::Caller;

pub(super) const NAME: &str = "An Evening at the Riverside Bowl";
const PICTURE: &[u8] = include_bytes!("picture.jpg");
const ALTERNATIVE: &str = "A%20stadium%20at%20dusk%20under%20floodlights";
/// How far ahead it is: time enough to look around.
const DAYS_AHEAD: u64 = 60;
const DAY_S: u64 = 24 * 3600;

/// Adds what people plan for. A plan that somebody brought keeps the name of its venue.
pub(super) fn evening(mut body: Value, plan: &Plan) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let midnight = (now / DAY_S + DAYS_AHEAD) * DAY_S;
    let at = |hour: f64| {
        let since = Duration::from_secs(midnight) + Duration::from_secs_f64(hour * 3600.0);
        humantime::format_rfc3339_seconds(UNIX_EPOCH + since).to_string()
    };
    let is_ours = plan.name.starts_with("Demonstration");
    let venue = if is_ours { "Riverside Bowl" } else { plan.name.as_str() };
    for (field, value) in [
        ("artist", json!("The Examples")),
        ("venue_name", json!(venue)),
        ("venue_address", json!("1 Riverside Walk")),
        ("time_zone", json!("Europe/Berlin")),
        ("doors_at", json!(at(16.5))),
        ("starts_at", json!(at(18.0))),
        ("ends_at", json!(at(20.5))),
    ] {
        body[field] = value;
    }
    body
}

/// Gives it a picture, as a manager would.
pub(super) async fn add_picture(caller: &Caller, event_id: &str) -> Result<(), Failure> {
    let path = format!("/v1/events/{event_id}/picture?alternative={ALTERNATIVE}");
    caller.put_file(&path, "image/jpeg", PICTURE).await.map(drop)
}
