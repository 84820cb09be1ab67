//! A lesson's run as its page shows it: figures, the text and a bar a step in the page
//! itself, and the steps as data for the player.

use std::collections::HashMap;

use serde::Serialize;

use super::super::web::{PageCell, cell, said};
use crate::present::describe;
use crate::present::mark::Mark;
use crate::present::number::{NOT_RECORDED, UNKNOWN, count, percent, prob, three};
use crate::present::pass_picture::{PassMoment, PassPicture, TokenWay};
use crate::present::prediction::{QuestionKind, StepQuestion};
use crate::present::record::Record;
use crate::present::selection::{TreeSelection, committed, first_look};
use crate::present::tree_lines::{TreeLine, draft_lines, tree_lines};
use crate::speculate::row::TokenScore;
use crate::speculate::trace::Step;
use crate::speculate::verify::Fate;

/// What of a run stands in the page itself.
#[derive(Serialize)]
pub(super) struct PageRun {
    index: usize,
    label: String,
    /// The subject and, of several runs of one, which it is.
    about: String,
    conditions: String,
    speed: Vec<Fact>,
    pool: Vec<Fact>,
    cells: Vec<PageCell>,
    bars: Vec<StepBar>,
    /// The most tokens committed in a step, and the most drafts wasted in one.
    most: [usize; 2],
}

/// A name and a value.
#[derive(Serialize)]
pub(super) struct Fact {
    pub(super) name: String,
    pub(super) value: String,
}

impl Fact {
    pub(super) fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, value) = (name.into(), value.into());
        Fact { name, value }
    }
}

/// A step of the bars: what it committed, in order, and what it wasted.
#[derive(Serialize)]
struct StepBar {
    number: usize,
    told: String,
    committed: Vec<&'static str>,
    refused: usize,
    unreached: usize,
}

impl PageRun {
    pub(super) fn of(index: usize, name: &str, record: &Record) -> Self {
        let cells = record.cells.iter().filter(|c| !c.text.is_empty());
        let bars: Vec<StepBar> = record.trace.steps.iter().map(bar).collect();
        let most = |of: fn(&StepBar) -> usize| bars.iter().map(of).max().unwrap_or(0).max(1);
        PageRun {
            index,
            about: about(name, record),
            label: label(name, record),
            conditions: describe::conditions(&record.trace).join(" · "),
            speed: speed(record),
            pool: pool(record),
            cells: cells.map(|c| cell(record, c)).collect(),
            most: [
                most(|bar| bar.committed.len()),
                most(|bar| bar.refused + bar.unreached),
            ],
            bars,
        }
    }
}

/// As buttons and tables name a run; a batch's are told apart by their titles.
pub(super) fn label(name: &str, record: &Record) -> String {
    match name.contains('/') {
        true => record.trace.header.subject.title.clone(),
        false => name.replace('-', " "),
    }
}

fn about(name: &str, record: &Record) -> String {
    let (title, label) = (&record.trace.header.subject.title, label(name, record));
    match *title == label {
        true => label,
        false => format!("{title} · {label}"),
    }
}

fn bar(step: &Step) -> StepBar {
    let marks = committed(step).into_iter().map(|(_, _, mark)| mark.name());
    let n = |fate| step.verdict.count(fate);
    StepBar {
        number: step.index + 1,
        told: fates_of(step),
        committed: marks.collect(),
        refused: n(Fate::Rejected) + n(Fate::Lost),
        unreached: n(Fate::Unreached),
    }
}

/// `3 accepted, 1 bonus, 2 rejected`
fn fates_of(step: &Step) -> String {
    let n = |mark: Mark| match mark {
        Mark::Fate(fate) => step.verdict.count(fate),
        Mark::Bonus => usize::from(step.verdict.bonus.is_some()),
    };
    let some = Mark::ALL.into_iter().filter(|&mark| n(mark) > 0);
    let told: Vec<String> = some.map(|m| format!("{} {}", n(m), m.name())).collect();
    told.join(", ")
}

