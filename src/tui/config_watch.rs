//! The configuration file is read again when it changes, on a thread of its own.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::shutdown;
use crate::speculate::parameters::Given;
use crate::tui::keys::keymap::Keymap;
use crate::tui::look::themes::Themes;

/// Between two looks at the file.
const INTERVAL: Duration = Duration::from_secs(1);

/// What the file says of the screens and of decoding.
#[derive(Debug)]
pub(crate) struct Reread {
    pub(crate) keys: Keymap,
    pub(crate) themes: Themes,
    /// Whether an option or the file names the theme.
    pub(crate) names_theme: bool,
    pub(crate) given: Given,
    /// What is hard to read in its themes.
    pub(crate) warnings: Vec<String>,
}

/// What became of reading it: the error names the file, the line and the key.
pub(crate) type RereadOutcome = Result<Reread, String>;

/// The file, and how it is read.
#[derive(Clone)]
pub(crate) struct ConfigWatch {
    path: PathBuf,
    read: Arc<dyn Fn() -> RereadOutcome + Send + Sync>,
}

impl fmt::Debug for ConfigWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConfigWatch({})", self.path.display())
    }
}

impl ConfigWatch {
    pub(crate) fn new(
        path: PathBuf,
        read: impl Fn() -> RereadOutcome + Send + Sync + 'static,
    ) -> Self {
        let read = Arc::new(read);
        ConfigWatch { path, read }
    }

    /// Looks at the file until nobody listens; `None`: no thread could be made.
    pub(crate) fn listen(self) -> Option<UnboundedReceiver<RereadOutcome>> {
        let (sender, changes) = unbounded_channel();
        let mut seen = state_of(&self.path);
        let look = move || {
            shutdown::alternate_stack();
            while !sender.is_closed() {
                std::thread::sleep(INTERVAL);
                let now = state_of(&self.path);
                if now != seen {
                    seen = now;
                    // Nobody listens any more: the loop ends.
                    let _ = sender.send((self.read)());
                }
            }
        };
        let thread = std::thread::Builder::new().name("config".into());
        thread.spawn(look).ok().map(|_| changes)
    }
}

fn state_of(path: &Path) -> Option<(u64, Option<SystemTime>)> {
    let about = std::fs::metadata(path).ok()?;
    Some((about.len(), about.modified().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_the_file_is_told_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.toml");
        let watch = ConfigWatch::new(path.clone(), || Err("line 3".into()));
        let mut changes = watch.listen().expect("a thread");
        assert!(changes.try_recv().is_err());
        std::fs::write(&path, "theme = ").expect("written");
        assert_eq!(
            changes.blocking_recv().expect("told").expect_err("wrong"),
            "line 3"
        );
        std::thread::sleep(INTERVAL * 2);
        assert!(changes.try_recv().is_err());
    }
}
