//! The page of one event: the same for everybody, with what a link to it shows elsewhere (Open
//! Graph) and the way to the line for browsers without script.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::HeaderMap;
use utoipa_axum::router::OpenApiRouter;

use floodgate_domain::details::PICTURE_WIDTHS;
use floodgate_domain::{EventDetails, EventId};

use super::markup::escaped;
use super::{Routes, pages};
use crate::caching::Public;
use crate::extract::Segments;
use crate::kept::KeptAnswer;
use crate::pictures::looks::Accents;
use crate::sign_in::SignIns;
use crate::views::{EventView, Views};

/// Pages kept: about as many events as are looked at in the same days. Each is some kilobytes.
const KEPT_MAX: usize = 1_000;
/// What a link shows of a description: more is cut off there anyway.
const DESCRIPTION_CHARS_MAX: usize = 200;

/// Made once for each revision of what an event says of itself.
type Kept = HashMap<EventId, (u32, Arc<KeptAnswer>)>;
static KEPT: LazyLock<RwLock<Kept>> = LazyLock::new(RwLock::default);

/// For people: it is not in the document.
pub(super) fn routes() -> Routes {
    OpenApiRouter::new().route("/events/{event_id}", get(event_page))
}

/// An event that nobody knows gets the page as it is, which says so.
async fn event_page(
    State(views): State<Arc<Views>>,
    State(sign_ins): State<SignIns>,
    Segments(name): Segments<String>,
    headers: HeaderMap,
) -> Response {
    let entry = name.parse().ok().and_then(|event_id| views.get(event_id));
    let Some(entry) = entry else { return pages::page("event.html", &headers) };
    let (event_id, revision) = {
        let view = entry.read();
        (view.id, view.details_revision)
    };
    let kept = KEPT.read().unwrap_or_else(PoisonError::into_inner).get(&event_id).cloned();
    let page = match kept {
        Some((of, page)) if of == revision => page,
        _ => {
            let made = made(&entry.read(), &sign_ins.parts().public_url);
            let Some(made) = made else { return pages::page("event.html", &headers) };
            keep(event_id, revision, made)
        }
    };
    Public::revalidated(page.answer(&headers)).into_response()
}

fn keep(event_id: EventId, revision: u32, page: KeptAnswer) -> Arc<KeptAnswer> {
    let page = Arc::new(page);
    let mut kept = KEPT.write().unwrap_or_else(PoisonError::into_inner);
    // Seldom, and each is made anew in less than a millisecond.
    if kept.len() >= KEPT_MAX {
        kept.clear();
    }
    kept.insert(event_id, (revision, Arc::clone(&page)));
    page
}

fn made(view: &EventView, public_url: &str) -> Option<KeptAnswer> {
    let text = pages::text("event.html")?;
    let name = escaped(&view.details.name);
    let title = format!("<title>{name}</title>\n{}", graph(view, public_url));
    let line = format!("href=\"/events/{}/line\"", view.id);
    let text = text.replacen("<title>Tickets</title>", &title, 1);
    let text = text.replacen("href=\"/#line\"", &line, 1);
    // Last, so that what can be read and pressed does not wait for its colours.
    let sheet = sheet_of(&view.details);
    let text = text.replacen("</body>", &format!("{sheet}</body>"), 1);
    Some(KeptAnswer::new("text/html; charset=utf-8", text.into_bytes()))
}

/// The organiser's colours, where an event has some.
pub(super) fn sheet_of(details: &EventDetails) -> String {
    let path = Accents::of(&details.look).map(Accents::path);
    let link = |path| format!("<link rel=\"stylesheet\" href=\"{path}\">\n");
    path.map(link).unwrap_or_default()
}

/// What others show of a link. A picture needs a whole address, so there is none where nobody has
/// said what ours is.
fn graph(view: &EventView, public_url: &str) -> String {
    let details = &view.details;
    let cut: String = details.description.chars().take(DESCRIPTION_CHARS_MAX).collect();
    let about = [details.artist.as_str(), &details.venue_name, &cut];
    let about: Vec<_> = about.into_iter().filter(|text| !text.is_empty()).collect();
    let mut rows = vec![
        ("og:type", "website".to_owned()),
        ("og:title", details.name.clone()),
        ("og:description", about.join(" · ")),
    ];
    if public_url.starts_with("http") {
        rows.push(("og:url", format!("{public_url}/events/{}", view.id)));
        if let Some(picture) = &details.picture {
            let path = picture.path_in(PICTURE_WIDTHS[1]);
            rows.push(("og:image", format!("{public_url}{path}")));
            rows.push(("og:image:alt", picture.alternative.clone()));
        }
    }
    let rows = rows.iter().filter(|(_, content)| !content.is_empty());
    let rows = rows.map(|(name, content)| {
        format!("<meta property=\"{name}\" content=\"{}\">\n", escaped(content))
    });
    rows.collect()
}
