//! The configuration file was read again.

use crate::protocol::Command;
use crate::speculate::parameters::Given;
use crate::speculate::params::Params;
use crate::tui::app::{App, Tone};
use crate::tui::config_watch::{Reread, RereadOutcome};
use crate::tui::look::themes::Themes;

impl App {
    /// Takes over what the configuration file says now. What was changed by hand since
    /// the start stays; what cannot be read changes nothing.
    pub(crate) fn configured_again(&mut self, outcome: RereadOutcome) -> Vec<Command> {
        let reread = match outcome {
            Ok(reread) => reread,
            Err(why) => {
                self.tell(Tone::Problem, format!("{why}. What was configured stays."));
                return Vec::new();
            }
        };
        let commands = match self.params_again(&reread.given) {
            Ok(commands) => commands,
            Err(why) => {
                self.tell(Tone::Problem, format!("Configuration: {why}."));
                return Vec::new();
            }
        };
        self.look_again(reread);
        commands
    }

    fn look_again(&mut self, reread: Reread) {
        let naming = self.look.keys.naming;
        self.look.keys = reread.keys;
        self.look.keys.naming = naming;
        let name = self.look.theme.name().to_string();
        let mut themes = reread.themes;
        // A theme that is gone leaves the first one.
        if !reread.names_theme && themes.choose(&name).is_err() {
            themes = Themes::default();
        }
        self.look.theme = themes;
        match reread.warnings.is_empty() {
            true => self.tell(Tone::Good, "The configuration was read again."),
            false => self.tell(Tone::Problem, reread.warnings.join(". ")),
        }
    }

    /// Settings that nobody has changed since follow the file.
    fn params_again(&mut self, given: &Given) -> Result<Vec<Command>, String> {
        let framework = self.catalog.framework();
        let base = framework.map_or(Params::default(), |f| f.over(Params::default()));
        let configured = given.over(base)?;
        let before = std::mem::replace(&mut self.tune.configured, configured);
        if configured == before {
            return Ok(Vec::new());
        }
        if self.tune.params == before {
            self.tune.params = configured;
        }
        match self.next.params == before {
            true => Ok(self.set_next(configured)),
            false => Ok(Vec::new()),
        }
    }
}
