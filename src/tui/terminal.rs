//! The terminal: taken, drawn to, given back whatever happens. One loop merges
//! keys, the engine's news, signals and the clock; the clock runs only while
//! something moves.

use std::io::{self, IsTerminal};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use color_eyre::eyre::{Report, Result, WrapErr, bail, eyre};
use crossterm::event::EventStream;
use futures::StreamExt;
use tokio::sync::mpsc::UnboundedReceiver;

use super::action::Action;
use super::files::{self, Files};
use super::start::Start;
use super::state::app::{App, Errand, Tone};
use super::tty::{self, Tty};
use crate::console;
use crate::worker::message::{Command, Event};

/// Between two frames while something moves.
const FRAME: Duration = Duration::from_millis(33);

/// Runs the playground until it is left. The terminal is given back on every way
/// out: the end, an error, a panic, a signal.
///
/// # Errors
/// If there is no terminal, if it cannot be drawn to, or if the engine's thread
/// went away by itself.
pub async fn run(
    start: Start,
    files: Files,
    commands: Sender<Command>,
    mut events: UnboundedReceiver<Event>,
) -> Result<()> {
    if !console::is_terminal() || !io::stdin().is_terminal() {
        bail!(
            "the playground needs a terminal for its input and output; `laserscope generate` and \
             `laserscope bench` work without one"
        );
    }
    let memory_file = start.look.memory_file.clone();
    let mut app = App::new(start);
    let before = app.memory();
    let mut screen = Tty::open(app.mouse)?;
    let outcome = run_loop(&mut app, &files, &mut screen, &commands, &mut events).await;
    drop(screen);
    // The engine may be gone already; then there is no one to tell.
    let _ = commands.send(Command::Quit);
    if !matches!(outcome, Ok(Next::Leave)) {
        rescue(&app);
    }
    if let Some(path) = memory_file.filter(|_| app.memory() != before)
        && let Err(why) = app.memory().write(&path)
    {
        note!("warning: {why:#}");
    }
    outcome.map(drop).map_err(with_reports)
}

/// Cut off from outside or by the engine: what a run has so far is saved.
fn rescue(app: &App) {
    let under_way = app.runs.iter().filter(|r| r.is_under_way());
    for run in under_way.filter(|r| r.recording().is_none() && r.n_steps() > 0) {
        match files::save(app, run.id) {
            Ok(path) => note!("the run under way is saved: {path}"),
            Err(why) => note!("the run under way could not be saved: {why:#}"),
        }
    }
}

/// An error with what other threads panicked about meanwhile.
fn with_reports(error: Report) -> Report {
    let reports = tty::reports();
    if reports.is_empty() {
        return error;
    }
    eyre!(
        "{error:#}\n  {}\nThis is a defect of LaserScope; RUST_BACKTRACE=1 and the line above help to find it.",
        reports.join("\n  ")
    )
}

/// Why the loop goes on or ends.
enum Next {
    Go,
    /// As asked for.
    Leave,
    /// A signal came.
    CutOff,
}

async fn run_loop(
    app: &mut App,
    files: &Files,
    screen: &mut Tty,
    commands: &Sender<Command>,
    events: &mut UnboundedReceiver<Event>,
) -> Result<Next> {
    let mut keys = EventStream::new();
    let mut signals = Signals::new()?;
    let mut engine = Engine::There;
    let mut clock = Clock::new();
    let mut frame = Frame::Stale;
    loop {
        if let Frame::Stale = frame {
            draw(app, screen)?;
        }
        clock.rest(!app.is_moving());
        frame = tokio::select! {
            key = keys.next() => match key {
                Some(event) => on_key(app, event.wrap_err("reading keys")?, commands),
                None => return Ok(Next::CutOff),
            },
            event = events.recv(), if engine == Engine::There => {
                match event {
                    Some(event) => on_event(app, event, commands, events)?,
                    None => engine = Engine::Gone,
                }
                Frame::Stale
            }
            elapsed = clock.tick(), if app.is_moving() => {
                send(commands, app.update(Action::Tick(elapsed)));
                Frame::Stale
            }
            () = signals.recv() => return Ok(Next::CutOff),
        };
        if let Next::Leave = run_errands(app, files, screen)? {
            return Ok(Next::Leave);
        }
    }
}

/// Whether the screen shows the state.
enum Frame {
    Stale,
    Current,
}

