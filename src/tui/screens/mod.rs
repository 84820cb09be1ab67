//! The screens, a room each: state, update, view.

pub mod batch;
pub mod catalog;
pub mod compare;
pub mod decode;
pub mod learn;
pub mod pool;
pub mod tune;

use strum::IntoStaticStr;

/// The screens there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Screen {
    /// Items and users to generate for.
    Catalog,
    /// A run, step by step.
    Decode,
    /// What-ifs and sweeps.
    Tune,
    /// Two runs side by side.
    Compare,
    /// The pools and their documents.
    Pool,
    /// Lessons.
    Learn,
    /// Many subjects in one pass.
    Batch,
}

/// Whether a screen's field is being typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Typing {
    Yes,
    No,
}
