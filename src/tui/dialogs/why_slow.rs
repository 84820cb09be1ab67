//! Why the run is as slow as it is: a verdict, then the figures behind it. All of
//! them come from `speculate::why_slow`; what is estimated says so.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::page::{NO_STEP_YET, Page};
use crate::glossary::GlossaryPlace;
use crate::present::mark::Mark;
use crate::present::number::{NOT_RECORDED, UNKNOWN, percent, prob, three};
use crate::present::theme::Theme;
use crate::protocol::Command;
use crate::speculate::params::Source;
use crate::speculate::trace::{Step, Timing};
use crate::speculate::why_slow::{Cell, Machine, MeanCost, Said, Verdict, WhySlow};
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::app::dialog::Dialog;
use crate::tui::keys::context::Context;
use crate::tui::screens::decode::panes::origin::source_name;
use crate::tui::widgets::bars;
use crate::tui::widgets::paragraph::wrap;

const PAGE: Page = Page {
    title: "WHY SLOW?",
    width: 110,
    lines,
};
const LABEL: usize = 22;
const COLUMN: usize = 10;
/// Columns of a depth.
const DEPTH: usize = 4;
const BAR: usize = 24;

#[derive(Debug, Default)]
pub(crate) struct WhySlowDialog {
    pub(crate) scroll: usize,
}

impl Dialog for WhySlowDialog {
    fn context(&self) -> Context {
        Context::WhySlow
    }

    fn place(&self) -> Option<GlossaryPlace> {
        Some(GlossaryPlace::WhySlow)
    }

    fn update(mut self: Box<Self>, app: &mut App, action: &Action) -> Vec<Command> {
        match action {
            Action::Close => return Vec::new(),
            Action::PreviousStep => app.move_steps(-1),
            Action::NextStep => app.move_steps(1),
            other => self.scroll = PAGE.scrolled(app, self.scroll, other),
        }
        app.keep(self);
        Vec::new()
    }

    fn render(&self, app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
        PAGE.render(app, self.scroll, theme, area, buf);
    }
}

fn lines(app: &App, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let (Some(record), Some(step)) = (app.known(), app.known_step()) else {
        return vec![Line::styled(NO_STEP_YET, theme.text())];
    };
    let measured = app.measured_run().and_then(|run| run.speed_up());
    let measured = measured.map(|s| s.median);
    let facts = Facts {
        why: &record.why,
        step,
        measured,
        theme,
        width,
    };
    let said = verdict(app, &record.why.verdict(measured));
    let said = said.iter().flat_map(|text| wrap(text, width));
    let mut lines: Vec<Line<'static>> = said.map(|t| Line::styled(t, theme.strong())).collect();
    for part in [
        facts.costs(),
        facts.parts(),
        facts.wasted(),
        facts.depths(),
        facts.elsewhere(),
    ] {
        lines.push(Line::default());
        lines.extend(part);
    }
    lines
}

/// A line a sentence; where the profile is to blame, with the way out.
fn verdict(app: &App, verdict: &Verdict) -> Vec<String> {
    let key = app.key_of(Context::Anywhere, Action::MeasureCost);
    let mut said: Vec<String> = verdict.said.iter().map(Said::in_words).collect();
    if let (Some(last), true) = (said.last_mut(), verdict.wants_profile()) {
        last.push_str(&format!(" ({key} measures the profile.)"));
    }
    said
}

struct Facts<'a> {
    why: &'a WhySlow,
    step: &'a Step,
    /// Speed-up over autoregressive runs that were made.
    measured: Option<f64>,
    theme: &'a Theme,
    width: usize,
}

