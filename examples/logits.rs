//! Prints a model's logits for a chain of token ids, one JSON array per position, for
//! comparison with another program's (`compare_with_llama_cpp.py`).
//!
//!     cargo run --release --example logits -- MODEL ID ID ..
//!     cargo run --release --example logits -- MODEL --tokenize < TEXTS.json
//!
//! The second form reads a JSON array of texts and prints their ids.

#![allow(clippy::disallowed_macros, reason = "numbers for another program")]

use std::io::Read;
use std::path::Path;

use candle_core::Device;
use color_eyre::eyre::{Result, WrapErr, eyre};
use laserscope::model::decoder::{Decoder, TreeBatch};
use laserscope::model::gguf::Gguf;
use laserscope::model::kernels::kv::KvType;
use laserscope::model::layer::{Backend, Target};
use laserscope::model::tokenizer::TextCodec;
use laserscope::model::weights::{FloatWeights, Weights};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (model, rest) = arguments
        .split_first()
        .ok_or_else(|| eyre!("usage: logits MODEL ID ID .. | logits MODEL --tokenize"))?;
    match rest {
        [flag] if flag == "--tokenize" => tokenize(Path::new(model)),
        ids => {
            let ids: std::result::Result<Vec<u32>, _> = ids.iter().map(|id| id.parse()).collect();
            logits(Path::new(model), &ids.wrap_err("ids are whole numbers")?)
        }
    }
}

fn logits(model: &Path, ids: &[u32]) -> Result<()> {
    // Everything in f32, so that what is left is the model's own arithmetic.
    let weights = Weights::open(model, FloatWeights::Reference)?;
    let target = Target {
        device: &Device::Cpu,
        backend: Backend::Cpu,
        kv: KvType::F32,
    };
    let mut decoder = Decoder::load(&weights, target, ids.len(), 1, |_, _| {})?;
    let parents: Vec<Option<usize>> = (0..ids.len()).map(|i| i.checked_sub(1)).collect();
    let rows = TreeBatch {
        tokens: ids,
        parents: &parents,
    };
    let all = decoder.forward(rows)?;
    for row in all.chunks(decoder.vocab()) {
        println!("{}", serde_json::to_string(row)?);
    }
    Ok(())
}

fn tokenize(model: &Path) -> Result<()> {
    let gguf = Gguf::open(model)?;
    let codec = TextCodec::from_gguf(&gguf.content)?;
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let texts: Vec<String> = serde_json::from_str(&text)?;
    for text in texts {
        println!("{}", serde_json::to_string(&codec.encode(&text)?)?);
    }
    Ok(())
}
