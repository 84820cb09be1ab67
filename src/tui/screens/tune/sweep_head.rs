//! The sweep's subjects, grid and progress, and whether strict was lossless.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::present::number::{count, percent, time_left};
use crate::present::theme::Theme;
use crate::present::token_text::{columns, fit};
use crate::speculate::subject::KindName;
use crate::speculate::sweep::{Axes, Grid};
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::app::model::ModelState;
use crate::tui::keys::context::Context;
use crate::tui::runs::run::Run;
use crate::tui::screens::tune::sweep::{BegunSweep, Stand, Tried, Who};
use crate::tui::shell::header;
use crate::tui::widgets::bars;
use crate::tui::widgets::pane::put;

const LABEL: usize = 9;
const BAR: usize = 16;

pub(crate) fn render(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let width = usize::from(area.width);
    let fact = |label: &str, text: String| {
        Line::from(vec![
            Span::styled(format!("{label:<LABEL$}"), theme.dim()),
            Span::styled(fit(&text, width.saturating_sub(LABEL)), theme.text()),
        ])
    };
    let key = |action| app.key_of(Context::Tune, action);
    let who = format!(
        "{}  ({}, {}{})",
        who(app),
        key(Action::NextWho),
        key(Action::Fewer),
        key(Action::MoreSubjects)
    );
    put(buf, area, 0, &fact("subjects", who));
    let tried = format!("{}  ({})", tried(app), key(Action::NextTried));
    put(buf, area, 1, &fact("grid", tried));
    put(buf, area, 2, &stand(app, theme, width));
    if let Some(found) = &app.tune.sweep.found {
        put(buf, area, 3, &lossless(found, theme, width));
    }
}

fn who(app: &App) -> String {
    let view = &app.tune.sweep;
    match view.who {
        Who::Spread => {
            format!(
                "{} across the groups",
                count(view.n, KindName::from(app.catalog.kind).as_str())
            )
        }
        Who::Marked => format!("{}, marked on the board", view.marked.len()),
        Who::Shown => match app.run() {
            Some(run) => format!("{}, the current run's subject", run.subject.title),
            None => "the current run's subject: no run yet".into(),
        },
        Who::Selected => match app.catalog.selected_subject() {
            Some(subject) => format!("{}, selected in the catalog", subject.label()),
            None => "none: nothing is selected in the catalog".into(),
        },
    }
}

fn tried(app: &App) -> String {
    let Axes {
        rules,
        budgets,
        branches,
        drafters,
        ..
    } = app.axes();
    let names: Vec<&str> = rules.iter().map(|f| f.name()).collect();
    let rules = match app.tune.sweep.tried {
        Tried::Rules => "every rule".to_string(),
        _ => names.join(", "),
    };
    let list = |values: Vec<String>| values.join(", ");
    if !branches.is_empty() {
        let branches = branches.iter().map(ToString::to_string).collect();
        return format!("{rules}, by branch: {}", list(branches));
    }
    if !drafters.is_empty() {
        let drafters = drafters.iter().map(|d| d.name().to_string()).collect();
        return format!("{rules}, by drafter: {}", list(drafters));
    }
    let budgets = match budgets.as_slice() {
        [] => vec![app.tune.params.budget.describe()],
        some => some.iter().map(|b| b.describe()).collect(),
    };
    format!("parameters of {rules}, budget {}", list(budgets))
}

fn n_planned(app: &App) -> Option<usize> {
    let grid = Grid::new(app.tune.params, &app.axes()).ok()?;
    let n = match app.tune.sweep.who {
        Who::Spread => app.tune.sweep.n,
        Who::Marked => app.tune.sweep.marked.len(),
        Who::Shown | Who::Selected => 1,
    };
    Some(n * (grid.cells.len() + 1))
}

fn stand(app: &App, theme: &Theme, width: usize) -> Line<'static> {
    let Some(found) = &app.tune.sweep.found else {
        return not_begun(app, theme, width);
    };
    let (done, all) = (found.sweep.n_done(), found.sweep.n_runs());
    let key = app.key_of(Context::Tune, Action::StartSweep);
    let line = |text: String, style| Line::styled(fit(&text, width), style);
    match &found.stand {
        Stand::UnderWay => under_way(app, found, theme, width),
        Stand::Done => line(
            format!("✓ {} done; {key} starts another", count(all, "run")),
            theme.good(),
        ),
        Stand::Cancelled if done == all => line(
            format!(
                "✓ {} done, with fewer pairs than planned; {key} starts another",
                count(all, "run")
            ),
            theme.good(),
        ),
        Stand::Cancelled => line(
            format!("stopped after {done} of {all} runs; {key} starts over"),
            theme.warning(),
        ),
        Stand::Failed(why) => line(format!("✗ {why}"), theme.error()),
    }
}

fn not_begun(app: &App, theme: &Theme, width: usize) -> Line<'static> {
    let key = app.key_of(Context::Tune, Action::StartSweep);
    let text = match &app.engine.model {
        ModelState::None => "needs a model: this is a replay; run `laserscope`".to_string(),
        ModelState::Failed { .. } => {
            let retry = app.key_of(Context::Anywhere, Action::RetryModel);
            format!("needs a model: {retry} tries to load it again")
        }
        model if model.is_coming() => "needs the model, which is not ready yet".to_string(),
        _ => match n_planned(app) {
            Some(n) => format!("{key} starts: {}", count(n, "run")),
            None => format!("{key} starts"),
        },
    };
    Line::styled(fit(&text, width), theme.dim())
}

fn under_way(app: &App, found: &BegunSweep, theme: &Theme, width: usize) -> Line<'static> {
    let (done, all) = (found.sweep.n_done(), found.sweep.n_runs());
    let share = found.sweep.share_done();
    let (full, rest) = bars::progress(share, BAR);
    let waits = app.session.runs.iter().any(Run::is_under_way);
    let now = match found.sweep.next_job() {
        _ if waits => "waiting for the current run".to_string(),
        Some(job) => {
            let title = &found.asked[job.subject].subject.title;
            let pair = found.sweep.pair_under_way();
            let pair = pair.map_or(String::new(), |n| format!("pair {n}, "));
            let rule = found.sweep.params(job).verify.describe();
            let room = width.saturating_sub(BAR + 36 + columns(&pair) + columns(&rule));
            format!("{pair}{}: {rule}", fit(title, room.max(8)))
        }
        None => String::new(),
    };
    let left = found.sweep.ms_left().filter(|_| !waits).map(time_left);
    let left = left.map_or(String::new(), |left| format!(" {left},"));
    let words = format!(" {}{left} {done}/{all} {now}", percent(share));
    Line::from(vec![
        Span::styled(format!("{} ", header::spinner(app)), theme.accent()),
        Span::styled(full, theme.gauge()),
        Span::styled(rest, theme.track()),
        Span::styled(fit(&words, width.saturating_sub(BAR + 2)), theme.text()),
    ])
}

fn lossless(found: &BegunSweep, theme: &Theme, width: usize) -> Line<'static> {
    if let Some(wrong) = found.sweep.mismatches.first() {
        let title = &found.asked[wrong.job.subject].subject.title;
        let at = count(wrong.at, "equal token");
        let text = format!("✗ strict ≠ autoregressive: {title}, after {at}");
        return Line::styled(fit(&text, width), theme.error());
    }
    match found.sweep.is_lossless() {
        Some(_) => Line::styled(
            fit(
                "✓ every strict run reproduced the autoregressive text",
                width,
            ),
            theme.good(),
        ),
        None => Line::default(),
    }
}
