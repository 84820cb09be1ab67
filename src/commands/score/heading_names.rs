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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_beyond_the_limit_are_one() {
        let mut names = HeadingNames::default();
        for n in 0..MAX_HEADINGS {
            assert_eq!(names.number(n.to_string()), n as u32);
        }
        assert_eq!(names.number("7".into()), 7);
        let others = names.number("one more".into());
        assert_eq!(names.number("and another".into()), others);
        assert_eq!(names.names.len(), MAX_HEADINGS + 1);
        assert_eq!(names.names[others as usize], OTHER_HEADINGS);
    }
}
