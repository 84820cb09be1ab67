//! Opens a GGUF file: memory map, metadata, tensors as raw blocks. Refuses what
//! is truncated, corrupt or of an unknown architecture before anything large is
//! read. Knows nothing of what the tensors are for.

use std::fs::File;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use candle_core::Device;
use candle_core::quantized::gguf_file::{Content, TensorInfo, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use color_eyre::eyre::{Result, WrapErr, bail, eyre};

use crate::mapped::MappedFile;

/// An opened model file.
pub struct Gguf {
    pub path: PathBuf,
    pub content: Content,
    map: MappedFile,
}

/// A weight matrix as it lies in the file.
pub struct RawMatrix<'a> {
    pub dtype: GgmlDType,
    /// Output width.
    pub rows: usize,
    /// Input width.
    pub cols: usize,
    /// Row after row of blocks.
    pub bytes: &'a [u8],
}

impl Gguf {
    /// Maps the file and checks that every tensor it names lies inside it.
    ///
    /// # Errors
    /// A file that cannot be read, is no GGUF, or is shorter than its own table
    /// of contents says.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).wrap_err_with(|| format!("opening {}", path.display()))?;
        // Weights are copied out of it once, at load.
        let map = MappedFile::new(&file, path)
            .wrap_err_with(|| format!("mapping {} into memory", path.display()))?;
        let content = Content::read(&mut Cursor::new(&map[..])).map_err(|e| {
            eyre!(
                "{} is not a readable GGUF file: {}. Fetch it again (`laserscope model fetch`), \
                 or name another with --model PATH",
                path.display(),
                first_line(&e.to_string())
            )
        })?;
        let gguf = Gguf {
            path: path.to_path_buf(),
            content,
            map,
        };
        gguf.check_tensors()?;
        Ok(gguf)
    }

    fn check_tensors(&self) -> Result<()> {
        for (name, info) in &self.content.tensor_infos {
            let end = self.byte_range(info).map(|r| r.end);
            match end {
                Some(end) if end <= self.map.len() => {}
                Some(end) => bail!(
                    "{} is truncated: tensor `{name}` ends at byte {end}, the file has {}. \
                     Delete it and fetch it again (`laserscope model fetch`)",
                    self.path.display(),
                    self.map.len()
                ),
                None => bail!(
                    "{}: tensor `{name}` has an impossible size",
                    self.path.display()
                ),
            }
        }
        Ok(())
    }

    fn byte_range(&self, info: &TensorInfo) -> Option<std::ops::Range<usize>> {
        let dims = info.shape.dims();
        let elems = dims.iter().try_fold(1usize, |n, &d| n.checked_mul(d))?;
        let (block, size) = (info.ggml_dtype.block_size(), info.ggml_dtype.type_size());
        if dims.last().is_none_or(|cols| cols % block != 0) {
            return None;
        }
        let bytes = (elems / block).checked_mul(size)?;
        let start = usize::try_from(self.content.tensor_data_offset.checked_add(info.offset)?);
        let start = start.ok()?;
        Some(start..start.checked_add(bytes)?)
    }

    pub fn has(&self, name: &str) -> bool {
        self.content.tensor_infos.contains_key(name)
    }

    fn info(&self, name: &str) -> Result<&TensorInfo> {
        self.content
            .tensor_infos
            .get(name)
            .ok_or_else(|| eyre!("{}: tensor `{name}` is missing", self.path.display()))
    }

    /// A two-dimensional weight, unread.
    pub fn matrix(&self, name: &str) -> Result<RawMatrix<'_>> {
        let info = self.info(name)?;
        let &[rows, cols] = info.shape.dims() else {
            bail!(
                "{}: tensor `{name}` is no matrix: {:?}",
                self.path.display(),
                info.shape
            );
        };
        let range = self.byte_range(info).ok_or_else(|| {
            eyre!(
                "{}: tensor `{name}` has an impossible size",
                self.path.display()
            )
        })?;
        Ok(RawMatrix {
            dtype: info.ggml_dtype,
            rows,
            cols,
            bytes: &self.map[range],
        })
    }

    /// A weight as candle's own quantized tensor on a device.
    pub fn qtensor(&self, name: &str, device: &Device) -> Result<QTensor> {
        self.info(name)?
            .read(
                &mut Cursor::new(&self.map[..]),
                self.content.tensor_data_offset,
                device,
            )
            .map_err(|e| eyre!("{}: reading tensor `{name}`: {e}", self.path.display()))
    }

    /// A small weight (a norm's scale) as floats.
    pub fn vector(&self, name: &str) -> Result<Vec<f32>> {
        let tensor = self.qtensor(name, &Device::Cpu)?.dequantize(&Device::Cpu)?;
        Ok(tensor.flatten_all()?.to_vec1()?)
    }

    fn value(&self, key: &str) -> Option<&Value> {
        self.content.metadata.get(key)
    }

    /// A whole number of the metadata, whatever its width.
    pub fn int(&self, key: &str) -> Option<usize> {
        match *self.value(key)? {
            Value::U8(v) => Some(v.into()),
            Value::U16(v) => Some(v.into()),
            Value::U32(v) => usize::try_from(v).ok(),
            Value::U64(v) => usize::try_from(v).ok(),
            Value::I8(v) => usize::try_from(v).ok(),
            Value::I16(v) => usize::try_from(v).ok(),
            Value::I32(v) => usize::try_from(v).ok(),
            Value::I64(v) => usize::try_from(v).ok(),
            _ => None,
        }
    }

    pub fn float(&self, key: &str) -> Option<f32> {
        match *self.value(key)? {
            Value::F32(v) => Some(v),
            Value::F64(v) => Some(v as f32),
            _ => None,
        }
    }

    pub fn text(&self, key: &str) -> Option<&str> {
        match self.value(key)? {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The file's name without its type: `SmolLM2-135M-Instruct.Q4_1` is said
    /// `SmolLM2-135M-Instruct`.
    pub fn name(&self) -> String {
        let stem = self.path.file_stem().map(|s| s.to_string_lossy());
        let stem = stem.unwrap_or("model".into());
        let base = stem.strip_suffix(&self.main_dtype()).unwrap_or(&stem);
        base.trim_end_matches(['.', '-', '_']).to_string()
    }

    pub fn file_bytes(&self) -> u64 {
        self.map.len() as u64
    }

    /// The type that most of the weights' elements have, as the file's own
    /// quantisation is usually called.
    pub fn main_dtype(&self) -> String {
        let mut elems: Vec<(GgmlDType, usize)> = Vec::new();
        for (name, info) in &self.content.tensor_infos {
            let n = info.shape.elem_count();
            if name == "token_embd.weight" || name == "output.weight" {
                continue;
            }
            match elems.iter_mut().find(|(d, _)| *d == info.ggml_dtype) {
                Some(entry) => entry.1 += n,
                None => elems.push((info.ggml_dtype, n)),
            }
        }
        let main = elems.into_iter().max_by_key(|e| e.1).map(|e| e.0);
        main.map_or_else(|| "none".into(), dtype_name)
    }
}

/// `Q4_1` for candle's `Q4_1`, `Q4_K` for its `Q4K`.
fn dtype_name(dtype: GgmlDType) -> String {
    let name = format!("{dtype:?}");
    match name.strip_suffix('K') {
        Some(head) if head.starts_with('Q') => format!("{head}_K"),
        _ => name,
    }
}

/// candle appends a backtrace to its messages where one is enabled.
fn first_line(message: &str) -> &str {
    message.lines().next().unwrap_or(message)
}
