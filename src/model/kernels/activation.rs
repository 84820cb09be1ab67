//! Activations as signed bytes: per row and block of 32 a scale, as in ggml's Q8 types,
//! and the sums needed by weights with a minimum. Rows are prepared one by one, normed
//! first if the product includes the norm.

use super::blocks::BLOCK;
use super::thread_pool::DisjointSlices;
#[cfg(target_arch = "x86_64")]
use super::x86_activation;
use super::{Cpu, Isa};

/// Input rows of a product, each of `in_dim` values.
#[derive(Clone, Copy)]
pub enum Input<'a> {
    /// As they are, (rows, in_dim).
    Plain(&'a [f32]),
    /// Each row divided by its root mean square, times `scale` (RMSNorm, Zhang
    /// and Sennrich 2019).
    Normed {
        /// (rows, in_dim).
        rows: &'a [f32],
        /// The norm's weights, (in_dim).
        scale: &'a [f32],
        /// Added to the mean square.
        eps: f32,
    },
}

impl<'a> Input<'a> {
    fn rows(self) -> &'a [f32] {
        match self {
            Input::Plain(rows) | Input::Normed { rows, .. } => rows,
        }
    }
}

/// Rows whose blocks are interleaved, so that a kernel finds them at fixed distances.
pub(crate) const GROUP: usize = 8;

/// Rows of activations, prepared for a product. Block b of row r has index
/// `(r / GROUP * blocks + b) * GROUP + r % GROUP`.
pub(crate) struct Activations {
    pub(crate) rows: usize,
    pub(crate) in_dim: usize,
    pub(crate) blocks: usize,
    /// (rows, in_dim), the product's input; empty unless requested.
    pub(crate) plain: Vec<f32>,
    /// Per block 32 steps.
    pub(crate) q: Vec<i8>,
    /// Per block: the size of a step.
    pub(crate) scale: Vec<f32>,
    /// Per block: scale times the sum of its steps.
    pub(crate) sum: Vec<f32>,
    /// Per block: minus 128 times the sum of its steps, and of those of its two
    /// halves, for kernels that shift signed weights to unsigned ones.
    pub(crate) shift: Vec<[i32; 3]>,
}

/// Which forms of the activations a product uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Forms {
    pub(crate) plain: bool,
    pub(crate) quantized: bool,
}

/// Fewer rows than this are prepared by the caller alone, which is faster than
/// distributing them.
const ALONE: usize = 32;

impl Activations {
    /// Prepares the rows; the last block of each is padded with zeros.
    pub(crate) fn prepare(input: Input<'_>, in_dim: usize, forms: Forms, cpu: &Cpu) -> Self {
        let (rows, blocks) = (input.rows().len() / in_dim, in_dim.div_ceil(BLOCK));
        let sized = |wanted: bool, len: usize| if wanted { len } else { 0 };
        let n = sized(forms.quantized, rows.next_multiple_of(GROUP) * blocks);
        let mut acts = Activations {
            rows,
            in_dim,
            blocks,
            plain: vec![0.0; sized(forms.plain, rows * in_dim)],
            q: vec![0; n * BLOCK],
            scale: vec![0.0; n],
            sum: vec![0.0; n],
            shift: vec![[0; 3]; n],
        };
        acts.fill(input, forms, cpu);
        acts
    }

    fn fill(&mut self, input: Input<'_>, forms: Forms, cpu: &Cpu) {
        let (rows, in_dim, blocks) = (self.rows, self.in_dim, self.blocks);
        let out = Out {
            plain: DisjointSlices::new(&mut self.plain),
            q: DisjointSlices::new(&mut self.q),
            scale: DisjointSlices::new(&mut self.scale),
            sum: DisjointSlices::new(&mut self.sum),
            shift: DisjointSlices::new(&mut self.shift),
        };
        let one = |r: usize| {
            let mut normed = Vec::new();
            let x = normalise(cpu.isa, input, r, in_dim, &mut normed);
            if forms.plain {
                // SAFETY: row r's part, and each row is prepared by one task.
                let plain = unsafe { out.plain.slice(r * in_dim, in_dim) };
                plain.copy_from_slice(x);
            }
            if forms.quantized {
                let at = index(r, 0, blocks);
                quantize(cpu.isa, x, RowBlocks { at, out: &out });
            }
        };
        if rows < ALONE {
            (0..rows).for_each(one);
        } else {
            let share = rows.div_ceil(2 * cpu.pool.threads());
            cpu.pool.run(rows.div_ceil(share), |task| {
                (task * share..rows.min((task + 1) * share)).for_each(&one);
            });
        }
    }
}

