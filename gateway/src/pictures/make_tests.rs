//! Uploads of each kind, what cameras add to them, and what is no picture.

#![allow(clippy::unwrap_used)]

use image::RgbaImage;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder};

use super::*;

/// Left half red, right half blue.
fn halves(across: u32, down: u32) -> RgbImage {
    let colour = |x| if x < across / 2 { Rgb([220, 10, 10]) } else { Rgb([10, 10, 220]) };
    RgbImage::from_fn(across, down, |x, _| colour(x))
}

fn jpeg(picture: &RgbImage) -> Vec<u8> {
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, 95).encode_image(picture).unwrap();
    file
}

/// The same with what cameras write: how it was held, and where.
fn held(file: &[u8], orientation: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    exif.extend(b"GPS 52.5200 N");
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    [&file[..2], &[0xff, 0xe1], &length, &exif, &file[2..]].concat()
}

fn decoded(file: &[u8]) -> RgbImage {
    image::load_from_memory_with_format(file, ImageFormat::Jpeg).unwrap().into_rgb8()
}

#[test]
fn each_kind_becomes_ours_in_every_width() {
    let source = halves(2400, 1200);
    let (mut png, mut webp) = (Vec::new(), Vec::new());
    let kind = ExtendedColorType::Rgb8;
    PngEncoder::new(&mut png).write_image(&source, 2400, 1200, kind).unwrap();
    WebPEncoder::new_lossless(&mut webp).write_image(&source, 2400, 1200, kind).unwrap();
    for upload in [jpeg(&source), png, webp] {
        let made = make(&upload).unwrap();
        assert_eq!((made.picture.width, made.picture.height), (1920, 960));
        let sizes = made.files.iter().map(|(width, file)| (*width, decoded(file).dimensions()));
        let expected = [(480, (480, 240)), (960, (960, 480)), (1920, (1920, 960))];
        assert_eq!(sizes.collect::<Vec<_>>(), expected);
        assert_eq!(make(&upload).unwrap().picture.digest, made.picture.digest);
    }
}

#[test]
fn what_cameras_add_is_gone_and_what_they_say_of_being_held_is_followed() {
    let upload = held(&jpeg(&halves(600, 300)), 6);
    assert!(upload.windows(3).any(|bytes| bytes == b"GPS"));
    let made = make(&upload).unwrap();
    assert_eq!((made.picture.width, made.picture.height), (300, 600), "it was held upright");
    for (_, file) in &made.files {
        assert!(!file.windows(4).any(|bytes| bytes == b"Exif"), "nothing else is left");
        let picture = decoded(file);
        let [top, bottom] = [picture.get_pixel(150, 20), picture.get_pixel(150, 500)];
        assert!(top.0[0] > 150 && bottom.0[2] > 150, "{top:?} above {bottom:?}");
    }
}

#[test]
fn what_is_transparent_is_white() {
    let clear = RgbaImage::from_pixel(40, 20, image::Rgba([0, 0, 0, 0]));
    let mut png = Vec::new();
    PngEncoder::new(&mut png).write_image(&clear, 40, 20, ExtendedColorType::Rgba8).unwrap();
    let made = make(&png).unwrap();
    assert_eq!((made.picture.width, made.picture.height), (40, 20), "nothing is made larger");
    assert!(decoded(&made.files[0].1).pixels().all(|pixel| pixel.0.iter().all(|&part| part > 250)));
}

#[test]
fn what_is_no_picture_or_too_large_is_refused_before_it_costs_memory() {
    let says = |upload: &[u8]| make(upload).unwrap_err().to_string();
    let kind = PictureFault::Kind.to_string();
    assert_eq!(says(b""), kind);
    assert_eq!(says(b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"), kind);
    assert_eq!(says(b"GIF89a\x01\0\x01\0\0\0\0;"), kind);
    let whole = jpeg(&halves(60, 30));
    assert_eq!(says(&whole[..whole.len() / 8]), PictureFault::Unreadable.to_string());
    // Some bytes that say they are 60,000 by 60,000, and some within a side that are too many.
    for side in [60_000_u32, 11_000] {
        let (mut png, small) = (Vec::new(), halves(1, 1));
        PngEncoder::new(&mut png).write_image(&small, 1, 1, ExtendedColorType::Rgb8).unwrap();
        png[16..20].copy_from_slice(&side.to_be_bytes());
        png[20..24].copy_from_slice(&side.to_be_bytes());
        let sum = crc32(&png[12..29]).to_be_bytes();
        png[29..33].copy_from_slice(&sum);
        assert_eq!(says(&png), PictureFault::TooLarge.to_string(), "{side}");
    }
}

/// As in PNG's header, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for byte in bytes {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 };
        }
    }
    !sum
}

#[test]
fn a_tall_picture_keeps_within_twice_its_width() {
    assert_eq!(fit((1000, 9000), 480), (106, 960));
    assert_eq!(fit((4000, 2000), 480), (480, 240));
    assert_eq!(fit((100, 50), 480), (100, 50));
    assert_eq!(fit((12_000, 1), 480), (480, 1));
}
