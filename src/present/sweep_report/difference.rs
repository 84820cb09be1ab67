//! Where a cell's text parts from the autoregressive one: the tokens there, what let the
//! cell's token in, and how both texts go on.

use crate::present::number::{NOT_RECORDED, prob};
use crate::present::token_text::{fit, fit_left, quoted, show};
use crate::speculate::TokenId;
use crate::speculate::compare::{Names, Taken, because, divergence};
use crate::speculate::explain::{bonus_choice, explain};
use crate::speculate::row::TokenScore;
use crate::speculate::sweep::Job;
use crate::speculate::trace::Trace;

/// Tokens shown before the difference and behind it.
const BEFORE: usize = 24;
const BEHIND: usize = 24;
/// The most columns of what is shown before or behind it.
const COLUMNS: usize = 160;
/// The most columns of one token.
const TOKEN_COLUMNS: usize = 40;

/// What the autoregressive run or the cell's has where the texts part.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DifferingText {
    /// In quotes; `its end` where the text had ended.
    pub(crate) token: String,
    pub(crate) score: Option<TokenScore>,
    /// What follows the token.
    pub(crate) goes_on: String,
}

impl DifferingText {
    /// `rank 2, p .31`, as far as it is recorded.
    pub(crate) fn scored(&self) -> String {
        match self.score {
            Some(TokenScore {
                rank: Some(rank),
                p,
            }) => format!("rank {rank}, p {}", prob(p)),
            Some(TokenScore { rank: None, p }) => format!("p {}", prob(p)),
            None => format!("rank and p {NOT_RECORDED}"),
        }
    }
}

/// The first difference between a cell's text and the autoregressive one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TextDifference {
    pub(crate) subject: usize,
    pub(crate) cell: usize,
    /// Tokens that both texts begin with.
    pub(crate) at: usize,
    /// The last of them.
    pub(crate) before: String,
    pub(crate) autoregressive: DifferingText,
    pub(crate) taken: DifferingText,
    /// What decided about the token taken: the rule's inequalities with their numbers.
    pub(crate) reason: String,
    /// Why the texts part, in a sentence; empty where the rules alone part them.
    pub(crate) why: String,
}

impl TextDifference {
    /// The same token in place of the same one: under another cell.
    pub(super) fn is_same_place(&self, other: &TextDifference) -> bool {
        let place = |d: &TextDifference| (d.subject, d.at, d.taken.token.clone());
        place(self) == place(other)
    }

    /// Of a cell's run against its subject's autoregressive one; `None`: the same text.
    pub(crate) fn between(job: Job, plain: &Trace, run: &Trace) -> Option<Self> {
        let found = divergence(plain, run)?;
        let written = |_, id| token(run, plain, id);
        let names = Names {
            runs: ["the autoregressive run", "the cell"],
            token: &written,
        };
        let ids = run.token_ids();
        let before = &ids[found.at.saturating_sub(BEFORE)..found.at.min(ids.len())];
        Some(TextDifference {
            subject: job.subject,
            cell: job.cell?,
            at: found.at,
            before: fit_left(&text(run, before), COLUMNS),
            autoregressive: side(plain, found.left, found.at),
            taken: side(run, found.right, found.at),
            reason: reason(run, found.right),
            why: match found.cause.is_of_rules() {
                true => String::new(),
                false => because(&found, [plain, run], &names),
            },
        })
    }
}

/// A token that either run has seen.
fn token(run: &Trace, plain: &Trace, id: TokenId) -> String {
    let bytes = [run, plain].map(|trace| trace.token_bytes(id));
    let seen = bytes.into_iter().find(|bytes| !bytes.is_empty());
    seen.map_or_else(
        || format!("⟨#{id}⟩"),
        |bytes| fit(&quoted(bytes), TOKEN_COLUMNS),
    )
}

fn side(trace: &Trace, taken: Option<Taken>, at: usize) -> DifferingText {
    let Some(taken) = taken else {
        return DifferingText {
            token: "its end".into(),
            score: None,
            goes_on: String::new(),
        };
    };
    let ids = trace.token_ids();
    let behind = ids.iter().skip(at + 1).take(BEHIND).copied();
    DifferingText {
        token: token(trace, trace, taken.token),
        score: score(trace, taken),
        goes_on: fit(&text(trace, &behind.collect::<Vec<_>>()), COLUMNS),
    }
}

fn text(trace: &Trace, ids: &[TokenId]) -> String {
    let bytes = ids
        .iter()
        .flat_map(|&id| trace.token_bytes(id).iter().copied());
    show(&bytes.collect::<Vec<u8>>()).text
}

fn score(trace: &Trace, taken: Taken) -> Option<TokenScore> {
    let by = taken.by?;
    let step = trace.steps.get(by.step)?;
    match by.node {
        Some(node) => step.scored().standing(node).score,
        None => step.bonus_score(),
    }
}

/// What the rule made of a token of the text.
fn reason(trace: &Trace, taken: Option<Taken>) -> String {
    let by = taken.and_then(|taken| taken.by);
    let Some((by, step)) = by.and_then(|by| Some((by, trace.steps.get(by.step)?))) else {
        return String::new();
    };
    match by.node {
        Some(node) => {
            let verify = trace.params_at(by.step).verify;
            explain(step.scored(), node, verify, &trace.header.eos).reason()
        }
        None => bonus_choice(step),
    }
}
