//! The screens, a room each: state, update, view.

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
    Catalog,
    Decode,
    Tune,
    Compare,
    Pool,
    Learn,
}

/// Whether a screen's field is being typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typing {
    Yes,
    No,
}
