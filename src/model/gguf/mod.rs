//! Opens a GGUF file, or a model in several: memory maps, metadata, tensors as raw
//! blocks. Refuses files that are truncated, of an unsupported type, or not a language
//! model, before reading anything large. Does not know what the tensors are for.

mod header;
mod metadata;
pub(crate) mod split;
mod types;
mod wrong_file;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};

use candle_core::Device;
use candle_core::quantized::gguf_file::{Content, Value, VersionedMagic};
use candle_core::quantized::{GgmlDType, QStorage, QTensor};
use color_eyre::eyre::{Report, Result, WrapErr, bail, ensure, eyre};

use super::raw_matrix::RawMatrix;
use super::stated;
use crate::mapped::MappedFile;
use header::{Entry, Fault, Header};
use metadata::whole;
use split::PartName;
use types::{TensorType, iq4_nl_as_q8_0};

/// An opened model.
pub struct Gguf {
    /// The named file; for a split model, any part.
    pub(crate) path: PathBuf,
    /// The metadata, for a split model its first part's; without tensors.
    pub content: Content,
    parts: Vec<GgufPart>,
    tensors: HashMap<String, Tensor>,
}

struct GgufPart {
    path: PathBuf,
    map: MappedFile,
}

struct Tensor {
    part: usize,
    ty: TensorType,
    /// The longest stride first.
    dims: Vec<usize>,
    /// Its bytes in the part.
    range: Range<usize>,
}

impl Gguf {
    /// Maps the file (or all parts of a split model, whichever is named) and checks
    /// that every listed tensor is inside it.
    ///
    /// # Errors
    /// A file that cannot be read, is not a GGUF or not a language model, is shorter
    /// than its tensor table says, or lacks a part.
    pub fn open(path: &Path) -> Result<Self> {
        let (part, header) = open_part(path)?;
        let n_parts = stated_parts(path, &header.metadata)?;
        let mut opened = vec![(part, header)];
        if n_parts > 1 {
            opened = open_siblings(path, n_parts)?;
        }
        let mut gguf = Gguf {
            path: path.to_path_buf(),
            content: Content {
                magic: VersionedMagic::GgufV3,
                metadata: HashMap::new(),
                tensor_infos: HashMap::new(),
                tensor_data_offset: 0,
            },
            parts: Vec::new(),
            tensors: HashMap::new(),
        };
        for (part, header) in opened {
            gguf.add(part, header)?;
        }
        gguf.check_count(n_parts)?;
        gguf.refuse_what_is_no_model()?;
        Ok(gguf)
    }

    fn add(&mut self, part: GgufPart, header: Header) -> Result<()> {
        let mut ranges = Vec::new();
        for entry in header.tensors {
            let tensor = locate(&part, self.parts.len(), header.data, &entry)?;
            ranges.push((tensor.range.clone(), entry.name.clone()));
            if self.tensors.insert(entry.name.clone(), tensor).is_some() {
                let twice = format!("has tensor `{}` twice", entry.name);
                return Err(damaged(&part.path, &twice));
            }
        }
        check_neighbours(&part.path, ranges, header.alignment)?;
        if self.parts.is_empty() {
            self.content.metadata = header.metadata;
        }
        self.parts.push(part);
        Ok(())
    }

    fn check_count(&self, n_parts: usize) -> Result<()> {
        let stated = self.number("split.tensors.count")?;
        let found = self.tensors.len();
        if let Some(stated) = stated.filter(|&n| n_parts > 1 && n != found as i128) {
            bail!(
                "{}: `split.tensors.count` is {stated}, but its {n_parts} parts have {found}: \
                they are not parts of one model",
                self.path.display()
            );
        }
        Ok(())
    }

    /// GGUF files that are not language models.
    fn refuse_what_is_no_model(&self) -> Result<()> {
        let kind = self.text("general.type").unwrap_or("model");
        let is_lora = self.text("adapter.type").is_some() || self.any_tensor(".lora_a");
        let architecture = self.text("general.architecture").unwrap_or_default();
        let what = match (kind, architecture) {
            _ if is_lora || kind == "adapter" => {
                "is a LoRA adapter, not a model: merge it into its base model and use that"
            }
            ("mmproj", _) | (_, "clip") => {
                "is the vision or audio part (mmproj) of a multimodal model: use the text model \
                next to it"
            }
            ("imatrix", _) => "is an importance matrix, not a model",
            _ => return Ok(()),
        };
        bail!("{} {what}", self.path.display())
    }

    fn any_tensor(&self, end: &str) -> bool {
        self.tensors.keys().any(|name| name.ends_with(end))
    }

