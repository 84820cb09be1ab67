//! The subject selected: what the catalog knows, its group and why, the prompt
//! that will be asked, earlier runs.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget};

use crate::present::number::{count, three};
use crate::present::theme::Theme;
use crate::present::token_text::{columns, fit};
use crate::recsys::catalog::Fact;
use crate::recsys::{Half, Scale, Subject, SubjectRef};
use crate::speculate::subject::KindName;
use crate::speculate::trace::SubjectInfo;
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::keys::context::Context;
use crate::tui::runs::run::Run;
use crate::tui::shell::layout;
use crate::tui::widgets::pane;
use crate::tui::widgets::paragraph::wrap;

const LABEL: usize = 10;
const MAX_HISTORY: usize = 8;

pub(crate) fn render(app: &App, theme: &Theme, rect: Rect, buf: &mut Buffer) {
    pane::title("DETAILS", rect, false, theme, buf);
    let area = pane::inner(rect);
    let lines = lines(app, theme, usize::from(area.width));
    let top = app.catalog.detail_scroll.min(lines.len());
    let hidden = (lines.len() - top).saturating_sub(usize::from(area.height));
    Paragraph::new(lines)
        .scroll((top as u16, 0))
        .render(area, buf);
    if hidden > 0 {
        let key = app.key_of(Context::Catalog, Action::DetailDown);
        let text = format!("{} more · {key}", count(hidden, "line"));
        pane::more(&text, area, theme, buf);
    }
}

/// How far the details can be scrolled.
pub(crate) fn last_scroll(app: &App) -> usize {
    let (_, rect) = crate::tui::screens::catalog::layout::places(
        layout::shell(app, layout::whole(app)).body,
        app.look.panes,
    );
    let area = pane::inner(rect);
    let n_lines = lines(app, &app.look.theme.theme(), usize::from(area.width)).len();
    n_lines.saturating_sub(usize::from(area.height))
}

fn lines(app: &App, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let (Some(at), Some(subject)) = (app.catalog.selected(), app.catalog.selected_subject()) else {
        return Vec::new();
    };
    let mut page = Page {
        lines: Vec::new(),
        width,
        theme,
    };
    page.head(app, subject);
    page.gap();
    match subject {
        Subject::Item(item) => {
            page.known("genres", &item.genres.join(", "));
            page.known("director", &item.director);
            page.known("country", &item.country);
            page.known("themes", &item.themes.join(", "));
            page.facts(&item.facts);
        }
        Subject::User(user) => {
            page.facts(&user.facts);
            page.history(app, subject);
        }
    }
    if let Some(catalog) = &app.catalog.catalog {
        page.fact(
            "group",
            &format!("{}: {}", subject.group(), catalog.why_group(at)),
        );
    }
    page.gap();
    page.prompt(app, at);
    page.runs(app, at);
    page.lines
}

struct Page<'a> {
    lines: Vec<Line<'static>>,
    width: usize,
    theme: &'a Theme,
}

