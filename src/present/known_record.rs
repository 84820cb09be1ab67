//! A run as far as it is known where it is looked at: all of it, or while a step is walked
//! phase by phase, as it was before that step.

use std::ops::Deref;
use std::rc::Rc;

use super::record::Record;

/// A record, or the record of its first steps.
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
