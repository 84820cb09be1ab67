//! A segment's documents: their names and positions in its text. Every access is safe
//! even with a damaged file.

use std::ops::Range;

use crate::retrieval::index::array::Array;

/// Maximum bytes of names in a segment, limited by 32-bit offsets.
pub(crate) const MAX_NAME_BYTES: usize = u32::MAX as usize;

/// A document of a segment: `tokens` is its range in the segment's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    pub(crate) id: &'a str,
    pub(crate) title: &'a str,
    pub(crate) tokens: Range<u32>,
}

/// All documents in the text's order.
#[derive(Debug, Default)]
pub(crate) struct DocTable {
    /// Position of each document's first token, and a closing one: (docs + 1).
    pub(crate) starts: Array<u32>,
    /// Where each id and each title ends in `names`: (docs, 2).
    pub(crate) name_ends: Array<u32>,
    /// Document numbers ascending by id; equal ids in the text's order.
    pub(crate) by_id: Array<u32>,
    /// Ids and titles end to end, UTF-8.
    pub(crate) names: Array<u8>,
}

/// A table under construction.
#[derive(Debug)]
pub(crate) struct DocTableBuilder {
    starts: Vec<u32>,
    name_ends: Vec<u32>,
    names: Vec<u8>,
}

impl DocTableBuilder {
    /// `start`: position of the first document.
    pub(crate) fn new(start: u32) -> Self {
        DocTableBuilder {
            starts: vec![start],
            name_ends: Vec::new(),
            names: Vec::new(),
        }
    }

    /// `next` is the position of the following document.
    pub(crate) fn push(&mut self, id: &str, title: &str, next: u32) {
        for name in [id, title] {
            self.names.extend_from_slice(name.as_bytes());
            self.name_ends.push(self.names.len() as u32);
        }
        self.starts.push(next);
    }

    pub(crate) fn n_name_bytes(&self) -> usize {
        self.names.len()
    }

    pub(crate) fn n_docs(&self) -> usize {
        self.starts.len() - 1
    }

    pub(crate) fn finish(self) -> DocTable {
        let n_docs = self.n_docs() as u32;
        let mut table = DocTable {
            starts: self.starts.into(),
            name_ends: self.name_ends.into(),
            by_id: Array::default(),
            names: self.names.into(),
        };
        let mut by_id: Vec<u32> = (0..n_docs).collect();
        by_id.sort_by_key(|&doc| table.id(doc as usize));
        table.by_id = by_id.into();
        table
    }
}

impl DocTable {
    pub(crate) fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    fn name(&self, index: usize) -> &str {
        let end = |i: usize| self.name_ends.get(i).map_or(0, |&e| e as usize);
        let start = index.checked_sub(1).map_or(0, end);
        let bytes = self.names.get(start..end(index)).unwrap_or_default();
        str::from_utf8(bytes).unwrap_or_default()
    }

    fn id(&self, doc: usize) -> &str {
        self.name(2 * doc)
    }

    /// Document number `doc`.
    pub(crate) fn get(&self, doc: usize) -> Option<Entry<'_>> {
        let (start, next) = (*self.starts.get(doc)?, *self.starts.get(doc + 1)?);
        // The separator before the next document is not the document's.
        let end = next.saturating_sub(1).max(start);
        Some(Entry {
            id: self.id(doc),
            title: self.name(2 * doc + 1),
            tokens: start..end,
        })
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Entry<'_>> {
        (0..self.len()).filter_map(|doc| self.get(doc))
    }

    /// The number of the document at a text position, unless it is a separator.
    pub(crate) fn at(&self, position: u32) -> Option<usize> {
        let after = self.starts.partition_point(|&start| start <= position);
        let doc = after.checked_sub(1)?;
        let entry = self.get(doc)?;
        entry.tokens.contains(&position).then_some(doc)
    }

    /// Every document of this id, in the text's order.
    pub(crate) fn with_id(&self, id: &str) -> impl Iterator<Item = Entry<'_>> {
        let first = self.by_id.partition_point(|&d| self.id(d as usize) < id);
        let docs = self.by_id[first..].iter().map(|&doc| doc as usize);
        let docs = docs.take_while(move |&doc| self.id(doc) == id);
        docs.filter_map(|doc| self.get(doc))
    }
}
