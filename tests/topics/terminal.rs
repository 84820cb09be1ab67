//! A few flows through the program in a real pseudo-terminal. Every wait is on
//! what the screen shows, with a deadline.

use std::path::Path;
use std::time::Duration;

use candle_core::quantized::GgmlDType;
use laserscope::start::recorded_batch::read_batch;
use termlens::{Color, Key, Screen, Signal, Terminal, TerminalBuilder};

pub const DEADLINE: Duration = Duration::from_secs(60);

/// With its own remembered state, not the user's.
pub fn program(args: &[&str]) -> TerminalBuilder {
    Terminal::builder()
        .size(120, 40)
        .env("XDG_STATE_HOME", env!("CARGO_TARGET_TMPDIR"))
        .env("TERM", "xterm-256color")
        .env("COLORTERM", "truecolor")
        .timeout(DEADLINE)
        .args(args)
}

pub fn start(builder: TerminalBuilder) -> Terminal {
    builder.spawn(env!("CARGO_BIN_EXE_laserscope")).unwrap()
}

pub fn demo() -> String {
    format!("{}/assets/traces/demo.jsonl", env!("CARGO_MANIFEST_DIR"))
}

pub fn shows(words: &'static [&'static str]) -> impl FnMut(&Screen) -> bool {
    move |screen| words.iter().all(|word| screen.contains(word))
}

/// Leaves a dialog, and waits for that: another key at once would make it Alt and
/// that key.
fn escape(terminal: &mut Terminal, title: &str) {
    terminal.send(Key::Esc).unwrap();
    terminal.wait_until(|s| !s.contains(title)).unwrap();
}

/// Quits, and finds the terminal as it was.
pub fn leaves_cleanly(mut terminal: Terminal, key: Key) {
    // The screens have one of their own, and hide the cursor.
    terminal
        .wait_until(|s| s.alternate_screen() && !s.cursor_visible())
        .unwrap();
    terminal.send(key).unwrap();
    // Once more where a run that is not saved is asked about; else nobody hears it.
    let _ = terminal.send(key);
    assert!(terminal.wait_exit().unwrap().success());
    assert!(
        !terminal.screen().alternate_screen(),
        "the alternate screen was left"
    );
    assert!(terminal.screen().cursor_visible(), "the cursor is back");
}

/// Of the draft tree's title: which step of how many.
pub fn step_shown(screen: &Screen) -> Option<(usize, usize)> {
    let rows = (0..screen.size().1).map(|y| screen.row_text(y));
    let title = rows.into_iter().find(|row| row.contains("DRAFT TREE"))?;
    let (_, after) = title.split_once(" step ")?;
    let mut words = after.split(' ');
    let at = words.next()?.parse().ok()?;
    let of = words.nth(1)?.parse().ok()?;
    Some((at, of))
}

#[test]
fn a_recording_plays_without_a_model_and_survives_a_resize() {
    let mut t = start(program(&["replay", &demo()]));
    t.wait_until(shows(&["DRAFT TREE", "STEPS", "TOKEN"]))
        .unwrap();
    t.resize(80, 24).unwrap();
    t.wait_until(|s| s.contains("TREE") && s.rows() == 24)
        .unwrap();
    t.resize(50, 15).unwrap();
    t.wait_until(|s| s.contains("60")).unwrap();
    t.resize(120, 40).unwrap();
    t.wait_until(shows(&["DRAFT TREE", "STEPS", "TOKEN"]))
        .unwrap();
    t.send(Key::Char('?')).unwrap();
    t.wait_until(shows(&["HELP"])).unwrap();
    escape(&mut t, "HELP");
    leaves_cleanly(t, Key::Char('q'));
}

