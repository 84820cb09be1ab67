//! `laserscope sweep`: a grid of rules, their values and budgets on the same prompts,
//! in pairs interleaved with autoregressive decoding in one process.

mod report;
mod table;

use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, WrapErr, ensure};
use report::SweepReport;

use crate::atomic_file;
use crate::cli::SweepArgs;
use crate::commands::outputs::{self, Kind};
use crate::commands::{open_engine, print_json};
use crate::config::Settings;
use crate::console::interrupt;
use crate::console::progress::Line;
use crate::downstream::rule_findings::read_tested_rules;
use crate::engine::{Advance, Engine, SweepRun};
use crate::file_name::file_name;
use crate::protocol::Asked;
use crate::recsys::{Catalog, Framework, Role, SubjectKind, SubjectRef};
use crate::speculate::params::Params;
use crate::speculate::sweep::{Cell, Grid, Job, Sweep};
use crate::speculate::trace::{SubjectInfo, Trace};
use crate::worker::ask;

/// Default number of items.
const DEFAULT_ITEMS: usize = 4;

/// Runs the command; `configured`: the parameters without options. `Ok(false)`:
/// cancelled, or not lossless.
pub fn run(args: &SweepArgs, grid: Grid, settings: &Settings, configured: &Params) -> Result<bool> {
    let catalog = settings.load_catalog()?;
    let asked = asked(args, &catalog)?;
    let folder = args.traces.as_deref();
    if let Some(folder) = folder {
        std::fs::create_dir_all(folder)
            .wrap_err_with(|| format!("--traces {}", folder.display()))?;
    }
    let subjects: Vec<SubjectInfo> = asked.iter().map(|a| a.subject.clone()).collect();
    expect_places(folder, &subjects, &grid)?;
    let tested = args.downstream.as_deref().map(read_tested_rules);
    let tested = tested.transpose().wrap_err("--downstream")?;
    let mut engine = open_engine(settings, &catalog)?;
    let mut sweep = SweepRun::new(&engine, grid, asked).paired(args.pairing());
    make(&mut sweep, &mut engine, &subjects, folder)?;
    let report = SweepReport::new(args, &engine, &sweep.sweep, &subjects, configured, tested);
    match (args.json, args.csv) {
        (true, _) => print_json(&report)?,
        (_, true) => table::csv(&report)?,
        _ => table::print(&report),
    }
    Ok(report.complete && report.lossless != Some(false))
}

fn asked(args: &SweepArgs, catalog: &Catalog) -> Result<Vec<Asked>> {
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
        Ok(Asked { subject, prompt })
    };
    subjects.into_iter().map(ask).collect()
}

/// Makes all runs, until Ctrl-C.
fn make(
    sweep: &mut SweepRun,
    engine: &mut Engine,
    subjects: &[SubjectInfo],
    folder: Option<&Path>,
) -> Result<()> {
    let mut line = Line::new();
    while let Some(next) = sweep.sweep.next_job() {
        show(&mut line, &sweep.sweep, next, subjects);
        let n_wrong = sweep.sweep.mismatches.len();
        let is_first = !sweep.sweep.is_done();
        let advance = sweep.advance(engine, &mut |_| !interrupt::is_set())?;
        let Advance::Ran { job, trace } = advance else {
            break;
        };
        if let Some(folder) = folder.filter(|_| is_first) {
            let name = trace_name(&subjects[job.subject], cell_of(&sweep.sweep.grid, job));
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
    Ok(())
}

fn cell_of(grid: &Grid, job: Job) -> Option<&Cell> {
    job.cell.map(|cell| &grid.cells[cell])
}

fn show(line: &mut Line, sweep: &Sweep, job: Job, subjects: &[SubjectInfo]) {
    let rule = sweep.params(job).verify.describe();
    let title = &subjects[job.subject].title;
    let (done, of) = (sweep.n_done(), sweep.n_runs());
    match sweep.pair_under_way() {
        Some(pair) => line.show(&format!("pair {pair}, {title}: {rule}")),
        None => {
            let text = format!("{}/{of} {title}: {rule}", done + 1);
            line.timed_part(done as u64, of as u64, &text);
        }
    }
}

/// Only earlier traces in the folder may be overwritten.
fn expect_places(folder: Option<&Path>, subjects: &[SubjectInfo], grid: &Grid) -> Result<()> {
    let Some(folder) = folder else {
        return Ok(());
    };
    for subject in subjects {
        for cell in grid.cells.iter().map(Some).chain([None]) {
            let path = folder.join(trace_name(subject, cell));
            outputs::expect_own("--traces", &path, Kind::Trace)?;
        }
    }
    Ok(())
}

/// `item-i101-relaxed-k2-tau0.1-auto.jsonl`.
fn trace_name(subject: &SubjectInfo, cell: Option<&Cell>) -> PathBuf {
    let how = cell.map_or("autoregressive".to_string(), |cell| {
        let numbers = cell.verify.numbers();
        let numbers = numbers.map(|(number, value)| format!("-{}{value}", number.name));
        let (rule, budget) = (cell.verify.name(), cell.budget);
        format!("{rule}{}-{budget}", numbers.collect::<String>())
    });
    let (kind, id) = (file_name(subject.kind.as_str()), file_name(&subject.id));
    PathBuf::from(format!("{kind}-{id}-{how}.jsonl"))
}

fn save(trace: &Trace, path: &Path) -> Result<()> {
    atomic_file::write_with(path, |out| Ok(trace.save(out)?))
}
