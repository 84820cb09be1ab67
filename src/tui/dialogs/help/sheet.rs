//! The lines of the help: the words of the pane it was asked for in, that pane's keys,
//! then the rest: how a step works, all keys, all words. Or what a search finds among them.

use ratatui::text::{Line, Span};

use crate::glossary::{self, GlossaryPlace, Term};
use crate::present::mark::Mark;
use crate::present::theme::Theme;
use crate::present::token_text::{columns, pad};
use crate::speculate::verify::Fate;
use crate::tui::app::App;
use crate::tui::dialogs::help::Help;
use crate::tui::keys::context::Context;
use crate::tui::keys::keymap::Keymap;
use crate::tui::keys::table::Binding;
use crate::tui::widgets::paragraph::wrap;

const KEYS: usize = 10;
/// Columns of a word, beside what it means.
const WORD: usize = 14;
const ABOUT: &str = "Each step looks up the last tokens in earlier answers, drafts a tree of \
    tokens from what followed there, and verifies the whole tree in one forward pass. The \
    longest path that the rule accepts is committed, then the model's own next token.";
const PANES: &str = "Each column of STEPS is a step: its committed tokens stacked upwards, with a number where \
                     they do not all fit. Below the line: drafts rejected or lost (✗⇄), and unreached (·).";

/// What each fate means.
fn meaning(mark: Mark) -> &'static str {
    match mark {
        Mark::Fate(Fate::Accepted) => "drafted, and the model's own choice",
        Mark::Fate(Fate::Relaxed) => "drafted, accepted only by the relaxed rule",
        Mark::Bonus => "the model's own next token, ends a step",
        Mark::Fate(Fate::Rejected) => "drafted, but refused by the rule",
        Mark::Fate(Fate::Lost) => "acceptable too, but another branch won",
        Mark::Fate(Fate::Unreached) => "never judged: its parent was not committed",
    }
}

/// Lines of a width, one below another.
struct Sheet<'a> {
    keys: &'a Keymap,
    theme: &'a Theme,
    width: usize,
    lines: Vec<Line<'static>>,
}

pub(crate) fn lines(app: &App, help: &Help, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let mut sheet = Sheet {
        keys: &app.look.keys,
        theme,
        width,
        lines: Vec::new(),
    };
    match help.searched() {
        Some(typed) => sheet.found(typed),
        None => sheet.all(help.place),
    }
    sheet.lines
}

