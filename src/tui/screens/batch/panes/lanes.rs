//! The lanes: each with its subject, its figures, and the end of its text in the colours
//! of the fates.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::colours;
use crate::present::names::{common_prefix, fit_after};
use crate::present::number::three;
use crate::present::theme::Theme;
use crate::present::token_text::{fit, pad};
use crate::speculate::passes::{BatchCourse, LaneRecord, Stay};
use crate::tui::app::App;
use crate::tui::screens::batch::columns::LaneColumn;
use crate::tui::screens::batch::state::{BatchPane, ShownBatch};
use crate::tui::widgets::list::first_with_next;
use crate::tui::widgets::pane;

/// Columns of letter, title, what it does, figures.
const LETTER: usize = 2;
const DOING: usize = 10;
const FIGURES: usize = 14;
/// Most rows of a lane.
const MOST_ROWS: u16 = 4;

/// Where the lanes' rows are, how many each has, and which lanes are in view.
struct LanePlaces {
    area: Rect,
    each: u16,
    lanes: Vec<usize>,
}

impl LanePlaces {
    /// A head, then as many rows for every lane as there is room for.
    fn of(app: &App, inner: Rect) -> Self {
        let area = pane::below(inner, 1);
        let n = app.batch.n_lanes().max(1);
        let each = (area.height / n as u16).clamp(1, MOST_ROWS);
        let mut lanes = app.batch.lanes_in_order();
        let selected = app.batch.row_of_lane(&lanes);
        let first = first_with_next(selected, n, usize::from(area.height / each));
        lanes.drain(..first.min(lanes.len()));
        LanePlaces { area, each, lanes }
    }
}

/// Which lane is at a position.
pub(crate) fn lane_at(app: &App, inner: Rect, at: Position) -> Option<usize> {
    let rows = LanePlaces::of(app, inner);
    let row = usize::from(at.y.checked_sub(rows.area.y)? / rows.each);
    let lane = rows.lanes.get(row).copied();
    lane.filter(|_| rows.area.contains(at))
}

pub(crate) fn render(app: &App, theme: &Theme, inner: Rect, buf: &mut Buffer) {
    let (Some(batch), Some((course, pass))) = (&app.batch.batch, app.batch.at()) else {
        return;
    };
    let widths = Widths::of(inner.width);
    let head = fit(&head(app, &widths), usize::from(inner.width));
    pane::put(buf, inner, 0, &Line::styled(head, theme.dim()));
    let rows = LanePlaces::of(app, inner);
    let places = rows.area.rows().step_by(usize::from(rows.each));
    for (&lane, place) in rows.lanes.iter().zip(places) {
        let place = Rect {
            height: rows.each.min(rows.area.bottom() - place.y),
            ..place
        };
        if place.height == rows.each {
            let lane = LaneLine::of(batch, course, pass, lane);
            lane.draw(app, theme, &widths, place, buf);
        }
    }
    let shown = usize::from(rows.area.height / rows.each);
    if rows.lanes.len() > shown {
        pane::more_beside(rows.area, theme, buf);
    }
}

/// The heads, with an arrow at the one that the lanes are sorted by.
fn head(app: &App, widths: &Widths) -> String {
    let head = |column, text| app.batch.sorting.head(column, text);
    let mal = head(LaneColumn::Mal, "MAL");
    let figures = format!("{mal:<5}{}", head(LaneColumn::Tokens, "tokens"));
    format!(
        "{}{} {}{}text, in the colours of its tokens' fates",
        " ".repeat(LETTER),
        pad(&head(LaneColumn::Subject, "subject"), widths.title),
        pad(&head(LaneColumn::Rows, "does"), widths.doing),
        pad(&figures, FIGURES),
    )
}

/// Columns; the text has what is left.
struct Widths {
    title: usize,
    doing: usize,
}

impl Widths {
    fn of(width: u16) -> Self {
        match width {
            0..100 => Widths {
                title: 16,
                doing: 0,
            },
            _ => Widths {
                title: usize::from(width / 5).clamp(20, 36),
                doing: DOING,
            },
        }
    }

    fn before_text(&self) -> usize {
        LETTER + self.title + 1 + self.doing + FIGURES
    }
}

