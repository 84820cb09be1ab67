//! The Pool screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::pane;
use crate::tui::state::app::App;
use crate::tui::theme::Theme;

pub fn render(_app: &App, theme: &Theme, body: Rect, buf: &mut Buffer) {
    pane::frame(body, true, theme, buf);
}
