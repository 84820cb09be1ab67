//! Tokens per second over batch size: by the profile without drafts, as measured by
//! `bench batch`, and this batch; below, the survival that a draft row needs.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use super::plot::{SIZES, SizePlot};
use crate::present::lesson::batch_value::{LARGEST_SIZE, PASSES_OF_A_RATE};
use crate::present::number::prob;
use crate::present::theme::Theme;
use crate::present::token_text::fit;
use crate::speculate::cost::{CostProfile, PassCosts, SizeEstimate, by_size};
use crate::speculate::passes::BenchPoint;
use crate::tui::app::App;
use crate::tui::widgets::pane;

/// Without a batch: the tokens that a row attends to.
const CONTEXT: (usize, usize) = (192, 384);
/// Rows below the plot.
const BELOW: u16 = 4;

/// What the curve is of.
struct Curve {
    costs: PassCosts,
    own: usize,
    shared: usize,
    /// This machine's profile, where the batch was recorded by another one.
    here: Option<PassCosts>,
}

impl Curve {
    fn of(app: &App) -> Option<Self> {
        let is_known = |profile: &&CostProfile| !profile.points.is_empty();
        let own_profile = app.engine.profile.as_ref().filter(is_known);
        let course = app.batch.batch.as_ref().and_then(|b| b.course.as_ref());
        let Some(course) = course.filter(|course| course.costs().is_measured()) else {
            let (own, shared) = CONTEXT;
            return own_profile.map(|profile| Curve {
                costs: PassCosts::new(profile),
                own,
                shared,
                here: None,
            });
        };
        let pass = app.batch.pass_index();
        let context = pass.and_then(|pass| course.mean_context(pass));
        let (own, shared) = context.unwrap_or(CONTEXT);
        let other = own_profile.filter(|profile| **profile != course.header.cost);
        Some(Curve {
            costs: course.costs().clone(),
            own,
            shared,
            here: other.map(PassCosts::new),
        })
    }

    fn by_size(&self, sizes: &[usize]) -> Vec<SizeEstimate> {
        by_size(&self.costs, self.own, self.shared, sizes)
    }
}

/// What the signs mean.
pub(crate) fn note(app: &App, theme: &Theme) -> Vec<Line<'static>> {
    let own = match app.batch.at() {
        Some(_) => ", and ◆ here",
        None => "",
    };
    let words = match &app.batch.points {
        Some(_) => format!("tokens/s: · without drafts est.{own}; a s r bench"),
        None => format!("tokens/s: · without drafts est.{own}"),
    };
    let short = format!("· est.{own}");
    vec![
        Line::styled(words, theme.dim()),
        Line::styled(short, theme.dim()),
    ]
}

pub(crate) fn render(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let Some(curve) = Curve::of(app) else {
        let text = "No cost profile: what a batch of any size brings is not known here.";
        return pane::placeholder(text, area, theme, buf);
    };
    let sizes: Vec<usize> = (1..=LARGEST_SIZE).collect();
    let line = rates(&curve, &sizes);
    let own = own_point(app);
    let measured = app.batch.points.iter().flat_map(|found| &found.points);
    let measured: Vec<&BenchPoint> = measured.collect();
    let rates = line.iter().chain(&own).map(|point| point.1);
    let rates = rates.chain(measured.iter().map(|point| point.tokens_per_s));
    let most = rates.fold(1.0, f64::max);
    let plot = SizePlot::new(area, area.height.saturating_sub(BELOW), most);
    plot.axis(theme, buf);
    for &point in &line {
        plot.point(point, "·", theme.gauge(), buf);
    }
    for point in measured {
        let sign = sign_of(&point.rule);
        let at = (point.size as f64, point.tokens_per_s);
        plot.point(at, sign, theme.strong(), buf);
    }
    if let Some(point) = own {
        plot.point(point, "◆", theme.warning(), buf);
    }
    below(app, &curve, &plot, theme, area, buf);
}

/// Tokens per second without drafts, by the profile.
fn rates(curve: &Curve, sizes: &[usize]) -> Vec<(f64, f64)> {
    let found = curve.by_size(sizes);
    let point = |e: &SizeEstimate| (e.size as f64, e.tokens_per_s);
    found.iter().map(point).collect()
}

/// This batch, where it stands.
fn own_point(app: &App) -> Option<(f64, f64)> {
    let (course, pass) = app.batch.at()?;
    let found = course.throughput(pass, PASSES_OF_A_RATE)?;
    Some((found.subjects.max(1.0), found.tokens_per_s))
}

/// A rule's first letter.
fn sign_of(rule: &str) -> &str {
    rule.get(..1).unwrap_or("?")
}

/// The sizes, the survival that a draft row needs at each, and what this batch gave rows
/// to.
fn below(app: &App, curve: &Curve, plot: &SizePlot, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let first = plot.inside.bottom();
    let dim = (theme.dim(), theme.dim());
    let read = (theme.dim(), theme.strong());
    let sizes = SIZES.map(|size| (size, size.to_string()));
    plot.figures(first, "size", sizes, dim, buf);
    let needed = |costs: &PassCosts| {
        let found = by_size(costs, curve.own, curve.shared, &SIZES);
        found.into_iter().map(|e| (e.size, survival(e.survival)))
    };
    let mut row = first + 1;
    let put = |name: &str, costs: &PassCosts, row: u16, buf: &mut Buffer| {
        if row < area.bottom() {
            plot.figures(row, name, needed(costs), read, buf);
        }
    };
    put("needs", &curve.costs, row, buf);
    row += 1;
    if let Some(here) = &curve.here {
        put("on this", here, row, buf);
        row += 1;
    }
    let remark = Rect {
        y: row.min(area.bottom()),
        height: area.bottom().saturating_sub(row),
        ..area
    };
    told(app, theme.text(), remark, buf);
}

fn survival(needed: f32) -> String {
    match needed {
        n if n > 1.0 => ">1".into(),
        n => prob(n),
    }
}

fn told(app: &App, style: Style, area: Rect, buf: &mut Buffer) {
    let cut = app.batch.at();
    let cut = cut.and_then(|(course, pass)| course.median_cut(pass));
    let text = match cut {
        Some(cut) => format!(
            "Drafts pay from the probability above on, est.; this batch drafted down to {} (median).",
            prob(cut)
        ),
        None => "Drafts pay from the probability above on, est.".into(),
    };
    let lines = crate::tui::widgets::paragraph::wrap(&text, usize::from(area.width));
    for (row, line) in lines.iter().enumerate() {
        let line = Line::styled(fit(line, usize::from(area.width)), style);
        pane::put(buf, area, row as u16, &line);
    }
}
