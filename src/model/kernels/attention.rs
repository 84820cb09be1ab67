//! Tree attention on the CPU: each row attends to the committed prefix and then
//! to its own ancestors in path order, itself last. No mask, no repeated keys
//! and values; the cost is linear in what a row attends to. A score is one sum
//! along the head's dimensions, and every sum over positions runs in the order
//! of the path, so a row's result does not depend on the rows beside it.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, bail};

use super::kv::{Heads, Places, TILE};
use super::linear::slice;
use super::team::Parts;
#[cfg(target_arch = "x86_64")]
use super::x86_attention;
use super::{Cpu, Isa};
use crate::speculate::row::exp;

const LANES: usize = 8;
/// Queries that go over a tile of keys together, in registers.
const QUERIES: usize = 6;
/// Queries of a task: those that read keys and values while they are in the
/// first cache.
const MOST: usize = 4 * QUERIES;
/// Cache rows that they read at a time.
const BLOCK: usize = 4 * TILE;

/// Attention of the rows of one forward pass.
///
/// Arguments: qkv of shape (n, qkv_width), of which the queries are read; a
/// layer's keys and its values, as [`Places`] says. Result: (n, heads *
/// head_dim).
pub struct TreeAttention<'a> {
    pub places: Places,
    /// Committed rows of the cache, all attended to.
    pub prefix: usize,
    /// Per row: the cache rows of its ancestors within this pass, ascending,
    /// itself last.
    pub paths: &'a [Vec<u32>],
    pub cpu: &'a Cpu,
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
        let out = self.run(
            slice(qkv, qkv_layout)?,
            slice(keys, keys_layout)?,
            slice(values, values_layout)?,
        );
        Ok((CpuStorage::F32(out), Shape::from((n, width))))
    }
}

impl TreeAttention<'_> {
    /// Tasks are a key/value head and some of the (row, query head) pairs that
    /// read it.
    fn run(&self, qkv: &[f32], keys: &[f32], values: &[f32]) -> Vec<f32> {
        let Heads {
            heads,
            kv_heads,
            head_dim,
        } = self.places.heads;
        let qkv_width = self.places.heads.qkv_width();
        let group = heads / kv_heads;
        let mut out = vec![0f32; self.paths.len() * heads * head_dim];
        let parts = Parts::new(&mut out);
        let queries = self.paths.len() * group;
        let whole = kv_heads.is_multiple_of(self.cpu.team.threads());
        let least = if whole { group } else { group.div_ceil(2) };
        let least = least.clamp(1, QUERIES / 2);
        let share = (queries * kv_heads / (3 * self.cpu.team.threads())).clamp(least, MOST);
        let tasks = queries.div_ceil(share);
        self.cpu.team.run(tasks * kv_heads, |task| {
            let (kv_head, first) = (task / tasks, task % tasks * share);
            let view = View {
                op: self,
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
                }
            };
            let mut some: Vec<_> = (0..share.min(queries - first)).map(find).collect();
            attend(self.cpu.isa, &view, &mut some);
        });
        out
    }
}

/// One key/value head of the cache.
struct View<'a> {
    op: &'a TreeAttention<'a>,
    keys: &'a [f32],
    values: &'a [f32],
    kv_head: usize,
}

impl View<'_> {
    fn heads(&self) -> &Heads {
        &self.op.places.heads
    }

    /// `tiles` tiles of keys, one after another.
    #[inline(always)]
    fn keys(&self, tile: usize, tiles: usize) -> &[f32] {
        let from = self.op.places.key_at(tile * TILE, self.kv_head);
        &self.keys[from..][..tiles * TILE * self.heads().head_dim]
    }

    /// The values of `rows` cache rows, one after another.
    #[inline(always)]
    fn values(&self, slot: usize, rows: usize) -> &[f32] {
        let from = self.op.places.value_at(slot, self.kv_head);
        &self.values[from..][..rows * self.heads().head_dim]
    }
}

struct Query<'a> {
    path: &'a [u32],
    q: &'a [f32],
    /// Zero to begin with; what is attended to is added.
    out: &'a mut [f32],
}

