//! Vectors of texts, kept on disk by the content that they come from: model, arithmetic,
//! block, prompt and answer. A file grows by whole records, so that a kill loses at most the
//! texts of the current pass.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, WrapErr, ensure};
use sha2::{Digest, Sha256};

use crate::engine::{EncodedAnswers, Engine};
use crate::speculate::TokenId;
use crate::text_input::read_bytes;

/// Name of a record.
type ContentKey = [u8; 32];

/// The largest file that is read.
const BYTES_MAX: u64 = 64 << 30;

/// The vectors found so far, in a file.
pub struct VectorStore {
    path: PathBuf,
    file: File,
    width: usize,
    known: HashMap<ContentKey, Vec<f32>>,
}

impl VectorStore {
    /// Opens or creates a file of vectors of this width; a record that is cut off or damaged
    /// ends it there.
    ///
    /// # Errors
    /// What the system reports.
    pub fn open(path: &Path, width: usize) -> Result<Self> {
        let bytes = match path.exists() {
            true => read_bytes(path, BYTES_MAX)?,
            false => Vec::new(),
        };
        let n_bytes = record_len(width);
        let records = bytes.chunks_exact(n_bytes).map_while(parsed);
        let known: Vec<(ContentKey, Vec<f32>)> = records.collect();
        let mut options = OpenOptions::new();
        let file = options.create(true).write(true).truncate(false).open(path);
        let mut file = file.wrap_err_with(|| format!("writing {}", path.display()))?;
        file.set_len((known.len() * n_bytes) as u64)?;
        file.seek(SeekFrom::End(0))?;
        Ok(VectorStore {
            path: path.to_path_buf(),
            file,
            width,
            known: known.into_iter().collect(),
        })
    }

    /// Vectors in the file.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    fn keep(&mut self, found: Vec<(ContentKey, Vec<f32>)>) -> Result<()> {
        let mut bytes = Vec::with_capacity(found.len() * record_len(self.width));
        for (key, vector) in &found {
            ensure!(vector.len() == self.width, "a vector of another width");
            let begin = bytes.len();
            bytes.extend(key);
            vector
                .iter()
                .for_each(|value| bytes.extend(value.to_le_bytes()));
            let sum = crc32fast::hash(&bytes[begin..]);
            bytes.extend(sum.to_le_bytes());
        }
        let written = self.file.write_all(&bytes);
        written.wrap_err_with(|| format!("writing {}", self.path.display()))?;
        self.known.extend(found);
        Ok(())
    }
}

/// Key, numbers and checksum.
fn record_len(width: usize) -> usize {
    32 + 4 * width + 4
}

/// `None`: damaged.
fn parsed(record: &[u8]) -> Option<(ContentKey, Vec<f32>)> {
    let (content, sum) = record.split_last_chunk::<4>()?;
    if crc32fast::hash(content) != u32::from_le_bytes(*sum) {
        return None;
    }
    let (key, numbers) = content.split_first_chunk::<32>()?;
    let (numbers, _) = numbers.as_chunks::<4>();
    let vector = numbers.iter().map(|four| f32::from_le_bytes(*four));
    Some((*key, vector.collect()))
}

/// How texts become vectors.
#[derive(Clone, Debug, PartialEq)]
pub struct Method {
    /// Everything that determines the bits besides the texts.
    pub source: String,
    /// Hidden states after this block, counted from 1; `None`: after the final norm.
    pub after: Option<usize>,
}

impl Method {
    fn key(&self, prompt: &[TokenId], answer: &[TokenId]) -> ContentKey {
        let mut hash = Sha256::new();
        hash.update(self.source.as_bytes());
        hash.update((self.after.unwrap_or(0) as u64).to_le_bytes());
        for part in [prompt, answer] {
            hash.update((part.len() as u64).to_le_bytes());
            part.iter().for_each(|id| hash.update(id.to_le_bytes()));
        }
        hash.finalize().into()
    }
}

/// Subjects whose vectors are computed before they are written.
const CHUNK: usize = 32;

/// The vector of every answer, from the store or else computed and stored. `go_on(done, of)`
/// counts tokens and can cancel: `None`.
///
/// # Errors
/// As [`crate::engine::Engine`]'s encoding, and what the system reports.
pub fn encode(
    engine: &mut Engine,
    store: &mut VectorStore,
    method: &Method,
    subjects: &[EncodedAnswers],
    go_on: &mut dyn FnMut(usize, usize) -> bool,
) -> Result<Option<Vec<Vec<Vec<f32>>>>> {
    let missing: Vec<EncodedAnswers> = subjects
        .iter()
        .map(|subject| missing(store, method, subject))
        .filter(|subject| !subject.answers.is_empty())
        .collect();
    let of: usize = missing.iter().map(EncodedAnswers::n_tokens).sum();
    let mut before = 0;
    for chunk in missing.chunks(CHUNK) {
        let mut on = |done: usize, _| go_on(before + done, of);
        let Some(found) = engine.model.encode(chunk, method.after, &mut on)? else {
            return Ok(None);
        };
        let mut records = Vec::new();
        for (subject, vectors) in chunk.iter().zip(found) {
            let keys = subject.answers.iter();
            let keys = keys.map(|answer| method.key(&subject.prompt, answer));
            records.extend(keys.zip(vectors));
        }
        store.keep(records)?;
        before += chunk.iter().map(EncodedAnswers::n_tokens).sum::<usize>();
    }
    let of_answer = |subject: &EncodedAnswers, answer: &Vec<TokenId>| {
        store.known[&method.key(&subject.prompt, answer)].clone()
    };
    let of_subject = |subject: &EncodedAnswers| {
        let answers = subject.answers.iter();
        answers.map(|answer| of_answer(subject, answer)).collect()
    };
    Ok(Some(subjects.iter().map(of_subject).collect()))
}

/// A subject's answers without a vector, each once.
fn missing(store: &VectorStore, method: &Method, subject: &EncodedAnswers) -> EncodedAnswers {
    let mut answers: Vec<Vec<TokenId>> = Vec::new();
    for answer in &subject.answers {
        let key = method.key(&subject.prompt, answer);
        if !store.known.contains_key(&key) && !answers.contains(answer) {
            answers.push(answer.clone());
        }
    }
    EncodedAnswers {
        prompt: subject.prompt.clone(),
        answers,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    use proptest::prelude::*;

    fn record(n: u8) -> (ContentKey, Vec<f32>) {
        ([n; 32], vec![f32::from(n), 0.5, -0.0])
    }

    proptest! {
        #[test]
        fn a_file_cut_anywhere_keeps_its_whole_records(n in 0u8..6, cut_at in 0.0..1.0f64) {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let path = folder.path().join("vectors");
            let mut store = VectorStore::open(&path, 3).expect("opens");
            store.keep((0..n).map(record).collect()).expect("writes");
            let whole = fs::read(&path).expect("reads");
            let n_kept = (cut_at * whole.len() as f64) as usize;
            fs::write(&path, &whole[..n_kept]).expect("writes");
            let mut store = VectorStore::open(&path, 3).expect("opens");
            let n_whole = n_kept / record_len(3);
            prop_assert_eq!(store.len(), n_whole);
            store.keep((n_whole as u8..n).map(record).collect()).expect("writes");
            prop_assert_eq!(fs::read(&path).expect("reads"), whole);
            prop_assert_eq!(&store.known, &(0..n).map(record).collect());
        }
    }
}
