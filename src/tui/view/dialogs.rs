//! What lies over the screens: questions, messages, fields to type in, lists.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use tui_input::Input;
use unicode_segmentation::UnicodeSegmentation;

use super::catalog_detail::{earlier_summary, summary};
use super::number::{bytes, count};
use super::{branch, choose, commands, condition, copy, export, help, pane, settings, why_slow};
use crate::tui::action::{Action, Copied, LabAction};
use crate::tui::keys::Context;
use crate::tui::layout;
use crate::tui::paragraph::wrap;
use crate::tui::share::Format;
use crate::tui::state::app::{App, Dialog};
use crate::tui::state::run::Run;
use crate::tui::state::runs::Listed;
use crate::tui::state::settings::Setting;
use crate::tui::state::update_lab::{LabAsks, Removal};
use crate::tui::theme::Theme;
use crate::tui::token_text::{columns, fit};
use crate::worker::message::PoolName;

const MESSAGE_WIDTH: u16 = 72;
const FAILURE_WIDTH: u16 = 96;
const RUNS_WIDTH: u16 = 100;
const SEARCH_WIDTH: u16 = 60;
const PROMPT_ROWS: u16 = 6;

pub fn render(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    match &app.dialog {
        None => {}
        Some(Dialog::Help(open)) => help::render(app, open, theme, area, buf),
        Some(Dialog::Settings { row }) => settings::render(app, *row, theme, area, buf),
        Some(Dialog::Runs { row }) => runs(app, *row, theme, area, buf),
        Some(Dialog::Download { bytes }) => download(app, *bytes, theme, area, buf),
        Some(Dialog::Failure { why }) => failure(app, why, theme, area, buf),
        Some(Dialog::Prompt(input)) => {
            let note = "The model answers it; drafts come from all pools and from the text itself.";
            typed("A PROMPT OF YOUR OWN", note, input, theme, area, buf);
        }
        Some(Dialog::Lab(dialog)) => {
            let (title, note) = lab_words(app, dialog.asks);
            typed(title, &note, &dialog.input, theme, area, buf);
        }
        Some(Dialog::SaveEdits) => save_edits(app, theme, area, buf),
        Some(Dialog::RemoveDocument(removal)) => remove_document(app, removal, theme, area, buf),
        Some(Dialog::GoTo(input)) => go_to(app, input, theme, area, buf),
        Some(Dialog::Answer(input)) => answer(input, theme, area, buf),
        Some(Dialog::Export { row }) => export::render(*row, theme, area, buf),
        Some(Dialog::Condition(editor)) => condition::render(app, editor, theme, area, buf),
        Some(Dialog::WhySlow { scroll }) => why_slow::render(app, *scroll, theme, area, buf),
        Some(Dialog::Branch { row }) => branch::render(app, *row, theme, area, buf),
        Some(Dialog::Search(input)) => search(app, input, theme, area, buf),
        Some(Dialog::Commands { input, row }) => {
            commands::render(app, input, *row, theme, area, buf);
        }
        Some(Dialog::Copy { row }) => copy::render(app, *row, theme, area, buf),
        Some(Dialog::Choose { side, row }) => choose::render(app, *side, *row, theme, area, buf),
    }
}

/// Which line of an open list is at a position.
pub fn line_at(app: &App, at: Position) -> Option<usize> {
    let whole = layout::whole(app);
    let (rect, first, n) = match &app.dialog {
        Some(Dialog::Settings { .. }) => {
            let n_shown = Setting::shown(&app.params).len();
            (settings::place(app, whole), 0, n_shown)
        }
        Some(Dialog::Branch { .. }) => {
            let inside = layout::inner(branch::place(app, whole)).contains(at);
            return branch::row_at(app, whole, at.y).filter(|_| inside);
        }
        Some(Dialog::Condition(editor)) => {
            let (rows, first) = condition::list(whole, editor);
            let line = first + usize::from(at.y.checked_sub(rows.y)?);
            return (rows.contains(at) && line < editor.suggestions().len()).then_some(line);
        }
        Some(Dialog::Copy { .. }) => (copy::place(whole), 0, Copied::ALL.len()),
        Some(Dialog::Runs { row }) => {
            let rect = runs_place(app, whole);
            let height = usize::from(layout::inner(rect).height);
            (rect, first_run(*row, height), app.listed_runs().count())
        }
        Some(Dialog::Choose { side, row }) => {
            let rect = choose::place(app, *side, whole);
            let height = usize::from(layout::inner(rect).height);
            (rect, first_run(*row, height), app.offered(*side).len())
        }
        Some(Dialog::Export { .. }) => (export::place(whole), 0, Format::ALL.len()),
        _ => return None,
    };
    let area = layout::inner(rect);
    let line = first + usize::from(at.y.checked_sub(area.y)?);
    (area.contains(at) && line < n).then_some(line)
}

