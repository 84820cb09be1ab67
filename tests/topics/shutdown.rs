//! Every unexpected end of the playground, in a real pseudo-terminal: signals, a
//! closing terminal, faults, a hanging engine. Each time the terminal is restored and
//! the current run is saved.
//!
//! Most of them run over an engine of their own making: this binary started again,
//! as the program [`playground_over_an_engine`].

use std::fs::File;
use std::io::{BufReader, Read};
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use color_eyre::eyre::eyre;
use laserscope::mapped::MappedFile;
use laserscope::protocol::{Command, Event};
use laserscope::shutdown::CutOff;
use laserscope::speculate::trace::Trace;
use laserscope::tui::Files;
use termlens::{Key, Screen, Terminal, TerminalBuilder};
use tokio::sync::mpsc::UnboundedSender;

use super::terminal::{DEADLINE, demo, program, shows};
use super::{fixture, stage};

/// What the engine does once it has made a step, and where the run is saved.
const DEED: &str = "LASERSCOPE_TEST_DEED";
const FOLDER: &str = "LASERSCOPE_TEST_FOLDER";

/// How soon `q` ends the program, with `q` again for the run that is not saved.
const AT_ONCE: Duration = Duration::from_secs(1);
/// What a busy machine may take for the rest.
const SLACK: Duration = Duration::from_secs(2);

#[test]
#[ignore = "a program for other tests"]
fn playground_over_an_engine() {
    let folder = PathBuf::from(std::env::var_os(FOLDER).expect("a folder"));
    let deed = std::env::var(DEED).expect("a deed");
    let mut start = stage::start();
    start.save_dir = folder.join("runs");
    let engine = laserscope::worker::guarded({
        let (folder, deed) = (folder.clone(), deed.clone());
        move |commands, events| begin_a_run(commands, events, &folder, &deed)
    });
    let files = Files {
        board: |_, _| String::new(),
        sweep: |_, _| String::new(),
        exporter: match deed.as_str() {
            "exporter panics" => |_, _| panic!("the page is haunted"),
            "exporter overflows" => |_, _| dig(0).to_string(),
            _ => |_, _| loop {
                std::thread::park();
            },
        },
        copy: match deed.as_str() {
            "interface panics" => |_| panic!("the page is haunted"),
            "interface overflows" => |_| Err(eyre!("{}", dig(0))),
            _ => |_| Ok(()),
        },
        save_settings: |_| Ok(String::new()),
        learned: folder.join("learned"),
    };
    let shown = laserscope::start::playground::show(start, files, engine.expect("a thread"));
    std::process::exit(match shown {
        Ok(()) => 0,
        Err(error) => match error.downcast_ref::<CutOff>() {
            Some(end) => i32::from(end.status()),
            None => {
                eprintln!("error: {error:#}");
                1
            }
        },
    });
}

fn begin_a_run(
    commands: &std::sync::mpsc::Receiver<Command>,
    events: &UnboundedSender<Event>,
    folder: &Path,
    deed: &str,
) {
    let _ = events.send(stage::model_ready());
    let trace = fixture::relaxed();
    let mut run = 0;
    for command in commands {
        match command {
            Command::Quit => return,
            Command::Generate(request) => {
                run = request.run;
                let _ = events.send(Event::RunStarted {
                    run: request.run,
                    purpose: request.purpose,
                    header: Box::new(trace.header.clone()),
                });
                let step = Box::new(trace.steps[0].clone());
                let _ = events.send(Event::Step {
                    run: request.run,
                    step,
                });
            }
            // The tests press space once the step is on the screen.
            Command::Pause => {
                let _ = events.send(Event::Paused { run, paused: true });
                act(deed, folder, events);
            }
            _ => {}
        }
    }
}

fn act(deed: &str, folder: &Path, events: &UnboundedSender<Event>) {
    match deed {
        "spin" => loop {
            std::hint::spin_loop();
        },
        "flood" => loop {
            let what = "weights".to_string();
            let _ = events.send(Event::Loading { what });
        },
        "overflow" => drop(std::hint::black_box(dig(0))),
        "abort" => std::process::abort(),
        "cut file" => {
            read_what_is_gone(&folder.join("pool.segment"));
        }
        _ => {}
    }
}

