//! The command line that repeats a sweep: its subjects by id, its axes, what all cells share,
//! and the options that chose catalog, pools, model and device.

use super::grid::{Family, Grid};
use crate::speculate::command_line::quoted;
use crate::speculate::options::said;
use crate::speculate::parameters::{BRANCH, InSweep, Parameter, ParameterPlace};
use crate::speculate::params::{Budget, Params};
use crate::speculate::subject::KindName;
use crate::speculate::trace::SubjectInfo;

/// A sweep as a command line.
pub(crate) struct SweepCommand<'a> {
    pub(crate) grid: &'a Grid,
    pub(crate) subjects: &'a [SubjectInfo],
    /// The parameters without options.
    pub(crate) configured: &'a Params,
    /// Options that chose catalog, framework, pools and model.
    pub(crate) setup: &'a [String],
    /// A fixed number of pairs.
    pub(crate) paired: Option<usize>,
}

impl SweepCommand<'_> {
    /// The line, followed by a comment on what no option can express.
    pub(crate) fn text(&self) -> String {
        let mut words = vec!["laserscope".to_string(), "sweep".to_string()];
        words.extend(self.whom());
        words.extend(self.axes());
        words.extend(self.shared());
        if let Some(pairs) = self.paired {
            words.extend(["--paired".to_string(), pairs.to_string()]);
        }
        words.extend(self.setup.iter().cloned());
        let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        let line = words.join(" ");
        match self.subjects.iter().filter(|s| !is_named(s)).count() {
            0 => line,
            _ => format!("{line}\n# a custom prompt has no option: it was swept on the screens"),
        }
    }

    fn whom(&self) -> Vec<String> {
        let mut words = Vec::new();
        for subject in self.subjects.iter().filter(|subject| is_named(subject)) {
            words.extend([format!("--{}", subject.kind), subject.id.clone()]);
        }
        let is_said = self.setup.iter().any(|word| word == "--framework");
        let framework = self.subjects.first().and_then(|s| s.framework.known());
        if let Some(name) = framework.filter(|name| !name.is_empty() && !is_said) {
            words.extend(["--framework".to_string(), name.to_string()]);
        }
        words
    }

    fn axes(&self) -> Vec<String> {
        let axes = &self.grid.axes;
        let mut words = Vec::new();
        let mut list = |option: &str, values: Vec<String>| {
            if !values.is_empty() {
                words.extend([format!("--{option}"), values.join(",")]);
            }
        };
        let name = |family: &Family| family.name().to_string();
        list("rules", axes.rules.iter().map(name).collect());
        for (number, values) in axes.numbers.iter().filter(|(n, _)| self.has(n)) {
            list(
                number.name,
                values.iter().map(ToString::to_string).collect(),
            );
        }
        let budgets = self.budgets();
        list("budgets", budgets.iter().map(ToString::to_string).collect());
        list(
            "branches",
            axes.branches.iter().map(ToString::to_string).collect(),
        );
        let drafters = axes
            .drafters
            .iter()
            .map(|drafter| drafter.name().to_string());
        list("drafters", drafters.collect());
        words
    }

    /// Whether a rule of the grid tries values of this number.
    fn has(&self, number: &Parameter) -> bool {
        let mut families = self.grid.axes.rules.iter();
        families.any(|family| {
            let rule = family.rule();
            let mut tried = rule.numbers().take(2);
            tried.any(|(each, _)| each == number)
        })
    }

    /// Where none is named, that of all cells, unless it goes without saying.
    fn budgets(&self) -> Vec<Budget> {
        let shared = self.grid.base.budget;
        let goes_without_saying =
            shared == self.configured.budget && shared == Params::default().budget;
        match self.grid.axes.budgets.as_slice() {
            [] if goes_without_saying => Vec::new(),
            [] => vec![shared],
            some => some.to_vec(),
        }
    }

    fn shared(&self) -> Vec<String> {
        let axes = &self.grid.axes;
        let is_axis = |parameter: &Parameter| match parameter.place {
            ParameterPlace::Drafter => !axes.drafters.is_empty(),
            _ => *parameter == BRANCH && !axes.branches.is_empty(),
        };
        let said = said(&self.grid.base, self.configured).into_iter();
        let said = said.filter(|(p, _)| p.sweep == InSweep::Shared && !is_axis(p));
        said.flat_map(|(parameter, value)| [parameter.option(), value.to_string()])
            .collect()
    }
}

/// Whether it has an id of a catalog.
fn is_named(subject: &SubjectInfo) -> bool {
    matches!(subject.kind, KindName::Item | KindName::User)
}
