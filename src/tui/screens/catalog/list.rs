//! Items or users as a table: whom to generate knowledge for.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;

use crate::present::theme::Theme;
use crate::present::token_text::{columns, fit};
use crate::recsys::{Half, Subject, SubjectKind};
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::keys::context::Context;
use crate::tui::screens::Typing;
use crate::tui::screens::catalog::filter::Row;
use crate::tui::widgets::pane;

const ID: usize = 6;
const GROUP: usize = 11;
const HALF: usize = 6;
const KNOWLEDGE: usize = 9;
const RATINGS: usize = 8;
/// With fewer columns ids and attributes are left to the details.
const ROOMY: usize = 62;
/// Rows above the first subject: the filter and the column heads.
const HEAD_ROWS: u16 = 2;

/// Where the subjects' rows are.
fn rows(list: Rect) -> Rect {
    let area = pane::inner(list);
    Rect {
        y: area.y + HEAD_ROWS,
        height: area.height.saturating_sub(HEAD_ROWS),
        ..area
    }
}

fn tab_titles(app: &App) -> [(SubjectKind, String); 2] {
    let n = |kind| {
        app.catalog
            .catalog
            .as_ref()
            .map_or(0, |c| c.subjects(kind).count())
    };
    [
        (SubjectKind::Item, format!("Items {}", n(SubjectKind::Item))),
        (SubjectKind::User, format!("Users {}", n(SubjectKind::User))),
    ]
}

/// Which tab is at a column of the upper border.
pub fn tab_at(app: &App, list: Rect, x: u16) -> Option<SubjectKind> {
    let titles = tab_titles(app);
    let names: Vec<&str> = titles.iter().map(|(_, t)| t.as_str()).collect();
    pane::tab_at(&names, list, x).map(|i| titles[i].0)
}

/// Which subject is at a position, counted from the first that matches.
pub fn row_at(app: &App, list: Rect, at: Position) -> Option<usize> {
    let area = rows(list);
    let row = first_row(app, area) + usize::from(at.y.checked_sub(area.y)?);
    (area.contains(at) && row < app.catalog.list().rows.len()).then_some(row)
}

/// The first row shown, so that the selected one is in view with one to come.
fn first_row(app: &App, area: Rect) -> usize {
    let list = app.catalog.list();
    let height = usize::from(area.height);
    let last = list.rows.len().saturating_sub(height);
    (list.selected + 2).saturating_sub(height).min(last)
}

pub fn render(app: &App, theme: &Theme, list: Rect, buf: &mut Buffer) {
    let titles = tab_titles(app);
    let tabs: Vec<(&str, bool)> = titles
        .iter()
        .map(|(kind, title)| (title.as_str(), *kind == app.catalog.kind))
        .collect();
    pane::tabs(&tabs, list, true, theme, buf);
    let area = pane::inner(list);
    if app.catalog.catalog.is_none() {
        let key = |action| app.key_of(Context::Catalog, action);
        let text = format!(
            "There is no catalog. {} types a prompt of your own, {} opens an earlier run.",
            key(Action::OwnPrompt),
            key(Action::EarlierRuns)
        );
        return pane::placeholder(&text, area, theme, buf);
    }
    filter(app, theme, area, buf);
    let sizes = Sizes::of(app.catalog.kind, usize::from(area.width));
    pane::put(
        buf,
        area,
        1,
        &Line::styled(sizes.heads(app.catalog.kind), theme.dim()),
    );
    let area = rows(list);
    let top = first_row(app, area);
    let shown = app.catalog.list().rows.iter().enumerate().skip(top);
    for (i, (index, row)) in shown.take(usize::from(area.height)).enumerate() {
        pane::put(buf, area, i as u16, &sizes.line(app, row, theme));
        if index == app.catalog.list().selected {
            pane::mark(area, i as u16, 1, theme, buf);
        }
    }
    if app.catalog.list().rows.is_empty() {
        let key = app.key_of(Context::Catalog, Action::Close);
        let text = format!("Nothing matches; {key} clears the filter.");
        pane::placeholder(&text, area, theme, buf);
    }
}

