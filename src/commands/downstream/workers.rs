//! Trainings in processes of their own: each computes on one thread, so that its figures do
//! not depend on how many run at a time, and as many run as there are cores.

use std::io::{Read, stdin};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use color_eyre::eyre::{Result, WrapErr, bail};

use crate::cli::Shard;
use crate::console::interrupt;
use crate::console::progress::Line;
use crate::downstream::trials::{TestFolder, TrainingWork, Trial};

/// How often is looked whether a training is done.
const LOOKED_EVERY: Duration = Duration::from_millis(200);
/// Thread counts of the libraries under the click models.
const ONE_THREAD: [&str; 2] = ["RAYON_NUM_THREADS", "CANDLE_NUM_THREADS"];
/// Of glibc: tensors up to 32 MiB, its most, get memory that was used before, instead of
/// fresh pages from the system for every result.
const KEPT_MEMORY: [(&str, &str); 2] = [
    ("MALLOC_MMAP_THRESHOLD_", "33554432"),
    ("MALLOC_TRIM_THRESHOLD_", "1073741824"),
];

/// Does every training that is not done. `false`: cancelled.
///
/// # Errors
/// The first one of a worker.
pub(crate) fn train(folder: &TestFolder, work: &TrainingWork, n_workers: usize) -> Result<bool> {
    let of = work.trials.len();
    let is_left = |trial: &&Trial| !folder.is_done(&work.study, trial);
    let mut left: Vec<&Trial> = work.trials.iter().filter(is_left).collect();
    if left.len() < of {
        note!("resumed: {} of {of} trainings are done", of - left.len());
    }
    if left.is_empty() {
        return Ok(true);
    }
    let n_workers = n_workers.min(left.len());
    let mut workers = Workers::start(folder, n_workers)?;
    let mut line = Line::new();
    loop {
        let is_running = workers.look()?;
        left.retain(is_left);
        let done = of - left.len();
        line.timed_part(done as u64, of as u64, &format!("{done} of {of} trainings"));
        if left.is_empty() {
            return Ok(true);
        }
        if interrupt::is_set() {
            line.say(&format!(
                "cancelled after {done} of {of} trainings; the same command goes on with the rest"
            ));
            return Ok(false);
        }
        if !is_running {
            bail!("the trainings ended before all were done: run the same command again");
        }
        std::thread::sleep(LOOKED_EVERY);
    }
}

/// Processes of this program, ended with this value.
struct Workers(Vec<Child>);

impl Workers {
    fn start(folder: &TestFolder, n: usize) -> Result<Self> {
        let program = std::env::current_exe().wrap_err("finding this program")?;
        let mut workers = Workers(Vec::new());
        for index in 1..=n {
            let mut command = Command::new(&program);
            command.args(["downstream", "--out"]).arg(folder.path());
            command.args(["--worker", &format!("{index}/{n}")]);
            command.envs(ONE_THREAD.map(|name| (name, "1")));
            command.envs(KEPT_MEMORY);
            command.stdin(Stdio::piped()).stdout(Stdio::null());
            let child = command.stderr(Stdio::piped()).spawn();
            workers.0.push(child.wrap_err("starting a training")?);
        }
        Ok(workers)
    }

    /// Whether any is still running.
    fn look(&mut self) -> Result<bool> {
        let mut is_running = false;
        for worker in &mut self.0 {
            match worker.try_wait()? {
                None => is_running = true,
                Some(status) if status.success() || interrupt::is_set() => {}
                Some(status) => {
                    let mut said = String::new();
                    if let Some(errors) = &mut worker.stderr {
                        errors.read_to_string(&mut said)?;
                    }
                    bail!("a training ended with {status}: {}", said.trim());
                }
            }
        }
        Ok(is_running)
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        for worker in &mut self.0 {
            // A training is kept whole or not at all.
            let _ = worker.kill();
            let _ = worker.wait();
        }
    }
}

/// Does a worker's part. `false`: cancelled.
pub(crate) fn work_off(out: &Path, part: Shard) -> Result<bool> {
    std::thread::spawn(end_with_parent);
    let folder = TestFolder::open(out)?;
    folder.work_off((part.index - 1, part.of), &mut || !interrupt::is_set())
}

/// Standard input ends when the parent does, however it ends.
fn end_with_parent() {
    let mut rest = Vec::new();
    let _ = stdin().read_to_end(&mut rest);
    std::process::exit(i32::from(interrupt::EXIT_CANCELLED));
}
