//! The thread itself: finds and loads the model, then serves commands until a quit.
//! Every failure becomes an event, panics included.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use color_eyre::eyre::{Result, eyre};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::inbox::Inbox;
use super::serve::serve;
use crate::config::Settings;
use crate::engine::Engine;
use crate::model::fetch::{self, FetchOptions};
use crate::protocol::{BatchNews, Command, Event};
use crate::recsys::Catalog;
use crate::shutdown;

/// The engine's thread, from the interface's side.
pub struct Handle {
    /// To the engine.
    pub commands: Sender<Command>,
    /// From the engine.
    pub events: UnboundedReceiver<Event>,
    /// Ends after [`Command::Quit`], or when `commands` is dropped.
    pub thread: JoinHandle<()>,
}

/// Starts the thread: it fetches and loads the model at once.
pub(crate) fn spawn(settings: Settings, catalog: Catalog) -> Result<Handle> {
    guarded(move |commands, events| live(&settings, &catalog, commands, events))
}

/// A thread whose end is always reported as an event.
pub fn guarded(
    life: impl FnOnce(&Receiver<Command>, &UnboundedSender<Event>) + Send + 'static,
) -> Result<Handle> {
    let (commands, received) = channel();
    let (sent, events) = unbounded_channel();
    let work = move || {
        shutdown::alternate_stack();
        let life = catch_unwind(AssertUnwindSafe(|| life(&received, &sent)));
        let why = life.err().map(|panic| panic_text(&*panic));
        let _ = sent.send(Event::Gone { why });
    };
    let thread = std::thread::Builder::new()
        .name("engine".into())
        .spawn(work)
        .map_err(|e| eyre!("starting the engine's thread: {e}"))?;
    Ok(Handle {
        commands,
        events,
        thread,
    })
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| s.to_string());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "the engine's thread panicked".into())
}

/// Tries to load a model until one is loaded, then serves.
fn live(
    settings: &Settings,
    catalog: &Catalog,
    commands: &Receiver<Command>,
    events: &UnboundedSender<Event>,
) {
    let mut inbox = Inbox::new(commands);
    loop {
        match load(settings, catalog, &mut inbox, events) {
            Ok(engine) => return serve(engine, &mut inbox, events),
            Err(error) => {
                tracing::error!("no model: {error:#}");
                let _ = events.send(Event::ModelFailed {
                    why: format!("{error:#}"),
                });
            }
        }
        if !wait_for_retry(&mut inbox, events) {
            return;
        }
    }
}

/// Answers what can be answered without a model. `false`: quit.
fn wait_for_retry(inbox: &mut Inbox<'_>, events: &UnboundedSender<Event>) -> bool {
    loop {
        match inbox.wait() {
            None | Some(Command::Quit) => return false,
            Some(Command::RetryModel) => return true,
            Some(Command::Preview { ticket, .. }) => {
                let preview = Err("no model is loaded".into());
                let _ = events.send(Event::Preview { ticket, preview });
            }
            Some(Command::Pool(question)) => {
                let answer = Err("no model is loaded".into());
                let _ = events.send(Event::Pool { question, answer });
            }
            Some(Command::Generate(request)) => {
                let why = "no model is loaded".into();
                let _ = events.send(Event::RunFailed {
                    run: request.run,
                    why,
                });
            }
            Some(Command::Batch(request)) => {
                let news = BatchNews::Failed("no model is loaded".into());
                let batch = request.batch;
                let _ = events.send(Event::Batch { batch, news });
            }
            Some(Command::Sweep(request)) => {
                let why = "no model is loaded".into();
                let _ = events.send(Event::SweepFailed {
                    sweep: request.sweep,
                    why,
                });
            }
            Some(_) => {}
        }
    }
}

fn load(
    settings: &Settings,
    catalog: &Catalog,
    inbox: &mut Inbox<'_>,
    events: &UnboundedSender<Event>,
) -> Result<Engine> {
    let cancel = AtomicBool::new(false);
    let path = {
        let inbox = std::cell::RefCell::new(&mut *inbox);
        let confirm = |bytes| settings.yes || ask(bytes, &mut inbox.borrow_mut(), events);
        let options = FetchOptions {
            cancel: &cancel,
            confirm_large: &confirm,
            offline: settings.offline,
        };
        fetch::resolve(settings.model(), &options, &mut |event| {
            let _ = events.send(Event::Fetch(event));
            if inbox.borrow_mut().asks_to_stop_fetching() {
                cancel.store(true, Ordering::Relaxed);
            }
        })?
    };
    let loading = events.clone();
    let engine = settings.open_engine(&path, catalog, move |stage| {
        let _ = loading.send(Event::Loading {
            what: stage.describe(),
        });
    })?;
    let _ = events.send(Event::ModelReady {
        model: Box::new(engine.model.info.clone()),
        device: engine.model.device.clone(),
        note: engine.note.clone(),
        pools: engine.pools.current.sizes(None),
    });
    let _ = events.send(Event::Profile(Box::new(engine.start.cost.clone())));
    Ok(engine)
}

fn ask(bytes: u64, inbox: &mut Inbox<'_>, events: &UnboundedSender<Event>) -> bool {
    let _ = events.send(Event::ConfirmDownload { bytes });
    inbox.wait_for_permission()
}
