//! Messages that only one browser can read (RFC 8291, over the `aes128gcm` coding of RFC 8188).

use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::hkdf::{HKDF_SHA256, KeyType, Salt};
use ring::rand::{SecureRandom, SystemRandom};

/// The one record that push services must take (RFC 8030, section 7.2).
const RECORD_BYTES: usize = 4096;
/// Salt, record size, length of the key, key (RFC 8188, section 2.1).
const HEADER_BYTES: usize = 16 + 4 + 1 + 65;
/// The tag of AES-GCM, and the byte that ends the text.
const OVERHEAD_BYTES: usize = 16 + 1;
/// What fits into one message.
pub(super) const TEXT_BYTES_MAX: usize = RECORD_BYTES - HEADER_BYTES - OVERHEAD_BYTES;

/// What a browser gave away about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BrowserKeys {
    /// Its point on P-256, uncompressed: 65 bytes.
    pub(super) public: Vec<u8>,
    /// 16 bytes.
    pub(super) secret: Vec<u8>,
}

/// A number of bytes that HKDF shall make.
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// `None` for keys that are none, or a text that is too long.
pub(super) fn encrypt(
    text: &[u8],
    browser: &BrowserKeys,
    random: &SystemRandom,
) -> Option<Vec<u8>> {
    if text.len() > TEXT_BYTES_MAX || browser.public.len() != 65 || browser.secret.len() != 16 {
        return None;
    }
    let ours = EphemeralPrivateKey::generate(&ECDH_P256, random).ok()?;
    let our_public = ours.compute_public_key().ok()?;
    let mut salt = [0; 16];
    random.fill(&mut salt).ok()?;
    let theirs = UnparsedPublicKey::new(&ECDH_P256, &browser.public);
    let (key, nonce) = agree_ephemeral(ours, &theirs, |shared| {
        derive(shared, browser, our_public.as_ref(), &salt)
    })
    .ok()??;

    let mut sealed = text.to_vec();
    // The last record, without padding.
    sealed.push(2);
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).ok()?);
    let nonce = Nonce::assume_unique_for_key(nonce);
    key.seal_in_place_append_tag(nonce, Aad::empty(), &mut sealed).ok()?;

    let mut message = Vec::with_capacity(HEADER_BYTES + sealed.len());
    message.extend_from_slice(&salt);
    message.extend_from_slice(&u32::try_from(RECORD_BYTES).ok()?.to_be_bytes());
    message.push(65);
    message.extend_from_slice(our_public.as_ref());
    message.extend_from_slice(&sealed);
    Some(message)
}

/// RFC 8291, section 3.4.
fn derive(
    shared: &[u8],
    browser: &BrowserKeys,
    our_public: &[u8],
    salt: &[u8],
) -> Option<([u8; 16], [u8; 12])> {
    let info = [b"WebPush: info\0".as_slice(), &browser.public, our_public].concat();
    let input: [u8; 32] = expand(&browser.secret, shared, &info)?;
    let key = expand(salt, &input, b"Content-Encoding: aes128gcm\0")?;
    let nonce = expand(salt, &input, b"Content-Encoding: nonce\0")?;
    Some((key, nonce))
}

fn expand<const N: usize>(salt: &[u8], secret: &[u8], info: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let extracted = Salt::new(HKDF_SHA256, salt).extract(secret);
    extracted.expand(&[info], Length(N)).ok()?.fill(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::keys::from_base64_url;

    fn bytes(text: &str) -> Vec<u8> {
        from_base64_url(text).unwrap()
    }

    /// RFC 8291, appendix A: the example's values in between.
    #[test]
    fn keys_are_derived_as_in_the_example_of_the_rfc() {
        let browser = BrowserKeys {
            public: bytes(
                "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            ),
            secret: bytes("BTBZMqHH6r4Tts7J_aSIgg"),
        };
        let ours = bytes(
            "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8",
        );
        let shared = bytes("kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs");
        let derived = derive(&shared, &browser, &ours, &bytes("DGv6ra1nlYgDCS1FRnbzlw")).unwrap();
        assert_eq!(derived.0.as_slice(), bytes("oIhVW04MRdy2XN9CiKLxTg"));
        assert_eq!(derived.1.as_slice(), bytes("4h_95klXJ5E_qnoN"));
    }

    #[test]
    fn what_is_no_key_or_too_long_is_refused() {
        let random = SystemRandom::new();
        let ours = EphemeralPrivateKey::generate(&ECDH_P256, &random).unwrap();
        let public = ours.compute_public_key().unwrap().as_ref().to_vec();
        let browser = BrowserKeys { public, secret: vec![7; 16] };
        let fits = encrypt(&[0; TEXT_BYTES_MAX], &browser, &random).unwrap();
        assert_eq!(fits.len(), RECORD_BYTES);
        assert_eq!(encrypt(&[0; TEXT_BYTES_MAX + 1], &browser, &random), None);
        let mut off_curve = browser.clone();
        off_curve.public[64] ^= 1;
        assert_eq!(encrypt(b"x", &off_curve, &random), None);
        for (public, secret) in [(vec![4; 64], vec![7; 16]), (browser.public, vec![7; 15])] {
            assert_eq!(encrypt(b"x", &BrowserKeys { public, secret }, &random), None);
        }
    }
}
