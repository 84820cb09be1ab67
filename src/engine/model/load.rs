//! From a model's file to an [`Engine`]: the checked files, device, memory check,
//! weights.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use color_eyre::eyre::{Result, WrapErr, bail};
use sha2::{Digest, Sha256};

use crate::engine::Engine;
use crate::engine::model::LoadedModel;
use crate::engine::pools::EnginePools;
use crate::engine::start::Start;
use crate::model::checked::CheckedModel;
use crate::model::config::Config;
use crate::model::decoder::Decoder;
use crate::model::device::{self, DeviceChoice, Memory, Opened};
use crate::model::hashes::{Watch, file_sha256_watched};
use crate::model::kernels::kv::KvType;
use crate::model::layer::{Backend, Target};
use crate::model::shape::{MadeUp, Shape};
use crate::model::tokenizer::TextCodec;
use crate::model::weights::{FloatWeights, Weights, WeightsSource};
use crate::speculate::command_line::Setup;
use crate::speculate::trace::ModelInfo;

/// How to load a model.
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    /// CPU or GPU.
    pub device: DeviceChoice,
    /// `None`: one per physical core.
    pub threads: Option<usize>,
    /// Longest context in tokens; `None`: 2048, or less if the model has less.
    pub context: Option<usize>,
    /// How keys and values are kept; `None`: f16 on the CPU. A GPU keeps f32.
    pub kv: Option<KvType>,
    /// How to convert weights; `None`: not at all, except that small ones become 32-bit
    /// on a GPU.
    pub floats: Option<FloatWeights>,
}

/// A stage of loading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loading {
    /// The file's header and the tokenizer are read.
    Opening,
    /// Weights are packed: tensors done of all.
    Weights { done: usize, of: usize },
    /// The model's file is read for its hash: bytes done of all.
    Hashing { done: u64, of: u64 },
    /// The cost profile: points done of all.
    Measuring { done: usize, of: usize },
}

impl Loading {
    /// How much is done of all, where that is known.
    pub(crate) fn part(&self) -> Option<(u64, u64)> {
        match *self {
            Loading::Opening => None,
            Loading::Hashing { done, of } => Some((done, of)),
            Loading::Weights { done, of } | Loading::Measuring { done, of } => {
                Some((done as u64, of as u64))
            }
        }
    }

    pub fn describe(&self) -> String {
        match self {
            Loading::Opening => "opening the model and its tokenizer".into(),
            Loading::Weights { done, of } => format!("packing weights {done}/{of}"),
            Loading::Hashing { done, of } => {
                format!("hashing the model file {}%", done * 100 / of.max(&1))
            }
            Loading::Measuring { done, of } => {
                format!("measuring step costs {done}/{of}")
            }
        }
    }
}

const DEFAULT_CONTEXT: usize = 2048;

/// Physical cores, if the system reports them; else all.
pub fn physical_cores() -> usize {
    let logical = std::thread::available_parallelism().map_or(1, usize::from);
    cores_of_cpuinfo().map_or(logical, |cores| cores.clamp(1, logical))
}

fn cores_of_cpuinfo() -> Option<usize> {
    let info = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let field = |line: &str| line.split(':').nth(1).map(|v| v.trim().to_string());
    let mut cores = std::collections::HashSet::new();
    let mut package = String::new();
    for line in info.lines() {
        if line.starts_with("physical id") {
            package = field(line)?;
        } else if line.starts_with("core id") {
            cores.insert((package.clone(), field(line)?));
        }
    }
    (!cores.is_empty()).then_some(cores.len())
}

impl Engine {
    /// Loads the model at `path`, with empty pools and an empty cost profile, which
    /// makes every draft look free.
    ///
    /// # Errors
    /// A file that is not a usable model, a missing device, too little memory: each
    /// names the file or option and what to do.
    pub fn load(
        path: &Path,
        options: &LoadOptions,
        mut progress: impl FnMut(Loading) + Send,
    ) -> Result<Self> {
        progress(Loading::Opening);
        let model = CheckedModel::open(path, options.floats.unwrap_or_default())?;
        Self::of_model(model, options, progress)
    }

