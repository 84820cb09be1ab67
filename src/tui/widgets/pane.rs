//! Frames of panes, their titles and tabs. Neighbours share their border.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Margin, Rect};
use ratatui::symbols::merge::MergeStrategy;
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Block, BorderType, Clear, Padding, Tabs, Widget};
use unicode_width::UnicodeWidthStr;

use crate::present::theme::{Emphasis, Theme};
use crate::present::token_text::{columns, fit};
use crate::tui::widgets::paragraph::wrap;

/// Between the border's corner and the title.
const TITLE_X: u16 = 2;
const TAB_GAP: &str = " │ ";

/// The inside of a pane with a border and a column of air on both sides.
pub(crate) fn inner(pane: Rect) -> Rect {
    Block::bordered()
        .padding(Padding::horizontal(1))
        .inner(pane)
}

/// The first rows of an area, and the rest.
pub(crate) fn split_rows(area: Rect, n: u16) -> [Rect; 2] {
    Layout::vertical([Constraint::Length(n), Constraint::Fill(1)]).areas(area)
}

/// What is below the first rows of an area.
pub(crate) fn below(area: Rect, n: u16) -> Rect {
    let [_, rest] = split_rows(area, n);
    rest
}

/// Two framed panes that share the line between them.
pub(crate) fn beside(area: Rect, left_width: u16) -> (Rect, Rect) {
    let widths = [Constraint::Length(left_width), Constraint::Fill(1)];
    let [left, right] = Layout::horizontal(widths).spacing(-1).areas(area);
    (left, right)
}

/// A pane is never narrower.
pub(crate) const LEAST_WIDTH: u16 = 24;

/// A pane is never lower.
pub(crate) const LEAST_HEIGHT: u16 = 5;

/// A width or a height moved by a shift, with `least` left on both sides.
pub(crate) fn shifted(size: u16, by: i16, least: u16, whole: u16) -> u16 {
    between(size, by, least, whole.saturating_sub(least))
}

/// A width or a height moved by a shift, as far as the ends allow; unmoved it is what it
/// is.
pub(crate) fn between(size: u16, by: i16, least: u16, most: u16) -> u16 {
    let moved = size.saturating_add_signed(by);
    moved.clamp(least.min(size), most.max(size))
}

pub(crate) fn frame(rect: Rect, focused: bool, theme: &Theme, buf: &mut Buffer) {
    Block::bordered()
        .border_type(BorderType::Plain)
        .border_style(theme.border(focused))
        .merge_borders(MergeStrategy::Exact)
        .render(rect, buf);
}

/// A box over everything else; returns its inside.
pub(crate) fn dialog(title: &str, rect: Rect, theme: &Theme, buf: &mut Buffer) -> Rect {
    Clear.render(rect, buf);
    Block::bordered()
        .border_type(BorderType::Rounded)
        .style(theme.base())
        .border_style(theme.border(true))
        .render(rect, buf);
    self::title(title, rect, true, theme, buf);
    inner(rect)
}

/// `width` by `height` in the middle, no larger than the area. Not `Rect::centered`:
/// an odd column or row of air goes to the right or below.
pub(crate) fn centred(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    }
}

/// What may be written on a frame's upper border. It is written when every frame is
/// drawn, since neighbours share their border.
fn heading(rect: Rect) -> Rect {
    rect.inner(Margin::new(TITLE_X, 0))
}

pub(crate) fn title(text: &str, rect: Rect, focused: bool, theme: &Theme, buf: &mut Buffer) {
    Block::new()
        .title(Span::styled(format!(" {text} "), theme.title(focused)))
        .render(heading(rect), buf);
}