/// Destination of prepared rows.
struct Out {
    plain: DisjointSlices<f32>,
    q: DisjointSlices<i8>,
    scale: DisjointSlices<f32>,
    sum: DisjointSlices<f32>,
    shift: DisjointSlices<[i32; 3]>,
}

/// RowBlocks `r` as input of the product.
fn normalise<'a>(
    isa: Isa,
    input: Input<'a>,
    r: usize,
    in_dim: usize,
    buffer: &'a mut Vec<f32>,
) -> &'a [f32] {
    match input {
        Input::Plain(rows) => &rows[r * in_dim..][..in_dim],
        Input::Normed { rows, scale, eps } => {
            buffer.resize(in_dim, 0.0);
            rms_norm(isa, &rows[r * in_dim..][..in_dim], scale, eps, buffer);
            buffer
        }
    }
}

/// x / sqrt(mean(x^2) + eps) * scale. Shape: (dim) each.
pub(crate) fn rms_norm(isa: Isa, x: &[f32], scale: &[f32], eps: f32, out: &mut [f32]) {
    match isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the processor has AVX2 and FMA (`Isa::detect`).
        isa if isa.has_avx2() => unsafe { rms_norm_avx2(x, scale, eps, out) },
        _ => rms_norm_plain(x, scale, eps, out),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn rms_norm_avx2(x: &[f32], scale: &[f32], eps: f32, out: &mut [f32]) {
    rms_norm_plain(x, scale, eps, out);
}

const LANES: usize = 32;

#[inline(always)]
fn rms_norm_plain(x: &[f32], scale: &[f32], eps: f32, out: &mut [f32]) {
    let mut lanes = [0f32; LANES];
    let chunks = x.chunks_exact(LANES);
    for (lane, v) in chunks.remainder().iter().enumerate() {
        lanes[lane] = v * v;
    }
    for chunk in chunks {
        for lane in 0..LANES {
            lanes[lane] += chunk[lane] * chunk[lane];
        }
    }
    let mean = lanes.iter().sum::<f32>() / x.len() as f32;
    let inverse = 1.0 / (mean + eps).sqrt();
    for ((out, x), scale) in out.iter_mut().zip(x).zip(scale) {
        *out = x * inverse * scale;
    }
}

/// Index of block `b` of row `r`.
pub(crate) fn index(r: usize, b: usize, blocks: usize) -> usize {
    (r / GROUP * blocks + b) * GROUP + r % GROUP
}

/// Destination of a row's blocks.
struct RowBlocks<'a> {
    /// Index of the first; the next are [`GROUP`] apart.
    at: usize,
    out: &'a Out,
}

impl RowBlocks<'_> {
    /// # Safety
    /// No other thread reads or writes the row.
    #[inline(always)]
    unsafe fn put(&self, b: usize, steps: &[i8; BLOCK], scale: f32, halves: [i32; 2]) {
        let at = self.at + b * GROUP;
        // Sums of inputs that are not finite are arbitrary; their logits are refused.
        let total = halves[0].wrapping_add(halves[1]);
        // SAFETY: the slices are in this row, to which the caller has exclusive access;
        // `slice` checks their bounds.
        unsafe {
            self.out.q.slice(at * BLOCK, BLOCK).copy_from_slice(steps);
            self.out.scale.slice(at, 1)[0] = scale;
            self.out.sum.slice(at, 1)[0] = scale * total as f32;
            let shifts = [total, halves[0], halves[1]].map(|sum| sum.wrapping_mul(-128));
            self.out.shift.slice(at, 1)[0] = shifts;
        }
    }
}

