//! The cache rows behind the prefix as slots: what the pass writes, what is kept, what is
//! forgotten.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget};

use super::PassView;
use crate::present::pass_picture::{CachePicture, CacheSlot, PassPicture, SlotState};
use crate::present::step_phase::StepPhase;
use crate::present::theme::Emphasis;
use crate::present::token_text::{columns, pad};
use crate::tui::widgets::pane::below;
use crate::tui::widgets::paragraph::wrap;

/// Columns of a strip's name.
const NAME: usize = 10;
/// A kept row that was copied.
const MOVED: &str = "◂";

/// The strips, and below them what happened. Where both are too high, how it was before is
/// left out.
pub(super) fn render(view: &PassView<'_>, area: Rect, buf: &mut Buffer) {
    let width = usize::from(area.width);
    let room = usize::from(area.height).saturating_sub(told(view, width).len() + 1);
    let all = strips(view, width, StripsShown::All);
    let strips = match all.len() <= room {
        true => all,
        false => strips(view, width, StripsShown::Last),
    };
    let under = below(area, strips.len() as u16 + 1);
    Paragraph::new(strips).render(area, buf);
    render_told(view, under, buf);
}

fn told(view: &PassView<'_>, width: usize) -> Vec<String> {
    let note = view.picture.note.map(str::to_string);
    let texts = view.picture.cache.told.iter().cloned().chain(note);
    texts.flat_map(|text| wrap(&text, width)).collect()
}

/// Which strips there is room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StripsShown {
    /// After commit also how the cache was before it.
    All,
    /// As the cache is.
    Last,
}

/// What happened so far, in sentences.
pub(super) fn render_told(view: &PassView<'_>, area: Rect, buf: &mut Buffer) {
    let rows = told(view, usize::from(area.width)).into_iter();
    let lines = rows.map(|text| Line::styled(text, view.theme.text()));
    Paragraph::new(lines.collect::<Vec<_>>()).render(area, buf);
}

/// The cache as it is, after commit also as it was before, and what the signs mean.
pub(super) fn strips(view: &PassView<'_>, width: usize, shown: StripsShown) -> Vec<Line<'static>> {
    let mut lines = vec![head(view)];
    let before = written_before(view).filter(|_| shown == StripsShown::All);
    for cache in before.iter().chain([&view.picture.cache]) {
        lines.extend(strip(view, cache, width));
    }
    lines.push(legend(view));
    lines
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
    let is_over = view.picture.phase == StepPhase::Commit;
    is_over.then(|| PassPicture::of(view.record, view.step, StepPhase::Verify).cache)
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
    let prefix = format!("{} prefix {}  ", SlotState::Kept.glyph(), cache.prefix);
    let indent = NAME + columns(&prefix);
    let mut line = Line::from(vec![
        Span::styled(pad(name, NAME), theme.dim()),
        Span::styled(prefix, theme.text()),
    ]);
    let digits = cache.slots.len().saturating_sub(1).to_string().len();
    let in_a_line = (width.saturating_sub(indent) / (3 + digits)).max(1);
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
    let counts = SlotState::ALL.map(|state| (state.glyph(), cache.count(state), state.name()));
    let moved = (MOVED, cache.n_moved(), "moved");
    let shown = counts.into_iter().chain([moved]).filter(|&(_, n, _)| n > 0);
    let texts = shown.map(|(glyph, n, name)| format!("{glyph} {n} {name}   "));
    let text = format!("{}{}", " ".repeat(NAME), texts.collect::<String>());
    Line::styled(text, view.theme.dim())
}
