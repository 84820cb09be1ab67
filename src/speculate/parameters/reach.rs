//! What it takes to change a parameter of a recorded run, and which part of a run a
//! parameter affects.

/// What answers a change of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// A what-if, which judges the recorded rows again.
    Rejudged,
    /// A what-if, but only for values lower than recorded.
    RejudgedIfLess,
    /// Only a rerun, reported under this name.
    Rerun(Knob),
}

impl Reach {
    /// In words, for a list of parameters.
    #[cfg(test)]
    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Reach::Rejudged => "what-if",
            Reach::RejudgedIfLess => "what-if, if lowered",
            Reach::Rerun(_) => "rerun",
        }
    }
}

/// The part of a run that a difference affects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AffectedPart {
    /// The prompt and the model.
    Prompt,
    Model,
    /// Bits of the forward pass.
    Arithmetic,
    /// The distributions that tokens are compared with.
    Distribution,
    /// Which drafts are accepted.
    Rule,
    /// What is drafted.
    Drafts,
    /// Where the text must end.
    Length,
    Program,
}

/// A change that a recording cannot answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Knob {
    /// Another rule for sampled tokens, or drafts for a run without any.
    Rule,
    /// More rows than were recorded.
    Budget,
    /// Longer branches than were recorded.
    Branch,
    /// Another drafter makes other trees.
    Drafter,
    /// Other sources make other trees.
    Sources,
    /// Other weights order drafts differently.
    SourceWeights,
    /// Longer or shorter suffixes find other matches.
    SuffixLength,
    /// It changes the model's choices.
    RepeatPenalty,
    /// Temperature, top-k, top-p and seed change the model's choices.
    Sampling,
    /// The run would end elsewhere.
    MaxTokens,
    /// Not a parameter: what the calibration would have learned otherwise.
    Calibration,
    /// Not a parameter: the model's distributions, where they are not recorded.
    Distributions,
}

impl Knob {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Knob::Rule => "rule",
            Knob::Budget => "budget",
            Knob::Branch => "branch",
            Knob::Drafter => "drafter",
            Knob::Sources => "sources",
            Knob::SourceWeights => "source weights",
            Knob::SuffixLength => "suffix length",
            Knob::RepeatPenalty => "repetition penalty",
            Knob::Sampling => "temperature",
            Knob::MaxTokens => "length",
            Knob::Calibration => "calibration",
            Knob::Distributions => "the model",
        }
    }

    /// Why it needs a rerun.
    pub(crate) fn why(self) -> &'static str {
        match self {
            Knob::Rule => "the recording has no drafts that this rule could judge",
            Knob::Budget => "can only be lowered: drafts beyond it were never scored",
            Knob::Branch => "other drafts would have filled the freed rows, or followed",
            Knob::Drafter | Knob::Sources | Knob::SourceWeights | Knob::SuffixLength => {
                "the drafts would have been different"
            }
            Knob::RepeatPenalty | Knob::Sampling => "the model's choices would have been different",
            Knob::MaxTokens => "the run would have ended elsewhere",
            Knob::Distributions => "the distributions that would decide are not recorded",
            Knob::Calibration => "it learns from every draft: without some, later drafts differ",
        }
    }
}
