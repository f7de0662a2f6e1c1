//! The compact native form of a plan: runs, not seats, and differences, not values.
//!
//! Owns the bytes of a plan; they are in `CreateEvent` and in exported files, and the
//! same plan always gives the same bytes. Never judges whether a plan can be sold
//! ([`super::check`] does). Start at [`encode_plan`].
//!
//! Most runs add little to the run before them: numbers continue, rows are equally spaced.
//! [`Trail`] is what both sides remember; a run encodes how it differs from that.

use super::{
    CATEGORIES_MAX, Category, LABEL_BYTES_MAX, Labels, PLAN_NAME_BYTES_MAX, Plan, Row, Run,
    SEATS_PER_PLAN_MAX, SEATS_PER_RUN_MAX, SECTIONS_MAX, SeatFlags, Section, SectionKind, Shape,
};
use crate::wire::{Cursor, WireError, WireWriter};

#[cfg(test)]
mod tests;

/// First byte of the native form written by this build.
pub const PLAN_VERSION: u8 = 1;

/// Bits of a run's first byte: what is written, and what is as the trail says.
mod head {
    pub(super) const TEXT_LABELS: u8 = 1;
    pub(super) const NUMBERS_GO_ON: u8 = 2;
    pub(super) const SAME_COUNT: u8 = 4;
    pub(super) const POINTS: u8 = 8;
    pub(super) const SAME_DIRECTION: u8 = 16;
    pub(super) const SAME_CATEGORY: u8 = 32;
    pub(super) const FLAGS: u8 = 64;
    pub(super) const ALL: u8 = 127;
}

/// How a row's label is written.
mod row_label {
    pub(super) const TEXT: u8 = 0;
    pub(super) const NEXT: u8 = 1;
    pub(super) const ONE: u8 = 2;
}

/// What writer and reader remember of the runs before.
#[derive(Debug, Clone, Copy, Default)]
struct Trail {
    row_number: u32,
    rank: u32,
    category: u8,
    /// The number a run would start with if numbering went on.
    next_number: i32,
    step: i32,
    count: u16,
    /// Where a run would start if the row went on.
    next_point: (i32, i32),
    direction: (i32, i32),
    /// The first run of the row before: where it started and with which number.
    row_start: (i32, i32),
    row_first_number: i32,
}

impl Trail {
    /// A row's first run is foretold by the first run of the row before.
    fn begin_row(&mut self) {
        self.next_number = self.row_first_number;
        self.next_point = self.row_start;
    }

    fn note_label(&mut self, label: &str) {
        let number = label.parse::<u32>().ok();
        if let Some(number) = number.filter(|n| n.to_string() == label) {
            self.row_number = number;
        }
    }

    fn note_run(&mut self, run: &Run, first_in_row: bool) {
        self.category = run.category;
        if let Labels::Numbers { first, step, count } = run.labels {
            self.step = step;
            self.count = count;
            self.next_number = first.wrapping_add(step.wrapping_mul(i32::from(count)));
            if first_in_row {
                self.row_first_number = first;
            }
        }
        let start = match &run.shape {
            Shape::Line { x, y, dx, dy } => {
                self.direction = (*dx, *dy);
                (*x, *y)
            }
            Shape::Points(points) => points.first().copied().unwrap_or(self.next_point),
        };
        self.next_point = match &run.shape {
            Shape::Line { .. } => run.shape.point(run.labels.len()),
            Shape::Points(points) => points.last().copied().unwrap_or(start),
        };
        if first_in_row {
            self.row_start = start;
        }
    }
}

