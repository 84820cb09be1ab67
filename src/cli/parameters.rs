//! The table of parameters as command-line options.

use clap::builder::{PossibleValuesParser, TypedValueParser, ValueParser};
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::speculate::parameters::{self, Given, InSweep, Parameter, ParameterPlace, Range, Value};

/// Their heading in the help.
pub(super) const HEADING: &str = "Decoding";

/// Adds an option for each of these parameters.
pub(super) fn options(command: Command, which: fn(&Parameter) -> bool) -> Command {
    let all = parameters::ALL.into_iter().filter(|p| which(p));
    all.fold(command, |command, parameter| command.arg(option(parameter)))
}

/// The values given for these parameters.
pub(super) fn given(matches: &ArgMatches, which: fn(&Parameter) -> bool) -> Given {
    let all = parameters::ALL.into_iter().filter(|p| which(p));
    let value = |parameter: &Parameter| matches.get_one::<Value>(parameter.name).copied();
    all.filter_map(|parameter| Some((parameter, value(parameter)?)))
        .collect()
}

/// Adds an option with a comma-separated list for each parameter that sweeps try.
pub(super) fn lists(command: Command) -> Command {
    let all = parameters::ALL.into_iter();
    let tried = all.filter_map(|parameter| match parameter.sweep {
        InSweep::Tried(values) => Some(list(parameter, values)),
        InSweep::Shared | InSweep::Fixed => None,
    });
    tried.fold(command, Command::arg)
}

/// The values listed for each of them.
pub(super) fn listed(matches: &ArgMatches) -> Vec<(&'static Parameter, Vec<Value>)> {
    let all = parameters::ALL.into_iter();
    let tried = all.filter(|parameter| matches!(parameter.sweep, InSweep::Tried(_)));
    let values = |parameter: &Parameter| {
        let found = matches.get_many::<Value>(parameter.name);
        found.into_iter().flatten().copied().collect()
    };
    tried
        .map(|parameter| (parameter, values(parameter)))
        .collect()
}

fn option(parameter: &'static Parameter) -> Arg {
    Arg::new(parameter.name)
        .long(parameter.name)
        .help_heading(HEADING)
        .help(help(parameter))
        .value_name(parameter.placeholder)
        .value_parser(parser(parameter))
}

fn list(parameter: &'static Parameter, values: &'static str) -> Arg {
    let range = parameter.range.in_short();
    Arg::new(parameter.name)
        .long(parameter.name)
        .help(format!(
            "{}; comma-separated values ({range})",
            parameter.help
        ))
        .value_name("LIST")
        .value_delimiter(',')
        .default_value(values)
        .action(ArgAction::Append)
        .value_parser(parser(parameter))
}

/// The description, the range and the default; clap adds the possible words.
fn help(parameter: &Parameter) -> String {
    let range = match parameter.range {
        Range::OneOf(_) => String::new(),
        Range::Whole(0, u64::MAX) if parameter.unit.is_empty() => String::new(),
        range => format!(" ({}{})", range.in_short(), unit(parameter)),
    };
    let default = match (parameter.place, parameter.default_text()) {
        (ParameterPlace::Preset, _) => String::new(),
        (_, default) => format!(" [default: {default}]"),
    };
    format!("{}{range}{default}", parameter.help)
}

fn unit(parameter: &Parameter) -> String {
    match parameter.unit {
        "" => String::new(),
        unit => format!(" {unit}"),
    }
}

fn parser(parameter: &'static Parameter) -> ValueParser {
    let read = move |text: &str| parameter.parse(text);
    match (parameter.place, parameter.range) {
        // The words are listed in the help and completed by shells.
        (ParameterPlace::Rule | ParameterPlace::Preset, Range::OneOf(words)) => {
            let words = PossibleValuesParser::new(words());
            ValueParser::new(words.try_map(move |word| read(&word)))
        }
        _ => ValueParser::new(read),
    }
}
