//! Tree attention on the CPU: each row attends to the committed prefix, then to its own
//! ancestors in path order, itself last. There is no mask and no repetition of keys and
//! values; the cost is linear in what a row attends to. A score is one sum along the head's
//! dimensions, and every sum over positions runs in path order, so a row's result does not
//! depend on other rows.

use std::cell::Cell;
use std::ops::Range;

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, bail};
use half::f16;

pub(crate) use super::attention_plan::Plan;
#[cfg(target_arch = "x86_64")]
use super::attention_tiles::{BITS_256, BITS_512};
use super::attention_tiles::{PLAIN, QUERIES, score_tiles, tiles_at_once, weigh};
pub(crate) use super::attention_view::Sequence;
use super::attention_view::{BLOCK, Query, Stretch, View};
use super::kv::{Heads, KeyOrValue, KvType, Stored, TILE};
use super::kv_memory::KvMemory;
use super::storage::slice;
use super::thread_pool::DisjointSlices;
use super::{Cpu, Isa, softmax};

/// Number of partial sums in a softmax.
const LANES: usize = 16;

/// Keys and values of a prefix that several sequences share.
#[derive(Clone, Copy)]
pub(crate) struct Prefix<'a> {
    pub(crate) memory: &'a KvMemory,
    pub(crate) rows: usize,
}

/// Attention of the rows of one forward pass.
///
/// Takes the queries from qkv of shape (n, qkv_width) and returns (n, heads * head_dim).
pub(crate) struct TreeAttention<'a> {
    pub(crate) layer: usize,
    /// Holds the sequences' own cache rows.
    pub(crate) memory: &'a KvMemory,
    pub(crate) shared: &'a [Prefix<'a>],
    pub(crate) sequences: &'a [Sequence],
    /// Per row: the cache rows of its ancestors within this pass, ascending and itself
    /// last, counted from its sequence's first.
    pub(crate) paths: &'a [Vec<u32>],
    pub(crate) plan: &'a Plan,
    pub(crate) cpu: &'a Cpu,
}

impl CustomOp1 for TreeAttention<'_> {
    fn name(&self) -> &'static str {
        "tree-attention"
    }

    fn cpu_fwd(&self, qkv: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (n, _) = layout.shape().dims2()?;
        if n != self.paths.len() {
            bail!("{n} rows, {} paths", self.paths.len());
        }
        let heads = self.memory.places.heads;
        let qkv = slice(qkv, layout)?;
        let out = match self.memory.kv_type() {
            KvType::F16 => self.run::<f16>(qkv),
            KvType::F32 => self.run::<f32>(qkv),
        };
        Ok((
            CpuStorage::F32(out),
            Shape::from((n, heads.heads * heads.head_dim)),
        ))
    }
}

impl TreeAttention<'_> {
    fn run<S: Stored>(&self, qkv: &[f32]) -> Vec<f32> {
        let of_all = self.memory.places.heads;
        let Heads {
            heads,
            kv_heads,
            head_dim,
        } = of_all;
        let (qkv_width, group) = (of_all.qkv_width(), heads / kv_heads);
        let mut out = vec![0f32; self.paths.len() * heads * head_dim];
        let parts = DisjointSlices::new(&mut out);
        let tasks = &self.plan.tasks;
        self.cpu.pool.run(tasks.len() * kv_heads, |task| {
            let (kv_head, task) = (task / tasks.len(), &tasks[task % tasks.len()]);
            let find = |i: usize| {
                let (row, sequence) = self.plan.rows[i / group];
                let head = kv_head * group + i % group;
                let q = &qkv[row * qkv_width + head * head_dim..][..head_dim];
                // SAFETY: each (row, head) belongs to one task.
                let out = unsafe { parts.slice((row * heads + head) * head_dim, head_dim) };
                Query {
                    sequence: &self.sequences[sequence],
                    path: &self.paths[row],
                    q,
                    out,
                    scale: 1.0,
                }
            };
            let mut queries: Vec<_> = task.queries.clone().map(find).collect();
            let shared = self.shared::<S>(task.shared, kv_head);
            let own = self.view(self.memory, kv_head);
            attend(self.cpu.isa, (&shared, &own), &mut queries);
        });
        out
    }

    fn view<'m, S: Stored>(&self, memory: &'m KvMemory, kv_head: usize) -> View<'m, S> {
        let (keys, values) = memory.layer(self.layer);
        View {
            places: memory.places,
            keys,
            values,
            kv_head,
        }
    }

    fn shared<S: Stored>(&self, prefix: Option<usize>, kv_head: usize) -> Stretch<'_, S> {
        match prefix.map(|prefix| self.shared[prefix]) {
            Some(Prefix { memory, rows }) => self.view(memory, kv_head).stretch(0, rows),
            None => Stretch::none(self.memory.places.heads.head_dim),
        }
    }
}

