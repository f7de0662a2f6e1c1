//! The providers of identities that the settings name, with their secrets read.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, Result, bail};

use floodgate_config::Settings;
use floodgate_gateway::{FanSignIn, SignInParts, StaffRole, StaffSignIn};
use floodgate_sign_in::{IdentityProvider, IdentitySettings};

/// Where people find the pages: what the settings say, or this machine where only it is served.
/// There by name, since browsers make no passkeys for bare numbers.
fn public_url(settings: &Settings, address: SocketAddr) -> String {
    let named = &settings.payments.public_url;
    if named.is_empty() { format!("http://localhost:{}", address.port()) } else { named.clone() }
}

/// How people sign in here.
pub(crate) fn parts(settings: &Settings, address: SocketAddr) -> Result<SignInParts> {
    let (staff, fans) = (&settings.sign_in.staff, &settings.sign_in.fans);
    let has_provider = !staff.issuer.is_empty() || !fans.issuer.is_empty();
    if has_provider && settings.payments.public_url.is_empty() && !address.ip().is_loopback() {
        bail!(
            "payments.public_url is not set: a provider sends people back there; name the address \
             at which people find the pages, such as https://tickets.example.org"
        );
    }
    let provider =
        |issuer: &str, client_id: &str, secret: &Path, scopes: &str, authority: &Path| {
            let settings = IdentitySettings {
                issuer: issuer.to_owned(),
                client_id: client_id.to_owned(),
                client_secret: secret_in(secret)?,
                scopes: scopes.to_owned(),
                authority_file: Some(authority.to_owned())
                    .filter(|path| !path.as_os_str().is_empty()),
            };
            IdentityProvider::new(settings).context("sign_in")
        };
    let name = |name: &str, issuer: &str| match name {
        "" => issuer.split_once("://").map_or(issuer, |(_, host)| host).to_owned(),
        given => given.to_owned(),
    };
    let mut parts =
        SignInParts { public_url: public_url(settings, address), staff: None, fans: None };
    if !staff.issuer.is_empty() {
        let roles = StaffRole::ALL.map(|role| {
            let value = match role {
                StaffRole::Manager => &staff.manager,
                StaffRole::Operator => &staff.operator,
                StaffRole::Artist => &staff.artist,
                StaffRole::Advertiser => &staff.advertiser,
            };
            (role, value.clone())
        });
        let (secret, authority) = (&staff.client_secret_file, &staff.authority_file);
        parts.staff = Some(StaffSignIn {
            provider: provider(&staff.issuer, &staff.client_id, secret, &staff.scopes, authority)?,
            name: name(&staff.name, &staff.issuer),
            claim: staff.claim.clone(),
            roles: roles.into_iter().filter(|(_, value)| !value.is_empty()).collect(),
        });
    }
    if !fans.issuer.is_empty() {
        let (secret, authority) = (&fans.client_secret_file, &fans.authority_file);
        parts.fans = Some(FanSignIn {
            provider: provider(&fans.issuer, &fans.client_id, secret, &fans.scopes, authority)?,
            name: name(&fans.name, &fans.issuer),
        });
    }
    Ok(parts)
}

fn secret_in(path: &Path) -> Result<String> {
    if path.as_os_str().is_empty() {
        return Ok(String::new());
    }
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read a client_secret_file, {}", path.display()))?;
    Ok(text.trim().to_owned())
}