/// Ticks while something moves. Its deadline stays while events come in between,
/// so that no flood of them stops the clock.
struct Clock {
    last: Instant,
}

impl Clock {
    fn new() -> Self {
        Clock {
            last: Instant::now(),
        }
    }

    /// While nothing moves no time goes by.
    fn rest(&mut self, resting: bool) {
        if resting {
            self.last = Instant::now();
        }
    }

    /// Waits for the next frame; the time since the last one.
    async fn tick(&mut self) -> Duration {
        tokio::time::sleep_until((self.last + FRAME).into()).await;
        let elapsed = self.last.elapsed();
        self.last = Instant::now();
        elapsed
    }
}

#[derive(PartialEq, Eq)]
enum Engine {
    There,
    Gone,
}

fn draw(app: &mut App, screen: &mut Tty) -> Result<()> {
    let size = screen.terminal.size().wrap_err("measuring the terminal")?;
    app.size = (size.width, size.height);
    screen
        .terminal
        .draw(|frame| frame.render_widget(&*app, frame.area()))
        .wrap_err("drawing")?;
    Ok(())
}

/// The mouse moving over the screen, for one, changes nothing.
fn on_key(app: &mut App, event: crossterm::event::Event, commands: &Sender<Command>) -> Frame {
    let Some(action) = app.action_of(&event) else {
        return Frame::Current;
    };
    send(commands, app.update(action));
    Frame::Stale
}

/// Takes an event in, and with it all that wait: one frame shows them together.
fn on_event(
    app: &mut App,
    first: Event,
    commands: &Sender<Command>,
    events: &mut UnboundedReceiver<Event>,
) -> Result<()> {
    let mut next = Some(first);
    while let Some(event) = next {
        if let Event::Gone { why: Some(why) } = event {
            return Err(eyre!("the engine stopped: {why}"));
        }
        send(commands, app.apply(event));
        next = events.try_recv().ok();
    }
    Ok(())
}

/// An engine that is gone has said so, or will.
fn send(commands: &Sender<Command>, list: Vec<Command>) {
    for command in list {
        let _ = commands.send(command);
    }
}

fn run_errands(app: &mut App, files: &Files, screen: &mut Tty) -> Result<Next> {
    for errand in app.take_errands() {
        match errand {
            Errand::Quit => return Ok(Next::Leave),
            Errand::Suspend => screen.suspend(app.mouse)?,
            Errand::Mouse(mouse) => tty::set_mouse(mouse)?,
            Errand::Copy(text) => {
                tty::copy(&text)?;
                let n = super::view::number::count(text.chars().count(), "character");
                app.tell(
                    Tone::Good,
                    format!("Copied {n}, if the terminal allows it."),
                );
            }
            Errand::Save(id) => {
                let outcome = files::save(app, id);
                app.saved_run(id, outcome.map_err(|why| format!("{why:#}")));
            }
            Errand::SaveToCopy(id) => {
                let outcome = files::save(app, id);
                app.saved_to_copy(id, outcome.map_err(|why| format!("{why:#}")));
                return run_errands(app, files, screen);
            }
            Errand::Export(id, format) => tell_saved(app, files::export(app, id, format, files)),
            Errand::Picture => tell_saved(app, files::picture(app)),
            Errand::SaveSettings(params) => {
                let outcome = (files.save_settings)(&params);
                app.settings_saved(params, outcome.map_err(|why| format!("{why:#}")));
            }
            Errand::KeepLearned => {
                if let Err(why) = app.learn.learned.write(&files.learned) {
                    app.tell(Tone::Problem, format!("Progress is not kept: {why:#}"));
                }
            }
            Errand::Open(path) => match files::load(&path) {
                Ok(trace) => app.open_file(trace, &path),
                Err(why) => app.open_failed(format!("{why:#}")),
            },
        }
    }
    Ok(Next::Go)
}

fn tell_saved(app: &mut App, outcome: Result<String>) {
    app.saved(outcome.map_err(|why| format!("{why:#}")));
}

/// The signals that end a program politely.
#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals {
            terminate: signal(SignalKind::terminate()).wrap_err("listening for signals")?,
            hang_up: signal(SignalKind::hangup()).wrap_err("listening for signals")?,
        })
    }

    async fn recv(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> Result<Self> {
        Ok(Signals)
    }

    async fn recv(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
