//! Serving commands with a loaded model: one run at a time, paused, paced and
//! changed between its steps.

use std::time::{Duration, Instant};

use color_eyre::eyre::Result;
use tokio::sync::mpsc::UnboundedSender;

use super::inbox::Inbox;
use super::lab;
use super::message::{Command, Event, PromptPreview, Purpose, Request, RunId};
use super::sweep::Background;
use crate::engine::{Engine, PromptText, RenderedPrompt, Run, RunSpec};
use crate::session::cost;
use crate::session::kept_cost::CostKey;
use crate::speculate::verify::Finish;

/// Serves until told to quit.
pub fn serve(mut engine: Engine, inbox: &mut Inbox<'_>, events: &UnboundedSender<Event>) {
    let mut pace = Duration::ZERO;
    let mut background = Background::default();
    loop {
        let Some(command) = background.next_command(&mut engine, inbox, events) else {
            continue;
        };
        match command {
            Command::Quit => return,
            Command::Generate(request) => {
                let run = request.run;
                if let Err(error) = generate(&mut engine, *request, &mut pace, inbox, events) {
                    let _ = events.send(Event::RunFailed {
                        run,
                        why: format!("{error:#}"),
                    });
                }
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
                let render = |p: &PromptText| engine.render_to_fit(p, max_tokens);
                let _ = events.send(preview(ticket, &prompt, render));
            }
            Command::Lab(question) => {
                let _ = events.send(lab::answered(&mut engine, question));
            }
            Command::SetPace(time) => pace = time,
            _ => {}
        }
    }
}

/// The cost profile anew. What is asked for meanwhile waits, and a run that is asked
/// for ends it.
fn measured(engine: &mut Engine, inbox: &mut Inbox<'_>, events: &UnboundedSender<Event>) -> Event {
    let key = CostKey::of(engine);
    let renewed = cost::renew(engine, &key, &mut |done, of| {
        let _ = events.send(Event::Measuring { done, of });
        !inbox.asks_to_end_run()
    });
    let _ = events.send(Event::Profile(Box::new(engine.cost.clone())));
    Event::Measured(match renewed {
        Ok((_, note)) => Ok(note),
        Err(why) => Err(format!("{why:#}")),
    })
}

pub(super) fn preview(
    ticket: u64,
    prompt: &PromptText,
    render: impl Fn(&PromptText) -> Result<RenderedPrompt>,
) -> Event {
    let shown = |p: RenderedPrompt| PromptPreview {
        rendered: p.text,
        n_tokens: p.ids.len(),
        n_dropped: p.n_dropped,
        ids: p.ids,
    };
    Event::Preview {
        ticket,
        preview: render(prompt).map(shown).map_err(|e| format!("{e:#}")),
    }
}

/// Between two steps a run goes on, waits, or takes one step and then waits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tempo {
    Playing,
    Paused,
    OneStep,
}

fn generate(
    engine: &mut Engine,
    request: Request,
    pace: &mut Duration,
    inbox: &mut Inbox<'_>,
    events: &UnboundedSender<Event>,
) -> Result<()> {
    let Request {
        run: id,
        subject,
        prompt,
        params,
        branch,
        start,
        purpose,
        start_paused,
    } = request;
    let spec = RunSpec {
        branch,
        start,
        ..RunSpec::new(subject, prompt, params)
    };
    let mut run = engine.begin(spec, &mut |done, total| {
        let _ = events.send(Event::Prompt {
            run: id,
            done,
            total,
        });
        !inbox.asks_to_end_run()
    })?;
    let header = Box::new(run.header().clone());
    let _ = events.send(Event::RunStarted {
        run: id,
        purpose,
        header,
    });
    let mut tempo = if start_paused {
        Tempo::Paused
    } else {
        Tempo::Playing
    };
    let mut last = Instant::now();
    while run.finish().is_none() {
        if !listen(&mut run, id, &mut tempo, pace, last, inbox, events) {
            break;
        }
        last = Instant::now();
        if let Some(step) = run.step()? {
            let _ = events.send(Event::Step {
                run: id,
                step: Box::new(step),
            });
        }
        if tempo == Tempo::OneStep {
            tempo = Tempo::Paused;
        }
    }
    if let Some(end) = run.end() {
        let is_done = end.finish != Finish::Cancelled && purpose == Purpose::Watch;
        let _ = events.send(Event::RunEnded { run: id, end });
        if is_done && run.params().sources.online {
            run.remember();
        }
    }
    Ok(())
}

/// Serves commands until the next step is due. `false`: the run has ended.
fn listen(
    run: &mut Run<'_>,
    id: RunId,
    tempo: &mut Tempo,
    pace: &mut Duration,
    last: Instant,
    inbox: &mut Inbox<'_>,
    events: &UnboundedSender<Event>,
) -> bool {
    loop {
        let wait = match tempo {
            Tempo::Paused => None,
            Tempo::OneStep => Some(Duration::ZERO),
            Tempo::Playing => Some(pace.saturating_sub(last.elapsed())),
        };
        let command = match wait {
            None => Some(inbox.wait().unwrap_or(Command::Quit)),
            Some(time) => inbox.wait_at_most(time),
        };
        let Some(command) = command else { return true };
        if !obey(command, run, id, tempo, pace, inbox, events) {
            return false;
        }
        let due = *tempo == Tempo::Playing && last.elapsed() >= *pace;
        if due || *tempo == Tempo::OneStep {
            return true;
        }
    }
}

/// Obeys one command. `false`: the run has ended.
fn obey(
    command: Command,
    run: &mut Run<'_>,
    id: RunId,
    tempo: &mut Tempo,
    pace: &mut Duration,
    inbox: &mut Inbox<'_>,
    events: &UnboundedSender<Event>,
) -> bool {
    let paused = |paused| {
        let _ = events.send(Event::Paused { run: id, paused });
    };
    match command {
        Command::Pause => {
            *tempo = Tempo::Paused;
            paused(true);
        }
        Command::Resume => {
            *tempo = Tempo::Playing;
            paused(false);
        }
        Command::Step => {
            *tempo = Tempo::OneStep;
            paused(true);
        }
        Command::SetParams(params) => run.set_params(params),
        Command::SetPace(time) => *pace = time,
        Command::Preview {
            ticket,
            prompt,
            max_tokens,
        } => {
            let render = |p: &PromptText| run.render_to_fit(p, max_tokens);
            let _ = events.send(preview(ticket, &prompt, render));
        }
        Command::Lab(question) => {
            let _ = events.send(lab::answered(run.engine(), question));
        }
        Command::Stop => {
            run.cancel();
            return false;
        }
        later @ (Command::Sweep(_) | Command::CancelSweep | Command::MeasureCost) => {
            inbox.defer(later);
        }
        ending @ (Command::Generate(_) | Command::Quit) => {
            run.cancel();
            inbox.put_back(ending);
            return false;
        }
        _ => {}
    }
    true
}
