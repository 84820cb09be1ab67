//! The table of parameters: everything known about each, in one place. The command line,
//! the configuration file, the screens' settings and sliders, copied command lines, sweeps,
//! what-if and `docs/parameters.md` read it and name no parameter themselves. Defaults are
//! those of [`Params`]. Depends on neither the command line nor the screens.

mod checks;
mod drafting;
mod given;
mod notches;
mod place;
mod range;
mod reach;
#[cfg(test)]
mod reference;
mod rules;
mod sampling;
pub mod setup;
mod value;

use std::fmt;

use super::params::{AcceptanceRule, Params, Sampling};

pub(crate) use drafting::BRANCH;
pub(crate) use drafting::MAX_TOKENS;
pub(crate) use drafting::SOURCES;
pub(crate) use given::Given;
pub(crate) use notches::Notches;
pub use notches::Way;
pub use place::ParameterPlace;
pub use range::Range;
pub(crate) use reach::AffectedPart;
pub use reach::Knob;
pub(crate) use reach::Reach;
pub(crate) use rules::RULE;
pub(crate) use sampling::TEMPERATURE;
pub use value::Value;

/// One parameter of a run.
pub struct Parameter {
    /// The option is `--name`; the key in the configuration file's `[decode]` table is
    /// `name`.
    pub name: &'static str,
    /// Its name on the screens.
    pub(crate) label: &'static str,
    /// Its symbol in a formula, if it is a rule's number.
    pub(crate) symbol: &'static str,
    /// A short description, shown with its value.
    pub(crate) about: &'static str,
    /// The description in the command line's help and the documents.
    pub help: &'static str,
    /// Placeholder for its value in the help: `N`.
    pub placeholder: &'static str,
    /// The values allowed.
    pub range: Range,
    pub(crate) unit: &'static str,
    /// What its lowest value means: `off`.
    pub(crate) least_means: &'static str,
    /// What leaving it out means, if that is not a value.
    pub(crate) unset: &'static str,
    /// Where the screens show it.
    pub row: SettingRow,
    pub(crate) notches: Notches,
    /// Whether a what-if can answer a change.
    pub(crate) reach: Reach,
    pub(crate) sweep: InSweep,
    /// The part of a run that it affects.
    pub(crate) part: AffectedPart,
    /// The name under which a difference between two runs is reported.
    pub difference: &'static str,
    /// Where its value is stored.
    pub place: ParameterPlace,
}

/// Where on the screens a parameter can be changed; rows are ordered by these numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingRow {
    /// In the settings and among the sliders.
    Settings(u8),
    /// Among the sliders only.
    Sliders(u8),
    /// Only by its option and its key.
    None,
}

/// How a sweep treats a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InSweep {
    /// Tries several values: these, unless others are given.
    Tried(&'static str),
    /// Takes one value for all cells from its option.
    Shared,
    /// Has no option in a sweep.
    Fixed,
}

/// Defaults shared by most entries.
const PLAIN: Parameter = Parameter {
    name: "",
    label: "",
    symbol: "",
    about: "",
    help: "",
    placeholder: "N",
    range: Range::OneOf(Vec::new),
    unit: "",
    least_means: "",
    unset: "",
    row: SettingRow::None,
    notches: Notches::None,
    reach: Reach::Rerun(Knob::Drafter),
    sweep: InSweep::Shared,
    part: AffectedPart::Drafts,
    difference: "",
    place: ParameterPlace::Preset,
};

/// Every parameter, in the order in which options are written.
pub static ALL: [&Parameter; 23] = [
    &rules::RULE,
    &rules::K,
    &rules::TAU,
    &rules::RATIO,
    &rules::MARGIN,
    &rules::EPS,
    &rules::DELTA,
    &rules::ENTROPY,
    &rules::WINDOW,
    &drafting::PRESET,
    &drafting::BUDGET,
    &drafting::BRANCH,
    &drafting::SUFFIX,
    &drafting::SOURCES,
    &drafting::SOURCE_WEIGHTS,
    &drafting::DRAFTER,
    &drafting::REPEAT_PENALTY,
    &drafting::REPEAT_WINDOW,
    &sampling::TEMPERATURE,
    &sampling::TOP_K,
    &sampling::TOP_P,
    &sampling::SEED,
    &drafting::MAX_TOKENS,
];

/// The parameter with this option or key name.
pub fn named(name: &str) -> Option<&'static Parameter> {
    ALL.into_iter().find(|parameter| parameter.name == name)
}

/// The numbers of the rules.
pub(crate) fn rule_numbers() -> impl Iterator<Item = &'static Parameter> {
    ALL.into_iter()
        .filter(|parameter| parameter.is_rule_number())
}

impl Parameter {
    /// Whether it is the rule or one of the rules' numbers.
    pub(crate) fn is_of_the_rule(&self) -> bool {
        self.part == AffectedPart::Rule
    }

    pub(crate) fn is_rule_number(&self) -> bool {
        self.is_of_the_rule() && !matches!(self.place, ParameterPlace::Rule)
    }

    /// Whether it has a meaning under these parameters.
    pub fn applies(&self, params: &Params) -> bool {
        self.place.exists(params)
    }

    /// The rules that it applies to: all of them, unless it is a rule's number.
    pub fn rules(&self) -> impl Iterator<Item = AcceptanceRule> {
        let rules = AcceptanceRule::ALL.into_iter();
        rules.filter(|&verify| !self.is_rule_number() || self.applies(&under(verify)))
    }

    /// Its value. `None`: it does not apply, such as a number of another rule.
    pub fn get(&self, params: &Params) -> Option<Value> {
        self.place.get(params)
    }

    /// Sets its value, if it applies and can hold such a value.
    pub fn set(&self, params: &mut Params, value: Value) {
        self.place.set(params, value);
    }

    /// Its default, under a rule or temperature that it applies to.
    pub(crate) fn default(&self) -> Option<Value> {
        let sampled = Params {
            sampling: Some(Sampling::at(1.0)),
            ..under(AcceptanceRule::Strict)
        };
        let ruled = AcceptanceRule::ALL.map(under);
        let plain = [Params::default()].into_iter();
        let mut places = plain.chain(ruled).chain([sampled]);
        places.find_map(|params| self.get(&params))
    }

    /// The default in words: `0.1`, `0, off`, `all`.
    pub fn default_text(&self) -> String {
        match self.default() {
            None => self.unset.to_string(),
            Some(value) if self.is_least(value) => format!("{value}, {}", self.least_means),
            Some(value) => value.to_string(),
        }
    }

    fn is_least(&self, value: Value) -> bool {
        !self.least_means.is_empty() && self.range.least() == Some(value)
    }

    /// Parses a value as written on the command line and in the configuration file. Does
    /// not check its range; `Parameter::check` does.
    ///
    /// # Errors
    /// The form that the value must have.
    pub fn parse(&self, text: &str) -> Result<Value, String> {
        self.place.parse(text)
    }

    /// The option, for messages and command lines.
    pub(crate) fn option(&self) -> String {
        format!("--{}", self.name)
    }
}

/// The default parameters under a rule.
fn under(verify: AcceptanceRule) -> Params {
    Params {
        verify,
        ..Params::default()
    }
}

/// Names are unique.
impl PartialEq for Parameter {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Parameter {}

impl fmt::Debug for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