/// Never comes back.
#[inline(never)]
fn dig(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 64]);
    match frame[1] {
        u64::MAX => 0,
        _ => dig(depth + 1) + frame[0],
    }
}

/// Maps a file, cuts it short, and reads it all the same.
fn read_what_is_gone(path: &Path) -> u32 {
    std::fs::write(path, vec![1; 1 << 20]).unwrap();
    let map = MappedFile::new(&File::open(path).unwrap(), path).unwrap();
    File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_len(0)
        .unwrap();
    map.iter().map(|&b| u32::from(b)).sum()
}

/// This binary as one of its own ignored tests.
fn itself(name: &str) -> [String; 4] {
    let name = format!("topics::shutdown::{name}");
    [
        name,
        "--exact".into(),
        "--ignored".into(),
        "--nocapture".into(),
    ]
}

fn over_an_engine(deed: &str, folder: &Path) -> TerminalBuilder {
    let args = itself("playground_over_an_engine");
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    program(&args).env(DEED, deed).env(FOLDER, folder)
}

/// A run with one step is under way, and the engine does what is asked of it.
fn under_way(deed: &str, folder: &Path) -> Terminal {
    let builder = over_an_engine(deed, folder);
    let mut t = builder.spawn(std::env::current_exe().unwrap()).unwrap();
    begin(&mut t);
    t
}

fn begin(t: &mut Terminal) {
    t.wait_until(shows(&["Items", "PROMPT"])).unwrap();
    t.send(Key::Enter).unwrap();
    t.wait_until(shows(&["DRAFT TREE", "step 1"])).unwrap();
    t.send(Key::Char(' ')).unwrap();
}

/// The one run that was saved.
fn saved(folder: &Path) -> Trace {
    let runs = std::fs::read_dir(folder.join("runs")).expect("a folder of runs");
    let paths: Vec<PathBuf> = runs.map(|e| e.unwrap().path()).collect();
    assert_eq!(paths.len(), 1, "{paths:?}");
    let file = BufReader::new(File::open(&paths[0]).unwrap());
    Trace::load(file).unwrap()
}

fn assert_saved(folder: &Path) {
    let trace = saved(folder);
    assert_eq!((trace.steps.len(), trace.end), (1, None));
}

/// The program ended with this status and the terminal is as it was.
fn assert_ended(t: &mut Terminal, status: u32) -> Screen {
    let ended = t.wait_exit().unwrap();
    let screen = t.screen();
    assert_eq!(ended.code(), Some(status), "{ended}\n{}", screen.text());
    assert!(!screen.alternate_screen(), "the alternate screen was left");
    assert!(screen.cursor_visible(), "the cursor is back");
    screen
}

fn kill(pid: u32, signal: i32) {
    // SAFETY: takes numbers only.
    assert_eq!(unsafe { libc::kill(pid as i32, signal) }, 0);
}

/// What can be sent to end a program and can be handled.
fn ending_signals() -> Vec<i32> {
    let mut signals = vec![
        libc::SIGHUP,
        libc::SIGINT,
        libc::SIGQUIT,
        libc::SIGPIPE,
        libc::SIGALRM,
        libc::SIGTERM,
        libc::SIGUSR1,
        libc::SIGUSR2,
        libc::SIGVTALRM,
        libc::SIGPROF,
        libc::SIGXCPU,
        libc::SIGXFSZ,
        libc::SIGSEGV,
        libc::SIGBUS,
        libc::SIGILL,
        libc::SIGFPE,
        libc::SIGABRT,
        libc::SIGTRAP,
        libc::SIGSYS,
    ];
    #[cfg(target_os = "linux")]
    signals.extend([
        libc::SIGIO,
        libc::SIGPWR,
        libc::SIGSTKFLT,
        libc::SIGRTMIN(),
        libc::SIGRTMAX(),
    ]);
    signals
}

