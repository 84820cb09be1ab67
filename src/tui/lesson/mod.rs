//! What of the lessons only the screens know: the keys that their texts name, and which
//! tasks were done. The lessons themselves are `present/lesson`.

pub mod keys;
pub mod learned;