#[test]
fn a_recorded_batch_is_stepped_played_and_a_lane_opened_and_left() {
    let folder = format!("{}/assets/traces/batch", env!("CARGO_MANIFEST_DIR"));
    let n = read_batch(Path::new(&folder)).unwrap().passes.len();
    let pass = |at: usize| format!("pass {at} of {n}");
    let mut t = start(program(&["replay", &folder]));
    t.wait_until(shows(&[
        "LANES",
        "PRICE OF A ROW",
        "THROUGHPUT",
        "RECORDED",
    ]))
    .unwrap();
    t.wait_until(|s| s.contains(&pass(n))).unwrap();
    t.send(Key::Left).unwrap();
    t.wait_until(|s| s.contains(&pass(n - 1))).unwrap();
    t.send(Key::Enter).unwrap();
    t.wait_until(shows(&["DRAFT TREE", "STEPS"])).unwrap();
    t.send(Key::Esc).unwrap();
    t.wait_until(|s| s.contains("LANES") && s.contains(&pass(n - 1)))
        .unwrap();
    for _ in 0..5 {
        t.send(Key::Char('-')).unwrap();
    }
    t.wait_until(shows(&["0.8 s per pass"])).unwrap();
    t.send(Key::Home).unwrap();
    t.wait_until(|s| s.contains(&pass(1))).unwrap();
    t.send(Key::Char(' ')).unwrap();
    t.wait_until(|s| s.contains("PLAYING") && s.contains(&pass(2)))
        .unwrap();
    t.send(Key::Char(' ')).unwrap();
    t.wait_until(shows(&["RECORDED"])).unwrap();
    t.resize(80, 24).unwrap();
    t.wait_until(|s| s.rows() == 24 && s.contains("LANES") && s.contains("q quit"))
        .unwrap();
    leaves_cleanly(t, Key::Char('q'));
}

#[test]
fn without_a_model_the_way_out_is_said_and_the_demo_plays() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().to_str().unwrap();
    let builder = program(&["--offline"])
        .env("LASERSCOPE_CACHE", empty)
        .env("HF_HOME", empty)
        .env("HF_HUB_CACHE", empty);
    let mut t = start(builder);
    t.wait_until(shows(&["What you can do", "--model PATH"]))
        .unwrap();
    escape(&mut t, "What you can do");
    t.send(Key::Char('1')).unwrap();
    t.wait_until(shows(&["Items", "PROMPT"])).unwrap();
    leaves_cleanly(t, Key::Char('q'));
}

#[test]
fn a_signal_restores_the_terminal() {
    let mut t = start(program(&["replay", &demo()]));
    t.wait_until(shows(&["DRAFT TREE"])).unwrap();
    t.signal(Signal::Term).unwrap();
    t.wait_exit().unwrap();
    assert!(!t.screen().alternate_screen());
}

/// A folder as the user's own, for configuration, data and state.
pub fn home(folder: &Path, builder: TerminalBuilder) -> TerminalBuilder {
    builder
        .env("XDG_CONFIG_HOME", folder)
        .env("XDG_DATA_HOME", folder)
        .env("XDG_STATE_HOME", folder)
}

/// The screen is drawn, on this colour.
fn on(ground: Color) -> impl FnMut(&Screen) -> bool {
    move |screen| {
        let bg = screen.cell(1, 60).map(|c| c.style().bg);
        screen.contains("DRAFT TREE") && bg == Some(ground)
    }
}

/// Of the bundled light theme.
const LIGHT: Color = Color::Rgb(0xfc, 0xfb, 0xf8);

#[test]
fn keys_themes_and_mistakes_come_from_the_configuration_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    let text =
        "theme = \"night\"\n[keys.decode]\nzoom = \"Z\"\n[themes.night]\nground = \"#010203\"\n";
    std::fs::write(&path, text).unwrap();
    let config = path.to_str().unwrap();
    let mut t = start(program(&["--config", config, "replay", &demo()]));
    t.wait_until(on(Color::Rgb(1, 2, 3))).unwrap();
    t.send(Key::Char('Z')).unwrap();
    t.wait_until(|s| !s.contains("STEPS")).unwrap();
    leaves_cleanly(t, Key::Char('q'));

    std::fs::write(&path, "[keys.decode]\nzoom = \"Z\"\nfollow = \"Z\"\n").unwrap();
    let program = env!("CARGO_BIN_EXE_laserscope");
    let mut command = std::process::Command::new(program);
    let out = command.args(["--config", config, "keys"]).output().unwrap();
    let error = String::from_utf8(out.stderr).unwrap();
    assert_eq!(out.status.code(), Some(1));
    let named = format!("{config}: line 3: `Z` means both");
    assert!(error.contains(&named), "{error}");
}

