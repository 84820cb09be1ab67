//! Texts as vectors: the mean of the model's hidden states over an answer's tokens, after
//! its prompt. Several subjects share a pass, a prompt is computed once for all of its
//! answers, and what all prompts begin with once for all of them; none of it changes a bit.

use color_eyre::eyre::{Result, ensure};

use super::batch::Prompts;
use super::model::LoadedModel;
use crate::model::decoder::{Decoder, MAX_BATCH_ROWS, SequenceRows, TreeBatch};
use crate::model::sequences::{PrefixId, Sequences};
use crate::speculate::TokenId;
use crate::speculate::subject::KindName;

/// A prompt and the answers to be encoded after it.
#[derive(Clone, Debug, PartialEq)]
pub struct EncodedAnswers {
    /// Tokens of the prompt.
    pub prompt: Vec<TokenId>,
    /// Tokens of each answer, none of them empty.
    pub answers: Vec<Vec<TokenId>>,
}

/// Subjects that share a pass.
const LANES: usize = 8;

impl EncodedAnswers {
    fn longest(&self) -> usize {
        let longest = self.answers.iter().map(Vec::len).max();
        self.prompt.len() + longest.unwrap_or(0)
    }

    /// Tokens to compute.
    pub(crate) fn n_tokens(&self) -> usize {
        self.prompt.len() + self.answers.iter().map(Vec::len).sum::<usize>()
    }
}

/// A subject under way in a slot.
struct EncodingLane {
    subject: usize,
    /// `None`: in the prompt.
    answer: Option<usize>,
    /// Tokens of that part that are done.
    done: usize,
    sum: Vec<f64>,
}

impl LoadedModel {
    /// A vector for every answer of every subject: the mean of the hidden states after the
    /// final norm or after a block, counted from 1. `go_on(done, of)` counts tokens and can
    /// cancel: `None`.
    ///
    /// # Errors
    /// A text that does not fit the context, an empty answer, or a block that the model does
    /// not have.
    pub fn encode(
        &mut self,
        subjects: &[EncodedAnswers],
        after: Option<usize>,
        go_on: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Result<Option<Vec<Vec<Vec<f32>>>>> {
        let longest = subjects.iter().map(EncodedAnswers::longest).max();
        let longest = longest.unwrap_or(0);
        ensure!(
            longest <= self.context(),
            "a text of {longest} tokens does not fit the context of {}: raise --context",
            self.context()
        );
        let is_whole = |subject: &EncodedAnswers| subject.answers.iter().all(|a| !a.is_empty());
        ensure!(subjects.iter().all(is_whole), "an answer has no tokens");
        let of = subjects.iter().map(EncodedAnswers::n_tokens).sum();
        let n_slots = LANES.min(subjects.len()).max(1);
        let prefix = common_prefix(subjects);
        let room = (longest - prefix.len()).max(1);
        let mut sequences = self.decoder.sequences(n_slots, room)?;
        let mut encoder = Encoder::new(subjects, n_slots);
        if !prefix.is_empty() {
            let go_on = &mut |done, _| go_on(done, of);
            let shared = self.decoder.share_prefix(&mut sequences, &prefix, go_on)?;
            if shared.is_none() {
                return Ok(None);
            }
            (encoder.shared, encoder.n_shared) = (shared, prefix.len());
        }
        while encoder.fill(&mut sequences) {
            if !go_on(encoder.n_done, of) {
                return Ok(None);
            }
            encoder.pass(&mut self.decoder, &mut sequences, after)?;
        }
        Ok(Some(encoder.found))
    }
}

/// What all prompts begin with; empty if it is not worth sharing.
fn common_prefix(subjects: &[EncodedAnswers]) -> Vec<TokenId> {
    let mut prompts = Prompts::default();
    for subject in subjects {
        prompts.add(&KindName::Prompt, &subject.prompt);
    }
    prompts.prefixes().pop().unwrap_or_default()
}

fn chain(len: usize) -> Vec<Option<usize>> {
    (0..len).map(|i| i.checked_sub(1)).collect()
}

fn rows_of<'a>(part: &(usize, &'a [TokenId]), parents: &'a [Option<usize>]) -> SequenceRows<'a> {
    SequenceRows {
        slot: part.0,
        tree: TreeBatch {
            tokens: part.1,
            parents,
        },
        wants_logits: false,
    }
}

/// Which subject is in which slot, and what has been found.
struct Encoder<'a> {
    subjects: &'a [EncodedAnswers],
    /// What all prompts begin with, and its length.
    shared: Option<PrefixId>,
    n_shared: usize,
    next: usize,
    lanes: Vec<Option<EncodingLane>>,
    found: Vec<Vec<Vec<f32>>>,
    /// Tokens of all subjects that are done, those of the shared beginning in each.
    n_done: usize,
}

