//! The Batch screen: live by events and replayed, over the passes and back, a lane in
//! Decode and back; at every size, in every theme, with traces that are not there.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crossterm::event::KeyCode;
use laserscope::present::theme::ThemeName;
use laserscope::protocol::{BatchNews, Command, Event, RunId};
use laserscope::speculate::passes::{PassRecord, PassesHeader};
use laserscope::speculate::trace::{End, Trace};
use laserscope::speculate::verify::Finish;
use laserscope::start::recorded_batch::{ReplayedFiles, read, read_batch};
use laserscope::tui::app::App;
use laserscope::tui::screens::Screen;
use laserscope::tui::screens::batch::layout as batch_layout;
use laserscope::tui::screens::batch::state::{BatchPane, PassCursor};
use laserscope::tui::screens::decode::state::Zoom;
use laserscope::tui::shell::layout as shell_layout;
use laserscope::tui::{Glyphs, Start};
use ratatui::buffer::Buffer;
use ratatui::style::Modifier;

use super::cut_out::{parts_at, screen};
use super::debugger::{LIMIT, fastest};
use super::heavy_batch::heavy_batch;
use super::stage::{LARGE, SMALL, draw, keys, press, ready, start};

const FOLDER: &str = "assets/traces/batch";

fn recorded() -> App {
    replayed(Path::new(FOLDER))
}

fn replayed(folder: &Path) -> App {
    let found = read(&[folder.to_path_buf()]).expect("a batch");
    opened(found)
}

fn opened(found: ReplayedFiles) -> App {
    App::new(Start {
        batch: found.batch,
        points: found.points,
        ..start()
    })
}

fn text(buffer: &Buffer) -> String {
    let rows = 0..buffer.area.height;
    let row = |y| (0..buffer.area.width).map(move |x| buffer[(x, y)].symbol());
    rows.map(|y| row(y).collect::<String>() + "\n").collect()
}

fn notice(app: &App) -> &str {
    app.notice.as_ref().map_or("", |notice| &notice.text)
}

/// The folder of the batch that ships, to be damaged.
fn copied() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for entry in fs::read_dir(FOLDER).expect("a folder") {
        let path = entry.expect("an entry").path();
        fs::copy(&path, folder.path().join(path.file_name().expect("a name"))).expect("copied");
    }
    folder
}

#[test]
fn a_recorded_batch_is_walked_and_a_lane_opens_in_decode() {
    let mut app = recorded();
    assert_eq!(app.screen, Screen::Batch);
    let n_passes = app.batch.batch.as_ref().expect("a batch").n_passes();
    assert_eq!(app.batch.pass_index(), Some(n_passes - 1));
    press(&mut app, KeyCode::Home);
    assert_eq!(app.batch.pass_index(), Some(0));
    press(&mut app, KeyCode::Left);
    assert_eq!(app.batch.pass_index(), Some(0));
    for _ in 0..4 {
        press(&mut app, KeyCode::Right);
    }
    press(&mut app, KeyCode::Down);
    assert_eq!((app.batch.pass_index(), app.batch.lane), (Some(4), 1));
    let step = {
        let lanes = &app.batch.pass().expect("a pass").lanes;
        lanes.iter().find_map(|lane| lane.step).expect("a step")
    };
    assert!(press(&mut app, KeyCode::Enter).is_empty());
    assert_eq!((app.screen, app.step_index()), (Screen::Decode, Some(step)));
    press(&mut app, KeyCode::Esc);
    assert_eq!(
        (app.screen, app.batch.pass_index()),
        (Screen::Batch, Some(4))
    );
    press(&mut app, KeyCode::Esc);
    assert_eq!(app.screen, Screen::Catalog);
    keys(&mut app, "7");
    assert_eq!(app.screen, Screen::Batch);
}

