//! `laserscope picture`: the Decode screen of traces, or what some keys lead to
//! from there, as an SVG picture.

use color_eyre::eyre::{Result, ensure};
use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use crate::cli::PictureArgs;
use crate::commands::outputs::{self, Kind};
use crate::present::picture;
use crate::tui::screens::decode::state::Cursor;
use crate::tui::{App, Look};
use crate::{atomic_file, playground};

/// Runs the command.
pub fn run(args: &PictureArgs, look: Look) -> Result<()> {
    for trace in &args.traces {
        outputs::expect_apart("--out", &args.out, "the trace", trace)?;
    }
    outputs::expect_own("--out", &args.out, Kind::Picture)?;
    let traces = playground::load_traces(&args.traces)?;
    let steps = traces.first().map_or(0, |trace| trace.steps.len());
    let mut app = App::new(playground::replay_start(traces, look));
    let area = Rect::new(0, 0, args.width, args.height);
    if let Some(step) = args.step {
        ensure!(
            (1..=steps).contains(&step),
            "--step {step}: the run has steps 1 to {steps}"
        );
        app.view.go_to(Cursor::at(step - 1));
    }
    app.size = (args.width, args.height);
    for key in &args.keys {
        // No engine listens to a picture.
        let _ = app.press(&KeyEvent::new(key.code, key.modifiers));
    }
    let mut buffer = Buffer::empty(area);
    app.render(area, &mut buffer);
    atomic_file::write(&args.out, picture::svg(&buffer))
}
