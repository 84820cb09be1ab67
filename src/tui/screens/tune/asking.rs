//! What a sweep would run now: its subjects, what is known about them, and its grid.

use crate::protocol::Asked;
use crate::recsys::SubjectKind;
use crate::recsys::quality::facts_about;
use crate::speculate::facts::SubjectFact;
use crate::speculate::params::{Budget, Drafter, MAX_ROWS};
use crate::speculate::sweep::{Axes, Family};
use crate::speculate::trace::SubjectInfo;
use crate::tui::app::App;
use crate::tui::screens::tune::sweep::{Tried, Who};
use crate::worker::ask::role_of;

/// Longest branches that a sweep tries, in tokens.
const BRANCHES: [usize; 3] = [4, 8, 16];
/// Drafters that a sweep tries.
const DRAFTERS: [Drafter; 4] = [
    Drafter::Blend,
    Drafter::Laser,
    Drafter::Chain,
    Drafter::Ngram,
];

impl App {
    /// The subjects that a sweep would run now.
    pub(crate) fn asked(&self) -> Result<Vec<Asked>, String> {
        let about = |(subject, prompt)| Asked { subject, prompt };
        let question = |at| self.catalog.question_about(at).map(about);
        let readable = |e| format!("{e:#}");
        match self.tune.sweep.who {
            Who::Shown => Ok(vec![about(self.question_of_run()?)]),
            Who::Selected => {
                let at = self
                    .catalog
                    .selected()
                    .ok_or("Nothing is selected in the catalog.")?;
                Ok(vec![question(at).map_err(readable)?])
            }
            Who::Marked => {
                let marked = self.tune.sweep.marked.iter().copied();
                marked
                    .map(question)
                    .collect::<Result<_, _>>()
                    .map_err(readable)
            }
            Who::Spread => {
                let catalog = self.catalog.catalog.as_ref().ok_or("No catalog is open.")?;
                let sample = catalog.stratified_sample(self.catalog.kind, self.tune.sweep.n);
                sample
                    .into_iter()
                    .map(question)
                    .collect::<Result<_, _>>()
                    .map_err(readable)
            }
        }
    }

    /// The grid that a sweep would run now.
    pub(crate) fn axes(&self) -> Axes {
        let family = Family::of(&self.tune.params.verify).unwrap_or_default();
        let axes = Axes::default();
        match self.tune.sweep.tried {
            Tried::Rule => Axes {
                rules: vec![family],
                ..axes
            },
            Tried::Budgets => Axes {
                rules: vec![family],
                budgets: vec![
                    Budget::Rows(8),
                    Budget::Rows(16),
                    Budget::Auto { max: MAX_ROWS },
                ],
                ..axes
            },
            Tried::Branches => Axes {
                rules: vec![family],
                branches: BRANCHES.to_vec(),
                ..axes
            },
            Tried::Drafters => Axes {
                rules: vec![family],
                drafters: DRAFTERS.to_vec(),
                ..axes
            },
            Tried::Rules => Axes {
                rules: Family::all(),
                ..axes
            },
        }
    }

    /// What the catalog knows about a subject; nothing about one that it does not have.
    pub(super) fn facts_of(&self, subject: &SubjectInfo) -> Vec<SubjectFact> {
        let catalog = self.catalog.catalog.as_ref();
        let kind = SubjectKind::named(&subject.kind);
        let found = catalog.zip(kind).and_then(|(catalog, kind)| {
            let at = catalog.lookup(kind, &subject.id)?;
            Some(facts_about(catalog, at, role_of(catalog.subject(at))))
        });
        found.unwrap_or_default()
    }
}
