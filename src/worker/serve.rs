//! Serving commands with a loaded model: one run at a time, paused, paced and
//! changed between its steps.

use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use super::inbox::Inbox;
use super::preview::preview;
use super::sweep::Background;
use super::{batch, pool_questions, watched};
use crate::engine::Engine;
use crate::protocol::{Command, Event, PromptText};
use crate::session::cost;
use crate::session::kept_cost::CostKey;

/// Serves until a quit command.
pub fn serve(mut engine: Engine, inbox: &mut Inbox<'_>, events: &UnboundedSender<Event>) {
    let mut pace = Duration::ZERO;
    let mut background = Background::default();
    loop {
        let Some(command) = background.next_command(&mut engine, inbox, events) else {
            continue;
        };
        tracing::debug!(command = <&str>::from(&command));
        match command {
            Command::Quit => return,
            Command::Generate(request) => {
                watched::generate(&mut engine, *request, &mut pace, inbox, events);
                inbox.bring_back();
            }
            Command::Batch(request) => {
                batch::decode(&mut engine, *request, &mut pace, inbox, events);
                inbox.bring_back();
            }
            Command::Sweep(request) => background.begin(&engine, *request, events),
            Command::CancelSweep => background.end(events),
            Command::MeasureCost => {
                let _ = events.send(measured(&mut engine, inbox, events));
            }
            Command::Preview {
                ticket,
                prompt,
                max_tokens,
            } => {
                let render = |p: &PromptText| engine.model.render_to_fit(p, max_tokens);
                let _ = events.send(preview(ticket, &prompt, render));
            }
            Command::Pool(question) => {
                let _ = events.send(pool_questions::answered(&mut engine, question));
            }
            Command::SetPace(time) => pace = time,
            _ => {}
        }
    }
}

/// Measures the cost profile again. Other commands wait; a request for a run ends it.
fn measured(engine: &mut Engine, inbox: &mut Inbox<'_>, events: &UnboundedSender<Event>) -> Event {
    let key = CostKey::of(engine);
    let renewed = cost::renew(engine, &key, &mut |done, of| {
        let _ = events.send(Event::Measuring { done, of });
        !inbox.asks_to_end_run()
    });
    let _ = events.send(Event::Profile(Box::new(engine.start.cost.clone())));
    Event::Measured(match renewed {
        Ok((_, note)) => Ok(note),
        Err(why) => Err(format!("{why:#}")),
    })
}
