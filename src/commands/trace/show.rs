//! `laserscope trace show`: a run's steps, and a step's tree with what became of
//! every draft token and why.

use color_eyre::eyre::{Result, ensure};
use serde::Serialize;

use crate::cli::TraceShowArgs;
use crate::commands::print_json;
use crate::commands::trace::{load, token};
use crate::present::mark::Mark;
use crate::present::selection::TreeSelection;
use crate::present::token_text::pad;
use crate::present::tree_lines::tree_lines;
use crate::speculate::TokenId;
use crate::speculate::draft::Origin;
use crate::speculate::explain::{NOT_RECORDED, bonus_choice, explain, prob};
use crate::speculate::trace::{SourceHit, Step, Timing, Trace};
use crate::speculate::verify::{Fate, Finish};

/// Columns of a tree's branches and tokens.
const TREE: usize = 40;

/// Runs the command.
pub(crate) fn run(args: &TraceShowArgs) -> Result<()> {
    let trace = load(&args.trace)?;
    let n = trace.steps.len();
    let chosen: Vec<usize> = match (args.step, &args.condition) {
        (Some(step), _) => {
            ensure!(
                (1..=n).contains(&step),
                "--step {step}: the run has steps 1 to {n}"
            );
            vec![step - 1]
        }
        (None, Some(condition)) => condition.all(&trace).collect(),
        (None, None) => (0..n).collect(),
    };
    let in_full = args.step.is_some() || args.condition.is_some();
    for &at in &chosen {
        match (args.json, in_full) {
            (true, _) => print_json(&ShownStep::of(&trace, at))?,
            (false, true) => print_step(&trace, at),
            (false, false) => out!("{}", summary(&trace, at)),
        }
    }
    let lack = args.condition.as_ref().filter(|_| args.step.is_none());
    let lack = lack.map_or_else(String::new, |condition| condition.lack(&trace));
    match chosen.len() {
        0 if n > 0 => note!("none of the {n} steps matches{lack}"),
        found if !lack.is_empty() => note!("{found} of the {n} steps match{lack}"),
        _ => {}
    }
    Ok(())
}

/// A step in one line: its number, its time, its rows, what it committed.
fn summary(trace: &Trace, at: usize) -> String {
    let step = &trace.steps[at];
    let committed = step.verdict.committed(&step.tree);
    let tokens: Vec<String> = committed
        .map(|(id, fate)| format!("{}{}", Mark::of(fate).glyph(), token(trace, id)))
        .collect();
    format!(
        "{:>5} {:>8} ms {:>3} rows  {}",
        at + 1,
        step.timing
            .map_or("-".into(), |t| format!("{:.1}", t.total())),
        step.tree.n_rows(),
        tokens.join(" ")
    )
}

fn print_step(trace: &Trace, at: usize) {
    let step = &trace.steps[at];
    head(trace, step).lines().for_each(|line| out!("{line}"));
    for line in tree_lines(step) {
        let (mark, id) = match line.selection {
            TreeSelection::Root => (None, Some(step.tree.nodes[0].token)),
            TreeSelection::Draft(node) => {
                let mark = step.verdict.fate(node).map(Mark::Fate);
                (mark, Some(step.tree.nodes[node].token))
            }
            TreeSelection::Bonus => (Some(Mark::Bonus), step.verdict.bonus),
        };
        let glyph = mark.map_or(String::new(), |mark| format!("{} ", mark.glyph()));
        let text = id.map_or(String::new(), |id| token(trace, id));
        let left = pad(&format!("{}{glyph}{text}", line.stem), TREE);
        out!(
            "{}",
            format!("{left} {}", facts(trace, step, line.selection)).trim_end()
        );
    }
    out!();
}

fn head(trace: &Trace, step: &Step) -> String {
    let hits: Vec<String> = step
        .retrieval
        .iter()
        .map(|hit| {
            format!(
                "{} {} tokens {}x",
                hit.source.name(),
                hit.matched,
                hit.count
            )
        })
        .collect();
    let found = match hits.is_empty() {
        true => "nothing found".to_string(),
        false => hits.join(", "),
    };
    format!(
        "step {} of {}, {} committed, after {} tokens, {}\n{}\nmatched: {found}",
        step.index + 1,
        trace.steps.len(),
        step.verdict.n_committed(),
        step.context_len,
        trace.params_at(step.index).verify.describe(),
        times(step.timing),
    )
}

