//! Sequences decoded together: every row gets the same logits as alone, whatever else is in
//! the pass and wherever its prefix is stored.

use std::path::{Path, PathBuf};

use candle_core::DType;
use candle_core::quantized::GgmlDType;
use laserscope::model::decoder::{Decoder, MAX_BATCH_ROWS, SequenceRows, TreeBatch};
use laserscope::model::kernels::Isa;
use laserscope::model::kernels::kv::KvType;
use laserscope::model::layer::{Backend, Target};
use laserscope::model::logits::Logits;
use laserscope::model::sequences::{PrefixId, Sequences};
use laserscope::model::weights::{FloatWeights, Weights};
use proptest::prelude::*;

use super::decoder::{CPU, WIDE, largest_difference};
use super::tiny::{self, Family, VOCAB};

const CONTEXT: usize = 128;
/// Tokens that fit in a slot after its prefix: not a whole number of tiles.
const CAPACITY: usize = 53;

/// SplitMix64.
struct Random(u64);

impl Random {
    /// A number below a bound.
    fn pick(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % below.max(1) as u64) as usize
    }

    fn tokens(&mut self, n: usize) -> Vec<u32> {
        (0..n).map(|_| self.pick(VOCAB) as u32).collect()
    }
}

/// What a slot holds, and its rows in the current pass.
#[derive(Default)]
struct Lane {
    /// Committed tokens, including the prefix.
    text: Vec<u32>,
    tokens: Vec<u32>,
    parents: Vec<Option<usize>>,
    wants_logits: bool,
}

impl Lane {
    /// Some rows that fit: none, a chunk of a prompt, or a tree.
    fn draft(&mut self, random: &mut Random, room: usize) {
        let n = match random.pick(4) {
            0 => 0,
            1 => 1,
            _ => 1 + random.pick(20),
        };
        let n = n.min(room);
        self.tokens = random.tokens(n);
        self.wants_logits = random.pick(4) > 0;
        let is_tree = self.wants_logits;
        let parent = |i: usize| match is_tree && random.pick(3) == 0 {
            true => random.pick(i + 1).checked_sub(1),
            false => i.checked_sub(1),
        };
        self.parents = (0..n).map(parent).collect();
    }

    fn rows(&self, slot: usize) -> SequenceRows<'_> {
        SequenceRows {
            slot,
            tree: self.tree(),
            wants_logits: self.wants_logits,
        }
    }

    fn tree(&self) -> TreeBatch<'_> {
        TreeBatch {
            tokens: &self.tokens,
            parents: &self.parents,
        }
    }

    /// The rows from a root to a random row; all rows of a prompt.
    fn kept(&self, random: &mut Random) -> Vec<usize> {
        let n = self.tokens.len();
        let mut next = match self.wants_logits {
            true => random.pick(n + 1).checked_sub(1),
            false => n.checked_sub(1),
        };
        let mut path = Vec::new();
        while let Some(row) = next {
            path.push(row);
            next = self.parents[row];
        }
        path.reverse();
        path
    }
}

/// Sequences decoded together, and a decoder that computes each of them alone.
struct Batch {
    decoder: Decoder,
    alone: Decoder,
    sequences: Sequences,
    prefixes: Vec<(PrefixId, Vec<u32>)>,
    lanes: Vec<Lane>,
    random: Random,
}

impl Batch {
    fn new(mut decoder: Decoder, alone: Decoder, seed: u64) -> Self {
        let mut random = Random(seed);
        let slots = 1 + random.pick(6);
        let mut sequences = decoder.sequences(slots, CAPACITY).unwrap();
        let prefixes = (0..random.pick(4)).map(|_| {
            let n = random.pick(40);
            let tokens = random.tokens(n);
            let id = decoder.share_prefix(&mut sequences, &tokens, &mut |_, _| true);
            (id.unwrap().unwrap(), tokens)
        });
        let prefixes = prefixes.collect();
        let mut batch = Batch {
            decoder,
            alone,
            sequences,
            prefixes,
            lanes: (0..slots).map(|_| Lane::default()).collect(),
            random,
        };
        (0..slots).for_each(|slot| batch.begin(slot));
        batch
    }