/// The shell asks the terminal afterwards: it echoes and reads lines again.
#[cfg(target_os = "linux")]
#[test]
fn every_signal_restores_the_terminal_in_a_replay() {
    let demo = demo();
    let script = format!(
        "{} replay {demo}; code=$?; stty -a; echo \"ended with $code\"",
        env!("CARGO_BIN_EXE_laserscope")
    );
    let mut terminals: Vec<(i32, Terminal)> = ending_signals()
        .into_iter()
        .map(|signal| {
            let builder = program(&["-c", &script]).env("NO_COLOR", "1");
            (signal, builder.spawn("/bin/sh").unwrap())
        })
        .collect();
    for (signal, t) in &mut terminals {
        t.wait_until(shows(&["DRAFT TREE", "STEPS"])).unwrap();
        kill(child_of(t.pid().unwrap()), *signal);
    }
    for (signal, t) in &mut terminals {
        t.wait_exit().unwrap();
        let screen = t.screen();
        let text = screen.text();
        let told = format!("ended with {}", 128 + *signal);
        assert!(text.contains(&told), "signal {signal}\n{text}");
        assert!(
            text.contains(" icanon") && text.contains(" echo "),
            "{text}"
        );
        assert!(!screen.alternate_screen() && screen.cursor_visible());
    }
}

#[cfg(target_os = "linux")]
fn child_of(pid: u32) -> u32 {
    let path = format!("/proc/{pid}/task/{pid}/children");
    let children = std::fs::read_to_string(path).unwrap();
    children.trim().parse().expect("one child")
}

#[test]
fn every_signal_saves_the_run_under_way() {
    let signals = [
        libc::SIGHUP,
        libc::SIGINT,
        libc::SIGQUIT,
        libc::SIGPIPE,
        libc::SIGTERM,
        libc::SIGUSR1,
        libc::SIGSEGV,
        libc::SIGABRT,
    ];
    let mut begun: Vec<_> = signals
        .into_iter()
        .map(|signal| {
            let folder = tempfile::tempdir().unwrap();
            (signal, under_way("wait", folder.path()), folder)
        })
        .collect();
    for (signal, t, folder) in &mut begun {
        kill(t.pid().unwrap(), *signal);
        let screen = assert_ended(t, 128 + *signal as u32);
        assert!(
            screen.contains("the run under way is saved"),
            "{}",
            screen.text()
        );
        assert_saved(folder.path());
    }
}

/// Shells and the kernel send SIGHUP both, and service managers what they please.
#[test]
fn a_burst_of_signals_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut t = under_way("wait", folder.path());
    for signal in [libc::SIGHUP, libc::SIGTERM, libc::SIGHUP, libc::SIGINT] {
        kill(t.pid().unwrap(), signal);
    }
    t.wait_exit().unwrap();
    assert!(!t.screen().alternate_screen());
    assert_saved(folder.path());
}

/// A shell that knows jobs stands between, as it does for a person.
#[test]
fn a_job_that_is_stopped_can_be_ended() {
    let builder = program(&["-i"]).env("PS1", "ready> ").env("NO_COLOR", "1");
    let mut t = builder.spawn("/bin/sh").unwrap();
    t.wait_until(shows(&["ready>"])).unwrap();
    let line = |t: &mut Terminal, text: &str| {
        t.send_str(text).unwrap();
        t.send(Key::Enter).unwrap();
    };
    let command = format!("{} replay {}", env!("CARGO_BIN_EXE_laserscope"), demo());
    line(&mut t, &command);
    t.wait_until(shows(&["DRAFT TREE", "STEPS"])).unwrap();
    t.send(Key::Ctrl('z')).unwrap();
    t.wait_until(|s| !s.alternate_screen() && s.contains("topped"))
        .unwrap();
    line(&mut t, "kill %1; fg; echo ended with $?");
    t.wait_until(|s| s.contains("ended with 143")).unwrap();
    let screen = t.screen();
    assert!(!screen.alternate_screen() && screen.cursor_visible());
    line(&mut t, "exit");
    t.wait_exit().unwrap();
}