/// A task's shared prefix and its sequences' own cache rows.
type Read<'r, 'a, S> = (&'r Stretch<'a, S>, &'r View<'a, S>);

fn attend<S: Stored>(isa: Isa, read: Read<'_, '_, S>, queries: &mut [Query<'_>]) {
    match isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the processor supports them (`Isa::detect`).
        Isa::Avx512 | Isa::Amx => unsafe { attend_512(read, queries) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Isa::Avx2 | Isa::AvxVnni | Isa::Vnni => unsafe { attend_256(read, queries) },
        _ => attend_queries::<S, PLAIN>(read, queries),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,f16c")]
fn attend_256<S: Stored>(read: Read<'_, '_, S>, queries: &mut [Query<'_>]) {
    attend_queries::<S, BITS_256>(read, queries);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,f16c,avx512f,avx512vl,avx512bw")]
fn attend_512<S: Stored>(read: Read<'_, '_, S>, queries: &mut [Query<'_>]) {
    attend_queries::<S, BITS_512>(read, queries);
}

thread_local! {
    /// Score buffer reused across tasks; leftovers are never read.
    static SCORES: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
}

/// Scores are laid out by position: the shared prefix, the sequence's committed rows, then
/// the query's path.
#[inline(always)]
fn attend_queries<S: Stored, const BITS: usize>(
    (shared, own): Read<'_, '_, S>,
    queries: &mut [Query<'_>],
) {
    let own_rows = queries.iter().map(Query::own_rows).max().unwrap_or(0);
    let before = shared.committed;
    let stride = (before + own_rows.next_multiple_of(TILE)).next_multiple_of(TILE);
    let mut scores = SCORES.take();
    scores.resize(scores.len().max(queries.len() * stride), 0.0);
    shared.ask(KeyOrValue::Key, 0, (0, 1));
    score_committed::<S, BITS>(shared, queries, &mut scores, stride);
    // The prefix's last tile may write past its end; the sequences' own scores overwrite
    // that.
    let rest = before / TILE..before.div_ceil(TILE);
    score_rest::<S, BITS>(shared, rest, queries, &mut scores, stride);
    score_each::<S, BITS>(own, queries, &mut scores[before..], stride);
    for (query, scores) in queries.iter_mut().zip(scores.chunks_exact_mut(stride)) {
        query.scale = softmax::<BITS>(along_the_path(scores, before, query));
    }
    weigh_committed::<S, BITS>(shared, queries, &scores, stride);
    let mut left = scores.as_slice();
    for run in queries.chunk_by_mut(of_one_sequence) {
        let (weights, others) = left.split_at(run.len() * stride);
        left = others;
        let stretch = own.stretch(run[0].sequence.first, run[0].sequence.committed);
        weigh_committed::<S, BITS>(&stretch, run, &weights[before..], stride);
        weigh_paths::<S, BITS>(&stretch, run, &weights[before..], stride);
    }
    for query in queries {
        query.out.iter_mut().for_each(|out| *out *= query.scale);
    }
    SCORES.set(scores);
}

fn of_one_sequence(a: &Query<'_>, b: &Query<'_>) -> bool {
    std::ptr::eq(a.sequence, b.sequence)
}

/// Scores whole tiles of committed rows, whose first block is already being prefetched. The
/// scores of consecutive queries are `stride` apart.
#[inline(always)]
fn score_committed<S: Stored, const BITS: usize>(
    stretch: &Stretch<'_, S>,
    queries: &[Query<'_>],
    scores: &mut [f32],
    stride: usize,
) {
    let committed = stretch.committed / TILE;
    let groups = queries.len().div_ceil(QUERIES);
    for first in (0..committed).step_by(BLOCK / TILE) {
        let last = committed.min(first + BLOCK / TILE);
        let next = match last < committed {
            true => (KeyOrValue::Key, last * TILE),
            false => (KeyOrValue::Value, 0),
        };
        let scores = scores.chunks_mut(QUERIES * stride);
        for (i, (queries, scores)) in queries.chunks(QUERIES).zip(scores).enumerate() {
            stretch.ask(next.0, next.1, (i, groups));
            let at_once = tiles_at_once::<BITS>(queries.len());
            let mut tile = first;
            while tile < last {
                let n = if tile + at_once <= last { at_once } else { 1 };
                let scores = &mut scores[tile * TILE..];
                score_tiles::<S, BITS>(stretch, (tile, n), queries, scores, stride);
                tile += n;
            }
        }
    }
}

/// Scores the given tiles one at a time: a prefix's last tile, which is only partly filled.
#[inline(always)]
fn score_rest<S: Stored, const BITS: usize>(
    stretch: &Stretch<'_, S>,
    tiles: Range<usize>,
    queries: &[Query<'_>],
    scores: &mut [f32],
    stride: usize,
) {
    for tile in tiles {
        let scores = scores.chunks_mut(QUERIES * stride);
        for (queries, scores) in queries.chunks(QUERIES).zip(scores) {
            let scores = &mut scores[tile * TILE..];
            score_tiles::<S, BITS>(stretch, (tile, 1), queries, scores, stride);
        }
    }
}

/// Scores each sequence's own rows for its queries, prefetching the next sequence's keys
/// meanwhile.
#[inline(always)]
fn score_each<S: Stored, const BITS: usize>(
    own: &View<'_, S>,
    queries: &[Query<'_>],
    scores: &mut [f32],
    stride: usize,
) {
    let of = |run: &[Query<'_>]| own.stretch(run[0].sequence.first, run[0].sequence.committed);
    let mut runs = queries.chunk_by(of_one_sequence).peekable();
    if let Some(first) = runs.peek() {
        of(first).ask(KeyOrValue::Key, 0, (0, 1));
    }
    let mut first = 0;
    while let Some(run) = runs.next() {
        if let Some(next) = runs.peek() {
            of(next).ask(KeyOrValue::Key, 0, (0, 1));
        }
        score_own::<S, BITS>(&of(run), run, &mut scores[first * stride..], stride);
        first += run.len();
    }
}

/// Scores the own rows of one sequence for its queries, committed rows and paths.
#[inline(always)]
fn score_own<S: Stored, const BITS: usize>(
    stretch: &Stretch<'_, S>,
    queries: &[Query<'_>],
    scores: &mut [f32],
    stride: usize,
) {
    score_committed::<S, BITS>(stretch, queries, scores, stride);
    let scores = scores.chunks_mut(QUERIES * stride);
    for (queries, scores) in queries.chunks(QUERIES).zip(scores) {
        let rows = queries.iter().map(Query::own_rows).max().unwrap_or(0);
        for tile in stretch.committed / TILE..rows.div_ceil(TILE) {
            let inside = |&row: &u32| row as usize / TILE == tile;
            let on_a_path = || queries.iter().any(|q| q.path.iter().any(inside));
            if tile * TILE < stretch.committed || on_a_path() {
                let scores = &mut scores[tile * TILE..];
                score_tiles::<S, BITS>(stretch, (tile, 1), queries, scores, stride);
            }
        }
    }
}

/// Adds the weighted values of committed rows to the outputs.
#[inline(always)]
fn weigh_committed<S: Stored, const BITS: usize>(
    stretch: &Stretch<'_, S>,
    queries: &mut [Query<'_>],
    weights: &[f32],
    stride: usize,
) {
    let groups = queries.len().div_ceil(QUERIES);
    for first in (0..stretch.committed).step_by(BLOCK) {
        let rows = BLOCK.min(stretch.committed - first);
        let value = |row: usize| stretch.value(first + row);
        let weights = weights.chunks(QUERIES * stride);
        for (i, (queries, weights)) in queries.chunks_mut(QUERIES).zip(weights).enumerate() {
            stretch.ask(KeyOrValue::Value, first + BLOCK, (i, groups));
            weigh::<S, BITS>(value, rows, queries, &weights[first..], stride);
        }
    }
}

/// Adds the weighted values of the paths of one sequence's queries.
#[inline(always)]
fn weigh_paths<S: Stored, const BITS: usize>(
    stretch: &Stretch<'_, S>,
    queries: &mut [Query<'_>],
    weights: &[f32],
    stride: usize,
) {
    let committed = stretch.committed;
    let mut first = 0;
    for same in queries.chunk_by_mut(|a, b| std::ptr::eq(a.path, b.path)) {
        let weights = &weights[first * stride..];
        first += same.len();
        let some = same.chunks_mut(QUERIES);
        for (queries, weights) in some.zip(weights.chunks(QUERIES * stride)) {
            let path = queries[0].path;
            let value = |row: usize| stretch.value(path[row] as usize);
            weigh::<S, BITS>(value, path.len(), queries, &weights[committed..], stride);
        }
    }
}

/// Moves the scores of a path, which are in cache-row order, next to the committed ones.
/// `before`: rows of the shared prefix.
#[inline(always)]
fn along_the_path<'a>(scores: &'a mut [f32], before: usize, query: &Query<'_>) -> &'a mut [f32] {
    let committed = before + query.sequence.committed;
    for (i, &row) in query.path.iter().enumerate() {
        scores[committed + i] = scores[before + row as usize];
    }
    &mut scores[..committed + query.path.len()]
}

/// [`softmax::exp`], with fused multiply-adds where available.
#[inline(always)]
fn exp<const BITS: usize>(x: f32) -> f32 {
    if BITS == PLAIN {
        return softmax::exp(x);
    }
    let shifted = x.mul_add(std::f32::consts::LOG2_E, softmax::ROUNDS);
    let n = shifted - softmax::ROUNDS;
    let r = n.mul_add(-softmax::LN_2[0], x);
    let r = n.mul_add(-softmax::LN_2[1], r);
    let poly = softmax::EXP
        .iter()
        .fold(0.0, |sum: f32, &c| sum.mul_add(r, c));
    softmax::times_power_of_two(poly, shifted)
}

/// Softmax in place without the division; returns the factor to multiply by. The sum runs
/// in [`LANES`] lanes by position.
#[inline(always)]
fn softmax<const BITS: usize>(scores: &mut [f32]) -> f32 {
    let max = softmax::largest(scores);
    let weight = |score: f32| exp::<BITS>((score - max).max(-87.0));
    let mut lanes = [0f32; LANES];
    let (chunks, rest) = scores.as_chunks_mut::<LANES>();
    for chunk in chunks {
        for lane in 0..LANES {
            chunk[lane] = weight(chunk[lane]);
            lanes[lane] += chunk[lane];
        }
    }
    for (lane, score) in rest.iter_mut().enumerate() {
        *score = weight(*score);
        lanes[lane] += *score;
    }
    let mut n = LANES;
    while n > 1 {
        n /= 2;
        for lane in 0..n {
            lanes[lane] += lanes[lane + n];
        }
    }
    1.0 / lanes[0]
}

#[cfg(test)]
#[path = "attention_test.rs"]
mod tests;