/// Writes a plan behind what is in `out` already.
pub fn encode_plan(plan: &Plan, out: &mut Vec<u8>) {
    out.put_u8(PLAN_VERSION);
    out.put_text(&plan.name);
    out.put_i32(plan.size.0);
    out.put_i32(plan.size.1);
    out.put_count(plan.categories.len());
    for category in &plan.categories {
        out.put_text(&category.name);
        out.put_bytes(&category.color);
    }
    out.put_count(plan.sections.len());
    let mut trail = Trail::default();
    for section in &plan.sections {
        out.put_text(&section.name);
        out.put_u8(match section.kind {
            SectionKind::Seated => 0,
            SectionKind::GeneralAdmission => 1,
        });
        out.put_count(section.rows.len());
        for row in &section.rows {
            write_row(row, &mut trail, out);
        }
    }
    // Last, so that plans from before there was one are read as they are.
    if let Some((x, y)) = plan.focus {
        out.put_i32(x);
        out.put_i32(y);
    }
}

fn write_row(row: &Row, trail: &mut Trail, out: &mut Vec<u8>) {
    if row.label == trail.row_number.wrapping_add(1).to_string() {
        out.put_u8(row_label::NEXT);
    } else if row.label == "1" {
        out.put_u8(row_label::ONE);
    } else {
        out.put_u8(row_label::TEXT);
        out.put_text(&row.label);
    }
    trail.note_label(&row.label);
    out.put_i32(row.rank.wrapping_sub(trail.rank).cast_signed());
    trail.rank = row.rank;
    out.put_count(row.runs.len());
    trail.begin_row();
    for (at, run) in row.runs.iter().enumerate() {
        write_run(run, trail, out);
        trail.note_run(run, at == 0);
    }
}

fn write_run(run: &Run, trail: &Trail, out: &mut Vec<u8>) {
    let mut head = 0;
    let mut set = |bit: u8, when: bool| head |= if when { bit } else { 0 };
    set(head::SAME_CATEGORY, run.category == trail.category);
    set(head::FLAGS, !run.flags.is_empty());
    match &run.labels {
        Labels::Texts(_) => set(head::TEXT_LABELS, true),
        Labels::Numbers { first, step, count } => {
            let goes_on = *first == trail.next_number && *step == trail.step;
            set(head::NUMBERS_GO_ON, goes_on);
            set(head::SAME_COUNT, *count == trail.count);
        }
    }
    match &run.shape {
        Shape::Points(_) => set(head::POINTS, true),
        Shape::Line { dx, dy, .. } => set(head::SAME_DIRECTION, (*dx, *dy) == trail.direction),
    }
    out.put_u8(head);
    if head & head::SAME_CATEGORY == 0 {
        out.put_u8(run.category);
    }
    write_labels(&run.labels, head, trail, out);
    write_shape(&run.shape, head, trail, out);
    if head & head::FLAGS != 0 {
        out.put_count(run.flags.len());
        let mut last = 0;
        for (at, flags) in &run.flags {
            out.put_i32(i32::from(*at) - last);
            out.put_u8(flags.0);
            last = i32::from(*at);
        }
    }
}

fn write_labels(labels: &Labels, head: u8, trail: &Trail, out: &mut Vec<u8>) {
    match labels {
        Labels::Numbers { first, step, count } => {
            if head & head::NUMBERS_GO_ON == 0 {
                out.put_i32(*first);
                out.put_i32(step.wrapping_sub(trail.step));
            }
            if head & head::SAME_COUNT == 0 {
                out.put_varint(u64::from(*count));
            }
        }
        Labels::Texts(texts) => {
            out.put_count(texts.len());
            for text in texts {
                out.put_text(text);
            }
        }
    }
}

fn write_shape(shape: &Shape, head: u8, trail: &Trail, out: &mut Vec<u8>) {
    let (next_x, next_y) = trail.next_point;
    match shape {
        Shape::Line { x, y, dx, dy } => {
            out.put_i32(x.wrapping_sub(next_x));
            out.put_i32(y.wrapping_sub(next_y));
            if head & head::SAME_DIRECTION == 0 {
                out.put_i32(dx.wrapping_sub(trail.direction.0));
                out.put_i32(dy.wrapping_sub(trail.direction.1));
            }
        }
        Shape::Points(points) => {
            out.put_count(points.len());
            let mut walk = Walk::from(trail.next_point);
            for point in points {
                let (x, y) = walk.foretold();
                out.put_i32(point.0.wrapping_sub(x));
                out.put_i32(point.1.wrapping_sub(y));
                walk.go(*point);
            }
        }
    }
}

