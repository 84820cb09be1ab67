//! Every knob of a run, with its range. What a knob does is decided elsewhere.

mod sampling;
mod verify;

use serde::{Deserialize, Serialize};

pub use sampling::Sampling;
pub use verify::AcceptanceRule;

/// Rows of the largest draft tree, the root included (LASER's own setting).
pub const MAX_ROWS: usize = 64;
/// Longest branch of a draft tree, in tokens.
pub(crate) const MAX_BRANCH: usize = 32;
/// Longest suffix that is looked up, in tokens. With the branch below it, it stays
/// within the depth that pools are sorted to.
pub(crate) const MAX_SUFFIX: usize = 32;

/// Rows of a forward pass: the root and at most `rows - 1` draft tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Budget {
    /// As many rows as pay under the measured cost, at most `max`.
    Auto {
        /// Rows at most.
        max: usize,
    },
    /// Always up to this many rows (1..=MAX_ROWS).
    Rows(usize),
}

impl Budget {
    /// What is drafted goes by the cost profile.
    pub(crate) fn is_auto(&self) -> bool {
        matches!(self, Budget::Auto { .. })
    }

    /// Rows that a step can have at most.
    pub fn max_rows(&self) -> usize {
        match *self {
            Budget::Auto { max } => max,
            Budget::Rows(n) => n,
        }
    }

    /// `auto≤64`, `16`.
    pub fn describe(&self) -> String {
        match self {
            Budget::Auto { max } => format!("auto≤{max}"),
            Budget::Rows(n) => n.to_string(),
        }
    }
}

/// Where draft tokens may come from.
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
    /// All groups together.
    Global,
    /// The prompt and the output so far.
    Local,
    /// Finished answers of this session.
    Online,
}

impl Source {
    /// In the order of the screens.
    pub const ALL: [Source; 4] = [Source::Group, Source::Global, Source::Local, Source::Online];

    /// As the command line spells it.
    pub fn name(&self) -> &'static str {
        self.into()
    }

    /// One letter for the draft tree's margin.
    pub fn letter(&self) -> char {
        match self {
            Source::Group => 'g',
            Source::Global => 'G',
            Source::Local => 'l',
            Source::Online => 'o',
        }
    }
}

/// Which sources are switched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sources {
    /// [`Source::Group`].
    pub group: bool,
    /// [`Source::Global`].
    pub global: bool,
    /// [`Source::Local`].
    pub local: bool,
    /// Off unless asked for: a run would depend on the runs before it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub online: bool,
}

impl Sources {
    /// All that a run finds alike whatever ran before it.
    pub const ALL: Sources = Sources {
        group: true,
        global: true,
        local: true,
        online: false,
    };
    /// All off: nothing is drafted.
    pub const NONE: Sources = Sources {
        group: false,
        global: false,
        local: false,
        online: false,
    };

    /// Whether this one is on.
    pub fn has(&self, source: Source) -> bool {
        match source {
            Source::Group => self.group,
            Source::Global => self.global,
            Source::Local => self.local,
            Source::Online => self.online,
        }
    }

    pub(crate) fn toggle(&mut self, source: Source) {
        let flag = match source {
            Source::Group => &mut self.group,
            Source::Global => &mut self.global,
            Source::Local => &mut self.local,
            Source::Online => &mut self.online,
        };
        *flag = !*flag;
    }
}

/// How far each source is trusted, from 0 (as if it were not there, but for the
/// origins) to 1, the trust that was learned. Only the blend weighs its sources;
/// answers added online weigh as much as those of the pools, the own group's as
/// the group's, the others' as the global ones.
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

    /// `group=1,global=0.5`; a source that is not named keeps 1.
    ///
    /// # Errors
    /// Names the part that cannot be read, and what can.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut weights = SourceWeights::default();
        for part in text.split(',').map(str::trim) {
            let wrong = || format!("`{part}`: must be group, global or local, `=`, and 0 to 1");
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

/// How drafts are made.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Drafter {
    /// Every suffix in every source, blended into calibrated probabilities.
    #[default]
    Blend,
    /// LASER's trie: what followed the last two tokens, by frequency.
    Laser,
    /// Prompt lookup: one branch, copied from the prompt and output so far.
    Ngram,
    /// One branch after the longest match in any source (SAM-Decoding).
    Chain,
    /// No drafts, while the rule is asked all the same.
    None,
}

