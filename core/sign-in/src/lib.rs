//! Proofs of who somebody is, made elsewhere: by an OpenID provider, or by a passkey.
//!
//! Nothing is stored here and nobody is known: an ID token or a signature is checked against what
//! was asked for, and what it says is handed on. Start reading at [`IdentityProvider`] or
//! [`PasskeySite`].
//!
//! | module | holds |
//! |---|---|
//! | `provider` | OpenID Connect: discovery, the way to the provider, the exchange of a code |
//! | `id_token` | what makes an ID token good |
//! | `passkey` | WebAuthn: a new passkey, a signature of one |
//! | `cbor` | as much of CBOR as authenticators write |
//! | `proof_key` | public keys and signatures, over ring |

mod cbor;
mod id_token;
mod passkey;
mod proof_key;
mod provider;

pub use passkey::{NewPasskey, PasskeyError, PasskeyProof, PasskeySite, PasskeyUse};
pub use provider::{
    AskedIdentity, Identity, IdentityError, IdentityProvider, IdentitySettings, is_callable,
};
