//! Settings of signing in by a provider of identities.

use std::path::PathBuf;

use serde::Deserialize;

use crate::InvalidSetting;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignInSettings {
    pub staff: StaffProvider,
    pub fans: FanProvider,
}

/// The provider of those who work here; an empty issuer is none.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaffProvider {
    pub issuer: String,
    pub name: String,
    pub client_id: String,
    pub client_secret_file: PathBuf,
    pub authority_file: PathBuf,
    pub scopes: String,
    pub claim: String,
    pub manager: String,
    pub operator: String,
    pub artist: String,
    pub advertiser: String,
}

/// The provider of fans; an empty issuer is none.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FanProvider {
    pub issuer: String,
    pub name: String,
    pub client_id: String,
    pub client_secret_file: PathBuf,
    pub authority_file: PathBuf,
    pub scopes: String,
}

fn is_issuer(url: &str) -> bool {
    let is_local =
        ["http://127.0.0.1:", "http://localhost:"].iter().any(|start| url.starts_with(start));
    url.is_empty() || url.starts_with("https://") || is_local
}

fn asks_for_openid(scopes: &str) -> bool {
    scopes.split(' ').any(|scope| scope == "openid")
}

impl SignInSettings {
    pub(crate) fn violations(&self) -> Vec<InvalidSetting> {
        let SignInSettings { staff, fans } = self;
        let issuer = "an https address as the provider names itself, or nothing";
        let client = "the name under which the provider knows this installation";
        let scopes = "openid and what else is asked for, with spaces between";
        let roles = [&staff.manager, &staff.operator, &staff.artist, &staff.advertiser];
        let gives_a_role = roles.iter().any(|value| !value.is_empty());
        let rows = [
            (is_issuer(&staff.issuer), "sign_in.staff.issuer", &staff.issuer, issuer),
            (is_issuer(&fans.issuer), "sign_in.fans.issuer", &fans.issuer, issuer),
            (
                staff.issuer.is_empty() || !staff.client_id.is_empty(),
                "sign_in.staff.client_id",
                &staff.client_id,
                client,
            ),
            (
                fans.issuer.is_empty() || !fans.client_id.is_empty(),
                "sign_in.fans.client_id",
                &fans.client_id,
                client,
            ),
            (asks_for_openid(&staff.scopes), "sign_in.staff.scopes", &staff.scopes, scopes),
            (asks_for_openid(&fans.scopes), "sign_in.fans.scopes", &fans.scopes, scopes),
            (
                staff.issuer.is_empty() || gives_a_role,
                "sign_in.staff.manager",
                &staff.manager,
                "a value of the claim; with none for any role nobody could do anything",
            ),
        ];
        let broken = rows.into_iter().filter(|row| !row.0);
        broken.map(|(_, key, value, fix)| (key, value.clone(), fix)).collect()
    }
}
