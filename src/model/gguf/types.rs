//! The types a tensor of a GGUF file may have (`enum ggml_type` of ggml.h): their
//! names, their blocks, and alternatives to unsupported ones.

use candle_core::quantized::GgmlDType;

/// The encoding of a tensor's weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TensorType {
    /// As candle knows it.
    Plain(GgmlDType),
    /// Blocks of 32: an f16 scale and 32 indices into a table of 16 signed bytes. Each
    /// block is equivalent to a Q8_0 block and is read as one.
    Iq4Nl,
}

/// Bytes of an IQ4_NL block.
pub(crate) const IQ4_NL_BYTES: usize = 18;
/// ggml's `kvalues_iq4nl`.
const IQ4_NL_VALUES: [i8; 16] = [
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
];
/// Weights of an IQ4_NL block, and of a Q8_0 block.
const BLOCK: usize = 32;

impl TensorType {
    /// # Errors
    /// An unsupported type: its name and an alternative.
    pub(crate) fn from_code(code: u32) -> Result<Self, String> {
        Ok(Self::Plain(match code {
            0 => GgmlDType::F32,
            1 => GgmlDType::F16,
            2 => GgmlDType::Q4_0,
            3 => GgmlDType::Q4_1,
            6 => GgmlDType::Q5_0,
            7 => GgmlDType::Q5_1,
            8 => GgmlDType::Q8_0,
            9 => GgmlDType::Q8_1,
            10 => GgmlDType::Q2K,
            11 => GgmlDType::Q3K,
            12 => GgmlDType::Q4K,
            13 => GgmlDType::Q5K,
            14 => GgmlDType::Q6K,
            15 => GgmlDType::Q8K,
            20 => return Ok(Self::Iq4Nl),
            30 => GgmlDType::BF16,
            other => return Err(instead_of(other)),
        }))
    }

    /// `Q4_1`, `Q4_K`.
    pub(crate) fn name(self) -> String {
        let Self::Plain(dtype) = self else {
            return "IQ4_NL".into();
        };
        let name = format!("{dtype:?}");
        match name.strip_suffix('K') {
            Some(head) if head.starts_with('Q') => format!("{head}_K"),
            _ => name,
        }
    }

    /// The type of the weights in memory.
    pub(crate) fn read_as(self) -> GgmlDType {
        match self {
            Self::Plain(dtype) => dtype,
            Self::Iq4Nl => GgmlDType::Q8_0,
        }
    }

    /// Weights and bytes of a block.
    fn block(self) -> (usize, usize) {
        match self {
            Self::Plain(dtype) => (dtype.block_size(), dtype.type_size()),
            Self::Iq4Nl => (BLOCK, IQ4_NL_BYTES),
        }
    }

    /// Bytes of a tensor whose rows have `cols` weights; `None` if rows are not whole
    /// blocks, or the number overflows.
    pub(crate) fn bytes(self, dims: &[usize]) -> Option<usize> {
        let (weights, bytes) = self.block();
        let elems = dims.iter().try_fold(1usize, |n, &d| n.checked_mul(d))?;
        let whole = dims.last().is_some_and(|cols| cols % weights == 0);
        (elems / weights).checked_mul(bytes).filter(|_| whole)
    }
}

/// The blocks of an IQ4_NL tensor as those of Q8_0, which hold the same numbers.
pub(crate) fn iq4_nl_as_q8_0(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() / IQ4_NL_BYTES * GgmlDType::Q8_0.type_size());
    for block in bytes.chunks_exact(IQ4_NL_BYTES) {
        let (scale, indices) = block.split_at(2);
        out.extend_from_slice(scale);
        let value = |index: u8| IQ4_NL_VALUES[usize::from(index & 15)] as u8;
        out.extend(indices.iter().map(|&byte| value(byte)));
        out.extend(indices.iter().map(|&byte| value(byte >> 4)));
    }
    out
}

/// The name of an unsupported type, and an alternative.
fn instead_of(code: u32) -> String {
    let (name, take) = match code {
        4 | 5 => ("Q4_2 or Q4_3, which ggml dropped", "Q4_K_M"),
        16 => ("IQ2_XXS", "Q2_K"),
        17 => ("IQ2_XS", "Q2_K"),
        18 => ("IQ3_XXS", "Q3_K_M"),
        19 => ("IQ1_S", "Q2_K"),
        21 => ("IQ3_S", "Q3_K_M"),
        22 => ("IQ2_S", "Q2_K"),
        23 => ("IQ4_XS", "IQ4_NL or Q4_K_M"),
        24..=27 => ("an integer type", "Q8_0 or F16"),
        28 => ("F64", "F32"),
        29 => ("IQ1_M", "Q2_K"),
        31..=33 | 36..=38 => ("a type repacked for one processor", "Q4_0"),
        34 => ("TQ1_0", "Q2_K"),
        35 => ("TQ2_0", "Q2_K"),
        39 => ("MXFP4", "Q4_K_M"),
        40 => ("NVFP4", "Q4_K_M"),
        41 => ("Q1_0", "Q2_K"),
        42 => ("Q2_0", "Q2_K"),
        _ => return format!("of type {code}, which is unknown: use a Q4_K_M or Q8_0 file"),
    };
    format!("{name}, which is not supported: use a {take} file of the model")
}

#[cfg(test)]
mod tests {
    use super::*;
    use half::f16;

    #[test]
    fn iq4_nl_blocks_become_q8_0_blocks_of_the_same_numbers() {
        let mut block = f16::from_f32(0.5).to_le_bytes().to_vec();
        block.extend((0..16).map(|i| i as u8 | (15 - i as u8) << 4));
        let out = iq4_nl_as_q8_0(&block);
        assert_eq!(out.len(), GgmlDType::Q8_0.type_size());
        assert_eq!(out[..2], block[..2]);
        let values: Vec<i8> = out[2..].iter().map(|&b| b as i8).collect();
        assert_eq!(values[..16], IQ4_NL_VALUES);
        let reversed: Vec<i8> = IQ4_NL_VALUES.into_iter().rev().collect();
        assert_eq!(values[16..], reversed);
        // The kernels multiply magnitudes: -128 would have none.
        assert!(!IQ4_NL_VALUES.contains(&-128));
    }

    #[test]
    fn names_and_sizes() {
        let of = |code| TensorType::from_code(code).unwrap();
        assert_eq!(of(3).name(), "Q4_1");
        assert_eq!(of(12).name(), "Q4_K");
        assert_eq!(of(20).name(), "IQ4_NL");
        assert_eq!(of(20).bytes(&[2, 64]), Some(4 * IQ4_NL_BYTES));
        assert_eq!(of(20).bytes(&[2, 63]), None);
        assert_eq!(of(0).bytes(&[usize::MAX, 2]), None);
        for code in [5, 16, 23, 27, 33, 39, 99] {
            let said = TensorType::from_code(code).unwrap_err();
            assert!(said.contains("use a"), "{said}");
        }
    }
}
