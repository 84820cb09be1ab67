//! Weights of one decoder block and how they are applied: packed matrices on
//! the CPU, candle's quantized ones elsewhere.

use candle_core::quantized::QMatMul;
use candle_core::{Device, Module, Result, Tensor, bail};
use color_eyre::eyre::Result as EyreResult;

use super::config::Config;
use super::kernels::elementwise::HeadNorms;
use super::kernels::kv::KvType;
use super::kernels::linear::PackedLinear;
use super::weights::Weights;

/// The kernels of a decoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// LaserScope's own, on the CPU.
    Cpu,
    /// candle's tensor operations, on any device.
    Device,
}

impl Backend {
    /// The CPU kernels if they can run.
    pub(crate) fn of(device: &Device) -> Self {
        if device.is_cpu() {
            Backend::Cpu
        } else {
            Backend::Device
        }
    }
}

/// Where weights go, and for which kernels.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    /// candle's device.
    pub device: &'a Device,
    /// Whose kernels compute.
    pub backend: Backend,
    /// The type of keys and values for the CPU kernels; candle's operations use f32.
    pub kv: KvType,
}

/// One or more matrices that share their input.
pub(crate) enum Linear {
    Packed(PackedLinear),
    Device(Vec<QMatMul>),
}

impl Linear {
    /// Loads the named weights as one.
    pub(crate) fn load(
        weights: &Weights,
        names: &[String],
        target: Target<'_>,
    ) -> EyreResult<Self> {
        if target.backend == Backend::Cpu {
            let pack = |name: &String| weights.packed(name);
            let parts = names.iter().map(pack).collect::<EyreResult<_>>()?;
            return Ok(Linear::Packed(PackedLinear::new(parts)?));
        }
        Ok(Linear::Device(weights.on_device(names, target.device)?))
    }

    /// Loads two weights whose outputs are used separately. On a device they stay
    /// separate, since an operation on half a row first uploads the row's strides.
    pub(crate) fn load_pair(
        weights: &Weights,
        names: &[String; 2],
        target: Target<'_>,
    ) -> EyreResult<Self> {
        if target.backend == Backend::Cpu {
            return Self::load(weights, names, target);
        }
        let apart = names
            .chunks(1)
            .map(|one| weights.on_device(one, target.device));
        Ok(Linear::Device(
            apart.collect::<EyreResult<Vec<_>>>()?.concat(),
        ))
    }

    /// Through candle's operations. Shapes: (n, in) -> (n, sum of outs).
    pub(crate) fn on_device(&self, x: &Tensor) -> Result<Tensor> {
        let mut outs = self.each_on_device(x)?;
        match outs.len() {
            1 => Ok(outs.remove(0)),
            _ => Tensor::cat(&outs, 1),
        }
    }

    /// Of a pair. Shapes: (n, in) -> (n, out) twice.
    pub(crate) fn pair_on_device(&self, x: &Tensor) -> Result<[Tensor; 2]> {
        match <[Tensor; 2]>::try_from(self.each_on_device(x)?) {
            Ok(pair) => Ok(pair),
            Err(outs) => bail!("{} products are not a pair", outs.len()),
        }
    }

    fn each_on_device(&self, x: &Tensor) -> Result<Vec<Tensor>> {
        match self {
            Linear::Packed(_) => bail!("packed weights are for our own kernels"),
            Linear::Device(parts) => parts.iter().map(|p| p.forward(x)).collect(),
        }
    }

    /// For the CPU kernels.
    pub(crate) fn packed(&self) -> Result<&PackedLinear> {
        match self {
            Linear::Packed(packed) => Ok(packed),
            Linear::Device(_) => bail!("weights on a device are for candle's operations"),
        }
    }
}

/// A scale of an RMS norm.
pub(crate) struct Norm {
    /// The same on the device.
    scale: Tensor,
    pub(crate) values: Vec<f32>,
    pub(crate) eps: f32,
}

impl Norm {
    pub(crate) fn load(
        weights: &Weights,
        name: &str,
        eps: f32,
        device: &Device,
    ) -> EyreResult<Self> {
        let values = weights.vector(name)?;
        Ok(Norm {
            scale: Tensor::new(values.as_slice(), device)?,
            values,
            eps,
        })
    }

