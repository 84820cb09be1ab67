//! The cells of a sweep: rules with their values, each under every budget, branch length
//! and drafter.

use super::drafting::{SweptDrafting, Varying};
use crate::speculate::parameters::{InSweep, Parameter, Value, rule_numbers};
use crate::speculate::params::{AcceptanceRule, Budget, Drafter, Params};

/// Rules that differ in their numbers only.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub(crate) struct Family(AcceptanceRule);

impl Family {
    /// Those that draft.
    pub(crate) fn all() -> Vec<Family> {
        let rules = AcceptanceRule::ALL.into_iter();
        rules.filter_map(|rule| Family::of(&rule)).collect()
    }

    pub(crate) fn name(self) -> &'static str {
        self.0.into()
    }

    /// # Errors
    /// Lists the names there are.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let all = Family::all();
        let names: Vec<&str> = all.iter().map(|family| family.name()).collect();
        let found = all.iter().find(|family| family.name() == text);
        let found = found.copied();
        found.ok_or_else(|| format!("`{text}`: must be one of {}", names.join(", ")))
    }

    /// A rule's; `None`: it drafts nothing.
    pub(crate) fn of(rule: &AcceptanceRule) -> Option<Self> {
        rule.drafts().then(|| Family(rule.with_default_numbers()))
    }

    /// Its rule with the default numbers.
    pub(crate) fn rule(self) -> AcceptanceRule {
        self.0
    }
}

/// What to try.
#[derive(Clone, Debug, PartialEq)]
pub struct Axes {
    /// Each with the numbers that it has.
    pub(crate) rules: Vec<Family>,
    /// The values of each number that rules have.
    pub(crate) numbers: Vec<(&'static Parameter, Vec<Value>)>,
    /// None named: the one that all cells share.
    pub(crate) budgets: Vec<Budget>,
    /// Longest branches of the draft tree, in tokens. None named: as for budgets.
    pub(crate) branches: Vec<usize>,
    /// None named: as for budgets.
    pub(crate) drafters: Vec<Drafter>,
}

impl Default for Axes {
    fn default() -> Self {
        Axes {
            rules: vec![Family::default()],
            numbers: rule_numbers().map(|p| (p, tried(p))).collect(),
            budgets: Vec::new(),
            branches: Vec::new(),
            drafters: Vec::new(),
        }
    }
}

impl Axes {
    /// With these values of one number of the rules.
    pub fn trying(mut self, number: &Parameter, values: Vec<Value>) -> Self {
        for (_, tried) in self.numbers.iter_mut().filter(|(each, _)| *each == number) {
            *tried = values.clone();
        }
        self
    }

    /// The relaxed rule that accepts the most of those that a sweep tries where nothing is
    /// named.
    pub(crate) fn laxest() -> AcceptanceRule {
        let tried = Axes::default();
        let values = |name: &str| {
            let found = tried.numbers.iter().find(|(number, _)| number.name == name);
            found.map_or(&[][..], |(_, values)| values).to_vec()
        };
        let k = values("k").into_iter().filter_map(|value| match value {
            Value::Whole(k) => Some(k as usize),
            _ => None,
        });
        let tau = values("tau").into_iter().filter_map(|value| match value {
            Value::Number(tau) => Some(tau),
            _ => None,
        });
        AcceptanceRule::Relaxed {
            k: k.max().unwrap_or(AcceptanceRule::DEFAULT_K),
            tau: tau.reduce(f32::min).unwrap_or(AcceptanceRule::DEFAULT_TAU),
        }
    }

    pub(crate) fn of(&self, number: &Parameter) -> &[Value] {
        let found = self.numbers.iter().find(|(each, _)| *each == number);
        found.map_or(&[], |(_, values)| values)
    }
}

/// What a sweep tries of a parameter where nothing is named.
fn tried(parameter: &Parameter) -> Vec<Value> {
    match parameter.sweep {
        InSweep::Tried(values) => {
            let values = values.split(',').map(|value| parameter.parse(value));
            values.filter_map(Result::ok).collect()
        }
        InSweep::Shared | InSweep::Fixed => Vec::new(),
    }
}

/// One of the settings tried.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    pub(crate) verify: AcceptanceRule,
    pub(crate) drafting: SweptDrafting,
}

/// A family under one budget, branch length and drafter: a table of two axes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Layer {
    pub(crate) family: Family,
    pub(crate) drafting: SweptDrafting,
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

/// All cells, each once, and their arrangement in tables.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// What every cell has in common.
    pub(crate) base: Params,
    /// What it was made of.
    pub(crate) axes: Axes,
    /// In the order of running.
    pub cells: Vec<Cell>,
    pub(crate) layers: Vec<Layer>,
}