fn quantize(isa: Isa, x: &[f32], row: RowBlocks<'_>) {
    match isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the processor has AVX2 and FMA (`Isa::detect`).
        isa if isa.has_avx2() => unsafe { quantize_avx2(x, row) },
        _ => quantize_plain(x, row),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn quantize_avx2(x: &[f32], row: RowBlocks<'_>) {
    quantize_blocks(x, row, |values, steps| {
        x86_activation::quantize_block(values, steps)
    });
}

fn quantize_plain(x: &[f32], row: RowBlocks<'_>) {
    quantize_blocks(x, row, quantize_block);
}

/// Calls `one` for every block of a row: it writes the steps, and returns the
/// scale and the sums of the steps of the two halves.
#[inline(always)]
fn quantize_blocks(
    x: &[f32],
    row: RowBlocks<'_>,
    one: impl Fn(&[f32; BLOCK], &mut [i8; BLOCK]) -> (f32, [i32; 2]),
) {
    for (b, values) in x.chunks(BLOCK).enumerate() {
        let block = match <&[f32; BLOCK]>::try_from(values) {
            Ok(values) => *values,
            Err(_) => {
                let mut padded = [0f32; BLOCK];
                padded[..values.len()].copy_from_slice(values);
                padded
            }
        };
        let mut steps = [0i8; BLOCK];
        let (scale, halves) = one(&block, &mut steps);
        // SAFETY: `RowBlocks` is moved in, and each row is prepared by one task.
        unsafe { row.put(b, &steps, scale, halves) };
    }
}

/// Steps of 1/127 of the block's largest; ties go to the even one.
fn quantize_block(values: &[f32; BLOCK], q: &mut [i8; BLOCK]) -> (f32, [i32; 2]) {
    let mut lanes = [0f32; 8];
    for chunk in values.chunks_exact(8) {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            let magnitude = value.abs();
            *lane = if magnitude > *lane { magnitude } else { *lane };
        }
    }
    let largest = lanes.iter().fold(0f32, |m, &v| if v > m { v } else { m });
    let scale = largest / 127.0;
    let inverse = if largest > 0.0 { 127.0 / largest } else { 0.0 };
    const ROUND: f32 = 12_582_912.0; // 1.5 * 2^23: adding it rounds to even
    let mut steps = [0i32; BLOCK];
    for (step, value) in steps.iter_mut().zip(values) {
        *step = (value * inverse + ROUND).to_bits() as i32 - ROUND.to_bits() as i32;
    }
    for (q, step) in q.iter_mut().zip(&steps) {
        *q = *step as i8;
    }
    let (low, high) = steps.split_at(BLOCK / 2);
    (scale, [low.iter().sum(), high.iter().sum()])
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: Forms = Forms {
        plain: true,
        quantized: true,
    };

    #[test]
    fn every_value_is_within_half_a_step() {
        let x: Vec<f32> = (0..80)
            .map(|i| ((i * 37 % 101) as f32 - 50.0) / 7.0)
            .collect();
        for isa in Isa::available() {
            let cpu = Cpu::new(1).unwrap().with_isa(isa);
            let acts = Activations::prepare(Input::Plain(&x), 40, BOTH, &cpu);
            assert_eq!((acts.rows, acts.blocks), (2, 2));
            assert_eq!(acts.plain, x);
            for (i, &value) in x.iter().enumerate() {
                let (row, k) = (i / 40, i % 40);
                let block = index(row, k / BLOCK, 2);
                let back = acts.scale[block] * f32::from(acts.q[block * BLOCK + k % BLOCK]);
                assert!(
                    (back - value).abs() <= acts.scale[block] * 0.5001,
                    "{back} {value}"
                );
            }
            let padding = &acts.q[index(0, 1, 2) * BLOCK..][8..BLOCK];
            assert!(padding.iter().all(|&q| q == 0));
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_steps() {
        let x: Vec<f32> = (0..3 * 100)
            .map(|i| ((i * 7919 % 1009) as f32 - 500.0) / 37.0)
            .chain(std::iter::repeat_n(0.0, 100))
            .collect();
        let prepare = |isa: Isa| {
            let cpu = Cpu::new(1).unwrap().with_isa(isa);
            Activations::prepare(Input::Plain(&x), 100, BOTH, &cpu)
        };
        let plain = prepare(Isa::Portable);
        for isa in Isa::available() {
            let acts = prepare(isa);
            assert_eq!(acts.q, plain.q, "{isa:?}");
            assert_eq!(acts.scale, plain.scale, "{isa:?}");
            assert_eq!(acts.sum, plain.sum, "{isa:?}");
            assert_eq!(acts.shift, plain.shift, "{isa:?}");
        }
    }

    #[test]
    fn a_row_is_normed_alone_as_among_others() {
        let x: Vec<f32> = (0..7 * 70).map(|i| (i % 23) as f32 - 11.5).collect();
        let scale: Vec<f32> = (0..70).map(|i| 1.0 + i as f32 / 70.0).collect();
        let cpu = Cpu::new(3).unwrap();
        let prepare = |rows: &[f32]| {
            let input = Input::Normed {
                rows,
                scale: &scale,
                eps: 1e-5,
            };
            Activations::prepare(input, 70, BOTH, &cpu)
        };
        let all = prepare(&x);
        for r in 0..7 {
            let row = &x[r * 70..][..70];
            let alone = prepare(row);
            assert_eq!(alone.plain, all.plain[r * 70..][..70]);
            let mean = row.iter().map(|v| f64::from(v * v)).sum::<f64>() / 70.0;
            for (i, got) in alone.plain.iter().enumerate() {
                let want = f64::from(row[i]) / (mean + 1e-5).sqrt() * f64::from(scale[i]);
                assert!((f64::from(*got) - want).abs() < 1e-5, "{got} {want}");
            }
        }
    }
}