impl Page<'_> {
    fn gap(&mut self) {
        self.lines.push(Line::default());
    }

    fn prose(&mut self, text: &str, style: Style) {
        let wrapped = wrap(text, self.width);
        self.lines
            .extend(wrapped.into_iter().map(|t| Line::styled(t, style)));
    }

    /// A label at the left, its text wrapped beside it.
    fn fact(&mut self, label: &str, text: &str) {
        for (i, part) in wrap(text, self.width.saturating_sub(LABEL))
            .into_iter()
            .enumerate()
        {
            let label = if i == 0 { label } else { "" };
            self.lines.push(Line::from(vec![
                Span::styled(format!("{label:<LABEL$}"), self.theme.dim()),
                Span::styled(part, self.theme.text()),
            ]));
        }
    }

    /// A note that does not fit behind its head goes below it.
    fn heading(&mut self, text: &str, note: &str) {
        let is_beside = columns(text) + 2 + columns(note) <= self.width;
        let mut spans = vec![Span::styled(text.to_string(), self.theme.title(false))];
        if is_beside {
            spans.push(Span::styled(format!("  {note}"), self.theme.dim()));
        }
        self.lines.push(Line::from(spans));
        if !is_beside {
            self.prose(note, self.theme.dim());
        }
    }

    fn head(&mut self, app: &App, subject: Subject<'_>) {
        self.prose(&subject.label(), self.theme.strong());
        match subject.half() {
            Half::Query => self.prose(
                "✓ query half: its answer is not in the pool",
                self.theme.good(),
            ),
            Half::Pool if !app.is_in_pool(&subject.kind().to_string(), subject.id()) => self.prose(
                "✓ pool half, but no answer of this framework is in the pool",
                self.theme.good(),
            ),
            Half::Pool => self.prose(
                "△ pool half: its own answer is in the pool, which inflates every figure; the \
                 query half gives honest ones",
                self.theme.warning(),
            ),
        }
    }

    fn facts(&mut self, facts: &[Fact]) {
        for fact in facts {
            self.known(&fact.name, &fact.value);
        }
    }

    /// A fact, unless the catalog does not say.
    fn known(&mut self, label: &str, value: &str) {
        if !value.is_empty() {
            self.fact(label, value);
        }
    }

    fn history(&mut self, app: &App, subject: Subject<'_>) {
        let (Subject::User(user), Some(catalog)) = (subject, &app.catalog.catalog) else {
            return;
        };
        self.fact("ratings", &format!("{}, newest first", user.history.len()));
        for rating in user.history.iter().rev().take(MAX_HISTORY) {
            let item = &catalog.items[rating.item_idx()];
            let label = Subject::Item(item).label();
            let text = fit(&label, self.width.saturating_sub(LABEL));
            self.lines.push(Line::from(vec![
                Span::styled(
                    format!("{:<LABEL$}", rated(catalog.scale, rating.stars)),
                    self.theme.warning(),
                ),
                Span::styled(text, self.theme.text()),
            ]));
        }
        let more = user.history.len().saturating_sub(MAX_HISTORY);
        if more > 0 {
            self.fact("", &format!("and {more} more"));
        }
    }

    /// The prompt as the model reads it, once there is a tokenizer to count.
    fn prompt(&mut self, app: &App, at: SubjectRef) {
        let framework = app.catalog.framework();
        let framework = framework.map_or_else(String::new, |f| f.title.clone());
        match app.catalog.preview(at) {
            Some(Ok(preview)) => {
                let note = format!("{framework} · {}", count(preview.n_tokens, "token"));
                self.heading("PROMPT", &note);
                self.left_out(preview.n_dropped, app.next.params.max_tokens);
                for text in wrap(&preview.rendered, self.width) {
                    self.lines.push(with_markup_dimmed(&text, self.theme));
                }
            }
            Some(Err(why)) => {
                self.heading("PROMPT", &framework);
                self.prose(&format!("✗ {why}"), self.theme.error());
            }
            None => {
                self.heading(
                    "PROMPT",
                    &format!("{framework} · tokens: when the model is ready"),
                );
                self.plain_prompt(app, at);
            }
        }
    }

    /// What of the history the context has no room for.
    fn left_out(&mut self, n_dropped: usize, max_tokens: usize) {
        if n_dropped > 0 {
            let text = format!(
                "△ the {} oldest are left out to leave room in the context for an answer of {}",
                n_dropped,
                count(max_tokens, "token")
            );
            self.prose(&text, self.theme.warning());
        }
    }

    fn plain_prompt(&mut self, app: &App, at: SubjectRef) {
        match app.catalog.prompt_of(at) {
            Ok(prompt) => {
                if let Some(system) = &prompt.system {
                    self.prose(system, self.theme.dim());
                }
                for (question, answer) in &prompt.examples {
                    self.prose(question, self.theme.dim());
                    self.prose(answer, self.theme.dim());
                }
                self.prose(&prompt.user, self.theme.text());
                self.prose(&prompt.opening, self.theme.dim());
            }
            Err(why) => self.prose(&format!("✗ {why:#}"), self.theme.error()),
        }
    }

    fn runs(&mut self, app: &App, at: SubjectRef) {
        let Some(catalog) = &app.catalog.catalog else {
            return;
        };
        let (kind, subject) = (KindName::from(at.kind), catalog.subject(at));
        let about = |s: &SubjectInfo| s.kind == kind && s.id == subject.id();
        let live = app
            .session
            .runs
            .iter()
            .rev()
            .filter(|r| r.kept().is_some() && about(&r.subject));
        let with_framework =
            |s: &SubjectInfo, text: String| match app.catalog.is_framework(&s.framework) {
                true => text,
                false => format!("{} · {text}", s.framework.to_uppercase()),
            };
        let live = live.map(|run| with_framework(&run.subject, summary(run)));
        let mut found: Vec<String> = live.collect();
        let earlier = app.session.earlier.iter().filter(|e| about(&e.subject));
        found.extend(earlier.map(|e| with_framework(&e.subject, earlier_summary(e))));
        if found.is_empty() {
            return;
        }
        self.gap();
        let key = app.key_of(Context::Catalog, Action::EarlierRuns);
        self.heading("RUNS", &format!("{key} opens one"));
        for text in found {
            self.lines
                .push(Line::styled(fit(&text, self.width), self.theme.text()));
        }
    }
}

