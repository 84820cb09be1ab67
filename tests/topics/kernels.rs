//! The CPU kernels: every instruction set against a plain product, equal bits among
//! them, and a row is the same alone as among others.

use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};
use laserscope::model::kernels::activation::Input;
use laserscope::model::kernels::linear::{Finish, PackedLinear};
use laserscope::model::kernels::pack::{Format, Packed};
use laserscope::model::kernels::{Cpu, Isa};
use laserscope::model::raw_matrix::RawMatrix;

use super::tiny::noise;

/// Sizes that are not multiples of a tile's 16 columns or of 8 rows.
const SIZES: [(usize, usize); 5] = [(1, 32), (16, 32), (13, 64), (40, 96), (75, 160)];
const K_SIZES: [(usize, usize); 2] = [(5, 256), (33, 512)];
const ROWS: [usize; 8] = [1, 2, 3, 5, 7, 8, 9, 20];

/// Largest weight times largest activation step over the inputs: the error
/// that quantising activations to 1/127 of a block's largest can make.
fn bound(w: &[f32], x: &[f32]) -> f32 {
    let step = x.iter().fold(0f32, |m, v| m.max(v.abs())) / 127.0;
    w.iter().map(|v| v.abs()).sum::<f32>() * step * 0.51 + 1e-4
}

/// A matrix quantised by candle, packed, and the weights it stands for.
fn packed(dtype: GgmlDType, out_dim: usize, in_dim: usize) -> (Packed, Vec<f32>) {
    let weights = noise(out_dim * in_dim, 5);
    let tensor = Tensor::from_vec(weights, (out_dim, in_dim), &Device::Cpu).unwrap();
    let q = QTensor::quantize(&tensor, dtype).unwrap();
    let plain = q.dequantize(&Device::Cpu).unwrap();
    let data = q.data().unwrap();
    let raw = RawMatrix {
        dtype,
        rows: out_dim,
        cols: in_dim,
        bytes: data,
    };
    let plain = plain.flatten_all().unwrap().to_vec1().unwrap();
    (Packed::pack(&raw).unwrap(), plain)
}

fn unpacked(packed: &Packed) -> Vec<f32> {
    (0..packed.out_dim).flat_map(|o| packed.row(o)).collect()
}

#[test]
fn block_types_are_packed_exactly() {
    let of_32 = [
        GgmlDType::Q4_0,
        GgmlDType::Q4_1,
        GgmlDType::Q5_0,
        GgmlDType::Q5_1,
        GgmlDType::Q8_0,
    ];
    let of_256 = [
        GgmlDType::Q3K,
        GgmlDType::Q4K,
        GgmlDType::Q5K,
        GgmlDType::Q6K,
    ];
    let all = of_32.iter().flat_map(|&t| SIZES.map(|size| (t, size)));
    let all = all.chain(of_256.iter().flat_map(|&t| K_SIZES.map(|size| (t, size))));
    for (dtype, (out_dim, in_dim)) in all {
        let (packed, plain) = packed(dtype, out_dim, in_dim);
        let off = unpacked(&packed)
            .iter()
            .zip(&plain)
            .fold(0f32, |m, (a, b)| m.max((a - b).abs()));
        assert!(off <= 1e-6, "{dtype:?} {out_dim} x {in_dim}: off by {off}");
        check_paths(packed, &plain);
    }
}

#[test]
fn other_types_stay_within_half_a_step() {
    let (packed, plain) = packed(GgmlDType::Q2K, 20, 256);
    let largest = plain.iter().fold(0f32, |m, v| m.max(v.abs()));
    for (got, want) in unpacked(&packed).iter().zip(&plain) {
        assert!((got - want).abs() <= largest / 127.0 * 0.51, "{got} {want}");
    }
    for (out_dim, in_dim) in SIZES {
        let plain = noise(out_dim * in_dim, 6);
        for format in [Format::F32, Format::Q8F32] {
            let packed = Packed::from_floats(format, out_dim, in_dim, &plain).unwrap();
            let kept = unpacked(&packed);
            check_paths(packed, &kept);
        }
    }
}

