//! The board's actions: moving, sorting, marking, opening, generating for what is marked.

use std::collections::VecDeque;
use std::path::Path;
use std::time::Duration;

use super::scoring::MarkedScoring;
use super::watch::Scanned;
use crate::present::board::{BoardRow, MoreRows, RowFrom, Texts};
use crate::protocol::{Command, RunId};
use crate::recsys::SubjectRef;
use crate::speculate::sweep::Job;
use crate::speculate::trace::Trace;
use crate::tui::action::{Action, BoardAction};
use crate::tui::app::{App, Effect, Tone};
use crate::tui::keys::context::Context;
use crate::tui::runs::begin::Begin;
use crate::tui::runs::run::Recording;
use crate::tui::screens::catalog::tab::Front;
use crate::tui::screens::decode::state::Cursor;
use crate::tui::screens::tune::sweep::Who;
use crate::tui::screens::{Screen, Typing};
use crate::tui::target::Target;
use crate::tui::widgets::field::edit;

const PAGE: i64 = 10;
const WHEEL_ROWS: i64 = 3;
/// How often is looked whether the marked answers are scored.
const SCORES_LOOKED_EVERY: Duration = Duration::from_millis(100);

impl App {
    pub(crate) fn update_board(&mut self, action: Action) -> Vec<Command> {
        let last = self.look.measured.last;
        let tab = &mut self.catalog.board;
        match action {
            Action::Up => tab.move_by(-1),
            Action::Down => tab.move_by(1),
            Action::PageUp => tab.move_by(-PAGE),
            Action::PageDown => tab.move_by(PAGE),
            Action::First => tab.select(0),
            Action::Last => tab.select(usize::MAX),
            Action::Less => tab.move_column(false),
            Action::More | Action::Sort => tab.move_column(true),
            Action::NextTab => self.catalog.next_tab(),
            Action::Filter => tab.typing = Typing::Yes,
            Action::Submit if tab.typing == Typing::Yes => tab.typing = Typing::No,
            Action::Submit => self.open_board_row(),
            Action::Board(asked) => return self.asked_of_board(asked),
            Action::DetailUp => tab.scroll = tab.scroll.saturating_sub(1),
            Action::DetailDown => tab.scroll = (tab.scroll + 1).min(last),
            Action::EarlierRuns => self.open_runs_dialog(),
            Action::Close => self.close_board(),
            Action::Click(Target::Tab(front)) => self.catalog.show_front(front),
            Action::Click(Target::Row(row)) => tab.select(row),
            Action::Wheel(Target::Detail, delta) => {
                let to = (tab.scroll as i64 + i64::from(delta)).max(0) as usize;
                tab.scroll = to.min(last);
            }
            Action::Wheel(_, delta) => tab.move_by(i64::from(delta) * WHEEL_ROWS),
            typed @ (Action::Edit(_) | Action::Paste(_)) if tab.typing == Typing::Yes => {
                if edit(&mut tab.filter, &typed) {
                    tab.selected = 0;
                    tab.arrange();
                }
            }
            other => return self.update_model(&other),
        }
        Vec::new()
    }

    fn asked_of_board(&mut self, asked: BoardAction) -> Vec<Command> {
        let tab = &mut self.catalog.board;
        match asked {
            BoardAction::Reverse => tab.sort_by(tab.column),
            BoardAction::Breakdown => tab.by = tab.by.next(),
            BoardAction::Mark => tab.mark(),
            BoardAction::MarkAll => tab.mark_all(),
            BoardAction::Generate => return self.generate_marked(),
            BoardAction::Sweep => self.sweep_marked(),
            BoardAction::Score => self.score_marked(),
            BoardAction::Export => self.export_board(),
        }
        Vec::new()
    }

    fn export_board(&mut self) {
        if self.catalog.board.shown().len() > 0 {
            return self.effects.push(Effect::ExportBoard);
        }
        self.tell(
            Tone::Info,
            "The board is empty: there is nothing to export.",
        );
    }

