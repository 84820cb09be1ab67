//! The price of a row, pass by pass: the path probability that one more row needed, beside
//! the lowest that was given one, over the rows of the pass.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::present::number::prob;
use crate::present::theme::{Emphasis, Theme};
use crate::present::token_text::fit;
use crate::speculate::passes::PassRecord;
use crate::tui::app::App;
use crate::tui::widgets::{bars, pane};

/// Columns of the names at the left.
const NAME: u16 = 5;
/// The lowest probability that was given a row.
const CUT: &str = "•";

pub(crate) fn note(theme: &Theme) -> Vec<Line<'static>> {
    let line = |needed: &'static str, cut: &'static str| {
        Line::from(vec![
            Span::styled("█", theme.gauge()),
            Span::styled(needed, theme.dim()),
            Span::styled(CUT, theme.warning()),
            Span::styled(cut, theme.dim()),
        ])
    };
    vec![
        line(" needed by one more row ", " lowest that got one"),
        line(" needed ", " got one"),
    ]
}

pub(crate) fn render(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let Some((course, at)) = app.batch.at() else {
        return;
    };
    let plot = Rect {
        x: area.x + NAME,
        width: area.width.saturating_sub(NAME),
        height: area.height.saturating_sub(2),
        ..area
    };
    let pass = &course.passes[at];
    let text = fit(&told(pass), usize::from(area.width));
    let text = Line::styled(text, theme.text());
    pane::put(buf, area, area.height.saturating_sub(1), &text);
    if plot.height < 2 || plot.width < 4 {
        return;
    }
    names(theme, area, plot, buf);
    let window = Window::around(at, course.passes.len(), usize::from(plot.width));
    let shown = &course.passes[window.first..window.end];
    let most = shown.iter().map(|pass| pass.rows).max().unwrap_or(1);
    for (i, pass) in shown.iter().enumerate() {
        let x = plot.x + i as u16;
        column(pass, theme, x, plot, buf);
        let level = bars::level(pass.rows as f64 / most as f64);
        buf.set_string(x, plot.bottom(), level, theme.text());
        if window.first + i == at {
            let place = Rect {
                x,
                width: 1,
                height: plot.height + 1,
                ..plot
            };
            buf.set_style(place, theme.emphasis(Emphasis::Selected));
        }
    }
}

/// The axis: probabilities, and below them the rows.
fn names(theme: &Theme, area: Rect, plot: Rect, buf: &mut Buffer) {
    for (row, name) in [(0, "1.0"), (plot.height - 1, "0"), (plot.height, "rows")] {
        let name = format!("{name:>4}");
        pane::put(buf, area, row, &Line::styled(name, theme.dim()));
    }
}

fn column(pass: &PassRecord, theme: &Theme, x: u16, plot: Rect, buf: &mut Buffer) {
    let height = usize::from(plot.height);
    if let Some(needed) = pass.needed {
        for row in 0..height {
            let sign = bars::upright(f64::from(needed), height, row);
            let y = plot.bottom() - 1 - row as u16;
            buf.set_string(x, y, sign, theme.gauge());
        }
    }
    if let Some(cut) = pass.cut {
        let row = (f64::from(cut.clamp(0.0, 1.0)) * height as f64) as u16;
        let y = plot.bottom() - 1 - row.min(plot.height - 1);
        buf.set_string(x, y, CUT, theme.warning());
    }
}

/// The pass looked at, in words.
fn told(pass: &PassRecord) -> String {
    match (pass.needed, pass.cut) {
        (None, _) if pass.rows == pass.prompt => "Only prompts: no rows were allocated.".into(),
        (None, _) => "Not recorded: only strict with budget auto shares rows.".into(),
        (Some(needed), None) => format!("One more row needed {}; no draft had it.", prob(needed)),
        (Some(needed), Some(cut)) => format!(
            "One more row needed {}; drafts down to {} got one.",
            prob(needed),
            prob(cut)
        ),
    }
}

/// The passes in view.
struct Window {
    first: usize,
    end: usize,
}

impl Window {
    /// As many as fit, the pass looked at among them.
    fn around(at: usize, n: usize, width: usize) -> Self {
        let end = (at + 1 + width / 4).min(n).max(width.min(n));
        Window {
            first: end.saturating_sub(width),
            end,
        }
    }
}
