//! Knowledge as vectors, one a subject, and what is done to them before a click model reads
//! them.

use sha2::{Digest, Sha256};

use crate::recsys::dealt;

/// A vector for each subject of one kind that has knowledge.
#[derive(Clone, Debug, PartialEq)]
pub struct VectorTable {
    width: usize,
    /// By index in the catalog.
    rows: Vec<Option<Vec<f32>>>,
}

impl VectorTable {
    /// # Panics
    /// If a vector is not of this width.
    pub fn new(width: usize, rows: Vec<Option<Vec<f32>>>) -> Self {
        assert!(rows.iter().flatten().all(|row| row.len() == width));
        VectorTable { width, rows }
    }

    /// Numbers in a vector.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Subjects of the catalog, with a vector or without.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether the catalog has no subjects of this kind.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many of these subjects have no vector.
    pub fn n_missing(&self, of: &[usize]) -> usize {
        of.iter().filter(|&&i| self.rows[i].is_none()).count()
    }

    /// All vectors with mean 0 and variance 1 in every number over the subjects `over`; zeros
    /// where there is none. Shape: (subjects, width).
    pub fn standardized(&self, over: &[usize]) -> Vec<f32> {
        let known: Vec<&Vec<f32>> = over.iter().filter_map(|&i| self.rows[i].as_ref()).collect();
        let n = known.len().max(1) as f64;
        let column = |at: usize| {
            let values = known.iter().map(|row| f64::from(row[at]));
            let mean = values.clone().sum::<f64>() / n;
            let variance = values.map(|value| (value - mean).powi(2)).sum::<f64>() / n;
            let scale = if variance > 0.0 {
                variance.sqrt().recip()
            } else {
                0.0
            };
            (mean, scale)
        };
        let columns: Vec<(f64, f64)> = (0..self.width).map(column).collect();
        let rows = self.rows.iter().flat_map(|row| {
            columns.iter().enumerate().map(move |(at, (mean, scale))| {
                let value = row.as_ref().map(|row| f64::from(row[at]) - mean);
                value.map_or(0.0, |value| (value * scale) as f32)
            })
        });
        rows.collect()
    }

    /// Every vector at another subject: a control that keeps their distribution and takes
    /// away their meaning.
    pub fn permuted(&self, seed: u64) -> VectorTable {
        let known = (0..self.rows.len()).filter(|&i| self.rows[i].is_some());
        let order = dealt(&known.collect::<Vec<_>>(), seed);
        let mut rows = vec![None; self.rows.len()];
        for (at, &to) in order.iter().enumerate() {
            let from = order[(at + 1) % order.len()];
            rows[to].clone_from(&self.rows[from]);
        }
        VectorTable {
            width: self.width,
            rows,
        }
    }

    /// Width, number of subjects, then each: 1 and its numbers, or 0.
    pub(crate) fn write(&self, to: &mut Vec<u8>) {
        to.extend((self.width as u64).to_le_bytes());
        to.extend((self.rows.len() as u64).to_le_bytes());
        for row in &self.rows {
            to.push(u8::from(row.is_some()));
            row.iter()
                .flatten()
                .for_each(|value| to.extend(value.to_le_bytes()));
        }
    }

    /// What [`VectorTable::write`] wrote; `None`: something else.
    pub(crate) fn read(from: &mut &[u8]) -> Option<VectorTable> {
        let mut number =
            || usize::try_from(u64::from_le_bytes(*from.split_off(..8)?.first_chunk()?)).ok();
        let (width, n) = (number()?, number()?);
        let mut rows = Vec::new();
        for _ in 0..n {
            let row = match from.split_off_first()? {
                0 => None,
                _ => {
                    let (numbers, _) = from.split_off(..width.checked_mul(4)?)?.as_chunks::<4>();
                    Some(
                        numbers
                            .iter()
                            .map(|four| f32::from_le_bytes(*four))
                            .collect(),
                    )
                }
            };
            rows.push(row);
        }
        Some(VectorTable { width, rows })
    }
}

/// The vectors about everyone in a catalog.
#[derive(Clone, Debug, PartialEq)]
pub struct KnowledgeVectors {
    /// Of the users.
    pub users: VectorTable,
    /// Of the items.
    pub items: VectorTable,
}

impl KnowledgeVectors {
    /// Both tables permuted.
    pub fn permuted(&self, seed: u64) -> KnowledgeVectors {
        KnowledgeVectors {
            users: self.users.permuted(seed),
            items: self.items.permuted(seed.wrapping_add(1)),
        }
    }

    /// A name for exactly these bits.
    pub fn fingerprint(&self) -> String {
        let mut bytes = Vec::new();
        self.users.write(&mut bytes);
        self.items.write(&mut bytes);
        hex::encode(&Sha256::digest(&bytes)[..16])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn table(values: &[Option<i8>]) -> VectorTable {
        let row = |value: &Option<i8>| value.map(|value| vec![f32::from(value), 1.0]);
        VectorTable::new(2, values.iter().map(row).collect())
    }

    #[test]
    fn numbers_are_standardized_over_the_given_subjects_alone() {
        let found = table(&[Some(1), Some(3), None, Some(100)]).standardized(&[0, 1, 2]);
        // A number that is the same everywhere says nothing.
        assert_eq!(found[..6], [-1.0, 0.0, 1.0, 0.0, 0.0, 0.0]);
        assert_eq!(found[6], 98.0);
    }

    proptest! {
        #[test]
        fn a_permutation_moves_every_vector_and_loses_none(
            values in prop::collection::vec(prop::option::of(any::<i8>()), 0..40), seed: u64,
        ) {
            let numbered: Vec<Option<i8>> = values.iter().enumerate()
                .map(|(i, value)| value.map(|_| i as i8)).collect();
            let before = table(&numbered);
            let after = before.permuted(seed);
            let n_known = numbered.iter().flatten().count();
            let moved = before.rows.iter().zip(&after.rows).filter(|(a, b)| a != b);
            prop_assert_eq!(moved.count(), if n_known > 1 { n_known } else { 0 });
            let mut firsts: Vec<i8> = after.rows.iter().flatten().map(|row| row[0] as i8).collect();
            firsts.sort_unstable();
            prop_assert_eq!(firsts, numbered.into_iter().flatten().collect::<Vec<_>>());
        }
    }
}
