//! How the screens look: themes, their contrast, ASCII, and what the terminal can show.

pub mod ascii;
pub mod contrast;
pub mod detect;
pub mod themes;
