//! Tree attention on the CPU: each row attends to the committed prefix and then
//! to its own ancestors in path order, itself last. No mask, no repeated keys
//! and values; the cost is linear in what a row attends to. A score is one sum
//! along the head's dimensions, and every sum over positions runs in the order
//! of the path, so a row's result does not depend on the rows beside it.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, bail};
use half::f16;

#[cfg(target_arch = "x86_64")]
use super::attention_tiles::{BITS_256, BITS_512};
use super::attention_tiles::{PLAIN, QUERIES, score_tiles, tiles_at_once, weigh};
use super::attention_view::{BLOCK, Query, View};
use super::kv::{Heads, KeyOrValue, Places, Stored, TILE};
use super::storage::slice;
use super::thread_pool::DisjointSlices;
use super::{Cpu, Isa, softmax};

/// Partial sums of a softmax.
const LANES: usize = 16;
/// Queries of a task: those that read keys and values while they are in the
/// first cache.
const MOST: usize = 4 * QUERIES;

/// Attention of the rows of one forward pass.
///
/// Arguments: qkv of shape (n, qkv_width), of which the queries are read; a
/// layer's keys and its values, of f16 or f32, as [`Places`] says. Result: (n,
/// heads * head_dim).
pub(crate) struct TreeAttention<'a> {
    pub(crate) places: Places,
    /// Committed rows of the cache, all attended to.
    pub(crate) prefix: usize,
    /// Per row: the cache rows of its ancestors within this pass, ascending,
    /// itself last.
    pub(crate) paths: &'a [Vec<u32>],
    pub(crate) cpu: &'a Cpu,
}

impl CustomOp3 for TreeAttention<'_> {
    fn name(&self) -> &'static str {
        "tree-attention"
    }

    fn cpu_fwd(
        &self,
        qkv: &CpuStorage,
        qkv_layout: &Layout,
        keys: &CpuStorage,
        keys_layout: &Layout,
        values: &CpuStorage,
        values_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (n, _) = qkv_layout.shape().dims2()?;
        if n != self.paths.len() {
            bail!("{n} rows, {} paths", self.paths.len());
        }
        let heads = self.places.heads;
        let width = heads.heads * heads.head_dim;
        let qkv = slice(qkv, qkv_layout)?;
        let out = match keys {
            CpuStorage::F16(_) => self.run::<f16>(
                qkv,
                slice(keys, keys_layout)?,
                slice(values, values_layout)?,
            ),
            _ => self.run::<f32>(
                qkv,
                slice(keys, keys_layout)?,
                slice(values, values_layout)?,
            ),
        };
        Ok((CpuStorage::F32(out), Shape::from((n, width))))
    }
}

impl TreeAttention<'_> {
    /// Tasks are a key/value head and some of the (row, query head) pairs that
    /// read it.
    /// Of so many queries of a key head; a few tasks a thread.
    fn queries_of_a_task(&self, queries: usize) -> usize {
        let Heads {
            heads, kv_heads, ..
        } = self.places.heads;
        let (group, threads) = (heads / kv_heads, self.cpu.pool.threads());
        let whole = kv_heads.is_multiple_of(threads);
        let least = if whole { group } else { group.div_ceil(2) };
        let least = least.clamp(1, QUERIES / 2);
        (queries * kv_heads / (3 * threads)).clamp(least, MOST)
    }

    fn run<S: Stored>(&self, qkv: &[f32], keys: &[S], values: &[S]) -> Vec<f32> {
        let Heads {
            heads,
            kv_heads,
            head_dim,
        } = self.places.heads;
        let qkv_width = self.places.heads.qkv_width();
        let group = heads / kv_heads;
        let mut out = vec![0f32; self.paths.len() * heads * head_dim];
        let parts = DisjointSlices::new(&mut out);
        let queries = self.paths.len() * group;
        let share = self.queries_of_a_task(queries);
        let tasks = queries.div_ceil(share);
        self.cpu.pool.run(tasks * kv_heads, |task| {
            let (kv_head, first) = (task / tasks, task % tasks * share);
            let view = View {
                places: self.places,
                prefix: self.prefix,
                keys,
                values,
                kv_head,
            };
            let find = |i: usize| {
                let (row, head) = ((first + i) / group, kv_head * group + (first + i) % group);
                let q = &qkv[row * qkv_width + head * head_dim..][..head_dim];
                // SAFETY: a (row, head) belongs to one task.
                let out = unsafe { parts.slice((row * heads + head) * head_dim, head_dim) };
                Query {
                    path: &self.paths[row],
                    q,
                    out,
                    scale: 1.0,
                }
            };
            let mut some: Vec<_> = (0..share.min(queries - first)).map(find).collect();
            attend(self.cpu.isa, &view, &mut some);
        });
        out
    }
}

