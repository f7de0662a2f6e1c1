//! The dials as flags: one each, from the domain's table, under the dial's own name.

use clap::error::Error;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use floodgate_domain::DialChange;
use floodgate_domain::dials::{DIALS, DialError, DialValue, Plain, REASON};
use floodgate_streams::public::DialsBody;
use serde_json::{Value, json};

const REASON_FLAG: &str = "reason";

/// Dials to turn; those that are not named stay as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DialFlags(DialChange);

impl DialFlags {
    /// Whether neither a dial nor a reason is given.
    pub(super) fn are_absent(&self) -> bool {
        self.0 == DialChange::default()
    }

    /// As the server takes them.
    pub(super) fn body(&self) -> Value {
        let mut body = DialsBody::from(&self.0).0;
        body.insert(REASON_FLAG.to_owned(), json!(self.0.reason));
        Value::Object(body)
    }
}

fn reason(text: &str) -> Result<String, DialError> {
    let mut change = DialChange::default();
    change.set(REASON_FLAG, Some(&Plain::Text(text.to_owned())))?;
    Ok(change.reason)
}

impl Args for DialFlags {
    fn augment_args(command: Command) -> Command {
        let dials = DIALS.iter().map(|dial| {
            Arg::new(dial.name)
                .long(dial.name.replace('_', "-"))
                .value_name(dial.kind.name().to_uppercase())
                .help(format!("{} Valid: {}", dial.what, dial.kind.bound()))
                .value_parser(move |text: &str| dial.parse(text))
        });
        let reason = Arg::new(REASON_FLAG).long(REASON_FLAG).help(REASON).value_parser(reason);
        command.args(dials).arg(reason)
    }

    fn augment_args_for_update(command: Command) -> Command {
        DialFlags::augment_args(command)
    }
}

impl FromArgMatches for DialFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut flags = DialFlags(DialChange::default());
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        for dial in &DIALS {
            if let Some(value) = matches.get_one::<DialValue>(dial.name) {
                dial.set(&mut self.0, value);
            }
        }
        if let Some(reason) = matches.get_one::<String>(REASON_FLAG) {
            self.0.reason.clone_from(reason);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<DialFlags, String> {
        let command = DialFlags::augment_args(Command::new("dials"));
        let matches = command
            .try_get_matches_from([&["dials"], arguments].concat())
            .map_err(|error| error.to_string())?;
        DialFlags::from_arg_matches(&matches).map_err(|error| error.to_string())
    }

    #[test]
    fn every_dial_has_a_flag_of_its_name() {
        let help = DialFlags::augment_args(Command::new("dials")).render_help().to_string();
        for dial in &DIALS {
            let flag = format!("--{} <", dial.name.replace('_', "-"));
            assert!(help.contains(&flag), "{flag} is not in {help}");
        }
        assert!(parse(&[]).is_ok_and(|flags| flags.are_absent()));
        let flags = parse(&["--pace-per-minute", "0", "--phase", "pause", "--reason", "rain"]);
        let expected = json!({ "pace_per_minute": 0, "phase": "pause", "reason": "rain" });
        assert_eq!(flags.map(|flags| flags.body()), Ok(expected));
    }

    #[test]
    fn mistakes_are_in_the_words_of_the_table() {
        let long = "x".repeat(501);
        let rows = [
            (["--puzzle-level", "13"], "puzzle_level must be a whole number between 0 and 12"),
            (["--pace-per-minute", "many"], "pace_per_minute must be a whole number between 0"),
            (["--phase", "cancel"], "phase must be one of presale, open, pause, close"),
            (["--message", &long], "message must be a text of at most 500 bytes"),
            (["--reason", &long], "reason must be a text of at most 500 bytes"),
            (["--capacity", "5"], "unexpected argument '--capacity'"),
        ];
        for (arguments, expected) in rows {
            let error = parse(&arguments).err().unwrap_or_default();
            assert!(error.contains(expected), "{arguments:?}: {error}");
        }
    }
}
