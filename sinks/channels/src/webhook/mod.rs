//! Webhooks for other programs (Standard Webhooks 1.0.0): a signed POST, the same `webhook-id` in
//! every try. 2yz is taken, 410 ends it, a redirect is a failure.

mod attempt;
mod feed;
mod products;
mod schedule;
mod sender;
mod service;
mod signature;

pub use schedule::{WEBHOOK_TRIES_MAX, webhook_pause};
pub use signature::WebhookSecret;

use ureq::Agent;

pub(crate) use self::service::WebhookService;

use self::attempt::{WebhookCall, attempt};
use self::signature::SECRETS_MAX;
use crate::courier::{ChannelSetting, Courier, Delivery, Outgoing, is_plain_id};
use crate::guard::AddressGuard;
use crate::http::{agent_for_anybody, is_safe};

/// Who receives, and what they know.
#[derive(Debug)]
pub struct WebhookEndpoint {
    pub url: String,
    /// Of both kinds; during an exchange, the old ones too.
    pub secrets: Vec<WebhookSecret>,
}

/// What the channel needs to know.
#[derive(Debug, Default)]
pub struct WebhookOptions {
    pub endpoints: Vec<WebhookEndpoint>,
    pub guard: AddressGuard,
}

/// Posts to receivers. An address is the URL of one of its endpoints; the text is the body, JSON.
#[derive(Debug)]
pub struct WebhookCourier {
    agent: Agent,
    endpoints: Vec<WebhookEndpoint>,
}

impl WebhookCourier {
    pub fn new(options: WebhookOptions) -> Result<Self, ChannelSetting> {
        for endpoint in &options.endpoints {
            if !is_safe(&endpoint.url) {
                let reason = "the URL of a webhook is https, without a password in it";
                return Err(ChannelSetting(reason.into()));
            }
            if !(1..=SECRETS_MAX).contains(&endpoint.secrets.len()) {
                let reason = format!("a webhook has 1 to {SECRETS_MAX} secrets");
                return Err(ChannelSetting(reason));
            }
        }
        let agent = agent_for_anybody(options.guard);
        Ok(WebhookCourier { agent, endpoints: options.endpoints })
    }
}

impl Courier for WebhookCourier {
    fn channel(&self) -> &'static str {
        "webhook"
    }

    fn deliver(&mut self, outgoing: &Outgoing) -> Delivery {
        let found = self.endpoints.iter().find(|endpoint| endpoint.url == outgoing.address);
        let Some(endpoint) = found else { return Delivery::never("no such webhook any more") };
        if !is_plain_id(&outgoing.message_id) {
            return Delivery::never("the message has no plain name");
        }
        let (id, body) = (outgoing.message_id.as_str(), outgoing.text.as_bytes());
        let call = WebhookCall { url: &endpoint.url, secrets: &endpoint.secrets, id, body };
        attempt(&self.agent, call).delivery
    }
}