impl<'a> Encoder<'a> {
    fn new(subjects: &'a [EncodedAnswers], n_slots: usize) -> Self {
        Encoder {
            subjects,
            shared: None,
            n_shared: 0,
            next: 0,
            lanes: (0..n_slots).map(|_| None).collect(),
            found: subjects.iter().map(|_| Vec::new()).collect(),
            n_done: 0,
        }
    }

    /// Begins subjects in the empty slots; `false`: everything is done.
    fn fill(&mut self, sequences: &mut Sequences) -> bool {
        for slot in 0..self.lanes.len() {
            while self.lanes[slot].is_none() && self.next < self.subjects.len() {
                let subject = self.next;
                self.next += 1;
                if self.subjects[subject].answers.is_empty() {
                    continue;
                }
                sequences.begin(slot, self.shared);
                self.n_done += self.n_shared;
                let is_bare = self.subjects[subject].prompt.is_empty();
                self.lanes[slot] = Some(EncodingLane {
                    subject,
                    answer: is_bare.then_some(0),
                    done: self.n_shared,
                    sum: Vec::new(),
                });
            }
        }
        self.lanes.iter().any(Option::is_some)
    }

    /// One pass over all occupied slots.
    fn pass(
        &mut self,
        decoder: &mut Decoder,
        sequences: &mut Sequences,
        after: Option<usize>,
    ) -> Result<()> {
        let parts = self.parts();
        let chains: Vec<_> = parts.iter().map(|(_, part)| chain(part.len())).collect();
        let rows = parts.iter().zip(&chains);
        let rows: Vec<_> = rows.map(|(part, parents)| rows_of(part, parents)).collect();
        let states = decoder.hidden_states(sequences, &rows, after)?;
        let n: usize = parts.iter().map(|(_, part)| part.len()).sum();
        let mut states = states.chunks_exact(states.len() / n);
        for (slot, part) in parts {
            let all: Vec<usize> = (0..part.len()).collect();
            decoder.commit_sequence(sequences, slot, &all)?;
            self.take(slot, states.by_ref().take(part.len()));
            self.turn(slot, sequences);
        }
        self.n_done += n;
        Ok(())
    }

    /// The tokens that each occupied slot computes next.
    fn parts(&self) -> Vec<(usize, &'a [TokenId])> {
        let occupied = self.lanes.iter().flatten().count();
        let share = MAX_BATCH_ROWS / occupied.max(1);
        let lanes = self.lanes.iter().enumerate();
        let part = |(slot, lane): (usize, &Option<EncodingLane>)| {
            let lane = lane.as_ref()?;
            let rest = &self.tokens(lane)[lane.done..];
            Some((slot, &rest[..share.min(rest.len())]))
        };
        lanes.filter_map(part).collect()
    }

    fn tokens(&self, lane: &EncodingLane) -> &'a [TokenId] {
        let subject = &self.subjects[lane.subject];
        match lane.answer {
            None => &subject.prompt,
            Some(answer) => &subject.answers[answer],
        }
    }

    /// Adds the states of a slot's rows.
    fn take<'s>(&mut self, slot: usize, states: impl Iterator<Item = &'s [f32]>) {
        let Some(lane) = &mut self.lanes[slot] else {
            return;
        };
        for state in states {
            lane.done += 1;
            if lane.answer.is_none() {
                continue;
            }
            lane.sum.resize(state.len(), 0.0);
            let sums = lane.sum.iter_mut().zip(state);
            sums.for_each(|(sum, value)| *sum += f64::from(*value));
        }
    }

    /// Where a part is done, keeps its vector and turns to the next answer.
    fn turn(&mut self, slot: usize, sequences: &mut Sequences) {
        let Some(mut lane) = self.lanes[slot].take() else {
            return;
        };
        let n = self.tokens(&lane).len();
        if lane.done == n {
            let subject = &self.subjects[lane.subject];
            if lane.answer.is_some() {
                let mean = lane.sum.iter().map(|sum| (sum / n as f64) as f32);
                self.found[lane.subject].push(mean.collect());
            }
            let next = lane.answer.map_or(0, |answer| answer + 1);
            if next == subject.answers.len() {
                return;
            }
            sequences.truncate(slot, subject.prompt.len());
            lane = EncodingLane {
                answer: Some(next),
                done: 0,
                sum: Vec::new(),
                ..lane
            };
        }
        self.lanes[slot] = Some(lane);
    }
}
