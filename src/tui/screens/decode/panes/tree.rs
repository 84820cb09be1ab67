//! The draft tree of the step looked at: what was drafted, what became of it, and
//! where it came from.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::present::mark::Mark;
use crate::present::number::{UNKNOWN, count, prob};
use crate::present::record::Record;
use crate::present::selection::TreeSelection;
use crate::present::step_phase::StepPhase;
use crate::present::theme::Theme;
use crate::present::token_text::{columns, fit, pad};
use crate::present::tree_lines::TreeLine;
use crate::speculate::trace::Step;
use crate::tui::app::App;
use crate::tui::screens::decode::panes::phases;
use crate::tui::screens::decode::panes::tree_mask::TreeMask;
use crate::tui::widgets::list::lit;
use crate::tui::widgets::pane::{below, light, more, placeholder, put};

/// Columns of probability and rank, and of the origins where there is room.
const FIGURES: usize = 11;
const ORIGINS: usize = 10;
const WIDE_ENOUGH: usize = 44;
/// At least this much of a token is shown, however deep it is.
const TOKEN_ROOM: usize = 12;

pub(crate) fn note(app: &App, theme: &Theme) -> Vec<Line<'static>> {
    let (Some(step), Some(record)) = (app.step(), app.record()) else {
        return Vec::new();
    };
    let number = step.index + 1;
    let (place, short) = match app.decode.phase() {
        None => {
            let of = record.n_steps();
            (format!("step {number} of {of}"), format!("{number}/{of}"))
        }
        Some(_) => (format!("step {number}"), number.to_string()),
    };
    let mut wordings = vec![place, short];
    if app.decode.knows(StepPhase::Draft) {
        let drafts = count(step.tree.n_drafts(), "draft");
        wordings.insert(0, format!("{} · {drafts}", wordings[0]));
        let left_out = step.n_offered.saturating_sub(step.tree.n_rows());
        if left_out > 0 {
            let whole = format!("{} · {left_out} more not worth a row", wordings[0]);
            wordings.insert(0, whole);
        }
    }
    let styled = |text| Line::styled(text, theme.dim());
    wordings.into_iter().map(styled).collect()
}

/// Where the lines are drawn: below the root, which stays in sight, and below
/// what is said of the phase that is looked at.
pub(crate) fn rows(app: &App, area: Rect) -> Rect {
    below(area, phases::height(app, area.width) + 1)
}

/// The first line shown below the root, so that the selected one is in view.
pub(crate) fn top_line(app: &App, lines: &[TreeLine], height: usize) -> usize {
    let selection = app.selection();
    let at = lines
        .iter()
        .position(|l| Some(l.selection) == selection)
        .unwrap_or(0);
    let last = lines.len().saturating_sub(height).max(1);
    (at + 2).saturating_sub(height).clamp(1, last)
}

pub(crate) fn render(app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let (Some(record), Some(step)) = (app.known(), app.step()) else {
        let text = "The draft tree of each step appears here: what earlier answers suggest comes \
            next, and the model's verdict on it.";
        return placeholder(text, area, theme, buf);
    };
    let origins = usize::from(area.width) >= WIDE_ENOUGH;
    phases::render(app, step, theme, area, buf);
    let root_area = below(area, phases::height(app, area.width));
    let token = record.quoted(step.tree.nodes[0].token);
    let lines = app.shown_lines(step);
    let mask = TreeMask::of(app, step, &lines, area.width);
    root(app, &token, (origins, mask.as_ref()), theme, root_area, buf);
    let area = rows(app, area);
    if !app.decode.knows(StepPhase::Draft) {
        return phases::hits(&record, step, theme, area, buf);
    }
    let judged = app.decode.knows(StepPhase::Verify);
    let height = usize::from(area.height);
    let top = top_line(app, &lines, height);
    let drawing = Drawing {
        record: &record,
        step,
        theme,
        origins,
        judged,
        mask: mask.as_ref(),
        selection: app.selection(),
    };
    let shown = lines.iter().skip(top).take(height);
    let chosen = shown
        .clone()
        .position(|l| Some(l.selection) == app.selection());
    let drawn = shown.map(|line| drawing.line(line, area.width));
    lit(drawn, chosen, theme, area, buf);
    let hidden = lines.len().saturating_sub(top + height);
    if hidden > 0 && height > 0 {
        more(&format!("{hidden} more"), area, theme, buf);
    }
    if step.tree.n_drafts() == 0 && height > lines.len() + 2 {
        let rest = below(area, lines.len() as u16);
        placeholder(no_drafts(app, step), rest, theme, buf);
    }
}

fn no_drafts(app: &App, step: &Step) -> &'static str {
    if !app.params_in_force().verify.drafts() {
        "Autoregressive: nothing is drafted, every step commits one token."
    } else if step.is_hit() {
        "Drafts were found, but verifying them would have cost more than it saves: this step has \
         none."
    } else {
        "Nothing in the pools continues this text: no drafts, one token."
    }
}

