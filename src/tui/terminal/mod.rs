//! The terminal: taken, drawn to, given back whatever happens. One loop merges
//! keys, the engine's news, the program's end from outside and the clock; the clock
//! runs only while something moves.

pub mod files;
pub(crate) mod input;
mod jobs;
pub(crate) mod leave;
mod score;
pub(crate) mod tty;

use std::io::{self, IsTerminal};
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use color_eyre::eyre::{Result, WrapErr, bail, eyre};
use files::Files;
use futures::FutureExt;
use jobs::Jobs;
use tokio::sync::mpsc::UnboundedReceiver;
use tty::Tty;

use crate::console;
use crate::present::number::count;
use crate::protocol::{Command, Event};
use crate::shutdown::{self, Cause};
use crate::tui::action::Action;
use crate::tui::app::{App, Effect, Tone};
use crate::tui::config_watch::{ConfigWatch, RereadOutcome};
use crate::tui::start::Start;

/// Between two frames while something moves.
const FRAME: Duration = Duration::from_millis(33);

/// Runs the playground until it is left. The terminal is given back on every way
/// out: the end, an error, a panic, a signal, a fault of another thread. On all but
/// the first the run under way is saved before that.
///
/// # Errors
/// If there is no terminal, if it cannot be drawn to, if the engine's thread went
/// away by itself or failed. [`shutdown::CutOff`] after a signal.
pub async fn run(
    mut start: Start,
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
    shutdown::watch()?;
    let memory_file = start.look.memory_file.clone();
    let config = start.look.config.take().and_then(ConfigWatch::listen);
    let mut app = App::new(start);
    let before = app.memory();
    let mut screen = Tty::open(app.look.mouse)?;
    let mut jobs = Jobs::start()?;
    let drawing = run_loop(
        &mut app,
        &files,
        &mut screen,
        &commands,
        (&mut events, config),
        &mut jobs,
    );
    let outcome = AssertUnwindSafe(drawing).catch_unwind().await;
    let as_asked = matches!(&outcome, Ok(Ok(Next::Leave)));
    if let Some(scoring) = &app.catalog.board.scoring {
        scoring.cancel();
    }
    // The run under way first: after a signal there is little time.
    let mut told = match as_asked {
        true => Vec::new(),
        false => leave::rescue(&app),
    };
    told.extend(jobs.finish(as_asked).await);
    if as_asked {
        told.extend(tty::reports());
    }
    drop(screen);
    // The engine may be gone already; then there is no one to tell.
    let _ = commands.send(Command::Quit);
    leave::tell(&told);
    leave::remember(memory_file.as_deref(), &before, &app.memory());
    match outcome {
        Ok(Ok(Next::CutOff(cause))) => Err(cause.report()),
        Ok(Ok(Next::Leave | Next::Go)) => Ok(()),
        Ok(Err(error)) => match leave::cause_of_error().await {
            Some(cause) => Err(cause.report()),
            None => Err(leave::with_reports(error)),
        },
        Err(panic) => resume_unwind(panic),
    }
}

