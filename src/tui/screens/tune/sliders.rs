//! The settings as sliders, each with what moving it means for a recorded run.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::present::theme::Theme;
use crate::present::token_text::{fit, pad};
use crate::speculate::parameters::Reach;
use crate::tui::app::App;
use crate::tui::screens::tune::state::Side;
use crate::tui::settings::Setting;
use crate::tui::widgets::list::marked;
use crate::tui::widgets::pane::put;
use crate::tui::widgets::paragraph::wrap;

const NAME: usize = 13;
const VALUE: usize = 11;
const TAG: usize = 12;

pub(crate) fn render(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let sliders = Setting::sliders(&app.tune.params);
    let selected = app.tune.row.min(sliders.len() - 1);
    let lines = sliders.iter();
    let lines = lines.map(|&setting| line(app, setting, theme, area.width));
    let chosen = Some(selected).filter(|_| app.tune.side == Side::Sliders);
    marked(lines, chosen, theme, area, buf);
    let about = wrap(sliders[selected].about(), usize::from(area.width));
    for (row, text) in (sliders.len() as u16 + 1..).zip(about) {
        put(buf, area, row, &Line::styled(text, theme.dim()));
    }
}

fn line(app: &App, setting: Setting, theme: &Theme, width: u16) -> Line<'static> {
    let params = &app.tune.params;
    let value = fit(&setting.value(params), VALUE - 1);
    let room = usize::from(width).saturating_sub(NAME + VALUE + TAG);
    let (full, rest) = match setting.switch(params) {
        Some(switch) => (pad(switch, room), String::new()),
        None => track(setting.notches(params), room),
    };
    let (tag, style) = tag(app, setting, theme);
    Line::from(vec![
        Span::styled(format!("{:<NAME$}", setting.name()), theme.text()),
        Span::styled(format!("{value:<VALUE$}"), theme.strong()),
        Span::styled(full, theme.gauge()),
        Span::styled(rest, theme.track()),
        Span::styled(format!(" {tag}"), style),
    ])
}

/// The part before the knob with the knob, and the part after it.
fn track(notches: Option<(usize, usize)>, width: usize) -> (String, String) {
    let Some((below, above)) = notches.filter(|_| width > 1) else {
        return (String::new(), " ".repeat(width));
    };
    let share = below as f64 / (below + above).max(1) as f64;
    let knob = (share * (width - 1) as f64).round() as usize;
    let full = format!("{}●", "━".repeat(knob));
    (full, "─".repeat(width - 1 - knob))
}

/// Whether it was moved, and what answers for it.
fn tag(app: &App, setting: Setting, theme: &Theme) -> (&'static str, ratatui::style::Style) {
    let recorded = app.tuned_run();
    let moved = recorded.is_some_and(|p| setting.value(&p) != setting.value(&app.tune.params));
    match (moved, setting.reach()) {
        (_, _) if recorded.is_none() => ("", theme.dim()),
        (true, Reach::Rerun(_)) => ("needs rerun", theme.warning()),
        (true, _) => ("re-judged", theme.good()),
        (false, Reach::Rejudged) => ("at once", theme.dim()),
        (false, Reach::RejudgedIfLess) => ("if less", theme.dim()),
        (false, Reach::Rerun(_)) => ("rerun", theme.dim()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_knob_goes_from_end_to_end() {
        let at = |below, above| track(Some((below, above)), 5);
        assert_eq!(at(0, 4), ("●".into(), "────".into()));
        assert_eq!(at(2, 2), ("━━●".into(), "──".into()));
        assert_eq!(at(4, 0), ("━━━━●".into(), String::new()));
        assert_eq!(track(None, 3), (String::new(), "   ".into()));
    }
}
