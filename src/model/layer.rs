//! Weights of one decoder block and how they are applied: packed matrices on
//! the CPU, candle's quantized ones elsewhere.

use candle_core::quantized::QMatMul;
use candle_core::{Device, Module, Result, Tensor, bail};
use color_eyre::eyre::Result as EyreResult;

use super::gguf::Gguf;
use super::kernels::linear::PackedLinear;
use super::kernels::pack::Packed;

/// Whose kernels a decoder runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernels {
    /// Our own, on the CPU.
    Own,
    /// candle's tensor operations, on any device.
    Candle,
}

impl Kernels {
    /// Ours where they can run.
    pub fn of(device: &Device) -> Self {
        if device.is_cpu() {
            Kernels::Own
        } else {
            Kernels::Candle
        }
    }
}

/// Where weights go, and for whose kernels.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    pub device: &'a Device,
    pub kernels: Kernels,
}

/// One or more matrices that share their input.
pub enum Linear {
    Packed(PackedLinear),
    Device(Vec<QMatMul>),
}

impl Linear {
    /// Loads the named weights side by side.
    pub fn load(gguf: &Gguf, names: &[String], target: Target<'_>) -> EyreResult<Self> {
        if target.kernels == Kernels::Own {
            let pack = |name: &String| Ok(Packed::pack(&gguf.matrix(name)?)?);
            let parts = names.iter().map(pack).collect::<EyreResult<_>>()?;
            return Ok(Linear::Packed(PackedLinear::new(parts)?));
        }
        let load = |name: &String| Ok(QMatMul::from_qtensor(gguf.qtensor(name, target.device)?)?);
        Ok(Linear::Device(
            names.iter().map(load).collect::<EyreResult<_>>()?,
        ))
    }

    /// Through candle's operations. Shapes: (n, in) -> (n, sum of outs).
    pub fn on_device(&self, x: &Tensor) -> Result<Tensor> {
        match self {
            Linear::Packed(_) => bail!("packed weights are for our own kernels"),
            Linear::Device(parts) => {
                let outs = parts
                    .iter()
                    .map(|p| p.forward(x))
                    .collect::<Result<Vec<_>>>()?;
                if outs.len() == 1 {
                    Ok(outs[0].clone())
                } else {
                    Tensor::cat(&outs, 1)
                }
            }
        }
    }

    /// For our own kernels.
    pub fn packed(&self) -> Result<&PackedLinear> {
        match self {
            Linear::Packed(packed) => Ok(packed),
            Linear::Device(_) => bail!("weights on a device are for candle's operations"),
        }
    }
}

/// A scale of an RMS norm.
pub struct Norm {
    /// The same on the device.
    scale: Tensor,
    pub values: Vec<f32>,
    pub eps: f32,
}

impl Norm {
    pub fn load(gguf: &Gguf, name: &str, eps: f32, device: &Device) -> EyreResult<Self> {
        let values = gguf.vector(name)?;
        Ok(Norm {
            scale: Tensor::new(values.as_slice(), device)?,
            values,
            eps,
        })
    }

    /// Through candle's operations. Shape: (n, width) -> the same.
    pub fn on_device(&self, x: &Tensor) -> Result<Tensor> {
        candle_nn::ops::rms_norm(x, &self.scale, self.eps)
    }
}

/// One block: attention and a gated feed-forward network, each behind a norm.
pub struct Layer {
    pub attn_norm: Norm,
    pub qkv: Linear,
    pub attn_out: Linear,
    pub ffn_norm: Norm,
    pub gate_up: Linear,
    pub down: Linear,
}

impl Layer {
    /// Its products' weights.
    pub fn linears(&self) -> [&Linear; 4] {
        [&self.qkv, &self.attn_out, &self.gate_up, &self.down]
    }

    pub fn load(gguf: &Gguf, index: usize, eps: f32, target: Target<'_>) -> EyreResult<Self> {
        let name = |part: &str| format!("blk.{index}.{part}.weight");
        let names = |parts: &[&str]| parts.iter().map(|p| name(p)).collect::<Vec<_>>();
        let linear = |parts: &[&str]| Linear::load(gguf, &names(parts), target);
        Ok(Layer {
            attn_norm: Norm::load(gguf, &name("attn_norm"), eps, target.device)?,
            qkv: linear(&["attn_q", "attn_k", "attn_v"])?,
            attn_out: linear(&["attn_output"])?,
            ffn_norm: Norm::load(gguf, &name("ffn_norm"), eps, target.device)?,
            gate_up: linear(&["ffn_gate", "ffn_up"])?,
            down: linear(&["ffn_down"])?,
        })
    }
}

/// Token embeddings.
pub enum Embedding {
    /// Unpacked row by row from a packed matrix (the head's, where tied).
    Packed(PackedLinear),
    /// (vocab, width)
    Table(Tensor),
}

impl Embedding {
    /// Shape: (ids) -> (ids, width).
    pub fn forward(&self, ids: &[u32], device: &Device) -> Result<Tensor> {
        match self {
            Embedding::Packed(packed) => {
                Tensor::from_vec(packed.rows(ids), (ids.len(), packed.in_dim()), device)
            }
            Embedding::Table(table) => table.index_select(&Tensor::new(ids, device)?, 0),
        }
    }
}
