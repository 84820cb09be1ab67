//! Logistic functions of weighted inputs.

/// The logistic function.
#[inline]
pub fn sigmoid(z: f32) -> f32 {
    1.0 / (1.0 + (-z).exp())
}

/// The inverse of [`sigmoid`], within bounds.
#[inline]
pub(crate) fn logit(p: f32) -> f32 {
    let p = p.clamp(1e-4, 0.999);
    (p / (1.0 - p)).ln()
}

/// The weighted sum of the inputs.
pub fn dot<const N: usize>(weights: &[f32; N], inputs: &[f32; N]) -> f32 {
    weights.iter().zip(inputs).map(|(w, x)| w * x).sum()
}
