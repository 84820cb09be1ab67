//! The Tune screen: what other settings would have made of a run, and sweeps.

pub mod frontier;
pub mod heat;
pub mod layout;
pub mod sliders;
pub mod state;
pub mod sweep;
pub mod sweep_head;
pub mod sweeping;
pub mod update;
pub mod view;
pub mod what_if;
