//! Synthetic models, a well-behaved hub, and a test's own folders.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use laserscope::model::fetch::{FetchEnv, FetchOptions, resolve_entry};
use laserscope::model::registry::ModelEntry;
use laserscope::protocol::FetchEvent;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::fake_hub::Script;

/// A response that takes longer than this has waited for something.
pub const SECONDS: Duration = Duration::from_secs(8);

/// A cancelled fetch has ended by then, on a busy machine too.
pub const PROMPT: Duration = Duration::from_millis(500);

pub fn body() -> Vec<u8> {
    (0..200_000_u32).flat_map(|n| n.to_le_bytes()).collect()
}

pub fn sha256(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

pub fn leaked(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

/// A model whose size and hash are known beforehand.
pub fn known() -> ModelEntry {
    ModelEntry {
        size: Some(body().len() as u64),
        sha256: Some(leaked(sha256(&body()))),
        ..unknown()
    }
}

/// A model of which only the hub knows size and hash.
pub fn unknown() -> ModelEntry {
    ModelEntry {
        name: "tiny",
        title: "Tiny",
        repo: "someone/tiny-GGUF",
        revision: "main",
        file: "tiny.gguf",
        size: None,
        sha256: None,
        pip: None,
        licence: "none",
        context_len: 1,
        memory_mib: 1,
    }
}

/// A well-behaved hub with that file.
pub fn good() -> Script {
    Script {
        etag: sha256(&body()),
        announced: Some(body().len() as u64),
        body: body(),
        ..Script::default()
    }
}

/// Folders of its own, and the given endpoint.
pub struct Bench {
    pub dir: TempDir,
    pub env: FetchEnv,
    pub events: Vec<FetchEvent>,
}

impl Bench {
    pub fn new(endpoint: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let env = FetchEnv {
            own_cache: dir.path().join("own/models"),
            hub_cache: dir.path().join("hf/hub"),
            endpoint: endpoint.to_owned(),
            token: None,
            hub_offline: false,
            proxy: None,
            pip_commands: vec![],
            pip_arguments: vec![],
        };
        let events = vec![];
        Self { dir, env, events }
    }

    pub fn fetch(&mut self, entry: &ModelEntry) -> color_eyre::Result<PathBuf> {
        let cancel = AtomicBool::new(false);
        self.fetch_until(entry, &cancel, &|_| false)
    }

    pub fn fetch_until(
        &mut self,
        entry: &ModelEntry,
        cancel: &AtomicBool,
        confirm_large: &dyn Fn(u64) -> bool,
    ) -> color_eyre::Result<PathBuf> {
        let opts = FetchOptions {
            cancel,
            confirm_large,
            offline: false,
        };
        let events = &mut self.events;
        resolve_entry(&self.env, entry, &opts, &mut |event| events.push(event))
    }

    pub fn fetch_error(&mut self, entry: &ModelEntry) -> String {
        self.fetch(entry).unwrap_err().to_string()
    }

    /// Every file below the folders, except locks and remembered hashes.
    pub fn files(&self) -> Vec<String> {
        let mut files = Vec::new();
        collect(self.dir.path(), &mut files);
        let mut names: Vec<String> = files
            .iter()
            .filter(|path| path.extension().is_none_or(|ext| ext != "lock"))
            .filter(|path| !path.ends_with("hashes.json"))
            .filter_map(|path| path.strip_prefix(self.dir.path()).ok())
            .map(|path| path.display().to_string())
            .collect();
        names.sort();
        names
    }
}

pub fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        match entry.path() {
            path if path.is_dir() => collect(&path, files),
            path => files.push(path),
        }
    }
}

pub fn blob(hash: &str) -> String {
    format!("hf/hub/models--someone--tiny-GGUF/blobs/{hash}")
}

/// An endpoint where nobody listens.
pub fn nobody() -> String {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .unwrap()
        .port();
    format!("http://127.0.0.1:{port}")
}
