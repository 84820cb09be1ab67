//! Predict, then look: a question about a recorded step while its verdict is hidden, what
//! happened, and the score. It lies over the lower panes, so that the draft tree stays in
//! view.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::present::describe;
use crate::present::mark::Mark;
use crate::present::number::count;
use crate::present::prediction::{PredictionScore, QuestionChoice, QuestionKind, StepQuestion};
use crate::present::record::Record;
use crate::present::selection::TreeSelection;
use crate::present::step_phase::StepPhase;
use crate::present::theme::{Emphasis, Theme};
use crate::present::token_text::fit;
use crate::protocol::Command;
use crate::speculate::trace::Step;
use crate::tui::action::Action;
use crate::tui::app::dialog::Dialog;
use crate::tui::app::{App, Tone};
use crate::tui::keys::context::Context;
use crate::tui::screens::decode::state::Cursor;
use crate::tui::shell::layout;
use crate::tui::target::Target;
use crate::tui::widgets::list::moved;
use crate::tui::widgets::pane;
use crate::tui::widgets::paragraph::wrap;

/// What a line of a list begins with.
const MARKED: &str = "✗ ";
const UNMARKED: &str = "· ";

/// Of a number, its brackets and its mark.
const NUMBER_COLUMNS: usize = 5;

/// Where a question stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PredictStage {
    Asked,
    Answered,
}

/// The question asked, and the answer so far.
#[derive(Debug)]
pub struct PredictDialog {
    /// About which step, with its choices.
    pub question: StepQuestion,
    /// The choice that is moved to.
    row: usize,
    /// By choice. Of a number only the one moved to counts.
    marked: Vec<bool>,
    stage: PredictStage,
}

impl PredictDialog {
    fn asking(question: StepQuestion) -> Self {
        PredictDialog {
            row: 0,
            marked: vec![false; question.choices.len()],
            stage: PredictStage::Asked,
            question,
        }
    }

    /// By choice, whether it is the learner's.
    fn answer(&self) -> Vec<bool> {
        match self.question.kind {
            QuestionKind::HowMany => (0..self.marked.len()).map(|i| i == self.row).collect(),
            QuestionKind::WhichRefused => self.marked.clone(),
        }
    }

    fn choose(&mut self, action: &Action) {
        let last = self.question.choices.len() - 1;
        let is_number = self.question.kind == QuestionKind::HowMany;
        match action {
            Action::Less if is_number => self.row = self.row.saturating_sub(1),
            Action::More if is_number => self.row = (self.row + 1).min(last),
            Action::Mark => self.mark(),
            Action::Click(Target::Line(row)) => {
                self.row = (*row).min(last);
                self.mark();
            }
            other => self.row = moved(self.row, other, last),
        }
    }

    fn mark(&mut self) {
        self.marked[self.row] = !self.marked[self.row];
    }

    /// Grades the answer and shows the step as it went.
    fn submit(&mut self, app: &mut App) {
        app.decode.predictions.add(&self.question, &self.answer());
        self.stage = PredictStage::Answered;
        app.show_predicted(self.question.step, StepPhase::Commit);
    }
}

impl Dialog for PredictDialog {
    fn context(&self) -> Context {
        Context::Predict
    }

    fn update(mut self: Box<Self>, app: &mut App, action: &Action) -> Vec<Command> {
        match (action, self.stage) {
            (Action::Close, _) => app.end_predicting(),
            (Action::Submit, PredictStage::Asked) => {
                self.submit(app);
                app.keep(self);
            }
            (Action::Submit, PredictStage::Answered) => app.predict_from(self.question.step + 1),
            (other, PredictStage::Asked) => {
                self.choose(other);
                app.keep(self);
            }
            (_, PredictStage::Answered) => app.keep(self),
        }
        Vec::new()
    }

    fn render(&self, app: &App, theme: &Theme, _area: Rect, buf: &mut Buffer) {
        let Some(shown) = PredictView::of(self, app, theme) else {
            return;
        };
        let rect = shown.place();
        let title = format!("PREDICT · step {}", self.question.step + 1);
        let inner = pane::dialog(&title, rect, theme, buf);
        if app.decode.predictions.asked > 0 {
            let score = Line::styled(app.decode.predictions.told(), theme.dim());
            pane::note(&[score], title.chars().count(), rect, buf);
        }
        let lines = shown.lines(usize::from(inner.width));
        for (row, line) in lines.iter().enumerate() {
            pane::put(buf, inner, row as u16, line);
        }
        if self.is_list() {
            pane::light(
                inner,
                shown.first_choice(inner.width) + self.row as u16,
                theme,
                buf,
            );
        }
    }

