//! How the screens look: themes, their contrast, ASCII, and what the terminal can show.

pub(crate) mod ascii;
pub mod contrast;
pub(crate) mod detect;
pub(crate) mod themes;
