//! Every screen in every theme at both sizes: all text is readable, and its styles are
//! the reviewed ones.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use crossterm::event::KeyCode;
use laserscope::present::theme::ThemeName;
use laserscope::start::recorded_batch::read_batch;
use laserscope::tui::look::contrast::{LEAST, contrast};
use laserscope::tui::{App, Start};
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use super::fixture;
use super::stage::{LARGE, SMALL, app, draw, ended, keys, measured, press, ready, start};

/// The screens, each with something on it.
fn screens() -> Vec<(&'static str, App)> {
    let with = |mut app: App, letters: &str| {
        keys(&mut app, letters);
        app
    };
    let mut tune = with(ended(&fixture::relaxed()), "3jj");
    for _ in 0..4 {
        press(&mut tune, KeyCode::Right);
    }
    let replay = App::new(Start {
        replay: vec![fixture::relaxed()],
        ..start()
    });
    let batch = App::new(Start {
        batch: read_batch(Path::new("assets/traces/batch")).ok(),
        ..start()
    });
    let mut lesson = with(app(), "6");
    press(&mut lesson, KeyCode::Enter);
    vec![
        ("catalog", ready()),
        ("decode", measured()),
        ("why slow", with(measured(), "w")),
        ("why low", with(measured(), "W")),
        ("inside the pass", with(measured(), "i")),
        ("board", {
            let mut board = with(measured(), "1");
            press(&mut board, KeyCode::Tab);
            press(&mut board, KeyCode::Tab);
            board
        }),
        ("tune", tune),
        ("compare", with(measured(), "4")),
        ("pool", with(replay, "5")),
        ("batch", batch),
        ("learn", with(app(), "6")),
        ("lesson", lesson),
        ("settings", with(measured(), "p")),
        ("help", with(ready(), "?")),
    ]
}

fn cells(buffer: &Buffer) -> impl Iterator<Item = &Cell> {
    buffer.content().iter()
}

/// Letters and digits; lines, bars and signs are recognized by their position.
fn is_read(cell: &Cell) -> bool {
    cell.symbol().chars().any(char::is_alphanumeric)
}

/// A colour that the terminal's palette decides on; how it reads on the terminal's own
/// ground is its user's choice.
fn is_terminals(color: Color) -> bool {
    !matches!(color, Color::Rgb(..) | Color::Indexed(_))
}

fn style_of(cell: &Cell) -> String {
    format!("{} on {} {:?}", cell.fg, cell.bg, cell.modifier)
}

#[test]
fn what_is_read_can_be_read_on_every_screen() {
    for (name, mut app) in screens() {
        for theme in ThemeName::ALL {
            for size in [LARGE, SMALL] {
                app.look.theme.choose_bundled(theme);
                app.look.size = size;
                let buffer = draw(&app);
                for cell in cells(&buffer).filter(|c| is_read(c)) {
                    let (text, ground) = match cell.modifier.contains(Modifier::REVERSED) {
                        true => (cell.bg, cell.fg),
                        false => (cell.fg, cell.bg),
                    };
                    let ratio = match contrast(text, ground) {
                        None if is_terminals(text) && is_terminals(ground) => continue,
                        ratio => ratio.unwrap_or(0.0),
                    };
                    assert!(
                        ratio >= LEAST,
                        "{name} in {} at {size:?}: {:?}, {}: {ratio:.2}",
                        theme.name(),
                        cell.symbol(),
                        style_of(cell)
                    );
                }
            }
        }
    }
}

/// Which styles a screen has and how many cells of each: the letters are in the
/// snapshots of the default theme.
#[test]
fn every_theme_has_its_styles() {
    for theme in ThemeName::ALL {
        let mut out = String::new();
        for (name, mut app) in screens() {
            for size in [LARGE, SMALL] {
                app.look.theme.choose_bundled(theme);
                app.look.size = size;
                let mut counts: BTreeMap<String, usize> = BTreeMap::new();
                for cell in cells(&draw(&app)) {
                    *counts.entry(style_of(cell)).or_default() += 1;
                }
                let _ = writeln!(out, "{name} {}x{}", size.0, size.1);
                for (style, n) in counts {
                    let _ = writeln!(out, "  {n:>5} {style}");
                }
            }
        }
        insta::with_settings!({omit_expression => true}, {
            insta::assert_snapshot!(format!("styles_{}", theme.name()), out);
        });
    }
}