    fn line_at(&self, app: &App, _area: Rect, at: Position) -> Option<usize> {
        let theme = app.look.theme.theme();
        let shown = PredictView::of(self, app, &theme)?;
        let inner = pane::inner(shown.place());
        let first = inner.y + shown.first_choice(inner.width);
        let row = usize::from(at.y.checked_sub(first)?);
        (self.is_list() && inner.contains(at) && row < self.marked.len()).then_some(row)
    }
}

impl PredictDialog {
    /// Whether choices are being marked in a list.
    fn is_list(&self) -> bool {
        self.question.kind == QuestionKind::WhichRefused && self.stage == PredictStage::Asked
    }
}

/// A dialog with what it is about.
struct PredictView<'a> {
    dialog: &'a PredictDialog,
    record: &'a Record,
    step: &'a Step,
    theme: &'a Theme,
    body: Rect,
}

impl<'a> PredictView<'a> {
    fn of(dialog: &'a PredictDialog, app: &'a App, theme: &'a Theme) -> Option<Self> {
        let record = app.record()?;
        Some(PredictView {
            dialog,
            record,
            step: record.step(dialog.question.step)?,
            theme,
            body: layout::shell(app, layout::whole(app)).body,
        })
    }

    /// At the bottom of the screen's body, as high as its lines.
    fn place(&self) -> Rect {
        let width = self.body.width;
        let n = self.lines(usize::from(width.saturating_sub(4))).len() as u16;
        let height = (n + 2).min(self.body.height);
        Rect {
            x: self.body.x,
            y: self.body.bottom() - height,
            width,
            height,
        }
    }

    /// The row of the first choice.
    fn first_choice(&self, width: u16) -> u16 {
        self.asked(usize::from(width)).len() as u16
    }

    fn asked(&self, width: usize) -> Vec<String> {
        wrap(&self.dialog.question.ask(self.record, self.step), width)
    }

    fn lines(&self, width: usize) -> Vec<Line<'static>> {
        let asked = self.asked(width).into_iter();
        let mut lines: Vec<Line<'static>> = asked
            .map(|text| Line::styled(text, self.theme.text()))
            .collect();
        match (self.dialog.question.kind, self.dialog.stage) {
            (QuestionKind::HowMany, _) => lines.push(self.numbers(width)),
            (QuestionKind::WhichRefused, PredictStage::Asked) => lines.extend(self.list(width)),
            (QuestionKind::WhichRefused, PredictStage::Answered) => {
                lines.extend(self.graded_list(width));
            }
        }
        if self.dialog.stage == PredictStage::Answered {
            lines.extend(self.grade(width));
        }
        lines
    }

    /// The numbers side by side, as many as fit: the chosen one in brackets, the right one
    /// marked once it is known.
    fn numbers(&self, width: usize) -> Line<'static> {
        let n = self.dialog.question.choices.len();
        let shown = (width / NUMBER_COLUMNS).clamp(1, n);
        let first = self.dialog.row.saturating_sub(shown / 2).min(n - shown);
        Line::from_iter((first..first + shown).map(|i| self.number(i)))
    }

    fn number(&self, i: usize) -> Span<'static> {
        let choice = &self.dialog.question.choices[i];
        let is_told = choice.is_right && self.dialog.stage == PredictStage::Answered;
        let sign = if is_told { "✓" } else { "" };
        let number = format!("{sign}{}", choice.text);
        let (text, style) = match i == self.dialog.row {
            true => (
                format!("[{number}]"),
                self.theme.emphasis(Emphasis::Selected),
            ),
            false => (format!(" {number} "), Style::default()),
        };
        let colour = match is_told {
            true => self.theme.good(),
            false => self.theme.strong(),
        };
        Span::styled(format!("{text:<NUMBER_COLUMNS$}"), colour.patch(style))
    }

    fn list(&self, width: usize) -> Vec<Line<'static>> {
        let choices = self.dialog.question.choices.iter();
        let line = |(choice, marked): (&QuestionChoice, &bool)| {
            let sign = if *marked { MARKED } else { UNMARKED };
            Line::styled(
                fit(&format!("{sign}{}", choice.text), width),
                self.theme.strong(),
            )
        };
        choices.zip(&self.dialog.marked).map(line).collect()
    }

    /// Every draft with its fate, and what decided.
    fn graded_list(&self, width: usize) -> Vec<Line<'static>> {
        let choices = self.dialog.question.choices.iter();
        let nodes = choices.filter_map(|choice| choice.node);
        let line = |(node, &marked): (usize, &bool)| {
            let selection = TreeSelection::Draft(node);
            let mark = self.step.verdict.fate(node).map(Mark::Fate);
            let glyph = mark.map_or("", Mark::glyph);
            let style = mark.map_or(self.theme.text(), |mark| self.theme.mark(mark));
            let sign = if marked { MARKED } else { UNMARKED };
            let token = describe::token(self.record, self.step, selection);
            let why = describe::verdict(self.record, self.step, selection);
            let text = fit(&format!("{glyph} {token}: {why}"), width.saturating_sub(4));
            Line::from(vec![
                Span::styled(sign, self.theme.text()),
                Span::styled(text, style),
            ])
        };
        nodes.zip(&self.dialog.marked).map(line).collect()
    }

    /// Whether it was right, and what happened.
    fn grade(&self, width: usize) -> Vec<Line<'static>> {
        let question = &self.dialog.question;
        let (head, style) = match question.is_right(&self.dialog.answer()) {
            true => ("✓ Right.", self.theme.good()),
            false => ("✗ Not so.", self.theme.warning()),
        };
        let told = format!("{head} {}", question.told(self.step));
        let told = wrap(&told, width).into_iter();
        told.map(|text| Line::styled(text, style)).collect()
    }
}

