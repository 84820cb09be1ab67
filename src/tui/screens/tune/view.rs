//! The Tune screen: sliders and what they would change on one half, the sweep on
//! the other; on a small terminal one of them.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::present::theme::Theme;
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::keys::context::Context;
use crate::tui::screens::tune::state::Side;
use crate::tui::screens::tune::{
    cell, frontier, heat, layout as tune_layout, sliders, sweep_head, texts, what_if,
};
use crate::tui::settings::Setting;
use crate::tui::target::Target;
use crate::tui::widgets::list::row_at;
use crate::tui::widgets::pane;

const TITLES: [(Side, &str); 2] = [(Side::Sliders, "SETTINGS"), (Side::Sweep, "SWEEP")];

pub(crate) fn render(app: &App, theme: &Theme, body: Rect, buf: &mut Buffer) {
    let sides = tune_layout::sides(body, app.tune.side);
    let is_front = |side: Side| side == app.tune.side;
    for front in [false, true] {
        for &(_, rect) in sides.iter().filter(|&&(s, _)| is_front(s) == front) {
            pane::frame(rect, front, theme, buf);
        }
    }
    for &(side, rect) in &sides {
        if sides.len() == 1 {
            let tabs = TITLES.map(|(s, title)| (title, s == side));
            pane::tabs(&tabs, rect, true, theme, buf);
        } else {
            let title = TITLES.iter().find(|(s, _)| *s == side);
            pane::title(title.map_or("", |t| t.1), rect, is_front(side), theme, buf);
        }
        match side {
            Side::Sliders => settings(app, theme, rect, buf),
            Side::Sweep => sweep(app, theme, rect, buf),
        }
    }
}

fn settings(app: &App, theme: &Theme, rect: Rect, buf: &mut Buffer) {
    let n = Setting::sliders(&app.tune.params).len();
    let [list, changes] = tune_layout::sliders(rect, n);
    sliders::render(app, theme, list, buf);
    what_if::render(app, theme, changes, buf);
}

fn sweep(app: &App, theme: &Theme, rect: Rect, buf: &mut Buffer) {
    let places = tune_layout::sweep(rect, app.tune.shape());
    sweep_head::render(app, theme, places.head, buf);
    if app.tune.sweep.found.is_none() {
        let text = format!(
            "A sweep decodes the same prompts autoregressively and under every setting of a grid, \
             in the background, and sets the measured speed-up against the text in common with \
             autoregressive decoding. {} starts it.",
            app.key_of(Context::Tune, Action::StartSweep)
        );
        let rest = pane::below(pane::inner(rect), places.head.height);
        return pane::placeholder(&text, rest, theme, buf);
    }
    heat::render(app, theme, places.heat, buf);
    match app.tune.sweep.beside {
        Some(_) => texts::render(app, theme, places.plot, buf),
        None => frontier::render(app, theme, places.plot, buf),
    }
    cell::render(app, theme, places.cell, buf);
}

/// What is at a position of the screen's body.
pub(crate) fn hit(app: &App, body: Rect, at: Position) -> Target {
    let sides = tune_layout::sides(body, app.tune.side);
    let Some(&(side, rect)) = sides.iter().rev().find(|(_, rect)| rect.contains(at)) else {
        return Target::Nothing;
    };
    if sides.len() == 1 && at.y == rect.y {
        let tab = pane::tab_at(&TITLES.map(|t| t.1), rect, at.x);
        return tab.map_or(Target::Nothing, |i| Target::TuneSide(TITLES[i].0));
    }
    let found = match side {
        Side::Sliders => slider_at(app, rect, at),
        Side::Sweep => cell_at(app, rect, at),
    };
    found.unwrap_or(Target::TuneSide(side))
}

fn slider_at(app: &App, rect: Rect, at: Position) -> Option<Target> {
    let n = Setting::sliders(&app.tune.params).len();
    let [list, _] = tune_layout::sliders(rect, n);
    row_at(list, 0, n, at).map(Target::Slider)
}

fn cell_at(app: &App, rect: Rect, at: Position) -> Option<Target> {
    let layer = app.tune.sweep.layer()?;
    let (n_rows, n_columns) = (layer.rows.len(), layer.columns.len());
    let heat = tune_layout::sweep(rect, app.tune.shape()).heat;
    let cells = (0..n_rows).flat_map(|row| (0..n_columns).map(move |column| (row, column)));
    let mut hit = cells.filter(|&(row, column)| {
        let place = tune_layout::heat_cell(heat, row, column, n_columns);
        place.contains(at)
    });
    let (row, column) = hit.next()?;
    Some(Target::Cell { row, column })
}