/// At every pass a lane shows its run's text by then, and no more.
#[test]
fn going_back_shows_the_texts_as_they_were() {
    let mut app = recorded();
    app.look.size = (200, 60);
    let batch = read_batch(Path::new(FOLDER)).expect("a batch");
    for pass in 0..batch.passes.len() {
        app.batch.cursor = PassCursor::At(pass);
        let shown = text(&draw(&app));
        for lane in &batch.passes[pass].lanes {
            let is_it = |t: &&Trace| lane.subject.ends_with(&t.header.subject.id);
            let trace = batch.traces.iter().find(is_it).expect("a trace");
            let upto = trace
                .steps
                .iter()
                .take(lane.step.map_or(0, |step| step + 1));
            let tokens: usize = upto.map(|step| step.verdict.n_committed()).sum();
            let title = &trace.header.subject.title;
            let title: String = title.chars().take(20).collect();
            let line = shown.lines().find(|line| line.contains(&title));
            let line = line.expect("the lane's line");
            assert!(line.contains(&format!(" {tokens} ")), "{tokens}: {line}");
        }
    }
}

#[test]
fn a_recording_plays_at_its_own_pace_and_stops_at_the_end() {
    let mut app = recorded();
    keys(&mut app, " ");
    assert_eq!(app.batch.pass_index(), Some(0), "from the first pass again");
    assert!(app.is_moving());
    let passes = app.batch.batch.as_ref().expect("a batch").n_passes();
    let total: f64 = read_batch(Path::new(FOLDER))
        .expect("a batch")
        .passes
        .iter()
        .skip(1)
        .map(PassRecord::ms)
        .sum();
    app.update(laserscope::tui::action::Action::Tick(
        Duration::from_secs_f64(total / 2000.0),
    ));
    let halfway = app.batch.pass_index().expect("a pass");
    assert!((1..passes - 1).contains(&halfway), "{halfway}");
    app.update(laserscope::tui::action::Action::Tick(Duration::from_secs(
        60,
    )));
    assert_eq!(app.batch.pass_index(), Some(passes - 1));
    assert!(!app.is_moving());
    keys(&mut app, " ");
    press(&mut app, KeyCode::Left);
    assert!(!app.is_moving(), "moving by hand stops it");
}

/// The lanes from top to bottom, each with the figure below a head.
fn lanes_shown(app: &App, head: &str) -> Vec<(usize, String)> {
    let buffer = draw(app);
    let body = shell_layout::shell(app, shell_layout::whole(app)).body;
    let (_, lanes) = batch_layout::panes(&app.batch, app.look.panes, body)[0];
    let row = |y: u16| -> Vec<&str> {
        let columns = lanes.x..lanes.right();
        columns.map(|x| buffer[(x, y)].symbol()).collect()
    };
    let heads = row(lanes.y + 1);
    let at = (0..heads.len()).find(|&x| heads[x..].concat().starts_with(head));
    let at = at.expect("the head");
    let letters = "123456789abcdefghijklmnopqrstuvwxyz";
    let rows = (lanes.y + 2..lanes.bottom() - 1).map(row);
    rows.filter_map(|row| {
        let letter = row[2].chars().next()?;
        let lane = letters.find(letter)?;
        Some((lane, row[at..at + 6].concat().trim().to_string()))
    })
    .collect()
}

