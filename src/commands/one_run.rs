//! One run: recorded, saved and reported.

use std::path::Path;

use color_eyre::eyre::{Result, WrapErr, ensure};

use crate::atomic_file::AtomicFile;
use crate::cli::GenerateArgs;
use crate::commands::batch::manifest::manifest_path;
use crate::commands::report::RunReport;
use crate::commands::{interrupt, print_json};
use crate::console;
use crate::engine::{Engine, RunSpec};
use crate::recsys::knowledge::NO_GROUP;
use crate::recsys::{Catalog, KnowledgeDoc, KnowledgeLog, SubjectKind};
use crate::speculate::cost::StepCosts;
use crate::speculate::drift::{Drift, describe};
use crate::speculate::trace::{End, Trace};
use crate::speculate::verify::Finish;

/// One run, written and reported as the options say. `None`: cancelled.
pub(crate) fn one(
    args: &GenerateArgs,
    catalog: &Catalog,
    engine: &mut Engine,
    spec: RunSpec,
) -> Result<Option<Trace>> {
    // The file is created first, so that a missing folder is noticed before the run.
    let file = args.trace.as_deref().map(create).transpose()?;
    let mut log = args.out.as_deref().map(single_log).transpose()?;
    let (trace, end) = record(engine, spec)?;
    if let (Some(mut file), Some(path)) = (file, &args.trace) {
        let saved = trace.save(&mut file);
        saved.wrap_err_with(|| format!("writing {}", path.display()))?;
        file.commit()?;
    }
    let is_done = end.finish != Finish::Cancelled;
    if let Some(log) = log.as_mut().filter(|_| is_done) {
        log.append(&document(&trace, &end))?;
    }
    report(args.json, &trace, &end, catalog)?;
    tell_drift(engine, &trace);
    Ok(is_done.then_some(trace))
}

/// Notes when this machine no longer fits the run's cost profile.
fn tell_drift(engine: &Engine, trace: &Trace) {
    if engine.setup.has("--cost") || trace.header.cost != engine.start.cost {
        return;
    }
    let costs = StepCosts::new(&engine.start.cost);
    let mut drift = Drift::default();
    trace.steps.iter().for_each(|step| drift.push(step, &costs));
    if let Some(ratio) = drift.beyond() {
        note!(
            "{}: renew it with `laserscope cost measure`",
            describe(ratio)
        );
    }
}

/// Opens a log, unless it belongs to a batch.
fn single_log(path: &Path) -> Result<KnowledgeLog> {
    let manifest = manifest_path(path);
    ensure!(
        !manifest.exists(),
        "{} belongs to a batch ({}): choose another file with --out",
        path.display(),
        manifest.display()
    );
    KnowledgeLog::open(path)
}

fn create(path: &Path) -> Result<AtomicFile> {
    AtomicFile::create(path).wrap_err("--trace")
}

pub(crate) fn report(json: bool, trace: &Trace, end: &End, catalog: &Catalog) -> Result<()> {
    let report = RunReport::of(trace, end).against(catalog);
    if json {
        return print_json(&report);
    }
    console::text(&format!("{}\n", report.text))?;
    note!("{}", report.summary());
    Ok(())
}

/// Runs to the end, recording; Ctrl-C ends it as cancelled.
pub(crate) fn record(engine: &mut Engine, spec: RunSpec) -> Result<(Trace, End)> {
    engine.record(spec, &mut |_| !interrupt::is_set())
}

/// As [`record`], for figures only.
pub(crate) fn record_for_figures(engine: &mut Engine, spec: RunSpec) -> Result<(Trace, End)> {
    engine.record_for_figures(spec, &mut |_| !interrupt::is_set())
}

/// The answer as a knowledge document.
pub(crate) fn document(trace: &Trace, end: &End) -> KnowledgeDoc {
    let header = &trace.header;
    let group = header.subject.group.as_deref().unwrap_or(NO_GROUP);
    KnowledgeDoc {
        id: header.subject.id.clone(),
        kind: SubjectKind::named(&header.subject.kind).unwrap_or(SubjectKind::Item),
        group: group.to_string(),
        framework: header.subject.framework.to_string(),
        model: header.model.name.clone(),
        text: trace.answer(),
        ended: end.finish == Finish::Eos,
    }
}