    fn begin(&mut self, slot: usize) {
        let chosen = self.random.pick(self.prefixes.len() + 1);
        let prefix = self.prefixes.get(chosen);
        self.sequences.begin(slot, prefix.map(|prefix| prefix.0));
        self.lanes[slot].text = prefix.map_or_else(Vec::new, |prefix| prefix.1.clone());
    }

    /// Runs one pass and compares every row with the same row alone, using `same`.
    fn step(&mut self, same: &dyn Fn(&[f32], &[f32])) {
        let slots = self.lanes.len();
        for slot in 0..slots {
            if self.random.pick(8) == 0 {
                self.begin(slot);
            }
            if self.random.pick(8) == 0 {
                let len = self.random.pick(self.sequences.len(slot) + 1);
                self.sequences.truncate(slot, len);
                let left = self.sequences.len(slot);
                self.lanes[slot].text.truncate(left);
            }
            let room = self.sequences.room(slot);
            self.lanes[slot].draft(&mut self.random, room);
            assert_eq!(self.sequences.len(slot), self.lanes[slot].text.len());
        }
        // in any order
        let first = self.random.pick(slots);
        let busy = (0..slots).map(|i| (i + first) % slots);
        let busy: Vec<usize> = busy
            .filter(|&slot| !self.lanes[slot].tokens.is_empty())
            .collect();
        if busy.is_empty() {
            return;
        }
        let rows: Vec<_> = busy
            .iter()
            .map(|&slot| self.lanes[slot].rows(slot))
            .collect();
        let logits = self.decoder.forward_sequences(&mut self.sequences, &rows);
        let logits = floats(logits.unwrap());
        let mut got = logits.chunks(VOCAB);
        for &slot in &busy {
            let lane = &self.lanes[slot];
            if lane.wants_logits {
                self.alone.truncate(0);
                self.alone.extend(&lane.text).unwrap();
                let want = self.alone.forward(lane.tree()).unwrap();
                for want in want.chunks(VOCAB) {
                    same(got.next().unwrap(), want);
                }
            }
        }
        assert!(got.next().is_none(), "no more rows than wanted");
        for &slot in &busy {
            let lane = &mut self.lanes[slot];
            let kept = lane.kept(&mut self.random);
            lane.text.extend(kept.iter().map(|&row| lane.tokens[row]));
            let committed = self
                .decoder
                .commit_sequence(&mut self.sequences, slot, &kept);
            committed.unwrap();
        }
    }
}

fn floats(logits: Logits) -> Vec<f32> {
    match logits {
        Logits::Host(rows) => rows,
        Logits::Device(rows) => rows.flatten_all().unwrap().to_vec1().unwrap(),
    }
}

fn load(path: &Path, floats: FloatWeights, target: Target<'_>, threads: usize) -> Decoder {
    let weights = Weights::open(path, floats).unwrap();
    Decoder::load(&weights, target, CONTEXT, threads, |_, _| {}).unwrap()
}