#[test]
fn lanes_are_sorted_by_the_figures_of_the_pass_and_the_selected_one_stays() {
    let mut app = recorded();
    app.look.size = LARGE;
    press(&mut app, KeyCode::Down);
    let by_letter = lanes_shown(&app, "MAL");
    assert!(by_letter.is_sorted() && by_letter.len() > 2);
    keys(&mut app, "SS");
    for pass in [3, 6, 9] {
        app.batch.cursor = PassCursor::At(pass);
        let lanes = lanes_shown(&app, "MAL↓");
        let mal = |(_, text): &(usize, String)| -> f64 {
            let figure = text.split(' ').next().expect("a figure");
            figure.parse().unwrap_or(f64::NEG_INFINITY)
        };
        assert!(lanes.is_sorted_by(|a, b| mal(a) >= mal(b)), "{lanes:?}");
        assert_eq!(app.batch.lane, 1, "as selected");
    }
    let lanes = lanes_shown(&app, "MAL↓");
    press(&mut app, KeyCode::Up);
    press(&mut app, KeyCode::Up);
    press(&mut app, KeyCode::Up);
    press(&mut app, KeyCode::Up);
    assert_eq!(app.batch.lane, lanes[0].0, "the first row");
    press(&mut app, KeyCode::Down);
    assert_eq!(app.batch.lane, lanes[1].0);
    // What is clicked is what is drawn there.
    let body = shell_layout::shell(&app, shell_layout::whole(&app)).body;
    let (_, pane) = batch_layout::panes(&app.batch, app.look.panes, body)[0];
    let at = ratatui::layout::Position::new(pane.x + 5, pane.y + 2);
    let hit = laserscope::tui::mouse::hit(&app, at);
    assert_eq!(hit, laserscope::tui::target::Target::Lane(lanes[0].0));
    keys(&mut app, "SS");
    assert!(lanes_shown(&app, "does↓").len() == lanes.len());
    keys(&mut app, "Sr");
    assert!(text(&draw(&app)).contains("reversed"));
}

#[test]
fn what_is_missing_or_damaged_is_named_and_the_rest_is_shown() {
    let folder = copied();
    let at = |name: &str| folder.path().join(name);
    fs::remove_file(at("item-i061.jsonl")).expect("removed");
    fs::write(at("item-i001.jsonl"), "no trace\n").expect("written");
    let whole = fs::read_to_string(at("item-i006.jsonl")).expect("read");
    let cut: Vec<&str> = whole.lines().take(3).collect();
    fs::write(at("item-i006.jsonl"), cut.join("\n") + "\n").expect("written");
    let batch = read_batch(folder.path()).expect("a batch");
    let said = batch.problems.join("\n");
    for name in [
        "item-i061.jsonl",
        "item-i001.jsonl",
        "item-i006.jsonl has 2 of",
    ] {
        assert!(said.contains(name), "{name}: {said}");
    }
    let mut app = replayed(folder.path());
    app.look.size = (200, 60);
    assert!(notice(&app).contains("more like this"), "{}", notice(&app));
    app.notice = None;
    app.batch.cursor = PassCursor::At(3);
    let shown = text(&draw(&app));
    assert!(shown.contains("trace not available"), "{shown}");
    let lacking = (0..4).filter(|&lane| {
        app.batch.lane = lane;
        app.screen = Screen::Batch;
        press(&mut app, KeyCode::Enter);
        app.screen == Screen::Batch && notice(&app).contains("trace")
    });
    assert!(lacking.count() > 0);
}

#[test]
fn a_folder_that_is_no_batch_is_refused_with_the_way_out() {
    let folder = copied();
    let why = |folder: &Path| format!("{:#}", read_batch(folder).unwrap_err());
    let passes = folder.path().join("passes.jsonl");
    let text = fs::read_to_string(&passes).expect("read");
    fs::write(&passes, text.replacen("\"index\":3", "\"index\":x", 1)).expect("written");
    let said = why(folder.path());
    assert!(
        said.contains("passes.jsonl") && said.contains("line 5"),
        "{said}"
    );
    fs::remove_file(&passes).expect("removed");
    let said = why(folder.path());
    assert!(said.contains("--traces DIR"), "{said}");
}

