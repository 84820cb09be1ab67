//! What would help against a cause, and what it would bring where the recording tells.

use serde::Serialize;

use super::{CauseKind, LAXEST, WhyLow};
use crate::speculate::explain::prob;
use crate::speculate::params::{AcceptanceRule, MAX_ROWS};

/// Budgets that are named, in rows.
const BUDGETS: [usize; 6] = [8, 16, 24, 32, 48, MAX_ROWS];

/// How sure it is what a lever brings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", content = "tokens", rename_all = "snake_case")]
pub enum Brings {
    /// At least so many draft tokens more are accepted.
    AtLeast(usize),
    /// So many tokens more in the recorded contexts, by what-if.
    WhatIf(i64),
    /// An estimate in tokens, from how drafts did elsewhere in the same runs.
    Estimate(f64),
}

/// What would help against a cause.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lever {
    /// Against which cause.
    pub cause: CauseKind,
    /// What to change, and how the steps are spread over its values.
    pub text: String,
    /// `None`: the recording does not tell.
    pub brings: Option<Brings>,
}

impl Brings {
    /// `at least +12 tokens`.
    pub fn in_words(&self) -> String {
        let tokens = |n: &dyn std::fmt::Display, is_one: bool| match is_one {
            true => format!("{n} token"),
            false => format!("{n} tokens"),
        };
        match *self {
            Brings::AtLeast(n) => format!("at least +{}", tokens(&n, n == 1)),
            Brings::WhatIf(n) => format!("what-if {n:+} tokens"),
            Brings::Estimate(n) => {
                format!("est. +{}", tokens(&format!("{n:.0}"), n.round() == 1.0))
            }
        }
    }
}

impl WhyLow {
    /// The lever of a cause that occurs.
    pub fn lever(&self, cause: CauseKind) -> Lever {
        let (text, brings) = match cause {
            CauseKind::NothingMatched => self.documents(),
            CauseKind::NotOffered => (
                "a longer or shorter suffix, other sources, or documents nearer to the subject"
                    .into(),
                None,
            ),
            CauseKind::BelowBudget => self.more_rows(),
            CauseKind::Refused => self.laxer_rule(),
            CauseKind::Lost => (
                "k and tau: among the branches that the rule takes, the longest wins".into(),
                None,
            ),
            CauseKind::BranchEnd => self.longer_branch(),
            CauseKind::NotRecorded => (
                "record the run again with this version: it says what was offered".into(),
                None,
            ),
        };
        Lever {
            cause,
            text,
            brings,
        }
    }

    /// If the steps without a hit had done like the average hit.
    fn documents(&self) -> (String, Option<Brings>) {
        let n = self.n(CauseKind::NothingMatched);
        if n == self.unasked {
            let text = "a rule and a budget that draft: these steps allowed no drafts";
            return (text.into(), None);
        }
        let mut text = "more documents, or the pool of the right group".to_string();
        if self.rested > 0 {
            text.push_str(&format!(
                "; retrieval rested in {} of them, after steps without drafts",
                self.rested
            ));
        }
        let per_hit = self.stats.taken_per_hit();
        let brings = per_hit.map(|taken| Brings::Estimate(taken * (n - self.unasked) as f64));
        (text, brings)
    }

    fn more_rows(&self) -> (String, Option<Brings>) {
        let all = self.n(CauseKind::BelowBudget);
        let mut reached: Vec<String> = Vec::new();
        let mut before = 0;
        for rows in BUDGETS {
            let n = self.reached_by(rows);
            if n > before {
                reached.push(format!("{n} with {rows} rows"));
            }
            before = n;
        }
        let mut text = format!("a larger budget drafts it: {}", reached.join(", "));
        if self.is_auto {
            text.push_str("; the automatic one left it out where the row was not expected to pay");
        }
        (text, Some(Brings::AtLeast(all)))
    }

    fn laxer_rule(&self) -> (String, Option<Brings>) {
        let ranks: Vec<String> = self
            .refused
            .iter()
            .map(|(rank, n)| format!("{n} at rank {rank}"))
            .collect();
        let [default, laxest] = &self.laxer;
        let takes = |rule: &AcceptanceRule, taken: usize| {
            let all = self.n(CauseKind::Refused);
            let of = if taken == all {
                "all".to_string()
            } else {
                taken.to_string()
            };
            format!("{} takes {of}", rule.describe())
        };
        let mut rules = vec![takes(&laxest.rule, laxest.taken)];
        if default.taken > 0 && default.rule != *LAXEST {
            rules.insert(0, takes(&default.rule, default.taken));
        }
        let text = format!(
            "k and tau: {} (p up to {}); {}",
            ranks.join(", "),
            prob(self.refused_p),
            rules.join(", ")
        );
        (text, Some(Brings::WhatIf(laxest.tokens)))
    }

    /// If a token beyond the limit were accepted as often as the one at it.
    fn longer_branch(&self) -> (String, Option<Brings>) {
        let mut parts = Vec::new();
        if self.at_limit > 0 {
            let n = self.at_limit;
            parts.push(format!(
                "a longer branch: {n} at the limit of {}",
                self.branch
            ));
        }
        if self.no_more > 0 {
            parts.push(format!(
                "longer documents: in {} nothing followed",
                self.no_more
            ));
        }
        let rest = self.n(CauseKind::BranchEnd) - self.at_limit - self.no_more;
        if rest > 0 {
            parts.push(format!("none: in {rest} the answer ended"));
        }
        let deepest = self.stats.by_depth.iter().rfind(|(_, tried)| *tried > 0);
        let share = deepest.map(|&(taken, tried)| taken as f64 / tried as f64);
        let brings = share.filter(|_| self.at_limit > 0);
        let brings = brings.map(|share| Brings::Estimate(share * self.at_limit as f64));
        (parts.join("; "), brings)
    }
}
