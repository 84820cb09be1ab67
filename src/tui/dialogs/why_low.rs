//! Why acceptance is as low as it is: the cause of every step's end, counted, with its
//! lever, and the cause of the step looked at. All of it comes from `speculate::why_low`.

use std::rc::Rc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::page::{NO_STEP_YET, Page};
use crate::glossary::GlossaryPlace;
use crate::present::number::{count, percent, percent_of_tenths};
use crate::present::record::WhyLowSteps;
use crate::present::theme::Theme;
use crate::protocol::Command;
use crate::speculate::trace::Step;
use crate::speculate::why_low::{CauseKind, LowCause};
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::app::dialog::Dialog;
use crate::tui::keys::context::Context;
use crate::tui::screens::decode::state::Cursor;
use crate::tui::widgets::bars;
use crate::tui::widgets::paragraph::wrap;

const PAGE: Page = Page {
    title: "WHY LOW?",
    width: 100,
    lines,
};
const LABEL: usize = 18;
const COLUMN: usize = 8;
const BAR: usize = 20;
/// Columns before a lever.
const INDENT: &str = "  ";

#[derive(Debug, Default)]
pub(crate) struct WhyLowDialog {
    pub(crate) scroll: usize,
}

impl Dialog for WhyLowDialog {
    fn context(&self) -> Context {
        Context::WhyLow
    }

    fn place(&self) -> Option<GlossaryPlace> {
        Some(GlossaryPlace::WhyLow)
    }

    fn update(mut self: Box<Self>, app: &mut App, action: &Action) -> Vec<Command> {
        match action {
            Action::Close => return Vec::new(),
            Action::PreviousStep => app.move_steps(-1),
            Action::NextStep => app.move_steps(1),
            Action::PreviousMatch => go_to_alike(app, false),
            Action::NextMatch => go_to_alike(app, true),
            other => self.scroll = PAGE.scrolled(app, self.scroll, other),
        }
        app.keep(self);
        Vec::new()
    }

    fn render(&self, app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
        PAGE.render(app, self.scroll, theme, area, buf);
    }
}

/// To the previous or next step with the cause of the one looked at.
fn go_to_alike(app: &mut App, forward: bool) {
    let (Some(record), Some(at)) = (app.record(), app.step_index()) else {
        return;
    };
    let why = record.why_low();
    let Some(here) = why.steps.get(at).map(LowCause::kind) else {
        return;
    };
    let is_alike = |&i: &usize| why.steps[i].kind() == here;
    let found = match forward {
        true => (at + 1..why.steps.len()).find(is_alike),
        false => (0..at).rev().find(is_alike),
    };
    if let Some(step) = found {
        app.decode.go_to(Cursor::at(step));
    }
}

fn lines(app: &App, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let (Some(record), Some(step)) = (app.known(), app.known_step()) else {
        return vec![Line::styled(NO_STEP_YET, theme.text())];
    };
    let page = CausesPage {
        why: record.why_low(),
        theme,
        width,
    };
    let mut lines = page.verdict();
    lines.push(Line::default());
    lines.extend(page.counts());
    lines.push(Line::default());
    lines.extend(page.here(step));
    lines.push(Line::default());
    lines.extend(page.levers());
    lines
}

struct CausesPage<'a> {
    why: Rc<WhyLowSteps>,
    theme: &'a Theme,
    width: usize,
}

impl CausesPage<'_> {
    fn prose(&self, text: &str) -> Vec<String> {
        wrap(text, self.width.saturating_sub(INDENT.len()))
    }

    /// The most frequent cause, in a sentence.
    fn verdict(&self) -> Vec<Line<'static>> {
        let why = &self.why.all;
        let mal = why
            .stats
            .mal()
            .map_or("—".into(), |mal| format!("{mal:.2}"));
        let steps = count(why.n_steps(), "step");
        let said = match why.main() {
            Some(main) => {
                let share = percent(why.share(main).unwrap_or(0.0));
                format!("MAL {mal} in {steps}. In {share} of them {}.", main.about())
            }
            None => format!("MAL {mal} in {steps}. All drafts were accepted to their ends."),
        };
        let said = wrap(&said, self.width).into_iter();
        said.map(|text| Line::styled(text, self.theme.strong()))
            .collect()
    }

    /// A row a cause: steps, share, bar, what its lever brings.
    fn counts(&self) -> Vec<Line<'static>> {
        let heads = format!("{:>COLUMN$}{:>COLUMN$}  ", "steps", "share");
        let has_bars = self.width >= LABEL + 2 * COLUMN + BAR + 24;
        let brings = match has_bars {
            true => format!("{}its lever brings", " ".repeat(BAR + 1)),
            false => "its lever brings".to_string(),
        };
        let mut lines = vec![Line::from(vec![
            Span::styled(format!("{:<LABEL$}", "cause"), self.theme.accent()),
            Span::styled(heads, self.theme.dim()),
            Span::styled(brings, self.theme.dim()),
        ])];
        let tenths = self.why.all.tenths();
        for kind in self.why.all.kinds() {
            let share = tenths[kind as usize];
            let n = self.why.all.n(kind);
            let figures = format!("{n:>COLUMN$}{:>COLUMN$}  ", percent_of_tenths(share));
            let brings = self.why.all.lever(kind).brings;
            let brings = brings.map_or("—".into(), |b| b.in_words());
            let mut line = Line::from(vec![
                Span::styled(format!("{:<LABEL$}", kind.title()), self.theme.dim()),
                Span::styled(figures, self.theme.text()),
            ]);
            if has_bars {
                let bar = bars::across(share as f64 / 1000.0, BAR);
                line.push_span(Span::styled(format!("{bar:<BAR$} "), self.theme.gauge()));
            }
            line.push_span(Span::styled(brings, self.theme.text()));
            lines.push(line);
        }
        lines
    }

    /// The step looked at.
    fn here(&self, step: &Step) -> Vec<Line<'static>> {
        let Some(cause) = self.why.steps.get(step.index) else {
            return Vec::new();
        };
        let title = format!("step {}: {}", step.index + 1, cause.kind().title());
        let mut lines = vec![Line::styled(title, self.theme.accent())];
        lines.extend(self.indented(&cause.in_words(step)));
        lines
    }

    /// What would help, by cause.
    fn levers(&self) -> Vec<Line<'static>> {
        let lever = |kind: CauseKind| {
            let title = Line::from(vec![
                Span::styled(kind.title(), self.theme.accent()),
                Span::styled(": ", self.theme.text()),
                Span::styled(kind.about(), self.theme.text()),
            ]);
            let lever = format!("lever: {}", self.why.all.lever(kind).text);
            std::iter::once(title).chain(self.indented(&lever))
        };
        self.why.all.kinds().flat_map(lever).collect()
    }

    fn indented(&self, text: &str) -> Vec<Line<'static>> {
        let lines = self.prose(text).into_iter();
        let line = |text| Line::styled(format!("{INDENT}{text}"), self.theme.text());
        lines.map(line).collect()
    }
}
