//! The headings of answers as numbers.

use std::collections::HashMap;

/// Distinct headings that are told apart.
const MAX_HEADINGS: usize = 1024;
/// The headings beyond the limit.
const OTHER_HEADINGS: &str = "(others)";

/// The headings met so far, by number.
#[derive(Default)]
pub(super) struct HeadingNames {
    pub(super) names: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl HeadingNames {
    /// The number of a heading.
    pub(super) fn number(&mut self, name: String) -> u32 {
        let is_full = self.names.len() >= MAX_HEADINGS && !self.numbers.contains_key(&name);
        let name = if is_full {
            OTHER_HEADINGS.to_string()
        } else {
            name
        };
        let next = self.names.len() as u32;
        *self.numbers.entry(name).or_insert_with_key(|name| {
            self.names.push(name.clone());
            next
        })
    }
}
