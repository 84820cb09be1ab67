//! The heat map of a sweep, and the figures of the cell looked at. A value is read
//! from its number and its level; the colour says it once more.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget};

use crate::present::number::{count, percent, three};
use crate::present::theme::{Emphasis, Theme};
use crate::present::token_text::{columns, fit};
use crate::speculate::params::AcceptanceRule;
use crate::speculate::sweep::{
    AucDifference, CellFigures, Estimate, Layer, Measure, RunFigures, TestedRules,
};
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::keys::context::Context;
use crate::tui::screens::tune::layout::{ROW_NAME, heat_cell};
use crate::tui::screens::tune::state::Side;
use crate::tui::screens::tune::sweep::BegunSweep;
use crate::tui::widgets::bars;
use crate::tui::widgets::pane::put;
use crate::tui::widgets::paragraph::{wrap, wrap_parts};

pub(crate) fn render(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let view = &app.tune.sweep;
    let (Some(found), Some(layer)) = (&view.found, view.layer()) else {
        return;
    };
    put(
        buf,
        area,
        0,
        &title(app, found, layer, theme, usize::from(area.width)),
    );
    axes(layer, theme, area, buf);
    let map = Map::new(app, found, layer);
    for row in 0..layer.rows.len() {
        for column in 0..layer.columns.len() {
            let place = heat_cell(area, row, column, layer.columns.len());
            map.draw(app, (row, column), theme, place.intersection(area), buf);
        }
    }
    let legend = fit("▁ least █ most · * Pareto-optimal", usize::from(area.width));
    put(
        buf,
        area,
        layer.rows.len() as u16 + 2,
        &Line::styled(legend, theme.dim()),
    );
}

fn title(
    app: &App,
    found: &BegunSweep,
    layer: &Layer,
    theme: &Theme,
    width: usize,
) -> Line<'static> {
    let n = found.sweep.grid.layers.len();
    let at = app.tune.sweep.layer.min(n - 1) + 1;
    let key = |action| app.key_of(Context::Tune, action);
    let of = if n > 1 {
        let (before, after) = (key(Action::PreviousLayer), key(Action::NextLayer));
        format!(" {at}/{n} {before} {after}")
    } else {
        String::new()
    };
    let what = format!(
        " · {} budget {}{of}",
        layer.family.name(),
        layer.budget.describe()
    );
    let name = app.tune.sweep.measure.name();
    let switch = format!(" ({})", key(Action::NextMeasure));
    let room = width.saturating_sub(columns(name) + columns(&switch));
    Line::from(vec![
        Span::styled(name, theme.title(true)),
        Span::styled(switch, theme.dim()),
        Span::styled(fit(&what, room), theme.dim()),
    ])
}

fn axes(layer: &Layer, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let [down, across] = layer.axes;
    let across = format!("{across:>w$}", w = usize::from(ROW_NAME) - 1);
    put(buf, area, 1, &Line::styled(across, theme.dim()));
    for (i, name) in layer.columns.iter().enumerate() {
        let place = heat_cell(area, 0, i, layer.columns.len());
        let text = fit(name, usize::from(place.width) - 1);
        let line = Line::styled(
            format!("{text:>width$}", width = usize::from(place.width) - 1),
            theme.dim(),
        );
        if area.height > 1 {
            buf.set_line(place.x, area.y + 1, &line, place.width);
        }
    }
    for (i, name) in layer.rows.iter().enumerate() {
        let text = format!("{down} {name}");
        let text = format!("{:<w$}", text.trim(), w = usize::from(ROW_NAME));
        put(buf, area, i as u16 + 2, &Line::styled(text, theme.dim()));
    }
}

/// What is drawn, and the least and the most of it.
struct Map<'a> {
    layer: &'a Layer,
    measure: Measure,
    figures: Vec<Option<CellFigures>>,
    on_frontier: Vec<bool>,
    range: (f64, f64),
    /// The cell whose run is being made.
    now: Option<usize>,
    selected: (usize, usize),
}

