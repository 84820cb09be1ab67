//! What a run is to do.

use crate::protocol::PromptText;
use crate::speculate::branch::Branch;
use crate::speculate::params::Params;
use crate::speculate::trace::{Header, StartFrom, SubjectInfo};

/// The specification of a run.
#[derive(Clone, Debug)]
pub struct RunSpec {
    /// The subject it is about.
    pub subject: SubjectInfo,
    /// What the model is asked.
    pub prompt: PromptText,
    /// The parameters of the first step.
    pub params: Params,
    /// Begin in the middle of another run of this prompt.
    pub branch: Option<Branch>,
    /// Profile and calibration to begin with.
    pub start: StartFrom,
}

impl RunSpec {
    /// A run from the prompt's end, with the engine's state.
    pub fn new(subject: SubjectInfo, prompt: PromptText, params: Params) -> Self {
        RunSpec {
            subject,
            prompt,
            params,
            branch: None,
            start: StartFrom::default(),
        }
    }

    /// A rerun of a recorded run, from its starting state.
    pub fn again(recorded: &Header) -> Self {
        RunSpec {
            branch: recorded.branch.clone(),
            start: recorded.start(),
            ..RunSpec::new(
                recorded.subject.clone(),
                PromptText::recorded(recorded),
                recorded.params,
            )
        }
    }
}
