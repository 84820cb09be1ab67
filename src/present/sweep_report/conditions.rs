//! Under which conditions a sweep was made: names and values, in the order of a report.

use super::SweepSource;
use crate::present::number::{NOT_RECORDED, bytes, count};
use crate::speculate::compare::{machine, profile};
use crate::speculate::options::options;
use crate::speculate::params::Params;
use crate::speculate::speed_up::count_pairs;
use crate::speculate::trace::{Header, PoolSize};

pub(super) fn conditions(source: &SweepSource<'_>) -> Vec<(&'static str, String)> {
    let header = source.notes.header.as_deref();
    let of = |value: fn(&Header) -> String| header.map_or_else(|| NOT_RECORDED.into(), value);
    let (sweep, grid) = (source.sweep, &source.sweep.grid);
    let titles: Vec<String> = source.subjects.iter().map(|s| s.title.clone()).collect();
    vec![
        (
            "machine",
            header.map_or_else(|| source.on.device.clone(), machine),
        ),
        (
            "model",
            header.map_or_else(|| source.on.model.clone(), model),
        ),
        ("arithmetic", of(arithmetic)),
        ("cost profile", of(profile)),
        ("catalog", of(|header| header.catalog.clone())),
        ("pools", of(pools)),
        ("framework", framework(source)),
        (
            "subjects",
            format!("{}: {}", titles.len(), titles.join(", ")),
        ),
        ("grid", grid_in_words(source)),
        ("shared", shared(&grid.base)),
        (
            "runs",
            format!(
                "{} of {}, {}",
                sweep.n_done(),
                sweep.n_runs(),
                pairs(source)
            ),
        ),
        (
            "program",
            of(|header| format!("LaserScope {}", header.program)),
        ),
    ]
}

/// By its name: an option may have named its file.
fn framework(source: &SweepSource<'_>) -> String {
    let named = source.subjects.first().map(|s| s.framework.as_str());
    named.unwrap_or(NOT_RECORDED).to_uppercase()
}

fn model(header: &Header) -> String {
    let model = &header.model;
    let sha = model.sha256.as_deref();
    let sha = sha.map(|sha| format!("sha256 {}…", sha.chars().take(12).collect::<String>()));
    let parts = [
        Some(model.name.clone()),
        model.architecture.clone(),
        model.file_bytes.map(bytes),
        sha,
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn arithmetic(header: &Header) -> String {
    header.arithmetic.as_ref().map_or_else(
        || NOT_RECORDED.into(),
        |a| {
            format!(
                "revision {}, {}, KV {}, quantization at load: {}",
                a.revision, a.instructions, a.kv, a.quantize
            )
        },
    )
}

fn pools(header: &Header) -> String {
    let of_source = |size: &PoolSize| {
        let documents = count(size.documents, "document");
        format!("{} {documents}, {} tokens", size.source.name(), size.tokens)
    };
    let sizes: Vec<String> = header.pools.iter().map(of_source).collect();
    match sizes.is_empty() {
        true => "no pools".into(),
        false => sizes.join("; "),
    }
}

/// `relaxed: k 1, 2; tau 0.1; budget auto≤64`.
fn grid_in_words(source: &SweepSource<'_>) -> String {
    let grid = &source.sweep.grid;
    let mut parts = Vec::new();
    for family in &grid.axes.rules {
        let rule = family.rule();
        let tried = rule.numbers().take(2).map(|(number, _)| {
            let values = grid.axes.of(number).iter().map(ToString::to_string);
            format!("{} {}", number.name, values.collect::<Vec<_>>().join(", "))
        });
        let tried: Vec<String> = tried.collect();
        parts.push(match tried.is_empty() {
            true => family.name().to_string(),
            false => format!("{} ({})", family.name(), tried.join("; ")),
        });
    }
    let drafting = || grid.cells.iter().map(|cell| cell.drafting);
    let list = |name: &str, values: Vec<String>| format!("{name} {}", values.join(", "));
    parts.push(list(
        "budget",
        super::each_once(drafting().map(|d| d.budget.describe())),
    ));
    parts.push(list(
        "branch",
        super::each_once(drafting().map(|d| d.branch.to_string())),
    ));
    let drafters = drafting().map(|d| d.drafter.name().to_string());
    parts.push(list("drafter", super::each_once(drafters)));
    parts.join("; ")
}

/// What all cells share: length, penalty, and what differs from the defaults.
fn shared(base: &Params) -> String {
    let swept = [
        "--budget",
        "--branch",
        "--drafter",
        "--max-tokens",
        "--repeat-penalty",
    ];
    let words = options(base, &Params::default());
    let is_other = |pair: &&[String]| {
        let name = pair[0].as_str();
        !swept.contains(&name) && !is_of_the_rule(name)
    };
    let others = words.chunks(2).filter(is_other).map(|pair| pair.join(" "));
    let fixed = [
        format!("at most {} tokens", base.max_tokens),
        format!("repetition penalty {}", base.repeat_penalty),
    ];
    fixed
        .into_iter()
        .chain(others)
        .collect::<Vec<_>>()
        .join(", ")
}

fn is_of_the_rule(option: &str) -> bool {
    use crate::speculate::parameters::named;
    named(option.trim_start_matches('-')).is_some_and(|parameter| parameter.is_of_the_rule())
}

fn pairs(source: &SweepSource<'_>) -> String {
    let cells = (0..source.sweep.grid.cells.len()).filter_map(|cell| source.sweep.cell(cell));
    let (least, most) = cells.fold((usize::MAX, 0), |(least, most), figures| {
        (least.min(figures.pairs), most.max(figures.pairs))
    });
    match (least, most) {
        (usize::MAX, _) => "no pairs".into(),
        (least, most) if least == most => format!("{} per cell", count_pairs(least)),
        (least, most) => format!("{least} to {} per cell", count_pairs(most)),
    }
}
