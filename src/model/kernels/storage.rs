//! The arguments of custom ops as slices.

use candle_core::{CpuStorage, Layout, Result, WithDType, bail};

/// A contiguous argument of a custom op.
pub(crate) fn slice<'a, T: WithDType>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [T]> {
    match layout.contiguous_offsets() {
        Some((from, to)) => Ok(&storage.as_slice::<T>()?[from..to]),
        None => bail!("this op takes contiguous tensors"),
    }
}

/// The floats of a tensor changed in place by an op.
pub(crate) fn floats<'a>(storage: &'a mut CpuStorage, layout: &Layout) -> Result<&'a mut [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(values), Some((from, to))) => Ok(&mut values[from..to]),
        _ => bail!("this op takes contiguous f32 tensors"),
    }
}