/// Draws nothing any more: saving is given up after a while, the terminal is not.
#[test]
fn an_interface_that_hangs_is_ended_by_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    let mut t = under_way("wait", folder.path());
    export(&mut t);
    kill(t.pid().unwrap(), libc::SIGTERM);
    assert_ended(&mut t, 143);
}

/// Has the interface write a page, which its writer does not come back from.
fn export(t: &mut Terminal) {
    t.wait_until(shows(&["PAUSED"])).unwrap();
    t.send(Key::Char('E')).unwrap();
    t.wait_until(shows(&["EXPORT"])).unwrap();
    t.send(Key::Enter).unwrap();
}

/// Has the interface copy the run's text.
fn copy(t: &mut Terminal) {
    t.wait_until(shows(&["PAUSED"])).unwrap();
    t.send(Key::Char('y')).unwrap();
    t.wait_until(shows(&["COPY"])).unwrap();
    t.send(Key::Char('x')).unwrap();
}

/// The screens stay, and the report comes when they are left.
#[test]
fn a_panic_while_a_page_is_written_ends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut t = under_way("exporter panics", folder.path());
    export(&mut t);
    t.wait_until(shows(&["Writing or reading a file failed"]))
        .unwrap();
    t.send_str("qq").unwrap();
    t.wait_exit().unwrap();
    let screen = t.screen();
    assert!(!screen.alternate_screen() && screen.cursor_visible());
    assert!(screen.contains("the page is haunted"), "{}", screen.text());
}

#[test]
fn a_stack_overflow_while_a_page_is_written_saves_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let mut t = under_way("exporter overflows", folder.path());
    export(&mut t);
    let screen = assert_ended(&mut t, 1);
    assert!(screen.contains("stack overflowed"), "{}", screen.text());
    assert_saved(folder.path());
}

/// A page that is never written does not keep anybody.
#[test]
fn leaving_does_not_wait_for_a_page_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let mut t = under_way("wait", folder.path());
    export(&mut t);
    t.send_str("qq").unwrap();
    t.wait_exit().unwrap();
    assert!(!t.screen().alternate_screen());
}

#[test]
fn a_panic_of_the_interface_saves_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let mut t = under_way("interface panics", folder.path());
    copy(&mut t);
    t.wait_exit().unwrap();
    let screen = t.screen();
    assert!(!screen.alternate_screen() && screen.cursor_visible());
    assert!(screen.contains("the page is haunted"), "{}", screen.text());
    assert_saved(folder.path());
}

#[test]
fn a_stack_overflow_of_the_interface_restores_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let mut t = under_way("interface overflows", folder.path());
    copy(&mut t);
    let screen = assert_ended(&mut t, 128 + libc::SIGSEGV as u32);
    let told = "error: the interface failed (SIGSEGV)";
    assert!(screen.contains(told), "{}", screen.text());
}

#[test]
fn a_stack_overflow_of_the_engine_saves_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let mut t = under_way("overflow", folder.path());
    let screen = assert_ended(&mut t, 1);
    assert!(screen.contains("stack overflowed"), "{}", screen.text());
    assert_saved(folder.path());
}

#[test]
fn an_abort_of_the_engine_saves_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let mut t = under_way("abort", folder.path());
    let screen = assert_ended(&mut t, 1);
    assert!(screen.contains("SIGABRT"), "{}", screen.text());
    assert_saved(folder.path());
}

#[test]
fn a_mapped_file_that_is_cut_short_is_named_and_the_run_saved() {
    let folder = tempfile::tempdir().unwrap();
    let mut t = under_way("cut file", folder.path());
    let screen = assert_ended(&mut t, 1);
    let text = screen.text().replace('\n', "");
    assert!(text.contains("pool.segment"), "{text}");
    assert!(text.contains("was truncated"), "{text}");
    assert_saved(folder.path());
}

