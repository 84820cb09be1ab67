//! Tree attention on the CPU: each row attends to the committed prefix and then
//! to its own ancestors in path order, itself last. No mask, no repeated keys
//! and values; the cost is linear in what a row attends to. A score is one sum
//! along the head's dimensions, and every sum over positions runs in the order
//! of the path, so a row's result does not depend on the rows beside it.
//!
//! Keys lie in tiles of 16 cache rows, dimension by dimension, so that 16
//! scores are computed at a time; values lie row by row.

use candle_core::{CpuStorage, CustomOp3, InplaceOp2, Layout, Result, Shape, bail};

use super::linear::slice;
use super::team::Parts;
#[cfg(target_arch = "x86_64")]
use super::x86_attention;
use super::{Cpu, Isa};
use crate::speculate::row::exp;

const LANES: usize = 8;
/// Cache rows of a tile of keys.
pub const TILE: usize = 16;
/// Queries that go over a tile of keys together.
const QUERIES: usize = 6;

/// The heads of an attention, and where they lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heads {
    pub heads: usize,
    pub kv_heads: usize,
    pub head_dim: usize,
}

impl Heads {
    /// Of a row of queries, keys and values side by side.
    pub fn qkv_width(&self) -> usize {
        (self.heads + 2 * self.kv_heads) * self.head_dim
    }

    pub fn kv_width(&self) -> usize {
        self.kv_heads * self.head_dim
    }

    /// Floats of the keys of `capacity` cache rows.
    pub fn key_floats(&self, capacity: usize) -> usize {
        capacity.div_ceil(TILE) * TILE * self.kv_width()
    }

    /// Where a cache row's key of a head begins; its next dimension is
    /// [`TILE`] floats on.
    #[inline(always)]
    pub fn key_at(&self, slot: usize, kv_head: usize) -> usize {
        (slot / TILE * self.kv_heads + kv_head) * self.head_dim * TILE + slot % TILE
    }
}

/// Writes the keys of a pass, out of qkv of shape (n, qkv_width), into the
/// tiles of the cache from cache row `at` on.
pub struct AppendKeys {
    pub heads: Heads,
    pub at: usize,
}

impl InplaceOp2 for AppendKeys {
    fn name(&self) -> &'static str {
        "append-keys"
    }

    fn cpu_fwd(
        &self,
        keys: &mut CpuStorage,
        _: &Layout,
        qkv: &CpuStorage,
        layout: &Layout,
    ) -> Result<()> {
        let Heads {
            heads, head_dim, ..
        } = self.heads;
        let rows = slice(qkv, layout)?.chunks_exact(self.heads.qkv_width());
        let keys = floats(keys)?;
        for (i, row) in rows.enumerate() {
            for h in 0..self.heads.kv_heads {
                let key = &row[(heads + h) * head_dim..][..head_dim];
                let to = &mut keys[self.heads.key_at(self.at + i, h)..];
                for (d, value) in key.iter().enumerate() {
                    to[d * TILE] = *value;
                }
            }
        }
        Ok(())
    }
}

/// Writes the values of a pass, out of qkv, into cache rows of kv_width floats
/// from cache row `at` on.
pub struct AppendValues {
    pub heads: Heads,
    pub at: usize,
}

impl InplaceOp2 for AppendValues {
    fn name(&self) -> &'static str {
        "append-values"
    }

    fn cpu_fwd(
        &self,
        values: &mut CpuStorage,
        _: &Layout,
        qkv: &CpuStorage,
        layout: &Layout,
    ) -> Result<()> {
        let width = self.heads.kv_width();
        let from = self.heads.qkv_width() - width;
        let rows = slice(qkv, layout)?.chunks_exact(self.heads.qkv_width());
        let values = floats(values)?.chunks_exact_mut(width).skip(self.at);
        for (row, to) in rows.zip(values) {
            to.copy_from_slice(&row[from..]);
        }
        Ok(())
    }
}

