//! A weight matrix in its file format, and its floats. Does not know files.

use std::borrow::Cow;

use candle_core::Device;
use candle_core::quantized::{GgmlDType, QStorage, QTensor};
use half::{bf16, f16};
use rayon::prelude::{IndexedParallelIterator, ParallelIterator, ParallelSlice, ParallelSliceMut};

/// A weight matrix in its file format; IQ4_NL as the equivalent Q8_0.
pub struct RawMatrix<'a> {
    /// The type of the bytes.
    pub dtype: GgmlDType,
    /// Output width.
    pub rows: usize,
    /// Input width.
    pub cols: usize,
    /// Row after row of blocks.
    pub bytes: Cow<'a, [u8]>,
}

/// Elements that one task widens.
const CHUNK: usize = 1 << 16;

impl RawMatrix<'_> {
    /// Matrices of one type and input width as one: rows after rows.
    pub(super) fn stacked<'a>(parts: &'a [RawMatrix<'_>]) -> RawMatrix<'a> {
        let bytes: Vec<&[u8]> = parts.iter().map(|part| &*part.bytes).collect();
        RawMatrix {
            dtype: parts[0].dtype,
            rows: parts.iter().map(|part| part.rows).sum(),
            cols: parts[0].cols,
            bytes: match bytes.as_slice() {
                [one] => Cow::Borrowed(one),
                more => more.concat().into(),
            },
        }
    }

    /// As a candle tensor on a device.
    pub(super) fn quantized(&self, device: &Device) -> candle_core::Result<QTensor> {
        let bytes = Cow::Borrowed(&*self.bytes);
        let storage = QStorage::from_data(bytes, device, self.dtype)?;
        QTensor::new(storage, (self.rows, self.cols))
    }

    /// Plain 16- or 32-bit floats.
    pub(crate) fn is_float(&self) -> bool {
        matches!(
            self.dtype,
            GgmlDType::F32 | GgmlDType::F16 | GgmlDType::BF16
        )
    }

    /// The weights of a float matrix, row after row. Shape: (rows * cols).
    pub(crate) fn floats(&self) -> Vec<f32> {
        widen(self.dtype, &self.bytes)
    }
}

/// Little-endian floats of any width as f32, in parallel; nothing for other types.
pub(crate) fn widen(dtype: GgmlDType, bytes: &[u8]) -> Vec<f32> {
    match dtype {
        GgmlDType::F32 => widen_by(bytes, f32::from_le_bytes),
        GgmlDType::F16 => widen_by(bytes, |b| f16::from_le_bytes(b).to_f32()),
        GgmlDType::BF16 => widen_by(bytes, |b| bf16::from_le_bytes(b).to_f32()),
        _ => Vec::new(),
    }
}

fn widen_by<const N: usize>(bytes: &[u8], read: impl Fn([u8; N]) -> f32 + Sync) -> Vec<f32> {
    let (values, _) = bytes.as_chunks::<N>();
    let mut out = vec![0f32; values.len()];
    let pieces = out.par_chunks_mut(CHUNK).zip(values.par_chunks(CHUNK));
    pieces.for_each(|(out, values)| {
        for (out, value) in out.iter_mut().zip(values) {
            *out = read(*value);
        }
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_float_type_is_read_exactly() {
        let values = [0.0f32, -1.5, 0.25, 96.0, 2.0f32.powi(-14)];
        let wide: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        assert_eq!(widen(GgmlDType::F32, &wide), values);
        let half = values
            .iter()
            .flat_map(|v| f16::from_f32(*v).to_le_bytes())
            .collect::<Vec<u8>>();
        assert_eq!(widen(GgmlDType::F16, &half), values);
        let brain = values
            .iter()
            .flat_map(|v| bf16::from_f32(*v).to_le_bytes())
            .collect::<Vec<u8>>();
        assert_eq!(widen(GgmlDType::BF16, &brain), values);
        assert!(widen(GgmlDType::Q4_0, &wide).is_empty());
    }
}
