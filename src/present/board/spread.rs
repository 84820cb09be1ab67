//! How a figure is spread over the rows: a histogram with its bounds.

use super::{BoardColumn, BoardRow};

/// A histogram of a column's figures.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) least: f64,
    pub(crate) most: f64,
    pub(crate) mean: f64,
    pub(crate) median: f64,
    /// Rows by equal parts of the range.
    pub(crate) buckets: Vec<usize>,
}

impl Spread {
    /// `None`: no row has a figure.
    pub(crate) fn of<'a>(
        column: BoardColumn,
        rows: impl IntoIterator<Item = &'a BoardRow>,
        n_buckets: usize,
    ) -> Option<Self> {
        let figures = rows.into_iter().filter_map(|row| column.figure(row));
        let mut figures: Vec<f64> = figures.collect();
        figures.sort_by(f64::total_cmp);
        let (&least, &most) = (figures.first()?, figures.last()?);
        let mut buckets = vec![0; n_buckets.max(1)];
        let width = (most - least) / buckets.len() as f64;
        for figure in &figures {
            let at = match width > 0.0 {
                true => ((figure - least) / width) as usize,
                false => 0,
            };
            let last = buckets.len() - 1;
            buckets[at.min(last)] += 1;
        }
        let n = figures.len();
        Some(Spread {
            least,
            most,
            mean: figures.iter().sum::<f64>() / n as f64,
            median: (figures[(n - 1) / 2] + figures[n / 2]) / 2.0,
            buckets,
        })
    }
}
