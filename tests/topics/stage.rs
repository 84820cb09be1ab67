//! The interface in the situations needed by tests, reached by keys and events as in
//! real use.

use std::path::PathBuf;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use laserscope::protocol::{Command, Event, FetchEvent, PromptPreview, Purpose, RunId};
use laserscope::recsys::knowledge::bundled_knowledge;
use laserscope::recsys::{Catalog, Framework};
use laserscope::speculate::command_line::Setup;
use laserscope::speculate::params::{AcceptanceRule, Params, Source};
use laserscope::speculate::trace::{End, PoolSize, Trace};
use laserscope::tui::app::App;
use laserscope::tui::lesson::learned::Learned;
use laserscope::tui::start::{Length, Shipped, StartEngine};
use laserscope::tui::{Look, Start, view};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::fixture;

pub const LARGE: (u16, u16) = (120, 40);
pub const SMALL: (u16, u16) = (80, 24);

pub fn draw(app: &App) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, app.look.size.0, app.look.size.1));
    view::render(app, buffer.area, &mut buffer);
    buffer
}

pub fn start() -> Start {
    Start {
        catalog: Some(Catalog::bundled().expect("the bundled catalog")),
        frameworks: frameworks(),
        framework: 0,
        params: Params::default(),
        length: Length::Frameworks,
        look: Look::default(),
        replay: Vec::new(),
        batch: None,
        points: None,
        engine: StartEngine::Coming,
        traces: None,
        tested: None,
        log: None,
        demo: Some(fixture::relaxed()),
        shipped: shipped(),
        earlier: Vec::new(),
        save_dir: PathBuf::from("traces"),
        learned: Learned::default(),
        setup: Setup::default(),
    }
}

fn frameworks() -> Vec<Framework> {
    let names = Framework::names().into_iter();
    names
        .map(|n| Framework::named(n).expect("bundled"))
        .collect()
}

fn shipped() -> Vec<Shipped> {
    let docs = bundled_knowledge().expect("bundled").into_iter();
    docs.map(|doc| Shipped {
        kind: doc.kind.to_string(),
        id: doc.id,
        framework: doc.framework,
    })
    .collect()
}

pub fn app() -> App {
    App::new(start())
}

pub fn model_ready() -> Event {
    let pool = |source, documents, tokens| PoolSize {
        source,
        documents,
        tokens,
    };
    Event::ModelReady {
        model: Box::new(fixture::model()),
        device: "cpu".into(),
        note: None,
        pools: vec![
            pool(Source::Group, 37, 7_612),
            pool(Source::Global, 208, 42_930),
        ],
    }
}

/// The catalog with a model, every prompt asked for answered.
pub fn ready() -> App {
    let mut app = app();
    let commands = app.apply(model_ready());
    answer_previews(&mut app, commands);
    app
}

pub fn answer_previews(app: &mut App, mut commands: Vec<Command>) {
    while let Some(Command::Preview { ticket, prompt, .. }) = commands.pop() {
        let system = prompt
            .system
            .unwrap_or("You are a helpful AI assistant.".into());
        let rendered = format!(
            "<|im_start|>system\n{system}<|im_end|>\n<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n{}",
            prompt.user, prompt.opening
        );
        let n_tokens = rendered.split_whitespace().count() * 3 / 2;
        let preview = Ok(PromptPreview {
            rendered,
            n_tokens,
            n_dropped: 0,
            ids: Vec::new(),
        });
        commands.extend(app.apply(Event::Preview { ticket, preview }));
    }
}

pub fn press(app: &mut App, code: KeyCode) -> Vec<Command> {
    app.press(&KeyEvent::new(code, KeyModifiers::NONE))
}

pub fn keys(app: &mut App, letters: &str) -> Vec<Command> {
    let pressed = letters.chars().map(|c| press(app, KeyCode::Char(c)));
    pressed.collect::<Vec<_>>().concat()
}

/// Begins a run of the selected item and feeds it the first steps of a trace.
pub fn decoding(trace: &Trace, n_steps: usize) -> (App, RunId) {
    let mut app = ready();
    let run = begin(&mut app, trace);
    feed(&mut app, run, trace, 0..n_steps);
    (app, run)
}

pub fn begin(app: &mut App, trace: &Trace) -> RunId {
    let commands = press(app, KeyCode::Enter);
    let run = generated(&commands).expect("a request").0;
    app.apply(Event::RunStarted {
        run,
        purpose: Purpose::Watch,
        header: Box::new(trace.header.clone()),
    });
    run
}

pub fn feed(app: &mut App, run: RunId, trace: &Trace, steps: std::ops::Range<usize>) {
    for step in &trace.steps[steps] {
        app.apply(Event::Step {
            run,
            step: Box::new(step.clone()),
        });
    }
}

pub fn generated(commands: &[Command]) -> Option<(RunId, Purpose, Params)> {
    commands.iter().find_map(|c| match c {
        Command::Generate(request) => Some((request.run, request.purpose, request.params)),
        _ => None,
    })
}

/// A run that came to its end.
pub fn ended(trace: &Trace) -> App {
    let (mut app, run) = decoding(trace, trace.steps.len());
    let end = trace.end.clone().expect("an end");
    app.apply(Event::RunEnded { run, end });
    app
}

/// A finished run with both reference runs measured.
pub fn measured() -> App {
    let mut app = ended(&fixture::relaxed());
    let commands = keys(&mut app, "r");
    make_references(&mut app, commands, |_, _, end| end);
    app
}

/// Makes every reference run that is asked for, beginning with these commands; `end` is
/// told how many there were, and says how each ends. Gives their rules, in order.
pub fn make_references(
    app: &mut App,
    mut commands: Vec<Command>,
    end: impl Fn(&mut App, usize, End) -> End,
) -> Vec<AcceptanceRule> {
    let of = app.session.shown.expect("a run");
    let mut made = Vec::new();
    while let Some((id, purpose, params)) = generated(&commands) {
        assert_eq!(purpose, Purpose::Reference { of });
        made.push(params.verify);
        let reference = fixture::run(7, params);
        app.apply(Event::RunStarted {
            run: id,
            purpose,
            header: Box::new(reference.header.clone()),
        });
        feed(app, id, &reference, 0..reference.steps.len());
        let end = end(app, made.len(), reference.end.expect("an end"));
        commands = app.apply(Event::RunEnded { run: id, end });
    }
    made
}

pub fn fetching_event(app: &mut App) {
    app.apply(Event::Fetch(FetchEvent::Downloading {
        from: "huggingface.co".into(),
        done: 41_200_000,
        total: Some(98_362_432),
        bytes_per_s: 5_100_000.0,
    }));
}
