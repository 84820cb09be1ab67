//! `laserscope sweep`: a grid of rules, their values and budgets on the same prompts,
//! in pairs interleaved with autoregressive decoding in one process.

mod reports;
mod table;
mod traces;

use std::path::Path;

use color_eyre::eyre::{Result, WrapErr, ensure};

use crate::atomic_file;
use crate::cli::SweepArgs;
use crate::commands::report::RanOn;
use crate::commands::{open_engine, print_json};
use crate::config::Settings;
use crate::console::progress::Line;
use crate::console::{self, interrupt};
use crate::downstream::rule_findings::read_tested_rules;
use crate::engine::{Advance, Engine, SweepRun};
use crate::export;
use crate::present::number::time_left;
use crate::present::sweep_report::{SweepNotes, SweepReport, SweepSource, SweptOn};
use crate::protocol::Asked;
use crate::recsys::quality::facts_about;
use crate::recsys::{Catalog, Framework, Role, SubjectKind, SubjectRef};
use crate::speculate::facts::SubjectFact;
use crate::speculate::params::Params;
use crate::speculate::sweep::{Grid, Job, Sweep};
use crate::speculate::trace::{SubjectInfo, Trace};
use crate::worker::ask;

/// Default number of items.
const DEFAULT_ITEMS: usize = 4;

/// Runs the command; `configured`: the parameters without options. `Ok(false)`:
/// cancelled, or not lossless.
pub fn run(args: &SweepArgs, grid: Grid, settings: &Settings, configured: &Params) -> Result<bool> {
    let reports = reports::places(&args.report)?;
    let catalog = settings.load_catalog()?;
    let (asked, facts): (Vec<Asked>, Vec<_>) = asked(args, &catalog)?.into_iter().unzip();
    let folder = args.traces.as_deref();
    if let Some(folder) = folder {
        std::fs::create_dir_all(folder)
            .wrap_err_with(|| format!("--traces {}", folder.display()))?;
    }
    let subjects: Vec<SubjectInfo> = asked.iter().map(|a| a.subject.clone()).collect();
    traces::expect_places(folder, &subjects, &grid)?;
    let tested = args.downstream.as_deref().map(read_tested_rules);
    let tested = tested.transpose().wrap_err("--downstream")?;
    let mut engine = open_engine(settings, &catalog)?;
    let mut sweep = SweepRun::new(&engine, grid, asked).paired(args.pairing());
    sweep.sweep = sweep.sweep.with_facts(facts);
    let notes = make(&mut sweep, &mut engine, &subjects, folder)?;
    let setup = subjects.first().map_or_else(
        || engine.setup.words.clone(),
        |subject| engine.setup.words_for(subject.framework.as_str()),
    );
    let report = SweepReport::new(SweepSource {
        sweep: &sweep.sweep,
        notes: &notes,
        subjects: &subjects,
        on: swept_on(&engine),
        framework: args.framework.clone(),
        configured,
        setup: &setup,
        tested,
        paired: args.paired,
    });
    reports::write(&reports, &report)?;
    match (args.json, args.csv) {
        (true, _) => print_json(&report)?,
        (_, true) => console::text(&export::sweep::csv(&report))?,
        _ => table::print(&report),
    }
    Ok(report.complete && report.lossless != Some(false))
}

fn swept_on(engine: &Engine) -> SweptOn {
    let RanOn {
        model,
        device,
        threads,
    } = RanOn::of(engine);
    SweptOn {
        model,
        device,
        threads,
    }
}

/// The subjects, and what the catalog knows about each.
fn asked(args: &SweepArgs, catalog: &Catalog) -> Result<Vec<(Asked, Vec<SubjectFact>)>> {
    let framework = Framework::named(&args.framework)?;
    let named = (SubjectKind::Item, &args.item);
    let mut subjects = Vec::new();
    for (kind, ids) in [named, (SubjectKind::User, &args.user)] {
        for id in ids {
            let at = catalog.find(kind, id)?;
            subjects.push((at, ask::role_of(catalog.subject(at))));
        }
    }
    let unsaid = subjects.is_empty() && args.users.is_none();
    let n_items = args.items.unwrap_or(if unsaid { DEFAULT_ITEMS } else { 0 });
    let mut spread = catalog.stratified_sample(SubjectKind::Item, n_items);
    spread.extend(catalog.stratified_sample(SubjectKind::User, args.users.unwrap_or(0)));
    subjects.extend(spread.into_iter().map(|at| (at, Role::Query)));
    ensure!(
        !subjects.is_empty(),
        "--items 0: no subjects are left; use --items, --users, --item \
        or --user"
    );
    let ask = |(at, role): (SubjectRef, Role)| {
        let (subject, prompt) = ask::about(catalog, at, &framework, role)?;
        let facts = facts_about(catalog, at, role);
        Ok((Asked { subject, prompt }, facts))
    };
    subjects.into_iter().map(ask).collect()
}

/// Makes all runs, until Ctrl-C; what a report tells of them.
fn make(
    sweep: &mut SweepRun,
    engine: &mut Engine,
    subjects: &[SubjectInfo],
    folder: Option<&Path>,
) -> Result<SweepNotes> {
    let (mut line, mut notes) = (Line::new(), SweepNotes::default());
    while let Some(next) = sweep.sweep.next_job() {
        show(&mut line, &sweep.sweep, next, subjects);
        let n_wrong = sweep.sweep.mismatches.len();
        let is_first = !sweep.sweep.is_done();
        let advance = sweep.advance(engine, &mut |_| !interrupt::is_set())?;
        let Advance::Ran { job, trace } = advance else {
            break;
        };
        if is_first {
            notes.add(job, &trace);
        }
        if let Some(folder) = folder.filter(|_| is_first) {
            let name = traces::name(&subjects[job.subject], &sweep.sweep.grid, job.cell);
            save(&trace, &folder.join(name))?;
        }
        if let Some(wrong) = sweep.sweep.mismatches.get(n_wrong) {
            let id = &subjects[job.subject].id;
            line.say(&format!(
                "NOT lossless: {id} under {} differs from autoregressive after {} equal tokens",
                sweep.sweep.params(job).verify.name(),
                wrong.at
            ));
        }
    }
    Ok(notes)
}

/// The run that is being made, the share of the sweep's time that is over, and the rest.
fn show(line: &mut Line, sweep: &Sweep, job: Job, subjects: &[SubjectInfo]) {
    let how = job.cell.map(|cell| sweep.grid.cell_name(cell));
    let how = how.unwrap_or_else(|| sweep.params(job).verify.describe());
    let title = &subjects[job.subject].title;
    let (done, of) = (sweep.n_done(), sweep.n_runs());
    let which = match sweep.pair_under_way() {
        Some(pair) => format!("pair {pair}"),
        None => format!("{}/{of}", done + 1),
    };
    let left = sweep.ms_left().map(time_left).unwrap_or_default();
    line.share(
        sweep.share_done(),
        &format!("{which} {title}: {how}"),
        &left,
    );
}

fn save(trace: &Trace, path: &Path) -> Result<()> {
    atomic_file::write_with(path, |out| Ok(trace.save(out)?))
}