impl<'a> Map<'a> {
    fn new(app: &App, found: &BegunSweep, layer: &'a Layer) -> Self {
        let measure = app.tune.sweep.measure;
        let n_cells = found.sweep.grid.cells.len();
        let figures: Vec<_> = (0..n_cells).map(|cell| found.sweep.cell(cell)).collect();
        let shown = layer.cells.iter().filter_map(|&c| figures[c].as_ref());
        let values = shown.filter_map(|f| Some(measure.of(f)?.mean));
        let range = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
            (low.min(v), high.max(v))
        });
        let at = app.tune.sweep.at;
        Map {
            measure,
            figures,
            on_frontier: found.sweep.on_frontier(),
            range,
            now: match app.tune.sweep.is_under_way() {
                true => found.sweep.next_job().and_then(|job| job.cell),
                false => None,
            },
            selected: (
                at.0.min(layer.rows.len() - 1),
                at.1.min(layer.columns.len() - 1),
            ),
            layer,
        }
    }

    fn draw(&self, app: &App, at: (usize, usize), theme: &Theme, place: Rect, buf: &mut Buffer) {
        if place.height == 0 {
            return;
        }
        let cell = self.layer.cell(at.0, at.1);
        let estimate = self.figures[cell].as_ref().and_then(|f| self.measure.of(f));
        let is_selected = at == self.selected;
        let [left, right] = if is_selected { ["[", "]"] } else { [" ", " "] };
        let width = usize::from(place.width).saturating_sub(3);
        let inside = match estimate {
            Some(estimate) => {
                let mark = if self.on_frontier[cell] { "*" } else { " " };
                let level = bars::level(self.share(estimate.mean).max(0.125));
                let value = write(self.measure, estimate.mean);
                format!("{}{mark}", leveled(level, &value, width.saturating_sub(1)))
            }
            None if self.now == Some(cell) => {
                format!("{:>width$}", crate::tui::shell::header::spinner(app))
            }
            None => format!("{:>width$}", "·"),
        };
        let style = match estimate {
            Some(estimate) => theme.heat(self.goodness(estimate.mean)),
            None => theme.dim(),
        };
        let line = Line::styled(format!("{left}{inside}{right}"), style);
        buf.set_line(place.x, place.y, &line, place.width - 1);
        if is_selected {
            let emphasis = match app.tune.side {
                Side::Sweep => Emphasis::Selected,
                Side::Sliders => Emphasis::Step,
            };
            let place = Rect {
                width: place.width - 1,
                ..place
            };
            buf.set_style(place, theme.emphasis(emphasis));
        }
    }

    fn goodness(&self, value: f64) -> f64 {
        goodness(self.measure, value, self.range)
    }

    /// Where a value lies between the least and the most.
    fn share(&self, value: f64) -> f64 {
        let (low, high) = self.range;
        if high > low {
            (value - low) / (high - low)
        } else {
            1.0
        }
    }
}

/// For the colour, 0 bad to 1 good: of repetition little is good. Values that are all
/// the same are neither.
fn goodness(measure: Measure, value: f64, (low, high): (f64, f64)) -> f64 {
    if high <= low {
        return 0.5;
    }
    let share = (value - low) / (high - low);
    match measure {
        Measure::Repetition => 1.0 - share,
        _ => share,
    }
}

fn write(measure: Measure, value: f64) -> String {
    match measure {
        Measure::SpeedUp => format!("{}x", three(value)),
        Measure::Mal => three(value),
        Measure::LogProb => format!("{value:.2}"),
        Measure::InCommon | Measure::Agreement | Measure::Acceptance => percent(value),
        Measure::Repetition => format!("{:.1}%", value * 100.0),
    }
}

/// A value behind its level. Where there is no room for both, its unit goes first, which
/// the title names, then the level, which says the same as the number.
fn leveled(level: &str, value: &str, width: usize) -> String {
    let bare = value.trim_end_matches(['x', '%']);
    let fits = |text: &&str| columns(text) < width;
    match [value, bare].into_iter().find(fits) {
        Some(text) => format!("{level}{text:>w$}", w = width - 1),
        None => format!("{:>width$}", fit(bare, width)),
    }
}

/// With its standard error.
fn wide(measure: Measure, estimate: Estimate) -> String {
    let mean = write(measure, estimate.mean);
    match estimate.standard_error {
        Some(error) => format!(
            "{mean} ±{}",
            write(measure, error).trim_end_matches(['x', '%'])
        ),
        None => mean,
    }
}

/// Everything about the cell looked at.
pub(crate) fn cell(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let view = &app.tune.sweep;
    let (Some(found), Some(cell)) = (&view.found, view.cell()) else {
        return;
    };
    let params = found.sweep.grid.params(cell);
    let figures = found.sweep.cell(cell);
    let width = usize::from(area.width);
    let on = found.sweep.on_frontier()[cell];
    let head = format!(
        "{} · budget {}",
        params.verify.describe(),
        params.budget.describe()
    );
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_repetition_is_good_and_much_of_all_else() {
        for measure in Measure::ALL {
            let range = (0.02, 0.17);
            let [least, most] = [0.02, 0.17].map(|v| goodness(measure, v, range));
            match measure {
                Measure::Repetition => assert_eq!((least, most), (1.0, 0.0)),
                _ => assert_eq!((least, most), (0.0, 1.0), "{}", measure.name()),
            }
            assert_eq!(goodness(measure, 0.17, (0.17, 0.17)), 0.5, "neither");
        }
    }

    #[test]
    fn a_narrow_cell_keeps_its_number() {
        assert_eq!(leveled("▅", "2.44x", 8), "▅  2.44x");
        assert_eq!(leveled("▅", "2.44x", 5), "▅2.44");
        assert_eq!(leveled("▅", "2.44x", 4), "2.44");
    }

    #[test]
    fn the_worst_is_red_and_the_best_green() {
        let theme = crate::tui::Themes::default().theme();
        let [worst, middle, best] = [0.0, 0.5, 1.0].map(|g| theme.heat(g));
        assert_eq!((worst, best), (theme.error(), theme.good()));
        assert!(middle != worst && middle != best);
    }
}
