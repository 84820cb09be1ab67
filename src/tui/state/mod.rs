//! What the interface knows and how it changes: actions in, commands out; events
//! in. Nothing here draws.

pub mod app;
mod apply;
pub mod branch;
pub mod browse;
mod choose;
pub mod commands;
pub mod compare;
pub mod condition;
mod copy;
pub mod decode;
pub mod drifting;
pub mod filter;
pub mod help;
pub mod hunt;
pub mod lab;
pub mod learn;
mod measure;
pub mod model;
pub mod parked;
pub mod record;
pub mod reference;
mod resize;
pub mod run;
pub mod runs;
pub mod search;
mod select;
pub mod settings;
pub mod sliders;
pub mod supplied;
pub mod sweep;
pub mod tune;
mod update;
mod update_compare;
mod update_decode;
pub mod update_lab;
mod walk;
