//! `laserscope generate`: knowledge for one subject or a prompt of one's own;
//! `batch` has it for everyone.

use std::path::Path;

use color_eyre::eyre::{Result, WrapErr, bail, ensure};

use crate::atomic_file::AtomicFile;
use crate::cli::{DecodeArgs, GenerateArgs};
use crate::commands::outputs::{self, Kind};
use crate::commands::report::{RunReport, answer_text};
use crate::commands::{again, batch, open, open_engine, print_json};
use crate::config::Settings;
use crate::console;
use crate::console::interrupt;
use crate::engine::{Engine, RunSpec};
use crate::recsys::knowledge::NO_GROUP;
use crate::recsys::{Catalog, KnowledgeDoc, KnowledgeLog, SubjectKind};
use crate::speculate::cost::StepCosts;
use crate::speculate::drift::{Drift, describe};
use crate::speculate::params::Params;
use crate::speculate::trace::{End, Trace};
use crate::speculate::verify::Finish;
use crate::worker::ask;

/// Runs the command; `over` lays its decoding options over a recorded run's
/// parameters. `Ok(false)`: cancelled.
pub fn run(
    args: &GenerateArgs,
    settings: &Settings,
    params: impl Fn(&DecodeArgs) -> Result<Params>,
    over: impl Fn(Params) -> Params,
) -> Result<bool> {
    expect_places(args)?;
    if let Some(path) = &args.from {
        return again::from(args, settings, path, over);
    }
    if let Some(point) = &args.branch_of {
        return again::branch(args, settings, point, over);
    }
    let params = params(&args.decode)?;
    let framework = settings.framework()?;
    if args.all.is_some() {
        return batch::run(args, settings, params, &framework);
    }
    if let Some(text) = &args.prompt {
        let (catalog, mut engine) = open(settings)?;
        let (subject, prompt) = ask::own(text);
        let spec = RunSpec::new(subject, prompt, params);
        return Ok(one(args, &catalog, &mut engine, spec)?.is_some());
    }
    let (kind, id) = match (&args.item, &args.user) {
        (Some(id), _) => (SubjectKind::Item, id),
        (_, Some(id)) => (SubjectKind::User, id),
        _ => bail!(
            "no subject given: use --item ID, --user ID, --all items|users|both or --prompt TEXT"
        ),
    };
    // A wrong id is said before the model is loaded.
    let catalog = settings.load_catalog()?;
    let at = catalog.find(kind, id)?;
    let mut engine = open_engine(settings, &catalog)?;
    let role = ask::role_of(catalog.subject(at));
    let (subject, prompt) = ask::about(&catalog, at, &framework, role)?;
    let spec = RunSpec::new(subject, prompt, params);
    Ok(one(args, &catalog, &mut engine, spec)?.is_some())
}

/// Nothing that is there may be lost to the options.
fn expect_places(args: &GenerateArgs) -> Result<()> {
    let Some(trace) = &args.trace else {
        return Ok(());
    };
    let branched = args.branch_of.as_ref().map(|point| &point.trace);
    let named = [
        ("--out", args.out.as_ref()),
        ("--from", args.from.as_ref()),
        ("--branch-of", branched),
    ];
    for (option, path) in named {
        if let Some(path) = path {
            outputs::expect_apart("--trace", trace, option, path)?;
        }
    }
    outputs::expect_own("--trace", trace, Kind::Trace)
}

/// One run, written and reported as the options say. `None`: cancelled.
pub(crate) fn one(
    args: &GenerateArgs,
    catalog: &Catalog,
    engine: &mut Engine,
    spec: RunSpec,
) -> Result<Option<Trace>> {
    // The file is begun first: a run is not lost to a folder that is not there.
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

/// Says so where this machine no longer fits the profile that the run went by.
fn tell_drift(engine: &Engine, trace: &Trace) {
    if engine.setup.has("--cost") || trace.header.cost != engine.start.cost {
        return;
    }
    let costs = StepCosts::new(&engine.start.cost);
    let mut drift = Drift::default();
    trace.steps.iter().for_each(|step| drift.push(step, &costs));
    if let Some(ratio) = drift.beyond() {
        note!(
            "{}: `laserscope cost measure` measures it again",
            describe(ratio)
        );
    }
}

/// A batch's file holds what the batch would write, and nothing else.
fn single_log(path: &Path) -> Result<KnowledgeLog> {
    let manifest = batch::manifest_path(path);
    ensure!(
        !manifest.exists(),
        "{} belongs to a batch ({}): name another file with --out",
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
pub fn record(engine: &mut Engine, spec: RunSpec) -> Result<(Trace, End)> {
    engine.record(spec, &mut |_| !interrupt::is_set())
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
        text: answer_text(trace),
        ended: end.finish == Finish::Eos,
    }
}
