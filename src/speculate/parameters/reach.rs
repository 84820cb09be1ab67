//! What a change of a parameter means for a run that was recorded, and what of a run it
//! decides.

/// What answers for a change of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// A what-if: the recorded rows are judged again.
    Rejudged,
    /// A what-if, but only for less than was recorded.
    RejudgedIfLess,
    /// Only a rerun, which is told under this name.
    Rerun(Knob),
}

impl Reach {
    /// For a list of parameters.
    #[cfg(test)]
    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Reach::Rejudged => "what-if",
            Reach::RejudgedIfLess => "what-if, if lowered",
            Reach::Rerun(_) => "rerun",
        }
    }
}

/// What a difference can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AffectedPart {
    /// What is asked, and of whom.
    Prompt,
    Model,
    /// Bits of the forward pass.
    Arithmetic,
    /// The distributions that tokens are compared with.
    Distribution,
    /// What is taken of the drafts.
    Rule,
    /// What is drafted.
    Drafts,
    /// Where the text must end.
    Length,
    Program,
}

/// A parameter that a recording cannot answer for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Knob {
    /// Another rule for tokens that were drawn, or drafts for a run without any.
    Rule,
    /// More rows than were recorded.
    Budget,
    /// Longer paths than were recorded.
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
    /// None that was moved: what the calibration would have learned otherwise.
    Calibration,
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
            Knob::Calibration => "it learns from every draft: without some, later drafts differ",
        }
    }
}