impl Drafter {
    /// In the order of the help.
    pub const ALL: [Drafter; 5] = [
        Drafter::Blend,
        Drafter::Laser,
        Drafter::Ngram,
        Drafter::Chain,
        Drafter::None,
    ];

    /// The drafter's name as the command line spells it.
    pub(crate) fn name(self) -> &'static str {
        self.into()
    }

    /// # Errors
    /// Lists the names there are.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let found = Drafter::ALL.into_iter().find(|d| d.name() == text);
        found.ok_or_else(|| format!("`{text}`: must be blend, laser, ngram, chain or none"))
    }

    pub(crate) fn is_default(&self) -> bool {
        *self == Drafter::default()
    }
}

/// Everything that shapes a run. Saved in the trace's header and, when changed
/// on the fly, in the first step that used the change.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Params {
    /// The acceptance rule.
    pub verify: AcceptanceRule,
    /// Rows of a forward pass.
    pub budget: Budget,
    /// Longest branch of the draft tree, in tokens (1..=MAX_BRANCH).
    pub branch: usize,
    /// Longest context suffix that is looked up, in tokens (1..=MAX_SUFFIX).
    pub max_suffix: usize,
    /// Where drafts come from.
    pub sources: Sources,
    /// How far the blend trusts each source.
    #[serde(default, skip_serializing_if = "SourceWeights::is_default")]
    pub source_weights: SourceWeights,
    /// How drafts are made.
    #[serde(default, skip_serializing_if = "Drafter::is_default")]
    pub drafter: Drafter,
    /// 1.0 is off ("as in the paper").
    pub repeat_penalty: f32,
    /// Tokens of a node's own path that the penalty looks back on.
    pub repeat_window: usize,
    /// `None`: the most probable token is taken (temperature 0).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampling: Option<Sampling>,
    /// Most tokens to generate.
    pub max_tokens: usize,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            verify: AcceptanceRule::default(),
            budget: Budget::Auto { max: MAX_ROWS },
            branch: 12,
            max_suffix: 16,
            sources: Sources::ALL,
            source_weights: SourceWeights::default(),
            drafter: Drafter::default(),
            repeat_penalty: 1.1,
            repeat_window: 64,
            sampling: None,
            max_tokens: 256,
        }
    }
}

impl Params {
    /// Whether anything may be drafted.
    pub(crate) fn drafts(&self) -> bool {
        self.verify.drafts() && self.budget.max_rows() > 1
    }

    /// These parameters with drafting as in the paper: its trie, 64 rows,
    /// branches of 12, no repetition penalty.
    pub(crate) fn as_in_the_paper(self) -> Params {
        Params {
            drafter: Drafter::Laser,
            budget: Budget::Rows(MAX_ROWS),
            branch: 12,
            repeat_penalty: 1.0,
            ..self
        }
    }

    /// Says which knob is out of range and what the range is.
    pub(crate) fn check(&self) -> Result<(), String> {
        let rows = self.budget.max_rows();
        if !(1..=MAX_ROWS).contains(&rows) {
            return Err(format!(
                "--budget {rows}: must be auto or 1 to {MAX_ROWS} rows"
            ));
        }
        if !(1..=MAX_BRANCH).contains(&self.branch) {
            return Err(format!(
                "--branch {}: must be 1 to {MAX_BRANCH} tokens",
                self.branch
            ));
        }
        if !(1..=MAX_SUFFIX).contains(&self.max_suffix) {
            return Err(format!(
                "--suffix {}: must be 1 to {MAX_SUFFIX} tokens",
                self.max_suffix
            ));
        }
        self.verify.check()?;
        if let Some(sampling) = &self.sampling {
            sampling.check(self.verify)?;
        }
        if !(1.0..=4.0).contains(&self.repeat_penalty) {
            return Err(format!(
                "--repeat-penalty {}: must be between 1 (off) and 4",
                self.repeat_penalty
            ));
        }
        if self.max_tokens == 0 {
            return Err("--max-tokens 0: must be at least 1".into());
        }
        Ok(())
    }
}
