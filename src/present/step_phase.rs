//! The phases of a step, in order: each knows what happened in those before it. The screens
//! walk them, and so do pictures of a pass.

/// What a step consists of; walked one by one, each shows what was known by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StepPhase {
    /// What was found in the sources.
    Retrieve,
    /// The tree made of it.
    Draft,
    /// The fate of every draft token.
    Verify,
    /// The tokens that joined the text.
    Commit,
}

impl StepPhase {
    /// In order.
    pub const ALL: [StepPhase; 4] = [
        StepPhase::Retrieve,
        StepPhase::Draft,
        StepPhase::Verify,
        StepPhase::Commit,
    ];

    /// As the screen says it.
    pub fn name(self) -> &'static str {
        match self {
            StepPhase::Retrieve => "retrieve",
            StepPhase::Draft => "draft",
            StepPhase::Verify => "verify",
            StepPhase::Commit => "commit",
        }
    }

    pub(crate) fn next(self) -> Option<Self> {
        Self::ALL.into_iter().find(|&p| p > self)
    }

    pub(crate) fn previous(self) -> Option<Self> {
        Self::ALL.into_iter().rev().find(|&p| p < self)
    }
}