#[test]
#[ignore = "a program for another test"]
fn command_that_reads_what_is_gone() {
    laserscope::shutdown::handle_faults();
    let folder = PathBuf::from(std::env::var_os(FOLDER).expect("a folder"));
    let sum = read_what_is_gone(&folder.join("model.gguf"));
    panic!("{sum} came of a file that is empty");
}

#[test]
fn a_command_names_the_file_that_was_cut_short() {
    let folder = tempfile::tempdir().unwrap();
    let out = Process::new(std::env::current_exe().unwrap())
        .args(itself("command_that_reads_what_is_gone"))
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&out.stderr);
    assert_eq!(out.status.code(), Some(1), "{error}");
    let named = format!("error: {}", folder.path().join("model.gguf").display());
    assert!(error.contains(&named), "{error}");
}

#[test]
fn q_leaves_whatever_the_engine_does() {
    for deed in ["spin", "flood"] {
        let folder = tempfile::tempdir().unwrap();
        let mut t = under_way(deed, folder.path());
        // The engine is at it, and keys are heard.
        t.send(Key::Char('?')).unwrap();
        t.wait_until(shows(&["HELP"])).unwrap();
        t.send(Key::Esc).unwrap();
        t.wait_until(|s| !s.contains("HELP")).unwrap();
        let asked = Instant::now();
        t.send_str("qq").unwrap();
        assert_ended(&mut t, 0);
        let took = asked.elapsed();
        assert!(took < AT_ONCE + SLACK, "{deed}: {took:?}");
    }
}

/// A terminal whose other end is ours to close.
struct Pty {
    master: Option<OwnedFd>,
    slave: Option<OwnedFd>,
}

