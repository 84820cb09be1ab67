//! What is remembered from one session to the next: the theme, who has the mouse,
//! the sizes of the panes. A small file of its own; it may be deleted at any time.

use std::fs;
use std::path::Path;

use color_eyre::eyre::{Result, WrapErr, eyre};
use serde::{Deserialize, Serialize};

use crate::atomic_file;
use crate::text_input::{SETTINGS_BYTES_MAX, read_text};
use crate::tui::widgets::border::Splitter;

/// Who gets the mouse: the program, or the terminal for selecting text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mouse {
    /// Clicks and the wheel act on the screens.
    #[default]
    Ours,
    /// Text can be selected as elsewhere.
    Terminals,
}

/// How far panes were moved from where they are by themselves, in columns and rows.
/// Files from before there was a part for a screen have none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Shift {
    /// Decode's text grows by this.
    pub left: i16,
    /// Decode's lower panes grow by this.
    pub lower: i16,
    /// The catalog's list grows by this.
    pub list: i16,
    /// On the Tune screen.
    pub tune: TuneShift,
    /// On the Compare screen.
    pub compare: CompareShift,
    /// On the Pool screen.
    pub pool: PoolShift,
    /// On the Batch screen.
    pub batch: BatchShift,
}

/// How far the borders of the Tune screen were moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TuneShift {
    /// The settings grow by this.
    pub settings: i16,
    /// The heat map grows by this.
    pub heat: i16,
}

/// How far the borders of the Compare screen were moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CompareShift {
    /// The left text grows by this.
    pub texts: i16,
    /// The figures grow by this, in columns, where they stand beside the texts.
    pub beside: i16,
    /// The figures grow by this, in rows, where they stand below the texts.
    pub below: i16,
}

/// How far the borders of the Pool screen were moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PoolShift {
    /// The lists grow by this.
    pub lists: i16,
    /// The list of pools grows by this.
    pub pools: i16,
}

/// How far the borders of the Batch screen were moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BatchShift {
    /// The left panes grow by this.
    pub left: i16,
    /// The lanes grow by this.
    pub lanes: i16,
    /// The lowest panes grow by this.
    pub lowest: i16,
}

impl Shift {
    /// How far a border was moved.
    pub(crate) fn of(mut self, splitter: Splitter) -> i16 {
        *self.at(splitter)
    }

    /// The place of a border's shift.
    pub(crate) fn at(&mut self, splitter: Splitter) -> &mut i16 {
        match splitter {
            Splitter::List => &mut self.list,
            Splitter::Left => &mut self.left,
            Splitter::Lower => &mut self.lower,
            Splitter::Settings => &mut self.tune.settings,
            Splitter::Heat => &mut self.tune.heat,
            Splitter::Texts => &mut self.compare.texts,
            Splitter::FiguresBeside => &mut self.compare.beside,
            Splitter::FiguresBelow => &mut self.compare.below,
            Splitter::PoolLists => &mut self.pool.lists,
            Splitter::Pools => &mut self.pool.pools,
            Splitter::BatchLeft => &mut self.batch.left,
            Splitter::Lanes => &mut self.batch.lanes,
            Splitter::BatchLowest => &mut self.batch.lowest,
        }
    }
}

/// The file's content; what is missing was never changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Remembered {
    /// Chosen by key; `None`: as configured or detected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theme: Option<String>,
    /// Who gets the mouse.
    pub mouse: Mouse,
    /// How far panes were moved.
    pub panes: Shift,
}

impl Remembered {
    /// A file that is not there is an empty memory.
    ///
    /// # Errors
    /// Names the file that cannot be read.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        if !path.exists() {
            return Ok(Remembered::default());
        }
        let text = read_text(path, SETTINGS_BYTES_MAX)?.text;
        let first = |e: toml::de::Error| e.message().to_string();
        toml::from_str(&text).map_err(|e| eyre!("{}: {}", path.display(), first(e)))
    }

    /// The file is the old one or the new one, never a part.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let writing = || format!("writing {}", path.display());
        let folder = path
            .parent()
            .ok_or_else(|| eyre!("{}: no folder", path.display()))?;
        fs::create_dir_all(folder).wrap_err_with(writing)?;
        let text = toml::to_string(self).wrap_err_with(writing)?;
        atomic_file::write(path, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_alike() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/state.toml");
        assert_eq!(Remembered::read(&path).unwrap(), Remembered::default());
        let memory = Remembered {
            theme: Some("light".into()),
            mouse: Mouse::Terminals,
            panes: Shift {
                left: -7,
                lower: 3,
                list: 2,
                tune: TuneShift {
                    settings: 4,
                    heat: 6,
                },
                batch: BatchShift {
                    lanes: -2,
                    ..BatchShift::default()
                },
                ..Shift::default()
            },
        };
        memory.write(&path).unwrap();
        assert_eq!(Remembered::read(&path).unwrap(), memory);
    }

    /// As it was written before other screens than the catalog and Decode had borders to
    /// move.
    #[test]
    fn an_older_file_is_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let older =
            "theme = \"light\"\nmouse = \"ours\"\n\n[panes]\nleft = -4\nlower = 2\nlist = 0\n";
        fs::write(file.path(), older).unwrap();
        let panes = Remembered::read(file.path()).unwrap().panes;
        let expected = Shift {
            left: -4,
            lower: 2,
            ..Shift::default()
        };
        assert_eq!(panes, expected);
    }

    #[test]
    fn a_broken_file_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for text in ["theme = ", "mouse = 3", "other = 1", "\u{0}\u{1}"] {
            fs::write(file.path(), text).unwrap();
            let error = Remembered::read(file.path()).unwrap_err().to_string();
            assert!(
                error.contains(&file.path().display().to_string()),
                "{error}"
            );
        }
        fs::write(file.path(), [0xff]).unwrap();
        assert!(Remembered::read(file.path()).is_err());
    }
}