/// What SPEED says of a run: where its time goes, and its drafts by fate.
fn speed(record: &Record) -> Vec<Fact> {
    let stats = &record.stats;
    let told = |value: Option<f64>, unit: &str| {
        value.map_or(NOT_RECORDED.into(), |v| format!("{}{unit}", three(v)))
    };
    let mut facts = vec![
        Fact::new("tokens", stats.tokens.to_string()),
        Fact::new("steps", stats.steps.to_string()),
        Fact::new("MAL", told(stats.mal(), " tokens per step")),
        Fact::new("rows", told(stats.rows_per_step(), " per step")),
        Fact::new("speed", told(stats.tokens_per_s(), " tokens/s")),
        Fact::new(
            "time",
            told(stats.tokens_per_s().map(|n| 1000.0 / n), " ms per token"),
        ),
    ];
    if let Some(mean) = stats.mean_timing() {
        let parts = [
            ("retrieve", mean.retrieve),
            ("draft", mean.draft),
            ("forward", mean.forward),
            ("verify", mean.verify),
            ("commit", mean.commit),
        ];
        let share = |(name, ms): (&str, f64)| format!("{name} {}", percent(ms / mean.total()));
        let parts = parts.map(share).join(", ");
        let step = format!("{} ms: {parts}", three(mean.total()));
        facts.push(Fact::new("mean step", step));
    }
    let fates = &stats.fates;
    let by_fate = [
        (fates.accepted, Fate::Accepted),
        (fates.relaxed, Fate::Relaxed),
        (fates.rejected, Fate::Rejected),
        (fates.lost, Fate::Lost),
        (fates.unreached, Fate::Unreached),
    ];
    let by_fate = by_fate.map(|(n, fate)| format!("{} {n}", Mark::Fate(fate).glyph()));
    let drafted = format!("{}: {}", fates.drafted(), by_fate.join("  "));
    facts.push(Fact::new("drafted", drafted));
    let wasted = fates.drafted() - fates.committed();
    facts.push(Fact::new(
        "wasted",
        format!("{wasted} of {}", count(fates.drafted(), "draft")),
    ));
    facts
}

/// What POOL says of a run: what it could draft from, and what came of it.
fn pool(record: &Record) -> Vec<Fact> {
    let (stats, header) = (&record.stats, &record.trace.header);
    let hits = match stats.hit_rate() {
        Some(rate) => format!("{} of {} ({})", stats.hit_steps, stats.steps, percent(rate)),
        None => NOT_RECORDED.into(),
    };
    let used = header
        .pools
        .iter()
        .filter(|p| header.params.sources.has(p.source));
    let mut facts: Vec<Fact> = used
        .map(|p| {
            let size = format!("{}, {} tokens", count(p.documents, "document"), p.tokens);
            Fact::new(format!("{} pool", p.source.name()), size)
        })
        .collect();
    facts.push(Fact::new("steps with a hit", hits));
    for source in stats.sources.iter().filter(|s| s.fates.drafted() > 0) {
        let (n, taken) = (source.fates.drafted(), source.fates.acceptance());
        let taken = taken.map_or(UNKNOWN.into(), percent);
        let name = format!("from {}", source.source.name());
        facts.push(Fact::new(
            name,
            format!("{}, {taken} taken", count(n, "draft")),
        ));
    }
    facts
}

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
    /// What the cache holds at each moment of the pass, and its slots at the end: a node,
    /// what became of its row, and where that was copied from.
    cache: [usize; PassMoment::ALL.len()],
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
        let index = *self.known.entry(sentence).or_insert_with_key(|new| {
            self.all.push(new.clone());
            next
        });
        index
    }
}

fn player_step(record: &Record, step: &Step, said: &mut Sentences) -> PlayerStep {
    let pass = PassPicture::of(record, step, PassMoment::Committed);
    let drafts = 1..step.tree.n_rows();
    let nodes = drafts.map(|n| player_node(record, step, TreeSelection::Draft(n), &pass, said));
    let nodes = nodes.collect();
    let bonus = step.verdict.bonus;
    let bonus = bonus.map(|_| player_node(record, step, TreeSelection::Bonus, &pass, said));
    let cache = PassMoment::ALL.map(|moment| {
        let cache = PassPicture::of(record, step, moment).cache;
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
