//! What lists of runs can be sorted by.

use crate::tui::app::App;
use crate::tui::runs::begin::Listed;
use crate::tui::runs::columns::RunColumn;
use crate::tui::runs::parked::Kept;
use crate::tui::screens::compare::state::Choice;
use crate::tui::widgets::sort::{SortKey, Sorting};

/// A run's figure, where the run has begun.
fn figure(kept: Option<Kept<'_>>, column: RunColumn) -> SortKey {
    let stats = kept.map(Kept::stats);
    SortKey::Figure(match column {
        RunColumn::Title | RunColumn::Settings => None,
        RunColumn::Mal => stats.and_then(|s| s.mal()),
        RunColumn::Tokens => stats.map(|s| s.tokens as f64),
        RunColumn::Speed => stats.and_then(|s| s.tokens_per_s()),
    })
}

fn key(listed: &Listed<'_>, column: RunColumn) -> SortKey {
    match (listed, column) {
        (Listed::Run { run, .. }, RunColumn::Title) => SortKey::text(&run.subject.title),
        (Listed::Run { run, .. }, RunColumn::Settings) => {
            SortKey::Text(run.params.verify.describe())
        }
        (Listed::Run { run, .. }, figures) => figure(run.kept(), figures),
        (Listed::Earlier(earlier), RunColumn::Title) => SortKey::text(&earlier.subject.title),
        (Listed::Earlier(earlier), RunColumn::Settings) => {
            SortKey::Text(earlier.params.verify.describe())
        }
        (Listed::Earlier(earlier), figures) => {
            let end = earlier.end.as_ref();
            let n_tokens = end.map(|end| end.tokens as f64);
            let n_steps = end.map(|end| end.steps.max(1) as f64);
            SortKey::Figure(match figures {
                RunColumn::Mal => n_tokens.zip(n_steps).map(|(tokens, steps)| tokens / steps),
                RunColumn::Tokens => n_tokens,
                _ => None,
            })
        }
    }
}

impl App {
    /// The runs that the dialog lists, in its order. Branches hang below their run only
    /// as the list comes.
    pub(crate) fn sorted_runs(&self, sorting: &Sorting<RunColumn>) -> Vec<Listed<'_>> {
        let mut listed: Vec<Listed<'_>> = self.listed_runs().collect();
        sorting.arrange(&mut listed, key);
        if !sorting.note().is_empty() {
            for listed in &mut listed {
                if let Listed::Run { depth, .. } = listed {
                    *depth = 0;
                }
            }
        }
        listed
    }

    /// Runs to compare, in the list's order.
    pub(crate) fn sorted_choices(
        &self,
        mut choices: Vec<Choice>,
        sorting: &Sorting<RunColumn>,
    ) -> Vec<Choice> {
        sorting.arrange(&mut choices, |&choice, column| match column {
            RunColumn::Title => {
                let run = self.run_of(choice.run());
                SortKey::text(run.map_or("", |run| &run.subject.title))
            }
            RunColumn::Settings => SortKey::Text(self.settings_of(choice)),
            figures => figure(self.kept(choice), figures),
        });
        choices
    }
}