/// Foretells the next point of a bending row: the last step again.
struct Walk {
    at: (i32, i32),
    step: (i32, i32),
}

impl Walk {
    fn from(at: (i32, i32)) -> Self {
        Walk { at, step: (0, 0) }
    }

    fn foretold(&self) -> (i32, i32) {
        (self.at.0.wrapping_add(self.step.0), self.at.1.wrapping_add(self.step.1))
    }

    fn go(&mut self, to: (i32, i32)) {
        self.step = (to.0.wrapping_sub(self.at.0), to.1.wrapping_sub(self.at.1));
        self.at = to;
    }
}

/// What a plan on the wire may still hold. Every row and run of a sensible plan has a seat,
/// so the limit on seats bounds all three, whatever the counts in the record claim.
struct Budget {
    seats: usize,
    rows: usize,
    runs: usize,
}

fn spend(left: &mut usize, count: usize, what: &'static str) -> Result<(), WireError> {
    *left = left.checked_sub(count).ok_or(WireError::OutOfBounds(what))?;
    Ok(())
}

/// Room for `count` items, but never more at once than a short record could fill.
fn roomy<T>(count: usize) -> Vec<T> {
    Vec::with_capacity(count.min(256))
}

/// Reads one whole plan.
pub fn decode_plan(bytes: &[u8]) -> Result<Plan, WireError> {
    let mut cursor = Cursor::new(bytes);
    let version = cursor.u8()?;
    if version != PLAN_VERSION {
        return Err(WireError::UnknownVersion(version));
    }
    let name = cursor.text(PLAN_NAME_BYTES_MAX)?;
    let size = (cursor.i32()?, cursor.i32()?);
    let category_count = cursor.usize(CATEGORIES_MAX, "a count of categories")?;
    let mut categories = roomy(category_count);
    for _ in 0..category_count {
        categories.push(Category { name: cursor.text(LABEL_BYTES_MAX)?, color: cursor.array()? });
    }
    let section_count = cursor.usize(SECTIONS_MAX, "a count of sections")?;
    let mut sections = roomy(section_count);
    let mut trail = Trail::default();
    let seats_max = SEATS_PER_PLAN_MAX as usize;
    let mut budget = Budget { seats: seats_max, rows: seats_max, runs: seats_max };
    for _ in 0..section_count {
        sections.push(read_section(&mut cursor, &mut trail, &mut budget)?);
    }
    let has_focus = cursor.remaining() > 0;
    let focus = has_focus.then(|| Ok((cursor.i32()?, cursor.i32()?))).transpose()?;
    cursor.finish()?;
    Ok(Plan { name, categories, sections, size, focus })
}

fn read_section(
    cursor: &mut Cursor<'_>,
    trail: &mut Trail,
    budget: &mut Budget,
) -> Result<Section, WireError> {
    let name = cursor.text(LABEL_BYTES_MAX)?;
    let kind = match cursor.u8()? {
        0 => SectionKind::Seated,
        1 => SectionKind::GeneralAdmission,
        unknown => return Err(WireError::UnknownKind(unknown)),
    };
    let row_count = cursor.usize(budget.rows, "a count of rows")?;
    spend(&mut budget.rows, row_count, "a count of rows")?;
    let mut rows = roomy(row_count);
    for _ in 0..row_count {
        rows.push(read_row(cursor, trail, budget)?);
    }
    Ok(Section { name, kind, rows })
}

