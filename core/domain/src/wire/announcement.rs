//! Consents and announcements on the wire.

use sha2::{Digest, Sha256};

use super::cursor::{Cursor, WireError, WireWriter};
use super::event::{read_time, write_time};
use crate::announcement::{
    ANNOUNCEMENT_BYTES_MAX, Announcement, AnnouncementStep, AudienceSpec, AudienceWho,
    LINK_BYTES_MAX, NAMED_SECTIONS_MAX, SUBJECT_BYTES_MAX,
};
use crate::consent::{Channel, Consent, ConsentScope};
use crate::ids::AnnouncementId;
use crate::plan::CategorySet;

pub(super) fn write_consent(consent: &Consent, out: &mut Vec<u8>) {
    out.put_u8(consent.scope as u8);
    out.put_u8(consent.channel as u8);
    out.put_varint(u64::from(consent.wording));
}

pub(super) fn read_consent(cursor: &mut Cursor<'_>) -> Result<Consent, WireError> {
    let (scope, channel) = (read_scope(cursor)?, read_channel(cursor)?);
    Ok(Consent { scope, channel, wording: cursor.u16()? })
}

pub(super) fn read_scope(cursor: &mut Cursor<'_>) -> Result<ConsentScope, WireError> {
    ConsentScope::from_number(cursor.u8()?).ok_or(WireError::OutOfBounds("a scope"))
}

pub(super) fn read_channel(cursor: &mut Cursor<'_>) -> Result<Channel, WireError> {
    Channel::from_number(cursor.u8()?).ok_or(WireError::OutOfBounds("a channel"))
}

pub(super) fn read_step(cursor: &mut Cursor<'_>) -> Result<AnnouncementStep, WireError> {
    AnnouncementStep::from_number(cursor.u8()?).ok_or(WireError::OutOfBounds("a step"))
}

/// Beside the kinds of people, of whom there are three: a batch of codes comes last.
const HAS_CODES: u8 = 0x80;

pub(super) fn write_announcement(announcement: &Announcement, out: &mut Vec<u8>) {
    let Announcement { id, audience, channels, subject, text, link, picture, send_at, codes } =
        announcement;
    out.put_u64_fixed(id.0);
    out.put_u8(audience.who.bits() | if codes.is_some() { HAS_CODES } else { 0 });
    out.put_u64_fixed(audience.categories.0);
    out.put_count(audience.sections.len());
    audience.sections.iter().for_each(|section| out.put_varint(u64::from(*section)));
    out.put_count(channels.len());
    channels.iter().for_each(|channel| out.put_u8(*channel as u8));
    [subject, text, link, picture].into_iter().for_each(|words| out.put_text(words));
    write_time(*send_at, out);
    codes.iter().for_each(|batch| out.put_varint(u64::from(*batch)));
}

/// By its types alone: whether it is within the bounds of people is for the engine to say.
pub(super) fn read_announcement(cursor: &mut Cursor<'_>) -> Result<Announcement, WireError> {
    let id = AnnouncementId(cursor.u64_fixed()?);
    let who = cursor.u8()?;
    let has_codes = who & HAS_CODES != 0;
    let who = AudienceWho::from_bits(who & !HAS_CODES);
    let who = who.ok_or(WireError::OutOfBounds("an audience"))?;
    let categories = CategorySet(cursor.u64_fixed()?);
    let count = cursor.usize(NAMED_SECTIONS_MAX, "a count of sections")?;
    let sections: Result<Vec<u16>, WireError> = (0..count).map(|_| cursor.u16()).collect();
    let audience = AudienceSpec { who, categories, sections: sections? };
    let count = cursor.usize(Channel::ALL.len(), "a count of channels")?;
    let channels: Result<Vec<Channel>, WireError> =
        (0..count).map(|_| read_channel(cursor)).collect();
    Ok(Announcement {
        id,
        audience,
        channels: channels?,
        subject: cursor.text(SUBJECT_BYTES_MAX)?,
        text: cursor.text(ANNOUNCEMENT_BYTES_MAX)?,
        link: cursor.text(LINK_BYTES_MAX)?,
        picture: cursor.text(LINK_BYTES_MAX)?,
        send_at: read_time(cursor)?,
        codes: if has_codes { Some(cursor.u16()?) } else { None },
    })
}

impl Announcement {
    /// A number that follows from everything it says, by its form on the wire: two that differ have
    /// two.
    #[must_use]
    pub fn digest(&self) -> u128 {
        let mut bytes = Vec::new();
        write_announcement(self, &mut bytes);
        let digest = Sha256::digest(&bytes);
        let mut head = [0; 16];
        head.copy_from_slice(&digest[..16]);
        u128::from_be_bytes(head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_of_codes_comes_last_and_words_without_one_are_as_they_were() {
        let plain = Announcement {
            id: AnnouncementId(1),
            audience: AudienceSpec::all(AudienceWho::FOLLOWERS),
            channels: vec![Channel::Email],
            subject: "A".into(),
            text: "B".into(),
            link: String::new(),
            picture: String::new(),
            send_at: None,
            codes: None,
        };
        let with_codes = Announcement { codes: Some(300), ..plain.clone() };
        let bytes = |one: &Announcement| {
            let mut bytes = Vec::new();
            write_announcement(one, &mut bytes);
            bytes
        };
        let (without, with) = (bytes(&plain), bytes(&with_codes));
        assert_eq!((without[8], with[8]), (0b100, 0b1000_0100));
        assert_eq!(with[9..with.len() - 2], without[9..]);
        for one in [plain, with_codes] {
            let bytes = bytes(&one);
            let mut cursor = Cursor::new(&bytes);
            assert_eq!(read_announcement(&mut cursor), Ok(one));
            assert_eq!(cursor.remaining(), 0);
        }
    }
}
