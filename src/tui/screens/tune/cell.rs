//! The figures of the cell looked at: of all its subjects, and which run it opens.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget};

use crate::present::heat_scale::written;
use crate::present::number::{count, percent, three};
use crate::present::theme::Theme;
use crate::present::token_text::{columns, fit};
use crate::speculate::params::AcceptanceRule;
use crate::speculate::sweep::{
    AucDifference, CellFigures, Estimate, Measure, RunFigures, TestedRules,
};
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::keys::context::Context;
use crate::tui::widgets::paragraph::{wrap, wrap_parts};

/// Everything about the cell looked at.
pub(crate) fn render(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let view = &app.tune.sweep;
    let (Some(found), Some(cell)) = (&view.found, view.cell()) else {
        return;
    };
    let params = found.sweep.grid.params(cell);
    let figures = found.sweep.cell(cell);
    let width = usize::from(area.width);
    let on = found.sweep.on_frontier()[cell];
    let head = found.sweep.grid.cell_name(cell);
    let note = match (&figures, on) {
        (Some(f), true) => format!("* frontier, {}", over(f)),
        (Some(f), false) => over(f),
        (None, _) => "not run yet".to_string(),
    };
    let mut lines = noted(&head, note, theme, width);
    if let Some(figures) = &figures {
        lines.extend(facts(figures, theme, width));
    }
    if let Some(tested) = &app.tune.tested {
        let texts = wrap_parts(in_recommender(tested, &params.verify), width);
        lines.extend(
            texts
                .into_iter()
                .map(|text| Line::styled(text, theme.text())),
        );
    }
    lines.push(opens(app, theme, width));
    let subject = view.subject().map(|a| &a.subject);
    let command = app.command_with(subject, &params);
    let dim = |text| Line::styled(text, theme.dim());
    lines.extend(wrap(&command, width).into_iter().map(dim));
    Paragraph::new(lines).render(area, buf);
}

/// A head with a note behind it, or below it where it does not fit.
fn noted(head: &str, note: String, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let mut line = Line::styled(fit(head, width), theme.strong());
    let note = Span::styled(note, theme.dim());
    if line.width() + 2 + note.width() <= width {
        line.push_span("  ");
        line.push_span(note);
        return vec![line];
    }
    vec![line, Line::from(note)]
}

fn over(figures: &CellFigures) -> String {
    count(figures.subjects, "subject")
}

fn facts(figures: &CellFigures, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let of = |measure: Measure| {
        let estimate = measure.of(figures)?;
        Some(format!("{} {}", measure.name(), wide(measure, estimate)))
    };
    let same = format!("same text {}/{}", figures.same_text, figures.subjects);
    let diverges = figures.first_divergence.map(|e| {
        let error = e
            .standard_error
            .map_or(String::new(), |s| format!(" ±{s:.0}"));
        format!("diverges after {:.0}{error}", e.mean)
    });
    let lines = [
        vec![Some(speed_up(figures)), of(Measure::Mal)],
        vec![
            of(Measure::Acceptance),
            of(Measure::InCommon),
            Some(same),
            diverges,
        ],
        vec![
            of(Measure::Agreement),
            of(Measure::Repetition),
            of(Measure::LogProb),
            of(Measure::FactsKept),
        ],
    ];
    let lines = lines.into_iter();
    let lines = lines.flat_map(|parts| wrap_parts(parts.into_iter().flatten(), width));
    let styled = |text| Line::styled(text, theme.text());
    lines.map(styled).collect()
}

/// What a click model makes of the rule's knowledge.
fn in_recommender(tested: &TestedRules, rule: &AcceptanceRule) -> Vec<String> {
    let of = |found: &AucDifference| {
        let (backbone, finding) = (&found.backbone, &found.finding);
        format!("AUC {backbone} {} {finding}", found.with_interval())
    };
    let found: Vec<String> = tested.of(rule).iter().map(of).collect();
    match found.is_empty() {
        true => vec![format!("AUC not tested on {}", tested.catalog)],
        false => found,
    }
}

/// With its interval, and what the cost profile says of the same steps.
fn speed_up(figures: &CellFigures) -> String {
    let estimated = figures.speedup_by_profile;
    let estimated = estimated.map(|by| format!(", est. {:.2}x", by.mean));
    let pairs = count(figures.pairs, "pair");
    let measured = match figures.pairs {
        1 => pairs,
        _ => format!("{:.2}–{:.2} in {pairs}", figures.low, figures.high),
    };
    format!(
        "speed-up {:.2}x, {measured}{}",
        figures.speedup.mean,
        estimated.unwrap_or_default()
    )
}

/// Which run the cell opens.
fn opens(app: &App, theme: &Theme, width: usize) -> Line<'static> {
    let view = &app.tune.sweep;
    let (Some(found), Some(job), Some(asked)) = (&view.found, view.job(), view.subject()) else {
        return Line::default();
    };
    let figures = |f: RunFigures| {
        format!(
            "{}x, MAL {}, {} in common",
            three(f.speedup),
            three(f.mal),
            percent(f.in_common)
        )
    };
    let run = found
        .sweep
        .run(job)
        .map_or("not run yet".to_string(), figures);
    let open = app.key_of(Context::Tune, Action::Submit);
    let next = app.key_of(Context::Tune, Action::NextSubject);
    let rest = format!("{run}  ({next} next)");
    let room = width.saturating_sub(columns(&rest) + 2);
    let opens = fit(&format!("{open} opens {}", asked.subject.title), room);
    Line::styled(format!("{opens}: {rest}"), theme.accent())
}

/// With its standard error.
fn wide(measure: Measure, estimate: Estimate) -> String {
    let mean = written(measure, estimate.mean);
    match estimate.standard_error {
        Some(error) => format!(
            "{mean} ±{}",
            written(measure, error).trim_end_matches(['x', '%'])
        ),
        None => mean,
    }
}
