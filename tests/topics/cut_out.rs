//! Snapshots of what is drawn, character by character and style by style: panes, bars and
//! dialogs, each cut out of the screen where the layout put it, and a few whole screens.
//!
//! With `SCREENS_DIR` set, every screen is also written there as a picture.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use laserscope::tui::app::App;
use laserscope::tui::remembered::Shift;
use laserscope::tui::screens::batch::state::BatchPane;
use laserscope::tui::screens::catalog::tab::Front;
use laserscope::tui::screens::decode::state::Pane;
use laserscope::tui::screens::tune::state::Side;
use laserscope::tui::screens::{Screen, batch, catalog, compare, decode, learn, pool, tune};
use laserscope::tui::shell::layout;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::stage::{LARGE, SMALL, draw};

/// Parts of the screen at both sizes. A part missing at one size, such as Decode's lower
/// panes where they share their place, is in the snapshot of the other.
pub fn parts(name: &str, app: &mut App, names: &str) {
    let sizes = [("large", LARGE), ("small", SMALL)];
    let shown = sizes.map(|(_, size)| {
        app.look.size = size;
        cut(app)
            .into_iter()
            .map(|(part, _)| part)
            .collect::<Vec<_>>()
    });
    for part in names.split(' ') {
        assert!(
            shown.iter().any(|s| s.contains(&part)),
            "{name} has no {part}"
        );
    }
    for ((size_name, size), shown) in sizes.into_iter().zip(shown) {
        let names: Vec<&str> = names.split(' ').filter(|p| shown.contains(p)).collect();
        if !names.is_empty() {
            parts_at(&format!("{name}_{size_name}"), app, size, &names.join(" "));
        }
    }
}

/// Parts of the screen at one size.
pub fn parts_at(name: &str, app: &mut App, size: (u16, u16), names: &str) {
    app.look.size = size;
    picture(name, &draw(app));
    let places = cut(app);
    let find = |part: &str| {
        let found = places.iter().find(|(name, _)| *name == part);
        found.unwrap_or_else(|| panic!("{name} has no {part}"))
    };
    let wanted: Vec<&(&str, Buffer)> = names.split(' ').map(find).collect();
    let mut styles = Styles::default();
    let drawn: Vec<String> = wanted
        .iter()
        .map(|(part, buffer)| format!("── {part}\n{}", styles.grids(buffer)))
        .collect();
    keep(name, &(drawn.concat() + &styles.legend()));
}

/// A whole screen. A change of one word in the header changes all of these, so keep them
/// few.
pub fn screen(name: &str, app: &mut App, size: (u16, u16)) {
    app.look.size = size;
    let buffer = draw(app);
    picture(name, &buffer);
    let mut styles = Styles::default();
    let grids = styles.grids(&buffer);
    keep(name, &(grids + &styles.legend()));
}

fn keep(name: &str, drawn: &str) {
    insta::with_settings!({omit_expression => true}, {
        insta::assert_snapshot!(name, drawn);
    });
}

fn picture(name: &str, buffer: &Buffer) {
    if let Some(folder) = std::env::var_os("SCREENS_DIR") {
        let path = PathBuf::from(folder).join(format!("{name}.svg"));
        std::fs::write(path, laserscope::present::picture::svg(buffer)).expect("the folder exists");
    }
}

/// Every part of the screen by name: the bars, the dialog, and the panes as they look
/// without the dialog.
fn cut(app: &mut App) -> Vec<(&'static str, Buffer)> {
    let area = layout::whole(app);
    let shell = layout::shell(app, area);
    let bars = [
        ("header", shell.header),
        ("lesson", shell.lesson),
        ("strip", shell.strip),
        ("footer", shell.footer),
    ];
    let whole = draw(app);
    let mut out: Vec<(&str, Buffer)> = bars.map(|(name, at)| (name, part(&whole, at))).into();
    out.extend(dialog(app, area).map(|at| ("dialog", part(&whole, at))));
    let open = app.dialog.take();
    let bare = draw(app);
    app.dialog = open;
    let panes = panes(app, shell.body).into_iter();
    out.extend(panes.map(|(name, at)| (name, part(&bare, at))));
    out.retain(|(_, buffer)| buffer.area.area() > 0);
    out
}

/// The panes of the frontmost screen, each without a lower border that is the title of the
/// pane below.
fn panes(app: &App, body: Rect) -> Vec<(&'static str, Rect)> {
    let panes = places(app, body);
    let tops: Vec<u16> = panes.iter().map(|(_, at)| at.y).collect();
    let alone = panes.into_iter().map(move |(name, mut at)| {
        at.height -= u16::from(tops.contains(&(at.bottom().saturating_sub(1))));
        (name, at)
    });
    alone.collect()
}

/// The panes of the frontmost screen with their frames, which neighbours share.
pub fn places(app: &App, body: Rect) -> Vec<(&'static str, Rect)> {
    places_with(app, app.look.panes, body)
}

