//! The parameters of a run and their defaults. Everything else about them, such as ranges
//! and options, is in the table of `speculate/parameters/`.

mod sampling;
mod sources;
mod unlimited;
mod verify;

use std::fmt;

use serde::{Deserialize, Serialize};

pub(crate) use sampling::MAX_TEMPERATURE;
pub use sampling::Sampling;
pub use sources::Source;
pub use sources::SourceWeights;
pub use sources::Sources;
pub use verify::ALL_RANKS;
pub use verify::AcceptanceRule;
pub(crate) use verify::Laxity;

/// Rows of the largest draft tree, the root included (LASER's own setting).
pub const MAX_ROWS: usize = 64;
/// The most runs decoded together.
pub(crate) const MAX_LANES: usize = 64;
/// Longest branch of a draft tree, in tokens.
pub(crate) const MAX_BRANCH: usize = 32;
/// Longest suffix that is looked up, in tokens. Together with the branch after it, it stays
/// within the depth that pools are sorted to.
pub(crate) const MAX_SUFFIX: usize = 32;

/// Rows of a forward pass: the root and at most `rows - 1` draft tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Budget {
    /// As many rows as pay under the measured cost, at most `max`.
    Auto {
        /// The most rows.
        max: usize,
    },
    /// Always up to this many rows (1..=MAX_ROWS).
    Rows(usize),
}

impl Budget {
    /// Whether the cost profile decides how much is drafted.
    pub fn is_auto(&self) -> bool {
        matches!(self, Budget::Auto { .. })
    }

    /// The most rows that a step can have.
    pub fn max_rows(&self) -> usize {
        match *self {
            Budget::Auto { max } => max,
            Budget::Rows(n) => n,
        }
    }

    /// For the screens: `auto≤64`, `16`.
    pub fn describe(&self) -> String {
        match self {
            Budget::Auto { max } => format!("auto≤{max}"),
            Budget::Rows(n) => n.to_string(),
        }
    }

    /// Parses `auto` or a number of rows.
    ///
    /// # Errors
    /// Says what the text must be.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match text.parse::<usize>() {
            _ if text == "auto" => Ok(Budget::Auto { max: MAX_ROWS }),
            Ok(rows) if (1..=MAX_ROWS).contains(&rows) => Ok(Budget::Rows(rows)),
            _ => Err(format!("must be auto or 1 to {MAX_ROWS}")),
        }
    }
}

/// As written on the command line and in the configuration file.
impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Budget::Auto { .. } => f.write_str("auto"),
            Budget::Rows(n) => n.fmt(f),
        }
    }
}

/// Several parameters under one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Preset {
    /// Drafting as in the paper.
    Laser,
}

impl Preset {
    pub(crate) const ALL: [Preset; 1] = [Preset::Laser];

    pub(crate) fn name(self) -> &'static str {
        self.into()
    }

    /// Applies the preset to `params`.
    pub(crate) fn over(self, params: Params) -> Params {
        match self {
            Preset::Laser => params.as_in_the_paper(),
        }
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
    /// No drafts, although the rule allows them.
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

    /// The name on the command line.
    pub(crate) fn name(self) -> &'static str {
        self.into()
    }

    /// # Errors
    /// Lists the valid names.
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
    /// Tokens of a node's own path that the penalty looks back at.
    pub repeat_window: usize,
    /// `None`: take the most probable token (temperature 0).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampling: Option<Sampling>,
    /// The most tokens to generate.
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
    /// Whether anything can be drafted.
    pub fn drafts(&self) -> bool {
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
}
