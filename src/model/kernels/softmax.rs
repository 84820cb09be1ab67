//! The parts of a softmax: the largest score and e^x, without a branch per number, so
//! that plain code vectorises.

/// Number of maxima kept in parallel.
const LANES: usize = 16;

/// The largest number, in any order.
#[inline(always)]
pub(crate) fn largest(chunk: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let mut chunks = chunk.chunks_exact(LANES);
    for chunk in &mut chunks {
        for lane in 0..LANES {
            lanes[lane] = if chunk[lane] > lanes[lane] {
                chunk[lane]
            } else {
                lanes[lane]
            };
        }
    }
    let rest = chunks.remainder().iter();
    rest.chain(&lanes)
        .fold(f32::NEG_INFINITY, |m, &v| if v > m { v } else { m })
}

/// Adding it rounds a number below 2^22 to an integer: 1.5 * 2^23.
pub(crate) const ROUNDS: f32 = 12_582_912.0;
/// ln 2 in two parts, the first exact in few bits.
pub(crate) const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
/// e^r for |r| <= ln 2 / 2: coefficients of r^6, r^5, .., 1.
pub(crate) const EXP: [f32; 7] = [
    0.001_398_2,
    0.008_333_452,
    0.041_665_795,
    0.166_666_65,
    0.5,
    1.0,
    1.0,
];

/// e^x for -87 <= x <= 0, relative error below 1e-6; branch-free, so that the
/// compiler vectorises the sum over the vocabulary.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    let shifted = x * std::f32::consts::LOG2_E + ROUNDS;
    let n = shifted - ROUNDS;
    let r = (x - n * LN_2[0]) - n * LN_2[1];
    let poly = EXP[1..].iter().fold(EXP[0], |sum, &c| c + r * sum);
    times_power_of_two(poly, shifted)
}

/// `x` times two to the integer that [`ROUNDS`] was added to.
#[inline(always)]
pub(crate) fn times_power_of_two(x: f32, shifted: f32) -> f32 {
    let exponent = shifted.to_bits().wrapping_sub(ROUNDS.to_bits());
    x * f32::from_bits(exponent.wrapping_add(127) << 23)
}