/// What the drafts continue, and the heads of the columns.
fn root(
    app: &App,
    token: &str,
    (origins, mask): (bool, Option<&TreeMask>),
    theme: &Theme,
    area: Rect,
    buf: &mut Buffer,
) {
    let figures = heads(app, origins);
    let width = area.width - mask.map_or(0, TreeMask::width);
    let room = usize::from(width).saturating_sub(columns(&figures) + 6);
    let token = fit(token, room);
    let gap = " ".repeat(room - columns(&token));
    let mut line = Line::from(vec![
        Span::styled("after ", theme.dim()),
        Span::styled(token, theme.strong()),
        Span::styled(format!("{gap}{figures}"), theme.dim()),
    ]);
    let is_selected = app.selection() == Some(TreeSelection::Root);
    if let Some((mask, step)) = mask.zip(app.step()) {
        line.extend(mask.cells(step, TreeSelection::Root, is_selected, theme));
    }
    put(buf, area, 0, &line);
    if is_selected {
        light(area, 0, theme, buf);
    }
}

fn heads(app: &App, origins: bool) -> String {
    let seen_in = match origins {
        true => format!(" {:<width$}", "seen in", width = ORIGINS - 1),
        false => String::new(),
    };
    match app.decode.phase() {
        Some(StepPhase::Retrieve) => String::new(),
        Some(StepPhase::Draft) => format!("{:>FIGURES$}{seen_in}", "estimate"),
        _ => format!("{:>5}{:>6}{seen_in}", "p", "rank"),
    }
}

/// What all lines of a tree are drawn with.
struct Drawing<'a> {
    record: &'a Record,
    step: &'a Step,
    theme: &'a Theme,
    /// Whether there is room for the origins.
    origins: bool,
    /// Whether the model has had its say.
    judged: bool,
    /// Beside the tree, where there is room.
    mask: Option<&'a TreeMask>,
    selection: Option<TreeSelection>,
}

impl Drawing<'_> {
    fn line(&self, line: &TreeLine, width: u16) -> Line<'static> {
        let right = FIGURES + if self.origins { ORIGINS } else { 0 };
        let width = width - self.mask.map_or(0, TreeMask::width);
        let room = usize::from(width).saturating_sub(right + 1);
        let stem = short_stem(&line.stem, room.saturating_sub(TOKEN_ROOM + 2));
        let mut drawn = Line::from(Span::styled(stem, self.theme.line()));
        self.push_token(&mut drawn, line.selection, room);
        let gap = (room + 1).saturating_sub(drawn.width());
        drawn.push_span(" ".repeat(gap));
        let style = match line.on_path && self.judged {
            true => self.theme.text(),
            false => self.theme.dim(),
        };
        drawn.push_span(Span::styled(self.figures(line.selection), style));
        if self.origins {
            drawn.push_span(Span::styled(
                format!(" {}", pad(&seen_in(self.step, line.selection), ORIGINS - 1)),
                self.theme.dim(),
            ));
        }
        if let Some(mask) = self.mask {
            let is_lit = self.selection == Some(line.selection);
            drawn.extend(mask.cells(self.step, line.selection, is_lit, self.theme));
        }
        drawn
    }

    fn push_token(&self, drawn: &mut Line<'static>, selection: TreeSelection, room: usize) {
        let step = self.step;
        let (mark, token) = match selection {
            TreeSelection::Root => (None, Some(step.tree.nodes[0].token)),
            TreeSelection::Draft(node) => (
                step.verdict.fate(node).map(Mark::Fate),
                Some(step.tree.nodes[node].token),
            ),
            TreeSelection::Bonus => (Some(Mark::Bonus), step.verdict.bonus),
        };
        let mark = mark.filter(|_| self.judged);
        let style = mark.map_or(self.theme.text(), |m| self.theme.token(m));
        if let Some(mark) = mark {
            let glyph = Span::styled(format!("{} ", mark.glyph()), self.theme.mark(mark));
            drawn.push_span(glyph);
        }
        let text = token.map_or_else(String::new, |id| self.record.quoted(id));
        let text = fit(&text, room.saturating_sub(drawn.width()));
        drawn.push_span(Span::styled(text, style));
    }

    /// Probability and rank, or the estimate before; in [`FIGURES`] columns.
    fn figures(&self, selection: TreeSelection) -> String {
        let step = self.step;
        let score = match selection {
            TreeSelection::Root => return " ".repeat(FIGURES),
            TreeSelection::Draft(node) if !self.judged => {
                return format!("{:>FIGURES$}", prob(step.tree.nodes[node].path_prob));
            }
            TreeSelection::Draft(node) => step.score(node),
            TreeSelection::Bonus => step.bonus_score(),
        };
        let p = score.map_or_else(|| UNKNOWN.into(), |score| prob(score.p));
        format!("{p:>5}{:>6}", rank_name(score.and_then(|score| score.rank)))
    }
}

/// A stem too deep for the pane keeps its end.
fn short_stem(stem: &str, room: usize) -> String {
    let n = columns(stem);
    if n <= room {
        return stem.to_string();
    }
    let cut: String = stem.chars().skip(n + 1 - room.max(1)).collect();
    format!("…{cut}")
}

pub(crate) fn rank_name(rank: Option<u32>) -> String {
    match rank {
        None => UNKNOWN.into(),
        Some(rank) if rank > 999 => "r>999".into(),
        Some(rank) => format!("r{rank}"),
    }
}

/// A letter a source, and how often it was seen there: `g12 l1`.
fn seen_in(step: &Step, selection: TreeSelection) -> String {
    match selection {
        TreeSelection::Root => String::new(),
        TreeSelection::Bonus => "model".into(),
        TreeSelection::Draft(node) => {
            let origins = step.tree.nodes[node].origins.iter();
            let names: Vec<String> = origins
                .map(|o| format!("{}{}", o.source.letter(), o.count))
                .collect();
            names.join(" ")
        }
    }
}
