//! Which cell of a sweep is chosen, and why.

use serde::Serialize;

use super::CellReport;
use crate::present::number::percent;
use crate::speculate::sweep::CellFigures;

/// Text in common that a chosen cell must keep.
const KEPT: f64 = 0.9;

/// The cell that the report recommends.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ChosenCell {
    /// Index among the cells.
    pub(crate) cell: usize,
    /// As a command line's options.
    pub(crate) options: String,
    /// The criterion, and how the cell meets it.
    pub(crate) why: String,
}

/// How a cell is chosen, for people.
pub(crate) fn criterion() -> String {
    format!(
        "Of the Pareto-optimal cells, the fastest that has at least {} of its text in common with \
         the autoregressive text; where none has, the one that has most. A rule that a downstream \
         test found worse is left out.",
        percent(KEPT)
    )
}

impl ChosenCell {
    /// `None` without figures, or if a downstream test found every Pareto-optimal cell worse.
    pub(super) fn of(cells: &[CellReport]) -> Option<Self> {
        let optimal: Vec<(usize, &CellReport, &CellFigures)> = cells
            .iter()
            .enumerate()
            .filter(|(_, cell)| cell.frontier && !cell.is_worse_downstream())
            .filter_map(|(i, cell)| Some((i, cell, cell.figures.as_ref()?)))
            .collect();
        let keeping = optimal.iter().filter(|(.., f)| f.in_common.mean >= KEPT);
        let (best, keeps) = match best_by(keeping, |f| (f.speedup.mean, f.in_common.mean)) {
            Some(best) => (best, true),
            None => {
                let most = best_by(optimal.iter(), |f| (f.in_common.mean, f.speedup.mean));
                (most?, false)
            }
        };
        let (cell, report, figures) = *best;
        Some(ChosenCell {
            cell,
            options: report.options.clone(),
            why: why(figures, keeps),
        })
    }
}

/// The first of those with the most; `by`: what counts first, and what then.
fn best_by<'a, 'c: 'a>(
    cells: impl Iterator<Item = &'a (usize, &'c CellReport, &'c CellFigures)>,
    by: impl Fn(&CellFigures) -> (f64, f64),
) -> Option<&'a (usize, &'c CellReport, &'c CellFigures)> {
    cells.reduce(|best, other| {
        let (a, b) = (by(best.2), by(other.2));
        let order = b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1));
        if order.is_gt() { other } else { best }
    })
}

fn why(figures: &CellFigures, keeps: bool) -> String {
    let (kept, limit) = (percent(figures.in_common.mean), percent(KEPT));
    let chosen = match keeps {
        true => format!("the fastest Pareto-optimal cell with at least {limit} in common: {kept}"),
        false => format!(
            "no Pareto-optimal cell has {limit} in common; of them this one has most: {kept}"
        ),
    };
    let speed = match figures.pairs {
        1 => format!("{:.2}x in one pair", figures.speedup.mean),
        _ => format!(
            "{:.2}x, 95% interval {:.2} to {:.2}",
            figures.speedup.mean, figures.low, figures.high
        ),
    };
    let noise = match figures.low > 1.0 {
        true => "",
        false => "; not faster than autoregressive decoding beyond the noise",
    };
    format!("{chosen}, at {speed}{noise}")
}
