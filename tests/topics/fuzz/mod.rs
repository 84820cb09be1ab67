//! Every reader of foreign files, on damaged input: seeded, bounded, on stable Rust. An
//! execution must end within a time limit, without a panic and without an allocation
//! out of proportion to its input.
//!
//! `FUZZ_TIMES=50 cargo test --release --test laserscope fuzz -- --nocapture` runs
//! fifty times as many and tells how many. A failure names the file that holds its
//! input.

mod allocations;
mod data;
mod logs;
mod models;
mod mutate;
mod texts;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use mutate::Dice;

/// Far beyond the processor time of any input here.
const SLOW: Duration = Duration::from_secs(10);
/// Inputs have some 100 kB.
const LARGE: usize = 512 << 20;
/// Failures reported per target.
const TOLD: usize = 5;

/// What is damaged, and what with.
pub struct Target<'a> {
    pub name: &'a str,
    /// Executions, unless `FUZZ_TIMES` multiplies them.
    pub n: u64,
    pub seeds: &'a [Vec<u8>],
    /// Words of the format.
    pub words: &'a [&'a str],
}

impl Target<'_> {
    /// Runs `execute` on damaged seeds.
    pub fn run(&self, execute: impl Fn(&[u8])) {
        let n = self.n * times();
        let mut failures = Vec::new();
        let begun = Instant::now();
        for i in 0..n {
            let mut dice = Dice::of(self.name, i);
            let input = mutate::damaged(self.seeds, self.words, &mut dice);
            if let Err(problem) = tried(|| execute(&input)) {
                let path = self.keep(i, &input);
                failures.push(format!("{}: {problem}", path.display()));
            }
            if failures.len() == TOLD {
                break;
            }
        }
        println!("{}: {n} executions in {:.1?}", self.name, begun.elapsed());
        assert!(failures.is_empty(), "{}: {failures:#?}", self.name);
    }

    fn keep(&self, i: u64, input: &[u8]) -> PathBuf {
        let name = format!("fuzz-{}-{i}", self.name);
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::write(&path, input).expect("writes");
        path
    }
}

fn times() -> u64 {
    let times = std::env::var("FUZZ_TIMES").ok();
    times.and_then(|times| times.parse().ok()).unwrap_or(1)
}

fn tried(execute: impl FnOnce()) -> Result<(), String> {
    let begun = processor_time();
    let outcome = allocations::largest_of(|| catch_unwind(AssertUnwindSafe(execute)));
    let took = processor_time().saturating_sub(begun);
    let (outcome, largest) = outcome;
    match outcome {
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|s| s.to_string()));
            Err(format!("panicked: {}", text.unwrap_or_default()))
        }
        Ok(()) if took > SLOW => Err(format!("took {took:.0?}")),
        Ok(()) if largest > LARGE => Err(format!("asked for {largest} bytes at once")),
        Ok(()) => Ok(()),
    }
}

/// What this thread has computed for: a busy machine makes nothing slow. Zero where
/// the system does not say.
fn processor_time() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let ns = told.split(' ').next().and_then(|ns| ns.parse().ok());
    Duration::from_nanos(ns.unwrap_or(0))
}
