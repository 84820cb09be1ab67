//! How the screens look and what the keys do: the configuration file under the
//! options, and what earlier sessions left.

use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, eyre};
use etcetera::BaseStrategy;

use crate::cli::ScreenArgs;
use crate::config::{self, Config};
use crate::present::key::Naming;
use crate::tui::config_watch::{ConfigWatch, Reread};
use crate::tui::keys::remap;
use crate::tui::look::{detect, themes};
use crate::tui::remembered::Remembered;
use crate::tui::start::Presenting;
use crate::tui::{Glyphs, Keymap, Look, Themes};

/// Reads the configuration file, and what it says of the screens.
///
/// # Errors
/// Names the file, the line and the key.
pub fn read(named: Option<&Path>) -> Result<(Config, Looks)> {
    let config = Config::parse(named)?;
    let looks = Looks::read(&config)?;
    Ok((config.checked()?, looks))
}

/// What the file says now.
fn again(named: Option<&Path>, args: &ScreenArgs) -> Result<Reread> {
    let (config, looks) = read(named)?;
    let mut themes = looks.themes.clone();
    let names_theme = looks.choose_theme(&mut themes, args)?;
    Ok(Reread {
        keys: looks.keymap,
        themes,
        names_theme,
        given: config.decode.given,
        warnings: looks.warnings,
    })
}

/// `laserscope/screens.toml` in the user's folder for state, or for data.
fn memory_path() -> Option<PathBuf> {
    let strategy = etcetera::choose_base_strategy().ok()?;
    let folder = strategy.state_dir().unwrap_or_else(|| strategy.data_dir());
    Some(folder.join("laserscope").join("screens.toml"))
}

/// What the configuration file says of the screens.
#[derive(Clone, Debug, Default)]
pub struct Looks {
    /// The keys in force.
    keymap: Keymap,
    /// The themes there are.
    themes: Themes,
    /// Contrast problems found in them.
    warnings: Vec<String>,
    theme: Option<String>,
    ascii: Option<bool>,
    /// The file, for messages.
    file: Option<PathBuf>,
}

impl Looks {
    fn read(config: &Config) -> Result<Self> {
        let named = |e: remap::Mistake| match &config.file {
            Some(path) => eyre!("{}: {e}", path.display()),
            None => eyre!("{e}"),
        };
        let keymap = remap::read(&config.text).map_err(named)?;
        let (themes, warnings) = themes::read(&config.text).map_err(named)?;
        Ok(Looks {
            keymap,
            themes,
            warnings,
            theme: config.theme.clone(),
            ascii: config.ascii,
            file: config.file.clone(),
        })
    }

    /// The keys in force, as a file to start from.
    pub fn key_table(&self) -> String {
        remap::write(&self.keymap)
    }

    /// How pictures look: independent of the terminal and of earlier sessions.
    pub fn plain(&self, args: &ScreenArgs) -> Result<Look> {
        let mut themes = self.themes.clone();
        if !self.choose_theme(&mut themes, args)? {
            themes.choose_bundled(detect::from_environment());
        }
        let glyphs = match args.ascii || self.ascii == Some(true) {
            true => Glyphs::Ascii,
            false => Glyphs::Unicode,
        };
        Ok(self.look_with(themes, glyphs, args))
    }

    /// How the screens look in this terminal, unless options say otherwise.
    pub fn here(&self, args: &ScreenArgs) -> Result<Look> {
        let memory_file = memory_path();
        let read = memory_file.as_deref().map(Remembered::read).transpose();
        let (memory, broken) = match read {
            Ok(memory) => (memory.unwrap_or_default(), None),
            Err(why) => (Remembered::default(), Some(format!("{why:#}; ignored"))),
        };
        let mut themes = self.themes.clone();
        if !self.choose_theme(&mut themes, args)? {
            let chosen = memory.theme.as_ref().filter(|_| !detect::no_color());
            let known = chosen.is_some_and(|name| themes.choose(name).is_ok());
            if !known {
                themes.choose_bundled(detect::from_terminal());
            }
        }
        let asked = args.ascii || self.ascii.unwrap_or(!detect::takes_utf8());
        let glyphs = if asked {
            Glyphs::Ascii
        } else {
            Glyphs::Unicode
        };
        let mut look = self.look_with(themes, glyphs, args);
        look.notices = self.warnings.iter().cloned().chain(broken).collect();
        look.memory = memory;
        look.memory_file = memory_file;
        look.config = self.watch(args);
        Ok(look)
    }

    /// The file to be read again when it changes, or the one that may appear.
    fn watch(&self, args: &ScreenArgs) -> Option<ConfigWatch> {
        let path = self.file.clone().or_else(config::default_path)?;
        let named = self
            .file
            .clone()
            .filter(|file| Some(file) != config::default_path().as_ref());
        let theme = ScreenArgs {
            theme: args.theme.clone(),
            ..ScreenArgs::default()
        };
        let read = move || again(named.as_deref(), &theme).map_err(|why| format!("{why:#}"));
        Some(ConfigWatch::new(path, read))
    }

    fn look_with(&self, themes: Themes, glyphs: Glyphs, args: &ScreenArgs) -> Look {
        let mut keys = self.keymap.clone();
        if glyphs == Glyphs::Ascii {
            keys.naming = Naming::Words;
        }
        Look {
            themes,
            keys,
            glyphs,
            presenting: match args.present {
                true => Presenting::Yes,
                false => Presenting::No,
            },
            ..Look::default()
        }
    }

    /// The theme of the options or of the file; `false`: neither names one.
    fn choose_theme(&self, themes: &mut Themes, args: &ScreenArgs) -> Result<bool> {
        let file = self.file.as_ref().map(|f| f.display().to_string());
        let in_file = format!("{}: theme", file.as_deref().unwrap_or("config"));
        let (name, named_by) = match (&args.theme, &self.theme) {
            (Some(name), _) => (name, "--theme"),
            (None, Some(name)) => (name, in_file.as_str()),
            (None, None) => return Ok(false),
        };
        themes.choose(name).map_err(|e| eyre!("{named_by}: {e}"))?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_theme_is_blamed_on_whoever_named_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "theme = \"nonesuch\"").unwrap();
        let config = Config::parse(Some(file.path())).unwrap();
        let looks = Looks::read(&config).unwrap();
        let of_file = looks.plain(&ScreenArgs::default()).unwrap_err().to_string();
        let path = file.path().display().to_string();
        assert!(
            of_file.starts_with(&format!("{path}: theme: ")),
            "{of_file}"
        );
        assert!(!of_file.contains("--theme"), "{of_file}");
        let args = ScreenArgs {
            theme: Some("other".into()),
            ..ScreenArgs::default()
        };
        let of_option = looks.plain(&args).unwrap_err().to_string();
        assert!(of_option.starts_with("--theme: "), "{of_option}");
        assert!(of_option.contains("other"), "{of_option}");
    }
}
