//! The screens drawn for exports and pictures, as the playground draws them.

use std::path::PathBuf;
use std::time::Duration;

use color_eyre::eyre::{Result, ensure};
use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use crate::cli::PictureArgs;
use crate::export::{self, Canvas, Film, Frame, Screen};
use crate::present::format::Format;
use crate::speculate::command_line::Setup;
use crate::speculate::trace::Trace;
use crate::start::given::replayed;
use crate::start::recorded_batch;
use crate::tui::action::Action;
use crate::tui::lesson::learned::Learned;
use crate::tui::runs::run::step_shown_for;
use crate::tui::screens::batch::state::PassCursor;
use crate::tui::screens::decode::state::Cursor;
use crate::tui::start::{Length, StartEngine};
use crate::tui::{App, Look, Start};

/// The run in one form, its screens drawn in a look.
pub fn export(trace: &Trace, format: Format, canvas: &Canvas, look: &Look) -> String {
    let screen = Screen {
        still: &|trace| still(trace, canvas, look),
        played: &|trace| played(trace, canvas, look),
    };
    export::export(trace, format, canvas.paths, &screen)
}

/// What some keys lead to from the Decode screen of traces, or from the Batch screen of a
/// recorded batch.
///
/// # Errors
/// A file that cannot be read; a step that the run or the batch does not have.
pub fn picture(args: &PictureArgs, look: Look) -> Result<Buffer> {
    let found = recorded_batch::read(&args.traces)?;
    let (what, n) = match (&found.batch, found.traces.first()) {
        (Some(batch), _) => ("the batch has passes", batch.passes.len()),
        (None, trace) => ("the run has steps", trace.map_or(0, |t| t.steps.len())),
    };
    let mut app = App::new(replayed(found, look));
    if let Some(step) = args.step {
        ensure!((1..=n).contains(&step), "--step {step}: {what} 1 to {n}");
        app.decode.go_to(Cursor::at(step - 1));
        app.batch.cursor = PassCursor::At(step - 1);
    }
    app.look.size = (args.width, args.height);
    for key in &args.keys {
        // A picture has no engine.
        let _ = app.press(&KeyEvent::new(key.code, key.modifiers));
    }
    Ok(draw(&app))
}

/// The screen at the canvas's step, of a run played to its end.
fn still(trace: &Trace, canvas: &Canvas, look: &Look) -> Buffer {
    let mut app = app(trace, canvas, look);
    if let Some(step) = canvas.step {
        app.decode.go_to(Cursor::at(step));
    }
    draw(&app)
}

/// The run played at its own pace, one frame a step.
fn played<'a>(trace: &'a Trace, canvas: &Canvas, look: &Look) -> Film<'a> {
    let mut app = app(trace, canvas, look);
    app.update(Action::PlayPause);
    let first = Frame {
        after: Duration::ZERO,
        screen: draw(&app),
    };
    let steps = trace.steps.iter().map(move |step| {
        let after = step_shown_for(step);
        app.update(Action::Tick(after));
        Frame {
            after,
            screen: draw(&app),
        }
    });
    Box::new(std::iter::once(first).chain(steps))
}

/// The interface with nothing but this recording.
fn app(trace: &Trace, canvas: &Canvas, look: &Look) -> App {
    let mut app = App::new(Start {
        catalog: None,
        frameworks: Vec::new(),
        framework: 0,
        length: Length::Frameworks,
        params: trace.header.params,
        look: look.clone(),
        replay: vec![trace.clone()],
        batch: None,
        points: None,
        engine: StartEngine::Absent,
        traces: None,
        tested: None,
        log: None,
        demo: None,
        shipped: Vec::new(),
        earlier: Vec::new(),
        save_dir: PathBuf::new(),
        learned: Learned::default(),
        setup: Setup::default(),
    });
    app.look.size = canvas.size;
    app
}

fn draw(app: &App) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, app.look.size.0, app.look.size.1));
    app.render(buffer.area, &mut buffer);
    buffer
}
