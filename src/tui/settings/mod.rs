//! The parameters that can be changed on the fly, one row each, and what one
//! step up or down means. Ranges are those of `speculate::params`.

pub(crate) mod sliders;

use crate::speculate::params::{
    AcceptanceRule, Budget, Drafter, MAX_BRANCH, MAX_ROWS, Params, Sampling, Source,
};

/// A parameter that a slider or a row of the settings sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the parameter of its name")]
pub enum Setting {
    Rule,
    K,
    Tau,
    Ratio,
    Eps,
    Delta,
    Temperature,
    TopK,
    TopP,
    Seed,
    Budget,
    Branch,
    Drafter,
    Source(Source),
    Suffix,
    Penalty,
    Length,
}

/// Row counts a budget can be set to besides the automatic one.
const BUDGETS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];
const BRANCHES: [usize; 8] = [1, 2, 4, 6, 8, 12, 16, MAX_BRANCH];
const SUFFIXES: [usize; 7] = [1, 2, 4, 8, 12, 16, 32];
const MOST_PENALTY: f32 = 2.0;
const LENGTHS: [usize; 6] = [32, 64, 128, 256, 512, 1024];
/// Numbers of tokens that sampling may choose among; then all.
const TOP_KS: [usize; 7] = [1, 5, 10, 20, 40, 80, 160];
const MAX_K: usize = 10;
/// A notch of what lies between 0 and 1.
const SHARE_STEP: f32 = 0.05;
/// A notch of the bounds that are small by nature.
const FINE_STEP: f32 = 0.01;
const TEMPERATURE_STEP: f32 = 0.1;
/// Hotter than this nothing readable comes.
const HOTTEST: f32 = 2.0;

/// Which way a setting is moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Less,
    More,
}

impl Setting {
    /// In the order of the screens.
    pub const ALL: [Setting; 18] = [
        Setting::Rule,
        Setting::K,
        Setting::Tau,
        Setting::Ratio,
        Setting::Eps,
        Setting::Delta,
        Setting::Temperature,
        Setting::TopK,
        Setting::TopP,
        Setting::Seed,
        Setting::Budget,
        Setting::Branch,
        Setting::Drafter,
        Setting::Source(Source::Group),
        Setting::Source(Source::Global),
        Setting::Source(Source::Local),
        Setting::Source(Source::Online),
        Setting::Length,
    ];

    /// The settings that mean something under these parameters.
    pub(crate) fn shown(params: &Params) -> Vec<Setting> {
        let all = Setting::ALL.into_iter();
        all.filter(|setting| setting.applies(params)).collect()
    }

    fn applies(self, params: &Params) -> bool {
        let rule = params.verify;
        match self {
            Setting::K => matches!(
                rule,
                AcceptanceRule::Relaxed { .. } | AcceptanceRule::Ratio { .. }
            ),
            Setting::Tau => matches!(rule, AcceptanceRule::Relaxed { .. }),
            Setting::Ratio => matches!(rule, AcceptanceRule::Ratio { .. }),
            Setting::Eps | Setting::Delta => matches!(rule, AcceptanceRule::Typical { .. }),
            Setting::Temperature => rule.is_lossless(),
            Setting::TopK | Setting::TopP | Setting::Seed => params.sampling.is_some(),
            _ => true,
        }
    }

