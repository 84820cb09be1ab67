//! What is said of a run, a step and a token, in words, whatever form they are
//! put into.

use crate::present::number::{count, percent};
use crate::present::record::Record;
use crate::present::selection::TreeSelection;
use crate::speculate::command_line::{CommandLine, without_paths};
use crate::speculate::draft::Origin;
use crate::speculate::explain::{NOT_RECORDED, bonus_choice, explain};
use crate::speculate::params::Source;
use crate::speculate::stats::Stats;
use crate::speculate::trace::{Header, LogEntry, Step, Trace};

/// Names of files in what others are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Paths {
    #[default]
    LeftOut,
    Named,
}

/// The trace as the screens read it.
pub(crate) fn record(trace: &Trace) -> Record {
    let mut record = Record::new(trace.header.clone());
    trace.steps.iter().for_each(|s| record.push(s.clone()));
    record
}

/// Under which model and parameters, in the order of importance.
pub(crate) fn conditions(trace: &Trace) -> Vec<String> {
    let header = &trace.header;
    let subject = &header.subject;
    let group = subject.group.as_ref().map(|g| format!("group {g}"));
    let framework = subject.framework.known().map(str::to_uppercase);
    let params = header.params;
    let mut out = vec![format!("{} {}", subject.kind, subject.id)];
    out.extend(group);
    out.extend(framework);
    out.push(header.model.name.clone());
    out.extend(header.device.clone());
    out.extend([
        params.verify.describe(),
        format!("budget {}", params.budget.describe()),
        format!("branch {}", params.branch),
        format!("repetition penalty {}", penalty(header)),
    ]);
    out.extend(header.log.as_ref().map(logged));
    out
}

/// The repetition penalty; a log does not say under which its answers were generated.
pub(crate) fn penalty(header: &Header) -> String {
    match header.log {
        Some(_) => NOT_RECORDED.into(),
        None => header.params.repeat_penalty.to_string(),
    }
}

/// `entry c1 of answers.jsonl, judged by Llama 3 (99% of its tokens)`: what a run was made of.
pub(crate) fn logged(entry: &LogEntry) -> String {
    let LogEntry { log, id, judge, .. } = entry;
    let judge = judge.as_ref().map_or(String::new(), |judge| {
        let agreement = judge.agreement().map_or_else(String::new, |share| {
            format!(", whose choice {} of its tokens are", percent(share))
        });
        format!(", judged by {}{agreement}", judge.model.name)
    });
    format!("entry {id} of {log}{judge}")
}

/// The command line that makes the run again.
pub(crate) fn command(trace: &Trace, paths: Paths) -> String {
    let header = &trace.header;
    let (setup, n_left_out) = match paths {
        Paths::Named => (header.setup.clone(), 0),
        Paths::LeftOut => without_paths(&header.setup),
    };
    let line = CommandLine {
        setup: &setup,
        ..CommandLine::of_run(header, None)
    };
    let text = line.text();
    match n_left_out {
        0 => text,
        n => format!("{text}\n# options that name files are left out: {n}"),
    }
}

/// Names and values; what could not be measured is left out.
pub(crate) fn figures(
    trace: &Trace,
    stats: &Stats,
    repetition: f64,
) -> Vec<(&'static str, String)> {
    let mut out = vec![
        ("tokens", stats.tokens.to_string()),
        ("steps", stats.steps.to_string()),
    ];
    let mut add = |name, value: Option<String>| out.extend(value.map(|v| (name, v)));
    let two = |x: f64| format!("{x:.2}");
    add("MAL (tokens per step)", stats.mal().map(two));
    add("drafted", Some(stats.fates.drafted().to_string()));
    add("acceptance rate", stats.fates.acceptance().map(percent));
    add("pool hits", stats.hit_rate().map(percent));
    add("repeated 4-grams", Some(percent(repetition)));
    add("tokens/s", stats.tokens_per_s().map(|x| format!("{x:.0}")));
    add("ended by", Some(ending(trace).into()));
    out
}

/// Why the run ended: `eos`, `length`, `cut off`.
pub(crate) fn ending(trace: &Trace) -> &'static str {
    match (&trace.end, &trace.header.log) {
        (Some(end), _) => end.finish.name(),
        (None, Some(_)) => NOT_RECORDED,
        (None, None) => "cut off",
    }
}

/// One line about a step.
pub(crate) fn step(step: &Step) -> String {
    let hits: Vec<String> = step
        .retrieval
        .iter()
        .map(|h| {
            let matched = count(h.matched, "token");
            format!("{} {matched}, {}×", h.source.name(), h.count)
        })
        .collect();
    let found = match hits.is_empty() {
        true => "nothing retrieved".to_string(),
        false => format!("retrieved: {}", hits.join("; ")),
    };
    let times = match &step.timing {
        Some(timing) => format!("{:.1} ms (forward {:.1})", timing.total(), timing.forward),
        None => format!("times {NOT_RECORDED}"),
    };
    format!(
        "{}, {} committed, {times} · {found}",
        count(step.tree.n_rows(), "row"),
        step.verdict.n_committed(),
    )
}

/// Rank and probability under the model, and what the rule made of them.
pub(crate) fn verdict(record: &Record, step: &Step, selection: TreeSelection) -> String {
    match selection {
        TreeSelection::Root => "committed before".into(),
        TreeSelection::Bonus => bonus_choice(step),
        TreeSelection::Draft(node) => why(record, step, node),
    }
}

fn why(record: &Record, step: &Step, node: usize) -> String {
    let in_force = record.trace.params_at(step.index).verify;
    let eos = &record.trace.header.eos;
    explain(step.scored(), node, in_force, eos).reason()
}

/// Where a draft token was found; empty for any other.
pub(crate) fn origins(record: &Record, step: &Step, selection: TreeSelection) -> String {
    let TreeSelection::Draft(node) = selection else {
        return String::new();
    };
    let origins = step.tree.nodes[node].origins.iter();
    let told: Vec<String> = origins.map(|o| origin(record, o)).collect();
    told.join("; ")
}

fn origin(record: &Record, origin: &Origin) -> String {
    let source = match origin.source {
        Source::Group => "group pool",
        Source::Global => "global pool",
        Source::Local => "own text",
        Source::Online => "finished answers",
    };
    let mut titles: Vec<&str> = Vec::new();
    for doc in &origin.docs {
        let title = record.trace.doc_title(&doc.doc);
        if !titles.contains(&title) {
            titles.push(title);
        }
    }
    let docs = match titles.is_empty() {
        true => String::new(),
        false => format!(" in {}", titles.join(", ")),
    };
    let after = match origin.matched {
        0 => "without a matching suffix".to_string(),
        n => format!("after {}", count(n as usize, "matching token")),
    };
    format!("{source}, {}× {after}{docs}", origin.count)
}

/// The token's text, in quotes.
pub(crate) fn token(record: &Record, step: &Step, selection: TreeSelection) -> String {
    let id = match selection {
        TreeSelection::Root => Some(step.tree.nodes[0].token),
        TreeSelection::Draft(node) => Some(step.tree.nodes[node].token),
        TreeSelection::Bonus => step.verdict.bonus,
    };
    id.map_or_else(String::new, |id| record.quoted(id))
}
