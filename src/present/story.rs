//! Why a token has its fate: in one sentence for someone who sees this for the first
//! time, and in the inequality that decided.

use super::mark::Mark;
use super::number::{count, prob};
use super::pick::{Pick, bonus_row};
use super::record::Record;
use crate::speculate::TokenId;
use crate::speculate::branch_race::{BranchRace, Cut, branch_race, cut};
use crate::speculate::explain::{Explanation, choice, explain};
use crate::speculate::params::AcceptanceRule;
use crate::speculate::row::{NodeDistribution, TokenScore};
use crate::speculate::rule::{Refusal, Ruling};
use crate::speculate::trace::Step;
use crate::speculate::verify::Fate;

/// The token and the distribution it was judged by.
#[derive(Clone, Copy)]
pub(crate) struct Picked<'a> {
    pub(crate) pick: Pick,
    pub(crate) token: Option<TokenId>,
    pub(crate) row: &'a NodeDistribution,
    pub(crate) judged: Option<TokenScore>,
}

impl<'a> Picked<'a> {
    pub(crate) fn of(step: &'a Step, pick: Pick) -> Self {
        match pick {
            Pick::Root => Picked {
                pick,
                token: Some(step.tree.nodes[0].token),
                row: &step.rows[0],
                judged: None,
            },
            Pick::Draft(node) => Picked {
                pick,
                token: Some(step.tree.nodes[node].token),
                row: &step.rows[step.tree.nodes[node].parent.unwrap_or(0)],
                judged: Some(step.judged[node - 1]),
            },
            Pick::Bonus => Picked {
                pick,
                token: step.verdict.bonus,
                row: bonus_row(step),
                judged: None,
            },
        }
    }
}

/// A token of a step, and all that is said about it is made of.
pub(crate) struct TokenFacts<'a> {
    pub(crate) record: &'a Record,
    pub(crate) step: &'a Step,
    pub(crate) picked: Picked<'a>,
    pub(crate) verify: AcceptanceRule,
}

impl TokenFacts<'_> {
    /// What became of it; `None` of the root.
    pub(crate) fn mark(&self) -> Option<Mark> {
        match self.picked.pick {
            Pick::Root => None,
            Pick::Bonus => Some(Mark::Bonus),
            Pick::Draft(node) => self.step.verdict.fate(node).map(Mark::Fate),
        }
    }

    /// Its text, in quotes.
    pub(crate) fn name(&self) -> String {
        self.picked
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
        let tree = &self.step.tree;
        let row = &self.step.rows[tree.nodes[node].parent.unwrap_or(0)];
        let eos = &self.record.trace.header.eos;
        let judged = self.step.judged[node - 1];
        explain(tree.nodes[node].token, judged, row, self.verify, eos)
    }

    /// The deciding inequality, with its numbers.
    pub(crate) fn reason(&self) -> String {
        let row = self.picked.row;
        match self.picked.pick {
            Pick::Root => "committed before".into(),
            Pick::Draft(node) => self.explained(node).reason(),
            Pick::Bonus => choice(row.choice_standing(), row.drawn.is_none()),
        }
    }

    /// Why it has its fate, in one sentence.
    pub(crate) fn story(&self) -> String {
        let Pick::Draft(node) = self.picked.pick else {
            return self.undrafted();
        };
        let row = self.picked.row;
        let choice = self.record.quoted(row.choice());
        let argmax = format!("{choice} ({})", prob(row.choice_standing().p));
        match self.step.verdict.fate(node) {
            Some(Fate::Accepted) => "the model would have said the same: taken.".into(),
            Some(Fate::Relaxed) => {
                format!("the model would say {argmax}, but the rule lets this pass as well: taken.")
            }
            Some(Fate::Lost) => self.lost(node),
            Some(Fate::Unreached) => self.unreached(node),
            Some(Fate::Rejected) | None => self.rejected(node, &argmax),
        }
    }

    fn undrafted(&self) -> String {
        if self.picked.pick == Pick::Root {
            return "the last token of the text; the drafts continue it.".into();
        }
        let last = self.step.verdict.path.last().copied().unwrap_or(0);
        match self.step.tree.children(last).count() {
            0 => "no draft goes on from here: the model's own next token ends the step.".into(),
            1 => "the draft here was refused: the model's own next token ends the step.".into(),
            n => format!(
                "none of the {n} drafts here was taken: the model's own next token ends the step."
            ),
        }
    }

    fn rejected(&self, node: usize, argmax: &str) -> String {
        let rank = self.step.judged[node - 1].rank;
        match self.explained(node).ruling {
            Ruling::Refused(Refusal::NotArgmax) => {
                format!(
                    "the model says {argmax} here, and only its first choice is taken: refused."
                )
            }
            Ruling::Refused(Refusal::NotDrawn) => {
                format!("at this temperature the model drew {argmax} here: refused.")
            }
            Ruling::Refused(Refusal::Rank) => {
                let others = match rank - 1 {
                    1 => "one token".into(),
                    n if n > 999 => "many tokens".into(),
                    n => format!("{n} tokens"),
                };
                format!("the model likes {others} better here, {argmax} most of all: refused.")
            }
            Ruling::Refused(Refusal::ArgmaxIsEos) => {
                "the model ends the text here, and nothing may replace that: refused.".into()
            }
            Ruling::Refused(Refusal::EosNotArgmax) => {
                "it would end the text, which only the model's first choice may do: refused.".into()
            }
            _ => format!(
                "only the model's {} choice after {argmax}, and too unlikely for the rule: refused.",
                ordinal(rank)
            ),
        }
    }

    fn lost(&self, node: usize) -> String {
        let BranchRace { won, lost } = self.branch_race(node);
        let better = match won.len > lost.len {
            true => "goes further",
            false => "is as long and likelier",
        };
        let rival = self.rival(node, won.end);
        format!("the rule would take it, but the branch with {rival} {better}: lost.")
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
                    "never had its turn: {token} before it was {} {}.",
                    fate.glyph(),
                    fate.name()
                )
            }
            Cut::Ended => "never had its turn: the text ended before it.".into(),
        }
    }

    fn branch_race(&self, node: usize) -> BranchRace {
        let takes = |n: usize| !matches!(self.explained(n).ruling, Ruling::Refused(_));
        branch_race(self.step, node, takes)
    }

    /// The branches beside each other, where one lost: lengths, and products of
    /// the model's probabilities.
    pub(crate) fn branches(&self) -> Option<String> {
        let Pick::Draft(node) = self.picked.pick else {
            return None;
        };
        let is_lost = self.step.verdict.fate(node) == Some(Fate::Lost);
        is_lost.then(|| {
            let BranchRace { won, lost } = self.branch_race(node);
            let tokens = count(won.len, "token");
            let (p, own) = (prob(won.p as f32), prob(lost.p as f32));
            format!("{tokens}, p {p} beat {}, p {own}", lost.len)
        })
    }
}

/// `2nd`, `3rd`, `11th`.
fn ordinal(n: u32) -> String {
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

    #[test]
    fn ordinals() {
        let said: Vec<String> = [1, 2, 3, 4, 11, 12, 22, 103].map(ordinal).into();
        assert_eq!(
            said,
            ["1st", "2nd", "3rd", "4th", "11th", "12th", "22nd", "103rd"]
        );
    }
}
