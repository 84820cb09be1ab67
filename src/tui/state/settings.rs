//! The parameters that can be changed on the fly, one row each, and what one
//! step up or down means. Ranges are those of `speculate::params`.

use crate::speculate::params::{Budget, Drafter, MAX_BRANCH, MAX_ROWS, Params, Source, Verify};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    Rule,
    K,
    Tau,
    Budget,
    Branch,
    Drafter,
    Source(Source),
    Length,
}

/// Row counts a budget can be set to besides the automatic one.
const BUDGETS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];
const BRANCHES: [usize; 8] = [1, 2, 4, 6, 8, 12, 16, MAX_BRANCH];
const LENGTHS: [usize; 6] = [32, 64, 128, 256, 512, 1024];
const MAX_K: usize = 10;
const TAU_STEP: f32 = 0.05;

/// Which way a setting is moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Less,
    More,
}

impl Setting {
    pub const ALL: [Setting; 11] = [
        Setting::Rule,
        Setting::K,
        Setting::Tau,
        Setting::Budget,
        Setting::Branch,
        Setting::Drafter,
        Setting::Source(Source::Group),
        Setting::Source(Source::Global),
        Setting::Source(Source::Local),
        Setting::Source(Source::Online),
        Setting::Length,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Setting::Rule => "rule",
            Setting::K => "k",
            Setting::Tau => "tau",
            Setting::Budget => "budget",
            Setting::Branch => "branch",
            Setting::Drafter => "drafter",
            Setting::Source(Source::Group) => "group pool",
            Setting::Source(Source::Global) => "global pool",
            Setting::Source(Source::Local) => "own text",
            Setting::Source(Source::Online) => "answers",
            Setting::Length => "length",
        }
    }

    /// What the setting does, in a few words.
    pub fn about(self) -> &'static str {
        match self {
            Setting::Rule => "how draft tokens are judged",
            Setting::K => "the rank may be at most this",
            Setting::Tau => "and the probability above this",
            Setting::Budget => "rows verified in one pass",
            Setting::Branch => "most draft tokens in a row",
            Setting::Drafter => "how drafts are made",
            Setting::Source(Source::Group) => "earlier answers of the same group",
            Setting::Source(Source::Global) => "earlier answers of all groups",
            Setting::Source(Source::Local) => "this prompt and answer so far",
            Setting::Source(Source::Online) => "finished ones draft for the next",
            Setting::Length => "most tokens to generate",
        }
    }

    pub fn value(self, params: &Params) -> String {
        match self {
            Setting::Rule => params.verify.name().to_string(),
            Setting::K => relaxed(params).map_or("—".into(), |(k, _)| k.to_string()),
            Setting::Tau => relaxed(params).map_or("—".into(), |(_, tau)| format!("{tau:.2}")),
            Setting::Budget => match params.budget {
                Budget::Auto { max } => format!("auto ≤ {max}"),
                Budget::Rows(n) => format!("{n} rows"),
            },
            Setting::Branch => params.branch.to_string(),
            Setting::Drafter => params.drafter.name().into(),
            Setting::Source(source) if params.sources.has(source) => "on".into(),
            Setting::Source(_) => "off".into(),
            Setting::Length => params.max_tokens.to_string(),
        }
    }

    /// The parameters with this setting moved one notch; unchanged at its end.
    pub fn moved(self, params: &Params, way: Way) -> Params {
        let mut params = *params;
        match self {
            Setting::Rule => params.verify = next_rule(params.verify, way),
            Setting::K => {
                if let Verify::Relaxed { k, .. } = &mut params.verify {
                    *k = match way {
                        Way::Less => k.saturating_sub(1).max(1),
                        Way::More => (*k + 1).min(MAX_K),
                    };
                }
            }
            Setting::Tau => {
                if let Verify::Relaxed { tau, .. } = &mut params.verify {
                    let notch =
                        (*tau / TAU_STEP).round() + if way == Way::More { 1.0 } else { -1.0 };
                    *tau = (notch * TAU_STEP).clamp(0.0, 1.0);
                }
            }
            Setting::Budget => params.budget = next_budget(params.budget, way),
            Setting::Branch => params.branch = neighbour(&BRANCHES, params.branch, way),
            Setting::Drafter => params.drafter = next_drafter(params.drafter, way),
            Setting::Source(source) => params.sources.toggle(source),
            Setting::Length => params.max_tokens = neighbour(&LENGTHS, params.max_tokens, way),
        }
        params
    }
}

fn relaxed(params: &Params) -> Option<(usize, f32)> {
    match params.verify {
        Verify::Relaxed { k, tau } => Some((k, tau)),
        Verify::Autoregressive | Verify::Strict => None,
    }
}

fn next_rule(rule: Verify, way: Way) -> Verify {
    match (rule, way) {
        (Verify::Autoregressive, Way::More) | (Verify::Relaxed { .. }, Way::Less) => Verify::Strict,
        (Verify::Strict, Way::Less) => Verify::Autoregressive,
        (Verify::Strict, Way::More) => Verify::default(),
        (unmoved, _) => unmoved,
    }
}

/// `auto` comes after the largest fixed budget.
fn next_budget(budget: Budget, way: Way) -> Budget {
    match (budget, way) {
        (Budget::Auto { .. }, Way::Less) => Budget::Rows(MAX_ROWS),
        (Budget::Rows(n), Way::More) if n >= MAX_ROWS => Budget::Auto { max: MAX_ROWS },
        (Budget::Rows(n), way) => Budget::Rows(neighbour(&BUDGETS, n, way)),
        (auto, Way::More) => auto,
    }
}

fn next_drafter(drafter: Drafter, way: Way) -> Drafter {
    let all = Drafter::ALL;
    let at = all.iter().position(|&d| d == drafter).unwrap_or(0);
    match way {
        Way::Less => all[at.saturating_sub(1)],
        Way::More => all[(at + 1).min(all.len() - 1)],
    }
}

fn neighbour(values: &[usize], value: usize, way: Way) -> usize {
    let found = match way {
        Way::Less => values.iter().rev().find(|&&v| v < value),
        Way::More => values.iter().find(|&&v| v > value),
    };
    found.copied().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_move_stays_in_range() {
        for way in [Way::Less, Way::More] {
            for setting in Setting::ALL {
                let mut params = Params::default();
                for _ in 0..40 {
                    params = setting.moved(&params, way);
                    assert_eq!(params.check(), Ok(()), "{setting:?} {way:?}");
                }
            }
        }
    }

    #[test]
    fn there_and_back_is_the_same() {
        let params = Params::default();
        for setting in [
            Setting::K,
            Setting::Branch,
            Setting::Drafter,
            Setting::Length,
        ] {
            let there = setting.moved(&params, Way::More);
            assert_eq!(setting.moved(&there, Way::Less), params);
        }
        let rows = Setting::Budget.moved(&params, Way::Less);
        assert_eq!(rows.budget, Budget::Rows(64));
        assert_eq!(Setting::Budget.moved(&rows, Way::More), params);
    }
}
