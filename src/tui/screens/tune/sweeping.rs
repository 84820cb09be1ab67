//! Sweeps: their subjects, their grid, and what the engine reports of them.

use crate::present::board::{BoardRow, RowFrom, Texts};
use crate::present::sweep_report::SweepNotes;
use crate::protocol::{Asked, Command, Event, SweepRequest};
use crate::speculate::params::AcceptanceRule;
use crate::speculate::stats::{Stats, repetition};
use crate::speculate::sweep::{Grid, Job, Measure, Sweep};
use crate::speculate::trace::Trace;
use crate::tui::action::Action;
use crate::tui::app::{App, Tone};
use crate::tui::keys::context::Context;
use crate::tui::runs::reference::Measured;
use crate::tui::runs::run::Recording;
use crate::tui::screens::tune::state::Side;
use crate::tui::screens::tune::sweep::{BegunSweep, MOST_SUBJECTS, Stand, Traces, Tried, Who};

impl App {
    pub(crate) fn update_sweep(&mut self, action: Action) -> Vec<Command> {
        match action {
            Action::StartSweep => return self.start_sweep(),
            Action::StopRun => return self.stop_sweep(),
            Action::NextMeasure => self.tune.sweep.measure = self.next_measure(),
            Action::NextWho => self.next_who(),
            Action::NextTried => self.next_tried(),
            Action::Fewer => self.change_n(self.tune.sweep.n.saturating_sub(1)),
            Action::MoreSubjects => self.change_n(self.tune.sweep.n + 1),
            Action::PreviousLayer => self.move_layer(false),
            Action::NextLayer => self.move_layer(true),
            Action::NextSubject => self.tune.sweep.subject += 1,
            Action::Adopt => self.adopt(),
            Action::Export => self.ask_for_report(),
            Action::CompareCells => self.compare_cells(),
            Action::DetailUp => self.tune.sweep.texts_by -= 1,
            Action::DetailDown => self.tune.sweep.texts_by += 1,
            Action::Submit => self.open_cell(),
            Action::Up | Action::Wheel(_, i32::MIN..0) => self.move_cell(-1, 0),
            Action::Down | Action::Wheel(..) => self.move_cell(1, 0),
            Action::Less => self.move_cell(0, -1),
            Action::More => self.move_cell(0, 1),
            other => return self.update_model(&other),
        }
        Vec::new()
    }

    fn start_sweep(&mut self) -> Vec<Command> {
        if let Some(why) = self.why_no_model("A sweep") {
            self.tell(Tone::Info, why);
            return Vec::new();
        }
        let grid = Grid::new(self.tune.params, &self.axes());
        match (grid, self.asked()) {
            (Ok(grid), Ok(asked)) if !asked.is_empty() => self.begin_sweep(grid, asked),
            (Ok(_), Ok(_)) => {
                self.tell(Tone::Problem, "No subjects: the query half is empty.");
                Vec::new()
            }
            (Err(why), _) | (_, Err(why)) => {
                self.tell(Tone::Problem, why);
                Vec::new()
            }
        }
    }

    fn begin_sweep(&mut self, grid: Grid, asked: Vec<Asked>) -> Vec<Command> {
        let facts = asked.iter().map(|asked| self.facts_of(&asked.subject));
        let facts = facts.collect();
        let view = &mut self.tune.sweep;
        view.n_begun += 1;
        view.layer = 0;
        view.beside = None;
        view.found = Some(BegunSweep {
            id: view.n_begun,
            sweep: Sweep::new(grid.clone(), asked.len()).with_facts(facts),
            notes: SweepNotes::default(),
            asked: asked.clone(),
            stand: Stand::UnderWay,
            traces: Traces::default(),
        });
        self.tune.side = Side::Sweep;
        let request = SweepRequest {
            sweep: self.tune.sweep.n_begun,
            grid,
            asked,
        };
        vec![Command::Sweep(Box::new(request))]
    }

    fn stop_sweep(&mut self) -> Vec<Command> {
        if self.tune.sweep.is_under_way() {
            return vec![Command::CancelSweep];
        }
        Vec::new()
    }

    /// News of a sweep; of one that was replaced by another, nothing.
    pub(crate) fn apply_to_sweep(&mut self, event: Event) {
        let (Event::SweepRan { sweep, .. }
        | Event::SweepEnded { sweep }
        | Event::SweepFailed { sweep, .. }) = event
        else {
            return;
        };
        let found = self.tune.sweep.found.as_mut();
        let Some(found) = found.filter(|f| f.id == sweep) else {
            return;
        };
        match event {
            Event::SweepRan { job, trace, .. } => {
                let n_wrong = found.sweep.mismatches.len();
                let is_first = found.sweep.run(job).is_none();
                found.sweep.add(job, &trace);
                if is_first {
                    found.notes.add(job, &trace);
                    let row = BoardRow::of(&trace, RowFrom::sweep(sweep, job), Texts::LeftOut);
                    self.catalog.board.insert(row);
                    found.traces.insert(job, trace);
                }
                if let Some(text) = found.mismatch(n_wrong) {
                    self.tell(Tone::Problem, text);
                }
            }
            Event::SweepFailed { why, .. } => {
                self.tell(Tone::Problem, format!("The sweep failed: {why}"));
                self.end_sweep(Stand::Failed(why));
            }
            _ => {
                let done = found.sweep.next_job().is_none();
                self.end_sweep(if done { Stand::Done } else { Stand::Cancelled });
            }
        }
    }

    fn end_sweep(&mut self, stand: Stand) {
        if let Some(found) = &mut self.tune.sweep.found {
            found.stand = stand;
        }
    }