fn attend(isa: Isa, view: &View<'_>, queries: &mut [Query<'_>]) {
    match isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the processor has them (`Isa::detect`).
        Isa::Avx512 => unsafe { attend_512(view, queries) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Isa::Avx2 | Isa::AvxVnni | Isa::Vnni => unsafe { attend_256(view, queries) },
        _ => attend_queries::<PLAIN>(view, queries),
    }
}

/// Vectors that the inner loops are written for.
const PLAIN: usize = 0;
const BITS_256: usize = 256;
const BITS_512: usize = 512;

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn attend_256(view: &View<'_>, queries: &mut [Query<'_>]) {
    attend_queries::<BITS_256>(view, queries);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avx512f,avx512vl,avx512bw")]
unsafe fn attend_512(view: &View<'_>, queries: &mut [Query<'_>]) {
    attend_queries::<BITS_512>(view, queries);
}

#[inline(always)]
fn attend_queries<const BITS: usize>(view: &View<'_>, queries: &mut [Query<'_>]) {
    let prefix = view.op.prefix;
    let last = queries.iter().filter_map(|q| q.path.last()).max();
    let slots = last.map_or(prefix, |&slot| slot as usize + 1);
    let slots = slots.next_multiple_of(TILE);
    let mut scores = vec![0f32; queries.len() * slots];
    score_all::<BITS>(view, queries, &mut scores, slots);
    for (query, scores) in queries.iter().zip(scores.chunks_exact_mut(slots)) {
        softmax(along_the_path(scores, prefix, query.path));
    }
    for first in (0..prefix).step_by(BLOCK) {
        let rows = BLOCK.min(prefix - first);
        let weights = scores.chunks(QUERIES * slots);
        for (queries, weights) in queries.chunks_mut(QUERIES).zip(weights) {
            weigh_block::<BITS>(view, (first, rows), queries, &weights[first..], slots);
        }
    }
    for (query, weights) in queries.iter_mut().zip(scores.chunks_exact(slots)) {
        add_path::<BITS>(view, query, &weights[prefix..]);
    }
}