impl Pty {
    fn open() -> Self {
        let (mut master, mut slave) = (-1, -1);
        let mut size = libc::winsize {
            ws_row: 40,
            ws_col: 120,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        // SAFETY: openpty fills both descriptors; they are owned right after.
        unsafe {
            let done = libc::openpty(
                &mut master,
                &mut slave,
                std::ptr::null_mut(),
                std::ptr::null_mut(),
                std::ptr::from_mut(&mut size),
            );
            assert_eq!(done, 0);
            libc::fcntl(master, libc::F_SETFD, libc::FD_CLOEXEC);
            libc::fcntl(slave, libc::F_SETFD, libc::FD_CLOEXEC);
            Pty {
                master: Some(OwnedFd::from_raw_fd(master)),
                slave: Some(OwnedFd::from_raw_fd(slave)),
            }
        }
    }

    /// Starts a program whose terminal it is, as a session of its own.
    fn spawn(&mut self, command: &mut Process) -> std::process::Child {
        let slave = self.slave.take().expect("not started yet");
        let stdio = || Stdio::from(slave.try_clone().unwrap());
        command.stdin(stdio()).stdout(stdio()).stderr(stdio());
        command
            .env("TERM", "xterm-256color")
            .env("NO_COLOR", "1")
            .env("XDG_STATE_HOME", env!("CARGO_TARGET_TMPDIR"));
        // SAFETY: both calls are async-signal-safe and touch the child alone.
        unsafe {
            command.pre_exec(|| {
                libc::setsid();
                libc::ioctl(0, libc::TIOCSCTTY, 0);
                Ok(())
            });
        }
        command.spawn().unwrap()
    }

    /// Reads until all of these words have been drawn.
    fn wait_for(&mut self, words: &[&str]) {
        let mut seen = Vec::new();
        let begun = Instant::now();
        let has = |seen: &[u8], word: &str| seen.windows(word.len()).any(|w| w == word.as_bytes());
        while !words.iter().all(|word| has(&seen, word)) {
            assert!(
                begun.elapsed() < DEADLINE,
                "{}",
                String::from_utf8_lossy(&seen)
            );
            self.read(&mut seen);
        }
    }

    fn read(&mut self, seen: &mut Vec<u8>) {
        let mut chunk = [0; 4096];
        let mut file = File::from(self.master.take().expect("open"));
        let n = file.read(&mut chunk).unwrap();
        seen.extend_from_slice(&chunk[..n]);
        self.master = Some(file.into());
    }

    fn write(&mut self, bytes: &[u8]) {
        use std::io::Write;
        let mut file = File::from(self.master.take().expect("open"));
        file.write_all(bytes).unwrap();
        self.master = Some(file.into());
    }

    fn close(&mut self) {
        self.master = None;
    }
}

/// Its status, within the deadline.
fn wait(mut child: std::process::Child) -> std::process::ExitStatus {
    let pid = child.id();
    let ended = Arc::new(Mutex::new(false));
    let watched = Arc::clone(&ended);
    std::thread::spawn(move || {
        let begun = Instant::now();
        while begun.elapsed() < DEADLINE {
            std::thread::park_timeout(Duration::from_millis(200));
            if *watched.lock().unwrap() {
                return;
            }
        }
        kill(pid, libc::SIGKILL);
    });
    let status = child.wait().unwrap();
    *ended.lock().unwrap() = true;
    status
}

#[test]
fn a_terminal_that_closes_ends_a_replay() {
    let mut pty = Pty::open();
    let mut command = Process::new(env!("CARGO_BIN_EXE_laserscope"));
    let child = pty.spawn(command.args(["replay", &demo()]));
    pty.wait_for(&["DRAFT TREE", "STEPS"]);
    pty.close();
    assert_eq!(wait(child).code(), Some(128 + libc::SIGHUP));
}

#[test]
fn a_terminal_that_closes_saves_the_run_under_way() {
    let folder = tempfile::tempdir().unwrap();
    let mut pty = Pty::open();
    let mut command = Process::new(std::env::current_exe().unwrap());
    command.args(itself("playground_over_an_engine"));
    let child = pty.spawn(command.env(DEED, "wait").env(FOLDER, folder.path()));
    pty.wait_for(&["Items", "PROMPT"]);
    pty.write(b"\r");
    pty.wait_for(&["DRAFT TREE"]);
    // The step was sent before this is answered.
    pty.write(b" ");
    pty.wait_for(&["PAUSED"]);
    pty.close();
    assert_eq!(wait(child).code(), Some(128 + libc::SIGHUP));
    assert_saved(folder.path());
}

/// As under `nohup`: the signal is not for it, but without a terminal there is
/// nothing left to do.
#[test]
fn a_terminal_that_closes_without_a_signal_is_noticed() {
    let mut pty = Pty::open();
    let mut command = Process::new("/bin/sh");
    let ignoring = "trap '' HUP; exec \"$0\" replay \"$1\"";
    command.args(["-c", ignoring, env!("CARGO_BIN_EXE_laserscope"), &demo()]);
    let child = pty.spawn(&mut command);
    pty.wait_for(&["DRAFT TREE", "STEPS"]);
    pty.close();
    assert_eq!(wait(child).code(), Some(128 + libc::SIGHUP));
}

/// Nobody reads what is drawn, so the interface is held up in drawing it.
#[test]
fn a_terminal_that_takes_no_more_does_not_keep_the_run_from_being_saved() {
    let folder = tempfile::tempdir().unwrap();
    let mut pty = Pty::open();
    let mut command = Process::new(std::env::current_exe().unwrap());
    command.args(itself("playground_over_an_engine"));
    let child = pty.spawn(command.env(DEED, "wait").env(FOLDER, folder.path()));
    pty.wait_for(&["Items", "PROMPT"]);
    pty.write(b"\r");
    pty.wait_for(&["DRAFT TREE"]);
    // The step was sent before this is answered.
    pty.write(b" ");
    pty.wait_for(&["PAUSED"]);
    // The themes in turn: each draws the whole screen.
    for _ in 0..100 {
        pty.write(b"t");
    }
    kill(child.id(), libc::SIGTERM);
    assert_eq!(wait(child).code(), Some(128 + libc::SIGTERM));
    assert_saved(folder.path());
}