/// The chat template's own tokens stand back behind what is asked.
fn with_markup_dimmed(text: &str, theme: &Theme) -> Line<'static> {
    let mut line = Line::default();
    let mut rest = text;
    while let Some(at) = rest.find("<|") {
        let end = rest[at..].find("|>").map_or(rest.len(), |n| at + n + 2);
        line.push_span(Span::styled(rest[..at].to_string(), theme.text()));
        line.push_span(Span::styled(rest[at..end].to_string(), theme.dim()));
        rest = &rest[end..];
    }
    line.push_span(Span::styled(rest.to_string(), theme.text()));
    line
}

/// A run of this session in a line.
pub fn summary(run: &Run) -> String {
    let Some(kept) = run.kept() else {
        return run.params.verify.describe();
    };
    let (rule, stats) = (kept.rule().describe(), kept.stats());
    let tokens = count(stats.tokens, "token");
    let mal = stats
        .mal()
        .map_or(String::new(), |m| format!(" · MAL {m:.2}"));
    let speed = stats.tokens_per_s();
    let speed = speed.map_or(String::new(), |s| format!(" · {} tok/s", three(s)));
    format!("{rule} · {tokens}{mal}{speed}")
}

/// A recording on disk in a line.
pub(crate) fn earlier_summary(earlier: &crate::tui::start::EarlierRun) -> String {
    let rule = earlier.params.verify.describe();
    match &earlier.end {
        Some(end) => {
            let mal = end.tokens as f64 / end.steps.max(1) as f64;
            format!(
                "{rule} · {} · MAL {mal:.2} · saved",
                count(end.tokens, "token")
            )
        }
        None => format!("{rule} · cut off · saved"),
    }
}

/// Stars where the scale has five; else the rating as it is.
fn rated(scale: Scale, rating: f32) -> String {
    match scale {
        Scale::Range { max: 5.0, .. } => stars(rating),
        Scale::Range { max, .. } if max > 1.0 => format!("{rating}/{max}"),
        Scale::Range { .. } | Scale::Implicit if rating > scale.liked_above() => "liked".to_owned(),
        Scale::Range { .. } | Scale::Implicit => "disliked".to_owned(),
        Scale::Counts => format!("{rating}x"),
    }
}

fn stars(n: f32) -> String {
    let whole = n.clamp(0.0, 5.0) as usize;
    let half = if n.fract() >= 0.5 { "½" } else { "" };
    format!("{}{half}", "★".repeat(whole))
}
