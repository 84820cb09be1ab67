//! The terminal while it is ours, and how it is given back: once, by whoever comes
//! first, whatever happens.
//!
//! A panic of the thread that draws gives it back and is reported at once. A panic
//! of another thread touches nothing: its report waits until the screens have gone,
//! so that no frame is drawn over it.

#![allow(clippy::disallowed_methods, reason = "the screens draw by themselves")]

use std::io::{Stdout, Write, stdout};
use std::mem::ManuallyDrop;
use std::panic::PanicHookInfo;
use std::sync::{Mutex, Once, PoisonError};

use color_eyre::eyre::{Result, WrapErr};
use crossterm::clipboard::CopyToClipboard;
use crossterm::cursor::Show;
use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use crossterm::execute;
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;

use crate::shutdown::{self, screen};
use crate::tui::remembered::Mouse;

/// What other threads panicked about meanwhile.
static REPORTS: Mutex<Vec<String>> = Mutex::new(Vec::new());
static HOOK: Once = Once::new();

pub(crate) struct Tty {
    /// Never dropped: it would show the cursor, which is done already, and panic
    /// where the terminal takes neither that nor its complaint.
    pub(crate) terminal: ManuallyDrop<Terminal<CrosstermBackend<Stdout>>>,
}

impl Tty {
    pub(crate) fn open(mouse: Mouse) -> Result<Self> {
        HOOK.call_once(watch_panics);
        // The theme knows of NO_COLOR already, and whether an option overrules it.
        crossterm::style::force_color_output(true);
        take(mouse)?;
        let terminal = Terminal::new(CrosstermBackend::new(stdout()));
        let terminal = terminal.inspect_err(|_| give_back());
        Ok(Tty {
            terminal: ManuallyDrop::new(terminal.wrap_err("preparing the terminal")?),
        })
    }

    /// Ctrl-Z: gives the terminal back, stops the whole job (`cargo run` included),
    /// and takes the terminal again when the shell lets it go on.
    #[cfg(unix)]
    pub(crate) fn suspend(&mut self, mouse: Mouse) -> Result<()> {
        give_back();
        // SAFETY: kill takes numbers only; 0 means the process group of this program.
        unsafe { libc::kill(0, libc::SIGTSTP) };
        // It may have been let go on to end; then the terminal stays the shell's.
        if shutdown::is_coming() {
            return Ok(());
        }
        take(mouse)?;
        // Draws all of it again. `clear` would ask where the cursor is, and the answer
        // is for the thread that reads keys.
        let size = self.terminal.size().wrap_err("measuring the terminal")?;
        let area = Rect::new(0, 0, size.width, size.height);
        self.terminal.resize(area).wrap_err("clearing the terminal")
    }

    #[cfg(not(unix))]
    pub(crate) fn suspend(&mut self, _mouse: Mouse) -> Result<()> {
        Ok(())
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        give_back();
    }
}

pub(crate) fn set_mouse(mouse: Mouse) -> Result<()> {
    match mouse {
        Mouse::Ours => execute!(stdout(), EnableMouseCapture),
        Mouse::Terminals => execute!(stdout(), DisableMouseCapture),
    }
    .wrap_err("setting the mouse")
}

/// To the terminal's clipboard (OSC 52); the terminal may refuse, and says nothing.
pub(crate) fn copy(text: &str) -> Result<()> {
    execute!(stdout(), CopyToClipboard::to_clipboard_from(text)).wrap_err("copying")
}

/// What other threads panicked about since the terminal was taken.
pub(crate) fn reports() -> Vec<String> {
    let mut reports = REPORTS.lock().unwrap_or_else(PoisonError::into_inner);
    std::mem::take(&mut *reports)
}

fn take(mouse: Mouse) -> Result<()> {
    let mut leave = Vec::new();
    write_leave(&mut leave).wrap_err("preparing the terminal")?;
    screen::taken(leave);
    enable_raw_mode().wrap_err("preparing the terminal")?;
    execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste)
        .wrap_err("preparing the terminal")?;
    set_mouse(mouse)
}

/// On a way out nothing can be done about a terminal that does not listen.
fn give_back() {
    if screen::is_mine_to_give_back() {
        let _ = write_leave(&mut stdout());
        let _ = disable_raw_mode();
    }
}

fn write_leave(out: &mut impl Write) -> std::io::Result<()> {
    execute!(
        out,
        DisableMouseCapture,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        Show
    )
}

fn watch_panics() {
    let screens = std::thread::current().id();
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() == screens || !screen::is_taken() {
            give_back();
            before(info);
        } else {
            let mut reports = REPORTS.lock().unwrap_or_else(PoisonError::into_inner);
            reports.push(describe(info));
        }
    }));
}

/// Which thread, where, and why, in one line.
fn describe(info: &PanicHookInfo<'_>) -> String {
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().map(|s| s.to_string());
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
    let thread = std::thread::current();
    let place = info.location().map(|l| format!(" at {l}"));
    format!(
        "the thread `{}` panicked{}: {}",
        thread.name().unwrap_or("unnamed"),
        place.unwrap_or_default(),
        text.unwrap_or_else(|| "no message".into())
    )
}
