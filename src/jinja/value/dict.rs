//! Python's dict: keys of any hashable kind, in the order of insertion, `1`, `1.0` and
//! `True` the same key. Dicts in templates are small, so lookup is linear.

use super::equal::equal;
use crate::jinja::error::Error;
use crate::jinja::value::Value;

/// A mapping in the order of insertion, as Python's.
#[derive(Clone, Default)]
pub struct Dict {
    entries: Vec<(Value, Value)>,
    /// Of the keys and values.
    nesting: u32,
    weight: usize,
}

impl Dict {
    pub(crate) fn get(&self, key: &Value) -> Option<&Value> {
        let found = self.entries.iter().find(|(known, _)| equal(known, key));
        found.map(|(_, value)| value)
    }

    pub(crate) fn get_text(&self, key: &str) -> Option<&Value> {
        let is_key = |known: &Value| known.as_text() == Some(key);
        let found = self.entries.iter().find(|(known, _)| is_key(known));
        found.map(|(_, value)| value)
    }

    /// An existing key keeps its position.
    pub(crate) fn insert(&mut self, key: Value, value: Value) {
        let added = key.weight().saturating_add(value.weight());
        self.weight = self.weight.saturating_add(added);
        self.nesting = self.nesting.max(key.nesting()).max(value.nesting());
        match self
            .entries
            .iter_mut()
            .find(|(known, _)| equal(known, &key))
        {
            Some((_, old)) => *old = value,
            None => self.entries.push((key, value)),
        }
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &(Value, Value)> {
        self.entries.iter()
    }

    /// (key, value) tuples.
    ///
    /// # Errors
    /// Too deep a nesting.
    pub(crate) fn pairs(&self) -> Result<Vec<Value>, Error> {
        let pair =
            |(key, value): &(Value, Value)| Value::checked_tuple(vec![key.clone(), value.clone()]);
        self.entries.iter().map(pair).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn nesting(&self) -> u32 {
        self.nesting + 1
    }

    pub(crate) fn weight(&self) -> usize {
        self.weight.saturating_add(8)
    }
}