/// A lane in a pass.
struct LaneLine<'a> {
    batch: &'a ShownBatch,
    pass: usize,
    lane: usize,
    /// The last stay in it, and its index.
    stay: Option<(usize, &'a Stay)>,
    record: Option<&'a LaneRecord>,
}

impl<'a> LaneLine<'a> {
    fn of(batch: &'a ShownBatch, course: &'a BatchCourse, pass: usize, lane: usize) -> Self {
        let stay = course.stay_in(lane, pass);
        let lanes = &course.passes[pass].lanes;
        LaneLine {
            batch,
            pass,
            lane,
            stay: stay.map(|at| (at, &course.stays[at])),
            record: lanes.iter().find(|record| record.lane == lane),
        }
    }

    fn draw(&self, app: &App, theme: &Theme, widths: &Widths, place: Rect, buf: &mut Buffer) {
        let (before, width) = (widths.before_text(), usize::from(place.width));
        let line = self.head(theme, widths);
        buf.set_line(place.x, place.y, &line, before.min(width) as u16);
        let text = Rect {
            x: place.x + before.min(width) as u16,
            width: width.saturating_sub(before) as u16,
            ..place
        };
        self.text(theme, text, buf);
        if app.batch.lane == self.lane && app.batch.pane == BatchPane::Lanes {
            pane::mark(place, 0, place.height, theme, buf);
            // The mark's ground is no ground for the letter.
            buf.set_span(place.x, place.y, &self.letter(theme), place.width);
        } else if app.batch.lane == self.lane {
            buf.set_string(place.x - 1, place.y, "▌", theme.accent());
        }
    }

    /// The lane's letter on its colour.
    fn letter(&self, theme: &Theme) -> Span<'static> {
        let letter = colours::letter(self.lane).to_string();
        Span::styled(letter, colours::block(theme, self.lane))
    }

    fn head(&self, theme: &Theme, widths: &Widths) -> Line<'static> {
        let letter = self.letter(theme);
        let Some((at, stay)) = self.stay else {
            return Line::from(vec![letter, Span::styled(" free", theme.dim())]);
        };
        let title = self.batch.run_of_stay(at).map(|run| run.title.as_str());
        let prefix = common_prefix(self.batch.runs.iter().map(|run| run.title.as_str()));
        let title = fit_after(&prefix, title.unwrap_or(&stay.subject), widths.title);
        let title = pad(&title, widths.title);
        let is_over = self.record.is_none() && stay.is_over_by(self.pass);
        let style = match is_over {
            true => theme.dim(),
            false => theme.strong(),
        };
        let mal = stay.mal_by(self.pass).map_or("   -".into(), three);
        let figures = format!("{mal:>4} {:>6}", stay.n_tokens_by(self.pass));
        Line::from(vec![
            letter,
            Span::raw(" "),
            Span::styled(title, style),
            Span::raw(" "),
            Span::styled(pad(&self.doing(stay), widths.doing), theme.dim()),
            Span::styled(pad(&figures, FIGURES), theme.text()),
        ])
    }

    /// What the lane does in this pass.
    fn doing(&self, stay: &Stay) -> String {
        match self.record {
            Some(record) if record.step.is_none() => format!("reads {}", record.rows),
            Some(record) => format!("+{} of {}", record.committed, record.rows),
            None if stay.is_over_by(self.pass) => "done".into(),
            None => "waits".into(),
        }
    }

    fn text(&self, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let Some((at, stay)) = self.stay.filter(|_| area.width > 0) else {
            return;
        };
        let run = self.batch.run_of_stay(at);
        let Some(run) = run.filter(|run| run.run.is_some()) else {
            let text = match run {
                Some(_) => "trace not available",
                None => "cut off here; decoded again later",
            };
            let text = fit(text, usize::from(area.width));
            return pane::put(buf, area, 0, &Line::styled(text, theme.dim()));
        };
        let n_steps = stay.n_steps_by(self.pass);
        let (width, rows) = (usize::from(area.width), usize::from(area.height));
        for (row, line) in run.text.tail(n_steps, width, rows).into_iter().enumerate() {
            for (x, text, mark) in line {
                let style = mark.map_or(theme.opening(), |mark| theme.token(mark));
                let at = (area.x + x as u16, area.y + row as u16);
                buf.set_stringn(at.0, at.1, text, width - x, style);
            }
        }
    }
}