#[test]
fn points_of_bench_batch_are_shown_beside_a_batch() {
    let folder = copied();
    let points = folder.path().join("bench.json");
    let text = r#"{"model":"m","points":[{"size":1,"rule":"autoregressive","tokens_per_s":300.0},
        {"size":4,"rule":"strict","tokens_per_s":900.0}]}"#;
    fs::write(&points, text).expect("written");
    let alone = format!("{:#}", read(std::slice::from_ref(&points)).unwrap_err());
    assert!(alone.contains("--traces"), "{alone}");
    let found = read(&[folder.path().to_path_buf(), points]).expect("both");
    let mut app = opened(found);
    app.look.size = LARGE;
    app.batch.pane = BatchPane::Curve;
    app.batch.zoom = Zoom::One;
    let shown = super::batch_screen::text(&draw(&app));
    let plot: String = shown.lines().skip(2).take(30).collect();
    assert!(plot.contains('a') && plot.contains('s'), "{shown}");
    assert!(shown.contains("; a s r bench"), "{shown}");
}

// ---- live ----

fn batch_of(commands: &[Command]) -> (u64, Vec<RunId>, usize) {
    let found = commands.iter().find_map(|command| match command {
        Command::Batch(request) => Some(request),
        _ => None,
    });
    let request = found.expect("a batch");
    let runs = request.asked.iter().map(|asked| asked.0).collect();
    (request.batch, runs, request.lanes)
}

/// The recorded batch again, as the engine would report it.
struct Live {
    app: App,
    batch: u64,
    runs: Vec<(String, RunId)>,
    passes: Vec<PassRecord>,
    traces: Vec<Trace>,
    header: PassesHeader,
}

impl Live {
    fn begin() -> Self {
        let recorded = read_batch(Path::new(FOLDER)).expect("a batch");
        let mut app = ready();
        let mut names = Vec::new();
        let wanted: Vec<&str> = recorded
            .traces
            .iter()
            .map(|trace| trace.header.subject.id.as_str())
            .collect();
        while names.len() < wanted.len() {
            let id = app
                .catalog
                .selected_subject()
                .expect("one")
                .id()
                .to_string();
            match wanted.contains(&id.as_str()) {
                true => {
                    names.push(id);
                    keys(&mut app, "m");
                }
                false => drop(press(&mut app, KeyCode::Down)),
            }
        }
        let commands = keys(&mut app, "b");
        let (batch, runs, _) = batch_of(&commands);
        assert_eq!((app.screen, runs.len()), (Screen::Batch, wanted.len()));
        Live {
            app,
            batch,
            runs: names.into_iter().zip(runs).collect(),
            passes: recorded.passes,
            traces: recorded.traces,
            header: recorded.header,
        }
    }

    fn news(&mut self, news: BatchNews) {
        let batch = self.batch;
        self.app.apply(Event::Batch { batch, news });
    }

    fn run_of(&self, subject: &str) -> (RunId, Trace) {
        let id = subject.split('/').next_back().expect("an id");
        let run = self.runs.iter().find(|run| run.0 == id).expect("asked for");
        let is_it = |t: &&Trace| t.header.subject.id == id;
        (
            run.1,
            self.traces.iter().find(is_it).expect("a trace").clone(),
        )
    }

    /// A pass, with the beginnings and ends of its runs.
    fn pass(&mut self, at: usize) {
        let pass = self.passes[at].clone();
        let mut steps = Vec::new();
        let mut ended = Vec::new();
        for lane in &pass.lanes {
            let (run, trace) = self.run_of(&lane.subject);
            if self.app.session.runs.iter().all(|r| r.id != run) {
                let header = Box::new(trace.header.clone());
                self.news(BatchNews::RunStarted { run, header });
            }
            if let Some(step) = lane.step {
                steps.push((run, trace.steps[step].clone()));
            }
            if lane.ended {
                ended.push((run, trace.end.clone().expect("an end")));
            }
        }
        let pass = Box::new(pass);
        self.news(BatchNews::Pass { pass, steps });
        for (run, end) in ended {
            let prompt_ms = Some(1.0);
            self.news(BatchNews::RunEnded {
                run,
                prompt_ms,
                end,
            });
        }
    }