    /// A vocabulary file has no tensors at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.tensors.is_empty()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// Every tensor's name, in no order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    fn tensor(&self, name: &str) -> Result<&Tensor> {
        self.tensors
            .get(name)
            .ok_or_else(|| eyre!("{}: tensor `{name}` is missing", self.path.display()))
    }

    /// A tensor's dimensions, the longest stride first.
    ///
    /// # Errors
    /// A missing tensor.
    pub(crate) fn dims(&self, name: &str) -> Result<&[usize]> {
        Ok(&self.tensor(name)?.dims)
    }

    fn bytes(&self, tensor: &Tensor) -> Cow<'_, [u8]> {
        let bytes = &self.parts[tensor.part].map[tensor.range.clone()];
        match tensor.ty {
            TensorType::Plain(_) => Cow::Borrowed(bytes),
            TensorType::Iq4Nl => Cow::Owned(iq4_nl_as_q8_0(bytes)),
        }
    }

    /// A two-dimensional weight, unread.
    ///
    /// # Errors
    /// A tensor that is missing or is not two-dimensional.
    pub(crate) fn matrix(&self, name: &str) -> Result<RawMatrix<'_>> {
        let tensor = self.tensor(name)?;
        let &[rows, cols] = tensor.dims.as_slice() else {
            bail!(
                "{}: tensor `{name}` is not two-dimensional: {:?}",
                self.path.display(),
                tensor.dims
            );
        };
        Ok(RawMatrix {
            dtype: tensor.ty.read_as(),
            rows,
            cols,
            bytes: self.bytes(tensor),
        })
    }

    /// A small weight (a norm's scale) as floats.
    pub(crate) fn vector(&self, name: &str) -> Result<Vec<f32>> {
        let tensor = self.tensor(name)?;
        let read = || -> candle_core::Result<Vec<f32>> {
            let storage =
                QStorage::from_data(self.bytes(tensor), &Device::Cpu, tensor.ty.read_as())?;
            let tensor = QTensor::new(storage, tensor.dims.as_slice())?;
            tensor.dequantize(&Device::Cpu)?.flatten_all()?.to_vec1()
        };
        read().map_err(|e| eyre!("{}: reading tensor `{name}`: {e}", self.path.display()))
    }

    /// The file's name without its type and its part's number:
    /// `SmolLM2-135M-Instruct.Q4_1` becomes `SmolLM2-135M-Instruct`.
    pub fn name(&self) -> String {
        let stem = self.path.file_stem().map(|s| s.to_string_lossy());
        let stem = stem.unwrap_or("model".into()).into_owned();
        let name = self.path.file_name().and_then(|name| name.to_str());
        let stem = name.and_then(PartName::parse).map_or(stem, |p| p.base);
        let base = stem.strip_suffix(&self.main_dtype()).unwrap_or(&stem);
        base.trim_end_matches(['.', '-', '_']).to_string()
    }

    /// The files, in the order of their parts.
    pub fn files(&self) -> Vec<PathBuf> {
        self.parts.iter().map(|part| part.path.clone()).collect()
    }

    /// Bytes of all files of a split model.
    pub fn file_bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.map.len() as u64).sum()
    }

    /// Bytes of the IQ4_NL tensors, in the file and in memory.
    pub(crate) fn widened_bytes(&self) -> (u64, u64) {
        let tensors = self.tensors.values();
        let packed = tensors.filter(|t| t.ty == TensorType::Iq4Nl);
        let bytes: u64 = packed.map(|t| t.range.len() as u64).sum();
        let (from, to) = (types::IQ4_NL_BYTES, GgmlDType::Q8_0.type_size());
        (bytes, bytes / from as u64 * to as u64)
    }

    /// The most common type of the weights' elements, which usually names the file's
    /// quantisation.
    pub(crate) fn main_dtype(&self) -> String {
        let mut elems: Vec<(TensorType, usize)> = Vec::new();
        for (name, tensor) in &self.tensors {
            let n: usize = tensor.dims.iter().product();
            if name == "token_embd.weight" || name == "output.weight" {
                continue;
            }
            match elems.iter_mut().find(|(ty, _)| *ty == tensor.ty) {
                Some(entry) => entry.1 += n,
                None => elems.push((tensor.ty, n)),
            }
        }
        let main = elems.into_iter().max_by_key(|e| e.1).map(|e| e.0);
        main.map_or_else(|| "none".into(), TensorType::name)
    }
}

