//! `floodgate venue`: seating plans, before anything is sold on them.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::{Subcommand, ValueEnum};
use floodgate_domain::Plan;
use floodgate_seating::{
    Focus, Format, ImportOptions, Imported, IssueCode, Mend, generate, import_with, to_base64,
};

use super::exit::Failure;

/// Checks and generates seating plans.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate venue check plan.json
  floodgate venue check seats.csv --json
  floodgate venue check seats.csv --focus bottom
  floodgate venue check seats.csv --mends mends.json
  floodgate venue generate --house theatre > theatre.plan
  floodgate venue generate --house bowl --seats 80000 > bowl.plan")]
pub(super) struct Venue {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum VenueKind {
    Bowl,
    Theatre,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Reads a plan and says what is in it and what is wrong with it; exits with 1 if it
    /// cannot be sold.
    Check {
        file: PathBuf,
        /// pretix, csv or native; by default guessed from the content.
        #[arg(long)]
        format: Option<String>,
        /// Where the stage is: top, bottom, left, right, middle, or x,y in the file's units; by
        /// default as the file shows it.
        #[arg(long, value_parser = focus, allow_hyphen_values = true)]
        focus: Option<Focus>,
        /// A JSON file of what the plan's file does not say, or says wrongly, such as
        /// [{"mend": "aisle", "section": "A", "row": "3", "after": "12"}].
        #[arg(long)]
        mends: Option<PathBuf>,
    },
    /// Generates a demonstration venue in the native format, as base64.
    Generate {
        #[arg(long, value_enum)]
        house: VenueKind,
        /// Approximate number of seats of a bowl.
        #[arg(long, default_value_t = 200_000)]
        #[arg(value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
        seats: u32,
    },
}

impl Venue {
    pub(super) fn run(self, json: bool) -> Result<(), Failure> {
        match self.action {
            Action::Check { file, format, focus, mends } => {
                let options = ImportOptions { focus, mends: read_mends(mends.as_deref())? };
                check(&file, format.as_deref(), &options, json)
            }
            Action::Generate { house, seats } => {
                let plan = match house {
                    VenueKind::Bowl => generate::bowl(seats),
                    VenueKind::Theatre => generate::theatre(),
                };
                writeln!(std::io::stdout(), "{}", to_base64(&plan)).map_err(Failure::io)
            }
        }
    }
}

/// Reads `--focus`.
pub(super) fn focus(text: &str) -> Result<Focus, &'static str> {
    Focus::parse(text).ok_or("it is top, bottom, left, right, middle, or x,y")
}

fn check(
    file: &Path,
    format: Option<&str>,
    options: &ImportOptions,
    json: bool,
) -> Result<(), Failure> {
    let bytes = read(file)?;
    let rejected = match import_with(pick(format, &bytes)?, &bytes, options) {
        Ok(imported) => {
            if json {
                println!("{}", serde_json::to_string(&imported.report).map_err(Failure::io)?);
            } else {
                print!("{}", imported.report);
            }
            return Ok(());
        }
        Err(rejected) => rejected,
    };
    if json {
        println!("{}", serde_json::to_string(&rejected).map_err(Failure::io)?);
    } else {
        print!("{rejected}");
    }
    Err(Failure::findings())
}

/// Reads `--mends`.
pub(super) fn read_mends(file: Option<&Path>) -> Result<Vec<Mend>, Failure> {
    let Some(file) = file else { return Ok(Vec::new()) };
    let bytes = std::fs::read(file)
        .with_context(|| format!("cannot read the mendings {}", file.display()))
        .map_err(Failure::io)?;
    serde_json::from_slice(&bytes)
        .with_context(|| {
            format!(
                "{}: it is a JSON list such as [{{\"mend\": \"aisle\", \"section\": \"A\", \
                 \"row\": \"3\", \"after\": \"12\"}}]",
                file.display()
            )
        })
        .map_err(Failure::bad_input)
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(file)
        .with_context(|| format!("cannot read the plan {}", file.display()))
        .map_err(Failure::io)
}

fn pick(format: Option<&str>, bytes: &[u8]) -> Result<Format, Failure> {
    let Some(name) = format else { return Ok(Format::detect(bytes)) };
    let fix = || Failure::bad_input(anyhow!("--format {name}: it is pretix, csv or native"));
    Format::parse(name).ok_or_else(fix)
}

/// A plan that can be sold; one without a name gets the file's.
pub(super) fn load_plan(
    file: &Path,
    format: Option<&str>,
    options: &ImportOptions,
) -> Result<Plan, Failure> {
    let bytes = read(file)?;
    let Imported { mut plan, report } = import_with(pick(format, &bytes)?, &bytes, options)
        .map_err(|rejected| Failure::bad_input(anyhow!("{}: {rejected}", file.display())))?;
    let named = [IssueCode::CategoryIsId, IssueCode::NameIsId];
    for problem in report.problems.iter().filter(|problem| named.contains(&problem.code)) {
        eprintln!("{problem}");
    }
    if plan.name.is_empty() {
        plan.name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    }
    Ok(plan)
}
