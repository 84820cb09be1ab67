//! The text, token by token in its fate's colour; the cursor's step stands out.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::number::count;
use super::pane::{placeholder, put};
use super::{bars, header};
use crate::tui::flow::{self, From, Piece};
use crate::tui::layout;
use crate::tui::state::app::App;
use crate::tui::state::decode::Ghosts;
use crate::tui::state::record::{Place, Record};
use crate::tui::state::run::Phase;
use crate::tui::theme::{Emphasis, Theme};

const PROGRESS_WIDTH: usize = 24;

pub fn note(app: &App) -> String {
    let Some(record) = app.record() else {
        return String::new();
    };
    let tokens = count(record.stats.tokens, "token");
    match app.view.ghosts {
        Ghosts::Hidden => tokens,
        Ghosts::Shown => format!("{tokens} · with refused drafts"),
    }
}

pub fn render(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let Some(run) = app.run() else {
        let text = "Nothing is decoded yet. 1 shows the catalog: pick an item or a user there, and ⏎ \
                    generates its knowledge before your eyes.";
        return placeholder(text, area, theme, buf);
    };
    match (&run.phase, &run.record) {
        (Phase::Failed(why), None) => placeholder(&format!("✗ {why}"), area, theme, buf),
        (_, None) => waiting(app, &run.phase, theme, area, buf),
        (_, Some(record)) => text(app, record, theme, area, buf),
    }
}

fn waiting(app: &App, phase: &Phase, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let text = match phase {
        Phase::Prompt { done, total } => {
            let share = *done as f64 / (*total).max(1) as f64;
            let (full, rest) = bars::progress(share, PROGRESS_WIDTH);
            format!(
                "{} reading the prompt\n{full}{rest}\n{done} of {total} tokens",
                header::spinner(app)
            )
        }
        _ => format!("{} waiting for the engine", header::spinner(app)),
    };
    placeholder(&text, area, theme, buf);
}

fn text(app: &App, record: &Record, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let lines = flow::flow(record, app.view.ghosts, usize::from(area.width));
    let (top, _) = layout::top_line(app, &lines, usize::from(area.height));
    let cursor = Cursor {
        step: app.step_index(),
        cell: app.selected_cell(),
    };
    for (row, line) in lines
        .iter()
        .skip(top)
        .take(usize::from(area.height))
        .enumerate()
    {
        for piece in line {
            let x = area.x + piece.x as u16;
            let style = style(record, piece, cursor, theme);
            buf.set_stringn(x, area.y + row as u16, piece.text, piece.width, style);
        }
    }
    if lines.len() > top + usize::from(area.height) {
        let more = ratatui::text::Line::styled("↓", theme.dim()).right_aligned();
        put(
            buf,
            Rect {
                x: area.right(),
                width: 1,
                ..area
            },
            area.height - 1,
            &more,
        );
    }
}

#[derive(Clone, Copy)]
struct Cursor {
    step: Option<usize>,
    cell: Option<usize>,
}

fn style(record: &Record, piece: &Piece<'_>, cursor: Cursor, theme: &Theme) -> Style {
    let (style, step) = match piece.from {
        From::Ghost(step) => {
            let mark = record.ghosts[step].as_ref().map(|g| g.mark);
            (mark.map_or(theme.dim(), |m| theme.token(m)), Some(step))
        }
        From::Cell(cell) => match record.cells[cell].place {
            Place::Opening => (theme.opening(), None),
            Place::Step { step, mark, .. } => (theme.token(mark), Some(step)),
        },
    };
    let emphasis = match piece.from {
        From::Cell(cell) if Some(cell) == cursor.cell => Emphasis::Selected,
        _ if step.is_some() && step == cursor.step => Emphasis::Step,
        _ => Emphasis::None,
    };
    style.patch(theme.emphasis(emphasis))
}