impl Facts<'_> {
    fn heads(&self, text: &str, heads: [&str; 2]) -> Line<'static> {
        let columns = heads.map(|h| format!("{h:>COLUMN$}")).concat();
        Line::from(vec![
            Span::styled(format!("{text:<LABEL$}"), self.theme.accent()),
            Span::styled(columns, self.theme.dim()),
        ])
    }

    fn row(&self, label: &str, values: [String; 2], note: &str) -> Line<'static> {
        let [here, mean] = values.map(|v| format!("{v:>COLUMN$}"));
        Line::from(vec![
            Span::styled(format!("{label:<LABEL$}"), self.theme.dim()),
            Span::styled(here, self.theme.strong()),
            Span::styled(mean, self.theme.text()),
            Span::styled(format!("  {note}"), self.theme.dim()),
        ])
    }

    /// This step and the mean one: rows, predicted and measured, break-even.
    fn costs(&self) -> Vec<Line<'static>> {
        let heads = self.heads("cost of a step", ["this step", "mean"]);
        let (Some(here), Some(mean)) = (self.why.step_cost(self.step), self.why.mean_cost()) else {
            let text = "This trace has no measured t(n), so nothing can be predicted.";
            return vec![heads, Line::styled(text, self.theme.dim())];
        };
        let ms = |a: f64, b: f64| [three(a), three(b)];
        let tokens = |a: f64, b: f64| [a, b].map(|t| format!("{t:.1}"));
        let n_committed = here.committed as f64;
        let mut lines = vec![
            heads,
            self.row(
                "rows",
                [here.rows.to_string(), three(mean.rows)],
                "root and draft tokens",
            ),
            self.row(
                "predicted ms",
                ms(here.predicted_ms, mean.predicted_ms),
                "by the profile, t(n)",
            ),
            self.measured_ms([here.measured_ms, mean.measured_ms]),
            self.row(
                "tokens to break even",
                tokens(here.break_even, mean.break_even),
                "est. by profile",
            ),
        ];
        if let Some(speed_up) = self.measured {
            let values = ["—".to_string(), format!("{:.1}", mean.committed / speed_up)];
            lines.push(self.row("", values, "as measured"));
        }
        lines.push(self.row("tokens committed", tokens(n_committed, mean.committed), ""));
        lines
    }

    fn measured_ms(&self, ms: [Option<f64>; 2]) -> Line<'static> {
        let is_recorded = ms.iter().all(Option::is_some);
        let ms = ms.map(|ms| ms.map_or(UNKNOWN.into(), three));
        let note = if is_recorded { "" } else { NOT_RECORDED };
        self.row("measured ms", ms, note)
    }

    /// Milliseconds by phase, the mean as bars.
    fn parts(&self) -> Vec<Line<'static>> {
        let mut lines = vec![self.heads("milliseconds by phase", ["this step", "mean"])];
        let Some(mean) = self.why.mean_timing() else {
            let text = format!("The steps' times are {NOT_RECORDED}.");
            lines.push(Line::styled(text, self.theme.dim()));
            return lines;
        };
        let total = mean.total().max(f64::MIN_POSITIVE);
        let here = self.step.timing.as_ref().map(by_part);
        for (i, (name, mean)) in by_part(&mean).into_iter().enumerate() {
            let ms = |ms: f64| format!("{ms:.2}");
            let here = here.map_or(UNKNOWN.into(), |here| ms(here[i].1));
            let mut line = self.row(name, [here, ms(mean)], "");
            let bar = bars::across(
                mean / total,
                BAR.min(self.width.saturating_sub(LABEL + 2 * COLUMN + 8)),
            );
            line.push_span(Span::styled(bar, self.theme.gauge()));
            line.push_span(Span::styled(
                format!(" {}", percent(mean / total)),
                self.theme.dim(),
            ));
            lines.push(line);
        }
        lines
    }

    fn wasted(&self) -> Vec<Line<'static>> {
        let share = self.why.wasted_share().map_or("—".into(), percent);
        let mut text = format!(
            "{} of {} rows, {share}",
            self.why.wasted_rows(),
            self.why.rows()
        );
        if let Some(time) = self.why.wasted_time() {
            text.push_str(&format!("; est. {} of the time", percent(time)));
        }
        vec![Line::from(vec![
            Span::styled(format!("{:<LABEL$}", "wasted rows"), self.theme.accent()),
            Span::styled(text, self.theme.text()),
        ])]
    }

    /// How many depths there is room and use for.
    fn n_depths(&self) -> usize {
        let used = |s: &Source| self.why.of(*s).iter().rposition(|c| c.drafted > 0);
        let deepest = Source::ALL
            .iter()
            .filter_map(used)
            .max()
            .map_or(0, |d| d + 1);
        deepest.min(self.width.saturating_sub(LABEL + 6) / DEPTH)
    }

    /// Per source: accepted at a depth given that everything before was, and the
    /// rows wasted there.
    fn depths(&self) -> Vec<Line<'static>> {
        let n = self.n_depths();
        let numbers: String = (1..=n).map(|d| format!("{d:>DEPTH$}")).collect();
        let mut lines = vec![Line::from(vec![
            Span::styled(
                format!("{:<LABEL$}", "accepted, by depth"),
                self.theme.accent(),
            ),
            Span::styled(format!("{:>6}{numbers}", "all"), self.theme.dim()),
        ])];
        let drafting = |s: &Source| self.why.whole(*s).drafted > 0;
        let sources: Vec<Source> = Source::ALL.into_iter().filter(drafting).collect();
        let taken = |c: &Cell| c.conditional().map_or("·".into(), |p| prob(p as f32));
        for &source in &sources {
            let whole = self.why.whole(source);
            let all = percent(whole.committed as f64 / whole.drafted.max(1) as f64);
            lines.push(self.depth_row(source_name(source), &all, source, n, &taken));
        }
        lines.push(Line::styled("wasted rows, by depth", self.theme.accent()));
        let wasted = |c: &Cell| match c.wasted() {
            0 => "·".into(),
            n => n.to_string(),
        };
        for &source in &sources {
            let all = self.why.whole(source).wasted().to_string();
            lines.push(self.depth_row(source_name(source), &all, source, n, &wasted));
        }
        lines
    }

    fn depth_row(
        &self,
        name: &str,
        all: &str,
        source: Source,
        n: usize,
        value: &dyn Fn(&Cell) -> String,
    ) -> Line<'static> {
        let cells = &self.why.of(source)[..n];
        let values: String = cells
            .iter()
            .map(|c| format!("{:>DEPTH$}", value(c)))
            .collect();
        Line::from(vec![
            Span::styled(format!("{name:<LABEL$}"), self.theme.dim()),
            Span::styled(format!("{all:>6}"), self.theme.strong()),
            Span::styled(values, self.theme.text()),
        ])
    }

    fn elsewhere(&self) -> Vec<Line<'static>> {
        let head = Line::from(vec![
            Span::styled(
                format!("{:<LABEL$}", "automatic budget"),
                self.theme.accent(),
            ),
            Span::styled(
                format!("{:>COLUMN$}{:>COLUMN$}", "rows", "speed"),
                self.theme.dim(),
            ),
            Span::styled(
                "  est.",
                self.theme
                    .mark(Mark::Fate(crate::speculate::verify::Fate::Relaxed)),
            ),
            Span::styled(", by profile", self.theme.dim()),
        ]);
        let own = self.why.mean_cost().zip(self.why.by_profile());
        let own = own.map(|(MeanCost { rows, .. }, speed_up)| {
            let values = [format!("{rows:.1}"), format!("{}×", three(speed_up))];
            self.row("this run", values, "its own budget")
        });
        let rows = Machine::ALL.into_iter().filter_map(|machine| {
            let (rows, speed_up) = self.why.elsewhere(machine)?;
            let least = if machine == Machine::Flat { "≥ " } else { "" };
            let values = [format!("{rows:.1}"), format!("{least}{}×", three(speed_up))];
            let (name, note) = described(machine);
            Some(self.row(name, values, note))
        });
        let lines: Vec<Line<'static>> = std::iter::once(head).chain(own).chain(rows).collect();
        if lines.len() == 1 { Vec::new() } else { lines }
    }
}

fn described(machine: Machine) -> (&'static str, &'static str) {
    match machine {
        Machine::Here => ("here", "automatic, t(n) as profiled"),
        Machine::Flat => ("flat t(n)", "as on a GPU: rows cost nothing"),
        Machine::Steep => ("twice as steep", "a further row costs double"),
    }
}

fn by_part(t: &Timing) -> [(&'static str, f64); 5] {
    [
        ("retrieve", t.retrieve),
        ("draft", t.draft),
        ("forward", t.forward),
        ("verify", t.verify),
        ("commit", t.commit),
    ]
}
