//! The index in OpenSearch, or what speaks like it: one index behind an alias, with strict fields.
//!
//! A document has the position of its fact as its version, so whatever is older is answered with a
//! conflict, which is as good as done. Nothing is ever made by writing to it: an index that
//! somebody deleted is noticed, not made anew with fields that the server guesses.

mod api;
mod ask;
mod fields;

use serde_json::{Value, json};

use self::api::Api;
use crate::document::Document;
use crate::index::{Reached, SearchError, SearchIndex, Unfit};
use crate::query::{EventHits, EventQuery, SeatFindings, SeatQuery};

/// Where an index is.
#[derive(Debug, Clone)]
pub struct OpenSearchOptions {
    /// `https://host:9200`.
    pub url: String,
    /// None where it is empty.
    pub user: String,
    pub password: String,
    /// Name of the alias; the index behind it has the number of its form at its end.
    pub name: String,
}

/// An index in OpenSearch.
#[derive(Debug)]
pub struct OpenSearch {
    api: Api,
    name: String,
}

/// What its fields are. Another number is another index, which is written from the first fact.
const FORM: u32 = 1;

impl OpenSearch {
    /// Connects to nothing yet. `Err` says what of the options can never be right.
    pub fn new(options: &OpenSearchOptions) -> Result<Self, String> {
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let begins = options.name.starts_with(|c: char| c.is_ascii_lowercase());
        if !begins || options.name.len() > 64 || !options.name.chars().all(is_name) {
            return Err("an index is named with a to z, digits and hyphens".to_owned());
        }
        let name = options.name.clone();
        Ok(OpenSearch { api: Api::new(options)?, name })
    }

    fn index(&self) -> String {
        format!("{}-{FORM}", self.name)
    }

    fn search(&self, body: &Value) -> Result<Value, SearchError> {
        self.api.ask(&format!("/{}/_search", self.name), body)
    }
}

impl SearchIndex for OpenSearch {
    fn open(&self) -> Result<(), SearchError> {
        if self.api.exists(&format!("/{}/_alias/{}", self.index(), self.name))? {
            // One that an older build made lacks the fields that came since; what is there stays.
            let path = format!("/{}/_mapping", self.index());
            return self.api.make(&path, &fields::form()["mappings"]);
        }
        let mut form = fields::form();
        form["aliases"] = json!({ (self.name.as_str()): {} });
        self.api.make(&format!("/{}", self.index()), &form)?;
        // One that was there already may lack its alias.
        let alias =
            json!({ "actions": [{ "add": { "index": self.index(), "alias": self.name } }] });
        self.api.ask("/_aliases", &alias).map(|_| ())
    }

    fn next(&self, partition: u32) -> Result<u64, SearchError> {
        let path = format!("/{}/_doc/position-{partition}", self.name);
        let found = self.api.read(&path)?;
        Ok(found["_source"]["next"].as_u64().unwrap_or(0))
    }

    fn put(&self, documents: &[Document], reached: Reached) -> Result<Vec<Unfit>, SearchError> {
        let mut lines = String::new();
        let mut push = |id: &str, version: u64, kind: &str, source: Value| {
            let how = json!({ "_id": id, "version": version, "version_type": kind });
            let how = json!({ "index": how });
            lines.push_str(&format!("{how}\n{source}\n"));
        };
        for document in documents {
            let (id, source) = (fields::id(document.key()), fields::source(document));
            push(&id, document.version(), "external", source);
        }
        let Reached { partition, next, at } = reached;
        // Behind the documents: where it is known, they are.
        let position = json!({ "kind": "position", "next": next, "at": at.0 });
        push(&format!("position-{partition}"), next, "external_gte", position);
        let path = format!("/{}/_bulk?require_alias=true", self.name);
        let answer = self.api.bulk(&path, lines)?;
        if answer["errors"] == json!(false) {
            return Ok(Vec::new());
        }
        let items = answer["items"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut unfit = Vec::new();
        for (at, item) in items.iter().enumerate() {
            let (item, error) = (&item["index"], &item["index"]["error"]);
            let reason = format!("{}: {}", error["type"], error["reason"]);
            match (item["status"].as_u64().unwrap_or(500), documents.get(at)) {
                // A newer one is there.
                (200..=299 | 409, _) => {}
                (404, _) => return Err(SearchError::Missing),
                (400, Some(document)) => {
                    unfit.push(Unfit { key: document.key(), version: document.version(), reason });
                }
                _ => return Err(SearchError::Unavailable(reason)),
            }
        }
        Ok(unfit)
    }

    fn rewind(&self, partition: u32) -> Result<(), SearchError> {
        self.api.remove(&format!("/{}/_doc/position-{partition}", self.name))
    }

    fn remove(&self) -> Result<(), SearchError> {
        self.api.remove(&format!("/{}?ignore_unavailable=true", self.index()))
    }

    fn refresh(&self) -> Result<(), SearchError> {
        self.api.ask(&format!("/{}/_refresh", self.name), &Value::Null).map(|_| ())
    }

    fn about(&self) -> Result<String, SearchError> {
        let about = self.api.read("/")?;
        let text = |value: &Value| value.as_str().unwrap_or("of no version").to_owned();
        let version = &about["version"];
        let is_fork = version["distribution"] == json!("opensearch");
        let whose = if is_fork { "OpenSearch" } else { "Elasticsearch" };
        Ok(format!("{whose} {}", text(&version["number"])))
    }

    fn events(&self, query: &EventQuery) -> Result<EventHits, SearchError> {
        let newest = self.search(&ask::newest_position())?;
        let newest = &newest["hits"]["hits"][0]["_source"]["at"];
        // One that was just made says nothing yet, rather than that there is nothing.
        if newest.is_null() {
            return Err(SearchError::Unavailable("the index is being written".to_owned()));
        }
        let answer = self.search(&ask::events(query))?;
        Ok(ask::event_hits(&answer, newest))
    }

    fn seats(&self, query: &SeatQuery) -> Result<Option<SeatFindings>, SearchError> {
        // First, so that its runs are as of that fact or a later one.
        let event = self.search(&ask::event(query.event_id))?;
        let event = &event["hits"]["hits"][0]["_source"];
        if event.is_null() {
            return Ok(None);
        }
        let groups = ask::seats(query, |body| self.search(body))?;
        Ok(Some(SeatFindings {
            groups,
            version: event["version"].as_u64().unwrap_or(0),
            at: floodgate_domain::LogTime(event["at"].as_u64().unwrap_or(0)),
        }))
    }
}
