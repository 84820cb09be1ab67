//! What screens do with little room, and with much.

use crossterm::event::KeyCode;
use laserscope::tui::App;
use ratatui::buffer::Buffer;

use super::fixture;
use super::stage::{LARGE, SMALL, draw, ended, keys, press, ready, start};

const HUGE: (u16, u16) = (200, 60);

fn rows(buffer: &Buffer) -> Vec<String> {
    let row = |y: u16| {
        (0..buffer.area.width)
            .map(|x| buffer[(x, y)].symbol())
            .collect()
    };
    (0..buffer.area.height).map(row).collect()
}

/// A strict and a relaxed run of one prompt, side by side.
fn comparing(size: (u16, u16)) -> App {
    let mut start = start();
    start.replay = vec![
        fixture::relaxed(),
        fixture::run(
            7,
            laserscope::speculate::params::Params {
                verify: laserscope::speculate::params::AcceptanceRule::Strict,
                ..fixture::relaxed().header.params
            },
        ),
    ];
    let mut app = App::new(start);
    app.look.size = size;
    keys(&mut app, "4");
    app
}

#[test]
fn names_of_runs_keep_what_differs() {
    let drawn = rows(&draw(&comparing(SMALL)));
    let title = &drawn[1];
    assert!(
        title.contains("A relaxed k=2 tau=0.10 ") && title.contains("B strict "),
        "{title}"
    );
    let named = |name: &str| drawn.iter().filter(|row| row.contains(name)).count();
    assert!(
        named("A relaxed k=2 tau=0.10 ") > 1,
        "in the figures, too: {drawn:#?}"
    );
}

#[test]
fn a_large_screen_has_the_figures_beside_the_texts() {
    let drawn = rows(&draw(&comparing(HUGE)));
    let at = |text: &str| drawn.iter().find_map(|row| row.find(text));
    assert!(drawn[1].contains("FIGURES"), "{}", drawn[1]);
    for head in ["MAL", "ms/step", "in common", "repeated"] {
        assert!(at(head).is_some(), "{head}");
    }
    let drawn = rows(&draw(&comparing(LARGE)));
    assert!(!drawn[1].contains("FIGURES"));
}

/// The right half of the upper rows is not left empty.
#[test]
fn zoomed_figures_use_the_width() {
    for n_panes in [3, 4] {
        let mut app = ended(&fixture::relaxed());
        app.look.size = HUGE;
        (0..n_panes).for_each(|_| drop(press(&mut app, KeyCode::Tab)));
        keys(&mut app, "z");
        let drawn = rows(&draw(&app));
        let right = |row: &String| row.chars().skip(120).take(75).any(|c| !" │─".contains(c));
        let n_used = drawn[3..40].iter().filter(|row| right(row)).count();
        assert!(n_used >= 8, "pane {n_panes}: {n_used}\n{drawn:#?}");
    }
}

#[test]
fn users_are_told_apart_where_their_names_are_cut() {
    let mut app = ready();
    app.look.size = SMALL;
    press(&mut app, KeyCode::Tab);
    let drawn = rows(&draw(&app));
    let list: Vec<&str> = drawn[4..10]
        .iter()
        .map(|row| row.split('│').nth(1).unwrap_or(""))
        .collect();
    let mut names: Vec<String> = list
        .iter()
        .map(|row| row.chars().take(12).collect())
        .collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), list.len(), "{list:?}");
}

#[test]
fn the_palette_says_the_whole_of_what_a_command_does() {
    let mut app = ended(&fixture::relaxed());
    app.look.size = SMALL;
    keys(&mut app, ":why-low");
    let drawn = rows(&draw(&app)).concat();
    assert!(
        drawn.contains("the cause of every step's end, and its lever"),
        "{drawn}"
    );
}

#[test]
fn the_model_is_named_whole_before_its_device_is_described() {
    let mut app = ready();
    app.apply(super::stage::model_ready());
    for size in [SMALL, LARGE, HUGE] {
        app.look.size = size;
        let header = &rows(&draw(&app))[0];
        assert!(
            header.trim_end().ends_with("· cpu") && !header.contains('…'),
            "{header}"
        );
    }
}
