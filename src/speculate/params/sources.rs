//! Where drafts come from, and how far each source is trusted.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A source of draft tokens.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Source {
    /// The pool of the subject's own group.
    Group,
    /// The pool of all groups together.
    Global,
    /// The run's own prompt and output so far.
    Local,
    /// Finished answers of this session.
    Online,
}

impl Source {
    /// In the order of the screens.
    pub const ALL: [Source; 4] = [Source::Group, Source::Global, Source::Local, Source::Online];

    /// The name in options and traces.
    pub fn name(&self) -> &'static str {
        self.into()
    }

    /// A letter for the margin of the draft tree.
    pub fn letter(&self) -> char {
        match self {
            Source::Group => 'g',
            Source::Global => 'G',
            Source::Local => 'l',
            Source::Online => 'o',
        }
    }
}

/// The sources that are switched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sources {
    /// The pool of the subject's group.
    pub group: bool,
    /// The pool of all groups.
    pub global: bool,
    /// The run's own prompt and answer.
    pub local: bool,
    /// Off by default, since it makes a run depend on the runs before it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub online: bool,
}

impl Sources {
    /// Every source that does not depend on earlier runs.
    pub const ALL: Sources = Sources {
        group: true,
        global: true,
        local: true,
        online: false,
    };
    /// No source: nothing is drafted.
    pub const NONE: Sources = Sources {
        group: false,
        global: false,
        local: false,
        online: false,
    };

    /// Whether this source is on.
    pub fn has(&self, source: Source) -> bool {
        match source {
            Source::Group => self.group,
            Source::Global => self.global,
            Source::Local => self.local,
            Source::Online => self.online,
        }
    }

    pub(crate) fn toggle(&mut self, source: Source) {
        let flag = self.flag(source);
        *flag = !*flag;
    }

    /// Parses `group,local`, or `none`.
    ///
    /// # Errors
    /// Names the unknown word and lists the sources.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut sources = Sources::NONE;
        for name in text.split(',').map(str::trim).filter(|&n| n != "none") {
            let source = Source::ALL.into_iter().find(|s| s.name() == name);
            let source = source
                .ok_or_else(|| format!("`{name}`: must be group, global, local, online or none"))?;
            *sources.flag(source) = true;
        }
        Ok(sources)
    }

    fn flag(&mut self, source: Source) -> &mut bool {
        match source {
            Source::Group => &mut self.group,
            Source::Global => &mut self.global,
            Source::Local => &mut self.local,
            Source::Online => &mut self.online,
        }
    }
}

/// As written on the command line and in the configuration file.
impl fmt::Display for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let on = Source::ALL.iter().filter(|&&source| self.has(source));
        let names: Vec<&str> = on.map(Source::name).collect();
        match names.as_slice() {
            [] => f.write_str("none"),
            names => f.write_str(&names.join(",")),
        }
    }
}

/// How far each source is trusted, from 0 (as if it were absent, except in the origins) to
/// 1, the learned trust. Only the blend weighs its sources. Answers added online weigh as
/// much as the pools: the own group's as the group's, those of others as the global one's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceWeights {
    pub(crate) group: f32,
    pub(crate) global: f32,
    pub(crate) local: f32,
}

impl Default for SourceWeights {
    fn default() -> Self {
        SourceWeights {
            group: 1.0,
            global: 1.0,
            local: 1.0,
        }
    }
}

impl SourceWeights {
    pub(crate) fn is_default(&self) -> bool {
        *self == SourceWeights::default()
    }

    /// Parses `group=1,global=0.5`; a source that is not named keeps 1.
    ///
    /// # Errors
    /// Names the invalid part and the expected form.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut weights = SourceWeights::default();
        for part in text.split(',').map(str::trim) {
            let wrong = || format!("`{part}`: must be group, global or local, `=`, then 0 to 1");
            let (name, value) = part.split_once('=').ok_or_else(wrong)?;
            let value: f32 = value.trim().parse().map_err(|_| wrong())?;
            let weight = match name.trim() {
                "group" => &mut weights.group,
                "global" => &mut weights.global,
                "local" => &mut weights.local,
                _ => return Err(wrong()),
            };
            if !(0.0..=1.0).contains(&value) {
                return Err(wrong());
            }
            *weight = value;
        }
        Ok(weights)
    }
}

/// As written on the command line and in the configuration file.
impl fmt::Display for SourceWeights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SourceWeights {
            group,
            global,
            local,
        } = self;
        write!(f, "group={group},global={global},local={local}")
    }
}
