//! What `laserscope replay` is given: traces, the folder of a recorded batch, and points
//! measured by `bench batch --json`. A batch is shown without the runs that cannot be
//! read, which are named.

use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, WrapErr, bail, ensure, eyre};

use crate::commands::batch::recorded::trace_name;
use crate::session::recorded::load_trace;
use crate::speculate::passes::{self, BatchCourse, BenchPoints, PASSES, RecordedBatch};
use crate::speculate::trace::Trace;
use crate::speculate::trace_folder::trace_files;

/// What the paths name.
#[derive(Debug, Default)]
pub struct ReplayedFiles {
    /// Single runs.
    pub traces: Vec<Trace>,
    /// A folder of runs.
    pub folder: Option<PathBuf>,
    /// The batch that wrote it.
    pub batch: Option<RecordedBatch>,
    /// Tokens per second over batch size.
    pub points: Option<BenchPoints>,
}

/// Reads what paths name: a folder is one of runs, and a batch if its passes are recorded, a
/// `.json` file points of `bench batch`, any other file a trace.
///
/// # Errors
/// Names the file and the line; two folders or two files of points.
pub fn read(paths: &[PathBuf]) -> Result<ReplayedFiles> {
    let mut found = ReplayedFiles::default();
    for path in paths {
        if path.is_dir() {
            ensure!(
                found.folder.is_none(),
                "{}: one folder of traces at a time can be replayed",
                path.display()
            );
            if path.join(PASSES).exists() {
                found.batch = Some(read_batch(path)?);
            }
            found.folder = Some(path.clone());
        } else if path.extension().is_some_and(|e| e == "json") {
            ensure!(
                found.points.is_none(),
                "{}: one output of `bench batch --json` at a time can be shown",
                path.display()
            );
            found.points = Some(read_points(path)?);
        } else {
            found.traces.push(load_trace(path)?);
        }
    }
    if found.points.is_some() && found.batch.is_none() {
        bail!("points of `bench batch` are shown beside a batch: name the folder of --traces, too");
    }
    Ok(found)
}

fn read_points(path: &Path) -> Result<BenchPoints> {
    let text = fs::read_to_string(path).wrap_err_with(|| format!("opening {}", path.display()))?;
    BenchPoints::parse(&text).map_err(|e| eyre!("{}: {e}", path.display()))
}

/// Reads a folder of `generate --all --batch N --traces DIR`.
///
/// # Errors
/// No record of passes, or a line of it that cannot be read.
pub fn read_batch(folder: &Path) -> Result<RecordedBatch> {
    let path = folder.join(PASSES);
    let file = fs::File::open(&path).wrap_err_with(|| {
        format!(
            "opening {}: a folder must be one that `generate --all --batch N --traces DIR` has \
             written",
            path.display()
        )
    })?;
    let read = passes::read(BufReader::new(file));
    let (header, passes) = read.map_err(|e| eyre!("{}: {e}", path.display()))?;
    let (traces, mut problems) = read_traces(folder)?;
    problems.extend(lacking(
        &BatchCourse::of(header.clone(), passes.clone()),
        &traces,
    ));
    Ok(RecordedBatch {
        from: folder.display().to_string(),
        header,
        passes,
        traces,
        problems,
    })
}

/// Every trace of a folder that can be read, and why others cannot.
fn read_traces(folder: &Path) -> Result<(Vec<Trace>, Vec<String>)> {
    let paths = trace_files(folder).wrap_err_with(|| format!("reading {}", folder.display()))?;
    let (mut traces, mut problems) = (Vec::new(), Vec::new());
    for path in paths {
        match load_trace(&path) {
            Ok(trace) => traces.push(trace),
            Err(why) => problems.push(format!("{why:#}.")),
        }
    }
    Ok((traces, problems))
}

/// What is wrong with the traces, seen from the passes: a sentence each.
fn lacking(course: &BatchCourse, traces: &[Trace]) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, n_steps) in course.steps_by_subject() {
        let is_it = |trace: &&Trace| {
            let subject = &trace.header.subject;
            name == format!("{}/{}", subject.kind, subject.id)
        };
        let file = match name.split_once('/') {
            Some((kind, id)) => trace_name(kind, id),
            None => name.clone(),
        };
        match traces.iter().find(is_it) {
            None => problems.push(format!(
                "No trace of {name}: {file} is not there or damaged."
            )),
            Some(trace) if trace.steps.len() < n_steps => problems.push(format!(
                "{file} has {} of {n_steps} steps of {name}.",
                trace.steps.len()
            )),
            Some(_) => {}
        }
    }
    problems
}