    /// As the screens say it.
    pub fn name(self) -> &'static str {
        match self {
            Setting::Rule => "rule",
            Setting::K => "k",
            Setting::Tau => "tau",
            Setting::Ratio => "ratio",
            Setting::Eps => "eps",
            Setting::Delta => "delta",
            Setting::Temperature => "temperature",
            Setting::TopK => "top-k",
            Setting::TopP => "top-p",
            Setting::Seed => "seed",
            Setting::Budget => "budget",
            Setting::Branch => "branch",
            Setting::Drafter => "drafter",
            Setting::Source(Source::Group) => "group pool",
            Setting::Source(Source::Global) => "global pool",
            Setting::Source(Source::Local) => "own text",
            Setting::Source(Source::Online) => "answers",
            Setting::Suffix => "suffix",
            Setting::Penalty => "penalty",
            Setting::Length => "length",
        }
    }

    /// What the setting does, in a few words.
    pub(crate) fn about(self) -> &'static str {
        match self {
            Setting::Rule => "how draft tokens are judged",
            Setting::K => "the rank may be at most this",
            Setting::Tau => "and the probability above this",
            Setting::Ratio => "and p at least this share of the best",
            Setting::Eps => "p above this, or above",
            Setting::Delta => "this × e^-entropy, if that is less",
            Setting::Temperature => "tokens are drawn; 0 takes the best",
            Setting::TopK => "drawn among so many tokens",
            Setting::TopP => "drawn among this much probability",
            Setting::Seed => "the same seed draws the same text",
            Setting::Budget => "rows verified in one pass",
            Setting::Branch => "most draft tokens in a row",
            Setting::Drafter => "how drafts are made",
            Setting::Source(Source::Group) => "earlier answers of the same group",
            Setting::Source(Source::Global) => "earlier answers of all groups",
            Setting::Source(Source::Local) => "this prompt and answer so far",
            Setting::Source(Source::Online) => "finished ones draft for the next",
            Setting::Suffix => "most tokens that are looked up",
            Setting::Penalty => "of repeating; 1 is off",
            Setting::Length => "most tokens to generate",
        }
    }

    /// As a person reads it; `—` where the setting means nothing.
    pub(crate) fn value(self, params: &Params) -> String {
        let value = match self {
            Setting::Rule => Some(params.verify.name().to_string()),
            Setting::K | Setting::Tau | Setting::Ratio | Setting::Eps | Setting::Delta => {
                rule_value(self, params.verify)
            }
            Setting::Temperature => Some(temperature(params).map_or("0".into(), tenths)),
            Setting::TopK | Setting::TopP | Setting::Seed => {
                params.sampling.map(|sampling| drawn_value(self, &sampling))
            }
            Setting::Budget => Some(match params.budget {
                Budget::Auto { max } => format!("auto ≤ {max}"),
                Budget::Rows(n) => format!("{n} rows"),
            }),
            Setting::Branch => Some(params.branch.to_string()),
            Setting::Drafter => Some(params.drafter.name().into()),
            Setting::Source(source) if params.sources.has(source) => Some("on".into()),
            Setting::Source(_) => Some("off".into()),
            Setting::Suffix => Some(params.max_suffix.to_string()),
            Setting::Penalty => Some(format!("{:.2}", params.repeat_penalty)),
            Setting::Length => Some(params.max_tokens.to_string()),
        };
        value.unwrap_or_else(|| "—".into())
    }

    /// The parameters with this setting moved one notch; unchanged at its end.
    pub(crate) fn moved(self, params: &Params, way: Way) -> Params {
        let mut params = *params;
        match self {
            Setting::Rule => params.verify = next_rule(params.verify, way),
            Setting::K | Setting::Tau | Setting::Ratio | Setting::Eps | Setting::Delta => {
                params.verify = moved_rule(self, params.verify, way);
            }
            Setting::Temperature => params.sampling = next_temperature(&params, way),
            Setting::TopK | Setting::TopP | Setting::Seed => {
                let moved = |sampling| moved_sampling(self, sampling, way);
                params.sampling = params.sampling.map(moved);
            }
            Setting::Budget => params.budget = next_budget(params.budget, way),
            Setting::Branch => params.branch = neighbour(&BRANCHES, params.branch, way),
            Setting::Drafter => params.drafter = next(&Drafter::ALL, params.drafter, way),
            Setting::Source(source) => params.sources.toggle(source),
            Setting::Suffix => params.max_suffix = neighbour(&SUFFIXES, params.max_suffix, way),
            Setting::Penalty => {
                let moved = notched(params.repeat_penalty, SHARE_STEP, way);
                params.repeat_penalty = moved.clamp(1.0, MOST_PENALTY.max(params.repeat_penalty));
            }
            Setting::Length => params.max_tokens = neighbour(&LENGTHS, params.max_tokens, way),
        }
        // Tokens are drawn under a rule that takes nothing but what was drawn.
        params.sampling = params.sampling.filter(|_| params.verify.is_lossless());
        params
    }
}

fn rule_value(setting: Setting, rule: AcceptanceRule) -> Option<String> {
    match (setting, rule) {
        (Setting::K, AcceptanceRule::Relaxed { k, .. } | AcceptanceRule::Ratio { k, .. }) => {
            Some(k.to_string())
        }
        (Setting::Tau, AcceptanceRule::Relaxed { tau: share, .. })
        | (Setting::Ratio, AcceptanceRule::Ratio { r: share, .. })
        | (Setting::Eps, AcceptanceRule::Typical { eps: share, .. })
        | (Setting::Delta, AcceptanceRule::Typical { delta: share, .. }) => {
            Some(format!("{share:.2}"))
        }
        _ => None,
    }
}

fn drawn_value(setting: Setting, sampling: &Sampling) -> String {
    match setting {
        Setting::TopK => sampling.top_k.map_or("all".into(), |k| k.to_string()),
        Setting::TopP => format!("{:.2}", sampling.top_p.unwrap_or(1.0)),
        _ => sampling.seed.to_string(),
    }
}

fn temperature(params: &Params) -> Option<f32> {
    params.sampling.map(|sampling| sampling.temperature)
}

fn tenths(value: f32) -> String {
    format!("{value:.1}")
}