/// The floats of a tensor that an op changes in place.
pub fn floats(storage: &mut CpuStorage) -> Result<&mut [f32]> {
    match storage {
        CpuStorage::F32(values) => Ok(values),
        _ => bail!("this op takes f32 tensors"),
    }
}

/// Attention of the rows of one forward pass.
///
/// Arguments: qkv of shape (n, qkv_width), of which the queries are read; the
/// keys, in tiles; the values, (capacity, kv_width). Result: (n, heads *
/// head_dim).
pub struct TreeAttention<'a> {
    pub heads: Heads,
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
        let width = self.heads.heads * self.heads.head_dim;
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
        } = self.heads;
        let group = heads / kv_heads;
        let mut out = vec![0f32; self.paths.len() * heads * head_dim];
        let parts = Parts::new(&mut out);
        let queries = self.paths.len() * group;
        let least = group.clamp(1, QUERIES / 2);
        let share = (queries * kv_heads / (3 * self.cpu.team.threads())).clamp(least, QUERIES);
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
                let q = &qkv[row * self.heads.qkv_width() + head * head_dim..][..head_dim];
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
    #[inline(always)]
    fn key_tile(&self, tile: usize) -> &[f32] {
        let from = self.op.heads.key_at(tile * TILE, self.kv_head);
        &self.keys[from..][..self.op.heads.head_dim * TILE]
    }

    /// A cache row's value, from a dimension on.
    #[inline(always)]
    fn value(&self, slot: usize, from: usize) -> &[f32] {
        let heads = &self.op.heads;
        let start = slot * heads.kv_width() + self.kv_head * heads.head_dim;
        &self.values[start + from..start + heads.head_dim]
    }
}