impl Grid {
    /// Every rule with its values under every budget, branch length and drafter; where none
    /// is named, that of `base`.
    ///
    /// # Errors
    /// A number that is out of range; nothing to try.
    pub fn new(base: Params, axes: &Axes) -> Result<Self, String> {
        let mut grid = Grid {
            base,
            axes: axes.clone(),
            cells: Vec::new(),
            layers: Vec::new(),
        };
        let draftings = SweptDrafting::all(&base, &axes.budgets, &axes.branches, &axes.drafters);
        for &family in &axes.rules {
            for &drafting in &draftings {
                let layer = grid.layer(family, drafting, axes);
                grid.layers.push(layer);
            }
        }
        if grid.cells.is_empty() {
            return Err(
                "the grid is empty: give a rule and its values (--rules, --k, --tau)".into(),
            );
        }
        (0..grid.cells.len()).try_for_each(|cell| grid.params(cell).check())?;
        Ok(grid)
    }

    fn layer(&mut self, family: Family, drafting: SweptDrafting, axes: &Axes) -> Layer {
        let table = Table::of(family, axes);
        let rules = table.rules.iter();
        let cells = rules.map(|&verify| self.index(verify, drafting));
        Layer {
            cells: cells.collect(),
            family,
            drafting,
            axes: table.axes,
            rows: table.rows,
            columns: table.columns,
        }
    }

    /// A cell's index; a new one for what was not there yet.
    fn index(&mut self, verify: AcceptanceRule, drafting: SweptDrafting) -> usize {
        let cell = Cell {
            verify: plain(verify),
            drafting,
        };
        let found = self.cells.iter().position(|&c| c == cell);
        found.unwrap_or_else(|| {
            self.cells.push(cell);
            self.cells.len() - 1
        })
    }

    /// All parameters of this cell's runs.
    pub fn params(&self, cell: usize) -> Params {
        let Cell { verify, drafting } = self.cells[cell];
        Params {
            verify,
            budget: drafting.budget,
            branch: drafting.branch,
            drafter: drafting.drafter,
            ..self.base
        }
    }

    /// Which of the drafting's settings are not the same in all cells.
    pub(crate) fn varying(&self) -> Varying {
        Varying::among(self.cells.iter().map(|cell| cell.drafting))
    }

    /// `relaxed k=2 tau=0.10, budget 8`: the rule, and what else varies.
    pub(crate) fn cell_name(&self, cell: usize) -> String {
        let Cell { verify, drafting } = self.cells[cell];
        let parts = std::iter::once(verify.describe()).chain(drafting.named(self.varying()));
        parts.collect::<Vec<_>>().join(", ")
    }

    /// `relaxed, budget 8`: the rule's name, and what else varies.
    pub(crate) fn layer_name(&self, layer: &Layer) -> String {
        let rule = layer.family.name().to_string();
        let parts = std::iter::once(rule).chain(layer.drafting.named(self.varying()));
        parts.collect::<Vec<_>>().join(", ")
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
    /// The first of the family's numbers goes down, the second across; any other keeps
    /// its default.
    fn of(family: Family, axes: &Axes) -> Self {
        let rule = family.rule();
        let mut numbers = rule.numbers().map(|(number, _)| number);
        let (down, across) = (numbers.next(), numbers.next());
        let (rows, columns) = (values(down, axes), values(across, axes));
        let crossed = rows.iter().flat_map(|&row| {
            let columns = columns.iter();
            columns.map(move |&column| with(rule, [(down, row), (across, column)]))
        });
        let symbol = |number: Option<&Parameter>| number.map_or("", |number| number.symbol);
        let name = |value: &Option<Value>| value.map_or_else(String::new, |v| v.to_string());
        Table {
            axes: [symbol(down), symbol(across)],
            rules: crossed.collect(),
            rows: rows.iter().map(name).collect(),
            columns: columns.iter().map(name).collect(),
        }
    }
}

/// What is tried of a number; one empty place where there is no such number.
fn values(number: Option<&Parameter>, axes: &Axes) -> Vec<Option<Value>> {
    match number {
        Some(number) => axes.of(number).iter().copied().map(Some).collect(),
        None => vec![None],
    }
}

/// The rule with these numbers in place of its own.
fn with(rule: AcceptanceRule, numbers: [(Option<&Parameter>, Option<Value>); 2]) -> AcceptanceRule {
    let mut params = Params {
        verify: rule,
        ..Params::default()
    };
    for (number, value) in numbers {
        if let (Some(number), Some(value)) = (number, value) {
            number.set(&mut params, value);
        }
    }
    params.verify
}

/// A rule that takes only the model's own choice is strict, which runs once.
fn plain(verify: AcceptanceRule) -> AcceptanceRule {
    // What is out of range must be refused as it was written.
    let in_range = |(number, value): (&Parameter, Value)| number.check(value).is_ok();
    match verify.numbers().all(in_range) && verify.amounts_to_strict() {
        true => AcceptanceRule::Strict,
        false => verify,
    }
}
