//! Names of files that are made of text from outside: a recording's fields, a
//! server's headers. Such a name never leads out of its folder. Imports nothing of
//! this crate.

use std::path::Path;

/// Longest part that a name is made of; systems allow 255 bytes for a whole name.
const LETTERS_MAX: usize = 80;

/// A text as a part of a file's name: ASCII letters, digits, `-` and `_` stay, all
/// else becomes `_`. What was changed bears a checksum, so that different texts
/// keep different names.
pub(crate) fn file_name(text: &str) -> String {
    let is_kept = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let letters = text.chars().take(LETTERS_MAX);
    let name: String = letters.map(|c| if is_kept(c) { c } else { '_' }).collect();
    match name == text && !name.is_empty() {
        true => name,
        false => format!("{name}-{:08x}", crc32fast::hash(text.as_bytes())),
    }
}

/// A path that means the same from any folder.
pub(crate) fn absolute(path: &Path) -> String {
    let absolute = std::path::absolute(path);
    let path = absolute.as_deref().unwrap_or(path);
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_texts_stay_and_others_stay_apart() {
        assert_eq!(file_name("i101"), "i101");
        assert_eq!(file_name("b179-c9_x"), "b179-c9_x");
        assert!(file_name("../../etc/x").starts_with("______etc_x-"));
        assert_ne!(file_name("a:b"), file_name("a/b"));
        assert_ne!(file_name(""), "");
    }

    proptest! {
        #[test]
        fn a_name_is_one_part_of_a_path(text in "(?s).{0,200}") {
            let name = file_name(&text);
            let is_kept = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            prop_assert!(!name.is_empty() && name.len() <= LETTERS_MAX + 9);
            prop_assert!(name.chars().all(is_kept), "{}", name);
        }
    }
}
