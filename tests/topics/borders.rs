//! The borders between panes, moved by the mouse and by keys on every screen: they stop at
//! their ends, lose no press there, and leave no pane without room.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use laserscope::start::recorded_batch::read_batch;
use laserscope::tui::App;
use laserscope::tui::remembered::{Remembered, Shift};
use laserscope::tui::screens::Screen;
use laserscope::tui::screens::batch::state::BatchPane;
use laserscope::tui::shell::layout;
use laserscope::tui::widgets::border::{Border, BorderKeys, Splitter};
use proptest::prelude::*;
use ratatui::layout::{Position, Rect};

use super::cut_out::{places, places_with};
use super::stage::{LARGE, SMALL, draw, ended, keys, measured, press, ready};
use super::{fixture, tune};

const LEAST: (u16, u16) = (24, 5);

fn mouse(app: &mut App, kind: MouseEventKind, (column, row): (u16, u16)) {
    let modifiers = KeyModifiers::NONE;
    let event = Event::Mouse(MouseEvent {
        kind,
        column,
        row,
        modifiers,
    });
    if let Some(action) = app.action_of(&event) {
        app.update(action);
    }
}

fn drag(app: &mut App, from: (u16, u16), to: (u16, u16)) {
    mouse(app, MouseEventKind::Down(MouseButton::Left), from);
    mouse(app, MouseEventKind::Drag(MouseButton::Left), to);
    mouse(app, MouseEventKind::Up(MouseButton::Left), to);
}

fn ctrl(app: &mut App, code: KeyCode) {
    app.press(&KeyEvent::new(code, KeyModifiers::CONTROL));
}

fn body(app: &App) -> Rect {
    layout::shell(app, layout::whole(app)).body
}

/// Where it is taken hold of: beside the titles of panes.
fn handle(border: &Border) -> (u16, u16) {
    let line = border.line;
    match border.is_upright() {
        true => (line.x, line.y + line.height / 2),
        false => (line.right() - 1, line.y),
    }
}

fn find(app: &App, splitter: Splitter) -> Border {
    let found = app.borders().into_iter().find(|b| b.splitter == splitter);
    found.unwrap_or_else(|| panic!("{splitter:?} on {:?}", app.screen))
}

const N_SCREENS: usize = 8;

/// A screen with something on it.
fn screen(nth: usize) -> App {
    let mut app = match nth {
        0 | 1 | 7 => ready(),
        3 | 4 => tune::moved(),
        5 => measured(),
        _ => ended(&fixture::relaxed()),
    };
    match nth {
        1 => {
            press(&mut app, KeyCode::Tab);
            press(&mut app, KeyCode::Tab);
        }
        3 => app.screen = Screen::Tune,
        4 => {
            let request = tune::begun(&mut app);
            tune::feed(&mut app, &request, 6);
        }
        5 => drop(keys(&mut app, "4")),
        6 => drop(keys(&mut app, "5")),
        7 => app.open_batch(read_batch("assets/traces/batch".as_ref()).expect("a batch")),
        _ => {}
    }
    app
}

fn screens() -> impl Iterator<Item = App> {
    (0..N_SCREENS).map(screen)
}

/// Panes together are the body; they share no more than their frames, and none is smaller
/// than it need be.
fn panes_are_whole(app: &App) -> Result<(), TestCaseError> {
    let body = body(app);
    let panes: Vec<Rect> = places(app, body).into_iter().map(|(_, at)| at).collect();
    for at in body.positions() {
        prop_assert!(panes.iter().any(|r| r.contains(at)), "{at:?}: {panes:?}");
    }
    for (i, a) in panes.iter().enumerate() {
        for b in &panes[i + 1..] {
            let shared = a.intersection(*b);
            prop_assert!(shared.width.min(shared.height) <= 1, "{a:?} {b:?}");
        }
    }
    let unmoved = places_with(app, Shift::default(), body);
    for (pane, (_, natural)) in panes.iter().zip(unmoved) {
        let least = (LEAST.0.min(natural.width), LEAST.1.min(natural.height));
        let is_enough = pane.width >= least.0 && pane.height >= least.1;
        prop_assert!(is_enough, "{pane:?}, by itself {natural:?}");
    }
    Ok(())
}

/// Drags a border; it is where the mouse was let go, or at an end on the way there.
fn drag_to(app: &mut App, border: &Border, to: Position) -> Result<(), TestCaseError> {
    let from = border.position();
    drag(app, handle(border), (to.x, to.y));
    let wanted = match border.is_upright() {
        true => to.x,
        false => to.y,
    };
    let moved = find(app, border.splitter);
    let (least, most) = (from.min(wanted), from.max(wanted));
    let at = moved.position();
    prop_assert!((least..=most).contains(&at), "{from} to {wanted}: {at}");
    if at != wanted {
        drag(app, handle(&moved), (to.x, to.y));
        prop_assert_eq!(find(app, border.splitter).position(), at, "at its end");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]
    #[test]
    fn borders_stop_at_their_ends_and_panes_stay_whole(
        screen in 0..N_SCREENS,
        sizes in prop::collection::vec((60u16..230, 20u16..70), 1..3),
        moves in prop::collection::vec((0usize..6, 0u16..230, 0u16..70), 1..5),
        tabs in 0usize..5,
    ) {
        let mut app = self::screen(screen);
        if screen != 0 && screen != 1 {
            for _ in 0..tabs {
                press(&mut app, KeyCode::Tab);
            }
        }
        for size in sizes {
            app.look.size = size;
            draw(&app);
            panes_are_whole(&app)?;
            for &(nth, x, y) in &moves {
                let borders = app.borders();
                let Some(border) = borders.get(nth % borders.len().max(1)) else {
                    continue;
                };
                let to = Position::new(x.min(size.0 - 1), y.min(size.1 - 1));
                drag_to(&mut app, border, to)?;
                panes_are_whole(&app)?;
                draw(&app);
            }
        }
    }
}