/// Several titles, one of them in front.
pub(crate) fn tabs(
    tabs: &[(&str, bool)],
    rect: Rect,
    focused: bool,
    theme: &Theme,
    buf: &mut Buffer,
) {
    let titles = tabs
        .iter()
        .map(|(text, _)| Line::styled(*text, theme.dim()));
    let tabs = Tabs::new(titles)
        .select(tabs.iter().position(|(_, front)| *front))
        .highlight_style(theme.title(focused))
        .divider(Span::styled(TAB_GAP, theme.line()))
        .padding("", "");
    let blank = " ".repeat(tabs.width() + 2);
    let [_, inside] =
        Layout::horizontal([Constraint::Length(1), Constraint::Fill(1)]).areas(heading(rect));
    Span::raw(blank).render(heading(rect), buf);
    tabs.render(inside, buf);
}

/// Which tab is at a column.
pub(crate) fn tab_at(titles: &[&str], rect: Rect, x: u16) -> Option<usize> {
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

/// Whether a column is on a frame's only title.
pub(crate) fn is_on_title(title: &str, rect: Rect, x: u16) -> bool {
    let from = rect.x + TITLE_X;
    (from..from + columns(title) as u16 + 2).contains(&x)
}

/// A remark at the right end of the upper border, in the first wording that fits
/// beside a title of `title_width` columns.
pub(crate) fn note(wordings: &[Line<'static>], title_width: usize, rect: Rect, buf: &mut Buffer) {
    let room = usize::from(rect.width).saturating_sub(title_width + 9);
    if let Some(line) = wordings.iter().find(|w| w.width() > 0 && w.width() <= room) {
        note_line(line.clone(), rect, buf);
    }
}

pub(crate) fn note_line(mut line: Line<'_>, rect: Rect, buf: &mut Buffer) {
    line.spans.insert(0, Span::raw(" "));
    line.push_span(" ");
    if line.width() < usize::from(heading(rect).width) {
        Block::new()
            .title(line.right_aligned())
            .render(heading(rect), buf);
    }
}

/// At the right end of the lower border: that there is more.
pub(crate) fn more(text: &str, inner: Rect, theme: &Theme, buf: &mut Buffer) {
    let border = Rect {
        y: inner.bottom(),
        height: 1,
        ..inner
    };
    let text = Span::styled(format!(" ↓ {text} "), theme.dim());
    Line::from(text).right_aligned().render(border, buf);
}

/// Beside the last row: that there is more. Not a scrollbar, whose track would fill
/// the pane's air.
pub(crate) fn more_beside(area: Rect, theme: &Theme, buf: &mut Buffer) {
    if area.height > 0 {
        buf.set_string(area.right(), area.bottom() - 1, "↓", theme.dim());
    }
}

/// One line of text cut to its place. Drawn as a widget, it would style the whole row.
pub(crate) fn put(buf: &mut Buffer, area: Rect, row: u16, line: &Line<'_>) {
    if row < area.height {
        buf.set_line(area.x, area.y + row, line, area.width);
    }
}

/// A line in the middle of an area that has nothing else to show.
pub(crate) fn placeholder(text: &str, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let lines = wrap(text, usize::from(area.width.saturating_sub(4))).into_iter();
    let lines = lines.map(|text| fit(&text, usize::from(area.width)));
    let text = Text::from_iter(lines.map(|text| Line::styled(text, theme.dim()))).centered();
    let top = area.height.saturating_sub(text.height() as u16) / 2;
    text.render(below(area, top), buf);
}

/// The selected row among others that are no list.
pub(crate) fn light(area: Rect, row: u16, theme: &Theme, buf: &mut Buffer) {
    if let Some(place) = area.rows().nth(usize::from(row)) {
        buf.set_style(place, theme.emphasis(Emphasis::Selected));
    }
}

/// The selected rows of a list whose entries have a gap between them, which a `List`
/// would light, too.
pub(crate) fn mark(area: Rect, row: u16, height: u16, theme: &Theme, buf: &mut Buffer) {
    let place = Rect {
        x: area.x - 1,
        y: area.y + row,
        width: area.width + 2,
        height: height.min(area.height.saturating_sub(row)),
    };
    buf.set_style(place, theme.emphasis(Emphasis::Selected));
    buf.set_string(place.x, place.y, "▌", theme.accent());
}
