//! The Compare screen: two runs beside each other.

pub(crate) mod choices;
pub(crate) mod figures;
pub mod layout;
pub(crate) mod pairs;
pub mod state;
mod table;
pub(crate) mod update;
pub mod view;
