//! A model's weights by name, from a GGUF file or a checkpoint folder. Names are GGUF's
//! (`blk.0.attn_q.weight`); does not know what is computed with them.

use std::path::{Path, PathBuf};

use candle_core::quantized::{GgmlDType, QMatMul, QTensor};
use candle_core::{Device, Tensor};
use color_eyre::eyre::{Result, eyre};

use super::gguf::Gguf;
use super::kernels::pack::{Format, Packed};
use super::raw_matrix::RawMatrix;
use super::safetensors::{self, Checkpoint};
use super::shape::{self, MadeUp};

/// How weights are converted at load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(parse_err_ty = String, parse_err_fn = not_weights)]
pub enum FloatWeights {
    /// Quantized types are unchanged, 16- and 32-bit floats are kept exactly, as f32.
    #[default]
    #[strum(serialize = "none")]
    Exact,
    /// Floats are rounded to 8 bits with a scale per 32, with an error of at most half
    /// a step of 1/127 of the largest: 36 bytes instead of 128 for exact weights.
    #[strum(serialize = "q8")]
    Eight,
    /// Everything becomes f32, quantized types too, and activations are not
    /// rounded: a slow and large reference for the others.
    #[strum(serialize = "f32")]
    Reference,
}

impl FloatWeights {
    /// As the command line spells it.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

fn not_weights(text: &str) -> String {
    format!("`{text}`: must be none, q8 or f32")
}

/// The source of the weights.
pub(crate) enum WeightsSource {
    Gguf(Gguf),
    Checkpoint(Checkpoint),
    /// None: random weights.
    MadeUp(MadeUp),
}

/// An opened model, its weights unread.
pub struct Weights {
    pub(crate) source: WeightsSource,
    pub(crate) floats: FloatWeights,
}

impl Weights {
    /// Opens a GGUF file, or the folder of a checkpoint (also named by a
    /// `.safetensors` or `.json` file in it).
    ///
    /// # Errors
    /// A file that is missing, unreadable, damaged or truncated, by name.
    pub fn open(path: &Path, floats: FloatWeights) -> Result<Self> {
        let extension = path.extension().and_then(|e| e.to_str());
        let source = match (path.is_dir(), extension) {
            (true, _) => WeightsSource::Checkpoint(Checkpoint::open(path)?),
            (false, Some("safetensors" | "json")) => {
                let folder = path.parent().unwrap_or(Path::new("."));
                WeightsSource::Checkpoint(Checkpoint::open(folder)?)
            }
            _ => WeightsSource::Gguf(Gguf::open(path)?),
        };
        Ok(Weights { source, floats })
    }

    pub(crate) fn path(&self) -> &Path {
        match &self.source {
            WeightsSource::Gguf(gguf) => &gguf.path,
            WeightsSource::Checkpoint(checkpoint) => &checkpoint.folder,
            WeightsSource::MadeUp(made) => &made.path,
        }
    }

    /// Whether there is a tensor of this name, as GGUF names it.
    pub fn has(&self, name: &str) -> bool {
        match &self.source {
            WeightsSource::Gguf(gguf) => gguf.has(name),
            WeightsSource::Checkpoint(checkpoint) => checkpoint.has(name),
            WeightsSource::MadeUp(made) => made.has(name),
        }
    }

    /// A two-dimensional weight, unread.
    pub(crate) fn matrix(&self, name: &str) -> Result<RawMatrix<'_>> {
        match &self.source {
            WeightsSource::Gguf(gguf) => gguf.matrix(name),
            WeightsSource::Checkpoint(checkpoint) => checkpoint.matrix(name),
            WeightsSource::MadeUp(made) => made.matrix(name),
        }
    }

    /// A small weight (a norm's scale, a bias) as floats.
    pub(crate) fn vector(&self, name: &str) -> Result<Vec<f32>> {
        match &self.source {
            WeightsSource::Gguf(gguf) => gguf.vector(name),
            WeightsSource::Checkpoint(checkpoint) => checkpoint.vector(name),
            WeightsSource::MadeUp(made) => made.vector(name),
        }
    }

    /// A weight packed for the CPU kernels.
    pub(crate) fn packed(&self, name: &str) -> Result<Packed> {
        let raw = self.matrix(name)?;
        let (rows, cols) = (raw.rows, raw.cols);
        let packed = match (raw.is_float(), self.floats) {
            (true, FloatWeights::Eight) => {
                Packed::from_floats(Format::Q8F32, rows, cols, &raw.floats())
            }
            (true, _) => Packed::from_floats(Format::F32, rows, cols, &raw.floats()),
            (false, FloatWeights::Reference) => {
                let plain = self.table(name, &Device::Cpu)?.flatten_all()?.to_vec1()?;
                Packed::from_floats(Format::F32, rows, cols, &plain)
            }
            (false, _) => Packed::pack(&raw),
        };
        packed.map_err(|e| eyre!("{}: packing `{name}`: {e}", self.path().display()))
    }

    /// Weights that share their input, for candle's products on a device. Neighbours of
    /// the same type become one matrix: on a GPU launches dominate the cost of small
    /// products.
    pub(crate) fn on_device(&self, names: &[String], device: &Device) -> Result<Vec<QMatMul>> {
        let parts = names.iter().map(|name| self.matrix(name));
        let parts = parts.collect::<Result<Vec<_>>>()?;
        let alike = parts.chunk_by(|a, b| a.dtype == b.dtype);
        alike
            .map(|parts| self.product(RawMatrix::stacked(parts), device))
            .collect::<Result<_>>()
            .map_err(|e| {
                eyre!(
                    "{}: reading {}: {e}",
                    self.path().display(),
                    names.join(", ")
                )
            })
    }

