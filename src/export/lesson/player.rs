//! The steps of a lesson's run as data for the page's player: trees, verdicts, the pass as a
//! picture, and what is to be predicted.

use std::collections::HashMap;

use serde::Serialize;

use super::super::web::said;
use super::run::label;
use crate::present::describe;
use crate::present::mark::Mark;
use crate::present::number::{NOT_RECORDED, UNKNOWN, count, prob, three};
use crate::present::pass_picture::{PassPicture, TokenWay};
use crate::present::prediction::{QuestionKind, StepQuestion};
use crate::present::record::Record;
use crate::present::selection::{TreeSelection, first_look};
use crate::present::step_phase::StepPhase;
use crate::present::tree_lines::{TreeLine, draft_lines, tree_lines};
use crate::speculate::row::TokenScore;
use crate::speculate::trace::Step;
use crate::speculate::verify::Fate;

/// A run's steps, for the player.
#[derive(Serialize)]
pub(super) struct PlayerRun {
    label: String,
    steps: Vec<PlayerStep>,
    /// What is said of tokens; nodes name a sentence by its index.
    said: Vec<String>,
}

#[derive(Serialize)]
struct PlayerStep {
    /// The last committed token.
    after: String,
    hits: Vec<String>,
    rows: usize,
    committed: usize,
    accepted: usize,
    /// Rows in the cache before its pass.
    cached: usize,
    /// What is worth looking at first: a node, or -1 for the bonus token.
    look: i32,
    /// Drafts that were not worth a row.
    left: usize,
    ms: String,
    /// The draft tokens, by their rows; the root's row has none.
    nodes: Vec<PlayerNode>,
    bonus: Option<PlayerNode>,
    /// What the cache holds at each phase of the pass, and its slots at the end: a node,
    /// what became of its row, and where that was copied from.
    cache: [usize; StepPhase::ALL.len()],
    slots: Vec<(usize, &'static str, Option<usize>)>,
    /// What is to be predicted before the verdict is shown.
    question: Option<PlayerQuestion>,
    /// Lines of the tree once it is judged, and before.
    lines: Vec<PlayerLine>,
    drafted: Vec<PlayerLine>,
}

/// A node, or -1 for the bonus token, and the stem before it.
#[derive(Serialize)]
struct PlayerLine(i32, String);

#[derive(Serialize)]
struct PlayerNode {
    /// Its text, in quotes.
    t: String,
    /// The row of its parent.
    o: usize,
    /// Its mark's name.
    f: &'static str,
    p: String,
    r: Option<u32>,
    /// The estimated probability of its path, before it is judged.
    e: String,
    /// Index of what is said of it.
    s: usize,
    /// Index of what its row attends to; `None`: it has no row in this pass.
    a: Option<usize>,
    /// The stages of its way from the logit to the ruling: a name, a value, the index of
    /// what is said. Empty of what was not judged.
    w: Vec<(&'static str, String, usize)>,
}

/// A question about a step, with its answer.
#[derive(Serialize)]
struct PlayerQuestion {
    ask: String,
    /// Whether one choice is the answer, or any number of them.
    single: bool,
    /// The text, whether it is right, and whether the drafter's estimates choose it.
    choices: Vec<(String, bool, bool)>,
    told: String,
}

impl PlayerRun {
    pub(super) fn of(name: &str, record: &Record) -> Self {
        let mut said = Sentences::default();
        let steps = record.trace.steps.iter();
        PlayerRun {
            label: label(name, record),
            steps: steps
                .map(|step| player_step(record, step, &mut said))
                .collect(),
            said: said.all,
        }
    }
}

/// Each sentence once.
#[derive(Default)]
struct Sentences {
    all: Vec<String>,
    known: HashMap<String, usize>,
}

impl Sentences {
    fn index_of(&mut self, sentence: String) -> usize {
        let next = self.all.len();
        *self.known.entry(sentence).or_insert_with_key(|new| {
            self.all.push(new.clone());
            next
        })
    }
}

fn player_step(record: &Record, step: &Step, said: &mut Sentences) -> PlayerStep {
    let pass = PassPicture::of(record, step, StepPhase::Commit);
    let drafts = 1..step.tree.n_rows();
    let nodes = drafts.map(|n| player_node(record, step, TreeSelection::Draft(n), &pass, said));
    let nodes = nodes.collect();
    let bonus = step.verdict.bonus;
    let bonus = bonus.map(|_| player_node(record, step, TreeSelection::Bonus, &pass, said));
    let cache = StepPhase::ALL.map(|phase| {
        let cache = PassPicture::of(record, step, phase).cache;
        said.index_of(cache.told.join(" "))
    });
    let slots = pass.cache.slots.iter();
    let hits = step.retrieval.iter().map(|hit| {
        let matched = count(hit.matched, "token");
        format!("{}: {matched} matched, {}×", hit.source.name(), hit.count)
    });
    PlayerStep {
        after: describe::token(record, step, TreeSelection::Root),
        hits: hits.collect(),
        rows: step.tree.n_rows(),
        committed: step.verdict.n_committed(),
        accepted: step.verdict.path.len(),
        cached: step.context_len.saturating_sub(1),
        look: line_of(first_look(step)),
        left: step.n_offered.saturating_sub(step.tree.n_rows()),
        ms: match &step.timing {
            Some(timing) => format!("{} ms", three(timing.total())),
            None => format!("time {NOT_RECORDED}"),
        },
        nodes,
        bonus,
        cache,
        slots: slots
            .map(|slot| (slot.node, slot.state.name(), slot.moved_from))
            .collect(),
        question: StepQuestion::about(record, step).map(|q| player_question(record, step, &q)),
        lines: player_lines(&tree_lines(step)),
        drafted: player_lines(&draft_lines(&step.tree)),
    }
}

fn player_question(record: &Record, step: &Step, question: &StepQuestion) -> PlayerQuestion {
    let choices = question.choices.iter();
    PlayerQuestion {
        ask: question.ask(record, step),
        single: question.kind == QuestionKind::HowMany,
        choices: choices
            .map(|choice| (choice.text.clone(), choice.is_right, choice.is_estimated))
            .collect(),
        told: question.told(step),
    }
}

fn player_lines(lines: &[TreeLine]) -> Vec<PlayerLine> {
    let drawn = lines
        .iter()
        .filter(|line| line.selection != TreeSelection::Root);
    drawn
        .map(|line| PlayerLine(line_of(line.selection), line.stem.clone()))
        .collect()
}

/// A selection as the player names it.
pub(super) fn line_of(selection: TreeSelection) -> i32 {
    match selection {
        TreeSelection::Root => 0,
        TreeSelection::Draft(node) => node as i32,
        TreeSelection::Bonus => -1,
    }
}

fn player_node(
    record: &Record,
    step: &Step,
    selection: TreeSelection,
    pass: &PassPicture,
    sentences: &mut Sentences,
) -> PlayerNode {
    let (node, score): (Option<usize>, Option<TokenScore>) = match selection {
        TreeSelection::Draft(node) => (Some(node), step.score(node)),
        TreeSelection::Root | TreeSelection::Bonus => (None, step.bonus_score()),
    };
    let fate = node.and_then(|node| step.verdict.fate(node));
    let parent = match node {
        Some(node) => step.tree.nodes[node].parent,
        None => step.verdict.path.last().copied(),
    };
    let row = node.and_then(|_| pass.row_of(step, selection));
    let is_judged = fate != Some(Fate::Unreached);
    let way = TokenWay::of(record, step, selection).filter(|_| is_judged);
    let stages = way.into_iter().flat_map(|way| way.stages);
    let stages = stages.map(|at| (at.stage.name(), at.value, sentences.index_of(at.told)));
    PlayerNode {
        w: stages.collect(),
        a: row.map(|row| sentences.index_of(pass.attention_in_words(row))),
        t: describe::token(record, step, selection),
        o: parent.unwrap_or(0),
        f: Mark::of(fate).name(),
        p: score.map_or(UNKNOWN.into(), |score| prob(score.p)),
        r: score.and_then(|score| score.rank),
        e: node.map_or(String::new(), |node| prob(step.tree.nodes[node].path_prob)),
        s: sentences.index_of(said(record, step, selection)),
    }
}
