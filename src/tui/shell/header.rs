//! The bar at the top: the screens, and where the model stands.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use crate::present::number;
use crate::present::theme::{Emphasis, Theme};
use crate::present::token_text::{columns, fit};
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::app::model::{ModelState, Ready};
use crate::tui::keys::context::Context;
use crate::tui::screens::Screen;
use crate::tui::start::Presenting;
use crate::tui::widgets::bars;

const NAME: &str = " ◉ LaserScope ";
const SCREENS: [(Screen, &str); 7] = [
    (Screen::Catalog, "Catalog"),
    (Screen::Decode, "Decode"),
    (Screen::Tune, "Tune"),
    (Screen::Compare, "Compare"),
    (Screen::Pool, "Pool"),
    (Screen::Learn, "Learn"),
    (Screen::Batch, "Batch"),
];
/// From this width on every screen is named; below, the one in front only.
const NAMED_WIDTH: u16 = 112;
const SPINNER: [&str; 8] = ["⠋", "⠙", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇"];
const PROGRESS_WIDTH: usize = 16;
/// Fewer columns of the model's name are not shown beside the device.
const LEAST_NAME: usize = 12;

pub(crate) fn render(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    buf.set_style(area, theme.bar());
    let mut line = Line::from(Span::styled(
        NAME,
        theme.accent().add_modifier(Modifier::BOLD),
    ));
    for (screen, label) in labels(app) {
        line.push_span(tab(label, screen == app.screen, theme));
    }
    let used = line.width() as u16;
    buf.set_line(area.x, area.y, &line, area.width);
    if app.look.presenting == Presenting::Yes {
        return;
    }
    let room = area.width.saturating_sub(used + 3);
    let right = status(app, theme, usize::from(room));
    let width = right.width() as u16;
    buf.set_line(
        area.right().saturating_sub(width + 1),
        area.y,
        &right,
        width,
    );
}

/// The screens as the bar names them, by their keys.
fn labels(app: &App) -> impl Iterator<Item = (Screen, String)> {
    let (front, is_wide) = (app.screen, app.look.size.0 >= NAMED_WIDTH);
    let presenting = app.look.presenting;
    let shown = SCREENS.into_iter();
    let shown = shown.filter(move |&(screen, _)| presenting == Presenting::No || screen == front);
    shown.map(move |(screen, name)| {
        let key = app
            .look
            .keys
            .first_of(Context::Anywhere, &Action::Show(screen));
        let key = key.filter(|_| presenting == Presenting::No);
        let label = match (key, is_wide || screen == front) {
            (Some(key), true) => format!(" {key} {name} "),
            (Some(key), false) => format!(" {key} "),
            (None, _) => format!(" {name} "),
        };
        (screen, label)
    })
}

fn tab(label: String, front: bool, theme: &Theme) -> Span<'static> {
    if front {
        Span::styled(
            label,
            theme.strong().patch(theme.emphasis(Emphasis::Selected)),
        )
    } else {
        Span::styled(label, theme.dim())
    }
}

/// Which screen's name is at a column.
pub(crate) fn screen_at(app: &App, x: u16) -> Option<Screen> {
    let mut from = columns(NAME) as u16;
    for (screen, label) in labels(app) {
        let to = from + columns(&label) as u16;
        if (from..to).contains(&x) {
            return Some(screen);
        }
        from = to;
    }
    None
}

pub(crate) fn spinner(app: &App) -> &'static str {
    SPINNER[app.look.frame / 2 % SPINNER.len()]
}

fn status(app: &App, theme: &Theme, room: usize) -> Line<'static> {
    let dim = |text: String| Line::styled(fit(&text, room), theme.dim());
    let busy = |text: &str| {
        Line::from(vec![
            Span::styled(format!("{} ", spinner(app)), theme.accent()),
            Span::styled(fit(text, room.saturating_sub(2)), theme.text()),
        ])
    };
    match &app.engine.model {
        ModelState::None => dim("replay, no model".into()),
        ModelState::Starting => busy("starting"),
        ModelState::Looking { what } => busy(&format!("looking for {what}")),
        ModelState::Checking => busy("checking the model's file"),
        ModelState::Loading { what } => busy(&format!("loading {what}")),
        ModelState::Ready(ready) => Line::styled(ready_text(ready, room), theme.dim()),
        ModelState::Failed { .. } => {
            let key = app.key_of(Context::Anywhere, Action::RetryModel);
            let text = format!("✗ no model · {key} tries again");
            Line::styled(fit(&text, room), theme.error())
        }
        ModelState::Fetching {
            done,
            total,
            bytes_per_s,
            ..
        } => fetching(app, theme, (*done, *total, *bytes_per_s), room),
    }
}

/// The model and its device. The whole name is worth more than what the device can do; a
/// stump of it would say less than the name alone.
fn ready_text(ready: &Ready, room: usize) -> String {
    let name = &ready.model.name;
    let kind = ready.device.split(" (").next().unwrap_or_default();
    let devices = [ready.device.as_str(), kind].map(|device| format!(" · {device}"));
    let whole = columns(name);
    let least = [whole, whole, whole.min(LEAST_NAME)];
    let choices = [&devices[0], &devices[1], &devices[1]]
        .into_iter()
        .zip(least);
    let mut fitting = choices.filter(|(d, least)| columns(d) + least <= room);
    match fitting.next() {
        Some((device, _)) => format!("{}{device}", fit(name, room - columns(device))),
        None => fit(name, room),
    }
}

fn fetching(
    app: &App,
    theme: &Theme,
    (done, total, bytes_per_s): (u64, Option<u64>, f64),
    room: usize,
) -> Line<'static> {
    let of = total.map_or_else(String::new, |t| format!(" of {}", number::bytes(t)));
    let speed = format!("{}/s", number::bytes(bytes_per_s.max(0.0) as u64));
    let mut line = Line::from(Span::styled(format!("{} ", spinner(app)), theme.accent()));
    let words = format!("{}{of} · {speed} ", number::bytes(done));
    if columns(&words) + PROGRESS_WIDTH + 21 < room {
        line.push_span(Span::styled("fetching the model ", theme.text()));
    }
    line.push_span(Span::styled(words, theme.text()));
    if let Some(total) = total {
        let share = done as f64 / total.max(1) as f64;
        let width = PROGRESS_WIDTH.min(room.saturating_sub(line.width() + 5));
        let (full, rest) = bars::progress(share, width);
        line.push_span(Span::styled(full, theme.gauge()));
        line.push_span(Span::styled(rest, theme.track()));
        line.push_span(Span::styled(
            format!(" {}", number::percent(share)),
            theme.text(),
        ));
    }
    line
}
