//! Why a token has its fate: in one sentence for someone who sees this for the first
//! time, and in the inequality that decided.

use super::mark::Mark;
use super::number::{count, prob};
use super::record::Record;
use super::selection::TreeSelection;
use crate::speculate::TokenId;
use crate::speculate::branch_race::{BranchRace, Cut, branch_race, cut};
use crate::speculate::explain::{Explanation, NOT_RECORDED, bonus_choice, explain};
use crate::speculate::params::AcceptanceRule;
use crate::speculate::row::{NodeDistribution, TokenScore};
use crate::speculate::rule::{Refusal, Ruling};
use crate::speculate::trace::Step;
use crate::speculate::verify::Fate;

/// The token and the distribution it was judged by.
#[derive(Clone, Copy)]
pub(crate) struct SelectedToken<'a> {
    pub(crate) selection: TreeSelection,
    pub(crate) token: Option<TokenId>,
    /// `None`: not recorded.
    pub(crate) row: Option<&'a NodeDistribution>,
    /// `None`: not recorded, or not drafted.
    pub(crate) judged: Option<TokenScore>,
}

impl<'a> SelectedToken<'a> {
    pub(crate) fn of(step: &'a Step, selection: TreeSelection) -> Self {
        match selection {
            TreeSelection::Root => SelectedToken {
                selection,
                token: Some(step.tree.nodes[0].token),
                row: step.row(0),
                judged: None,
            },
            TreeSelection::Draft(node) => SelectedToken {
                selection,
                token: Some(step.tree.nodes[node].token),
                row: step.row_above(node),
                judged: step.scored().standing(node).score,
            },
            TreeSelection::Bonus => SelectedToken {
                selection,
                token: step.verdict.bonus,
                row: step.bonus_row(),
                judged: None,
            },
        }
    }
}

/// A token of a step, and all that is said about it is made of.
pub(crate) struct TokenFacts<'a> {
    pub(crate) record: &'a Record,
    pub(crate) step: &'a Step,
    pub(crate) selected: SelectedToken<'a>,
    pub(crate) verify: AcceptanceRule,
}

impl TokenFacts<'_> {
    /// What became of it; `None` of the root.
    pub(crate) fn mark(&self) -> Option<Mark> {
        match self.selected.selection {
            TreeSelection::Root => None,
            TreeSelection::Bonus => Some(Mark::Bonus),
            TreeSelection::Draft(node) => self.step.verdict.fate(node).map(Mark::Fate),
        }
    }

    /// Its text, in quotes.
    pub(crate) fn name(&self) -> String {
        self.selected
            .token
            .map_or_else(String::new, |id| self.record.quoted(id))
    }

    /// The mark and its name, behind two spaces.
    pub(crate) fn fate_name(&self) -> String {
        self.mark()
            .map_or(String::new(), |m| format!("  {} {}", m.glyph(), m.name()))
    }

    /// What decided on a draft token.
    pub(crate) fn explained(&self, node: usize) -> Explanation {
        let eos = &self.record.trace.header.eos;
        explain(self.step.scored(), node, self.verify, eos)
    }

    /// The deciding inequality, with its numbers.
    pub(crate) fn reason(&self) -> String {
        match self.selected.selection {
            TreeSelection::Root => "committed before".into(),
            TreeSelection::Draft(node) => self.explained(node).reason(),
            TreeSelection::Bonus => bonus_choice(self.step),
        }
    }

    /// Why it has its fate, in one sentence.
    pub(crate) fn story(&self) -> String {
        let TreeSelection::Draft(node) = self.selected.selection else {
            return self.undrafted();
        };
        let argmax = self.choice(node);
        match self.step.verdict.fate(node) {
            Some(Fate::Accepted) => "the model would have chosen the same token.".into(),
            Some(Fate::Relaxed) if self.verify.looks_ahead() => format!(
                "the model would choose {argmax}, but goes on with this one by its own choices."
            ),
            Some(Fate::Relaxed) => {
                format!("the model would choose {argmax}, but the rule accepts this one too.")
            }
            Some(Fate::Lost) => self.lost(node),
            Some(Fate::Unreached) => self.unreached(node),
            Some(Fate::Rejected) | None => self.rejected(node, &argmax),
        }
    }

    /// The model's own choice where a draft token was judged: `' car' (.50)`.
    fn choice(&self, node: usize) -> String {
        let explained = self.explained(node);
        let Some(choice) = explained.choice else {
            return "another token".into();
        };
        let choice = self.record.quoted(choice);
        match explained.choice_score {
            Some(score) => format!("{choice} ({})", prob(score.p)),
            None => choice,
        }
    }

    fn undrafted(&self) -> String {
        if self.selected.selection == TreeSelection::Root {
            return "the last token of the text; the drafts continue it.".into();
        }
        let last = self.step.verdict.stop();
        match self.step.tree.children(last).count() {
            0 => "no draft continues from here: the model's own next token ends the step.".into(),
            1 => "the draft here was rejected: the model's own next token ends the step.".into(),
            n => format!(
                "none of the {n} drafts here was accepted: the model's own next token ends the \
                 step."
            ),
        }
    }

    fn rejected(&self, node: usize, argmax: &str) -> String {
        let explained = self.explained(node);
        let rank = explained.score.and_then(|score| score.rank);
        let Some(ruling) = explained.ruling else {
            return "the rule refused it; the distribution that decided is not recorded.".into();
        };
        match ruling {
            Ruling::Refused(Refusal::NotArgmax) => {
                format!("the model would choose {argmax}, and only its first choice is accepted.")
            }
            Ruling::Refused(Refusal::NotDrawn) => {
                format!("at this temperature the model sampled {argmax} here.")
            }
            Ruling::Refused(Refusal::Rank) => {
                let others = match rank.map(|rank| rank.saturating_sub(1)) {
                    Some(1) => "one token".into(),
                    Some(n) if n > 999 => "many tokens".into(),
                    Some(n) => format!("{n} tokens"),
                    None => "all recorded candidates".into(),
                };
                format!("the model prefers {others} here, {argmax} most of all.")
            }
            Ruling::Refused(why @ (Refusal::Entropy | Refusal::Window | Refusal::WithinWindow)) => {
                unconfirmed(why, argmax)
            }
            Ruling::Refused(Refusal::ArgmaxIsEos) => {
                "the model ends the text here, and nothing may replace that.".into()
            }
            Ruling::Refused(Refusal::EosNotArgmax) => {
                "it would end the text, which only the model's first choice may do.".into()
            }
            _ => match rank {
                Some(rank) => format!(
                    "only the model's {} choice after {argmax}, and too unlikely for the rule.",
                    ordinal(rank)
                ),
                None => format!("{argmax} and the others leave too little for it under the rule."),
            },
        }
    }

    fn lost(&self, node: usize) -> String {
        let BranchRace { won, lost } = self.branch_race(node);
        let better = match won.len > lost.len {
            true => "goes further",
            false => "is as long and likelier",
        };
        let rival = self.rival(node, won.end);
        format!("the rule would accept it, but the branch with {rival} {better}.")
    }

    /// The first token of another branch that this one does not have.
    fn rival(&self, node: usize, end: usize) -> String {
        let tree = &self.step.tree;
        let own = tree.path(node);
        let other = tree.path(end).into_iter().find(|n| !own.contains(n));
        other.map_or_else(String::new, |n| self.record.quoted(tree.nodes[n].token))
    }

    fn unreached(&self, node: usize) -> String {
        match cut(self.step, node) {
            Cut::Ancestor(above, fate) => {
                let token = self.record.quoted(self.step.tree.nodes[above].token);
                let fate = Mark::Fate(fate);
                format!(
                    "never judged: {token} before it was {} {}.",
                    fate.glyph(),
                    fate.name()
                )
            }
            Cut::Ended => "never judged: the text ended before it.".into(),
        }
    }

    fn branch_race(&self, node: usize) -> BranchRace {
        let ruling = |n: usize| self.explained(n).ruling;
        let takes = |n: usize| matches!(ruling(n), Some(Ruling::Choice | Ruling::Relaxed));
        branch_race(self.step, node, takes)
    }

    /// The branches beside each other, where one lost: lengths, and products of
    /// the model's probabilities.
    pub(crate) fn branches(&self) -> Option<String> {
        let TreeSelection::Draft(node) = self.selected.selection else {
            return None;
        };
        let is_lost = self.step.verdict.fate(node) == Some(Fate::Lost);
        is_lost.then(|| {
            let BranchRace { won, lost } = self.branch_race(node);
            let tokens = count(won.len, "token");
            let p = |p: Option<f64>| p.map_or_else(|| NOT_RECORDED.into(), |p| prob(p as f32));
            let (p, own) = (p(won.p), p(lost.p));
            format!("{tokens}, p {p} beat {}, p {own}", lost.len)
        })
    }
}