/// Scores of all cache rows that the queries attend to; a query's scores are
/// `stride` apart.
#[inline(always)]
fn score_all<const BITS: usize>(
    view: &View<'_>,
    queries: &[Query<'_>],
    scores: &mut [f32],
    stride: usize,
) {
    let (committed, tiles) = (view.op.prefix / TILE, stride / TILE);
    for first in (0..committed).step_by(BLOCK / TILE) {
        let last = committed.min(first + BLOCK / TILE);
        let scores = scores.chunks_mut(QUERIES * stride);
        for (queries, scores) in queries.chunks(QUERIES).zip(scores) {
            let at_once = tiles_at_once(queries.len());
            let mut tile = first;
            while tile < last {
                let n = if tile + at_once <= last { at_once } else { 1 };
                score_tiles::<BITS>(view, (tile, n), queries, &mut scores[tile * TILE..], stride);
                tile += n;
            }
        }
    }
    let scores = scores.chunks_mut(QUERIES * stride);
    for (queries, scores) in queries.chunks(QUERIES).zip(scores) {
        for tile in committed..tiles {
            let inside = |&slot: &u32| slot as usize / TILE == tile;
            let on_a_path = || queries.iter().any(|q| q.path.iter().any(inside));
            if tile * TILE < view.op.prefix || on_a_path() {
                score_tiles::<BITS>(view, (tile, 1), queries, &mut scores[tile * TILE..], stride);
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

/// Calls `$run::<.., N>` for up to [`QUERIES`] queries.
#[cfg(target_arch = "x86_64")]
macro_rules! for_queries {
    ($n:expr, $run:ident, $bits:ident, $args:tt) => {
        match $n {
            1 => $run::<$bits, 1> $args,
            2 => $run::<$bits, 2> $args,
            3 => $run::<$bits, 3> $args,
            4 => $run::<$bits, 4> $args,
            5 => $run::<$bits, 5> $args,
            _ => $run::<$bits, 6> $args,
        }
    };
}

/// Tiles whose scores a few queries compute at a time.
#[inline(always)]
fn tiles_at_once(queries: usize) -> usize {
    match queries {
        1 => 4,
        2 | 3 => 2,
        _ => 1,
    }
}

/// Scores of up to [`QUERIES`] queries with the 16 keys each of one or
/// [`tiles_at_once`] tiles; a query's scores are `stride` apart.
#[inline(always)]
fn score_tiles<const BITS: usize>(
    view: &View<'_>,
    tiles: (usize, usize),
    queries: &[Query<'_>],
    scores: &mut [f32],
    stride: usize,
) {
    #[cfg(target_arch = "x86_64")]
    if BITS != PLAIN {
        return match (queries.len(), tiles.1) {
            (1, 4) => score::<BITS, 1, 4>(view, tiles.0, queries, scores, stride),
            (2, 2) => score::<BITS, 2, 2>(view, tiles.0, queries, scores, stride),
            (3, 2) => score::<BITS, 3, 2>(view, tiles.0, queries, scores, stride),
            (1, _) => score::<BITS, 1, 1>(view, tiles.0, queries, scores, stride),
            (2, _) => score::<BITS, 2, 1>(view, tiles.0, queries, scores, stride),
            (3, _) => score::<BITS, 3, 1>(view, tiles.0, queries, scores, stride),
            (4, _) => score::<BITS, 4, 1>(view, tiles.0, queries, scores, stride),
            (5, _) => score::<BITS, 5, 1>(view, tiles.0, queries, scores, stride),
            _ => score::<BITS, 6, 1>(view, tiles.0, queries, scores, stride),
        };
    }
    let scale = 1.0 / (view.heads().head_dim as f32).sqrt();
    for t in 0..tiles.1 {
        let keys = view.keys(tiles.0 + t, 1);
        for (i, query) in queries.iter().enumerate() {
            let mut sums = [0f32; TILE];
            for (q, key) in query.q.iter().zip(keys.chunks_exact(TILE)) {
                for (sum, key) in sums.iter_mut().zip(key) {
                    *sum += q * key;
                }
            }
            let to = &mut scores[i * stride + t * TILE..][..TILE];
            for (score, sum) in to.iter_mut().zip(sums) {
                *score = sum * scale;
            }
        }
    }
}

/// The same of `N` queries and `T` tiles in vectors.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn score<const BITS: usize, const N: usize, const T: usize>(
    view: &View<'_>,
    tile: usize,
    queries: &[Query<'_>],
    scores: &mut [f32],
    stride: usize,
) {
    let dims = view.heads().head_dim;
    let scale = 1.0 / (dims as f32).sqrt();
    let keys = (view.keys(tile, T).as_ptr(), dims * TILE);
    let q: [*const f32; N] = std::array::from_fn(|i| queries[i].q[..dims].as_ptr());
    let out = std::array::from_fn(|i| scores[i * stride..][..T * TILE].as_mut_ptr());
    // SAFETY: the sizes are checked by the slices; BITS says what runs.
    unsafe {
        match BITS {
            BITS_512 => x86_attention::score_512::<N, T>(keys, dims, q, scale, out),
            _ => x86_attention::score_256::<N, T>(keys, dims, q, scale, out),
        }
    }
}

/// Adds the weighted values of a block of committed rows to the outputs of up
/// to [`QUERIES`] queries; a query's weights are `stride` apart.
#[inline(always)]
fn weigh_block<const BITS: usize>(
    view: &View<'_>,
    (first, rows): (usize, usize),
    queries: &mut [Query<'_>],
    weights: &[f32],
    stride: usize,
) {
    let dims = view.heads().head_dim;
    let values = view.values(first, rows);
    let mut done = 0;
    #[cfg(target_arch = "x86_64")]
    if BITS != PLAIN {
        let (wide, at_once) = match BITS {
            BITS_512 => (x86_attention::WIDE_512, QUERIES),
            _ => (x86_attention::WIDE_256, 3),
        };
        done = dims / wide * wide;
        for from in (0..done).step_by(wide) {
            let weights = weights.chunks(at_once * stride);
            for (queries, weights) in queries.chunks_mut(at_once).zip(weights) {
                let n = queries.len();
                let block = (values, rows, from);
                for_queries!(n, weigh, BITS, (block, queries, weights, stride));
            }
        }
    }
    if done == dims {
        return;
    }
    for (i, query) in queries.iter_mut().enumerate() {
        for (value, weight) in values
            .chunks_exact(dims)
            .zip(&weights[i * stride..][..rows])
        {
            add::<BITS>(&value[done..], *weight, &mut query.out[done..]);
        }
    }
}

/// The same of some dimensions, in vectors: `values` of `rows` cache rows, from
/// dimension `from` on.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn weigh<const BITS: usize, const N: usize>(
    (values, rows, from): (&[f32], usize, usize),
    queries: &mut [Query<'_>],
    weights: &[f32],
    stride: usize,
) {
    let row = values.len() / rows;
    let values = values[from..].as_ptr();
    let weights: [*const f32; N] = std::array::from_fn(|i| weights[i * stride..][..rows].as_ptr());
    let out: [*mut f32; N] = std::array::from_fn(|i| queries[i].out[from..].as_mut_ptr());
    // SAFETY: the slices above check the sizes; `from` leaves room for a
    // vector; BITS says what runs.
    unsafe {
        match BITS {
            BITS_512 => x86_attention::weigh_512::<N>(values, (rows, row), weights, out),
            _ => x86_attention::weigh_256::<N>(values, (rows, row), weights, out),
        }
    }
}

/// Dimensions that stay in registers along a path.
const WIDE: usize = 64;

/// Adds the weighted values of a query's path.
#[inline(always)]
fn add_path<const BITS: usize>(view: &View<'_>, query: &mut Query<'_>, weights: &[f32]) {
    for (i, out) in query.out.chunks_mut(WIDE).enumerate() {
        let values = query.path.iter().map(|&slot| view.values(slot as usize, 1));
        let values = values.map(|value| &value[i * WIDE..]).zip(weights);
        match <&mut [f32; WIDE]>::try_from(&mut *out) {
            Ok(out) => {
                let mut sums = *out;
                values.for_each(|(value, w)| add::<BITS>(&value[..WIDE], *w, &mut sums));
                *out = sums;
            }
            Err(_) => values.for_each(|(value, w)| add::<BITS>(value, *w, out)),
        }
    }
}

/// out += weight * value.
#[inline(always)]
fn add<const BITS: usize>(value: &[f32], weight: f32, out: &mut [f32]) {
    for (out, value) in out.iter_mut().zip(value) {
        *out = if BITS == PLAIN {
            *out + weight * value
        } else {
            weight.mul_add(*value, *out)
        };
    }
}

#[inline(always)]
fn largest(scores: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let chunks = scores.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks {
        for lane in 0..LANES {
            lanes[lane] = if chunk[lane] > lanes[lane] {
                chunk[lane]
            } else {
                lanes[lane]
            };
        }
    }
    lanes
        .iter()
        .chain(rest)
        .fold(f32::NEG_INFINITY, |m, &s| if s > m { s } else { m })
}

/// Softmax in place; sums run in eight lanes by position.
#[inline(always)]
fn softmax(scores: &mut [f32]) {
    let max = largest(scores);
    for score in scores.iter_mut() {
        *score = exp((*score - max).max(-87.0));
    }
    let mut lanes = [0f32; LANES];
    let chunks = scores.chunks_exact(LANES);
    for (lane, score) in chunks.remainder().iter().enumerate() {
        lanes[lane] += score;
    }
    for chunk in chunks {
        for lane in 0..LANES {
            lanes[lane] += chunk[lane];
        }
    }
    let inverse = 1.0 / sum(lanes);
    scores.iter_mut().for_each(|s| *s *= inverse);
}

#[inline(always)]
fn sum(lanes: [f32; LANES]) -> f32 {
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + e) + (b + f)) + ((c + g) + (d + h))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADS: Heads = Heads {
        heads: 6,
        kv_heads: 2,
        head_dim: 20,
    };

    fn noise(n: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..n).map(|_| next()).collect()
    }

    fn op<'a>(
        places: Places,
        prefix: usize,
        paths: &'a [Vec<u32>],
        cpu: &'a Cpu,
    ) -> TreeAttention<'a> {
        TreeAttention {
            places,
            prefix,
            paths,
            cpu,
        }
    }

    /// A plain f64 attention over the same path.
    fn reference(
        op: &TreeAttention<'_>,
        (qkv, keys, values): (&[f32], &[f32], &[f32]),
        row: usize,
        head: usize,
    ) -> Vec<f64> {
        let heads = op.places.heads;
        let d = heads.head_dim;
        let kv = head / (heads.heads / heads.kv_heads);
        let q = &qkv[row * heads.qkv_width() + head * d..][..d];
        let slots: Vec<usize> = (0..op.prefix)
            .chain(op.paths[row].iter().map(|&s| s as usize))
            .collect();
        let key = |slot: usize, i: usize| f64::from(keys[op.places.key_at(slot, kv) + i * TILE]);
        let value = |slot: usize, i: usize| f64::from(values[op.places.value_at(slot, kv) + i]);
        let score = |&s: &usize| (0..d).map(|i| f64::from(q[i]) * key(s, i)).sum::<f64>();
        let weights: Vec<f64> = slots
            .iter()
            .map(|s| (score(s) / (d as f64).sqrt()).exp())
            .collect();
        let total: f64 = weights.iter().sum();
        let weighted = |i: usize| slots.iter().zip(&weights).map(move |(&s, w)| (s, *w, i));
        (0..d)
            .map(|i| weighted(i).map(|(s, w, i)| w * value(s, i)).sum::<f64>() / total)
            .collect()
    }

    #[test]
    fn matches_a_plain_reference_and_ignores_the_other_rows() {
        let large = Heads {
            heads: 9,
            kv_heads: 3,
            head_dim: 64,
        };
        let odd = Heads {
            heads: 4,
            kv_heads: 4,
            head_dim: 100,
        };
        for (heads, prefix, n) in [
            (HEADS, 5, 4),
            (large, 37, 4),
            (large, 200, 30),
            (odd, 70, 9),
        ] {
            // branches of five below the root
            let mut paths: Vec<Vec<u32>> = vec![vec![prefix as u32]];
            for i in 1..n {
                let parent = if i % 5 == 1 { 0 } else { i - 1 };
                let mut path = paths[parent].clone();
                path.push((prefix + i) as u32);
                paths.push(path);
            }
            let places = Places::new(heads, prefix + n);
            let qkv = noise(n * heads.qkv_width(), 1);
            let (keys, values) = (noise(places.floats(), 2), noise(places.floats(), 3));
            let mut fused: Option<Vec<f32>> = None;
            for isa in Isa::available() {
                let cpu = Cpu::new(2).unwrap().with_isa(isa);
                let tree = op(places, prefix, &paths, &cpu);
                let out = tree.run(&qkv, &keys, &values);
                let (width, d) = (heads.heads * heads.head_dim, heads.head_dim);
                for row in 0..n {
                    for head in 0..heads.heads {
                        let want = reference(&tree, (&qkv, &keys, &values), row, head);
                        let got = &out[row * width + head * d..][..d];
                        let close = |(g, w): (&f32, &f64)| (f64::from(*g) - w).abs() < 1e-5;
                        assert!(got.iter().zip(&want).all(close), "row {row} head {head}");
                    }
                    let alone = op(places, prefix, &paths[row..=row], &cpu);
                    let q = &qkv[row * heads.qkv_width()..][..heads.qkv_width()];
                    // the slots of the other rows still lie in the cache
                    let single = alone.run(q, &keys, &values);
                    assert_eq!(single, out[row * width..][..width], "row {row} alone");
                }
                if isa != Isa::Portable {
                    let first = fused.get_or_insert_with(|| out.clone());
                    assert_eq!(*first, out, "{isa:?} has other bits");
                }
            }
        }
    }

    #[test]
    fn a_position_counts_the_same_in_the_prefix_and_in_the_tree() {
        let places = Places::new(HEADS, 130);
        let qkv = noise(HEADS.qkv_width(), 3);
        let (keys, values) = (noise(places.floats(), 4), noise(places.floats(), 5));
        let cpu = Cpu::new(2).unwrap();
        let run = |prefix: usize| {
            let path: Vec<u32> = (prefix as u32..130).collect();
            op(places, prefix, &[path], &cpu).run(&qkv, &keys, &values)
        };
        let whole = run(0);
        (1..=129).for_each(|prefix| assert_eq!(run(prefix), whole, "prefix {prefix}"));
    }
}
