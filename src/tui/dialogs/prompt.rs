//! A custom prompt: its text in lines, with a system text and earlier turns if wanted.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Paragraph, Widget};
use tui_input::Input;

use crate::present::theme::Theme;
use crate::present::token_text::fit;
use crate::protocol::Command;
use crate::tui::action::Action;
use crate::tui::app::dialog::Dialog;
use crate::tui::app::{App, Tone};
use crate::tui::keys::context::Context;
use crate::tui::widgets::pane;
use crate::tui::widgets::text_area::{Wrapped, edit, wrapped};

const WIDTH: u16 = 84;
const ROWS: u16 = 18;
/// A note and a blank row.
const HEAD_ROWS: u16 = 2;

/// What is typed, and which part of it has the focus.
#[derive(Debug, Default)]
pub(crate) struct PromptField {
    system: Input,
    /// Questions and answers before the prompt.
    turns: Vec<[Input; 2]>,
    prompt: Input,
    /// Parts behind the one in focus: 0 is the prompt itself.
    behind: usize,
}

/// A custom prompt, as it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OwnPrompt {
    pub(crate) system: Option<String>,
    pub(crate) turns: Vec<(String, String)>,
    pub(crate) text: String,
}

impl Dialog for PromptField {
    fn context(&self) -> Context {
        Context::Prompt
    }

    fn update(mut self: Box<Self>, app: &mut App, action: &Action) -> Vec<Command> {
        let n_parts = 2 * self.turns.len() + 2;
        match action {
            Action::Close => return Vec::new(),
            Action::Submit => match self.written() {
                Ok(written) => return app.generate_own(&written),
                Err(why) => app.tell(Tone::Problem, why),
            },
            Action::NextPane => self.behind = (self.behind + n_parts - 1) % n_parts,
            Action::PreviousPane => self.behind = (self.behind + 1) % n_parts,
            Action::AddTurn => {
                self.turns.push(Default::default());
                self.behind = 2;
            }
            other => {
                edit(self.in_focus(), other);
            }
        }
        app.keep(self);
        Vec::new()
    }

    fn render(&self, app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let rect = pane::centred(area, WIDTH.min(area.width - 2), ROWS.min(area.height - 2));
        let inner = pane::dialog("CUSTOM PROMPT", rect, theme, buf);
        let key = |action| app.key_of(Context::Prompt, action);
        let note = format!(
            "{} a new line, {} a turn before it, {} the other parts",
            key(Action::NewLine),
            key(Action::AddTurn),
            key(Action::NextPane)
        );
        let note = fit(&note, usize::from(inner.width));
        pane::put(buf, inner, 0, &Line::styled(note, theme.dim()));
        let body = pane::below(inner, HEAD_ROWS);
        let (lines, cursor) = self.lines(usize::from(body.width), theme);
        let rows = usize::from(body.height);
        let last = lines.len().saturating_sub(rows);
        let top = (cursor + 1).saturating_sub(rows).max(last.min(cursor));
        Paragraph::new(lines)
            .scroll((top.min(last) as u16, 0))
            .render(body, buf);
    }
}

impl PromptField {
    /// The parts from first to last, each with its head.
    fn parts(&self) -> Vec<(String, &Input)> {
        let turns = (1..).zip(&self.turns).flat_map(|(n, [question, answer])| {
            [
                (format!("question {n}"), question),
                (format!("answer {n}"), answer),
            ]
        });
        let system = ("system".to_string(), &self.system);
        let prompt = ("prompt".to_string(), &self.prompt);
        std::iter::once(system)
            .chain(turns)
            .chain([prompt])
            .collect()
    }

    fn in_focus(&mut self) -> &mut Input {
        let n_turns = self.turns.len();
        match self.behind {
            0 => &mut self.prompt,
            behind if behind > 2 * n_turns => &mut self.system,
            behind => &mut self.turns[n_turns - behind.div_ceil(2)][behind % 2],
        }
    }

    /// Heads and texts, one below another, and the line with the cursor.
    fn lines(&self, width: usize, theme: &Theme) -> (Vec<Line<'static>>, usize) {
        let parts = self.parts();
        let focus = parts.len() - 1 - self.behind.min(parts.len() - 1);
        let (mut all, mut at) = (Vec::new(), 0);
        for (i, (head, input)) in parts.into_iter().enumerate() {
            let has_focus = i == focus;
            let style = if has_focus {
                theme.accent()
            } else {
                theme.dim()
            };
            let is_left_out = input.value().is_empty() && !has_focus;
            let head = if is_left_out {
                format!("{head}: none")
            } else {
                head
            };
            all.push(Line::styled(head, style));
            if !is_left_out {
                let Wrapped { lines, cursor } = wrapped(input, has_focus, width, theme);
                at = cursor.map_or(at, |row| all.len() + row);
                all.extend(lines);
            }
        }
        (all, at)
    }

    /// Turns that are empty are left out.
    fn written(&self) -> Result<OwnPrompt, String> {
        let text = |input: &Input| input.value().trim().to_string();
        let system = text(&self.system);
        let mut turns = Vec::new();
        for (n, turn) in (1..).zip(&self.turns) {
            let [question, answer] = turn.each_ref().map(text);
            match (question.is_empty(), answer.is_empty()) {
                (true, true) => {}
                (false, false) => turns.push((question, answer)),
                (true, false) => return Err(format!("Turn {n} has no question.")),
                (false, true) => return Err(format!("Turn {n} has no answer.")),
            }
        }
        Ok(OwnPrompt {
            system: (!system.is_empty()).then_some(system),
            turns,
            text: text(&self.prompt),
        })
    }
}