/// Why a rule that looks ahead refused a token.
fn unconfirmed(why: Refusal, argmax: &str) -> String {
    match why {
        Refusal::Entropy => {
            format!("the model would choose {argmax}, and is too sure of it for another token.")
        }
        Refusal::Window => format!(
            "the model would choose {argmax}, and does not go on with the draft after this token \
             for long enough."
        ),
        _ => format!("a token before it still waits to be confirmed: only {argmax} would do that."),
    }
}

/// `2nd`, `3rd`, `11th`.
pub(crate) fn ordinal(n: u32) -> String {
    let ending = match (n % 10, n % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{n}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speculate::params::{Budget, Params};
    use crate::speculate::whatif::tests::run;

    #[test]
    fn a_rule_that_looks_ahead_says_what_it_saw() {
        let verify = AcceptanceRule::Deferred { h: 1.0, w: 1 };
        let params = Params {
            verify,
            budget: Budget::Rows(12),
            ..Params::default()
        };
        let trace = run(3, 400, 12, params);
        let mut record = Record::new(trace.header.clone());
        trace
            .steps
            .iter()
            .for_each(|step| record.push(step.clone()));
        let mut stories = Vec::new();
        for step in &trace.steps {
            let facts = |node| TokenFacts {
                record: &record,
                step,
                selected: SelectedToken::of(step, TreeSelection::Draft(node)),
                verify,
            };
            stories.extend((1..step.tree.n_rows()).map(|node| facts(node).story()));
        }
        for said in [
            "but goes on with this one by its own choices",
            "and is too sure of it for another token",
            "does not go on with the draft after this token for long enough",
            "a token before it still waits to be confirmed",
            "the rule would accept it, but the branch with",
        ] {
            assert!(stories.iter().any(|story| story.contains(said)), "{said}");
        }
    }

    #[test]
    fn ordinals() {
        let said: Vec<String> = [1, 2, 3, 4, 11, 12, 22, 103].map(ordinal).into();
        assert_eq!(
            said,
            ["1st", "2nd", "3rd", "4th", "11th", "12th", "22nd", "103rd"]
        );
    }
}
