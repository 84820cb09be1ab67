//! Measuring: pairs of a run and its reference runs, one run after the other, whenever
//! the engine is free.

use std::time::Duration;

use crate::protocol::{Command, Purpose, Request, RunId};
use crate::speculate::params::Params;
use crate::speculate::speed_up::SpeedUp;
use crate::speculate::trace::Trace;
use crate::speculate::verify::Finish;
use crate::tui::action::Action;
use crate::tui::app::{App, Tone};
use crate::tui::keys::context::Context;
use crate::tui::runs::reference::{Measured, Way};
use crate::tui::runs::run::{Origin, Run};

impl App {
    /// Asks for pairs of the autoregressive, the strict and the shown run of the same
    /// prompt.
    pub(crate) fn measure(&mut self) -> Vec<Command> {
        let ready = self.engine.model.is_ready();
        let Some(run) = self.run_mut() else {
            return Vec::new();
        };
        let (recorded, live) = (run.recording().is_some(), run.is_under_way());
        if recorded {
            let key = self.key_of(Context::Decode, Action::Again);
            let text = format!("A recording cannot be measured: {key} runs its subject here.");
            self.tell(Tone::Info, text);
            return Vec::new();
        }
        if !ready {
            return Vec::new();
        }
        let ways = run.ways();
        run.references.want(ways);
        if live {
            let text = "The paired runs start when this run ends.";
            self.tell(Tone::Info, text);
        }
        self.next_reference()
    }

    /// Begins the next reference run if the engine is free.
    pub(crate) fn next_reference(&mut self) -> Vec<Command> {
        let busy = self
            .session
            .runs
            .iter()
            .any(|r| r.is_under_way() || r.references.under_way.is_some());
        if busy || !self.engine.model.is_ready() {
            return Vec::new();
        }
        let id = self.next_run_id();
        let found = self
            .session
            .runs
            .iter_mut()
            .find_map(|r| reference_request(r, id));
        found.map_or_else(Vec::new, |request| {
            vec![
                Command::SetPace(Duration::ZERO),
                Command::Generate(Box::new(request)),
            ]
        })
    }
}

impl Run {
    /// Its speed-up over its autoregressive runs, if it was measured.
    pub fn speed_up(&self) -> Option<SpeedUp> {
        let record = self.record.as_ref()?;
        self.references.speed_up(self.own_way(), &record.stats)
    }

    /// What this run is in its pairs.
    pub(crate) fn own_way(&self) -> Way {
        let rule = self.record.as_ref().and_then(|r| r.rule_throughout());
        rule.map_or(Way::Own, Way::of)
    }

    /// What a pair of this run consists of. A run whose parameters changed on its way
    /// cannot be made again as it was.
    fn ways(&self) -> Vec<Way> {
        let own = self
            .record
            .as_ref()
            .map(|r| (r.rule_throughout(), &r.trace));
        let is_constant = |trace: &Trace| trace.steps.iter().all(|s| s.params.is_none());
        let repeats = own.is_some_and(|(rule, trace)| {
            rule.is_some_and(|rule| Way::of(rule) == Way::Own) && is_constant(trace)
        });
        let ways = [Way::Autoregressive, Way::Strict, Way::Own];
        ways.into_iter()
            .filter(|&w| w != Way::Own || repeats)
            .collect()
    }
}

fn reference_request(run: &mut Run, id: RunId) -> Option<Request> {
    let Origin::Live { prompt } = &run.origin else {
        return None;
    };
    let record = run.record.as_ref()?;
    let header = &record.trace.header;
    let way = run.references.wanted.pop_front()?;
    // A run that was stopped early is compared over its own length.
    let cut = matches!(&record.trace.end, Some(end) if end.finish == Finish::Cancelled);
    let params = header.params;
    let max_tokens = if cut {
        record.ids.len().max(1)
    } else {
        params.max_tokens
    };
    let verify = way.verify().unwrap_or(params.verify);
    run.references.under_way = Some((id, way, Measured::new(verify)));
    Some(Request {
        run: id,
        subject: run.subject.clone(),
        prompt: prompt.clone(),
        params: Params {
            verify,
            max_tokens,
            ..params
        },
        branch: header.branch.clone().filter(|_| way == Way::Own),
        start: header.start(),
        purpose: Purpose::Reference { of: run.id },
        start_paused: false,
    })
}
