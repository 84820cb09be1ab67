//! A run as it was before one of its steps, for views that must not show what is not known
//! yet: a step walked phase by phase.

use std::cell::RefCell;
use std::ops::Deref;
use std::rc::Rc;

use super::record::Record;

/// The last past that was asked for; going forward adds the steps that are missing.
#[derive(Clone, Debug, Default)]
pub(crate) struct PastRecord {
    last: RefCell<Option<Rc<Record>>>,
}

impl PastRecord {
    /// The first `n_steps` of the whole run, and the texts of what the next step drafts.
    pub(crate) fn of(&self, whole: &Record, n_steps: usize) -> Rc<Record> {
        let mut last = self.last.borrow_mut();
        let past = match last.take() {
            Some(past) if past.n_steps() == n_steps => past,
            found => advanced(found, whole, n_steps),
        };
        *last = Some(Rc::clone(&past));
        past
    }
}

/// From a past that is known to a later one; an earlier one is made from the beginning.
fn advanced(known: Option<Rc<Record>>, whole: &Record, n_steps: usize) -> Rc<Record> {
    let known = known.filter(|past| past.n_steps() < n_steps);
    let mut past = known.unwrap_or_else(|| Rc::new(Record::new(whole.trace.header.clone())));
    let record = Rc::make_mut(&mut past);
    let missing = &whole.trace.steps[record.n_steps()..n_steps];
    missing.iter().for_each(|step| record.push(step.clone()));
    if let Some(next) = whole.trace.steps.get(n_steps) {
        record.trace.note_texts(next);
    }
    past
}

/// A run as far as it is known where it is looked at.
pub(crate) enum KnownRecord<'a> {
    /// All of it.
    Whole(&'a Record),
    /// Its steps up to the one that is walked.
    Past(Rc<Record>),
}

impl Deref for KnownRecord<'_> {
    type Target = Record;

    fn deref(&self) -> &Record {
        match self {
            KnownRecord::Whole(record) => record,
            KnownRecord::Past(record) => record,
        }
    }
}