#[test]
fn the_configuration_is_read_again_when_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    std::fs::write(&path, "theme = \"dark\"\n").unwrap();
    let config = path.to_str().unwrap();
    let mut t = start(program(&["--config", config, "replay", &demo()]));
    t.wait_until(shows(&["DRAFT TREE", "STEPS"])).unwrap();
    std::fs::write(&path, "theme = \"light\"\n[keys.decode]\nzoom = \"Z\"\n").unwrap();
    t.wait_until(on(LIGHT)).unwrap();
    t.send(Key::Char('Z')).unwrap();
    t.wait_until(|s| !s.contains("STEPS")).unwrap();
    std::fs::write(
        &path,
        "theme = \"light\"\n[keys.decode]\nzoom = \"nothing\"\n",
    )
    .unwrap();
    t.wait_until(shows(&["line 3", "What was configured stays"]))
        .unwrap();
    t.send(Key::Char('Z')).unwrap();
    t.wait_until(shows(&["STEPS"])).unwrap();
    leaves_cleanly(t, Key::Char('q'));
}

#[test]
fn a_light_terminal_is_seen_and_no_color_is_honoured() {
    let folder = tempfile::tempdir().unwrap();
    let demo = demo();
    let light = program(&["replay", &demo])
        .answer_queries(true)
        .background_rgb(255, 255, 255)
        .foreground_rgb(0, 0, 0);
    let mut t = start(home(folder.path(), light));
    t.wait_until(on(LIGHT)).unwrap();
    leaves_cleanly(t, Key::Char('q'));

    let plain = program(&["replay", &demo]).env("NO_COLOR", "1");
    let mut t = start(home(folder.path(), plain));
    t.wait_until(shows(&["DRAFT TREE", "STEPS", "q quit"]))
        .unwrap();
    let screen = t.screen();
    for (row, column) in (0..40).flat_map(|r| (0..120).map(move |c| (r, c))) {
        let style = screen.cell(row, column).expect("a cell").style();
        assert_eq!((style.fg, style.bg), (Color::Default, Color::Default));
    }
    leaves_cleanly(t, Key::Char('q'));
}

#[test]
fn a_locale_without_utf8_gets_ascii() {
    let demo = demo();
    let mut t = start(program(&["replay", &demo]).env("LC_ALL", "C"));
    t.wait_until(|s| s.contains("+- TEXT") && s.contains("q quit") && s.text().is_ascii())
        .unwrap();
    leaves_cleanly(t, Key::Char('q'));
}

#[test]
fn what_was_chosen_comes_back_and_a_broken_memory_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let demo = demo();
    let begin = || start(home(folder.path(), program(&["replay", &demo])));
    let mut t = begin();
    t.wait_until(shows(&["DRAFT TREE"])).unwrap();
    t.send(Key::Char('t')).unwrap();
    t.wait_until(shows(&["Theme: light"])).unwrap();
    leaves_cleanly(t, Key::Char('q'));
    let mut t = begin();
    t.wait_until(on(LIGHT)).unwrap();
    leaves_cleanly(t, Key::Char('q'));
    std::fs::write(folder.path().join("laserscope/screens.toml"), "theme = ").unwrap();
    let mut t = begin();
    t.wait_until(shows(&["screens.toml", "; ignored"])).unwrap();
    leaves_cleanly(t, Key::Char('q'));
}

#[test]
fn the_palette_and_the_clipboard() {
    let mut t = start(program(&["replay", &demo()]));
    t.wait_until(shows(&["DRAFT TREE", "STEPS"])).unwrap();
    t.send(Key::Char(':')).unwrap();
    t.wait_until(shows(&["PALETTE", "play-pause"])).unwrap();
    t.send_str("copy-menu").unwrap();
    t.send(Key::Enter).unwrap();
    t.wait_until(shows(&["COPY", "command line"])).unwrap();
    t.send(Key::Char('c')).unwrap();
    t.wait_until(|s| {
        let text = s.clipboard().and_then(|c| c.text().map(str::to_string));
        text.is_some_and(|text| text.starts_with("laserscope generate --"))
    })
    .unwrap();
    leaves_cleanly(t, Key::Char('q'));
}