/// The filter as typed, or how to begin one; at the right, how many match.
fn filter(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let list = app.catalog.list();
    let text = list.filter.value();
    let key = |action| app.key_of(Context::Catalog, action);
    let line = if app.catalog.typing == Typing::Yes {
        typed(text, list.filter.visual_cursor(), theme)
    } else if text.is_empty() {
        Line::from(vec![
            Span::styled(key(Action::Filter), theme.accent()),
            Span::styled(
                " filters by title, group, genre, director, theme",
                theme.dim(),
            ),
        ])
    } else {
        Line::from(vec![
            Span::styled("/ ", theme.accent()),
            Span::styled(text.to_string(), theme.strong()),
            Span::styled(format!("  {} clears", key(Action::Close)), theme.dim()),
        ])
    };
    pane::put(buf, area, 0, &line);
    if !text.is_empty() {
        let found = Line::styled(format!("{} found", list.rows.len()), theme.text());
        let x = area.right().saturating_sub(found.width() as u16);
        buf.set_line(x, area.y, &found, area.width);
    }
}

fn typed(text: &str, cursor: usize, theme: &Theme) -> Line<'static> {
    let mut line = Line::from(Span::styled("/ ", theme.accent()));
    crate::tui::widgets::field::push_input(&mut line, text, cursor, theme);
    line
}

/// Column widths; 0 where there is no room.
struct Sizes {
    id: usize,
    label: usize,
    attributes: usize,
}

impl Sizes {
    fn of(kind: SubjectKind, width: usize) -> Self {
        let roomy = width >= ROOMY;
        let (id, knowledge) = if roomy {
            (ID, KNOWLEDGE)
        } else {
            (0, KNOWLEDGE - 2)
        };
        let free = width.saturating_sub(id + GROUP + HALF + knowledge);
        let attributes = match (kind, roomy) {
            (SubjectKind::Item, true) => free / 3,
            (SubjectKind::User, true) => RATINGS,
            (_, false) => 0,
        };
        Sizes {
            id,
            label: free.saturating_sub(attributes),
            attributes,
        }
    }

    fn heads(&self, kind: SubjectKind) -> String {
        let (label, more) = match kind {
            SubjectKind::Item => ("title", "genres"),
            SubjectKind::User => ("name", "ratings"),
        };
        let made = if self.id > 0 { "knowledge" } else { "made" };
        [
            pad("id", self.id),
            pad(label, self.label),
            pad("group", GROUP),
            pad(more, self.attributes),
            pad("half", HALF),
            made.to_string(),
        ]
        .concat()
    }

    fn line(&self, app: &App, row: &Row, theme: &Theme) -> Line<'static> {
        let Some(catalog) = &app.catalog.catalog else {
            return Line::default();
        };
        let subject = catalog.subject(row.at);
        let plain = match subject.half() {
            Half::Query => theme.text(),
            Half::Pool => theme.dim(),
        };
        let attributes = pad(&attributes(subject), self.attributes);
        let knowledge = knowledge(app, subject);
        let mut line = Line::from(Span::styled(pad(subject.id(), self.id), theme.dim()));
        self.push_label(&mut line, &subject.label(), row, plain, theme);
        line.push_span(Span::styled(pad(subject.group(), GROUP), plain));
        line.push_span(Span::styled(attributes, theme.dim()));
        line.push_span(Span::styled(pad(half(subject.half()), HALF), plain));
        line.push_span(Span::styled(knowledge, theme.dim()));
        line
    }

    /// The label with what the filter matched underlined.
    fn push_label(
        &self,
        line: &mut Line<'static>,
        label: &str,
        row: &Row,
        plain: ratatui::style::Style,
        theme: &Theme,
    ) {
        let fitted = pad(label, self.label);
        for (i, grapheme) in fitted.graphemes(true).enumerate() {
            let hit = row.matched.contains(&(i as u32)) && grapheme != " ";
            let style = if hit {
                theme
                    .accent()
                    .add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
            } else {
                plain
            };
            line.push_span(Span::styled(grapheme.to_string(), style));
        }
    }
}

fn attributes(subject: Subject<'_>) -> String {
    match subject {
        Subject::Item(item) => item.genres.join(", "),
        Subject::User(user) => user.history.len().to_string(),
    }
}

pub fn half(half: Half) -> &'static str {
    match half {
        Half::Query => "query",
        Half::Pool => "pool",
    }
}

/// Runs made of it; else whether its answer ships.
fn knowledge(app: &App, subject: Subject<'_>) -> String {
    let (kind, id) = (subject.kind().to_string(), subject.id());
    match app.n_runs_about(&kind, id) {
        0 if app.is_in_pool(&kind, id) => "shipped".into(),
        0 => "—".into(),
        n => crate::present::number::count(n, "run"),
    }
}

/// Cut or filled up to a width, with a space after it; nothing if it is 0.
fn pad(text: &str, width: usize) -> String {
    let text = fit(text, width.saturating_sub(1));
    let gap = width.saturating_sub(columns(&text));
    format!("{text}{}", " ".repeat(gap))
}