    /// Clears the filter, then the marks, then goes back to the items.
    fn close_board(&mut self) {
        let tab = &mut self.catalog.board;
        if tab.typing == Typing::Yes || !tab.filter.value().is_empty() {
            tab.typing = Typing::No;
            tab.filter.reset();
            tab.arrange();
        } else if tab.marked.is_empty() {
            self.catalog.front = Front::Subjects;
        } else {
            tab.marked.clear();
        }
    }

    /// Opens the run at the step that explains its figure.
    fn open_board_row(&mut self) {
        let Some(row) = self.catalog.board.selected_row() else {
            return self.tell(Tone::Info, "The board is empty.");
        };
        let (from, step) = (row.from.clone(), row.look_at);
        match from.clone() {
            RowFrom::Run(id) => {
                self.show_run(id);
                self.look_at_cause(step);
            }
            RowFrom::File(path) => {
                self.catalog.board.opening = Some((RowFrom::File(path.clone()), step));
                self.effects.push(Effect::Open(path));
            }
            RowFrom::Log(number) => {
                self.catalog.board.opening = Some((from, step));
                self.effects.push(Effect::OpenLogged(number));
            }
            RowFrom::Sweep(sweep, subject, cell) => {
                let found = self.tune.sweep.found.as_ref().filter(|f| f.id == sweep);
                let read = found.map(|found| found.traces.get(&Job { subject, cell }));
                match read {
                    Some(Ok(Some(trace))) => {
                        self.add_recording(trace, Recording::Sweep);
                        if let Some(run) = self.run_mut() {
                            run.play_all();
                        }
                        self.look_at_cause(step);
                    }
                    Some(Err(why)) => {
                        self.tell(Tone::Problem, format!("The run cannot be shown: {why:#}"));
                    }
                    _ => self.tell(
                        Tone::Info,
                        "Another sweep has replaced this run; its figures stay here.",
                    ),
                }
            }
        }
    }

    fn look_at_cause(&mut self, step: Option<usize>) {
        if let Some(step) = step {
            self.decode.go_to(Cursor::at(step));
        }
    }

    /// A file was opened; if the board asked for it, at its step.
    pub(crate) fn opened_for_board(&mut self, path: &Path) {
        self.opened_row(&RowFrom::File(path.into()));
    }

    /// An answer of the log was built as a run, or not.
    pub fn opened_logged(&mut self, number: u32, opened: Result<Box<Trace>, String>) {
        match opened {
            Ok(trace) => {
                self.open(*trace);
                self.opened_row(&RowFrom::Log(number));
            }
            Err(why) => self.open_failed(format!("The answer cannot be opened: {why}")),
        }
    }

    /// Answers of the log were scored.
    pub fn log_scored(&mut self, scored: Result<MoreRows, String>) {
        let tab = &mut self.catalog.board;
        let Some(log) = &mut tab.log else { return };
        match scored {
            Ok(scored) => {
                log.n_done += scored.rows.len();
                log.is_due = !scored.is_all;
                tab.insert_all(scored.rows);
            }
            Err(why) => log.problem = Some(why),
        }
    }

    fn opened_row(&mut self, from: &RowFrom) {
        let opening = self.catalog.board.opening.take();
        let asked = opening.filter(|(asked, _)| asked == from);
        if let Some((_, step)) = asked
            && self.screen == Screen::Decode
        {
            self.look_at_cause(step);
        }
    }

    /// The subjects of the marked rows that the catalog has, each once, and how many it
    /// lacks.
    pub(crate) fn marked_subjects(&self) -> (Vec<SubjectRef>, usize) {
        let (mut subjects, mut n_unknown) = (Vec::new(), 0);
        for row in self.catalog.board.chosen() {
            match self.catalog.find(&row.subject) {
                Some(at) if subjects.contains(&at) => {}
                Some(at) => subjects.push(at),
                None => n_unknown += 1,
            }
        }
        (subjects, n_unknown)
    }

