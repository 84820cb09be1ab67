//! Items or users as a table, to choose a subject from.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Position, Rect};
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Cell, Row, Table, Widget};
use unicode_segmentation::UnicodeSegmentation;

use crate::present::names::fit_after;
use crate::present::theme::Theme;
use crate::present::token_text::{columns, fit};
use crate::recsys::{Half, Subject, SubjectKind};
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::keys::context::Context;
use crate::tui::screens::Typing;
use crate::tui::screens::catalog::filter::FilterRow as Match;
use crate::tui::screens::catalog::tab::CatalogTab;
use crate::tui::widgets::{list, pane};

/// What the filter looks at, in less and less room.
const HINTS: [&str; 3] = [
    " filters title, group, genre, director, theme",
    " filters title, group, genre, theme",
    " filters",
];
const ID: u16 = 6;
const GROUP: u16 = 11;
const HALF: u16 = 6;
const KNOWLEDGE: u16 = 9;
const RATINGS: u16 = 8;
/// With fewer columns ids and attributes are left to the details.
const ROOMY: u16 = 62;
/// Rows above the first subject: the filter and the column heads.
const HEAD_ROWS: u16 = 2;

/// Where the subjects' rows are.
fn rows(list: Rect) -> Rect {
    pane::below(pane::inner(list), HEAD_ROWS)
}

fn tab_titles(app: &App) -> [(CatalogTab, String); 3] {
    let n = |kind| {
        app.catalog
            .catalog
            .as_ref()
            .map_or(0, |c| c.subjects(kind).count())
    };
    let subjects = |kind, name: &str| (CatalogTab::Subjects(kind), format!("{name} {}", n(kind)));
    let n_rows = app.catalog.board.board.rows().len();
    [
        subjects(SubjectKind::Item, "Items"),
        subjects(SubjectKind::User, "Users"),
        (CatalogTab::Board, format!("Board {n_rows}")),
    ]
}

/// Which tab is at a column of the upper border.
pub(crate) fn tab_at(app: &App, list: Rect, x: u16) -> Option<CatalogTab> {
    let titles = tab_titles(app);
    let names: Vec<&str> = titles.iter().map(|(_, t)| t.as_str()).collect();
    pane::tab_at(&names, list, x).map(|i| titles[i].0)
}

/// Which subject is at a position, counted from the first that matches.
pub(crate) fn row_at(app: &App, list: Rect, at: Position) -> Option<usize> {
    let area = rows(list);
    let n = app.catalog.list().rows.len();
    list::row_at(area, first_row(app, area), n, at)
}

fn first_row(app: &App, area: Rect) -> usize {
    let list = app.catalog.list();
    list::first_with_next(list.selected, list.rows.len(), usize::from(area.height))
}

pub(crate) fn render(app: &App, theme: &Theme, list: Rect, buf: &mut Buffer) {
    tabs(app, theme, list, buf);
    let area = pane::inner(list);
    if app.catalog.catalog.is_none() {
        let key = |action| app.key_of(Context::Catalog, action);
        let text = format!(
            "No catalog. {} takes a custom prompt, {} opens an earlier run.",
            key(Action::OwnPrompt),
            key(Action::EarlierRuns)
        );
        return pane::placeholder(&text, area, theme, buf);
    }
    filter(app, theme, area, buf);
    table(app, theme, pane::below(area, 1), buf);
    if app.catalog.list().rows.is_empty() {
        let area = rows(list);
        let key = app.key_of(Context::Catalog, Action::Close);
        let text = format!("No matches; {key} clears the filter.");
        pane::placeholder(&text, area, theme, buf);
    }
}

/// The titles of the tabs, on the upper border.
pub(crate) fn tabs(app: &App, theme: &Theme, list: Rect, buf: &mut Buffer) {
    let titles = tab_titles(app);
    let tabs: Vec<(&str, bool)> = titles
        .iter()
        .map(|(tab, title)| (title.as_str(), *tab == app.catalog.tab()))
        .collect();
    pane::tabs(&tabs, list, true, theme, buf);
}

/// Columns of the tabs' titles together.
pub(crate) fn tabs_width(app: &App) -> usize {
    let titles = tab_titles(app);
    titles.iter().map(|(_, title)| title.len() + 3).sum()
}

/// The subjects in view below the heads.
fn table(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let (sizes, list) = (Sizes::of(app.catalog.kind, area.width), app.catalog.list());
    let rows = pane::below(area, 1);
    let top = first_row(app, rows);
    let shown = list.rows.iter().skip(top).take(usize::from(rows.height));
    let table = Table::new(shown.map(|row| sizes.row(app, row, theme)), sizes.widths())
        .header(sizes.heads(app.catalog.kind, theme));
    list::table(table, list.selected.checked_sub(top), theme, area, buf);
}