    /// Through candle's operations. Shape: (n, width) -> the same.
    pub(crate) fn on_device(&self, x: &Tensor) -> Result<Tensor> {
        candle_nn::ops::rms_norm(x, &self.scale, self.eps)
    }
}

/// A bias of several projections side by side.
pub(crate) struct Bias {
    /// The same on the device.
    tensor: Tensor,
    pub(crate) values: Vec<f32>,
}

impl Bias {
    /// Through candle's operations. Shape: (n, qkv) -> the same.
    pub(crate) fn on_device(&self, x: &Tensor) -> Result<Tensor> {
        x.broadcast_add(&self.tensor)
    }
}

/// One block: attention and a gated feed-forward network, each after a norm.
pub(crate) struct Layer {
    pub(crate) attn_norm: Norm,
    pub(crate) qkv: Linear,
    /// Added to queries, keys and values.
    pub(crate) qkv_bias: Option<Bias>,
    /// Over every query head and every key head, before RoPE.
    pub(crate) q_norm: Option<Norm>,
    pub(crate) k_norm: Option<Norm>,
    pub(crate) attn_out: Linear,
    pub(crate) ffn_norm: Norm,
    pub(crate) gate_up: Linear,
    pub(crate) down: Linear,
}

const QKV: [&str; 3] = ["attn_q", "attn_k", "attn_v"];

impl Layer {
    /// Its products' weights.
    pub(crate) fn linears(&self) -> [&Linear; 4] {
        [&self.qkv, &self.attn_out, &self.gate_up, &self.down]
    }

    /// The tensors have passed the layout's check.
    ///
    /// # Errors
    /// A type that cannot be packed.
    pub(crate) fn load(
        weights: &Weights,
        index: usize,
        config: &Config,
        target: Target<'_>,
    ) -> EyreResult<Self> {
        let name = |part: &str| format!("blk.{index}.{part}.weight");
        let names = |parts: &[&str]| parts.iter().map(|p| name(p)).collect::<Vec<_>>();
        let linear = |parts: &[&str]| Linear::load(weights, &names(parts), target);
        let norm = |part: &str| Norm::load(weights, &name(part), config.norm_eps, target.device);
        let head_norm = |part: &str| config.qk_norm.then(|| norm(part)).transpose();
        Ok(Layer {
            attn_norm: norm("attn_norm")?,
            qkv: linear(&QKV)?,
            qkv_bias: load_bias(weights, index, config, target.device)?,
            q_norm: head_norm("attn_q_norm")?,
            k_norm: head_norm("attn_k_norm")?,
            attn_out: linear(&["attn_output"])?,
            ffn_norm: norm("ffn_norm")?,
            gate_up: Linear::load_pair(weights, &["ffn_gate", "ffn_up"].map(name), target)?,
            down: linear(&["ffn_down"])?,
        })
    }

    /// The head norms for the CPU kernels.
    pub(crate) fn head_norms(&self) -> Option<HeadNorms<'_>> {
        let (q, k) = (self.q_norm.as_ref()?, self.k_norm.as_ref()?);
        Some(HeadNorms {
            q: &q.values,
            k: &k.values,
            eps: q.eps,
        })
    }
}

/// The biases side by side. Shape: (qkv).
fn load_bias(
    weights: &Weights,
    index: usize,
    config: &Config,
    device: &Device,
) -> EyreResult<Option<Bias>> {
    if !config.qkv_bias {
        return Ok(None);
    }
    let mut values = Vec::new();
    for part in QKV {
        values.extend(weights.vector(&format!("blk.{index}.{part}.bias"))?);
    }
    let tensor = Tensor::new(values.as_slice(), device)?;
    Ok(Some(Bias { tensor, values }))
}

/// Token embeddings.
pub(crate) enum Embedding {
    /// Unpacked row by row from a packed matrix (the head's, if tied).
    Packed(PackedLinear),
    /// (vocab, width)
    Table(Tensor),
}

impl Embedding {
    /// Shape: (ids) -> (ids, width).
    pub(crate) fn forward(&self, ids: &[u32], device: &Device) -> Result<Tensor> {
        match self {
            Embedding::Packed(packed) => {
                Tensor::from_vec(packed.rows(ids), (ids.len(), packed.in_dim()), device)
            }
            Embedding::Table(table) => table.index_select(&Tensor::new(ids, device)?, 0),
        }
    }
}
