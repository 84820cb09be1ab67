//! What the pools would draft after a text: a tree for each set of sources, side
//! by side where there is room. The probabilities are the drafter's estimates
//! that a token is reached and accepted; no model was asked.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget};

use crate::present::number::{count, prob};
use crate::present::selection::TreeSelection;
use crate::present::theme::Theme;
use crate::present::token_text::{columns, fit, quoted};
use crate::present::tree_lines::draft_lines;
use crate::protocol::ProbedSet;
use crate::speculate::draft::DraftNode;
use crate::tui::action::{Action, PoolAction};
use crate::tui::app::App;
use crate::tui::keys::context::Context;
use crate::tui::screens::pool::state::Probed;
use crate::tui::widgets::pane::{below, more, placeholder, put};

const HEAD_ROWS: u16 = 2;
const GAP: u16 = 2;
/// A column needs this much to be read.
const MIN_COLUMN: u16 = 20;
const ORIGINS: usize = 7;

/// The sets as they stand: one column each, or all below one another.
fn columns_of(probed: &Probed, area: Rect) -> Vec<(Rect, Vec<&ProbedSet>)> {
    let sets: Vec<&ProbedSet> = probed.probe.sets.iter().collect();
    let n = (sets.len() as u16).max(1);
    let width = area.width.saturating_sub((n - 1) * GAP) / n;
    let area = below(area, HEAD_ROWS);
    if width < MIN_COLUMN {
        return vec![(area, sets)];
    }
    let widths = sets.iter().map(|_| Constraint::Length(width));
    let places = Layout::horizontal(widths).spacing(GAP).split(area);
    let each = places.iter().copied().zip(sets);
    each.map(|(place, set)| (place, vec![set])).collect()
}

fn lines(probed: &Probed, sets: &[&ProbedSet], width: u16, theme: &Theme) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for set in sets {
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.extend(set_lines(probed, set, usize::from(width), theme));
    }
    lines
}

fn set_lines(probed: &Probed, set: &ProbedSet, width: usize, theme: &Theme) -> Vec<Line<'static>> {
    let tree = &set.tree;
    let what = match tree.n_drafts() {
        0 => "nothing".to_string(),
        n => format!(
            "{}, {:.1} exp.",
            count(n, "draft"),
            tree.expected_accepted()
        ),
    };
    let mut lines = vec![
        Line::styled(fit(&set.name, width), theme.title(true)),
        Line::styled(fit(&what, width), theme.text()),
        Line::styled(fit(&matched(set), width), theme.dim()),
    ];
    for line in draft_lines(tree) {
        let TreeSelection::Draft(node) = line.selection else {
            continue;
        };
        let node = &tree.nodes[node];
        lines.push(node_line(probed, node, &line.stem, width, theme));
    }
    lines
}

/// The longest suffix that each source found.
fn matched(set: &ProbedSet) -> String {
    let hits = set.hits.iter();
    let hits: Vec<String> = hits
        .map(|h| {
            let matched = count(h.matched, "token");
            format!("{} {matched} {}×", h.source.letter(), h.count)
        })
        .collect();
    match hits.is_empty() {
        true => "no match".into(),
        false => hits.join(", "),
    }
}

fn node_line(
    probed: &Probed,
    node: &DraftNode,
    stem: &str,
    width: usize,
    theme: &Theme,
) -> Line<'static> {
    let text = match probed.bytes(node.token) {
        Some(bytes) => quoted(bytes.as_bytes()),
        None => format!("⟨#{}⟩", node.token),
    };
    let origins = node.origins.iter();
    let origins: Vec<String> = origins
        .map(|o| format!("{}{}", o.source.letter(), o.count))
        .collect();
    let with_origins = width >= 2 * usize::from(MIN_COLUMN) - 8;
    let right = match with_origins {
        true => format!(
            " {} {:<ORIGINS$}",
            prob(node.path_prob),
            fit(&origins.join(" "), ORIGINS)
        ),
        false => format!(" {}", prob(node.path_prob)),
    };
    let room = width.saturating_sub(columns(&right));
    let stem = fit_stem(stem, room);
    let text = fit(&text, room.saturating_sub(columns(&stem)));
    let gap = " ".repeat(room.saturating_sub(columns(&stem) + columns(&text)));
    Line::from(vec![
        Span::styled(stem, theme.line()),
        Span::styled(text, theme.text()),
        Span::styled(format!("{gap}{right}"), theme.dim()),
    ])
}

/// Branches cut at their left, so that the token has a place.
fn fit_stem(stem: &str, room: usize) -> String {
    if columns(stem) + 8 <= room {
        return stem.to_string();
    }
    let n = stem.chars().count();
    let kept = room.saturating_sub(9);
    let end: String = stem.chars().skip(n.saturating_sub(kept)).collect();
    format!("…{end}")
}

/// First line shown, and the last that can be first.
pub(crate) fn scrolled(app: &App, area: Rect) -> (usize, usize) {
    let Some(probed) = &app.pool.probed else {
        return (0, 0);
    };
    let theme = app.look.theme.theme();
    let hidden = columns_of(probed, area).into_iter().map(|(rect, sets)| {
        let n = lines(probed, &sets, rect.width, &theme).len();
        n.saturating_sub(usize::from(rect.height))
    });
    let last = hidden.max().unwrap_or(0);
    (app.pool.scroll.unwrap_or(0).min(last), last)
}

pub(crate) fn render(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let Some(probed) = &app.pool.probed else {
        let key = |action| app.key_of(Context::Pool, Action::Pool(action));
        let text = format!(
            "{} shows what would be drafted after the prompt selected in the catalog, {} after a \
             phrase: with no pool, with all pools, with the selected group's.",
            key(PoolAction::ProbePrompt),
            key(PoolAction::Search)
        );
        return placeholder(&text, area, theme, buf);
    };
    let head = Line::from(vec![
        Span::styled("after ", theme.dim()),
        Span::styled(probed.what.clone(), theme.strong()),
        Span::styled(
            format!(
                "  {}  p: the drafter's estimate",
                count(probed.probe.n_tokens, "token")
            ),
            theme.dim(),
        ),
    ]);
    put(buf, area, 0, &head);
    let (top, last) = scrolled(app, area);
    for (rect, sets) in columns_of(probed, area) {
        let lines = lines(probed, &sets, rect.width, theme);
        Paragraph::new(lines)
            .scroll((top as u16, 0))
            .render(rect, buf);
    }
    if top < last {
        more("more", area, theme, buf);
    }
}