fn open_part(path: &Path) -> Result<(GgufPart, Header)> {
    let file = File::open(path).wrap_err_with(|| format!("opening {}", path.display()))?;
    let len = file.metadata().map_or(0, |meta| meta.len());
    if len == 0 {
        // An empty file cannot be mapped.
        return Err(damaged(path, "is an empty file"));
    }
    // Weights are copied out of it once, at load.
    let map = MappedFile::new(&file, path)
        .wrap_err_with(|| format!("mapping {} into memory", path.display()))?;
    let header = Header::read(&map).map_err(|fault| match fault {
        Fault::Damaged(what) => damaged(path, &what),
        Fault::Unusable(what) => eyre!("{} {what}", path.display()),
    })?;
    let path = path.to_path_buf();
    Ok((GgufPart { path, map }, header))
}

fn damaged(path: &Path, what: &str) -> Report {
    eyre!(
        "{} {what}. It is damaged: delete it and fetch it again (`laserscope model fetch`), or \
         name another with --model PATH",
        path.display()
    )
}

/// The number of files of a model.
fn stated_parts(path: &Path, metadata: &HashMap<String, Value>) -> Result<usize> {
    let stated = metadata.get("split.count").and_then(whole);
    let count = stated.map(|n| stated::size(path.display(), "split.count", n, stated::COUNT));
    Ok(count.transpose()?.unwrap_or(1).max(1))
}

fn open_siblings(path: &Path, n_parts: usize) -> Result<Vec<(GgufPart, Header)>> {
    let shown = path.display();
    let name = path.file_name().and_then(|name| name.to_str());
    let Some(name) = name.and_then(PartName::parse) else {
        bail!(
            "{shown} is one of {n_parts} parts of a model, but its name does not say which: \
            restore the names of the parts (NAME-00001-of-{n_parts:05}.gguf)"
        );
    };
    ensure!(
        name.count == n_parts,
        "{shown}: its name says {} parts, but `split.count` says {n_parts}",
        name.count
    );
    let mut opened = Vec::new();
    for number in 1..=n_parts {
        let part = path.with_file_name(name.part(number));
        ensure!(
            part.is_file(),
            "{} is missing: the model is split into {n_parts} files, and all are needed",
            part.display()
        );
        let (part, header) = open_part(&part)?;
        let stated = header.metadata.get("split.no").and_then(whole);
        ensure!(
            stated.is_none_or(|no| no == number as i128 - 1),
            "{}: its name says part {number}, but `split.no` says part {}",
            part.path.display(),
            stated.unwrap_or(0) + 1
        );
        opened.push((part, header));
    }
    Ok(opened)
}

/// Tensors are contiguous up to their alignment: one that needs more or less space than
/// it has is not of the stated type or shape.
fn check_neighbours(
    path: &Path,
    mut ranges: Vec<(Range<usize>, String)>,
    alignment: usize,
) -> Result<()> {
    ranges.sort_by_key(|(range, _)| (range.start, range.end));
    for pair in ranges.windows(2) {
        let [(range, name), (next, _)] = pair else {
            continue;
        };
        let room = next.start - range.start;
        let fits = range.len() <= room && room - range.len() < alignment;
        ensure!(
            fits,
            "{}: tensor `{name}` needs {} bytes by its type and shape, but the file has {room} \
            for it: the file is inconsistent. Use another file of the model",
            path.display(),
            range.len()
        );
    }
    Ok(())
}

/// A tensor's byte range, if it is inside the file.
fn locate(part: &GgufPart, index: usize, data: usize, entry: &Entry) -> Result<Tensor> {
    let (path, name) = (&part.path, &entry.name);
    let ty = TensorType::from_code(entry.kind)
        .map_err(|what| eyre!("{}: tensor `{name}` is {what}", path.display()))?;
    let dims = entry.dims.iter().rev().map(|&d| usize::try_from(d));
    let dims: Option<Vec<usize>> = dims.collect::<Result<_, _>>().ok();
    let sized = dims.and_then(|dims| Some((ty.bytes(&dims)?, dims)));
    let Some((bytes, dims)) = sized else {
        let dims = &entry.dims;
        return Err(damaged(
            path,
            &format!(
                "has tensor `{name}` with an impossible size ({dims:?} of {})",
                ty.name()
            ),
        ));
    };
    let start = usize::try_from(entry.offset).ok();
    let start = start.and_then(|offset| data.checked_add(offset));
    let end = start.and_then(|start| start.checked_add(bytes));
    match (start, end) {
        (Some(start), Some(end)) if end <= part.map.len() => Ok(Tensor {
            part: index,
            ty,
            dims,
            range: start..end,
        }),
        (_, end) => Err(damaged(
            path,
            &format!(
                "is truncated: tensor `{name}` ends at byte {}, but the file has {}",
                end.map_or("2^64".into(), |end| end.to_string()),
                part.map.len()
            ),
        )),
    }
}
