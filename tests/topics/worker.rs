//! The engine's thread, driven like by the interface: what goes first, what is
//! interrupted, and what is answered meanwhile.

use std::path::Path;
use std::time::{Duration, Instant};

use laserscope::protocol::{
    Asked, BatchNews, BatchRequest, Command, Event, PoolAnswer, PoolQuestion, Purpose, Request,
    RunId, SweepRequest,
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

// ---- batches ----

/// Three subjects, two at a time; their runs are 11, 12 and 13.
fn batch(max_tokens: usize) -> Command {
    let asked = ["abcabc", "cbacba", "bcabca"].into_iter().enumerate();
    let asked = asked.map(|(i, question)| {
        let spec = spec(question, params(max_tokens));
        let mut subject = spec.subject;
        subject.id = format!("i{i}");
        let prompt = spec.prompt;
        (11 + i as RunId, Asked { subject, prompt })
    });
    Command::Batch(Box::new(BatchRequest {
        batch: 7,
        lanes: 2,
        params: params(max_tokens),
        asked: asked.collect(),
    }))
}

fn news(event: &Event) -> Option<&BatchNews> {
    match event {
        Event::Batch { batch: 7, news } => Some(news),
        _ => None,
    }
}

fn is_batchs_end(event: &Event) -> bool {
    matches!(news(event), Some(BatchNews::Ended))
}

fn is_pass(event: &Event) -> bool {
    matches!(news(event), Some(BatchNews::Pass { .. }))
}

/// Of every run that has ended, its steps, its tokens, and why it ended.
fn ends(events: &[Event]) -> Vec<(RunId, usize, Finish)> {
    let end = |event: &Event| match news(event)? {
        BatchNews::RunEnded { run, end, .. } => Some((*run, end.steps, end.finish)),
        _ => None,
    };
    events.iter().filter_map(end).collect()
}

/// The steps that passes have reported of a run.
fn n_steps(events: &[Event], of: RunId) -> usize {
    let steps = events.iter().filter_map(|event| match news(event)? {
        BatchNews::Pass { steps, .. } => Some(steps),
        _ => None,
    });
    steps.flatten().filter(|(run, _)| *run == of).count()
}

#[test]
fn a_batch_reports_every_step_of_every_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut thread = Thread::start(folder.path());
    thread.tell(batch(30));
    let seen = thread.until(is_batchs_end);
    let ends = ends(&seen);
    assert_eq!(ends.len(), 3);
    for (run, steps, finish) in ends {
        assert_ne!(finish, Finish::Cancelled);
        assert_eq!(n_steps(&seen, run), steps, "run {run}");
    }
    thread.quit();
}

#[test]
fn a_run_goes_before_the_rest_of_a_batch_which_loses_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut thread = Thread::start(folder.path());
    thread.tell(Command::SetPace(Duration::from_millis(20)));
    thread.tell(batch(60));
    let mut seen = thread.until(is_pass);
    thread.tell(request(1, 20));
    let meanwhile = thread.until(is_end_of(1));
    assert!(!meanwhile.iter().any(is_batchs_end));
    let begun = meanwhile
        .iter()
        .position(|e| matches!(e, Event::RunStarted { run: 1, .. }));
    let during = &meanwhile[begun.expect("it has begun")..];
    assert!(!during.iter().any(is_pass), "the batch waits for the run");
    thread.tell(Command::SetPace(Duration::ZERO));
    seen.extend(meanwhile);
    seen.extend(thread.until(is_batchs_end));
    let ends = ends(&seen);
    assert_eq!(ends.len(), 3);
    for (run, steps, finish) in ends {
        assert_ne!(finish, Finish::Cancelled);
        assert_eq!(n_steps(&seen, run), steps, "run {run}");
    }
    thread.quit();
}

#[test]
fn a_paused_batch_makes_a_pass_per_step_and_ends_at_once_when_asked_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut thread = Thread::start(folder.path());
    thread.tell(Command::SetPace(Duration::from_millis(50)));
    thread.tell(batch(400));
    thread.until(is_pass);
    thread.tell(Command::Pause);
    thread.until(|e| matches!(news(e), Some(BatchNews::Paused(true))));
    thread.tell(Command::Step);
    thread.tell(Command::Pool(Box::new(PoolQuestion::Overview)));
    thread.until(is_pass);
    thread.tell(Command::CancelBatch);
    let seen = thread.until(is_batchs_end);
    assert!(!seen.iter().any(is_pass), "one pass per step");
    let ends = ends(&seen);
    assert_eq!(ends.len(), 2, "those in lanes");
    assert!(ends.iter().all(|end| end.2 == Finish::Cancelled));
    thread.tell(Command::SetPace(Duration::ZERO));
    thread.tell(request(1, 20));
    thread.until(is_end_of(1));
    thread.quit();
}
