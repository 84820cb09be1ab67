//! The playground: the screens over the engine's thread.
//!
//! Data flow one way: a key becomes an [`action::Action`], `App::update` changes
//! the state and returns commands for the engine; the engine's events go through
//! `App::apply`; the views draw `&App` and change nothing. What is shown about
//! acceptance is read from the trace and its statistics, never computed here.
//!
//! Must not know models, pools or the engine: only what its thread says.

pub mod action;
pub mod app;
pub(crate) mod config_watch;
pub mod dialogs;
pub mod keys;
pub mod lesson;
pub mod look;
pub mod mouse;
pub mod remembered;
pub mod runs;
pub mod screens;
pub mod settings;
pub mod shell;
pub mod start;
pub mod target;
pub mod terminal;
pub mod view;
pub mod widgets;

pub use app::App;
pub use keys::keymap::Keymap;
pub(crate) use look::themes::Themes;
pub use start::Glyphs;
pub use start::Look;
pub use start::Start;
pub use start::earlier_runs;
pub use terminal::files::Files;
pub use terminal::run;