    /// Fills a shape's first blocks with random weights, for measuring only.
    ///
    /// # Errors
    /// As [`Engine::load`].
    pub fn of_shape(
        shape: Shape,
        blocks: usize,
        options: &LoadOptions,
        progress: impl FnMut(Loading) + Send,
    ) -> Result<Self> {
        let of_blocks = shape.config.layers;
        let weights = Weights {
            source: WeightsSource::MadeUp(MadeUp::new(shape, blocks)?),
            floats: options.floats.unwrap_or_default(),
        };
        let mut engine = Self::of_model(CheckedModel::of(weights)?, options, progress)?;
        engine.model.of_blocks = of_blocks;
        Ok(engine)
    }

    fn of_model(
        mut model: CheckedModel,
        options: &LoadOptions,
        mut progress: impl FnMut(Loading) + Send,
    ) -> Result<Self> {
        let begin = Instant::now();
        let threads = options.threads.unwrap_or_else(physical_cores).max(1);
        let opened = device::open(options.device, threads)?;
        let mut notes: Vec<String> = opened.note.iter().cloned().collect();
        notes.append(&mut model.notes);
        if options.floats.is_none() && !opened.device.is_cpu() {
            notes.extend(widen(&mut model.weights, opened.memory));
        }
        let (kv, note) = kv_type(options.kv, Backend::of(&opened.device));
        notes.extend(note);
        let context = options.context.unwrap_or(DEFAULT_CONTEXT);
        let placement = Placement {
            threads,
            context: context.min(model.config.context),
            kv,
        };
        let model = on_device(model, opened, placement, &mut progress)?;
        tracing::info!(
            model = model.info.name,
            device = model.device,
            threads = model.threads(),
            context = model.context(),
            ms = begin.elapsed().as_millis(),
            "loaded"
        );
        notes.iter().for_each(|note| tracing::info!("{note}"));
        Ok(Engine {
            model,
            note: (!notes.is_empty()).then(|| notes.join("\n")),
            catalog: String::new(),
            pools: EnginePools::default(),
            start: Start::default(),
            setup: Setup::default(),
        })
    }
}

/// The model on its device.
struct Placement {
    threads: usize,
    context: usize,
    kv: KvType,
}

/// Packs the weights for the device.
fn on_device(
    model: CheckedModel,
    opened: Opened,
    placement: Placement,
    progress: &mut (impl FnMut(Loading) + Send),
) -> Result<LoadedModel> {
    let Placement {
        threads,
        context,
        kv,
    } = placement;
    let (weights, config) = (model.weights, model.config);
    let kv_bytes = config.kv_bytes(context, kv);
    check_memory(&weights, kv_bytes, context, opened.memory)?;
    let target = Target {
        device: &opened.device,
        backend: Backend::of(&opened.device),
        kv,
    };
    let decoder = Decoder::load(&weights, target, context, threads, |done, of| {
        progress(Loading::Weights { done, of });
    })
    .wrap_err_with(|| format!("loading {}", weights.path().display()))?;
    let sha256 = model_sha256(&weights, progress)?;
    Ok(LoadedModel {
        info: model_info(&weights, &config, &model.codec, context, sha256),
        decoder,
        codec: model.codec,
        template: model.template,
        of_blocks: config.layers,
        device: opened.label,
        quantize: weights.floats.name(),
        cached: Vec::new(),
    })
}

/// The hash of a model's file, or for several files of their hashes by name. Remembered
/// hashes are used without reading.
fn model_sha256(weights: &Weights, progress: &mut impl FnMut(Loading)) -> Result<String> {
    let cancel = AtomicBool::new(false);
    let mut hash_of = |file: &Path| {
        let on = &mut |done, of| progress(Loading::Hashing { done, of });
        file_sha256_watched(
            file,
            &mut Watch {
                on,
                cancel: &cancel,
            },
        )
    };
    let path = weights.path();
    let files = match path.is_dir() {
        true => checkpoint_files(path)?,
        false => weights.files(),
    };
    if let ([file], false) = (files.as_slice(), path.is_dir()) {
        return hash_of(file);
    }
    let mut all = Sha256::new();
    for file in files {
        all.update(file.file_name().unwrap_or_default().as_encoded_bytes());
        all.update(hash_of(&file)?.as_bytes());
    }
    Ok(format!("{:x}", all.finalize()))
}

/// The files that define a checkpoint, by name.
fn checkpoint_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).wrap_err_with(|| folder.display().to_string())?;
    let mut files: Vec<_> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
    files.retain(|f| {
        f.extension()
            .is_some_and(|e| e == "safetensors" || e == "json" || e == "jinja")
    });
    files.sort();
    Ok(files)
}

