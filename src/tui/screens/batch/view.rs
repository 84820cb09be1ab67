//! The Batch screen: its lanes, the pass looked at, and what rows and batches bring.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::layout;
use super::panes::{curve, lanes, pass, price, throughput};
use super::state::{BatchPane, BatchScreen, BatchStand, ShownBatch};
use crate::present::number::count;
use crate::present::theme::Theme;
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::keys::context::Context;
use crate::tui::runs::run::Run;
use crate::tui::screens::decode::state::Zoom;
use crate::tui::shell::header::spinner;
use crate::tui::target::Target;
use crate::tui::widgets::pane;

/// Columns of the lower panes' titles together.
const TABS_WIDTH: usize = 52;

pub(crate) fn render(app: &App, theme: &Theme, body: Rect, buf: &mut Buffer) {
    let panes = layout::panes(&app.batch, app.look.panes, body);
    let is_focused = |pane: BatchPane| pane == app.batch.pane;
    // The focused pane is framed last, so that its border is whole.
    for focused in [false, true] {
        for &(_, rect) in panes.iter().filter(|&&(p, _)| is_focused(p) == focused) {
            pane::frame(rect, focused, theme, buf);
        }
    }
    for (pane, rect) in panes {
        title(app, pane, rect, body, theme, buf);
        let area = pane::inner(rect);
        if app.batch.pass_index().is_none() && pane != BatchPane::Curve {
            if pane == BatchPane::Lanes {
                pane::placeholder(&nothing(app), area, theme, buf);
            }
            continue;
        }
        match pane {
            BatchPane::Lanes => lanes::render(app, theme, area, buf),
            BatchPane::Pass => pass::render(app, theme, area, buf),
            BatchPane::Price => price::render(app, theme, area, buf),
            BatchPane::Throughput => throughput::render(app, theme, area, buf),
            BatchPane::Curve => curve::render(app, theme, area, buf),
        }
    }
}

fn title(app: &App, pane: BatchPane, rect: Rect, body: Rect, theme: &Theme, buf: &mut Buffer) {
    let focused = pane == app.batch.pane;
    let tabs = lower_tabs(&app.batch, body);
    let is_tabbed = tabs.contains(&pane);
    match is_tabbed {
        true => {
            let tabs: Vec<(&str, bool)> = tabs.iter().map(|&p| (p.title(), p == pane)).collect();
            pane::tabs(&tabs, rect, focused, theme, buf);
        }
        false => pane::title(pane.title(), rect, focused, theme, buf),
    }
    let wordings = match pane {
        BatchPane::Lanes => note(app, theme),
        BatchPane::Pass => pass::note(app, theme),
        BatchPane::Price => price::note(theme),
        BatchPane::Throughput => throughput::note(app, theme),
        BatchPane::Curve => curve::note(app, theme),
    };
    let title_width = match is_tabbed {
        true => TABS_WIDTH,
        false => pane.title().len(),
    };
    pane::note(&wordings, title_width, rect, buf);
}

/// The panes that share the lower place; none where each has its own.
fn lower_tabs(screen: &BatchScreen, body: Rect) -> Vec<BatchPane> {
    if screen.zoom == Zoom::One || !layout::is_shared(body) {
        return Vec::new();
    }
    BatchPane::LOWER.to_vec()
}

/// Which pass of how many, how many answers, and where the batch stands.
fn note(app: &App, theme: &Theme) -> Vec<Line<'static>> {
    let Some(batch) = &app.batch.batch else {
        return Vec::new();
    };
    let stand = stand(app, batch, theme);
    let n = match app.batch.at() {
        Some((course, pass)) => course.n_ended_by(pass),
        None => 0,
    };
    let all = batch.runs.len();
    let lanes = match app.batch.n_lanes() {
        0 => app.batch.size,
        n => n,
    };
    let pass = match app.batch.pass_index() {
        Some(at) => format!("pass {} of {}", at + 1, batch.n_passes()),
        None => "no pass yet".into(),
    };
    let with = |text: String| {
        let text = Span::styled(format!("{text} "), theme.text());
        Line::from(vec![text, stand.clone()])
    };
    let order = match app.batch.sorting.note() {
        order if order.is_empty() => order,
        order => format!(" · {order}"),
    };
    vec![
        with(format!(
            "{pass} · batch of {lanes} · {n} of {} complete{order}",
            count(all, "answer")
        )),
        with(format!("{pass} · {n}/{all} answers{order}")),
        with(format!("{pass}{order}")),
        with(pass),
    ]
}

