//! The program's start: settings become an engine and screens. The only room besides
//! the screens' own that knows them; commands and exports are handed functions that draw.

pub mod given;
pub mod look;
pub mod playground;
pub mod recorded_batch;
pub mod screens;