fn model_info(
    weights: &Weights,
    config: &Config,
    codec: &TextCodec,
    context: usize,
    sha256: String,
) -> ModelInfo {
    let dtype = weights.dtype_label();
    ModelInfo {
        name: format!("{} {dtype}", weights.name()),
        architecture: Some(config.architecture.clone()),
        dtype: Some(dtype),
        tokenizer_hash: codec.hash(),
        file_bytes: Some(weights.file_bytes()),
        context: Some(context),
        sha256: Some(sha256),
    }
}

/// The type of keys and values, and a note for the user.
fn kv_type(asked: Option<KvType>, backend: Backend) -> (KvType, Option<String>) {
    match (asked, backend) {
        (asked, Backend::Cpu) => (asked.unwrap_or_default(), None),
        (Some(KvType::F16), Backend::Device) => {
            let note = "--kv f16: only f32 keys and values are supported on a GPU";
            (KvType::F32, Some(note.to_string()))
        }
        (_, Backend::Device) => (KvType::F32, None),
    }
}

/// The share of a card's memory that weights unpacked to 32 bits may take: a card
/// reads an eighth of its memory in about 4 ms.
const UNPACKED_SHARE: u64 = 8;

/// On a GPU, unpacks quantized weights to 32 bits where they are small beside its
/// memory. There the sums of a row depend on the other rows; with activations rounded
/// to 8 bits, such a difference grows from block to block until near-ties flip, and
/// strict and autoregressive texts diverge within a few dozen tokens. In 32 bits they
/// hardly ever do. Returns a note for the user.
fn widen(weights: &mut Weights, memory: Option<Memory>) -> Option<String> {
    if weights.float_bits().is_some() {
        return None;
    }
    let exact = std::mem::replace(&mut weights.floats, FloatWeights::Reference);
    let needed = weights.packed_bytes();
    let fits = |m: Memory| needed <= m.total / UNPACKED_SHARE && needed <= m.free / 2;
    if memory.is_some_and(fits) {
        return None;
    }
    weights.floats = exact;
    let gb = needed as f64 / 1e9;
    Some(format!(
        "on a GPU, 8-bit activations can make strict and autoregressive texts diverge at \
        near-ties; --quantize f32 ({gb:.1} GB) makes that rare"
    ))
}

/// Refuses a model that cannot fit, before reading it.
fn check_memory(
    weights: &Weights,
    kv_bytes: u64,
    context: usize,
    memory: Option<Memory>,
) -> Result<()> {
    let Some(Memory {
        free: available, ..
    }) = memory
    else {
        return Ok(());
    };
    let needed = weights.packed_bytes() + kv_bytes;
    if needed > available {
        let gb = |bytes: u64| bytes as f64 / 1e9;
        let smaller = match (weights.float_bits(), weights.floats) {
            (Some(_), FloatWeights::Exact) => "--quantize q8, ",
            (None, FloatWeights::Reference) => "--quantize none, ",
            _ => "",
        };
        bail!(
            "{} needs about {:.1} GB of memory ({:.1} GB of it for a context of {context} \
            tokens); {:.1} GB is free. Use {smaller}a smaller model (`laserscope model list`) or \
            --context N",
            weights.path().display(),
            gb(needed),
            gb(kv_bytes),
            gb(available)
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GB: u64 = 1_000_000_000;

    fn opened(free: u64, total: u64) -> (FloatWeights, Option<String>) {
        let shape = Shape::named("qwen2.5-1.5b").unwrap();
        let mut weights = Weights {
            source: WeightsSource::MadeUp(MadeUp::new(shape, 28).unwrap()),
            floats: FloatWeights::Exact,
        };
        let note = widen(&mut weights, Some(Memory { free, total }));
        (weights.floats, note)
    }

    #[test]
    fn weights_that_are_small_beside_a_cards_memory_are_unpacked() {
        assert_eq!(opened(100 * GB, 140 * GB), (FloatWeights::Reference, None));
        for (free, total) in [(24 * GB, 24 * GB), (6 * GB, 140 * GB)] {
            let (floats, note) = opened(free, total);
            assert_eq!(floats, FloatWeights::Exact);
            let note = note.unwrap();
            assert!(
                note.contains("--quantize f32 (") && note.contains("GB"),
                "{note}"
            );
        }
    }
}
