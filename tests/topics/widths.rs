//! Screens with the strangest tokens, at any size: nothing is written outside the
//! screen, and the frames stay whole.

use std::path::Path;

use crossterm::event::KeyCode;
use laserscope::speculate::passes::RecordedBatch;
use laserscope::speculate::trace::{TokenBytes, Trace};
use laserscope::start::recorded_batch::read_batch;
use laserscope::tui::app::App;
use laserscope::tui::remembered::{BatchShift, CompareShift, PoolShift, Shift, TuneShift};
use laserscope::tui::screens::Screen;
use laserscope::tui::screens::catalog::tab::Front;
use laserscope::tui::screens::decode::state::{Cursor, Zoom};
use laserscope::tui::shell::layout;
use laserscope::tui::{Glyphs, view};
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::stage::{ended, keys, press};
use super::{cut_out, fixture};

/// Wide, combining, invisible, control and partial characters.
const STRANGE: [&[u8]; 18] = [
    "日本".as_bytes(),
    " 語".as_bytes(),
    "e\u{301}".as_bytes(),
    "\u{301}".as_bytes(),
    "a\u{300}\u{301}\u{302}".as_bytes(),
    b"\xe2",
    b"\x80\x94",
    b"\xf0\x9f",
    b"\x8e\xac",
    "👩\u{200d}👩\u{200d}👧".as_bytes(),
    "❤\u{fe0f}".as_bytes(),
    "\u{200b}".as_bytes(),
    "ﷺ".as_bytes(),
    "🏴".as_bytes(),
    b"\t",
    b"\r\n",
    b"\x00\x1b[2J",
    b"",
];
const SENTINEL: &str = "@";
const SIDES: &str = "│├┤┼┬┴┌┐└┘╭╮╰╯|+";

/// The trace with other bytes for its tokens.
fn with_tokens(mut trace: Trace, kinds: &[usize]) -> Trace {
    let mut nth = 0;
    let mut other = |bytes: &mut TokenBytes| {
        *bytes = TokenBytes::new(STRANGE[kinds[nth % kinds.len()] % STRANGE.len()]);
        nth += 1;
    };
    trace.header.tokens.iter_mut().for_each(|(_, b)| other(b));
    for step in &mut trace.steps {
        step.tokens.iter_mut().for_each(|(_, b)| other(b));
    }
    reloaded(&trace)
}

/// Saved and loaded: its index of tokens is rebuilt.
fn reloaded(trace: &Trace) -> Trace {
    let mut text = Vec::new();
    trace.save(&mut text).expect("saved");
    Trace::load(text.as_slice()).expect("loaded")
}

/// The batch that ships, its tokens replaced.
fn strange_batch(kinds: &[usize]) -> RecordedBatch {
    let shipped = read_batch(Path::new("assets/traces/batch")).expect("a batch");
    let traces = shipped.traces.into_iter();
    RecordedBatch {
        traces: traces.map(|trace| with_tokens(trace, kinds)).collect(),
        ..shipped
    }
}

/// Every border moved, those at the right of something by `left`, the others by `lower`.
fn moved(left: i16, lower: i16) -> Shift {
    Shift {
        left,
        lower,
        list: left,
        tune: TuneShift {
            settings: left,
            heat: left,
        },
        compare: CompareShift {
            texts: left,
            beside: left,
            below: lower,
        },
        pool: PoolShift {
            lists: left,
            pools: lower,
        },
        batch: BatchShift {
            left,
            lanes: lower,
            lowest: lower,
        },
    }
}

fn frames_are_whole(app: &App, buffer: &Buffer) -> Result<(), TestCaseError> {
    let body = layout::shell(app, layout::whole(app)).body;
    let panes = cut_out::places(app, body).into_iter();
    let mut places: Vec<Rect> = panes.map(|(_, at)| at).collect();
    places.retain(|rect| rect.width > 0);
    // Whatever a screen's panes are, together they fill the body.
    places.push(body);
    for rect in places {
        // Titles of the neighbours stand on the borders above and below.
        for y in rect.top() + 1..rect.bottom() - 1 {
            for x in [rect.left(), rect.right() - 1] {
                let sign = buffer[(x, y)].symbol();
                prop_assert!(SIDES.contains(sign), "`{sign}` at {x}, {y} of {rect:?}");
            }
        }
    }
    Ok(())
}

/// The cells of the test's buffer that are not of the screen.
fn outside(width: u16, height: u16) -> impl Iterator<Item = (u16, u16)> {
    let all = (0..height + 5).flat_map(move |y| (0..width + 7).map(move |x| (x, y)));
    all.filter(move |&(x, y)| x >= width || y >= height)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]
    #[test]
    fn strange_tokens_stay_in_their_places(
        kinds in prop::collection::vec(0usize..STRANGE.len(), 3..24),
        (width, height) in (60u16..170, 20u16..56),
        at in 0usize..20,
        screen in 0usize..7,
        board in any::<bool>(),
        zoomed in any::<bool>(),
        ghosts in any::<bool>(),
        ascii in any::<bool>(),
        (left, lower) in (-60i16..60, -20i16..20),
        dialog in prop::sample::select(vec!["", "", "", ":", "y", "?", "p", "W", "i", "i\t", "i\t\t"]),
    ) {
        let trace = with_tokens(fixture::relaxed(), &kinds);
        let mut app = ended(&trace);
        app.look.size = (width, height);
        if screen == 6 { app.open_batch(strange_batch(&kinds)); }
        if zoomed { app.decode.zoom = Zoom::One; }
        if ghosts { keys(&mut app, "x"); }
        app.decode.go_to(Cursor::at(at));
        app.look.glyphs = if ascii { Glyphs::Ascii } else { Glyphs::Unicode };
        app.look.panes = moved(left, lower);
        app.notice = None;
        app.screen = [Screen::Decode, Screen::Catalog, Screen::Tune, Screen::Compare, Screen::Pool, Screen::Learn, Screen::Batch][screen];
        if board { app.catalog.front = Front::Board; }
        for letter in dialog.chars() {
            press(&mut app, if letter == '\t' { KeyCode::Tab } else { KeyCode::Char(letter) });
        }
        let mut buffer = Buffer::empty(Rect::new(0, 0, width + 7, height + 5));
        for (x, y) in outside(width, height) {
            buffer[(x, y)].set_symbol(SENTINEL);
        }
        view::render(&app, Rect::new(0, 0, width, height), &mut buffer);
        for (x, y) in outside(width, height) {
            prop_assert_eq!(buffer[(x, y)].symbol(), SENTINEL, "outside, at {}, {}", x, y);
        }
        if app.dialog.is_none() {
            frames_are_whole(&app, &buffer)?;
        }
    }
}