    fn product(&self, raw: RawMatrix<'_>, device: &Device) -> Result<QMatMul> {
        match (raw.is_float(), self.floats) {
            (false, FloatWeights::Reference) => {
                let plain = raw.quantized(device)?.dequantize(device)?;
                Ok(QMatMul::Tensor(plain))
            }
            (false, _) => Ok(QMatMul::from_qtensor(raw.quantized(device)?)?),
            (true, _) => self.floats_on_device(&raw, device),
        }
    }

    fn floats_on_device(&self, raw: &RawMatrix<'_>, device: &Device) -> Result<QMatMul> {
        let tensor = Tensor::from_vec(raw.floats(), (raw.rows, raw.cols), &Device::Cpu)?;
        // candle has no shorter block; such a matrix is unchanged.
        let fits = raw.cols.is_multiple_of(GgmlDType::Q8_0.block_size());
        match self.floats {
            FloatWeights::Eight if fits => {
                let eight = QTensor::quantize_onto(&tensor, GgmlDType::Q8_0, device)?;
                Ok(QMatMul::from_qtensor(eight)?)
            }
            _ => Ok(QMatMul::Tensor(tensor.to_device(device)?)),
        }
    }

    /// A weight as a table of floats on a device. Shape: (rows, cols).
    pub(crate) fn table(&self, name: &str, device: &Device) -> Result<Tensor> {
        let raw = self.matrix(name)?;
        if raw.is_float() {
            return Ok(Tensor::from_vec(
                raw.floats(),
                (raw.rows, raw.cols),
                device,
            )?);
        }
        let plain = raw.quantized(device).and_then(|q| q.dequantize(device));
        plain.map_err(|e| eyre!("{}: reading tensor `{name}`: {e}", self.path().display()))
    }

    /// The files of the weights.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        match &self.source {
            WeightsSource::Gguf(gguf) => gguf.files(),
            WeightsSource::Checkpoint(checkpoint) => checkpoint.files(),
            WeightsSource::MadeUp(_) => Vec::new(),
        }
    }

    /// Every tensor's name in the source, in no order.
    pub(crate) fn names(&self) -> Vec<&str> {
        match &self.source {
            WeightsSource::Gguf(gguf) => gguf.names().collect(),
            WeightsSource::Checkpoint(checkpoint) => checkpoint.names().collect(),
            WeightsSource::MadeUp(made) => made.names().collect(),
        }
    }

    /// The source's name for this tensor.
    pub(crate) fn own_name(&self, name: &str) -> String {
        match &self.source {
            WeightsSource::Gguf(_) | WeightsSource::MadeUp(_) => name.to_owned(),
            WeightsSource::Checkpoint(_) => safetensors::own_name(name).unwrap_or(name.to_owned()),
        }
    }

    /// A tensor's dimensions, the longest stride first.
    ///
    /// # Errors
    /// A tensor that is missing.
    pub(crate) fn dims(&self, name: &str) -> Result<&[usize]> {
        match &self.source {
            WeightsSource::Gguf(gguf) => gguf.dims(name),
            WeightsSource::Checkpoint(checkpoint) => checkpoint.dims(name),
            WeightsSource::MadeUp(made) => made.dims(name),
        }
    }

    /// Bytes on disk.
    pub(crate) fn file_bytes(&self) -> u64 {
        match &self.source {
            WeightsSource::Gguf(gguf) => gguf.file_bytes(),
            WeightsSource::Checkpoint(checkpoint) => checkpoint.file_bytes(),
            WeightsSource::MadeUp(made) => made.bytes(),
        }
    }

    /// Approximate bytes of the packed weights.
    pub fn packed_bytes(&self) -> u64 {
        let share = |bits: u64| self.file_bytes() * 32 / bits;
        let widened = match &self.source {
            WeightsSource::Gguf(gguf) => gguf.widened_bytes(),
            WeightsSource::Checkpoint(_) | WeightsSource::MadeUp(_) => (0, 0),
        };
        match (self.floats, self.float_bits()) {
            // 32 bits in place of 4 or more
            (FloatWeights::Reference, None) => self.file_bytes() * 8,
            (_, None) => (self.file_bytes() - widened.0 + widened.1) * 5 / 4,
            (FloatWeights::Exact | FloatWeights::Reference, Some(bits)) => share(bits),
            (FloatWeights::Eight, Some(bits)) => share(bits) * 9 / 32,
        }
    }

    /// Bits per weight, if most of the weights are floats.
    pub(crate) fn float_bits(&self) -> Option<u64> {
        match self.main_dtype().as_str() {
            "F32" => Some(32),
            "F16" | "BF16" => Some(16),
            _ => None,
        }
    }

    /// The type of most weights in the file: `Q4_1`, `BF16`.
    pub(crate) fn main_dtype(&self) -> String {
        match &self.source {
            WeightsSource::Gguf(gguf) => gguf.main_dtype(),
            WeightsSource::Checkpoint(checkpoint) => checkpoint.main_dtype(),
            WeightsSource::MadeUp(_) => format!("{:?}", shape::DTYPE),
        }
    }

    /// The same with its conversion: `BF16 at 8 bits`.
    pub fn dtype_label(&self) -> String {
        let dtype = self.main_dtype();
        match (self.floats, self.float_bits()) {
            (FloatWeights::Eight, Some(_)) => format!("{dtype} at 8 bits"),
            (FloatWeights::Reference, None) => format!("{dtype} at 32 bits"),
            _ => dtype,
        }
    }

    /// The model's own name: the file's, or the folder's.
    pub fn name(&self) -> String {
        match &self.source {
            WeightsSource::Gguf(gguf) => gguf.name(),
            WeightsSource::Checkpoint(checkpoint) => checkpoint.name(),
            WeightsSource::MadeUp(made) => made.shape.name.clone(),
        }
    }
}
