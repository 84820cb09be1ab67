//! What the mouse hit. The same layout that is drawn is looked up, so that
//! drawing keeps no record of places.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::action::Action;
use crate::present::record::TokenPlace;
use crate::present::selection::TreeSelection;
use crate::present::{flow, lines};
use crate::tui::app::App;
use crate::tui::screens::catalog::tab::Front;
use crate::tui::screens::decode::state::Pane;
use crate::tui::screens::{Screen, batch, catalog, compare, decode, learn, pool, tune};
use crate::tui::shell::{footer, header, layout};
use crate::tui::target::Target;
use crate::tui::view;
use crate::tui::widgets::pane;

/// The action of a mouse event.
pub(crate) fn action(app: &App, event: &MouseEvent) -> Option<Action> {
    let at = Position::new(event.column, event.row);
    let target = hit(app, at);
    match event.kind {
        MouseEventKind::Down(MouseButton::Left) => Some(pressed(app, target, at)),
        MouseEventKind::Drag(MouseButton::Left) => Some(Action::Drag(at.x, at.y)),
        MouseEventKind::Up(MouseButton::Left) => Some(Action::Drop),
        MouseEventKind::ScrollUp => Some(Action::Wheel(target, -1)),
        MouseEventKind::ScrollDown => Some(Action::Wheel(target, 1)),
        _ => None,
    }
}

/// A hint does what its key does; all else is clicked.
fn pressed(app: &App, target: Target, at: Position) -> Action {
    if layout::is_too_small(app.look.size) {
        return Action::Click(target);
    }
    let footer = layout::shell(app, layout::whole(app)).footer;
    let hint = footer
        .contains(at)
        .then(|| footer::action_at(app, footer, at.x));
    hint.flatten().unwrap_or(Action::Click(target))
}

/// A border that can be moved, or the title that stands on it there.
fn border_at(app: &App, body: Rect, at: Position) -> Option<Target> {
    let mut borders = app.borders().into_iter();
    let border = borders.find(|border| border.line.contains(at))?;
    let title = match (app.screen, border.is_upright()) {
        (Screen::Decode, false) => lower_tab(app, body, at),
        (Screen::Batch, false) => batch::view::title_at(app, body, at),
        _ => None,
    };
    Some(title.unwrap_or(Target::Splitter(border.splitter)))
}

/// What is drawn at a position.
pub fn hit(app: &App, at: Position) -> Target {
    if layout::is_too_small(app.look.size) {
        return Target::Nothing;
    }
    if let Some(dialog) = &app.dialog {
        let line = dialog.line_at(app, layout::whole(app), at);
        return line.map_or(Target::Nothing, Target::Line);
    }
    let shell = layout::shell(app, layout::whole(app));
    if shell.header.contains(at) {
        return header::screen_at(app, at.x).map_or(Target::Nothing, Target::Screen);
    }
    if let Some(target) = border_at(app, shell.body, at) {
        return target;
    }
    match app.screen {
        Screen::Catalog => hit_catalog(app, shell.body, at),
        Screen::Decode => hit_decode(app, shell.body, at),
        Screen::Learn => {
            learn::view::lesson_at(app, shell.body, at).map_or(Target::Nothing, Target::Line)
        }
        Screen::Pool => pool::view::hit(app, shell.body, at).map_or(Target::Nothing, Target::Pool),
        Screen::Compare => {
            compare::view::hit(app, shell.body, at).map_or(Target::Nothing, Target::Compare)
        }
        Screen::Tune => tune::view::hit(app, shell.body, at),
        Screen::Batch => batch::view::hit(app, shell.body, at),
    }
}

fn hit_catalog(app: &App, body: Rect, at: Position) -> Target {
    let is_board = app.catalog.front == Front::Board;
    let (list, detail) = match is_board {
        true => catalog::layout::board_places(body, app.look.panes),
        false => catalog::layout::places(body, app.look.panes),
    };
    if list.contains(at) && at.y == list.y {
        return catalog::list::tab_at(app, list, at.x).map_or(Target::Nothing, Target::Tab);
    }
    let row = match is_board {
        true => catalog::board::list::row_at(app, list, at),
        false => catalog::list::row_at(app, list, at),
    };
    if let Some(row) = row {
        return Target::Row(row);
    }
    if detail.contains(at) {
        return Target::Detail;
    }
    Target::Nothing
}

fn hit_decode(app: &App, body: Rect, at: Position) -> Target {
    let panes = crate::tui::screens::decode::layout::panes(&app.decode, app.look.panes, body);
    // A shared border belongs to the pane whose title stands on it.
    let above_bottom = |r: &Rect| at.y + 1 < r.bottom();
    let found = panes.iter().filter(|(_, r)| r.contains(at));
    let found = found.max_by_key(|(_, r)| above_bottom(r));
    let Some(&(pane, rect)) = found else {
        return Target::Nothing;
    };
    if pane.is_lower() && at.y == rect.y {
        return view::lower_tab_at(app, body, rect, at.x).map_or(Target::Pane(pane), Target::Pane);
    }
    let area = pane::inner(rect);
    let found = match pane {
        _ if !area.contains(at) => None,
        Pane::Text => token_at(app, area, at),
        Pane::Tree => node_at(app, area, at),
        Pane::Steps => decode::panes::steps::step_at(app, area, at.x).map(Target::Step),
        _ => None,
    };
    found.unwrap_or(Target::Pane(pane))
}

/// A title on the border above the lower panes.
fn lower_tab(app: &App, body: Rect, at: Position) -> Option<Target> {
    let panes = decode::layout::panes(&app.decode, app.look.panes, body);
    let mut lower = panes.into_iter().filter(|(pane, _)| pane.is_lower());
    let (pane, rect) = lower.find(|(_, rect)| rect.contains(at))?;
    let tab = view::lower_tab_at(app, body, rect, at.x);
    let title = pane::is_on_title(pane.title(), rect, at.x).then_some(pane);
    tab.or(title).map(Target::Pane)
}

fn token_at(app: &App, area: Rect, at: Position) -> Option<Target> {
    let record = app.known()?;
    let lines = flow::flow(&record, app.decode.ghosts, usize::from(area.width));
    let (top, _) =
        crate::tui::screens::decode::panes::text::top_line(app, &lines, usize::from(area.height));
    let line = lines.get(top + usize::from(at.y - area.y))?;
    let x = usize::from(at.x - area.x);
    let piece = line.iter().find(|p| (p.x..p.x + p.width).contains(&x))?;
    match piece.from {
        lines::From::Cell(cell) => match record.cells[cell].place {
            TokenPlace::Step {
                step, selection, ..
            } => Some(Target::Token { step, selection }),
            TokenPlace::Opening => None,
        },
        lines::From::Ghost(step) => {
            let selection = record.ghosts.get(step)?.as_ref()?.selection;
            Some(Target::Token { step, selection })
        }
    }
}

fn node_at(app: &App, area: Rect, at: Position) -> Option<Target> {
    let lines = app.shown_lines(app.step()?);
    let rows = decode::panes::tree::rows(app, area);
    if at.y < rows.y {
        return Some(Target::Node(TreeSelection::Root));
    }
    let row = usize::from(at.y - rows.y);
    let top = decode::panes::tree::top_line(app, &lines, usize::from(rows.height));
    lines.get(top + row).map(|l| Target::Node(l.selection))
}
