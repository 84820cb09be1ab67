//! What the moved settings would have made of the run that is shown: old and new
//! figures, how far they are exact, and what needs a rerun.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Paragraph, Widget};

use crate::present::number::{count, percent, three};
use crate::present::theme::Theme;
use crate::present::token_text::fit;
use crate::speculate::whatif::{Figures, OldNew, WhatIf};
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::keys::context::Context;
use crate::tui::screens::tune::state::Answered;
use crate::tui::widgets::pane;
use crate::tui::widgets::paragraph::wrap;

const LABEL: usize = 11;
const COLUMN: usize = 8;

pub(crate) fn render(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let mut page = Page {
        lines: Vec::new(),
        width: usize::from(area.width),
        theme,
    };
    page.fill(app);
    let n_lines = page.lines.len();
    Paragraph::new(page.lines).render(area, buf);
    command(app, theme, area, n_lines, buf);
}

/// The command line, at the bottom where there is room for it.
fn command(app: &App, theme: &Theme, area: Rect, used: usize, buf: &mut Buffer) {
    let lines = wrap(&app.tuned_command(), usize::from(area.width));
    let Some(top) = usize::from(area.height).checked_sub(lines.len() + 1) else {
        return;
    };
    if top <= used {
        return;
    }
    let key = app.key_of(Context::Tune, Action::CopyCommand);
    let mut text = Text::styled(format!("{key} copies:"), theme.dim());
    text.extend(lines.into_iter().map(|l| Line::styled(l, theme.text())));
    Paragraph::new(text).render(pane::below(area, top as u16), buf);
}

struct Page<'a> {
    lines: Vec<Line<'static>>,
    width: usize,
    theme: &'a Theme,
}

impl Page<'_> {
    fn prose(&mut self, text: &str, style: Style) {
        let lines = wrap(text, self.width);
        self.lines
            .extend(lines.into_iter().map(|l| Line::styled(l, style)));
    }

    fn fill(&mut self, app: &App) {
        self.lines
            .push(Line::styled("WHAT IF", self.theme.title(true)));
        let Some(run) = app.run().filter(|r| r.n_steps() > 0) else {
            let text = format!(
                "No run yet: {} decodes the catalog's selected subject with these settings.",
                app.key_of(Context::Tune, Action::Submit)
            );
            return self.prose(&text, self.theme.dim());
        };
        let about = format!("{}, {}", run.subject.title, count(run.n_steps(), "step"));
        self.lines
            .push(Line::styled(fit(&about, self.width), self.theme.dim()));
        match &app.tune.answered {
            None => self.prose(
                "Move a slider: those marked `at once` are judged again from the recorded rows.",
                self.theme.dim(),
            ),
            Some(answered) => self.answer(app, answered),
        }
    }

    fn answer(&mut self, app: &App, answered: &Answered) {
        let what_if = &answered.what_if;
        let rests = !answered.rerun.is_empty();
        if what_if.n_exact() > 0 {
            self.table(&what_if.exact);
        }
        self.exactness(what_if);
        for knob in &answered.rerun {
            let text = format!("{} needs a rerun: {}", knob.name(), knob.why());
            self.prose(&text, self.theme.warning());
        }
        if what_if.needs_rerun() || rests {
            let run = app.key_of(Context::Tune, Action::Submit);
            let text = match rests {
                true => format!("{run} runs it for real"),
                false => format!(
                    "{} branches there, {run} reruns all of it",
                    app.key_of(Context::Tune, Action::Branch)
                ),
            };
            self.prose(&text, self.theme.dim());
        }
    }

    fn table(&mut self, figures: &OldNew) {
        let head = format!("{:LABEL$}{:>COLUMN$}  {:>COLUMN$}", "", "recorded", "now");
        self.lines.push(Line::styled(head, self.theme.dim()));
        let share = |value: Option<f64>| value.map_or("–".into(), percent);
        self.compare("MAL", figures, |f| f.mal().map_or("–".into(), three));
        self.compare("relaxed", figures, |f| share(f.relaxed_share()));
        self.compare("acceptance", figures, |f| share(f.acceptance()));
    }

    fn compare(&mut self, label: &str, figures: &OldNew, write: impl Fn(&Figures) -> String) {
        let (old, new) = (write(&figures.old), write(&figures.new));
        let style = if old == new {
            self.theme.text()
        } else {
            self.theme.strong()
        };
        self.lines.push(Line::from(vec![
            Span::styled(format!("{label:<LABEL$}"), self.theme.text()),
            Span::styled(format!("{old:>COLUMN$}"), self.theme.text()),
            Span::styled(" →", self.theme.dim()),
            Span::styled(format!("{new:>COLUMN$}"), style),
        ]));
    }

    /// How far this is exact, and what a rerun would be for.
    fn exactness(&mut self, what_if: &WhatIf) {
        let (n, exact) = (what_if.steps.len(), what_if.n_exact());
        let dim = self.theme.dim();
        match (what_if.first_change, what_if.first_unknown) {
            (None, None) => {
                let text = "Exact: every step would commit the same tokens.";
                return self.prose(text, self.theme.good());
            }
            (Some(step), _) => {
                let text = format!("Step {} is the first to commit other tokens.", step + 1);
                self.prose(&text, self.theme.strong());
            }
            (None, Some((step, knob))) => {
                let text = format!("Unknown from step {} on: {}", step + 1, knob.name());
                self.prose(&text, self.theme.warning());
                self.prose(knob.why(), dim);
            }
        }
        self.prose(
            &format!(
                "Exact over {exact} of {n} steps; the rest needs {}.",
                what_if.needed()
            ),
            dim,
        );
        let OldNew { old, new } = &what_if.in_recorded_contexts;
        if let (Some(old), Some(new)) = (old.mal(), new.mal()) {
            let over = match what_if.not_recorded {
                0 => format!("all {n}"),
                unknown => format!("the {} that can be judged", n - unknown),
            };
            let text = format!("est. over {over}: MAL {} → {}", three(old), three(new));
            self.prose(&text, dim);
        }
    }
}