struct Query<'a> {
    path: &'a [u32],
    q: &'a [f32],
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
    // the committed tiles, some at a time, then those that hold a path
    let at_once = tiles_at_once(queries.len());
    let mut tile = 0;
    while tile < slots / TILE {
        let inside = |&slot: &u32| slot as usize / TILE == tile;
        let scores = &mut scores[tile * TILE..];
        if (tile + at_once) * TILE <= prefix {
            score_tiles::<BITS>(view, (tile, at_once), queries, scores, slots);
            tile += at_once;
            continue;
        }
        if tile * TILE < prefix || queries.iter().any(|q| q.path.iter().any(inside)) {
            score_tiles::<BITS>(view, (tile, 1), queries, scores, slots);
        }
        tile += 1;
    }
    for (query, scores) in queries.iter().zip(scores.chunks_exact_mut(slots)) {
        softmax(along_the_path(scores, prefix, query.path));
    }
    let done = weigh_prefix::<BITS>(view, queries, &scores, slots);
    for (query, weights) in queries.iter_mut().zip(scores.chunks_exact(slots)) {
        let (committed, own) = weights[..prefix + query.path.len()].split_at(prefix);
        for (slot, weight) in committed.iter().enumerate() {
            add::<BITS>(view.value(slot, done), *weight, &mut query.out[done..]);
        }
        for (&slot, weight) in query.path.iter().zip(own) {
            add::<BITS>(view.value(slot as usize, 0), *weight, query.out);
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
    let scale = 1.0 / (view.op.heads.head_dim as f32).sqrt();
    for t in 0..tiles.1 {
        let keys = view.key_tile(tiles.0 + t);
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
    let dims = view.op.heads.head_dim;
    let scale = 1.0 / (dims as f32).sqrt();
    view.key_tile(tile + T - 1);
    let keys = (
        view.key_tile(tile).as_ptr(),
        view.op.heads.kv_width() * TILE,
    );
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

/// Sums the committed values' first dimensions, as many as the vectors of
/// `BITS` divide, for all queries together; returns how many.
#[inline(always)]
fn weigh_prefix<const BITS: usize>(
    view: &View<'_>,
    queries: &mut [Query<'_>],
    weights: &[f32],
    stride: usize,
) -> usize {
    #[cfg(target_arch = "x86_64")]
    if BITS != PLAIN {
        let (wide, at_once) = match BITS {
            BITS_512 => (x86_attention::WIDE_512, QUERIES),
            _ => (x86_attention::WIDE_256, 3),
        };
        let done = view.op.heads.head_dim / wide * wide;
        for from in (0..done).step_by(wide) {
            let queries = queries.chunks_mut(at_once);
            for (queries, weights) in queries.zip(weights.chunks(at_once * stride)) {
                let n = queries.len();
                for_queries!(n, weigh, BITS, (view, queries, weights, stride, from));
            }
        }
        return done;
    }
    queries.iter_mut().for_each(|query| query.out.fill(0.0));
    0
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn weigh<const BITS: usize, const N: usize>(
    view: &View<'_>,
    queries: &mut [Query<'_>],
    weights: &[f32],
    stride: usize,
    from: usize,
) {
    let (rows, row) = (view.op.prefix, view.op.heads.kv_width());
    let values = match rows {
        0 => view.values.as_ptr(),
        _ => {
            view.value(rows - 1, from);
            view.value(0, from).as_ptr()
        }
    };
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
        heads: Heads,
        prefix: usize,
        paths: &'a [Vec<u32>],
        cpu: &'a Cpu,
    ) -> TreeAttention<'a> {
        TreeAttention {
            heads,
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
        let d = op.heads.head_dim;
        let kv = head / (op.heads.heads / op.heads.kv_heads);
        let q = &qkv[row * op.heads.qkv_width() + head * d..][..d];
        let slots: Vec<usize> = (0..op.prefix)
            .chain(op.paths[row].iter().map(|&s| s as usize))
            .collect();
        let key = |slot: usize, i: usize| f64::from(keys[op.heads.key_at(slot, kv) + i * TILE]);
        let value =
            |slot: usize, i: usize| f64::from(values[slot * op.heads.kv_width() + kv * d + i]);
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
        for (heads, prefix) in [(HEADS, 5), (large, 37)] {
            let p = prefix as u32;
            let paths = vec![
                vec![p],
                vec![p, p + 1],
                vec![p, p + 2],
                vec![p, p + 1, p + 3],
            ];
            let qkv = noise(4 * heads.qkv_width(), 1);
            let keys = noise(heads.key_floats(prefix + 4), 2);
            let values = noise((prefix + 4) * heads.kv_width(), 3);
            for isa in Isa::available() {
                let cpu = Cpu::new(2).unwrap().with_isa(isa);
                let tree = op(heads, prefix, &paths, &cpu);
                let out = tree.run(&qkv, &keys, &values);
                let (width, d) = (heads.heads * heads.head_dim, heads.head_dim);
                for row in 0..4 {
                    for head in 0..heads.heads {
                        let want = reference(&tree, (&qkv, &keys, &values), row, head);
                        let got = &out[row * width + head * d..][..d];
                        let close = |(g, w): (&f32, &f64)| (f64::from(*g) - w).abs() < 1e-5;
                        assert!(got.iter().zip(&want).all(close), "row {row} head {head}");
                    }
                    let alone = op(heads, prefix, &paths[row..=row], &cpu);
                    let q = &qkv[row * heads.qkv_width()..][..heads.qkv_width()];
                    // the slots of the other rows still lie in the cache
                    let single = alone.run(q, &keys, &values);
                    assert_eq!(single, out[row * width..][..width], "row {row} alone");
                }
            }
        }
    }

    #[test]
    fn a_position_counts_the_same_in_the_prefix_and_in_the_tree() {
        let qkv = noise(HEADS.qkv_width(), 3);
        let (keys, values) = (
            noise(HEADS.key_floats(12), 4),
            noise(12 * HEADS.kv_width(), 5),
        );
        let cpu = Cpu::new(2).unwrap();
        let run = |prefix: usize| {
            let path: Vec<u32> = (prefix as u32..11).collect();
            op(HEADS, prefix, &[path], &cpu).run(&qkv, &keys, &values)
        };
        let whole = run(0);
        (1..=10).for_each(|prefix| assert_eq!(run(prefix), whole, "prefix {prefix}"));
    }
}
