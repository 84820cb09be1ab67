//! The dialog of the forms a run can be exported in.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::present::format::Format;
use crate::present::theme::Theme;
use crate::tui::widgets::pane;

const WIDTH: u16 = 68;

pub fn place(area: Rect) -> Rect {
    pane::centred(area, WIDTH, Format::ALL.len() as u16 + 2)
}

pub fn render(row: usize, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let inner = pane::dialog("EXPORT THE RUN", place(area), theme, buf);
    for (i, format) in Format::ALL.into_iter().enumerate() {
        let line = Line::from(vec![
            Span::styled(format!("{:<6}", format.name()), theme.strong()),
            Span::styled(format.about(), theme.text()),
        ]);
        pane::put(buf, inner, i as u16, &line);
        if i == row {
            pane::light(inner, i as u16, theme, buf);
        }
    }
}