/// A shell that knows jobs stands between, as it does for a person.
#[cfg(unix)]
#[test]
fn ctrl_z_gives_the_terminal_back_and_fg_takes_it_again() {
    let builder = Terminal::builder()
        .size(120, 40)
        .env("TERM", "xterm-256color")
        .env("COLORTERM", "truecolor")
        .env("XDG_STATE_HOME", env!("CARGO_TARGET_TMPDIR"))
        .env("PS1", "ready> ")
        .timeout(DEADLINE)
        .arg("-i");
    let mut t = builder.spawn("/bin/sh").unwrap();
    t.wait_until(shows(&["ready>"])).unwrap();
    t.send_str(&format!(
        "{} replay {}",
        env!("CARGO_BIN_EXE_laserscope"),
        demo()
    ))
    .unwrap();
    t.send(Key::Enter).unwrap();
    t.wait_until(shows(&["DRAFT TREE", "STEPS"])).unwrap();
    t.send(Key::Ctrl('z')).unwrap();
    t.wait_until(|s| !s.alternate_screen() && s.contains("topped") && s.cursor_visible())
        .unwrap();
    t.send_str("fg").unwrap();
    t.send(Key::Enter).unwrap();
    t.wait_until(|s| s.alternate_screen() && s.contains("DRAFT TREE"))
        .unwrap();
    t.send(Key::Char('?')).unwrap();
    t.wait_until(shows(&["HELP"])).unwrap();
    escape(&mut t, "HELP");
    t.send(Key::Char('q')).unwrap();
    // The shell asks again, after the command and `fg`: what is typed before that
    // may still be read by the program that leaves.
    t.wait_until(|s| !s.alternate_screen() && s.text().matches("ready>").count() == 3)
        .unwrap();
    t.send_str("exit").unwrap();
    t.send(Key::Enter).unwrap();
    t.wait_exit().unwrap();
}

#[test]
fn a_resize_while_decoding_and_a_signal_that_saves_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let mut t = decoded(folder.path());
    // Again, and slow enough to be under way whatever this machine is.
    for _ in 0..6 {
        t.send(Key::Char('-')).unwrap();
    }
    t.wait_until(shows(&["1.6 s per step"])).unwrap();
    t.send(Key::Char('a')).unwrap();
    t.wait_until(shows(&["LIVE", "DRAFT TREE ", "step 1"]))
        .unwrap();
    t.resize(80, 24).unwrap();
    t.wait_until(|s| s.rows() == 24 && s.contains("LIVE") && s.contains("q quit"))
        .unwrap();
    t.resize(120, 40).unwrap();
    t.wait_until(|s| s.rows() == 40 && s.contains("SPEED") && s.contains("LIVE"))
        .unwrap();
    t.signal(Signal::Term).unwrap();
    t.wait_exit().unwrap();
    let screen = t.screen();
    assert!(!screen.alternate_screen() && screen.cursor_visible());
    assert!(
        screen.text().contains("the run under way is saved"),
        "{}",
        screen.text()
    );
    let runs = std::fs::read_dir(folder.path().join("laserscope/runs")).unwrap();
    let path = runs.map(|e| e.unwrap().path()).next().expect("a trace");
    let file = std::io::BufReader::new(std::fs::File::open(path).unwrap());
    let trace = laserscope::speculate::trace::Trace::load(file).unwrap();
    assert!(!trace.steps.is_empty() && trace.end.is_none());
}

/// A run of a custom prompt on a tiny model, to its end. With a fixed budget it is the
/// same on every machine.
fn decoded(folder: &Path) -> Terminal {
    let model = super::tiny::write_model(folder, GgmlDType::Q4_1, true);
    let config = folder.join("laserscope");
    std::fs::create_dir(&config).unwrap();
    std::fs::write(config.join("config.toml"), "[decode]\nbudget = 16\n").unwrap();
    let builder = program(&["--model", model.to_str().unwrap()]);
    let mut t = start(home(folder, builder));
    t.wait_until(shows(&["Items", "· cpu"])).unwrap();
    t.send(Key::Char('p')).unwrap();
    t.wait_until(shows(&["CUSTOM PROMPT"])).unwrap();
    t.send_str("abba").unwrap();
    t.send(Key::Enter).unwrap();
    t.wait_until(shows(&["ENDED", "DRAFT TREE"])).unwrap();
    t
}

