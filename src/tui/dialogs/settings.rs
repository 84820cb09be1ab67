//! The parameters for the next step, one row each.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::glossary::GlossaryPlace;
use crate::present::theme::Theme;
use crate::present::token_text::{columns, fit};
use crate::protocol::Command;
use crate::speculate::parameters::{self, Given, Parameter, Value, Way};
use crate::speculate::params::Params;
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::app::dialog::Dialog;
use crate::tui::keys::context::Context;
use crate::tui::settings::Setting;
use crate::tui::target::Target;
use crate::tui::widgets::list::{chosen, framed, row_at};
use crate::tui::widgets::pane;

const WIDTH: u16 = 68;
const NAME: usize = 13;
const VALUE: usize = 17;

#[derive(Debug)]
pub(crate) struct SettingsDialog {
    pub(crate) row: usize,
}

impl Dialog for SettingsDialog {
    fn context(&self) -> Context {
        Context::Settings
    }

    fn place(&self) -> Option<GlossaryPlace> {
        Some(GlossaryPlace::Settings)
    }

    fn update(mut self: Box<Self>, app: &mut App, action: &Action) -> Vec<Command> {
        if *action == Action::Close {
            return Vec::new();
        }
        let shown = Setting::shown(&app.next.params);
        self.row = chosen(self.row, action, shown.len() - 1);
        let setting = shown[self.row];
        app.keep(self);
        match action {
            Action::Less => app.change(setting, Way::Less),
            Action::More => app.change(setting, Way::More),
            // A click on a switch turns it.
            Action::Click(Target::Line(_)) if setting.is_on(&app.next.params).is_some() => {
                app.change(setting, Way::More)
            }
            Action::PlayPause | Action::SingleStep => app.update_decode(action.clone()),
            _ => Vec::new(),
        }
    }

    fn render(&self, app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let title = format!("SETTINGS {}", app.settings_hold());
        let area = pane::dialog(&title, place(app, area), theme, buf);
        let shown = Setting::shown(&app.next.params);
        let n_shown = shown.len() as u16;
        let rows = shown.into_iter();
        let rows = rows.map(|setting| line(app, setting, theme, usize::from(area.width)));
        framed(rows, self.row, theme, area, buf);
        let penalty = app.next.params.repeat_penalty;
        let note = format!(
            "repetition penalty {penalty}, suffixes of up to {} tokens",
            app.next.params.max_suffix
        );
        pane::put(buf, area, n_shown + 1, &Line::styled(note, theme.dim()));
    }

    fn line_at(&self, app: &App, area: Rect, at: Position) -> Option<usize> {
        let n_shown = Setting::shown(&app.next.params).len();
        row_at(pane::inner(place(app, area)), 0, n_shown, at)
    }
}

/// Settings as they are typed, over others: `k=3 tau=0.2`. `None`: the text is none.
///
/// # Errors
/// The setting that is unknown, cannot be read, or is out of range.
pub(super) fn typed(text: &str, base: Params) -> Option<Result<Params, String>> {
    let words: Option<Vec<(&str, &str)>> = text
        .split_whitespace()
        .map(|word| word.split_once('='))
        .collect();
    let words = words.filter(|words| !words.is_empty())?;
    let is_name = |(name, value): &(&str, &str)| {
        let mut letters = name.chars();
        letters.all(|c| c.is_ascii_alphanumeric() || c == '-') && !value.contains(['=', '<', '>'])
    };
    if !words.iter().all(is_name) {
        return None;
    }
    let values: Result<Vec<_>, String> = words.into_iter().map(value).collect();
    Some(values.and_then(|values| values.into_iter().collect::<Given>().over(base)))
}

/// A setting by the name of its option, or as the screens call it.
fn value((name, text): (&str, &str)) -> Result<(&'static Parameter, Value), String> {
    let labelled = |p: &&Parameter| p.label.replace(' ', "-") == name;
    let found = parameters::named(name).or_else(|| parameters::ALL.into_iter().find(labelled));
    let parameter = found.ok_or_else(|| format!("no setting is called `{name}`"))?;
    let value = parameter.parse(text);
    let value = value.map_err(|why| format!("{name}={text}: {why}"))?;
    Ok((parameter, value))
}

/// Over the lower right, so that the text and the tree stay in sight.
fn place(app: &App, area: Rect) -> Rect {
    let height = Setting::shown(&app.next.params).len() as u16 + 4;
    let width = WIDTH.min(area.width);
    Rect {
        x: area.right() - width,
        y: area.bottom().saturating_sub(height + 1),
        width,
        height,
    }
}

fn line(app: &App, setting: Setting, theme: &Theme, width: usize) -> Line<'static> {
    let value = setting.value(&app.next.params);
    let about = fit(setting.about(), width.saturating_sub(NAME + VALUE));
    if let Some(switch) = setting.switch(&app.next.params) {
        return Line::from(vec![
            Span::styled(format!("{:<NAME$}", setting.name()), theme.text()),
            Span::styled(format!("{switch} "), theme.accent()),
            Span::styled(format!("{value:<w$}", w = VALUE - 5), theme.strong()),
            Span::styled(about, theme.dim()),
        ]);
    }
    let idle = value == "—";
    let arrows = if idle { theme.dim() } else { theme.accent() };
    let gap = (VALUE - 4).saturating_sub(columns(&value));
    Line::from(vec![
        Span::styled(format!("{:<NAME$}", setting.name()), theme.text()),
        Span::styled("‹ ", arrows),
        Span::styled(value, if idle { theme.dim() } else { theme.strong() }),
        Span::styled(" ›", arrows),
        Span::raw(" ".repeat(gap)),
        Span::styled(about, theme.dim()),
    ])
}
