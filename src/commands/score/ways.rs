//! The ways to draft that are compared: drafters, budgets and arrangements of the pools.

use color_eyre::eyre::{Result, bail, ensure};

use crate::cli::ScoreArgs;
use crate::commands::arrangement::Arrangement;
use crate::engine::scoring::ScoringWay;
use crate::speculate::params::{Budget, MAX_ROWS, Params};

const BUDGETS: [usize; 4] = [8, 16, 32, 64];
/// Tried besides where a cost profile says what they bring.
const SMALL_BUDGETS: [usize; 2] = [2, 4];

/// The budget of an answer that is opened.
const OPENED_ROWS: usize = 16;

/// One way to draft.
#[derive(Clone, Debug)]
pub(super) struct ScoreWay {
    pub(super) params: Params,
    /// `None`: not compared.
    pub(super) arrangement: Option<Arrangement>,
}

impl ScoreWay {
    pub(super) fn scoring(&self) -> ScoringWay {
        ScoringWay {
            params: self.params,
            is_dealt: self.arrangement == Some(Arrangement::RandomGroup),
        }
    }
}

/// The way to draft that an option shows.
///
/// # Errors
/// Several ways are given.
pub(super) fn the_only_way<'w>(option: &str, ways: &'w [ScoreWay]) -> Result<&'w ScoreWay> {
    let [way] = ways else {
        bail!(
            "{option} shows one way to draft, and {} are given: give one --drafter and one \
             --budget",
            ways.len()
        );
    };
    Ok(way)
}

/// Every drafter under every budget, in every arrangement.
///
/// # Errors
/// An automatic budget without costs.
pub(super) fn of(args: &ScoreArgs, params: Params, has_costs: bool) -> Result<Vec<ScoreWay>> {
    let budgets = budgets(args, has_costs);
    ensure!(
        has_costs || !budgets.iter().any(Budget::is_auto),
        "--budget auto follows the cost of a pass: name it with --cost PROFILE, --cost TRACE or \
        --cost ROWS:MS,.."
    );
    let arrangements: Vec<Option<Arrangement>> = match args.by_group {
        true => Arrangement::ALL.into_iter().map(Some).collect(),
        false => vec![None],
    };
    let mut ways = Vec::new();
    for &drafter in &args.drafter {
        for &budget in &budgets {
            ways.extend(arrangements.iter().map(|&arrangement| ScoreWay {
                params: Params {
                    drafter,
                    budget,
                    sources: arrangement.map_or(params.sources, Arrangement::sources),
                    ..params
                },
                arrangement,
            }));
        }
    }
    Ok(ways)
}

fn budgets(args: &ScoreArgs, has_costs: bool) -> Vec<Budget> {
    if !args.budget.is_empty() {
        return args.budget.clone();
    }
    if args.open.is_some() || args.board {
        return vec![match has_costs {
            true => Budget::Auto { max: MAX_ROWS },
            false => Budget::Rows(OPENED_ROWS),
        }];
    }
    let small = SMALL_BUDGETS.into_iter().filter(|_| has_costs);
    let fixed = small.chain(BUDGETS).map(Budget::Rows);
    let auto = has_costs.then_some(Budget::Auto { max: MAX_ROWS });
    fixed.chain(auto).collect()
}
