//! What a step costs here: the profile in force, and whether the machine still fits it.

use crate::protocol::{Command, Event, RunId};
use crate::speculate::cost::{CostProfile, StepCosts};
use crate::speculate::drift::describe;
use crate::speculate::trace::Step;
use crate::tui::action::Action;
use crate::tui::app::model::ModelState;
use crate::tui::app::{App, Tone};
use crate::tui::keys::context::Context;
use crate::tui::runs::drifting::Drifting;

impl App {
    pub(crate) fn apply_to_cost(&mut self, event: Event) {
        match event {
            Event::Profile(profile) => self.profile_is(*profile),
            Event::Measuring { done, of } => self.measuring(done, of),
            Event::Measured(outcome) => self.measured(outcome),
            _ => {}
        }
    }

    /// This machine's profile, as it is from now on.
    fn profile_is(&mut self, profile: CostProfile) {
        self.engine.drift = Drifting {
            costs: StepCosts::new(&profile),
            ..Drifting::default()
        };
        self.engine.profile = Some(profile);
    }

    /// A step was made here.
    pub(crate) fn watch_drift(&mut self, id: RunId, step: &Step) {
        // A profile that was named with --cost need not be this machine's.
        let is_named = self.engine.setup.has("--cost");
        let record = self.run_of(id).and_then(|run| run.record.as_ref());
        let goes_by_it =
            record.is_some_and(|r| Some(&r.trace.header.cost) == self.engine.profile.as_ref());
        let is_alone = record.is_some_and(|r| r.trace.header.batch == 0);
        if is_named || !goes_by_it || !is_alone {
            return;
        }
        let Drifting { costs, steps, .. } = &mut self.engine.drift;
        steps.push(step, costs);
        if let Some(ratio) = self
            .engine
            .drift
            .steps
            .beyond()
            .filter(|_| !self.engine.drift.is_told)
        {
            self.engine.drift.is_told = true;
            let key = self.key_of(Context::Anywhere, Action::MeasureCost);
            self.tell(
                Tone::Problem,
                format!("{}; {key} measures it again.", describe(ratio)),
            );
        }
    }

    /// Asks for another measurement.
    pub(crate) fn measure_cost(&mut self) -> Vec<Command> {
        if let Some(why) = self.why_no_model("Measuring what a step costs") {
            self.tell(Tone::Info, why);
            return Vec::new();
        }
        self.tell(Tone::Info, "Measuring what a step costs on this machine.");
        vec![Command::MeasureCost]
    }

    fn measuring(&mut self, done: usize, of: usize) {
        if matches!(self.engine.model, ModelState::Ready(_)) {
            let text = format!("Measuring what a step costs on this machine: {done} of {of}");
            self.tell(Tone::Info, text);
        }
    }

    fn measured(&mut self, outcome: Result<Option<String>, String>) {
        match outcome {
            Ok(None) => self.tell(
                Tone::Good,
                "Measured; the next runs use the new cost profile.",
            ),
            Ok(Some(note)) => self.tell(Tone::Info, format!("Measured, but {note}")),
            Err(why) => self.tell(Tone::Problem, format!("Not measured: {why}")),
        }
    }
}