fn stand(app: &App, batch: &ShownBatch, theme: &Theme) -> Span<'static> {
    match &batch.stand {
        BatchStand::Preparing { .. } => {
            Span::styled(format!("{} PREPARING", spinner(app)), theme.accent())
        }
        BatchStand::UnderWay if waits(app, batch) => {
            Span::styled("WAITS FOR ANOTHER RUN", theme.warning())
        }
        BatchStand::UnderWay => Span::styled(format!("{} LIVE", spinner(app)), theme.good()),
        BatchStand::Paused => Span::styled("PAUSED", theme.warning()),
        BatchStand::Done => Span::styled("DONE", theme.good()),
        BatchStand::Cancelled => Span::styled("ENDED EARLY", theme.warning()),
        BatchStand::Failed(_) => Span::styled("FAILED", theme.error()),
        BatchStand::Recorded if app.batch.playing.is_some() => {
            Span::styled(format!("{} PLAYING", spinner(app)), theme.accent())
        }
        BatchStand::Recorded => Span::styled("RECORDED", theme.dim()),
    }
}

/// Whether the engine is at a run that was requested meanwhile, which goes first.
fn waits(app: &App, batch: &ShownBatch) -> bool {
    let is_other = |run: &&Run| batch.runs.iter().all(|lane| lane.run != Some(run.id));
    let busy = |run: &Run| run.is_under_way() || run.references.is_busy();
    app.session.runs.iter().filter(is_other).any(busy)
}

/// What is said without a pass.
fn nothing(app: &App) -> String {
    match app.batch.batch.as_ref().map(|batch| &batch.stand) {
        Some(BatchStand::Preparing { done, total }) if *total > 0 => format!(
            "Computing the prefix that the prompts share, once for all of them: {done} of {total} \
             tokens."
        ),
        Some(BatchStand::Preparing { .. }) => {
            "Rendering the prompts; measuring what passes cost, where that is not known.".into()
        }
        Some(BatchStand::Failed(why)) => format!("The batch failed: {why}"),
        Some(BatchStand::UnderWay) => "The first pass is being made.".into(),
        Some(BatchStand::Paused) => "Paused before the first pass.".into(),
        Some(_) => "No pass was made.".into(),
        None => {
            let key = |context, action| app.key_of(context, action);
            format!(
                "No batch yet. {} in the catalog marks subjects, {} decodes them together; without \
                 marks it takes a sample. Up to {} share a pass: {} and {} change that.\n\n\
                 `generate --all --batch N --traces DIR` records a batch, and `laserscope replay \
                 DIR` opens it here.",
                key(Context::Catalog, Action::Mark),
                key(Context::Batch, Action::StartBatch),
                app.batch.size,
                key(Context::Batch, Action::Fewer),
                key(Context::Batch, Action::MoreSubjects),
            )
        }
    }
}

/// What is at a position.
pub(crate) fn hit(app: &App, body: Rect, at: Position) -> Target {
    let panes = layout::panes(&app.batch, app.look.panes, body);
    let above_bottom = |r: &Rect| at.y + 1 < r.bottom();
    let found = panes.iter().filter(|(_, r)| r.contains(at));
    let Some(&(pane, rect)) = found.max_by_key(|(_, r)| above_bottom(r)) else {
        return Target::Nothing;
    };
    let tabs = lower_tabs(&app.batch, body);
    if tabs.contains(&pane) && at.y == rect.y {
        let titles: Vec<&str> = tabs.iter().map(|p| p.title()).collect();
        let tab = pane::tab_at(&titles, rect, at.x).map_or(pane, |i| tabs[i]);
        return Target::BatchPane(tab);
    }
    let lane = (pane == BatchPane::Lanes)
        .then(|| lanes::lane_at(app, pane::inner(rect), at))
        .flatten();
    lane.map_or(Target::BatchPane(pane), Target::Lane)
}

/// The title at a position of a border that can be moved, which is clicked there.
pub(crate) fn title_at(app: &App, body: Rect, at: Position) -> Option<Target> {
    let panes = layout::panes(&app.batch, app.look.panes, body);
    let mut below = panes.into_iter().filter(|(_, r)| r.y > body.y);
    let (pane, rect) = below.find(|(_, r)| r.contains(at) && r.y == at.y)?;
    let tabs = lower_tabs(&app.batch, body);
    let found = match tabs.contains(&pane) {
        true => {
            let titles: Vec<&str> = tabs.iter().map(|p| p.title()).collect();
            pane::tab_at(&titles, rect, at.x).map(|i| tabs[i])
        }
        false => pane::is_on_title(pane.title(), rect, at.x).then_some(pane),
    };
    found.map(Target::BatchPane)
}