fn read_row(
    cursor: &mut Cursor<'_>,
    trail: &mut Trail,
    budget: &mut Budget,
) -> Result<Row, WireError> {
    let label = match cursor.u8()? {
        row_label::TEXT => cursor.text(LABEL_BYTES_MAX)?,
        row_label::NEXT => trail.row_number.wrapping_add(1).to_string(),
        row_label::ONE => "1".to_owned(),
        unknown => return Err(WireError::UnknownKind(unknown)),
    };
    trail.note_label(&label);
    trail.rank = trail.rank.wrapping_add(cursor.i32()?.cast_unsigned());
    let rank = trail.rank;
    let run_count = cursor.usize(budget.runs, "a count of runs")?;
    spend(&mut budget.runs, run_count, "a count of runs")?;
    trail.begin_row();
    let mut runs = roomy(run_count.min(4));
    for at in 0..run_count {
        let run = read_run(cursor, trail)?;
        spend(&mut budget.seats, run.labels.len(), "a count of seats")?;
        trail.note_run(&run, at == 0);
        runs.push(run);
    }
    Ok(Row { label, rank, runs })
}

fn read_run(cursor: &mut Cursor<'_>, trail: &Trail) -> Result<Run, WireError> {
    let head = cursor.u8()?;
    if head & !head::ALL != 0 {
        return Err(WireError::UnknownKind(head));
    }
    let category = if head & head::SAME_CATEGORY != 0 { trail.category } else { cursor.u8()? };
    let labels = read_labels(cursor, head, trail)?;
    let shape = read_shape(cursor, head, trail)?;
    let mut flags = Vec::new();
    if head & head::FLAGS != 0 {
        let mut last = 0_i32;
        for _ in 0..cursor.usize(SEATS_PER_RUN_MAX, "a count of flags")? {
            last = last.wrapping_add(cursor.i32()?);
            let at = u16::try_from(last).map_err(|_| WireError::OutOfBounds("a flagged seat"))?;
            flags.push((at, SeatFlags(cursor.u8()?)));
        }
    }
    Ok(Run { category, labels, shape, flags })
}

fn read_labels(cursor: &mut Cursor<'_>, head: u8, trail: &Trail) -> Result<Labels, WireError> {
    if head & head::TEXT_LABELS != 0 {
        let count = cursor.usize(SEATS_PER_RUN_MAX, "a count of seats")?;
        let mut texts = roomy(count);
        for _ in 0..count {
            texts.push(cursor.text(LABEL_BYTES_MAX)?);
        }
        return Ok(Labels::Texts(texts));
    }
    let (first, step) = if head & head::NUMBERS_GO_ON != 0 {
        (trail.next_number, trail.step)
    } else {
        (cursor.i32()?, trail.step.wrapping_add(cursor.i32()?))
    };
    let count = if head & head::SAME_COUNT != 0 {
        trail.count
    } else {
        let count = cursor.u16()?;
        if usize::from(count) > SEATS_PER_RUN_MAX {
            return Err(WireError::OutOfBounds("a count of seats"));
        }
        count
    };
    Ok(Labels::Numbers { first, step, count })
}

fn read_shape(cursor: &mut Cursor<'_>, head: u8, trail: &Trail) -> Result<Shape, WireError> {
    if head & head::POINTS != 0 {
        let count = cursor.usize(SEATS_PER_RUN_MAX, "a count of points")?;
        let mut points = roomy(count);
        let mut walk = Walk::from(trail.next_point);
        for _ in 0..count {
            let (x, y) = walk.foretold();
            let point = (x.wrapping_add(cursor.i32()?), y.wrapping_add(cursor.i32()?));
            walk.go(point);
            points.push(point);
        }
        return Ok(Shape::Points(points));
    }
    let x = trail.next_point.0.wrapping_add(cursor.i32()?);
    let y = trail.next_point.1.wrapping_add(cursor.i32()?);
    let (dx, dy) = if head & head::SAME_DIRECTION != 0 {
        trail.direction
    } else {
        (
            trail.direction.0.wrapping_add(cursor.i32()?),
            trail.direction.1.wrapping_add(cursor.i32()?),
        )
    };
    Ok(Shape::Line { x, y, dx, dy })
}
