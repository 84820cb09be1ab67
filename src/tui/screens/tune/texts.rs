//! The texts of two cells beside each other, for the subject chosen: the cell that was marked,
//! or autoregressive decoding, and the cell looked at. They stand where the frontier stands
//! otherwise; what only one of them has is marked.

use std::rc::Rc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;

use crate::present::describe;
use crate::present::flow;
use crate::present::lines::{self, From, Ghosts};
use crate::present::number::{count, percent};
use crate::present::record::Record;
use crate::present::theme::{Emphasis, Theme};
use crate::present::token_text::fit;
use crate::speculate::compare::token_beside;
use crate::speculate::sweep::Job;
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::keys::context::Context;
use crate::tui::screens::compare::view::{draw_piece, n_opening, own_style};
use crate::tui::screens::tune::cell_texts::CellTexts;
use crate::tui::screens::tune::sweep::{BegunSweep, SweepView};
use crate::tui::widgets::pane;

/// The runs whose texts are compared: the left one is the marked cell's, or the
/// autoregressive one where no other cell is marked.
fn jobs(view: &SweepView) -> Option<[Job; 2]> {
    let right = view.job()?;
    let marked = view.beside.filter(|&cell| Some(cell) != right.cell);
    let left = Job {
        cell: marked,
        ..right
    };
    Some([left, right])
}

/// The texts, worked out once; `Err`: what is missing.
fn texts(view: &SweepView, found: &BegunSweep) -> Result<Rc<CellTexts>, String> {
    let jobs = jobs(view).ok_or("No cell yet.")?;
    if !jobs.iter().all(|job| found.traces.has(job)) {
        return Err("Not all of the two runs are made yet.".into());
    }
    let read = || -> Result<CellTexts, String> {
        let record = |job: Job| {
            let trace = found.traces.get(&job).map_err(|why| format!("{why:#}"))?;
            let trace = trace.ok_or("This run is not done yet.")?;
            Ok::<Record, String>(describe::record(&trace))
        };
        Ok(CellTexts::of([record(jobs[0])?, record(jobs[1])?]))
    };
    let texts = view.texts.get((found.id, jobs), || read().map(Rc::new));
    Result::clone(&texts)
}

/// Columns between the two texts.
const GAP: u16 = 2;

pub(crate) fn render(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let view = &app.tune.sweep;
    let (Some(found), Some(jobs)) = (&view.found, jobs(view)) else {
        return;
    };
    let rows = [
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Fill(1),
    ];
    let [head, names, body] = Layout::vertical(rows).areas(area);
    let halves = [Constraint::Fill(1), Constraint::Fill(1)];
    let across = Layout::horizontal(halves).spacing(GAP);
    let names: [Rect; 2] = across.areas(names);
    let texts_at: [Rect; 2] = across.areas(body);
    for (at, job) in names.into_iter().zip(jobs) {
        let name = job.cell.map(|cell| found.sweep.grid.cell_name(cell));
        let name = name.unwrap_or_else(|| "autoregressive".into());
        let name = fit(&name, usize::from(at.width));
        buf.set_line(at.x, at.y, &Line::styled(name, theme.strong()), at.width);
    }
    let texts = match texts(view, found) {
        Ok(texts) => texts,
        Err(why) => return pane::placeholder(&why, body, theme, buf),
    };
    let title = Line::styled(
        fit(&title(app, &texts), usize::from(head.width)),
        theme.dim(),
    );
    buf.set_line(head.x, head.y, &title, head.width);
    let tops = tops(app, &texts, texts_at);
    for side in 0..2 {
        draw(&texts, side, tops[side], theme, texts_at[side], buf);
    }
}

/// Whose texts they are, and how much of them is the same.
fn title(app: &App, texts: &CellTexts) -> String {
    let view = &app.tune.sweep;
    let subject = view.subject().map_or("", |asked| &asked.subject.title);
    let next = app.key_of(Context::Tune, Action::NextSubject);
    let parts = match texts.parts_at {
        Some(at) => format!("differ after {}", count(at, "token")),
        None => "the same text".into(),
    };
    format!(
        "{} in common, {parts}: {subject} ({next} next)",
        percent(texts.in_common)
    )
}

/// The first lines shown: where the texts part, or where they were scrolled to; the right
/// text's beside the left one's, token by token.
fn tops(app: &App, texts: &CellTexts, areas: [Rect; 2]) -> [usize; 2] {
    let [left, right] = laid_out(texts, areas);
    let height = usize::from(areas[0].height);
    let [a, b] = &texts.records;
    let cell = |record: &Record, token: usize| {
        (token + n_opening(record)).min(record.cells.len().saturating_sub(1))
    };
    let wanted = texts.parts_at.map_or(0, |at| {
        lines::line_of(&left, cell(a, at)).saturating_sub(height / 3)
    });
    let last = left.len().max(right.len()).saturating_sub(height);
    let top = wanted
        .saturating_add_signed(app.tune.sweep.texts_by)
        .min(last);
    let first = left.get(top).and_then(|line| line.first());
    let token = first.and_then(|piece| match piece.from {
        From::Cell(cell) => cell.checked_sub(n_opening(a)),
        From::Ghost(_) => None,
    });
    let beside = token.map(|token| match token_beside(&texts.stretches, token) {
        Some(other) => lines::line_of(&right, cell(b, other)),
        None => top,
    });
    [
        top.min(left.len().saturating_sub(1)),
        beside.unwrap_or(top).min(right.len().saturating_sub(1)),
    ]
}

fn laid_out(texts: &CellTexts, areas: [Rect; 2]) -> [Rc<Vec<lines::Line>>; 2] {
    let flow = |side: usize| {
        let width = usize::from(areas[side].width);
        flow::flow(&texts.records[side], Ghosts::Hidden, width)
    };
    [flow(0), flow(1)]
}

fn draw(texts: &CellTexts, side: usize, top: usize, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let record = &texts.records[side];
    let lines = flow::flow(record, Ghosts::Hidden, usize::from(area.width));
    let shown = lines.iter().skip(top).take(usize::from(area.height));
    for (row, line) in shown.enumerate() {
        for piece in line {
            let From::Cell(cell) = piece.from else {
                continue;
            };
            let style = style(texts, side, cell, theme);
            let at = (area.x + piece.x as u16, area.y + row as u16);
            draw_piece(record.piece(piece), piece.width, at, style, buf);
        }
    }
}

/// As on the Compare screen: what differs stands out, and what only the relaxed rule took
/// is underlined.
fn style(texts: &CellTexts, side: usize, cell: usize, theme: &Theme) -> Style {
    let record = &texts.records[side];
    let style = own_style(record, cell, theme);
    let Some(token) = cell.checked_sub(n_opening(record)) else {
        return style;
    };
    match texts.differs[side].get(token) {
        Some(true) => style
            .add_modifier(Modifier::BOLD)
            .patch(theme.emphasis(Emphasis::Selected)),
        _ => style,
    }
}
