//! An upload made into ours: read within bounds, turned upright, and written anew in each width.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{FilterType, resize};
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, Rgb, RgbImage};
use sha2::{Digest, Sha256};

use floodgate_domain::Picture;
use floodgate_domain::details::PICTURE_WIDTHS;

/// The most pixels an upload may have: those of a good camera. Decoded they take 96 MiB.
const PIXELS_MAX: u64 = 24_000_000;
/// The longest side, so that no picture is a line.
const SIDE_MAX: u32 = 12_000;
/// What a decoder may ask for; some keep a picture twice while they read it.
const DECODER_BYTES_MAX: u64 = 160 << 20;
/// Where more bytes are not seen any more.
const QUALITY: u8 = 82;

/// Why an upload is no picture of ours.
#[derive(Debug, thiserror::Error)]
pub(super) enum PictureFault {
    #[error("must be a JPEG, PNG or WebP picture")]
    Kind,
    #[error("must have at most 24 million pixels and 12,000 on a side")]
    TooLarge,
    #[error("cannot be read as the picture it says it is")]
    Unreadable,
}

/// Ours, in each width.
#[derive(Debug)]
pub(super) struct Made {
    /// What it shows is said by whoever uploads it.
    pub(super) picture: Picture,
    pub(super) files: Vec<(u16, Vec<u8>)>,
}

/// Makes ours of an upload. The same upload gives the same files, and their digest.
pub(super) fn make(upload: &[u8]) -> Result<Made, PictureFault> {
    let source = flat(read(upload)?);
    let mut hash = Sha256::new();
    let (mut files, mut size) = (Vec::new(), (0, 0));
    for width in PICTURE_WIDTHS {
        let (across, down) = fit((source.width(), source.height()), u32::from(width));
        let scaled = if (across, down) == source.dimensions() {
            source.clone()
        } else {
            resize(&source, across, down, FilterType::CatmullRom)
        };
        let mut file = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut file, QUALITY);
        encoder.encode_image(&scaled).map_err(|_| PictureFault::Unreadable)?;
        hash.update((file.len() as u64).to_be_bytes());
        hash.update(&file);
        files.push((width, file));
        size = (across as u16, down as u16);
    }
    let digest = hash.finalize().into();
    let picture = Picture { digest, width: size.0, height: size.1, alternative: String::new() };
    Ok(Made { picture, files })
}

fn read(upload: &[u8]) -> Result<DynamicImage, PictureFault> {
    // By what it begins with: what it is called says nothing.
    let format = image::guess_format(upload).map_err(|_| PictureFault::Kind)?;
    if !matches!(format, ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP) {
        return Err(PictureFault::Kind);
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(DECODER_BYTES_MAX);
    let mut reader = ImageReader::with_format(Cursor::new(upload), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| fault(&error))?;
    let (across, down) = decoder.dimensions();
    let pixels = u64::from(across) * u64::from(down);
    if pixels > PIXELS_MAX || decoder.total_bytes() > DECODER_BYTES_MAX {
        return Err(PictureFault::TooLarge);
    }
    // Cameras turn nothing: they say how it was held.
    let orientation = decoder.orientation().map_err(|error| fault(&error))?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| fault(&error))?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn fault(error: &image::ImageError) -> PictureFault {
    match error {
        image::ImageError::Limits(_) => PictureFault::TooLarge,
        _ => PictureFault::Unreadable,
    }
}

/// Without transparency, on white: what is served is the same in the light and in the dark.
fn flat(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let source = picture.into_rgba8();
    RgbImage::from_fn(source.width(), source.height(), |x, y| {
        let [red, green, blue, alpha] = source.get_pixel(x, y).0;
        let over = |part: u8| {
            let alpha = u32::from(alpha);
            ((u32::from(part) * alpha + 255 * (255 - alpha) + 127) / 255) as u8
        };
        Rgb([over(red), over(green), over(blue)])
    })
}

/// The size that fits a width, and twice of it in height; nothing is made larger.
fn fit((across, down): (u32, u32), width: u32) -> (u32, u32) {
    let (high, wide) = (u64::from(width) * 2, u64::from(width));
    let (across, down) = (u64::from(across), u64::from(down));
    let (mut to_across, mut to_down) = (across, down);
    if to_across > wide {
        (to_across, to_down) = (wide, down * wide / across);
    }
    if to_down > high {
        (to_across, to_down) = (across * high / down, high);
    }
    (to_across.max(1) as u32, to_down.max(1) as u32)
}

#[cfg(test)]
#[path = "make_tests.rs"]
mod tests;