/// User and system time of a process so far, in ticks of 10 ms.
#[cfg(target_os = "linux")]
fn ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let (_, after_name) = stat.rsplit_once(')').unwrap();
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    // utime and stime are fields 14 and 15 of proc(5), the state is 3.
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_to_do_costs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let t = decoded(folder.path());
    let pid = t.pid().unwrap();
    std::thread::sleep(Duration::from_secs(1));
    let before = ticks(pid);
    std::thread::sleep(Duration::from_secs(3));
    let spent = ticks(pid) - before;
    assert!(spent <= 3, "{spent} of 300 ticks: more than 1% of a core");
    leaves_cleanly(t, Key::Char('q'));
}

#[test]
fn what_if_branch_and_compare() {
    let folder = tempfile::tempdir().unwrap();
    let mut t = decoded(folder.path());
    t.send(Key::Char('3')).unwrap();
    t.wait_until(shows(&["SETTINGS", "WHAT IF", "Move a slider"]))
        .unwrap();
    // Below rule, k and tau: the budget, to a single row.
    for key in [Key::Down, Key::Down, Key::Down, Key::Home] {
        t.send(key).unwrap();
    }
    t.wait_until(shows(&["recorded", "is the first to commit other tokens"]))
        .unwrap();
    t.send(Key::Char('b')).unwrap();
    t.wait_until(shows(&["ENDED", "DRAFT TREE", "0 drafts"]))
        .unwrap();
    t.send(Key::Char('o')).unwrap();
    t.wait_until(shows(&["EARLIER RUNS"])).unwrap();
    escape(&mut t, "EARLIER RUNS");
    t.send(Key::Char('4')).unwrap();
    t.wait_until(shows(&["FIGURES", "A relaxed", "B relaxed"]))
        .unwrap();
    leaves_cleanly(t, Key::Char('q'));
}

/// The playground over an engine that begins a run and then panics: started by
/// the test below in a terminal of its own.
#[test]
#[ignore = "a program for another test"]
fn playground_whose_engine_panics() {
    let mut look = super::stage::start();
    look.save_dir = std::env::temp_dir().join("laserscope-panic");
    let handle = laserscope::worker::guarded(|commands, events| {
        let _ = events.send(super::stage::model_ready());
        let trace = super::fixture::relaxed();
        for command in commands {
            if let laserscope::protocol::Command::Generate(request) = command {
                let run = request.run;
                let purpose = request.purpose;
                let header = Box::new(trace.header.clone());
                let _ = events.send(laserscope::protocol::Event::RunStarted {
                    run,
                    purpose,
                    header,
                });
                let step = Box::new(trace.steps[0].clone());
                let _ = events.send(laserscope::protocol::Event::Step { run, step });
                panic!("the weights are haunted");
            }
        }
    })
    .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let files = laserscope::tui::Files {
        board: |_, _| String::new(),
        sweep: |_, _| String::new(),
        exporter: |_, _| String::new(),
        copy: |_| Ok(()),
        save_settings: |_| Ok(String::new()),
        learned: std::env::temp_dir().join("laserscope-panic-learned"),
    };
    let shown = runtime.block_on(laserscope::tui::run(
        look,
        files,
        handle.commands,
        handle.events,
    ));
    if let Err(why) = shown {
        eprintln!("error: {why:#}");
    }
}

#[test]
fn a_panic_of_the_engine_leaves_a_clean_terminal_and_a_report() {
    let name = "topics::terminal::playground_whose_engine_panics";
    let builder = program(&[name, "--exact", "--ignored", "--nocapture"]);
    let mut t = builder.spawn(std::env::current_exe().unwrap()).unwrap();
    t.wait_until(shows(&["Items", "PROMPT"])).unwrap();
    t.send(Key::Enter).unwrap();
    t.wait_exit().unwrap();
    let screen = t.screen();
    assert!(!screen.alternate_screen() && screen.cursor_visible());
    let text = screen.text();
    for words in [
        "the run under way is saved",
        "error: the engine stopped: the weights are haunted",
        "the thread `engine` panicked at tests/topics/terminal.rs",
        "This is a bug in LaserScope",
    ] {
        assert!(text.contains(words), "{words}\n{text}");
    }
}
