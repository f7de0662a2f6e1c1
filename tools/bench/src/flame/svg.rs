//! Stacks as a picture: as wide as often seen, callers below what they call.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::Stacks;

const WIDTH: f64 = 1_400.0;
const ROW: f64 = 17.0;
/// Calls that are narrower would be specks.
const NARROWEST: f64 = 0.6;
/// Pixels of a character, about.
const CHARACTER: f64 = 6.6;
/// By depth, so that neighbours differ; dark text is readable on each.
const COLORS: [&str; 4] = ["#fdba74", "#fcd34d", "#fca5a5", "#fed7aa"];

/// A call and what it calls.
#[derive(Debug, Default)]
struct Frame {
    seen: u64,
    calls: BTreeMap<String, Frame>,
}

impl Frame {
    fn depth(&self) -> usize {
        1 + self.calls.values().map(Frame::depth).max().unwrap_or_default()
    }
}

/// A picture of its own, for browsers; pointing at a call shows its name and share.
pub(super) fn draw(title: &str, stacks: &Stacks) -> String {
    let mut root = Frame::default();
    for (stack, seen) in stacks {
        root.seen += seen;
        let mut at = &mut root;
        for call in stack.split(';') {
            at = at.calls.entry(call.to_owned()).or_default();
            at.seen += seen;
        }
    }
    let height = (root.depth() as f64 + 1.0) * ROW;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"11\">\n<title>{0}</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"4\" y=\"13\" font-weight=\"600\">{0}</text>\n",
        escaped(title)
    );
    let (scale, mut left) = (WIDTH / root.seen.max(1) as f64, 0.0);
    for (name, frame) in &root.calls {
        rows(&mut out, (name, frame), (left, height - ROW), (scale, 0));
        left += frame.seen as f64 * scale;
    }
    out.push_str("</svg>\n");
    out
}

/// A call, and above it those that it makes.
fn rows(
    out: &mut String,
    (name, frame): (&str, &Frame),
    (left, top): (f64, f64),
    (scale, depth): (f64, usize),
) {
    let width = frame.seen as f64 * scale;
    if width < NARROWEST {
        return;
    }
    let (color, share) = (COLORS[depth % COLORS.len()], width / WIDTH * 100.0);
    let (full, fits) = (escaped(name), (width / CHARACTER) as usize);
    let row = ROW - 1.0;
    // Writing to a string cannot fail.
    let _ = write!(
        out,
        "<g><title>{full}: {share:.1} %</title><rect x=\"{left:.1}\" y=\"{top:.1}\" \
         width=\"{width:.1}\" height=\"{row}\" fill=\"{color}\"/>"
    );
    if fits > 3 {
        let short: String = name.chars().take(fits - 1).collect();
        let (x, y) = (left + 3.0, top + 12.0);
        let _ = write!(out, "<text x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", escaped(&short));
    }
    out.push_str("</g>\n");
    let mut left = left;
    for (name, frame) in &frame.calls {
        rows(out, (name, frame), (left, top - ROW), (scale, depth + 1));
        left += frame.seen as f64 * scale;
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
