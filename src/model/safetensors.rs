//! A checkpoint folder as written by transformers: `config.json` and safetensors files,
//! one or several with an index. Maps the files, checks that they are complete, and
//! maps GGUF's tensor names. Does not know what the tensors are for.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::path::{Path, PathBuf};

use candle_core::quantized::GgmlDType;
use color_eyre::eyre::{Result, WrapErr, bail, ensure, eyre};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorInfo};
use serde::Deserialize;

use super::json_file::JsonFile;
use super::raw_matrix::{RawMatrix, widen};
use crate::mapped::MappedFile;
use crate::text_input::JSON_BYTES_MAX;

/// The weights, if they are one file.
pub(crate) const SINGLE: &str = "model.safetensors";
/// Which file has which tensor, if there are several.
pub(crate) const INDEX: &str = "model.safetensors.index.json";
/// Bytes of the length before a file's header.
const LENGTH_BYTES: usize = 8;

/// An opened checkpoint.
pub(crate) struct Checkpoint {
    pub(crate) folder: PathBuf,
    files: Vec<TensorFile>,
    /// By the checkpoint's own names: the file and the range in it.
    tensors: HashMap<String, (usize, TensorInfo)>,
}

struct TensorFile {
    path: PathBuf,
    map: MappedFile,
    /// Where the tensors begin.
    data: usize,
}

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
    metadata: Option<IndexMetadata>,
}

#[derive(Deserialize)]
struct IndexMetadata {
    total_size: Option<f64>,
}

impl Checkpoint {
    /// Maps every file of the folder and checks that it is complete.
    ///
    /// # Errors
    /// A missing, unreadable or truncated file, by name.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        ensure!(
            folder.join("config.json").is_file(),
            "{} has no config.json: name a folder with config.json, tokenizer.json and \
             {SINGLE} (or {INDEX} and its parts), or a GGUF file",
            folder.display()
        );
        let index = read_index(folder)?;
        let mut checkpoint = Checkpoint {
            folder: folder.to_path_buf(),
            files: Vec::new(),
            tensors: HashMap::new(),
        };
        for name in names_in(index.as_ref()) {
            checkpoint.add(&folder.join(name))?;
        }
        if let Some(index) = index {
            checkpoint.check_index(&index)?;
        }
        Ok(checkpoint)
    }

    fn add(&mut self, path: &Path) -> Result<()> {
        let shown = path.display();
        let file = File::open(path).wrap_err_with(|| {
            format!("opening {shown} (weights are read from safetensors files)")
        })?;
        // Weights are copied out of it once, at load.
        let map = MappedFile::new(&file, path)
            .wrap_err_with(|| format!("mapping {shown} into memory"))?;
        if map.starts_with(b"version https://git-lfs") {
            bail!(
                "{shown} is a Git LFS pointer, not the weights: run `git lfs pull` where it was \
                 cloned, or download the file"
            );
        }
        let (header_bytes, metadata) = SafeTensors::read_metadata(&map).map_err(|e| {
            eyre!(
                "{shown} is truncated or not a safetensors file: {e}. Delete it and fetch it again"
            )
        })?;
        let at = self.files.len();
        for (name, info) in metadata.tensors() {
            self.tensors.insert(name, (at, info.clone()));
        }
        self.files.push(TensorFile {
            path: path.to_path_buf(),
            map,
            data: LENGTH_BYTES + header_bytes,
        });
        Ok(())
    }

    fn check_index(&self, index: &Index) -> Result<()> {
        let lost = index
            .weight_map
            .iter()
            .find(|(tensor, _)| !self.tensors.contains_key(*tensor));
        match lost {
            Some((tensor, file)) => bail!(
                "{}: tensor `{tensor}` is not in {file}, where {INDEX} says it is",
                self.folder.display()
            ),
            None => Ok(()),
        }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        own_name(name).is_some_and(|own| self.tensors.contains_key(&own))
    }

    /// A tensor by its GGUF name: its type and shape, its bytes, its file.
    fn tensor(&self, name: &str) -> Result<(GgmlDType, &[usize], &[u8])> {
        let own = own_name(name).unwrap_or_else(|| name.to_string());
        let (file, info) = self
            .tensors
            .get(&own)
            .ok_or_else(|| eyre!("{}: tensor `{own}` is missing", self.folder.display()))?;
        let file = &self.files[*file];
        let dtype = float_dtype(info.dtype).ok_or_else(|| {
            eyre!(
                "{}: tensor `{own}` is {:?}; supported are F32, F16 and BF16. Use a GGUF file of \
                the model",
                file.path.display(),
                info.dtype
            )
        })?;
        let (from, to) = info.data_offsets;
        Ok((
            dtype,
            &info.shape,
            &file.map[file.data + from..file.data + to],
        ))
    }

    /// Every tensor's name, in no order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The files of weights.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        self.files.iter().map(|file| file.path.clone()).collect()
    }

    /// A tensor's dimensions, by its GGUF name.
    ///
    /// # Errors
    /// A missing tensor, or an unsupported type.
    pub(crate) fn dims(&self, name: &str) -> Result<&[usize]> {
        self.tensor(name).map(|(_, dims, _)| dims)
    }

    /// A two-dimensional weight, unread.
    pub(crate) fn matrix(&self, name: &str) -> Result<RawMatrix<'_>> {
        let (dtype, shape, bytes) = self.tensor(name)?;
        let &[rows, cols] = shape else {
            bail!(
                "{}: tensor `{name}` is not two-dimensional: {shape:?}",
                self.folder.display()
            );
        };
        Ok(RawMatrix {
            dtype,
            rows,
            cols,
            bytes: bytes.into(),
        })
    }

    /// A small weight as floats.
    pub(crate) fn vector(&self, name: &str) -> Result<Vec<f32>> {
        let (dtype, _, bytes) = self.tensor(name)?;
        Ok(widen(dtype, bytes))
    }

    pub(crate) fn file_bytes(&self) -> u64 {
        self.files.iter().map(|file| file.map.len() as u64).sum()
    }

    /// The type of most elements.
    pub(crate) fn main_dtype(&self) -> String {
        let mut bytes: BTreeMap<Dtype, usize> = BTreeMap::new();
        for (_, info) in self.tensors.values() {
            let (from, to) = info.data_offsets;
            *bytes.entry(info.dtype).or_default() += to - from;
        }
        let main = bytes.into_iter().max_by_key(|&(_, n)| n);
        main.map_or_else(|| "none".into(), |(dtype, _)| format!("{dtype:?}"))
    }

    /// The folder's name; in the hub's cache, whose folders are commits, the
    /// repository's.
    pub(crate) fn name(&self) -> String {
        let folder = self.folder.canonicalize();
        let folder = folder.as_ref().unwrap_or(&self.folder);
        let named = |path: &Path| Some(path.file_name()?.to_string_lossy().into_owned());
        let in_cache = || {
            let snapshots = folder.parent().filter(|p| p.ends_with("snapshots"))?;
            let repo = named(snapshots.parent()?)?;
            Some(repo.rsplit("--").next()?.to_string())
        };
        in_cache()
            .or_else(|| named(folder))
            .unwrap_or_else(|| "model".into())
    }
}