/// Why the loop goes on or ends.
enum Next {
    Go,
    /// As asked for.
    Leave,
    /// A signal, or a fault of another thread.
    CutOff(&'static Cause),
}

/// Until the screens are left.
async fn run_loop(
    app: &mut App,
    files: &Files,
    screen: &mut Tty,
    commands: &Sender<Command>,
    (events, mut config): (
        &mut UnboundedReceiver<Event>,
        Option<UnboundedReceiver<RereadOutcome>>,
    ),
    jobs: &mut Jobs,
) -> Result<Next> {
    let mut keys = input::listen()?;
    let (mut engine, mut clock, mut frame) = (Engine::There, Clock::new(), Frame::Stale);
    loop {
        if shutdown::is_coming() {
            return Ok(Next::CutOff(shutdown::arrived().await));
        }
        if let Frame::Stale = frame {
            draw(app, screen)?;
        }
        let wait = clock.wait(app);
        let keys_wait = jobs.keys_wait();
        frame = tokio::select! {
            key = keys.recv(), if keys_wait.is_none() => on_key(app, key, commands)?,
            () = until(keys_wait), if keys_wait.is_some() => Frame::Current,
            event = events.recv(), if engine == Engine::There => {
                engine = on_event(app, event, commands, events)?;
                Frame::Stale
            }
            elapsed = clock.tick(wait.unwrap_or(FRAME)), if wait.is_some() => {
                send(commands, app.update(Action::Tick(elapsed)));
                Frame::Stale
            }
            reread = next_of(&mut config), if config.is_some() => {
                if let Some(outcome) = reread {
                    send(commands, app.configured_again(outcome));
                }
                Frame::Stale
            }
            done = jobs.next(), if jobs.are_waiting() => {
                jobs::tell(app, done);
                Frame::Stale
            }
            cause = shutdown::arrived() => return Ok(Next::CutOff(cause)),
        };
        if let Next::Leave = run_effects(app, files, screen, jobs)? {
            return Ok(Next::Leave);
        }
    }
}

/// The next that comes; after the last one there is no more to wait for.
async fn next_of<T>(source: &mut Option<UnboundedReceiver<T>>) -> Option<T> {
    let next = source.as_mut()?.recv().await;
    if next.is_none() {
        *source = None;
    }
    next
}

/// Comes back then; at once where there is no such time.
async fn until(then: Option<Instant>) {
    if let Some(then) = then {
        tokio::time::sleep_until(then.into()).await;
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

    /// How long from one frame to the next; `None`: nothing moves, and no time goes by.
    fn wait(&mut self, app: &App) -> Option<Duration> {
        let wait = match app.is_moving() {
            true => Some(FRAME),
            false => app.wakes_in(),
        };
        if wait.is_none() {
            self.last = Instant::now();
        }
        wait
    }

    /// Waits until so long after the last frame; the time since then.
    async fn tick(&mut self, wait: Duration) -> Duration {
        tokio::time::sleep_until((self.last + wait).into()).await;
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
    app.look.size = (size.width, size.height);
    screen
        .terminal
        .draw(|frame| frame.render_widget(&*app, frame.area()))
        .wrap_err("drawing")?;
    Ok(())
}

/// The mouse moving over the screen, for one, changes nothing.
fn on_key(
    app: &mut App,
    key: Option<io::Result<crossterm::event::Event>>,
    commands: &Sender<Command>,
) -> Result<Frame> {
    let event = key.ok_or_else(|| eyre!("no more keys can be read"))?;
    let Some(action) = app.action_of(&event.wrap_err("reading keys")?) else {
        return Ok(Frame::Current);
    };
    send(commands, app.update(action));
    Ok(Frame::Stale)
}

/// Takes an event in, and with it those that wait, for the time of a frame: it shows
/// them together, and an engine that never stops talking does not keep keys waiting.
fn on_event(
    app: &mut App,
    first: Option<Event>,
    commands: &Sender<Command>,
    events: &mut UnboundedReceiver<Event>,
) -> Result<Engine> {
    if first.is_none() {
        return Ok(Engine::Gone);
    }
    let begun = Instant::now();
    let mut next = first;
    while let Some(event) = next {
        if let Event::Gone { why: Some(why) } = event {
            return Err(eyre!("the engine stopped: {why}"));
        }
        send(commands, app.apply(event));
        let is_late = begun.elapsed() > FRAME;
        next = (!is_late).then(|| events.try_recv().ok()).flatten();
    }
    Ok(Engine::There)
}

/// An engine that is gone has said so, or will.
fn send(commands: &Sender<Command>, list: Vec<Command>) {
    for command in list {
        let _ = commands.send(command);
    }
}

fn run_effects(app: &mut App, files: &Files, screen: &mut Tty, jobs: &mut Jobs) -> Result<Next> {
    for effect in app.take_effects() {
        match effect {
            Effect::Quit => return Ok(Next::Leave),
            Effect::Suspend => screen.suspend(app.look.mouse)?,
            Effect::Mouse(mouse) => tty::set_mouse(mouse)?,
            Effect::Copy(text) => {
                (files.copy)(&text)?;
                let n = count(text.chars().count(), "character");
                app.tell(
                    Tone::Good,
                    format!("Copied {n}, if the terminal allows it."),
                );
            }
            Effect::ScoreMarked => score::begin(app),
            about_files => jobs::of(app, files, about_files)
                .into_iter()
                .for_each(|job| jobs.ask(job)),
        }
    }
    Ok(Next::Go)
}