impl App {
    /// Asks about the step looked at, if its verdict is hidden, else about a later one; about
    /// the first one from the run's end.
    pub(crate) fn predict(&mut self) {
        self.decode.predictions = PredictionScore::default();
        let at = self.step_index().unwrap_or(0);
        let first = match self.decode.cursor {
            Cursor::Follow => 0,
            Cursor::At { phase, .. } if phase.is_some_and(|p| p < StepPhase::Verify) => at,
            Cursor::At { .. } => at + 1,
        };
        let has_one = |first| self.record().and_then(|r| StepQuestion::next(r, first));
        match has_one(first).or_else(|| has_one(0)) {
            Some(question) => self.ask_to_predict(question),
            None => self.tell(
                Tone::Info,
                "Nothing to predict: no step of this run drafted.",
            ),
        }
    }

    /// The next question; the score where there is none.
    fn predict_from(&mut self, first: usize) {
        let question = self.record().and_then(|r| StepQuestion::next(r, first));
        match question {
            Some(question) => self.ask_to_predict(question),
            None => self.end_predicting(),
        }
    }

    fn ask_to_predict(&mut self, question: StepQuestion) {
        self.show_predicted(question.step, StepPhase::Draft);
        self.ask(PredictDialog::asking(question));
    }

    fn show_predicted(&mut self, step: usize, phase: StepPhase) {
        self.decode.go_to(Cursor::At {
            step,
            phase: Some(phase),
        });
    }

    /// Answers so many questions as the recording has them, for an audience.
    pub(crate) fn predict_in_time(&mut self, n: usize) {
        self.predict();
        while self.decode.predictions.asked < n
            && let Some(question) = self
                .dialog_of::<PredictDialog>()
                .map(|d| d.question.clone())
        {
            let right: Vec<bool> = question.choices.iter().map(|c| c.is_right).collect();
            self.decode.predictions.add(&question, &right);
            self.show_predicted(question.step, StepPhase::Commit);
            self.dialog = None;
            if self.decode.predictions.asked < n {
                self.predict_from(question.step + 1);
            }
        }
    }

    fn end_predicting(&mut self) {
        let score = self.decode.predictions;
        if score.asked > 0 {
            let asked = count(score.asked, "prediction");
            self.tell(Tone::Info, format!("{asked}: {}.", score.told()));
        }
    }
}