fn read_index(folder: &Path) -> Result<Option<Index>> {
    let path = folder.join(INDEX);
    if !path.is_file() {
        return Ok(None);
    }
    let file = JsonFile::read(&path, JSON_BYTES_MAX)?;
    let index: Index =
        serde_json::from_value(file.value).map_err(|e| eyre!("{}: {e}", path.display()))?;
    let outside = index.weight_map.values().find(|f| f.contains(['/', '\\']));
    if let Some(file) = outside {
        bail!(
            "{}: {file:?} is not a file in the same folder",
            path.display()
        );
    }
    Ok(Some(index))
}

/// The weight files of a checkpoint, by its index if it has one.
///
/// # Errors
/// An index that cannot be read.
pub(crate) fn part_names(folder: &Path) -> Result<Vec<String>> {
    Ok(names_in(read_index(folder)?.as_ref()))
}

/// Total bytes of all weights, if an index has them.
///
/// # Errors
/// As [`part_names`].
pub(crate) fn total_bytes(folder: &Path) -> Result<Option<u64>> {
    let metadata = read_index(folder)?.and_then(|index| index.metadata);
    let total = metadata.and_then(|metadata| metadata.total_size);
    Ok(total.map(|bytes| bytes as u64))
}

fn names_in(index: Option<&Index>) -> Vec<String> {
    let Some(index) = index else {
        return vec![SINGLE.to_string()];
    };
    let mut names: Vec<String> = index.weight_map.values().cloned().collect();
    names.sort();
    names.dedup();
    names
}

fn float_dtype(dtype: Dtype) -> Option<GgmlDType> {
    match dtype {
        Dtype::F32 => Some(GgmlDType::F32),
        Dtype::F16 => Some(GgmlDType::F16),
        Dtype::BF16 => Some(GgmlDType::BF16),
        _ => None,
    }
}

/// A checkpoint's name for a GGUF tensor: `blk.3.attn_q.bias` is
/// `model.layers.3.self_attn.q_proj.bias`. Only here are the two kinds of names
/// translated.
pub(crate) fn own_name(gguf: &str) -> Option<String> {
    let (part, kind) = gguf.rsplit_once('.')?;
    let Some(block) = part.strip_prefix("blk.") else {
        let own = match part {
            "token_embd" => "model.embed_tokens",
            "output_norm" => "model.norm",
            "output" => "lm_head",
            _ => return None,
        };
        return Some(format!("{own}.{kind}"));
    };
    let (index, part) = block.split_once('.')?;
    let own = match part {
        "attn_norm" => "input_layernorm",
        "attn_q" => "self_attn.q_proj",
        "attn_k" => "self_attn.k_proj",
        "attn_v" => "self_attn.v_proj",
        "attn_q_norm" => "self_attn.q_norm",
        "attn_k_norm" => "self_attn.k_norm",
        "attn_output" => "self_attn.o_proj",
        "ffn_norm" => "post_attention_layernorm",
        "ffn_gate" => "mlp.gate_proj",
        "ffn_up" => "mlp.up_proj",
        "ffn_down" => "mlp.down_proj",
        _ => return None,
    };
    Some(format!("model.layers.{index}.{own}.{kind}"))
}

#[cfg(test)]
mod tests {
    use super::own_name;

    #[test]
    fn names_of_a_gguf_file_are_found_in_a_checkpoint() {
        let own = |name| own_name(name).unwrap();
        assert_eq!(own("token_embd.weight"), "model.embed_tokens.weight");
        assert_eq!(
            own("blk.31.attn_q.bias"),
            "model.layers.31.self_attn.q_proj.bias"
        );
        assert_eq!(
            own("blk.0.attn_k_norm.weight"),
            "model.layers.0.self_attn.k_norm.weight"
        );
        assert_eq!(own_name("rope_freqs.weight"), None);
    }
}