/// Nothing else can be shown on so small a terminal.
pub fn too_small(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let (width, height) = layout::MIN_SIZE;
    let text = format!(
        "LaserScope needs {width}×{height}\nthis terminal has {}×{}\nmake it larger, or {} quits",
        area.width,
        area.height,
        app.key_of(Context::Anywhere, Action::Quit)
    );
    pane::placeholder(&text, area, theme, buf);
}

fn message(title: &str, text: &str, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let width = MESSAGE_WIDTH.min(area.width - 4);
    let lines = wrap(text, usize::from(width - 4));
    let rect = pane::centred(area, width, lines.len() as u16 + 2);
    let inner = pane::dialog(title, rect, theme, buf);
    for (row, text) in lines.into_iter().enumerate() {
        pane::put(buf, inner, row as u16, &Line::styled(text, theme.text()));
    }
}

fn download(app: &App, n: u64, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let key = |action| app.key_of(Context::Question, action);
    let text = format!(
        "\nThe model's file has {}. Fetch it now? It is kept, so this happens once.\n\n{} fetches it.  {} \
         leaves it; recorded runs play all the same.\n",
        bytes(n),
        key(Action::Submit),
        key(Action::Close)
    );
    message("FETCH THE MODEL?", &text, theme, area, buf);
}

/// Why there is no model, as far as it fits, and below it what can be done.
fn failure(app: &App, why: &str, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let width = FAILURE_WIDTH.min(area.width - 4);
    let mut why = wrap(why.trim(), usize::from(width - 4));
    let room = usize::from(area.height.saturating_sub(8));
    if why.len() > room {
        why.truncate(room);
        why.push("…".into());
    }
    let rect = pane::centred(area, width, why.len() as u16 + 4);
    let inner = pane::dialog("NO MODEL", rect, theme, buf);
    let n_lines = why.len() as u16;
    for (row, text) in why.into_iter().enumerate() {
        pane::put(buf, inner, row as u16, &Line::styled(text, theme.text()));
    }
    let mut ways = Line::default();
    for (action, text) in [
        (Action::RetryModel, "tries again"),
        (Action::Close, "closes this, recordings play"),
        (Action::Quit, "quits"),
    ] {
        let key = app.key_of(Context::Message, action);
        ways.push_span(Span::styled(key, theme.accent()));
        ways.push_span(Span::styled(format!(" {text}   "), theme.text()));
    }
    pane::put(buf, inner, n_lines + 1, &ways);
}

fn go_to(app: &App, input: &Input, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let rect = pane::centred(area, 40, 3);
    let inner = pane::dialog("GO TO STEP", rect, theme, buf);
    let n_steps = app.record().map_or(0, |r| r.n_steps());
    let mut line = Line::from(Span::styled(format!("1 to {n_steps}: "), theme.dim()));
    push_input(&mut line, input.value(), input.visual_cursor(), theme);
    pane::put(buf, inner, 0, &line);
}

fn answer(input: &Input, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let rect = pane::centred(area, 40, 3);
    let inner = pane::dialog("YOUR ANSWER", rect, theme, buf);
    let mut line = Line::from(Span::styled("a number: ", theme.dim()));
    push_input(&mut line, input.value(), input.visual_cursor(), theme);
    pane::put(buf, inner, 0, &line);
}

/// At the bottom, so that the text stays in sight.
fn search(app: &App, input: &Input, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let width = SEARCH_WIDTH.min(area.width);
    let rect = Rect {
        y: area.bottom().saturating_sub(4),
        width,
        height: 3,
        ..area
    };
    let inner = pane::dialog("SEARCH THE TEXT", rect, theme, buf);
    let mut line = Line::from(Span::styled("/ ", theme.dim()));
    push_input(&mut line, input.value(), input.visual_cursor(), theme);
    pane::put(buf, inner, 0, &line);
    let found = match (input.value(), app.matches().len()) {
        ("", _) => String::new(),
        (_, 0) => "not there".into(),
        (_, n) => super::number::count(n, "place"),
    };
    let x = inner.right().saturating_sub(columns(&found) as u16);
    buf.set_string(x, inner.y, found, theme.dim());
}

/// What is typed for the pools, and what will be done with it.
fn lab_words(app: &App, asks: LabAsks) -> (&'static str, String) {
    let pool = match app.lab.pool() {
        Some(PoolName::Group(name)) => name.as_str(),
        _ => "session/added",
    };
    match asks {
        LabAsks::Phrase => (
            "SEARCH THE POOLS",
            "Where it occurs, to the letter, and what would be drafted after it.".into(),
        ),
        LabAsks::Text => (
            "A DOCUMENT FOR THE POOL",
            format!("Type or paste it: to {pool}, in memory, for the next runs."),
        ),
        LabAsks::File => (
            "DOCUMENTS FROM A FILE",
            "A path to JSON Lines with id, text, and title, kind, group where known.".into(),
        ),
    }
}

