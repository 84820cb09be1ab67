//! The mouse: borders are dragged, hints and switches clicked.

use crossterm::event::{Event, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use laserscope::speculate::params::Source;
use laserscope::tui::App;
use laserscope::tui::app::Effect;
use laserscope::tui::screens::decode::panes::text::pane_inner;
use laserscope::tui::screens::decode::state::Pane;

use super::fixture;
use super::stage::{LARGE, SMALL, draw, ended, keys, ready};

fn mouse(app: &mut App, kind: MouseEventKind, (column, row): (u16, u16)) {
    let event = Event::Mouse(MouseEvent {
        kind,
        column,
        row,
        modifiers: KeyModifiers::NONE,
    });
    if let Some(action) = app.action_of(&event) {
        app.update(action);
    }
}

fn click(app: &mut App, at: (u16, u16)) {
    mouse(app, MouseEventKind::Down(MouseButton::Left), at);
    mouse(app, MouseEventKind::Up(MouseButton::Left), at);
}

fn drag(app: &mut App, from: (u16, u16), to: (u16, u16)) {
    mouse(app, MouseEventKind::Down(MouseButton::Left), from);
    mouse(app, MouseEventKind::Drag(MouseButton::Left), to);
    mouse(app, MouseEventKind::Up(MouseButton::Left), to);
}

/// Where a text stands.
fn find(app: &App, text: &str) -> (u16, u16) {
    let buffer = draw(app);
    let (width, height) = (buffer.area.width, buffer.area.height);
    for y in 0..height {
        let row: Vec<&str> = (0..width).map(|x| buffer[(x, y)].symbol()).collect();
        for x in 0..width {
            if row[usize::from(x)..].concat().starts_with(text) {
                return (x, y);
            }
        }
    }
    panic!("{text} is not on the screen");
}

#[test]
fn the_borders_of_decode_are_dragged_and_stop_at_the_ends() {
    for size in [LARGE, SMALL] {
        let mut app = ended(&fixture::relaxed());
        app.look.size = size;
        let text = |app: &App| pane_inner(app, Pane::Text).expect("shown");
        let before = text(&app);
        let border = (before.right() + 1, before.y + 2);
        drag(&mut app, border, (border.0 + 5, border.1));
        assert_eq!(text(&app).width, before.width + 5);
        drag(&mut app, (border.0 + 5, border.1), (0, border.1));
        assert!(text(&app).width >= 20, "{}", text(&app).width);
        let lower = |app: &App| pane_inner(app, app.decode.lower).expect("shown");
        let top = lower(&app).y - 1;
        let height = lower(&app).height;
        drag(&mut app, (size.0 - 3, top), (size.0 - 3, top - 2));
        assert_eq!(lower(&app).height, height + 2);
    }
}

#[test]
fn the_catalogs_list_is_dragged_and_its_width_remembered() {
    let mut app = ready();
    app.look.size = LARGE;
    let (x, y) = find(&app, "┬");
    drag(&mut app, (x, y + 3), (x - 10, y + 3));
    assert_eq!(find(&app, "┬").0, x - 10);
    assert_eq!(app.memory().panes.list, -10);
    // Without a border held, the mouse moves nothing.
    mouse(&mut app, MouseEventKind::Drag(MouseButton::Left), (5, 5));
    assert_eq!(find(&app, "┬").0, x - 10);
}

#[test]
fn a_hint_does_what_its_key_does() {
    let mut app = ready();
    app.look.size = LARGE;
    let at = find(&app, "q quit");
    click(&mut app, at);
    assert_eq!(app.take_effects(), [Effect::Quit]);
    let at = find(&app, "? help");
    click(&mut app, at);
    find(&app, "HELP");
    let at = find(&app, "esc back");
    click(&mut app, (at.0 + 5, at.1));
    assert!(app.dialog.is_none());
}

#[test]
fn a_source_is_a_switch_that_a_click_turns() {
    let mut app = ended(&fixture::relaxed());
    app.look.size = LARGE;
    keys(&mut app, "p");
    let is_on = |app: &App| app.next.params.sources.has(Source::Group);
    assert!(is_on(&app));
    let row = find(&app, "group pool   [━●] on");
    click(&mut app, row);
    assert!(!is_on(&app));
    find(&app, "group pool   [○─] off");
    keys(&mut app, " ");
    assert!(is_on(&app));
}
