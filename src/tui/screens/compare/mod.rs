//! The Compare screen: two runs beside each other.

pub mod choices;
pub mod figures;
pub mod pairs;
pub mod state;
pub mod update;
pub mod view;
