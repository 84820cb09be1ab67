//! Measuring: the reference runs of a run, one after the other, whenever the
//! engine is free.

use std::time::Duration;

use super::app::{App, Tone};
use super::reference::Measured;
use super::run::{Origin, Phase, Run};
use crate::speculate::params::{Params, Verify};
use crate::speculate::verify::Finish;
use crate::worker::message::{Command, Purpose, Request, RunId};

impl App {
    /// Asks for the autoregressive and the strict run of the same prompt.
    pub(super) fn measure(&mut self) -> Vec<Command> {
        let ready = self.model.is_ready();
        let Some(run) = self.run_mut() else {
            return Vec::new();
        };
        let (recorded, live) = (run.recording().is_some(), run.is_under_way());
        if recorded {
            let text = "A recording cannot be measured: `a` runs its subject here and now.";
            self.tell(Tone::Info, text);
            return Vec::new();
        }
        if !ready {
            return Vec::new();
        }
        run.references.want();
        run.count_itself();
        if live {
            let text = "The reference runs follow when this run has ended.";
            self.tell(Tone::Info, text);
        }
        self.next_reference()
    }

    /// Begins the next reference run if the engine is free.
    pub(super) fn next_reference(&mut self) -> Vec<Command> {
        let busy = self
            .runs
            .iter()
            .any(|r| r.is_under_way() || r.references.under_way.is_some());
        if busy || !self.model.is_ready() {
            return Vec::new();
        }
        let id = self.next_run_id();
        let found = self.runs.iter_mut().find_map(|r| reference_request(r, id));
        found.map_or_else(Vec::new, |request| {
            vec![
                Command::SetPace(Duration::ZERO),
                Command::Generate(Box::new(request)),
            ]
        })
    }
}

impl Run {
    /// A finished strict or autoregressive run is its own reference of that kind.
    fn count_itself(&mut self) {
        let Some(record) = self.record.as_ref().filter(|_| self.phase == Phase::Ended) else {
            return;
        };
        let rule = record.rule_throughout();
        let Some(verify @ (Verify::Autoregressive | Verify::Strict)) = rule else {
            return;
        };
        self.references.wanted.retain(|&w| w != verify);
        if self.references.of(verify).is_none() {
            self.references.done.push(Measured {
                verify,
                ids: record.ids.clone(),
                stats: record.stats.clone(),
                repetition: record.repetition,
                record: None,
                parked: None,
            });
        }
    }
}

fn reference_request(run: &mut Run, id: RunId) -> Option<Request> {
    let Origin::Live { prompt } = &run.origin else {
        return None;
    };
    let record = run.record.as_ref()?;
    let verify = run.references.wanted.pop_front()?;
    run.references.under_way = Some((id, Measured::new(verify)));
    // A run that was stopped early is compared over its own length.
    let cut = matches!(&record.trace.end, Some(end) if end.finish == Finish::Cancelled);
    let params = record.trace.header.params;
    let max_tokens = if cut {
        record.ids.len().max(1)
    } else {
        params.max_tokens
    };
    Some(Request {
        run: id,
        subject: run.subject.clone(),
        prompt: prompt.clone(),
        params: Params {
            verify,
            max_tokens,
            ..params
        },
        branch: None,
        start: record.trace.header.start(),
        purpose: Purpose::Reference { of: run.id },
        start_paused: false,
    })
}
