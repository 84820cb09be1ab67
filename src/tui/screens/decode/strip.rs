//! The line under the header on Decode: what is being looked at, in which state,
//! under which parameters.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use crate::present::step_phase::StepPhase;
use crate::present::theme::Theme;
use crate::present::token_text::{columns, fit};
use crate::speculate::params::{Source, Sources};
use crate::tui::app::App;
use crate::tui::runs::run::{Phase, Recording, Run};

pub(crate) fn render(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let Some(run) = app.run() else { return };
    let mut left = Line::from(vec![
        Span::raw(" "),
        state(run, app.decode.phase(), theme),
        Span::raw("  "),
    ]);
    let about = about(run);
    let room = usize::from(area.width).saturating_sub(left.width() + 1);
    let wanted = columns(&run.subject.title) + columns(&about) + 2;
    let settings = settings(app);
    let fitting = settings.iter().find(|text| columns(text) + wanted <= room);
    let right = fitting.or(settings.last()).cloned().unwrap_or_default();
    let room = room.saturating_sub(columns(&right) + 2);
    let title = fit(&run.subject.title, room);
    let about = fit(&about, room - columns(&title));
    left.push_span(Span::styled(title, theme.strong()));
    left.push_span(Span::styled(about, theme.dim()));
    buf.set_line(area.x, area.y, &left, area.width);
    let width = columns(&right) as u16;
    let x = area.right().saturating_sub(width + 1);
    buf.set_line(x, area.y, &Line::styled(right, theme.text()), width);
}

fn state(run: &Run, walked: Option<StepPhase>, theme: &Theme) -> Span<'static> {
    let word = match (&run.phase, run.recording()) {
        (Phase::Running, Some(Recording::Demo)) => "► RECORDED".to_string(),
        (_, Some(Recording::Demo)) => "‖ RECORDED".to_string(),
        (Phase::Running, Some(Recording::File)) => "► REPLAY".to_string(),
        (_, Some(Recording::File)) => "‖ REPLAY".to_string(),
        (Phase::Running, Some(Recording::Lesson)) => "► LESSON".to_string(),
        (_, Some(Recording::Lesson)) => "‖ LESSON".to_string(),
        (Phase::Running, Some(Recording::Sweep)) => "► SWEEP".to_string(),
        (_, Some(Recording::Sweep)) => "‖ SWEEP".to_string(),
        (Phase::Asked, None) => "► QUEUED".to_string(),
        (Phase::Prompt { done, total }, None) => format!("► PROMPT {done}/{total}"),
        (Phase::Running, None) => "► LIVE".to_string(),
        (Phase::Paused, None) => "‖ PAUSED".to_string(),
        (Phase::Ended, None) => match walked {
            Some(_) => "■ ENDED".to_string(),
            None => format!("■ {}", ended(run)),
        },
        (Phase::Failed(_), None) => "✗ FAILED".to_string(),
    };
    let style = match run.phase {
        Phase::Failed(_) => theme.error(),
        Phase::Paused => theme.warning(),
        Phase::Ended => theme.text(),
        _ => theme.accent(),
    };
    let style = style.add_modifier(Modifier::BOLD | Modifier::REVERSED);
    Span::styled(format!(" {word} "), style)
}

fn ended(run: &Run) -> String {
    let end = run.record.as_ref().and_then(|r| r.trace.end.as_ref());
    match end {
        Some(end) => format!("ENDED {}", end.finish.name()),
        None => "ENDED".into(),
    }
}

fn about(run: &Run) -> String {
    if let Phase::Failed(why) = &run.phase {
        return format!("  {why}");
    }
    let subject = &run.subject;
    let short = |g: &String| g.rsplit('/').next().unwrap_or_default().to_string();
    let group = subject
        .group
        .as_ref()
        .map(|g| format!(" · group {}", short(g)));
    let framework = subject.framework.known();
    let framework = framework.map_or(String::new(), |name| format!(" · {}", name.to_uppercase()));
    let from = run.begins().map(|from| format!(" · branch from {from}"));
    let start = run
        .record
        .as_ref()
        .and_then(|r| r.trace.header.calibration.as_ref());
    let taught = start.filter(|start| !start.is_shipped() && from.is_none());
    let taught = taught.map(|start| format!(" · calibration from {}", start.describe()));
    format!(
        "  {}{}{framework}{}{}",
        subject.kind,
        group.unwrap_or_default(),
        from.unwrap_or_default(),
        taught.unwrap_or_default()
    )
}

/// The parameters, from the fullest wording to the shortest.
fn settings(app: &App) -> Vec<String> {
    let p = app.params_in_force();
    let rule = p.verify.describe();
    let budget = format!("budget {}", p.budget.describe());
    let long = format!("{rule} · {budget} · branch {}", p.branch);
    let sources = source_names(p.sources).map_or_else(String::new, |s| format!(" · {s}"));
    vec![
        format!("{long}{sources}"),
        long,
        format!("{rule} · {budget}"),
        rule,
    ]
}

/// Which sources are on, unless all are.
fn source_names(sources: Sources) -> Option<String> {
    if sources == Sources::ALL {
        return None;
    }
    let on = Source::ALL.into_iter().filter(|&s| sources.has(s));
    let names: Vec<&str> = on.map(|s| s.name()).collect();
    Some(if names.is_empty() {
        "no sources".into()
    } else {
        format!("{} only", names.join("+"))
    })
}
