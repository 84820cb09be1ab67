//! Remembers what was computed last, so that drawing the same again computes
//! nothing. Whoever owns it must put everything the value depends on in the key.

use std::cell::RefCell;
use std::rc::Rc;

#[derive(Clone, Debug)]
pub(crate) struct LastResult<K, V> {
    last: RefCell<Option<(K, Rc<V>)>>,
}

impl<K, V> Default for LastResult<K, V> {
    fn default() -> Self {
        LastResult {
            last: RefCell::new(None),
        }
    }
}

impl<K: PartialEq, V> LastResult<K, V> {
    /// The value of a key: the last one if the key is the same.
    pub(crate) fn get(&self, key: K, compute: impl FnOnce() -> V) -> Rc<V> {
        let last = self.last.borrow().as_ref().and_then(|(known, value)| {
            let same = *known == key;
            same.then(|| Rc::clone(value))
        });
        last.unwrap_or_else(|| {
            let value = Rc::new(compute());
            *self.last.borrow_mut() = Some((key, Rc::clone(&value)));
            value
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn computes_once_a_key() {
        let last = LastResult::default();
        assert_eq!(*last.get(1, || 10), 10);
        assert_eq!(*last.get(1, || panic!("known")), 10);
        assert_eq!(*last.get(2, || 20), 20);
        assert_eq!(*last.get(1, || 11), 11);
    }
}
