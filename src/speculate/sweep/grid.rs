//! Which cells a sweep has: rules with their numbers, each under every budget.

use crate::speculate::params::{AcceptanceRule, Budget, Params};

/// Rules that differ in their numbers only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Family {
    Strict,
    Relaxed,
    Ratio,
    Typical,
}

impl Family {
    pub(crate) const ALL: [Family; 4] = [
        Family::Strict,
        Family::Relaxed,
        Family::Ratio,
        Family::Typical,
    ];

    pub(crate) fn name(self) -> &'static str {
        self.into()
    }

    /// # Errors
    /// Lists the names there are.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let found = Family::ALL.into_iter().find(|f| f.name() == text);
        let names = Family::ALL.map(Family::name).join(", ");
        found.ok_or_else(|| format!("`{text}`: must be one of {names}"))
    }

    /// A rule's; `None`: it drafts nothing.
    pub(crate) fn of(verify: &AcceptanceRule) -> Option<Self> {
        Family::parse(verify.name()).ok()
    }
}

/// What is tried.
#[derive(Clone, Debug, PartialEq)]
pub struct Axes {
    /// Each with the numbers that it has.
    pub rules: Vec<Family>,
    /// Ranks of the relaxed and the ratio rule.
    pub ks: Vec<usize>,
    /// Thresholds of the relaxed rule.
    pub taus: Vec<f32>,
    /// Shares of the ratio rule.
    pub ratios: Vec<f32>,
    /// Thresholds of typical acceptance.
    pub eps: Vec<f32>,
    /// Factors of typical acceptance.
    pub deltas: Vec<f32>,
    /// None named: the one that all cells share.
    pub budgets: Vec<Budget>,
}

impl Default for Axes {
    fn default() -> Self {
        Axes {
            rules: vec![Family::Relaxed],
            ks: vec![1, 2, 3, 5],
            taus: vec![0.05, 0.1, 0.2, 0.4],
            ratios: vec![0.1, 0.3, 0.5, 0.8],
            eps: vec![0.05, 0.09, 0.2, 0.4],
            deltas: vec![0.1, 0.3, 0.6, 1.0],
            budgets: Vec::new(),
        }
    }
}

/// One of the settings tried.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    pub(crate) verify: AcceptanceRule,
    pub(crate) budget: Budget,
}

/// A family under one budget: a table of two axes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Layer {
    pub(crate) family: Family,
    pub(crate) budget: Budget,
    /// Names of the axes, down and across; empty where there is none.
    pub(crate) axes: [&'static str; 2],
    pub(crate) rows: Vec<String>,
    pub(crate) columns: Vec<String>,
    /// Indices of cells, row by row. Settings that mean the same share one.
    pub(crate) cells: Vec<usize>,
}

impl Layer {
    pub(crate) fn cell(&self, row: usize, column: usize) -> usize {
        self.cells[row * self.columns.len() + column]
    }
}

/// All cells, each once, and how they lie in tables.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// What every cell has in common.
    pub(crate) base: Params,
    /// In the order of running.
    pub cells: Vec<Cell>,
    pub(crate) layers: Vec<Layer>,
}

impl Grid {
    /// Every rule with its numbers under every budget; no budget named: that of
    /// `base`.
    ///
    /// # Errors
    /// A number that is out of range; nothing to try.
    pub fn new(base: Params, axes: &Axes) -> Result<Self, String> {
        let mut grid = Grid {
            base,
            cells: Vec::new(),
            layers: Vec::new(),
        };
        let budgets = match axes.budgets.as_slice() {
            [] => vec![base.budget],
            some => some.to_vec(),
        };
        for &family in &axes.rules {
            for &budget in &budgets {
                let layer = grid.layer(family, budget, axes);
                grid.layers.push(layer);
            }
        }
        if grid.cells.is_empty() {
            return Err("a sweep needs a rule and its numbers: --rules, --k, --tau".into());
        }
        (0..grid.cells.len()).try_for_each(|cell| grid.params(cell).check())?;
        Ok(grid)
    }

    fn layer(&mut self, family: Family, budget: Budget, axes: &Axes) -> Layer {
        let table = Table::of(family, axes);
        let cells = table.rules.iter().map(|&verify| self.index(verify, budget));
        Layer {
            cells: cells.collect(),
            family,
            budget,
            axes: table.axes,
            rows: table.rows,
            columns: table.columns,
        }
    }

    /// A cell's index; a new one for what was not there yet.
    fn index(&mut self, verify: AcceptanceRule, budget: Budget) -> usize {
        let cell = Cell {
            verify: plain(verify),
            budget,
        };
        let found = self.cells.iter().position(|&c| c == cell);
        found.unwrap_or_else(|| {
            self.cells.push(cell);
            self.cells.len() - 1
        })
    }

    /// All parameters of this cell's runs.
    pub fn params(&self, cell: usize) -> Params {
        let Cell { verify, budget } = self.cells[cell];
        Params {
            verify,
            budget,
            ..self.base
        }
    }
}

/// The rules of a family, row by row.
struct Table {
    axes: [&'static str; 2],
    rows: Vec<String>,
    columns: Vec<String>,
    rules: Vec<AcceptanceRule>,
}

impl Table {
    fn of(family: Family, axes: &Axes) -> Self {
        match family {
            Family::Strict => Table {
                axes: ["", ""],
                rows: vec![String::new()],
                columns: vec![String::new()],
                rules: vec![AcceptanceRule::Strict],
            },
            Family::Relaxed => Table::crossed(["k", "tau"], &axes.ks, &axes.taus, |k, tau| {
                AcceptanceRule::Relaxed { k, tau }
            }),
            Family::Ratio => Table::crossed(["k", "r"], &axes.ks, &axes.ratios, |k, r| {
                AcceptanceRule::Ratio { k, r }
            }),
            Family::Typical => {
                Table::crossed(["eps", "delta"], &axes.eps, &axes.deltas, |eps, delta| {
                    AcceptanceRule::Typical { eps, delta }
                })
            }
        }
    }

    fn crossed<R: Copy + ToString>(
        axes: [&'static str; 2],
        rows: &[R],
        columns: &[f32],
        rule: impl Fn(R, f32) -> AcceptanceRule,
    ) -> Self {
        let rule = &rule;
        let crossed = rows
            .iter()
            .flat_map(|&row| columns.iter().map(move |&c| rule(row, c)));
        Table {
            axes,
            rules: crossed.collect(),
            rows: rows.iter().map(R::to_string).collect(),
            columns: columns.iter().map(f32::to_string).collect(),
        }
    }
}

/// Rank 1 at most, or above certainty: that is strict, which runs once.
fn plain(verify: AcceptanceRule) -> AcceptanceRule {
    // What is out of range must be refused as it was written.
    let is_share = |p: f32| (0.0..=1.0).contains(&p);
    match verify {
        AcceptanceRule::Relaxed { k, tau } if is_share(tau) && (k == 1 || tau == 1.0) => {
            AcceptanceRule::Strict
        }
        AcceptanceRule::Ratio { k: 1, r } if is_share(r) => AcceptanceRule::Strict,
        other => other,
    }
}