    /// Generates for the marked subjects, one after another, with the settings of now.
    fn generate_marked(&mut self) -> Vec<Command> {
        if let Some(why) = self.why_no_model("Generating") {
            self.tell(Tone::Info, why);
            return Vec::new();
        }
        let (subjects, n_unknown) = self.marked_subjects();
        let n = subjects.len();
        self.session.queue = VecDeque::from(subjects);
        let commands = self.next_of_queue();
        let left_out = match n_unknown {
            0 => String::new(),
            n => format!("; {n} are not in the catalog"),
        };
        match n {
            0 => self.tell(
                Tone::Problem,
                "None of these subjects is in the catalog: open theirs with --catalog.",
            ),
            n => self.tell(Tone::Info, format!("Generating for {n}{left_out}.")),
        }
        commands
    }

    /// The next run of those asked for together; the board stays in front.
    pub(crate) fn next_of_queue(&mut self) -> Vec<Command> {
        let Some(next) = self.session.queue.pop_front() else {
            return Vec::new();
        };
        let screen = self.screen;
        let commands = self.generate_for(next, Begin::Running);
        self.screen = screen;
        commands
    }

    /// The marked subjects become those that a sweep asks about.
    fn sweep_marked(&mut self) {
        let (subjects, n_unknown) = self.marked_subjects();
        if subjects.is_empty() {
            let text = format!("None of these {n_unknown} subjects is in the catalog.");
            return self.tell(Tone::Problem, text);
        }
        let n = subjects.len();
        self.tune.sweep.marked = subjects;
        self.tune.sweep.who = Who::Marked;
        self.update(Action::Show(Screen::Tune));
        let key = self.key_of(Context::Tune, Action::StartSweep);
        self.tell(Tone::Info, format!("{key} sweeps these {n} subjects."));
    }

    /// A run of this session is over, or was opened: it gets its row.
    pub(crate) fn board_run(&mut self, id: RunId) {
        let Some(run) = self.run_of(id) else { return };
        let is_known = matches!(run.recording(), Some(Recording::Demo | Recording::Lesson));
        if let (Some(record), false) = (&run.record, is_known) {
            let row = BoardRow::of(&record.trace, RowFrom::Run(id), Texts::LeftOut);
            self.catalog.board.insert(row);
        }
    }

    /// When the log is to be scored further, or the watched folder to be read; `None`: not now.
    pub(crate) fn board_due_in(&self) -> Option<Duration> {
        if self
            .catalog
            .board
            .log
            .as_ref()
            .is_some_and(|log| log.is_due)
        {
            return Some(Duration::ZERO);
        }
        let is_scoring = |scoring: &MarkedScoring| scoring.is_under_way();
        if self.catalog.board.scoring.as_ref().is_some_and(is_scoring) {
            return Some(SCORES_LOOKED_EVERY);
        }
        self.folder_due_in()
    }

    fn folder_due_in(&self) -> Option<Duration> {
        let is_shown = self.screen == Screen::Catalog && self.catalog.front == Front::Board;
        let folder = self.catalog.board.folder.as_ref();
        folder.filter(|_| is_shown)?.due_in()
    }

    /// Time went by: scores the log further, and reads the folder if it is due.
    pub(crate) fn watch_board(&mut self, elapsed: Duration) {
        if let Some(log) = &mut self.catalog.board.log
            && std::mem::take(&mut log.is_due)
        {
            self.effects.push(Effect::ScoreLog);
        }
        let is_shown = self.folder_due_in().is_some();
        let Some(folder) = self.catalog.board.folder.as_mut().filter(|_| is_shown) else {
            return;
        };
        folder.waited = folder.waited.map(|waited| waited + elapsed);
        if folder.due_in() == Some(Duration::ZERO) {
            folder.waited = None;
            self.effects.push(Effect::ScanBoard);
        }
    }

    /// What was found in the watched folder.
    pub(crate) fn board_scanned(&mut self, scanned: Result<Scanned, String>) {
        let tab = &mut self.catalog.board;
        let Some(folder) = &mut tab.folder else {
            return;
        };
        folder.waited = Some(Duration::ZERO);
        match scanned {
            Ok(scanned) => {
                folder.problem = None;
                folder.seen = scanned.seen;
                folder.n_not_traces += scanned.n_not_traces;
                if scanned.has_more {
                    folder.waited = None;
                    self.effects.push(Effect::ScanBoard);
                }
                tab.insert_all(scanned.rows);
            }
            Err(why) => folder.problem = Some(why),
        }
    }
}
