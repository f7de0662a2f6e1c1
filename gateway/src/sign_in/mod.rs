//! Signing in otherwise than by a link: providers of identities and passkeys, as handlers use
//! them. A provider is asked off the async threads, a bounded number at once.

pub(crate) mod challenge;
pub(crate) mod flow;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use floodgate_domain::StaffId;
use floodgate_sign_in::{AskedIdentity, Identity, IdentityError, IdentityProvider, PasskeySite};

use self::challenge::ChallengeKey;
use self::flow::{FlowKey, ProviderFlow, Who, mac};
use crate::problem::{ApiError, Code};
use crate::staff::StaffRole;
use crate::staff::session::head;
use crate::time;

/// Providers asked at once: each question has a thread while it lasts, some hundred milliseconds.
const CALLS_MAX: usize = 32;
/// How long a question waits for its turn.
const PATIENCE: Duration = Duration::from_secs(2);

/// The provider that knows those who work here.
#[derive(Debug)]
pub struct StaffSignIn {
    pub provider: IdentityProvider,
    /// As the button says it.
    pub name: String,
    /// The claim that says what somebody may do.
    pub claim: String,
    /// The value of it for each role that it gives.
    pub roles: Vec<(StaffRole, String)>,
}

/// The provider that fans may sign in by.
#[derive(Debug)]
pub struct FanSignIn {
    pub provider: IdentityProvider,
    /// As the button says it.
    pub name: String,
}

/// How people sign in here.
#[derive(Debug, Default)]
pub struct SignInParts {
    /// Where people find the pages, without a slash at its end.
    pub public_url: String,
    pub staff: Option<StaffSignIn>,
    pub fans: Option<FanSignIn>,
}

/// Ways to sign in; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct SignIns(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    parts: SignInParts,
    flows: FlowKey,
    challenges: ChallengeKey,
    passkeys: Option<PasskeySite>,
    /// Under which names of staff are made that have no key.
    naming: [u8; 32],
    turns: Arc<Semaphore>,
}

impl StaffSignIn {
    /// What they may do: the first of the roles whose value they have.
    fn role(&self, identity: &Identity) -> Option<StaffRole> {
        let mut roles = self.roles.iter();
        roles.find(|(_, value)| identity.has(&self.claim, value)).map(|(role, _)| *role)
    }

    /// By which it is known again: a session ends when any of it changes.
    fn digest(&self) -> [u8; 8] {
        let settings = self.provider.settings();
        let mut parts = vec![settings.issuer.as_bytes(), settings.client_id.as_bytes()];
        parts.push(self.claim.as_bytes());
        for (role, value) in &self.roles {
            parts.extend([role.code().as_bytes(), value.as_bytes()]);
        }
        head(&mac(&[0; 32], &parts))
    }
}

impl SignIns {
    pub(crate) fn new(parts: SignInParts, root: &[u8; 32]) -> Self {
        SignIns(Arc::new(Inner {
            flows: FlowKey::new(root),
            challenges: ChallengeKey::new(root),
            passkeys: PasskeySite::at(&parts.public_url),
            naming: mac(root, &[b"floodgate staff by provider"]),
            turns: Arc::new(Semaphore::new(CALLS_MAX)),
            parts,
        }))
    }

    pub(crate) fn parts(&self) -> &SignInParts {
        &self.0.parts
    }

    pub(crate) fn flows(&self) -> &FlowKey {
        &self.0.flows
    }

    pub(crate) fn challenges(&self) -> &ChallengeKey {
        &self.0.challenges
    }

    /// The provider of staff as sessions know it.
    pub(crate) fn staff_digest(&self) -> Option<[u8; 8]> {
        self.0.parts.staff.as_ref().map(StaffSignIn::digest)
    }

    /// Where passkeys are for; they are not offered where browsers make none.
    pub(crate) fn passkeys(&self) -> Result<&PasskeySite, ApiError> {
        self.0.passkeys.as_ref().ok_or_else(|| {
            let fix = "passkeys need an https address with a name in payments.public_url";
            ApiError::new(Code::NotFound).field("passkeys", fix)
        })
    }

    pub(crate) fn offers_passkeys(&self) -> bool {
        self.0.passkeys.is_some()
    }

    /// What the provider is asked with in a flow.
    pub(crate) fn asked(&self, flow: &ProviderFlow) -> AskedIdentity {
        let back_here = format!("{}/sign-in/return", self.0.parts.public_url);
        self.0.flows.asked(flow, back_here)
    }

    fn provider(&self, who: Who) -> Result<&IdentityProvider, ApiError> {
        let parts = &self.0.parts;
        let found = match who {
            Who::Staff => parts.staff.as_ref().map(|staff| &staff.provider),
            Who::Fan => parts.fans.as_ref().map(|fans| &fans.provider),
        };
        found.ok_or_else(|| {
            ApiError::new(Code::NotFound).field("who", "there is no provider for them")
        })
    }

    /// Where a browser goes to be asked who its person is.
    pub(crate) async fn way(&self, flow: &ProviderFlow) -> Result<String, ApiError> {
        let (asked, who) = (self.asked(flow), flow.who);
        self.run(who, move |provider| provider.way(&asked)).await
    }

    /// Who came back with a code.
    pub(crate) async fn identify(
        &self,
        flow: &ProviderFlow,
        code: String,
        issuer: Option<String>,
    ) -> Result<Identity, ApiError> {
        let (asked, who) = (self.asked(flow), flow.who);
        let wanted = match (&self.0.parts.staff, who) {
            (Some(staff), Who::Staff) => vec![staff.claim.clone()],
            _ if flow.keeps_address => vec!["email".to_owned(), "email_verified".to_owned()],
            _ => Vec::new(),
        };
        let seconds = time::now().0 / 1_000;
        self.run(who, move |provider| {
            let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
            provider.identify(&code, issuer.as_deref(), &asked, &wanted, seconds)
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        who: Who,
        question: impl FnOnce(&IdentityProvider) -> Result<T, IdentityError> + Send + 'static,
    ) -> Result<T, ApiError> {
        self.provider(who)?;
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.0.turns).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else {
            return Err(ApiError::new(Code::Overloaded).retry_after_ms(1_000));
        };
        let desk = self.clone();
        let asked = tokio::task::spawn_blocking(move || {
            let answer = desk.provider(who).map(question);
            drop(turn);
            answer
        });
        match asked.await.map_err(|error| ApiError::internal(&error))?? {
            Ok(value) => Ok(value),
            Err(IdentityError::Refused(reason)) => {
                tracing::info!(reason, "a provider's answer was refused");
                Err(ApiError::new(Code::SignInRefused))
            }
            Err(error) => {
                tracing::warn!(%error, "nobody can sign in by their provider");
                Err(ApiError::new(Code::SignInUnavailable).retry_after_ms(2_000))
            }
        }
    }

    /// Who of staff this is, and what they may do; the same person has the same name each time.
    pub(crate) fn staff(&self, identity: &Identity) -> Result<(StaffId, StaffRole), ApiError> {
        let staff = self.0.parts.staff.as_ref();
        let role = staff.and_then(|staff| staff.role(identity));
        let role = role.ok_or_else(|| ApiError::new(Code::RoleMissing))?;
        let parts = [identity.issuer.as_bytes(), identity.subject.as_bytes()];
        let number = u64::from_be_bytes(head(&mac(&self.0.naming, &parts)));
        // Keys are numbered from one: nobody who comes this way is taken for one of them.
        Ok((StaffId(number | 1 << 63), role))
    }
}
