//! Screens with the strangest tokens, at any size: nothing is written outside the
//! screen, and the frames stay whole.

use std::path::Path;

use crossterm::event::KeyCode;
use laserscope::speculate::passes::RecordedBatch;
use laserscope::speculate::trace::{TokenBytes, Trace};
use laserscope::start::recorded_batch::read_batch;
use laserscope::tui::app::App;
use laserscope::tui::screens::Screen;
use laserscope::tui::screens::batch::layout as batch_layout;
use laserscope::tui::screens::catalog::tab::Front;
use laserscope::tui::screens::decode::state::{Cursor, Zoom};
use laserscope::tui::shell::layout;
use laserscope::tui::{Glyphs, view};
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::fixture;
use super::stage::{ended, keys, press};

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

fn frames_are_whole(app: &App, buffer: &Buffer) -> Result<(), TestCaseError> {
    let body = layout::shell(app, layout::whole(app)).body;
    let mut places = match app.screen {
        Screen::Decode => {
            laserscope::tui::screens::decode::layout::panes(&app.decode, app.look.panes, body)
                .into_iter()
                .map(|(_, r)| r)
                .collect()
        }
        Screen::Catalog if app.catalog.front == Front::Board => {
            let (list, side) =
                laserscope::tui::screens::catalog::layout::board_places(body, app.look.panes);
            vec![list, side]
        }
        Screen::Catalog => {
            let (list, detail) =
                laserscope::tui::screens::catalog::layout::places(body, app.look.panes);
            vec![list, detail]
        }
        Screen::Pool => {
            let places = laserscope::tui::screens::pool::layout::places(app.decode.zoom, body);
            let all = [places.pools, places.documents, places.view];
            all.into_iter().filter(|rect| rect.width > 0).collect()
        }
        Screen::Batch => batch_layout::panes(&app.batch, body)
            .into_iter()
            .map(|(_, rect)| rect)
            .collect(),
        Screen::Tune | Screen::Compare | Screen::Learn => Vec::new(),
    };
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
        app.look.panes = laserscope::tui::remembered::Shift { left, lower, list: left };
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
