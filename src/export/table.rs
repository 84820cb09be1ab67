//! Every draft token and every bonus token as a line of comma-separated values.

use crate::present::describe;
use crate::present::record::Record;
use crate::present::selection::{self, TreeSelection};
use crate::speculate::row::TokenScore;
use crate::speculate::trace::{Step, Trace};

const HEAD: [&str; 13] = [
    "step",
    "node",
    "parent",
    "depth",
    "token_id",
    "token",
    "fate",
    "rank",
    "p",
    "path_prob",
    "source",
    "matched",
    "count",
];

/// Nodes in draft order, then the bonus token.
pub(crate) fn csv(trace: &Trace) -> String {
    let record = describe::record(trace);
    let mut lines = vec![HEAD.map(String::from).to_vec()];
    for step in &trace.steps {
        lines.extend((1..step.tree.n_rows()).map(|node| draft(&record, step, node)));
        lines.extend(step.verdict.bonus.map(|id| bonus(&record, step, id)));
    }
    let quoted = lines
        .iter()
        .map(|line| line.iter().map(|f| field(f)).collect::<Vec<_>>());
    quoted.map(|line| line.join(",") + "\n").collect()
}

fn draft(record: &Record, step: &Step, node: usize) -> Vec<String> {
    let (draft, score) = (&step.tree.nodes[node], step.score(node));
    let [rank, p] = scored(score);
    let fate = selection::mark(step, TreeSelection::Draft(node)).map_or("", |m| m.name());
    let first = draft.origins.first();
    let of_origin = |value: Option<String>| value.unwrap_or_default();
    vec![
        (step.index + 1).to_string(),
        node.to_string(),
        draft.parent.map_or_else(String::new, |p| p.to_string()),
        draft.depth.to_string(),
        draft.token.to_string(),
        describe::token(record, step, TreeSelection::Draft(node)),
        fate.to_string(),
        rank,
        p,
        draft.path_prob.to_string(),
        of_origin(first.map(|o| o.source.name().to_string())),
        of_origin(first.map(|o| o.matched.to_string())),
        of_origin(first.map(|o| o.count.to_string())),
    ]
}

fn bonus(record: &Record, step: &Step, id: u32) -> Vec<String> {
    let last = step.verdict.stop();
    let depth = step.tree.nodes[last].depth + 1;
    let mut line = vec![String::new(); HEAD.len()];
    line[0] = (step.index + 1).to_string();
    line[2] = last.to_string();
    line[3] = depth.to_string();
    line[4] = id.to_string();
    line[5] = record.quoted(id);
    line[6] = "bonus".into();
    [line[7], line[8]] = scored(step.bonus_score());
    line
}

/// Rank and probability; empty where they are not recorded.
fn scored(score: Option<TokenScore>) -> [String; 2] {
    let rank = score.and_then(|score| score.rank);
    let p = score.map(|score| score.p.to_string());
    [
        rank.map_or_else(String::new, |rank| rank.to_string()),
        p.unwrap_or_default(),
    ]
}

/// Quotes a field where RFC 4180 requires it.
pub(super) fn field(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_string()
    }
}