    /// The next measure that the runs have figures of.
    fn next_measure(&self) -> Measure {
        let view = &self.tune.sweep;
        let figures = view.found.as_ref().and_then(|f| f.sweep.autoregressive());
        let has = |measure: Measure| {
            let figures = figures.as_ref();
            // Autoregressive runs accept nothing.
            measure == Measure::Acceptance || figures.is_none_or(|f| measure.of(f).is_some())
        };
        let next = view.measure.next();
        if has(next) { next } else { next.next() }
    }

    fn next_who(&mut self) {
        let has_run = self.run().is_some();
        let view = &mut self.tune.sweep;
        view.who = match view.who {
            Who::Spread if has_run => Who::Shown,
            Who::Spread | Who::Shown => Who::Selected,
            Who::Selected if !view.marked.is_empty() => Who::Marked,
            Who::Selected | Who::Marked => Who::Spread,
        };
    }

    fn next_tried(&mut self) {
        let view = &mut self.tune.sweep;
        view.tried = match view.tried {
            Tried::Rule => Tried::Budgets,
            Tried::Budgets => Tried::Branches,
            Tried::Branches => Tried::Drafters,
            Tried::Drafters => Tried::Rules,
            Tried::Rules => Tried::Rule,
        };
    }

    fn change_n(&mut self, n: usize) {
        self.tune.sweep.who = Who::Spread;
        self.tune.sweep.n = n.clamp(1, MOST_SUBJECTS);
    }

    fn move_layer(&mut self, forward: bool) {
        let view = &mut self.tune.sweep;
        let n = view.found.as_ref().map_or(1, |f| f.sweep.grid.layers.len());
        view.layer = (view.layer + if forward { 1 } else { n - 1 }) % n;
    }

    fn move_cell(&mut self, down: i64, right: i64) {
        let view = &mut self.tune.sweep;
        let Some((n_rows, n_columns)) = view.layer().map(|l| (l.rows.len(), l.columns.len()))
        else {
            return;
        };
        let moved = |at: usize, by: i64, n: usize| (at as i64 + by).clamp(0, n as i64 - 1) as usize;
        view.texts_by = 0;
        view.at = (
            moved(view.at.0, down, n_rows),
            moved(view.at.1, right, n_columns),
        );
    }

    /// Marks the cell looked at for its texts to stand beside another's; takes the mark off
    /// where there is one.
    fn compare_cells(&mut self) {
        let view = &mut self.tune.sweep;
        let Some(cell) = view.cell() else {
            return self.tell_no_cell();
        };
        view.texts_by = 0;
        view.beside = match view.beside {
            Some(_) => None,
            None => Some(cell),
        };
        if view.beside.is_none() {
            return;
        }
        self.tune.side = Side::Sweep;
        let key = self.key_of(Context::Tune, Action::CompareCells);
        self.tell(
            Tone::Info,
            format!("Marked: move to another cell to compare their texts; {key} ends it."),
        );
    }

    /// The cell's setting goes to the sliders.
    fn adopt(&mut self) {
        let view = &self.tune.sweep;
        let (Some(found), Some(cell)) = (&view.found, view.cell()) else {
            return self.tell_no_cell();
        };
        self.tune.params = found.sweep.grid.params(cell);
        self.tune.side = Side::Sliders;
        let text = format!(
            "Sliders set to {}: {} runs it, {} copies it, {} saves it.",
            self.tune.params.verify.describe(),
            self.key_of(Context::Tune, Action::Submit),
            self.key_of(Context::Tune, Action::CopyCommand),
            self.key_of(Context::Tune, Action::SaveSettings)
        );
        self.tell(Tone::Good, text);
        self.judge_again();
    }

    pub(super) fn tell_no_cell(&mut self) {
        let key = self.key_of(Context::Tune, Action::StartSweep);
        self.tell(Tone::Info, format!("No cell yet: {key} starts a sweep."));
    }

    /// Opens the cell's run of the subject chosen, beside what it was measured
    /// against.
    fn open_cell(&mut self) {
        let view = &self.tune.sweep;
        let (Some(found), Some(job)) = (&view.found, view.job()) else {
            return self.tell_no_cell();
        };
        let plain = Job { cell: None, ..job };
        let read = found.traces.get(&job);
        let (trace, plain) = match (read, found.traces.get(&plain)) {
            (Ok(Some(trace)), Ok(plain)) => (trace, plain),
            (Ok(None), _) => {
                return self.tell(Tone::Info, "This run is not done yet.");
            }
            (Err(why), _) | (_, Err(why)) => {
                return self.tell(Tone::Problem, format!("The run cannot be shown: {why:#}"));
            }
        };
        let measured = plain.as_ref().map(measured);
        let speed_up = found.sweep.speed_up(job);
        self.add_recording(trace, Recording::Sweep);
        if let Some(run) = self.run_mut() {
            run.references.done.extend(measured);
            run.references.by_sweep = speed_up;
            run.play_all();
        }
    }
}

impl Action {
    /// Means the sweep, whichever half has the keys.
    pub(crate) fn is_about_sweeps(&self) -> bool {
        matches!(
            self,
            Action::StartSweep
                | Action::StopRun
                | Action::NextMeasure
                | Action::NextWho
                | Action::NextTried
                | Action::Fewer
                | Action::MoreSubjects
                | Action::PreviousLayer
                | Action::NextLayer
                | Action::NextSubject
                | Action::Adopt
                | Action::Export
                | Action::CompareCells
                | Action::DetailUp
                | Action::DetailDown
        )
    }
}

fn measured(trace: &Trace) -> Measured {
    let ids = trace.token_ids();
    Measured {
        verify: AcceptanceRule::Autoregressive,
        stats: Stats::of(trace),
        repetition: repetition(&ids),
        ids,
        record: None,
        parked: None,
    }
}
