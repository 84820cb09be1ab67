//! The cache rows behind the prefix as slots: what the pass writes, what is kept, what is
//! forgotten.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget};

use super::PassView;
use crate::present::pass_picture::{CachePicture, CacheSlot, PassMoment, PassPicture, SlotState};
use crate::present::theme::Emphasis;
use crate::present::token_text::pad;
use crate::tui::widgets::paragraph::wrap;

/// Columns of a strip's name.
const NAME: usize = 10;
/// A kept row that was copied.
const MOVED: &str = "◂";

pub(super) fn render(view: &PassView<'_>, area: Rect, buf: &mut Buffer) {
    let width = usize::from(area.width);
    let mut lines = vec![head(view)];
    let before = written_before(view);
    let told = told(view, width);
    let strips: Vec<Vec<Line<'static>>> = before
        .iter()
        .chain([&view.picture.cache])
        .map(|cache| strip(view, cache, width))
        .collect();
    // What is first left out is how it was before.
    let all: usize = strips.iter().map(Vec::len).sum();
    let fits = lines.len() + all + told.len() + 2 <= usize::from(area.height);
    let from = if fits { 0 } else { strips.len() - 1 };
    lines.extend(strips.into_iter().skip(from).flatten());
    lines.push(legend(view));
    lines.push(Line::default());
    lines.extend(told);
    Paragraph::new(lines).render(area, buf);
}

fn head(view: &PassView<'_>) -> Line<'static> {
    let n = view.picture.cache.len();
    Line::from(vec![
        Span::styled("KV cache", view.theme.accent()),
        Span::styled(format!("  {n} rows count"), view.theme.dim()),
    ])
}

/// After commit, how the cache was before it.
fn written_before(view: &PassView<'_>) -> Option<CachePicture> {
    let is_over = view.picture.moment == PassMoment::Committed;
    is_over.then(|| PassPicture::of(view.record, view.step, PassMoment::Judged).cache)
}

/// The prefix as one block, then a cell for every slot.
fn strip(view: &PassView<'_>, cache: &CachePicture, width: usize) -> Vec<Line<'static>> {
    let theme = view.theme;
    let name = match cache.slots.first().map(|slot| slot.state) {
        None => "before",
        Some(SlotState::Reserved) => "drafted",
        Some(SlotState::Written) => "written",
        Some(SlotState::Kept | SlotState::Forgotten) => "committed",
    };
    let prefix = format!("{} rows ", cache.prefix);
    let indent = NAME + prefix.len() + 1;
    let mut line = Line::from(vec![
        Span::styled(pad(name, NAME), theme.dim()),
        Span::styled(format!("{}{prefix}", SlotState::Kept.glyph()), theme.text()),
    ]);
    let digits = cache.slots.len().saturating_sub(1).to_string().len();
    let of_cell = 3 + digits;
    let in_a_line = (width.saturating_sub(indent) / of_cell).max(1);
    let mut lines = Vec::new();
    for (i, slot) in cache.slots.iter().enumerate() {
        if i > 0 && i % in_a_line == 0 {
            let next = Line::from(" ".repeat(indent));
            lines.push(std::mem::replace(&mut line, next));
        }
        line.push_span(cell(view, slot, digits));
        line.push_span(" ");
    }
    lines.push(line);
    lines
}

/// Its state, whether it was moved, and the node whose keys and values it holds.
fn cell(view: &PassView<'_>, slot: &CacheSlot, digits: usize) -> Span<'static> {
    let theme = view.theme;
    let moved = slot.moved_from.map_or(" ", |_| MOVED);
    let text = format!("{}{moved}{:<digits$}", slot.state.glyph(), slot.node);
    let style = match slot.state {
        SlotState::Kept => theme.good(),
        SlotState::Written => theme.text(),
        SlotState::Reserved | SlotState::Forgotten => theme.dim(),
    };
    let is_selected = view.row().map(|row| view.picture.rows[row].node) == Some(slot.node);
    match is_selected {
        true => Span::styled(text, style.patch(theme.emphasis(Emphasis::Selected))),
        false => Span::styled(text, style),
    }
}

/// What the signs mean, with their counts now.
fn legend(view: &PassView<'_>) -> Line<'static> {
    let cache = &view.picture.cache;
    let mut spans = vec![Span::raw(" ".repeat(NAME))];
    for state in SlotState::ALL {
        let n = cache.count(state);
        if n == 0 && state != SlotState::Written {
            continue;
        }
        let count = if n > 0 {
            format!("{n} ")
        } else {
            String::new()
        };
        let text = format!("{} {count}{}  ", state.glyph(), state.name());
        spans.push(Span::styled(text, view.theme.dim()));
    }
    if cache.n_moved() > 0 {
        let text = format!("{MOVED} {} moved", cache.n_moved());
        spans.push(Span::styled(text, view.theme.dim()));
    }
    Line::from(spans)
}

fn told(view: &PassView<'_>, width: usize) -> Vec<Line<'static>> {
    let note = view.picture.note.map(str::to_string);
    let texts = view.picture.cache.told.iter().cloned().chain(note);
    let rows = texts.flat_map(|text| wrap(&text, width));
    rows.map(|text| Line::styled(text, view.theme.text()))
        .collect()
}