/// The next rule in the order of [`AcceptanceRule::ALL`], with its default numbers.
fn next_rule(rule: AcceptanceRule, way: Way) -> AcceptanceRule {
    let at = AcceptanceRule::ALL
        .iter()
        .position(|v| v.name() == rule.name());
    let at = at.unwrap_or(0);
    let to = match way {
        Way::Less => at.saturating_sub(1),
        Way::More => (at + 1).min(AcceptanceRule::ALL.len() - 1),
    };
    if to == at {
        rule
    } else {
        AcceptanceRule::ALL[to]
    }
}

fn moved_rule(setting: Setting, mut rule: AcceptanceRule, way: Way) -> AcceptanceRule {
    match (setting, &mut rule) {
        (Setting::K, AcceptanceRule::Relaxed { k, .. } | AcceptanceRule::Ratio { k, .. }) => {
            *k = match way {
                Way::Less => k.saturating_sub(1).max(1),
                Way::More => (*k + 1).min(MAX_K),
            };
        }
        (Setting::Tau, AcceptanceRule::Relaxed { tau: share, .. })
        | (Setting::Ratio, AcceptanceRule::Ratio { r: share, .. })
        | (Setting::Delta, AcceptanceRule::Typical { delta: share, .. }) => {
            *share = notched(*share, SHARE_STEP, way).clamp(0.0, 1.0);
        }
        (Setting::Eps, AcceptanceRule::Typical { eps, .. }) => {
            *eps = notched(*eps, FINE_STEP, way).clamp(0.0, 1.0);
        }
        _ => {}
    }
    rule
}

/// Moved to the next multiple of `step`.
fn notched(value: f32, step: f32, way: Way) -> f32 {
    let notch = (value / step).round() + if way == Way::More { 1.0 } else { -1.0 };
    notch * step
}

/// At 0 nothing is drawn.
fn next_temperature(params: &Params, way: Way) -> Option<Sampling> {
    let now = temperature(params).unwrap_or(0.0);
    let moved = notched(now, TEMPERATURE_STEP, way).min(HOTTEST.max(now));
    let drawn = params.sampling.unwrap_or(Sampling {
        temperature: moved,
        top_k: None,
        top_p: None,
        seed: 0,
    });
    (params.verify.is_lossless() && moved > TEMPERATURE_STEP / 2.0).then_some(Sampling {
        temperature: moved,
        ..drawn
    })
}

fn moved_sampling(setting: Setting, sampling: Sampling, way: Way) -> Sampling {
    match setting {
        Setting::TopK => Sampling {
            top_k: next_top_k(sampling.top_k, way),
            ..sampling
        },
        Setting::TopP => {
            let share = notched(sampling.top_p.unwrap_or(1.0), SHARE_STEP, way);
            Sampling {
                top_p: (share < 1.0).then_some(share.max(SHARE_STEP)),
                ..sampling
            }
        }
        _ => Sampling {
            seed: match way {
                Way::Less => sampling.seed.saturating_sub(1),
                Way::More => sampling.seed.saturating_add(1),
            },
            ..sampling
        },
    }
}

/// `all` comes after the largest number.
fn next_top_k(top_k: Option<usize>, way: Way) -> Option<usize> {
    let most = TOP_KS[TOP_KS.len() - 1];
    match (top_k, way) {
        (None, Way::Less) => Some(most),
        (Some(k), Way::More) if k >= most => None,
        (Some(k), way) => Some(neighbour(&TOP_KS, k, way)),
        (None, Way::More) => None,
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

fn next<T: Copy + PartialEq>(all: &[T], value: T, way: Way) -> T {
    let at = all.iter().position(|&v| v == value).unwrap_or(0);
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
            for verify in AcceptanceRule::ALL {
                for setting in Setting::ALL {
                    let mut params = Params {
                        verify,
                        ..Params::default()
                    };
                    for _ in 0..40 {
                        params = setting.moved(&params, way);
                        assert_eq!(params.check(), Ok(()), "{setting:?} {way:?}");
                        assert!(Setting::shown(&params).len() <= 16);
                    }
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

    #[test]
    fn a_temperature_goes_where_a_lossy_rule_comes() {
        let strict = Params {
            verify: AcceptanceRule::Strict,
            ..Params::default()
        };
        let warm = Setting::Temperature.moved(&strict, Way::More);
        assert_eq!(Setting::Temperature.value(&warm), "0.1");
        assert!(Setting::shown(&warm).contains(&Setting::Seed));
        let fewer = Setting::TopK.moved(&warm, Way::Less);
        assert_eq!(Setting::TopK.value(&fewer), "160");
        assert_eq!(Setting::TopK.moved(&fewer, Way::More), warm);
        assert_eq!(Setting::Rule.moved(&warm, Way::More).sampling, None);
        let cold = Setting::Temperature.moved(&warm, Way::Less);
        assert_eq!(cold, strict);
    }
}