fn attend<S: Stored>(isa: Isa, view: &View<'_, S>, queries: &mut [Query<'_>]) {
    match isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the processor has them (`Isa::detect`).
        Isa::Avx512 | Isa::Amx => unsafe { attend_512(view, queries) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Isa::Avx2 | Isa::AvxVnni | Isa::Vnni => unsafe { attend_256(view, queries) },
        _ => attend_queries::<S, PLAIN>(view, queries),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,f16c")]
fn attend_256<S: Stored>(view: &View<'_, S>, queries: &mut [Query<'_>]) {
    attend_queries::<S, BITS_256>(view, queries);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,f16c,avx512f,avx512vl,avx512bw")]
fn attend_512<S: Stored>(view: &View<'_, S>, queries: &mut [Query<'_>]) {
    attend_queries::<S, BITS_512>(view, queries);
}

#[inline(always)]
fn attend_queries<S: Stored, const BITS: usize>(view: &View<'_, S>, queries: &mut [Query<'_>]) {
    let prefix = view.prefix;
    let last = queries.iter().filter_map(|q| q.path.last()).max();
    let slots = last.map_or(prefix, |&slot| slot as usize + 1);
    let slots = slots.next_multiple_of(TILE);
    let mut scores = vec![0f32; queries.len() * slots];
    score_all::<S, BITS>(view, queries, &mut scores, slots);
    for (query, scores) in queries.iter_mut().zip(scores.chunks_exact_mut(slots)) {
        query.scale = softmax::<BITS>(along_the_path(scores, prefix, query.path));
    }
    let groups = queries.len().div_ceil(QUERIES);
    for first in (0..prefix).step_by(BLOCK) {
        let rows = BLOCK.min(prefix - first);
        let value = |row: usize| view.value(first + row);
        let weights = scores.chunks(QUERIES * slots);
        for (i, (queries, weights)) in queries.chunks_mut(QUERIES).zip(weights).enumerate() {
            view.ask(KeyOrValue::Value, first + BLOCK, (i, groups));
            weigh::<S, BITS>(value, rows, queries, &weights[first..], slots);
        }
    }
    let mut weights = scores.as_slice();
    for queries in queries.chunk_by_mut(|a, b| std::ptr::eq(a.path, b.path)) {
        let (of_these, others) = weights.split_at(queries.len() * slots);
        weights = others;
        let of_these = of_these.chunks(QUERIES * slots);
        for (queries, weights) in queries.chunks_mut(QUERIES).zip(of_these) {
            let path = queries[0].path;
            let value = |row: usize| view.value(path[row] as usize);
            weigh::<S, BITS>(value, path.len(), queries, &weights[prefix..], slots);
        }
    }
    for query in queries {
        query.out.iter_mut().for_each(|out| *out *= query.scale);
    }
}

/// Scores of all cache rows that the queries attend to; a query's scores are
/// `stride` apart.
#[inline(always)]
fn score_all<S: Stored, const BITS: usize>(
    view: &View<'_, S>,
    queries: &[Query<'_>],
    scores: &mut [f32],
    stride: usize,
) {
    let (committed, tiles) = (view.prefix / TILE, stride / TILE);
    let groups = queries.len().div_ceil(QUERIES);
    view.ask(KeyOrValue::Key, 0, (0, 1));
    for first in (0..committed).step_by(BLOCK / TILE) {
        let last = committed.min(first + BLOCK / TILE);
        let next = match last < committed {
            true => (KeyOrValue::Key, last * TILE),
            false => (KeyOrValue::Value, 0),
        };
        let scores = scores.chunks_mut(QUERIES * stride);
        for (i, (queries, scores)) in queries.chunks(QUERIES).zip(scores).enumerate() {
            view.ask(next.0, next.1, (i, groups));
            let at_once = tiles_at_once::<BITS>(queries.len());
            let mut tile = first;
            while tile < last {
                let n = if tile + at_once <= last { at_once } else { 1 };
                let scores = &mut scores[tile * TILE..];
                score_tiles::<S, BITS>(view, (tile, n), queries, scores, stride);
                tile += n;
            }
        }
    }
    let scores = scores.chunks_mut(QUERIES * stride);
    for (queries, scores) in queries.chunks(QUERIES).zip(scores) {
        for tile in committed..tiles {
            let inside = |&slot: &u32| slot as usize / TILE == tile;
            let on_a_path = || queries.iter().any(|q| q.path.iter().any(inside));
            if tile * TILE < view.prefix || on_a_path() {
                let scores = &mut scores[tile * TILE..];
                score_tiles::<S, BITS>(view, (tile, 1), queries, scores, stride);
            }
        }
    }
}

/// The scores of the positions of a path, moved together, which are in the
/// order of the cache rows already.
#[inline(always)]
fn along_the_path<'a>(scores: &'a mut [f32], prefix: usize, path: &[u32]) -> &'a mut [f32] {
    for (i, &slot) in path.iter().enumerate() {
        scores[prefix + i] = scores[slot as usize];
    }
    &mut scores[..prefix + path.len()]
}

/// [`softmax::exp`], with fused multiply-adds where there are some.
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

/// Softmax in place but for its division: returns what to multiply by. The sum runs
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
