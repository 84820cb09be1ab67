//! Frames of panes, their titles and tabs. Neighbours share their border.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::symbols::merge::MergeStrategy;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Widget};

use crate::present::theme::{Emphasis, Theme};
use crate::present::token_text::{columns, fit};

/// Between the border's corner and the title.
const TITLE_X: u16 = 2;
const TAB_GAP: &str = " │ ";

/// The inside of a pane with a border and a column of air on both sides.
pub fn inner(pane: Rect) -> Rect {
    Rect {
        x: pane.x + 2,
        y: pane.y + 1,
        width: pane.width.saturating_sub(4),
        height: pane.height.saturating_sub(2),
    }
}

/// Two framed panes that share the line between them.
pub fn beside(area: Rect, left_width: u16) -> (Rect, Rect) {
    let widths = [Constraint::Length(left_width), Constraint::Fill(1)];
    let [left, right] = Layout::horizontal(widths).spacing(-1).areas(area);
    (left, right)
}

/// A pane is never narrower.
pub const LEAST_WIDTH: u16 = 24;

/// A width or a height moved by a shift, with `least` left on both sides.
pub fn shifted(size: u16, by: i16, least: u16, whole: u16) -> u16 {
    let most = whole.saturating_sub(least).max(least);
    size.saturating_add_signed(by).clamp(least, most)
}

pub fn frame(rect: Rect, focused: bool, theme: &Theme, buf: &mut Buffer) {
    Block::bordered()
        .border_type(BorderType::Plain)
        .border_style(theme.border(focused))
        .merge_borders(MergeStrategy::Exact)
        .render(rect, buf);
}

/// A box over everything else; returns its inside.
pub fn dialog(title: &str, rect: Rect, theme: &Theme, buf: &mut Buffer) -> Rect {
    Clear.render(rect, buf);
    buf.set_style(rect, theme.base());
    Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.border(true))
        .render(rect, buf);
    self::title(title, rect, true, theme, buf);
    inner(rect)
}

/// `width` by `height` in the middle, no larger than the area.
pub fn centred(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    }
}

pub fn title(text: &str, rect: Rect, focused: bool, theme: &Theme, buf: &mut Buffer) {
    let line = Line::from(Span::styled(format!(" {text} "), theme.title(focused)));
    buf.set_line(
        rect.x + TITLE_X,
        rect.y,
        &line,
        rect.width.saturating_sub(4),
    );
}

/// Several titles, one of them in front.
pub fn tabs(tabs: &[(&str, bool)], rect: Rect, focused: bool, theme: &Theme, buf: &mut Buffer) {
    let mut line = Line::from(" ");
    for (i, (text, front)) in tabs.iter().enumerate() {
        if i > 0 {
            line.push_span(Span::styled(TAB_GAP, theme.line()));
        }
        let style = if *front {
            theme.title(focused)
        } else {
            theme.dim()
        };
        line.push_span(Span::styled(text.to_string(), style));
    }
    line.push_span(" ");
    buf.set_line(
        rect.x + TITLE_X,
        rect.y,
        &line,
        rect.width.saturating_sub(4),
    );
}

/// Which tab is at a column.
pub fn tab_at(titles: &[&str], rect: Rect, x: u16) -> Option<usize> {
    let mut from = rect.x + TITLE_X + 1;
    for (i, title) in titles.iter().enumerate() {
        let to = from + columns(title) as u16;
        if (from..to).contains(&x) {
            return Some(i);
        }
        from = to + columns(TAB_GAP) as u16;
    }
    None
}

/// A remark at the right end of the upper border, in the first wording that fits
/// beside a title of `title_width` columns.
pub fn note(wordings: &[Line<'static>], title_width: usize, rect: Rect, buf: &mut Buffer) {
    let room = usize::from(rect.width).saturating_sub(title_width + 9);
    if let Some(line) = wordings.iter().find(|w| w.width() > 0 && w.width() <= room) {
        note_line(line.clone(), rect, buf);
    }
}

pub fn note_line(line: Line<'_>, rect: Rect, buf: &mut Buffer) {
    let width = line.width() as u16 + 2;
    let Some(x) = rect.right().checked_sub(width + TITLE_X) else {
        return;
    };
    if x > rect.x + TITLE_X {
        buf.set_string(x, rect.y, " ", line.style);
        buf.set_line(x + 1, rect.y, &line, width);
        buf.set_string(x + width - 1, rect.y, " ", line.style);
    }
}

/// One line of text cut to its place.
pub fn put(buf: &mut Buffer, area: Rect, row: u16, line: &Line<'_>) {
    if row < area.height {
        buf.set_line(area.x, area.y + row, line, area.width);
    }
}

/// A label and what it says.
pub fn fact(buf: &mut Buffer, area: Rect, row: u16, label: &str, value: Span<'_>, theme: &Theme) {
    let line = Line::from(vec![Span::styled(format!("{label} "), theme.dim()), value]);
    put(buf, area, row, &line);
}

/// A line in the middle of an area that has nothing else to show.
pub fn placeholder(text: &str, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let lines =
        crate::tui::widgets::paragraph::wrap(text, usize::from(area.width.saturating_sub(4)));
    let top = area.height.saturating_sub(lines.len() as u16) / 2;
    for (i, text) in lines.iter().enumerate() {
        let text = fit(text, usize::from(area.width));
        let line = Line::styled(text, theme.dim()).centered();
        let row = top + i as u16;
        if row < area.height {
            let place = Rect {
                y: area.y + row,
                height: 1,
                ..area
            };
            Widget::render(line, place, buf);
        }
    }
}

/// The selected row of a list.
pub fn light(area: Rect, row: u16, theme: &Theme, buf: &mut Buffer) {
    if row < area.height {
        let place = Rect {
            y: area.y + row,
            height: 1,
            ..area
        };
        buf.set_style(place, theme.emphasis(Emphasis::Selected));
    }
}

/// The selected rows of a list in a frame, marked at its edge.
pub fn mark(area: Rect, row: u16, height: u16, theme: &Theme, buf: &mut Buffer) {
    let place = Rect {
        x: area.x - 1,
        y: area.y + row,
        width: area.width + 2,
        height: height.min(area.height.saturating_sub(row)),
    };
    buf.set_style(place, theme.emphasis(Emphasis::Selected));
    buf.set_string(place.x, place.y, "▌", theme.accent());
}
