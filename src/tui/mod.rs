//! The playground: the screens over the engine's thread.
//!
//! Data flow one way: a key becomes an [`action::Action`], `App::update` changes
//! the state and returns commands for the engine; the engine's events go through
//! `App::apply`; the views draw `&App` and change nothing. What is shown about
//! acceptance is read from the trace and its statistics, never computed here.
//!
//! Must not know models, pools or the engine: only what its thread says.

pub mod action;
pub mod ascii;
pub mod contrast;
pub mod detect;
pub mod files;
pub mod flow;
mod input;
pub mod key;
pub mod keymap;
pub mod keys;
pub mod layout;
mod leave;
pub mod lesson;
pub mod memo;
pub mod mouse;
mod palette;
mod paragraph;
pub mod picture;
mod pool_change;
pub mod remap;
pub mod remembered;
pub mod share;
pub mod spill;
pub mod start;
pub mod state;
pub mod terminal;
pub mod theme;
pub mod themes;
pub mod token_text;
pub mod tree_lines;
mod tty;
pub mod tune_layout;
pub mod view;

pub use files::Files;
pub use keymap::Keymap;
pub use start::{EarlierRun, Glyphs, Look, Start, earlier_runs};
pub use state::app::App;
pub use terminal::run;
pub use theme::ThemeName;
pub use themes::Themes;
