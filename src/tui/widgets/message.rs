//! A box with a text.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::pane;
use super::paragraph::wrap;
use crate::present::theme::Theme;

const WIDTH: u16 = 72;

pub fn render(title: &str, text: &str, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let width = WIDTH.min(area.width - 4);
    let lines = wrap(text, usize::from(width - 4));
    let rect = pane::centred(area, width, lines.len() as u16 + 2);
    let inner = pane::dialog(title, rect, theme, buf);
    for (row, text) in lines.into_iter().enumerate() {
        pane::put(buf, inner, row as u16, &Line::styled(text, theme.text()));
    }
}