/// The filter as typed, or how to begin one; at the right, how many match.
fn filter(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let list = app.catalog.list();
    let text = list.filter.value();
    let key = |action| app.key_of(Context::Catalog, action);
    let line = if app.catalog.typing == Typing::Yes {
        typed(text, list.filter.visual_cursor(), theme)
    } else if text.is_empty() {
        let key = key(Action::Filter);
        let room = usize::from(area.width).saturating_sub(columns(&key));
        let fits = |text: &&str| columns(text) <= room;
        let hint = HINTS.into_iter().find(fits).unwrap_or_default();
        Line::from(vec![
            Span::styled(key, theme.accent()),
            Span::styled(hint, theme.dim()),
        ])
    } else {
        Line::from(vec![
            Span::styled("/ ", theme.accent()),
            Span::styled(text.to_string(), theme.strong()),
            Span::styled(format!("  {} clears", key(Action::Close)), theme.dim()),
        ])
    };
    pane::put(buf, area, 0, &line);
    let mut found = Vec::new();
    if !text.is_empty() {
        found.push(format!("{} found", list.rows.len()));
    }
    let order = list.sorting.note();
    if !order.is_empty() {
        found.push(order);
    }
    match app.catalog.marked.len() {
        0 => {}
        n => found.push(format!("{n} marked")),
    }
    if !found.is_empty() {
        let found = Line::styled(format!(" {}", found.join(" · ")), theme.text());
        found.right_aligned().render(area, buf);
    }
}

fn typed(text: &str, cursor: usize, theme: &Theme) -> Line<'static> {
    let mut line = Line::from(Span::styled("/ ", theme.accent()));
    crate::tui::widgets::field::push_input(&mut line, text, cursor, theme);
    line
}

/// Column widths; 0 where there is no room.
struct Sizes {
    id: u16,
    label: u16,
    attributes: u16,
    knowledge: u16,
}

impl Sizes {
    fn of(kind: SubjectKind, width: u16) -> Self {
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
            knowledge,
        }
    }

    fn widths(&self) -> Vec<Constraint> {
        let (label, more) = (self.label, self.attributes);
        Constraint::from_lengths([self.id, label, GROUP, more, HALF, self.knowledge])
    }

    fn heads(&self, kind: SubjectKind, theme: &Theme) -> Row<'static> {
        let (label, more) = match kind {
            SubjectKind::Item => ("title", "genres"),
            SubjectKind::User => ("name", "ratings"),
        };
        let made = if self.id > 0 { "knowledge" } else { "made" };
        let cells =
            ["id", label, "group", more, "half"].map(|head| Cell::from(head).style(theme.dim()));
        let made = Cell::from(Span::styled(made, theme.dim()));
        cells.into_iter().chain([made]).collect()
    }

    /// With what the filter matched underlined; what all names begin with is left out
    /// where there is no room.
    fn label(
        &self,
        app: &App,
        label: &str,
        room: u16,
        row: &Match,
        theme: &Theme,
    ) -> Line<'static> {
        let prefix = &app.catalog.list().prefix;
        let shown = fit_after(prefix, label, usize::from(room).saturating_sub(1));
        let cut = match shown.starts_with('…') {
            // The sign itself has the place of a letter.
            true => prefix.chars().count().saturating_sub(1),
            false => 0,
        };
        marked(&shown, cut, row, theme)
    }

    fn row(&self, app: &App, row: &Match, theme: &Theme) -> Row<'static> {
        let Some(catalog) = &app.catalog.catalog else {
            return Row::default();
        };
        let subject = catalog.subject(row.at);
        let plain = match subject.half() {
            Half::Query => theme.text(),
            Half::Pool => theme.dim(),
        };
        let is_marked = app.catalog.marked.contains(&row.at);
        let room = self.label.saturating_sub(2 * u16::from(is_marked));
        let mut label = self.label(app, &subject.label(), room, row, theme);
        if is_marked {
            label.spans.insert(0, Span::styled("● ", theme.accent()));
        }
        Row::new([
            Cell::from(fitted(subject.id(), self.id)).style(theme.dim()),
            Cell::from(label).style(plain),
            Cell::from(fitted(subject.group(), GROUP)).style(plain),
            Cell::from(fitted(&attributes(subject), self.attributes)).style(theme.dim()),
            Cell::from(fitted(half(subject.half()), HALF)).style(plain),
            Cell::from(Span::styled(knowledge(app, subject), theme.dim())),
        ])
    }
}

/// The label, less so many letters, with what the filter matched underlined.
fn marked(label: &str, cut: usize, row: &Match, theme: &Theme) -> Line<'static> {
    let hit = theme
        .accent()
        .add_modifier(Modifier::BOLD | Modifier::UNDERLINED);
    let graphemes = label.graphemes(true).enumerate().map(|(i, grapheme)| {
        match row.matched.contains(&((i + cut) as u32)) && grapheme != " " {
            true => Span::styled(grapheme.to_string(), hit),
            false => Span::raw(grapheme.to_string()),
        }
    });
    graphemes.collect()
}

fn attributes(subject: Subject<'_>) -> String {
    match subject {
        Subject::Item(item) => item.genres.join(", "),
        Subject::User(user) => user.history.len().to_string(),
    }
}

pub(crate) fn half(half: Half) -> &'static str {
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

/// Cut to a column with a space after it.
fn fitted(text: &str, width: u16) -> String {
    fit(text, usize::from(width).saturating_sub(1))
}