/// Every family as files and as checkpoints: biases, head norms, both orders of RoPE, tied
/// and untied heads, in 4 bits, 8 bits and floats.
fn models(folder: &Path) -> Vec<(PathBuf, FloatWeights)> {
    let mut all = Vec::new();
    for family in Family::ALL {
        let gguf = tiny::write_gguf(folder, family, GgmlDType::Q4_1, true, &[]);
        let checkpoint = tiny::write_checkpoint(folder, family, DType::BF16, false, 1);
        all.push((gguf, FloatWeights::Exact));
        all.push((checkpoint.clone(), FloatWeights::Eight));
        all.push((checkpoint, FloatWeights::Exact));
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    /// Bit-identical on every instruction set: trees, prompts in the same pass, restarts,
    /// rollbacks.
    #[test]
    fn a_row_among_other_sequences_has_the_bits_that_it_has_alone(seed in any::<u64>()) {
        let folder = tempfile::tempdir().unwrap();
        let mut random = Random(seed);
        for (path, floats) in models(folder.path()) {
            for isa in Isa::available() {
                let kv = [KvType::F16, KvType::F32][random.pick(2)];
                let target = Target { kv, ..CPU };
                let of_threads = |threads: usize| {
                    let mut decoder = load(&path, floats, target, threads);
                    decoder.set_isa(isa);
                    decoder
                };
                let (decoder, alone) = (of_threads(1 + random.pick(3)), of_threads(1));
                let mut batch = Batch::new(decoder, alone, random.pick(usize::MAX) as u64);
                for _ in 0..5 {
                    batch.step(&|got, want| assert_eq!(got, want, "{path:?} {isa:?} {kv:?}"));
                }
            }
        }
    }

    /// The GPU path, run on the CPU.
    #[test]
    fn candles_operations_give_a_row_among_others_what_our_kernels_give_it_alone(
        seed in any::<u64>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let theirs = Target { backend: Backend::Device, kv: KvType::F32, ..CPU };
        for family in Family::ALL {
            let path = tiny::write_checkpoint(folder.path(), family, DType::F32, true, 1);
            let decoder = load(&path, FloatWeights::Exact, theirs, 1);
            let alone = load(&path, FloatWeights::Exact, WIDE, 1);
            let mut batch = Batch::new(decoder, alone, seed);
            for _ in 0..5 {
                batch.step(&|got, want| {
                    let scale = want.iter().fold(0f32, |m, v| m.max(v.abs()));
                    let off = largest_difference(got, want) / scale;
                    assert!(off <= 1e-4, "{family:?}: off by {off}");
                });
            }
        }
    }
}

/// As many rows as a pass may have, with 64 per sequence and with one.
#[test]
fn a_full_pass_has_the_bits_of_its_sequences_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = tiny::write_gguf(folder.path(), Family::Qwen3, GgmlDType::Q4_0, true, &[]);
    let parents: Vec<Option<usize>> = (0..64).map(|i: usize| i.checked_sub(1)).collect();
    let mut random = Random(11);
    let trees: Vec<Vec<u32>> = [64, 1, 64, 62, 1, 64].map(|n| random.tokens(n)).into();
    for isa in Isa::available() {
        let mut decoder = load(&path, FloatWeights::Exact, CPU, 2);
        decoder.set_isa(isa);
        let mut sequences = decoder.sequences(trees.len(), 64).unwrap();
        let rows = |slot: usize| SequenceRows {
            slot,
            tree: TreeBatch {
                tokens: &trees[slot],
                parents: &parents[..trees[slot].len()],
            },
            wants_logits: slot != 2,
        };
        let all: Vec<_> = (0..trees.len()).map(rows).collect();
        let n: usize = trees.iter().map(Vec::len).sum();
        assert_eq!(n, MAX_BATCH_ROWS);
        let logits = decoder.forward_sequences(&mut sequences, &all).unwrap();
        let mut want = Vec::new();
        for rows in all.iter().filter(|rows| rows.wants_logits) {
            decoder.truncate(0);
            want.extend(decoder.forward(rows.tree).unwrap());
        }
        assert!(floats(logits) == want, "{isa:?}");
    }
}

#[test]
fn what_cannot_be_computed_is_refused_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = tiny::write_model(folder.path(), GgmlDType::Q8_0, true);
    let mut decoder = load(&path, FloatWeights::Exact, CPU, 1);
    let mut sequences = decoder.sequences(2, 20).unwrap();
    let parents: Vec<Option<usize>> = (0..300).map(|i: usize| i.checked_sub(1)).collect();
    let tokens = vec![5; 300];
    let rows = |slot: usize, n: usize| SequenceRows {
        slot,
        tree: TreeBatch {
            tokens: &tokens[..n],
            parents: &parents[..n],
        },
        wants_logits: true,
    };
    let mut refusal = |sequences: &mut Sequences, rows: &[SequenceRows<'_>]| {
        let refused = decoder.forward_sequences(sequences, rows);
        refused.err().expect("it was computed").to_string()
    };
    let said = refusal(&mut sequences, &[rows(0, 300)]);
    assert!(said.contains("at most 256"), "{said}");
    let said = refusal(&mut sequences, &[rows(0, 21)]);
    assert!(said.contains("do not fit a context of 20"), "{said}");
    let said = refusal(&mut sequences, &[rows(0, 1), rows(1, 0)]);
    assert!(said.contains("0 rows"), "{said}");
    let said = refusal(&mut sequences, &[rows(1, 1), rows(1, 1)]);
    assert!(said.contains("twice"), "{said}");
    let said = refusal(&mut sequences, &[rows(2, 1)]);
    assert!(said.contains("slot 2 of 2"), "{said}");
    let path = tiny::write_gguf(folder.path(), Family::Qwen3, GgmlDType::Q8_0, true, &[]);
    let other = load(&path, FloatWeights::Exact, CPU, 1);
    let said = refusal(&mut other.sequences(1, 20).unwrap(), &[rows(0, 1)]);
    assert!(said.contains("belong to another decoder"), "{said}");
    assert!(sequences.is_empty());
    let committed = decoder.commit_sequence(&mut sequences, 0, &[0]);
    assert!(committed.is_err(), "no rows are pending in a slot");
}

