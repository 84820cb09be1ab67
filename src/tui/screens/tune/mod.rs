//! The Tune screen: what other settings would have made of a run, and sweeps.

pub(crate) mod asking;
pub(crate) mod cell;
pub(crate) mod cell_texts;
pub(crate) mod frontier;
pub(crate) mod heat;
pub mod layout;
pub(crate) mod reporting;
pub(crate) mod sliders;
pub mod state;
pub mod sweep;
pub(crate) mod sweep_head;
pub(crate) mod sweeping;
pub(crate) mod texts;
pub(crate) mod update;
pub(crate) mod view;
pub(crate) mod what_if;