/// Every instruction set on the weights `w`.
fn check_paths(packed: Packed, w: &[f32]) {
    let (out_dim, in_dim, format) = (packed.out_dim, packed.in_dim, packed.format);
    let linear = PackedLinear::new(vec![packed]).unwrap();
    for rows in ROWS {
        let x = noise(rows * in_dim, 7);
        let mut fused: Option<Vec<f32>> = None;
        for isa in Isa::available() {
            let cpu = Cpu::new(2).unwrap().with_isa(isa);
            let y = linear.product(Input::Plain(&x), Finish::Store, &cpu);
            for (r, x) in x.chunks_exact(in_dim).enumerate() {
                let y = &y[r * out_dim..][..out_dim];
                for (o, w) in w.chunks_exact(in_dim).enumerate() {
                    let want: f32 = w.iter().zip(x).map(|(a, b)| a * b).sum();
                    let off = (y[o] - want).abs();
                    assert!(off <= bound(w, x), "{format:?} {isa:?} {rows} rows: {off}");
                }
                let alone = linear.product(Input::Plain(x), Finish::Store, &cpu);
                assert_eq!(alone, y, "{format:?} {isa:?}: row {r} alone");
            }
            if isa != Isa::Portable {
                let first = fused.get_or_insert_with(|| y.clone());
                assert_eq!(*first, y, "{format:?}: {isa:?} has other bits");
            }
        }
    }
}

#[test]
fn norms_sums_and_gates_are_part_of_a_product() {
    let (n, in_dim, out_dim) = (9, 96, 40);
    let (gates, _) = packed(GgmlDType::Q4_1, out_dim, in_dim);
    let (ups, _) = packed(GgmlDType::Q8_0, out_dim, in_dim);
    let pair = PackedLinear::new(vec![gates, ups]).unwrap();
    let (x, to) = (noise(n * in_dim, 8), noise(n * 2 * out_dim, 9));
    let scale = noise(in_dim, 10);
    for isa in Isa::available() {
        let cpu = Cpu::new(2).unwrap().with_isa(isa);
        let input = Input::Normed {
            rows: &x,
            scale: &scale,
            eps: 1e-5,
        };
        let normed: Vec<f32> = x
            .chunks_exact(in_dim)
            .flat_map(|row| {
                let mean = row.iter().map(|v| v * v).sum::<f32>() / in_dim as f32;
                let inverse = 1.0 / (mean + 1e-5).sqrt();
                row.iter().zip(&scale).map(move |(v, s)| v * inverse * s)
            })
            .collect();
        let plain = pair.product(Input::Plain(&normed), Finish::Store, &cpu);
        let close = |a: f32, b: f32, what: &str| {
            assert!(
                (a - b).abs() < 0.02 + 0.02 * b.abs(),
                "{isa:?} {what}: {a} {b}"
            );
        };
        let stored = pair.product(input, Finish::Store, &cpu);
        let added = pair.product(input, Finish::Add(&to), &cpu);
        let gated = pair.product(input, Finish::Gate, &cpu);
        for r in 0..n {
            for o in 0..2 * out_dim {
                let at = r * 2 * out_dim + o;
                close(stored[at], plain[at], "norm");
                assert_eq!(added[at], to[at] + stored[at]);
            }
            for o in 0..out_dim {
                let (g, u) = (
                    stored[r * 2 * out_dim + o],
                    stored[(r * 2 + 1) * out_dim + o],
                );
                let want = g / (1.0 + (-g).exp()) * u;
                let got = gated[r * out_dim + o];
                assert!(
                    (got - want).abs() < 1e-5 + 1e-5 * want.abs(),
                    "{got} {want}"
                );
            }
        }
    }
}
