//! The engine's thread, driven like by the interface: what goes first, what is
//! interrupted, and what is answered meanwhile.

use std::path::Path;
use std::time::{Duration, Instant};

use laserscope::protocol::{
    Asked, Command, Event, PoolAnswer, PoolQuestion, Purpose, Request, RunId, SweepRequest,
};
use laserscope::speculate::parameters::{self, Value};
use laserscope::speculate::params::{AcceptanceRule, Budget, Params};
use laserscope::speculate::sweep::{Axes, Grid, Job};
use laserscope::speculate::trace::StartFrom;
use laserscope::speculate::verify::Finish;
use laserscope::worker::{Handle, Inbox, guarded, serve};

use super::engine::{engine, spec};

/// Longer than anything here takes, however busy the machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A thread with a tiny model.
struct Thread(Handle);

impl Thread {
    fn start(folder: &Path) -> Self {
        let engine = engine(folder);
        let handle = guarded(move |commands, events| {
            serve(engine, &mut Inbox::new(commands), events);
        });
        Thread(handle.expect("a thread"))
    }

    fn tell(&self, command: Command) {
        self.0.commands.send(command).expect("the thread lives");
    }

    /// The events up to the first one of this kind, that one included.
    fn until(&mut self, is_it: impl Fn(&Event) -> bool) -> Vec<Event> {
        let begun = Instant::now();
        let mut seen = Vec::new();
        while begun.elapsed() < PATIENCE {
            let Ok(event) = self.0.events.try_recv() else {
                std::thread::sleep(Duration::from_millis(1));
                continue;
            };
            let found = is_it(&event);
            seen.push(event);
            if found {
                return seen;
            }
        }
        panic!("it did not come; what came: {seen:#?}");
    }

    fn quit(mut self) {
        self.tell(Command::Quit);
        let last = self.until(|e| matches!(e, Event::Gone { .. }));
        assert!(matches!(last.last(), Some(Event::Gone { why: None })));
        self.0.thread.join().expect("the thread ends");
    }
}

fn params(max_tokens: usize) -> Params {
    Params {
        verify: AcceptanceRule::Relaxed { k: 2, tau: 0.1 },
        budget: Budget::Rows(8),
        max_tokens,
        ..Params::default()
    }
}

/// A run that waits for [`Command::Step`] before its first step.
fn waiting(run: RunId, max_tokens: usize) -> Command {
    let mut command = request(run, max_tokens);
    if let Command::Generate(request) = &mut command {
        request.start_paused = true;
    }
    command
}

fn request(run: RunId, max_tokens: usize) -> Command {
    let spec = spec("abcabc", params(max_tokens));
    Command::Generate(Box::new(Request {
        run,
        subject: spec.subject,
        prompt: spec.prompt,
        params: spec.params,
        branch: None,
        start: StartFrom::default(),
        purpose: Purpose::Watch,
        start_paused: false,
    }))
}

/// A sweep of 12 cells over two prompts.
fn sweep() -> SweepRequest {
    let ranks = [1, 2, 3].map(Value::Whole);
    let axes = Axes::default().trying(parameters::named("k").unwrap(), ranks.to_vec());
    let grid = Grid::new(params(40), &axes).expect("a grid");
    let asked = ["abcabc", "cbacba"].map(|question| {
        let spec = spec(question, params(40));
        Asked {
            subject: spec.subject,
            prompt: spec.prompt,
        }
    });
    SweepRequest {
        sweep: 3,
        grid,
        asked: asked.to_vec(),
    }
}

fn jobs(events: &[Event]) -> Vec<Job> {
    let job = |event: &Event| match event {
        Event::SweepRan { job, .. } => Some(*job),
        _ => None,
    };
    events.iter().filter_map(job).collect()
}

fn is_sweep_run(event: &Event) -> bool {
    matches!(event, Event::SweepRan { .. })
}

fn is_end_of(run: RunId) -> impl Fn(&Event) -> bool {
    move |event| matches!(event, Event::RunEnded { run: it, .. } if *it == run)
}

fn is_sweeps_end(event: &Event) -> bool {
    matches!(event, Event::SweepEnded { sweep: 3 })
}

#[test]
fn a_run_goes_before_the_rest_of_a_sweep_which_loses_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut thread = Thread::start(folder.path());
    let request_of_sweep = sweep();
    let n_runs = request_of_sweep.asked.len() * (request_of_sweep.grid.cells.len() + 1);
    thread.tell(Command::Sweep(Box::new(request_of_sweep)));
    let mut seen = thread.until(is_sweep_run);
    thread.tell(request(1, 30));
    let meanwhile = thread.until(is_end_of(1));
    assert!(!meanwhile.iter().any(is_sweeps_end));
    seen.extend(meanwhile);
    seen.extend(thread.until(is_sweeps_end));
    let mut jobs = jobs(&seen);
    assert!(jobs.len() > n_runs, "then everything again, in pairs");
    jobs.truncate(n_runs);
    jobs.sort_by_key(|job| (job.subject, job.cell));
    jobs.dedup();
    assert_eq!(jobs.len(), n_runs, "every run once");
    thread.quit();
}

#[test]
fn a_cancelled_sweep_ends_at_once_and_the_thread_serves_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut thread = Thread::start(folder.path());
    thread.tell(Command::Sweep(Box::new(sweep())));
    thread.until(is_sweep_run);
    thread.tell(Command::CancelSweep);
    thread.until(is_sweeps_end);
    thread.tell(request(1, 30));
    let after = thread.until(is_end_of(1));
    assert_eq!(jobs(&after), [], "nothing of the sweep comes after its end");
    thread.quit();
}

/// A new run ends the one under way, whose steps stay what they were.
#[test]
fn a_new_run_ends_the_one_under_way_as_cancelled() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut thread = Thread::start(folder.path());
    thread.tell(Command::SetPace(Duration::from_millis(50)));
    thread.tell(request(1, 400));
    thread.until(|e| matches!(e, Event::Step { run: 1, .. }));
    // The pace changes after the run was ended: at full speed it may end by itself first.
    thread.tell(request(2, 20));
    thread.tell(Command::SetPace(Duration::ZERO));
    let seen = thread.until(is_end_of(2));
    let ended = seen.iter().find(|event| is_end_of(1)(event));
    let Some(Event::RunEnded { end, .. }) = ended else {
        panic!("run 1 has no end: {seen:#?}");
    };
    assert_eq!(end.finish, Finish::Cancelled);
    thread.quit();
}

/// The pools answer between two steps.
#[test]
fn the_pools_answer_during_a_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut thread = Thread::start(folder.path());
    thread.tell(waiting(1, 40));
    thread.tell(Command::Step);
    thread.until(|e| matches!(e, Event::Step { run: 1, .. }));
    thread.tell(Command::Pool(Box::new(PoolQuestion::Overview)));
    let seen = thread.until(|e| matches!(e, Event::Pool { .. }));
    let Some(Event::Pool { answer, .. }) = seen.last() else {
        unreachable!("the last event is the answer");
    };
    assert!(matches!(answer.as_deref(), Ok(PoolAnswer::Overview(_))));
    assert!(!seen.iter().any(is_end_of(1)), "the run is still under way");
    thread.tell(Command::Resume);
    thread.until(is_end_of(1));
    thread.quit();
}