/// The same, with the borders moved like this.
pub fn places_with(app: &App, shift: Shift, body: Rect) -> Vec<(&'static str, Rect)> {
    match app.screen {
        Screen::Catalog if app.catalog.front == Front::Board => {
            let (list, side) = catalog::layout::board_places(body, shift);
            vec![("board", list), ("totals", side)]
        }
        Screen::Catalog => {
            let (list, detail) = catalog::layout::places(body, shift);
            vec![("list", list), ("detail", detail)]
        }
        Screen::Decode => {
            let panes = decode::layout::panes(&app.decode, shift, body);
            let named = panes.into_iter().map(|(pane, at)| (of_decode(pane), at));
            named.collect()
        }
        Screen::Tune => {
            let sides = tune::layout::sides(body, app.tune.side, shift).into_iter();
            let named = sides.map(|(side, at)| match side {
                Side::Sliders => ("settings", at),
                Side::Sweep => ("sweep", at),
            });
            named.collect()
        }
        Screen::Compare => {
            let places = compare::layout::places(app, shift, body);
            vec![
                ("left", places.left),
                ("right", places.right),
                ("figures", places.figures),
            ]
        }
        Screen::Pool => {
            let places = pool::layout::places(app.pool.zoom, shift, body);
            vec![
                ("pools", places.pools),
                ("documents", places.documents),
                ("view", places.view),
            ]
        }
        Screen::Learn => {
            let (list, text) = learn::view::places(body);
            vec![("lessons", list), ("text", text)]
        }
        Screen::Batch => {
            let panes = batch::layout::panes(&app.batch, shift, body).into_iter();
            panes.map(|(pane, at)| (of_batch(pane), at)).collect()
        }
    }
}

fn of_batch(pane: BatchPane) -> &'static str {
    match pane {
        BatchPane::Lanes => "lanes",
        BatchPane::Pass => "pass",
        BatchPane::Price => "price",
        BatchPane::Throughput => "throughput",
        BatchPane::Curve => "curve",
    }
}

fn of_decode(pane: Pane) -> &'static str {
    match pane {
        Pane::Text => "text",
        Pane::Tree => "tree",
        Pane::Steps => "steps",
        Pane::Token => "token",
        Pane::Pool => "pool",
        Pane::Speed => "speed",
    }
}

/// The area of the dialog: the cells that it changes.
fn dialog(app: &App, area: Rect) -> Option<Rect> {
    const UNTOUCHED: &str = "\u{1}";
    let mut buffer = Buffer::filled(area, Cell::new(UNTOUCHED));
    let theme = app.look.theme.theme();
    app.dialog.as_ref()?.render(app, &theme, area, &mut buffer);
    let drawn = area
        .positions()
        .filter(|&at| buffer[at].symbol() != UNTOUCHED);
    drawn
        .map(|at| Rect::new(at.x, at.y, 1, 1))
        .reduce(Rect::union)
}

fn part(buffer: &Buffer, at: Rect) -> Buffer {
    let mut out = Buffer::empty(at);
    for position in at.positions() {
        out[position] = buffer[position].clone();
    }
    out
}

/// The styles seen so far, each with its letter.
#[derive(Default)]
struct Styles(BTreeMap<String, char>);

impl Styles {
    /// The characters, and the styles as a second grid of letters.
    fn grids(&mut self, buffer: &Buffer) -> String {
        let (mut text, mut styles) = (String::new(), String::new());
        for row in buffer.area.rows() {
            let mut skip = 0;
            for at in row.positions() {
                let cell = &buffer[at];
                if skip > 0 {
                    skip -= 1;
                } else {
                    text.push_str(cell.symbol());
                    let columns = laserscope::present::token_text::columns(cell.symbol());
                    skip = columns.saturating_sub(1);
                }
                styles.push(self.letter(cell.style()));
            }
            text.push('\n');
            styles.push('\n');
        }
        format!("{text}\n{styles}\n")
    }

    fn letter(&mut self, style: Style) -> char {
        let letters = ('a'..='z').chain('A'..='Z').chain('0'..='9').chain(['#']);
        let next = letters.take(self.0.len() + 1).last().unwrap_or('#');
        *self.0.entry(describe(style)).or_insert(next)
    }

    fn legend(&self) -> String {
        let mut legend: Vec<(char, &String)> = self.0.iter().map(|(s, c)| (*c, s)).collect();
        legend.sort();
        legend
            .iter()
            .fold(String::new(), |mut out, (letter, style)| {
                let _ = writeln!(out, "{letter} {style}");
                out
            })
    }
}

fn describe(style: Style) -> String {
    let color = |c: Option<ratatui::style::Color>| c.map_or("-".into(), |c| c.to_string());
    format!(
        "{} on {} {:?}",
        color(style.fg),
        color(style.bg),
        style.add_modifier
    )
}