    fn started(mut self) -> Self {
        let header = Box::new(self.header.clone());
        self.news(BatchNews::Prefix {
            done: 64,
            total: 504,
        });
        self.news(BatchNews::Started(header));
        self
    }
}

#[test]
fn a_live_batch_grows_into_what_its_recording_shows() {
    let mut live = Live::begin().started();
    for at in 0..live.passes.len() {
        live.pass(at);
    }
    live.news(BatchNews::Ended);
    let mut app = live.app;
    let mut replayed = recorded();
    for app in [&mut app, &mut replayed] {
        app.look.size = LARGE;
        app.notice = None;
    }
    for pass in 0..live.passes.len() {
        let shown = [&mut app, &mut replayed].map(|app| {
            app.batch.cursor = PassCursor::At(pass);
            let shown = text(&draw(app));
            // The header names the model, the first border where the batch stands.
            shown.lines().skip(2).collect::<Vec<_>>().join("\n")
        });
        let below = |text: &str| text.lines().take(36).collect::<Vec<_>>().join("\n");
        assert_eq!(below(&shown[0]), below(&shown[1]), "pass {pass}");
    }
    let runs = app
        .session
        .runs
        .iter()
        .filter(|run| run.recording().is_none());
    assert_eq!(
        runs.count(),
        live.traces.len(),
        "every run is the session's"
    );
}

#[test]
fn pausing_stepping_and_ending_are_asked_of_the_engine_and_going_back_is_not() {
    let mut live = Live::begin().started();
    (0..5).for_each(|at| live.pass(at));
    let is = |commands: Vec<Command>, name: &str| {
        let names: Vec<&str> = commands.iter().map(<&str>::from).collect();
        assert_eq!(names, [name]);
    };
    is(keys(&mut live.app, " "), "Pause");
    live.news(BatchNews::Paused(true));
    assert!(press(&mut live.app, KeyCode::Left).is_empty());
    assert_eq!(live.app.batch.pass_index(), Some(3));
    assert!(press(&mut live.app, KeyCode::Right).is_empty());
    is(press(&mut live.app, KeyCode::Right), "Step");
    live.pass(5);
    assert_eq!(live.app.batch.pass_index(), Some(5));
    is(keys(&mut live.app, "n"), "Step");
    is(keys(&mut live.app, " "), "Resume");
    is(keys(&mut live.app, "e"), "CancelBatch");
    is(keys(&mut live.app, "-"), "SetPace");
    for (subject, _) in live.runs.clone() {
        let (run, _) = live.run_of(&subject);
        if live.app.session.runs.iter().any(|r| r.id == run) {
            let end = End {
                finish: Finish::Cancelled,
                steps: 1,
                tokens: 1,
                decode_ms: Some(1.0),
            };
            let prompt_ms = Some(1.0);
            live.news(BatchNews::RunEnded {
                run,
                prompt_ms,
                end,
            });
        }
    }
    live.news(BatchNews::Ended);
    live.app.look.size = LARGE;
    assert!(text(&draw(&live.app)).contains("ENDED EARLY"));
    assert!(keys(&mut live.app, "e").is_empty());
}

#[test]
fn a_lesson_meanwhile_loses_no_pass_of_a_live_batch() {
    // The last lesson shows a batch of its own, the first one none.
    for lesson in [KeyCode::End, KeyCode::Home] {
        let mut live = Live::begin().started();
        (0..3).for_each(|at| live.pass(at));
        keys(&mut live.app, "6");
        press(&mut live.app, lesson);
        press(&mut live.app, KeyCode::Enter);
        assert!(live.app.learn.course.is_some());
        (3..6).for_each(|at| live.pass(at));
        keys(&mut live.app, "7");
        assert!(keys(&mut live.app, "b").is_empty(), "not in a lesson");
        press(&mut live.app, KeyCode::Esc);
        assert!(live.app.learn.course.is_none());
        keys(&mut live.app, "7");
        let batch = live.app.batch.batch.as_ref().expect("the live one");
        assert_eq!(batch.n_passes(), 6);
    }
}

