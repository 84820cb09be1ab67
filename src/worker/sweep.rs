//! A sweep in the background: one run after another while no command is waiting. A
//! requested run goes first; the interrupted run of the sweep is repeated.

use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use super::inbox::Inbox;
use super::preview::preview;
use crate::engine::{Advance, Engine, Run, SweepRun};
use crate::protocol::{Command, Event, PromptText, SweepId, SweepRequest};

/// The sweep under way, if there is one.
#[derive(Default)]
pub(crate) struct Background {
    under_way: Option<(SweepId, SweepRun)>,
}

impl Background {
    /// Starts a sweep, replacing a current one.
    pub(crate) fn begin(
        &mut self,
        engine: &Engine,
        request: SweepRequest,
        events: &UnboundedSender<Event>,
    ) {
        self.end(events);
        let SweepRequest { sweep, grid, asked } = request;
        self.under_way = Some((sweep, SweepRun::new(engine, grid, asked)));
    }

    pub(crate) fn end(&mut self, events: &UnboundedSender<Event>) {
        if let Some((sweep, _)) = self.under_way.take() {
            let _ = events.send(Event::SweepEnded { sweep });
        }
    }

    /// The next command; if none is waiting and a sweep is under way, makes one of its
    /// runs and returns `None`.
    pub(crate) fn next_command(
        &mut self,
        engine: &mut Engine,
        inbox: &mut Inbox<'_>,
        events: &UnboundedSender<Event>,
    ) -> Option<Command> {
        if self.under_way.is_none() {
            return Some(inbox.wait().unwrap_or(Command::Quit));
        }
        let command = inbox.wait_at_most(Duration::ZERO);
        if command.is_none() {
            self.advance(engine, inbox, events);
        }
        command
    }

    fn advance(
        &mut self,
        engine: &mut Engine,
        inbox: &mut Inbox<'_>,
        events: &UnboundedSender<Event>,
    ) {
        let Some((sweep, run)) = &mut self.under_way else {
            return;
        };
        let sweep = *sweep;
        let advance = run.advance(engine, &mut |run| go_on(run, inbox, events));
        match advance {
            Ok(Advance::Stopped) => {}
            Ok(Advance::Done) => self.end(events),
            Ok(Advance::Ran { job, trace }) => {
                let _ = events.send(Event::SweepRan { sweep, job, trace });
            }
            Err(error) => {
                self.under_way = None;
                let why = format!("{error:#}");
                let _ = events.send(Event::SweepFailed { sweep, why });
            }
        }
    }
}

/// Between two steps: prompts are tokenised meanwhile. `false`: the run is interrupted.
fn go_on(run: Option<&Run<'_>>, inbox: &mut Inbox<'_>, events: &UnboundedSender<Event>) -> bool {
    if let Some(run) = run {
        for (ticket, prompt, max_tokens) in inbox.take_previews() {
            let render = |p: &PromptText| run.render_to_fit(p, max_tokens);
            let _ = events.send(preview(ticket, &prompt, render));
        }
    }
    !inbox.interrupts_sweep()
}
