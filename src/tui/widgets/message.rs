//! A box with a text.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Text;
use ratatui::widgets::{Paragraph, Widget};

use super::pane;
use super::paragraph::wrap;
use crate::present::theme::Theme;

const WIDTH: u16 = 72;

pub(crate) fn render(title: &str, text: &str, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let width = WIDTH.min(area.width - 4);
    let lines = wrap(text, usize::from(width - 4));
    let rect = pane::centred(area, width, lines.len() as u16 + 2);
    let inner = pane::dialog(title, rect, theme, buf);
    let text = Text::from_iter(lines).style(theme.text());
    Paragraph::new(text).render(inner, buf);
}