fn save_edits(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let overview = app.lab.overview.as_ref();
    let n = overview.map_or(0, |o| o.n_unsaved);
    let path = overview.and_then(|o| o.pool_on_disk.as_deref());
    let text = format!(
        "\nThe pool on disk {} is changed: {}. This cannot be undone here.\n\n⏎ saves.  esc leaves \
         the changes in memory.\n",
        path.unwrap_or_default(),
        count(n, "change")
    );
    message("SAVE TO THE POOL ON DISK?", &text, theme, area, buf);
}

fn remove_document(app: &App, removal: &Removal, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let key = |action| app.key_of(Context::Question, action);
    let undo = app.key_of(Context::Pool, Action::Lab(LabAction::Undo));
    let name = match removal.title.is_empty() {
        true => removal.id.to_string(),
        false => format!("{} ({})", removal.title, removal.id),
    };
    let text = format!(
        "\n{name} is taken out of the pools for this session's next runs, in memory; {undo} brings it \
         back.\n\n{} takes it out.  {} leaves it.\n",
        key(Action::Submit),
        key(Action::Close)
    );
    message("TAKE THIS DOCUMENT OUT?", &text, theme, area, buf);
}

fn typed(title: &str, note: &str, input: &Input, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let rect = pane::centred(area, MESSAGE_WIDTH + 8, PROMPT_ROWS + 4);
    let inner = pane::dialog(title, rect, theme, buf);
    let note = fit(note, usize::from(inner.width));
    pane::put(buf, inner, 0, &Line::styled(note, theme.dim()));
    let width = usize::from(inner.width);
    let lines = input_lines(input, width, theme);
    let first = lines.len().saturating_sub(usize::from(PROMPT_ROWS));
    for (row, line) in lines[first..].iter().enumerate() {
        pane::put(buf, inner, row as u16 + 2, line);
    }
}

/// What is typed, broken at the pane's width, with a block for the cursor.
fn input_lines(input: &Input, width: usize, theme: &Theme) -> Vec<Line<'static>> {
    let mut whole = Line::default();
    push_input(&mut whole, input.value(), input.visual_cursor(), theme);
    let mut lines = vec![Line::default()];
    let mut used = 0;
    for span in whole.spans {
        for grapheme in span.content.graphemes(true) {
            let n = columns(grapheme);
            if used + n > width {
                lines.push(Line::default());
                used = 0;
            }
            used += n;
            if let Some(line) = lines.last_mut() {
                line.push_span(Span::styled(grapheme.to_string(), span.style));
            }
        }
    }
    lines
}

/// A text field's content, the character under the cursor reversed.
pub fn push_input(line: &mut Line<'static>, text: &str, cursor: usize, theme: &Theme) {
    let mut at = 0;
    let mut marked = false;
    let cursor_style = theme.strong().add_modifier(Modifier::REVERSED);
    for grapheme in text.graphemes(true) {
        let here = at == cursor && !marked;
        marked |= here;
        let style = if here { cursor_style } else { theme.strong() };
        line.push_span(Span::styled(grapheme.to_string(), style));
        at += columns(grapheme);
    }
    if !marked {
        line.push_span(Span::styled(" ", cursor_style));
    }
}

fn runs_place(app: &App, area: Rect) -> Rect {
    let n = app.listed_runs().count() as u16;
    pane::centred(
        area,
        RUNS_WIDTH.min(area.width - 4),
        (n + 2).min(area.height - 4),
    )
}

pub(super) fn first_run(row: usize, height: usize) -> usize {
    (row + 1).saturating_sub(height)
}

fn runs(app: &App, row: usize, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let inner = pane::dialog("EARLIER RUNS", runs_place(app, area), theme, buf);
    let height = usize::from(inner.height);
    let first = first_run(row, height);
    for (i, listed) in app.listed_runs().enumerate().skip(first).take(height) {
        let (name, text) = match listed {
            Listed::Run { run, depth } => (run_name(run, depth), summary(run)),
            Listed::Earlier(earlier) => (earlier.subject.title.clone(), earlier_summary(earlier)),
        };
        let at = (i - first) as u16;
        pane::put(buf, inner, at, &run_line(&name, &text, inner.width, theme));
        if i == row {
            pane::light(inner, at, theme, buf);
        }
    }
}

/// A branch hangs below the run that it left.
fn run_name(run: &Run, depth: usize) -> String {
    match (depth, run.begins()) {
        (0, None) => run.subject.title.clone(),
        (0, Some(from)) => format!("{} from {from}", run.subject.title),
        (_, from) => {
            let from = from.unwrap_or_else(|| run.subject.title.clone());
            format!("{}└─ {from}", "   ".repeat(depth - 1))
        }
    }
}

pub(super) fn run_line(name: &str, text: &str, width: u16, theme: &Theme) -> Line<'static> {
    let room = usize::from(width).saturating_sub(columns(text) + 2);
    let title = fit(name, room);
    let gap = room.saturating_sub(columns(&title)) + 2;
    Line::from(vec![
        Span::styled(title, theme.strong()),
        Span::raw(" ".repeat(gap)),
        Span::styled(text.to_string(), theme.text()),
    ])
}