/// The keys of each direction move a border there by a step, and back from its end at once.
#[test]
fn a_key_moves_a_border_on_every_screen_and_none_is_lost_at_an_end() {
    for size in [LARGE, SMALL, (200, 60)] {
        for mut app in screens() {
            app.look.size = size;
            for keys_of in [BorderKeys::Width, BorderKeys::Height] {
                let [back, forth] = match keys_of {
                    BorderKeys::Width => [KeyCode::Left, KeyCode::Right],
                    _ => [KeyCode::Up, KeyCode::Down],
                };
                let found = app.borders().into_iter().find(|b| b.keys == keys_of);
                let Some(border) = found else { continue };
                let at = |app: &App| find(app, border.splitter).position();
                for (key, other) in [(back, forth), (forth, back)] {
                    for _ in 0..110 {
                        ctrl(&mut app, key);
                    }
                    let end = at(&app);
                    ctrl(&mut app, key);
                    assert_eq!(at(&app), end, "{:?} {size:?}", border.splitter);
                    ctrl(&mut app, other);
                    assert_ne!(at(&app), end, "{:?} {size:?}", border.splitter);
                    draw(&app);
                }
            }
        }
    }
}

#[test]
fn every_screen_of_panes_has_borders_to_move() {
    let of = |app: &App| -> Vec<Splitter> { app.borders().iter().map(|b| b.splitter).collect() };
    let mut all: Vec<Splitter> = Vec::new();
    for size in [LARGE, SMALL, (200, 60), (120, 26)] {
        for mut app in screens() {
            app.look.size = size;
            all.extend(of(&app));
        }
    }
    let wanted = [
        Splitter::List,
        Splitter::Left,
        Splitter::Lower,
        Splitter::Settings,
        Splitter::Heat,
        Splitter::Texts,
        Splitter::FiguresBeside,
        Splitter::FiguresBelow,
        Splitter::PoolLists,
        Splitter::Pools,
        Splitter::BatchLeft,
        Splitter::Lanes,
        Splitter::BatchLowest,
    ];
    for splitter in wanted {
        assert!(all.contains(&splitter), "{splitter:?}");
    }
}

/// A border between rows of panes is dragged beside the titles on it, which are clicked.
#[test]
fn titles_on_a_border_are_clicked() {
    let mut app = ready();
    app.open_batch(read_batch("assets/traces/batch".as_ref()).expect("a batch"));
    app.look.size = LARGE;
    let lowest = find(&app, Splitter::BatchLowest);
    drag(&mut app, (4, lowest.line.y), (4, lowest.line.y - 2));
    assert_eq!(app.batch.pane, BatchPane::Throughput);
    assert_eq!(
        find(&app, Splitter::BatchLowest),
        Border {
            keys: BorderKeys::Height,
            ..lowest
        }
    );
    drag(&mut app, handle(&lowest), (4, lowest.line.y - 2));
    let moved = find(&app, Splitter::BatchLowest).position();
    assert_eq!(moved, lowest.line.y - 2);
    let lanes = find(&app, Splitter::Lanes).position();
    ctrl(&mut app, KeyCode::Up);
    assert_eq!(find(&app, Splitter::BatchLowest).position(), moved - 1);
    assert_eq!(
        find(&app, Splitter::Lanes).position(),
        lanes,
        "not of the focus"
    );
}

#[test]
fn what_was_dragged_is_there_in_the_next_session() {
    for mut app in screens() {
        app.look.size = LARGE;
        let Some(border) = app.borders().first().copied() else {
            continue;
        };
        let (x, y) = handle(&border);
        drag(&mut app, (x, y), (x + 3, y + 2));
        let moved = find(&app, border.splitter).position();
        assert_ne!(moved, border.position(), "{:?}", border.splitter);
        let written = toml::to_string(&app.memory()).expect("written");
        app.look.panes = Shift::default();
        assert_eq!(find(&app, border.splitter).position(), border.position());
        let read: Remembered = toml::from_str(&written).expect("read");
        app.look.panes = read.panes;
        assert_eq!(find(&app, border.splitter).position(), moved);
    }
}

#[test]
fn where_there_is_no_border_the_key_says_so() {
    let mut app = screen(3);
    app.look.size = SMALL;
    keys(&mut app, "<");
    let notice = app.notice.as_ref().expect("said");
    assert!(notice.text.contains("no such border"), "{}", notice.text);
}