/// The model's context limits a prefix and a slot together.
#[test]
fn a_text_behind_a_prefix_ends_with_the_context() {
    let folder = tempfile::tempdir().unwrap();
    let path = tiny::write_model(folder.path(), GgmlDType::Q8_0, true);
    let mut decoder = load(&path, FloatWeights::Exact, CPU, 1);
    let mut sequences = decoder.sequences(1, 20).unwrap();
    let tokens = vec![3; CONTEXT - 2];
    let prefix = decoder.share_prefix(&mut sequences, &tokens, &mut |_, _| true);
    sequences.begin(0, prefix.unwrap());
    assert_eq!((sequences.len(0), sequences.room(0)), (CONTEXT - 2, 20));
    let mut forward = |n: usize| {
        let rows = SequenceRows {
            slot: 0,
            tree: TreeBatch {
                tokens: &[7; 3][..n],
                parents: &[None; 3][..n],
            },
            wants_logits: true,
        };
        decoder.forward_sequences(&mut sequences, &[rows]).is_ok()
    };
    assert!(!forward(3));
    assert!(forward(2));
}

#[test]
fn a_prefix_can_be_cancelled() {
    let folder = tempfile::tempdir().unwrap();
    let path = tiny::write_model(folder.path(), GgmlDType::Q8_0, true);
    let mut decoder = load(&path, FloatWeights::Exact, CPU, 1);
    let mut sequences = decoder.sequences(1, 20).unwrap();
    let mut told = Vec::new();
    let tokens = vec![3; 100];
    let prefix = decoder.share_prefix(&mut sequences, &tokens, &mut |done, of| {
        told.push((done, of));
        done == 0
    });
    assert_eq!(prefix.unwrap(), None);
    assert_eq!(told, [(0, 100), (64, 100)]);
}

/// Memory use is known in bytes before slots are allocated, and grows as they fill.
#[cfg(target_os = "linux")]
#[test]
fn slots_use_no_memory_before_they_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = tiny::write_model(folder.path(), GgmlDType::Q8_0, true);
    let decoder = load(&path, FloatWeights::Exact, CPU, 1);
    // 2 layers of keys and values, 2 heads of 16 numbers, 2 bytes each
    let of_token = 2 * 2 * 2 * 16 * 2;
    assert_eq!(
        decoder.bytes_of_sequences(3, 17, &[33, 16]),
        (3 * 32 + 64) * of_token
    );
    assert_eq!(decoder.bytes_of_logits(5), 5 * 4 * VOCAB as u64);
    let (slots, capacity) = (1000, 20_000);
    let bytes = decoder.bytes_of_sequences(slots, capacity, &[]);
    assert!(bytes > 4 << 30, "{bytes}");
    let resident = || {
        let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
        let pages: u64 = statm.split(' ').nth(1).unwrap().parse().unwrap();
        pages * 4096
    };
    let before = resident();
    let mut sequences = decoder.sequences(slots, capacity).unwrap();
    decoder
        .fill_sequence_for_bench(&mut sequences, 999, 100)
        .unwrap();
    assert_eq!(sequences.len(999), 100);
    let used = resident().saturating_sub(before);
    assert!(used < bytes / 2, "{used} of {bytes}");
}