impl Sheet<'_> {
    fn all(&mut self, place: GlossaryPlace) {
        self.heading("What the figures and words mean");
        for term in glossary::of(place) {
            self.word(term, &term.short);
        }
        let here = context(place);
        let first = [here, Context::Anywhere, Context::Always];
        self.keys_of(here);
        self.gap();
        self.heading("How a step works");
        self.prose(ABOUT);
        self.gap();
        Mark::ALL.into_iter().for_each(|mark| self.fate(mark));
        self.prose(PANES);
        let rest = Context::ALL.into_iter().filter(|c| !first.contains(c));
        for context in first.into_iter().skip(1).chain(rest) {
            self.keys_of(context);
        }
        self.gap();
        self.heading("All words");
        for term in glossary::terms() {
            self.word(term, &whole(term));
        }
    }

    /// Words first, then keys.
    fn found(&mut self, typed: &str) {
        for term in glossary::find(typed) {
            self.word(term, &whole(term));
        }
        let small = typed.to_lowercase();
        for context in Context::ALL {
            let keys = self.keys;
            let holds = |b: &&Binding| {
                let words = format!("{} {}", b.help, b.action.name()).to_lowercase();
                words.contains(&small) || b.keys.iter().any(|key| key.name(keys.naming) == typed)
            };
            let bindings: Vec<&Binding> = self.keys.bindings(context).filter(holds).collect();
            if bindings.is_empty() {
                continue;
            }
            self.gap();
            self.heading(&format!("Keys: {}", context.title()));
            bindings.into_iter().for_each(|b| self.key(b));
        }
        if self.lines.is_empty() {
            self.prose("No term or key matches.");
        }
    }

    fn gap(&mut self) {
        if !self.lines.is_empty() {
            self.lines.push(Line::default());
        }
    }

    fn heading(&mut self, text: &str) {
        let style = self.theme.title(true);
        self.lines.push(Line::styled(text.to_string(), style));
    }

    fn prose(&mut self, text: &str) {
        let wrapped = wrap(text, self.width).into_iter();
        let lines = wrapped.map(|t| Line::styled(t, self.theme.text()));
        self.lines.extend(lines);
    }

    fn fate(&mut self, mark: Mark) {
        let name = mark.name();
        let gap = KEYS.saturating_sub(columns(name));
        self.lines.push(Line::from(vec![
            Span::styled(format!("{} ", mark.glyph()), self.theme.mark(mark)),
            Span::styled(name, self.theme.token(mark)),
            Span::raw(" ".repeat(gap)),
            Span::styled(meaning(mark), self.theme.text()),
        ]));
    }

    /// A long word stands above its meaning, which keeps its place.
    fn word(&mut self, term: &Term, meaning: &str) {
        let name = &term.name;
        let mut texts = wrap(meaning, self.width.saturating_sub(WORD)).into_iter();
        let style = self.theme.accent();
        let mut head = Line::from(Span::styled(pad(name, columns(name).max(WORD)), style));
        if columns(name) < WORD {
            let first = texts.next().unwrap_or_default();
            head.push_span(Span::styled(first, self.theme.text()));
        }
        self.lines.push(head);
        let text = self.theme.text();
        let rest = texts.map(|t| Line::styled(format!("{:WORD$}{t}", ""), text));
        self.lines.extend(rest);
    }

    fn keys_of(&mut self, context: Context) {
        self.gap();
        self.heading(&format!("Keys: {}", context.title()));
        let keys = self.keys;
        keys.bindings(context).for_each(|b| self.key(b));
    }

    /// The keys, and beside them what they do, wrapped.
    fn key(&mut self, binding: &Binding) {
        let mut names = self.keys.names(binding);
        let gap = KEYS.saturating_sub(columns(&names)).max(1);
        let room = self.width.saturating_sub(columns(&names) + gap);
        for text in wrap(binding.help, room) {
            let margin = self.width - room - columns(&names);
            self.lines.push(Line::from(vec![
                Span::styled(std::mem::take(&mut names), self.theme.accent()),
                Span::raw(" ".repeat(margin)),
                Span::styled(text, self.theme.text()),
            ]));
        }
    }
}

/// All that the glossary says of a word.
fn whole(term: &Term) -> String {
    let also = match term.also.is_empty() {
        true => String::new(),
        false => format!(" (also: {})", term.also.join(", ")),
    };
    let long = match term.long.is_empty() {
        true => String::new(),
        false => format!(". {}", term.long),
    };
    format!("{}{also}{long}", term.short)
}

/// Whose keys hold there.
fn context(place: GlossaryPlace) -> Context {
    match place {
        GlossaryPlace::Catalog => Context::Catalog,
        GlossaryPlace::Text
        | GlossaryPlace::Tree
        | GlossaryPlace::Steps
        | GlossaryPlace::Token
        | GlossaryPlace::Pool
        | GlossaryPlace::Speed => Context::Decode,
        GlossaryPlace::Tune | GlossaryPlace::Sweep => Context::Tune,
        GlossaryPlace::Compare => Context::Compare,
        GlossaryPlace::Pools => Context::Pool,
        GlossaryPlace::Learn => Context::Learn,
        GlossaryPlace::Batch => Context::Batch,
        GlossaryPlace::Settings => Context::Settings,
        GlossaryPlace::WhySlow => Context::WhySlow,
        GlossaryPlace::WhyLow => Context::WhyLow,
        GlossaryPlace::Pass => Context::Pass,
        GlossaryPlace::Board => Context::Board,
    }
}
