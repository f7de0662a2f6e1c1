//! The points as a picture: one panel a figure, both scales logarithmic.

use std::fmt::Write;

use super::point::{Axis, GrowthPoint};

const WIDTH: f64 = 300.0;
const HEIGHT: f64 = 220.0;
const MARGIN: f64 = 46.0;
/// Powers of ten from left to right.
const DECADES: f64 = 6.0;
/// Readable in both, and on either background.
const COLORS: [&str; 3] = ["#2563eb", "#b45309", "#15803d"];

/// A figure, and how it is written at its scale.
type Panel = (&'static str, fn(&GrowthPoint) -> f64);

const PANELS: [Panel; 3] = [
    ("ns an answer", |point| point.answer_ns),
    ("MiB of memory", |point| point.memory_bytes as f64 / (1 << 20) as f64),
    ("ms to start", |point| point.start_ms),
];

/// A picture of its own, to be put into a page.
#[must_use]
pub fn svg(points: &[GrowthPoint]) -> String {
    let (width, height) = ((WIDTH + MARGIN) * 3.0 + MARGIN, HEIGHT + MARGIN * 2.0);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"12\">\n\
         <title>Cost of an answer, memory and start time by seats, buyers and events</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    for (number, panel) in PANELS.iter().enumerate() {
        let left = MARGIN + number as f64 * (WIDTH + MARGIN);
        // Writing to a string cannot fail.
        let _ = write!(out, "<g transform=\"translate({left} {MARGIN})\">");
        draw(&mut out, panel, points);
        out.push_str("</g>\n");
    }
    for (axis, color) in Axis::ALL.iter().zip(COLORS) {
        let (x, y) = (MARGIN + 90.0 * f64::from(*axis as u8), height - 12.0);
        let name = axis.name();
        let _ = writeln!(out, "<text x=\"{x}\" y=\"{y}\" fill=\"{color}\">● {name}</text>");
    }
    out.push_str("</svg>\n");
    out
}

fn draw(out: &mut String, (title, value): &Panel, points: &[GrowthPoint]) {
    let logs = points.iter().map(|point| value(point).max(1e-3).log10());
    let (low, high) = logs.fold((f64::MAX, f64::MIN), |(low, high), log| {
        (low.min(log.floor()), high.max(log.ceil()))
    });
    let (low, high) = if points.is_empty() { (0.0, 1.0) } else { (low, high.max(low + 1.0)) };
    let x = |size: f64| size.max(1.0).log10() / DECADES * WIDTH;
    let y = |log: f64| HEIGHT - (log - low) / (high - low) * HEIGHT;
    let _ = write!(out, "<text y=\"-14\" font-weight=\"600\">{title}</text>");
    for decade in 0..=DECADES as i32 {
        let (at, label) = (x(10f64.powi(decade)), power(decade));
        let _ = write!(
            out,
            "<path d=\"M{at:.1} 0V{HEIGHT}\" stroke=\"#e5e7eb\"/>\
             <text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{label}</text>",
            HEIGHT + 16.0
        );
    }
    for decade in low as i32..=high as i32 {
        let (at, label) = (y(f64::from(decade)), power(decade));
        let _ = write!(
            out,
            "<path d=\"M0 {at:.1}H{WIDTH}\" stroke=\"#e5e7eb\"/>\
             <text x=\"-6\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
            at + 4.0
        );
    }
    for (axis, color) in Axis::ALL.iter().zip(COLORS) {
        let of_axis = points.iter().filter(|point| point.axis == *axis);
        let at = of_axis.map(|point| {
            let log = value(point).max(1e-3).log10();
            format!("{:.1},{:.1}", x(f64::from(point.size)), y(log))
        });
        let at = at.collect::<Vec<_>>().join(" ");
        let _ = write!(
            out,
            "<polyline points=\"{at}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\"/>"
        );
    }
}

fn power(decade: i32) -> String {
    match decade {
        0..=3 => format!("{}", 10_i32.pow(decade.unsigned_abs())),
        _ => format!("10<tspan dy=\"-4\" font-size=\"9\">{decade}</tspan>"),
    }
}
