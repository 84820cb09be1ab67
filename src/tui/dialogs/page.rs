//! A dialog of lines that may be higher than the screen: as wide and as high as they need,
//! scrolled, with how many are below.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Paragraph, Widget};

use crate::present::theme::Theme;
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::shell::layout;
use crate::tui::widgets::list::moved;
use crate::tui::widgets::pane;

/// What a page about a run says while its first step is walked.
pub(super) const NO_STEP_YET: &str = "No step has been committed yet.";

/// What does not change while it is open.
pub(super) struct Page {
    pub(super) title: &'static str,
    /// Where there is room, in columns.
    pub(super) width: u16,
    /// Its lines, no wider than this.
    pub(super) lines: fn(&App, &Theme, usize) -> Vec<Line<'static>>,
}

impl Page {
    /// Columns of its lines.
    fn inner_width(&self, area: Rect) -> usize {
        usize::from(self.width.min(area.width).saturating_sub(4))
    }

    /// How far it is scrolled after an action.
    pub(super) fn scrolled(&self, app: &App, scroll: usize, action: &Action) -> usize {
        let (area, theme) = (layout::whole(app), app.look.theme.theme());
        let height = usize::from(area.height.saturating_sub(4));
        let n = (self.lines)(app, &theme, self.inner_width(area)).len();
        moved(scroll, action, n.saturating_sub(height))
    }

    pub(super) fn render(
        &self,
        app: &App,
        scroll: usize,
        theme: &Theme,
        area: Rect,
        buf: &mut Buffer,
    ) {
        let lines = (self.lines)(app, theme, self.inner_width(area));
        let height = (lines.len() as u16 + 2).min(area.height.saturating_sub(2));
        let rect = pane::centred(area, self.width.min(area.width), height);
        let inner = pane::dialog(self.title, rect, theme, buf);
        let shown = scroll + usize::from(inner.height);
        let hidden = lines.len().saturating_sub(shown);
        Paragraph::new(lines)
            .scroll((scroll as u16, 0))
            .render(inner, buf);
        if hidden > 0 {
            pane::more(&format!("{hidden} more"), inner, theme, buf);
        }
    }
}
