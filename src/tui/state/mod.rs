//! What the interface knows and how it changes: actions in, commands out; events
//! in. Nothing here draws.

pub mod app;
mod apply;
pub mod browse;
pub mod compare;
pub mod decode;
pub mod filter;
pub mod lab;
pub mod learn;
mod measure;
pub mod model;
pub mod record;
pub mod reference;
pub mod run;
pub mod runs;
mod select;
pub mod settings;
pub mod sliders;
pub mod supplied;
pub mod sweep;
pub mod tune;
mod update;
mod update_decode;
mod update_lab;