#[test]
fn without_marks_a_sample_is_decoded_and_the_size_is_a_setting() {
    let mut app = ready();
    keys(&mut app, "7");
    app.look.size = LARGE;
    assert!(text(&draw(&app)).contains("No batch yet"));
    keys(&mut app, "[[");
    let (_, runs, lanes) = batch_of(&keys(&mut app, "b"));
    assert_eq!((lanes, runs.len()), (4, 8));
    keys(&mut app, &"]".repeat(20));
    let (_, _, lanes) = batch_of(&keys(&mut app, "b"));
    assert_eq!(lanes, 32);
    keys(&mut app, &"[".repeat(20));
    let (_, _, lanes) = batch_of(&keys(&mut app, "b"));
    assert_eq!(lanes, 1);
}

#[test]
fn without_a_model_the_way_to_one_is_said() {
    let mut app = recorded();
    assert!(keys(&mut app, "b").is_empty());
    assert!(notice(&app).contains("needs a model"), "{}", notice(&app));
}

// ---- how it looks ----

#[test]
fn the_batch_screen_at_both_sizes() {
    let mut app = recorded();
    app.batch.cursor = PassCursor::At(9);
    screen("batch_large", &mut app, LARGE);
    parts_at("batch_small_pass", &mut app, SMALL, "lanes pass footer");
    for (name, pane) in [
        ("price", BatchPane::Price),
        ("throughput", BatchPane::Throughput),
        ("curve", BatchPane::Curve),
    ] {
        app.batch.focus(pane);
        parts_at(&format!("batch_small_{name}"), &mut app, SMALL, name);
    }
}

#[test]
fn drafts_are_told_from_subjects_and_prompts_without_colour_and_in_ascii() {
    let mut app = recorded();
    app.look.size = LARGE;
    app.batch.cursor = PassCursor::At(10);
    app.look.theme.choose_bundled(ThemeName::Plain);
    let shown = text(&draw(&app));
    let rows = shown
        .lines()
        .find(|line| line.contains("│ rows "))
        .expect("rows");
    assert!(rows.contains('▒'), "{rows}");
    let prompts = shown
        .lines()
        .find(|line| line.contains("│ prompts "))
        .expect("prompts");
    assert!(prompts.contains('·'), "{prompts}");
    app.look.glyphs = Glyphs::Ascii;
    let shown = text(&draw(&app));
    assert!(shown.is_ascii());
    let rows = shown
        .lines()
        .find(|line| line.contains("| rows "))
        .expect("rows");
    assert!(rows.contains(':'), "{rows}");
    let relaxed = draw(&app);
    let is_marked = |m: Modifier| {
        relaxed
            .content()
            .iter()
            .any(|cell| cell.modifier.contains(m))
    };
    assert!(is_marked(Modifier::ITALIC), "bonus tokens");
}

#[test]
fn every_pane_fits_every_size_zoomed_or_not() {
    let mut app = recorded();
    for size in [(60, 20), (80, 24), (100, 30), (120, 40), (200, 60)] {
        app.look.size = size;
        for pass in [0, 1, 9, 17] {
            app.batch.cursor = PassCursor::At(pass);
            for zoom in [Zoom::All, Zoom::One] {
                app.batch.zoom = zoom;
                for _ in 0..5 {
                    press(&mut app, KeyCode::Tab);
                    draw(&app);
                }
            }
        }
    }
}

#[test]
fn a_frame_of_32_lanes_and_2000_passes_is_drawn_in_time() {
    let mut app = App::new(Start {
        batch: Some(heavy_batch(32, 2_000)),
        ..start()
    });
    app.look.size = LARGE;
    app.notice = None;
    for pass in [1_999, 1_000] {
        app.batch.cursor = PassCursor::At(pass);
        let took = fastest(&app);
        assert!(took < LIMIT, "pass {pass}: {took:?}");
    }
}