fn times(timing: Option<Timing>) -> String {
    let Some(timing) = timing else {
        return format!("times {NOT_RECORDED}");
    };
    let Timing {
        retrieve,
        draft,
        forward,
        verify,
        commit,
    } = timing;
    format!(
        "{:.1} ms: retrieve {retrieve:.1}, draft {draft:.1}, forward {forward:.1}, \
         verify {verify:.1}, commit {commit:.1}",
        timing.total()
    )
}

/// Probability, rank, where it was seen, and what decided.
fn facts(trace: &Trace, step: &Step, selection: TreeSelection) -> String {
    match selection {
        TreeSelection::Root => String::new(),
        TreeSelection::Bonus => bonus_choice(step),
        TreeSelection::Draft(node) => {
            let origins = step.tree.nodes[node].origins.iter();
            let seen: Vec<String> = origins
                .map(|o| format!("{}{}", o.source.letter(), o.count))
                .collect();
            let score = step.score(node);
            let rank = score.and_then(|score| score.rank);
            format!(
                "{:>4} {:<5} {:<10} {}",
                score.map_or("-".into(), |score| prob(score.p)),
                rank.map_or("-".into(), |rank| format!("r{rank}")),
                seen.join(" "),
                reason(trace, step, node)
            )
        }
    }
}

fn reason(trace: &Trace, step: &Step, node: usize) -> String {
    let rule = trace.params_at(step.index).verify;
    let decided = explain(step.scored(), node, rule, &trace.header.eos).reason();
    match step.verdict.fate(node) {
        Some(Fate::Lost) => format!("{decided}; another branch won"),
        Some(Fate::Unreached) => "its parent was not committed".into(),
        _ => decided,
    }
}

#[derive(Serialize)]
struct ShownStep<'a> {
    /// Counted from 1.
    step: usize,
    of: usize,
    context_len: usize,
    verify: String,
    retrieval: &'a [SourceHit],
    committed: Vec<ShownToken>,
    tree: Vec<ShownNode<'a>>,
    finish: Option<Finish>,
    /// `null`: not recorded, as are `rank` and `p` of a draft token.
    timing: Option<Timing>,
}

#[derive(Serialize)]
struct ShownToken {
    token: TokenId,
    text: String,
    /// `null` of the bonus token.
    fate: Option<Fate>,
}

#[derive(Serialize)]
struct ShownNode<'a> {
    node: usize,
    parent: Option<usize>,
    depth: usize,
    token: TokenId,
    text: String,
    fate: Option<Fate>,
    rank: Option<u32>,
    p: Option<f32>,
    /// The whole path's estimated chance when it was drafted.
    path_prob: f32,
    reason: Option<String>,
    origins: &'a [Origin],
}

impl<'a> ShownStep<'a> {
    fn of(trace: &'a Trace, at: usize) -> Self {
        let step = &trace.steps[at];
        let text = |id| String::from_utf8_lossy(trace.token_bytes(id)).into_owned();
        let committed = step.verdict.committed(&step.tree);
        let nodes = step.tree.nodes.iter().enumerate();
        ShownStep {
            step: at + 1,
            of: trace.steps.len(),
            context_len: step.context_len,
            verify: trace.params_at(at).verify.describe(),
            retrieval: &step.retrieval,
            committed: committed
                .map(|(token, fate)| ShownToken {
                    token,
                    text: text(token),
                    fate,
                })
                .collect(),
            tree: nodes
                .map(|(node, draft)| ShownNode {
                    node,
                    parent: draft.parent,
                    depth: draft.depth,
                    token: draft.token,
                    text: text(draft.token),
                    fate: step.verdict.fate(node),
                    rank: step.score(node).and_then(|score| score.rank),
                    p: step.score(node).map(|score| score.p),
                    path_prob: draft.path_prob,
                    reason: (node > 0).then(|| reason(trace, step, node)),
                    origins: &draft.origins,
                })
                .collect(),
            finish: step.verdict.finish,
            timing: step.timing,
        }
    }
}
