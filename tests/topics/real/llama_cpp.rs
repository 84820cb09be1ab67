//! llama.cpp's own vocabularies and the ids it expects of them, from the source
//! package of llama-cpp-python (llama.cpp is under the MIT licence), fetched once
//! as the model is.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use candle_core::quantized::gguf_file::Content;
use laserscope::model::fetch::FetchEnv;
use laserscope::model::tokenizer::TextCodec;

const PACKAGE: &str = "llama-cpp-python";
const VERSION: &str = "0.3.36";
const BETWEEN_TEXTS: &str = "\n__ggml_vocab_test__\n";

/// Takes `models/` out of the archive. Arguments: the archive, a folder.
const UNPACK: &str = "
import os, sys, tarfile
with tarfile.open(sys.argv[1]) as archive:
    for member in archive:
        at = member.name.find('/vendor/llama.cpp/models/')
        name = member.name[at + 25:]
        if at < 0 or not member.isfile() or '..' in name:
            continue
        to = os.path.join(sys.argv[2], name)
        os.makedirs(os.path.dirname(to), exist_ok=True)
        with open(to, 'wb') as out:
            out.write(archive.extractfile(member).read())
";

/// The folder `models` of llama.cpp's source. Fails with one clear line if it is not
/// available.
pub fn models() -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let fetch = || match fetch() {
        Ok(folder) => folder,
        Err(why) => panic!("this test needs the source of {PACKAGE} {VERSION}: {why}"),
    };
    FOLDER.get_or_init(fetch).clone()
}

fn fetch() -> Result<PathBuf, String> {
    let told = |err: &dyn std::fmt::Display| err.to_string();
    let env = FetchEnv::from_process().map_err(|e| told(&e))?;
    let folder = env.own_cache.join(format!("{PACKAGE}-{VERSION}-models"));
    if folder.is_dir() {
        return Ok(folder);
    }
    std::fs::create_dir_all(&env.own_cache).map_err(|e| told(&e))?;
    let scratch = tempfile::tempdir_in(&env.own_cache).map_err(|e| told(&e))?;
    run(Command::new("python3")
        .args([
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--no-binary",
            PACKAGE,
        ])
        .args(["--disable-pip-version-check", "--no-input", "--dest"])
        .arg(scratch.path())
        .arg(format!("{PACKAGE}=={VERSION}")))?;
    let archive = std::fs::read_dir(scratch.path())
        .map_err(|e| told(&e))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|ext| ext == "gz"))
        .ok_or("pip left no archive")?;
    let unpacked = scratch.path().join("models");
    run(Command::new("python3")
        .args(["-c", UNPACK])
        .args([&archive, &unpacked]))?;
    match std::fs::rename(&unpacked, &folder) {
        // Another test binary was faster.
        Err(_) if folder.is_dir() => Ok(folder),
        done => done.map(|()| folder).map_err(|e| told(&e)),
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command
        .output()
        .map_err(|err| format!("{command:?}: {err}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    match output.status.success() {
        true => Ok(()),
        false => Err(said
            .lines()
            .last()
            .unwrap_or("it gave no reason")
            .to_owned()),
    }
}

/// The texts of a vocabulary and the ids that llama.cpp expects.
fn vectors(file: &Path) -> Vec<(String, Vec<u32>)> {
    let beside = |ending: &str| {
        let path = format!("{}.{ending}", file.display());
        std::fs::read_to_string(path).unwrap()
    };
    let (texts, ids) = (beside("inp"), beside("out"));
    let texts: Vec<&str> = texts.split(BETWEEN_TEXTS).collect();
    let ids = ids.lines().map(|line| {
        let ids = line.split_whitespace().map(|id| id.parse().unwrap());
        ids.collect::<Vec<u32>>()
    });
    let pairs: Vec<_> = texts.iter().map(|text| text.to_string()).zip(ids).collect();
    assert!(pairs.len() >= texts.len() - 1, "{}", file.display());
    pairs
}

fn codec(file: &Path) -> color_eyre::Result<TextCodec> {
    let bytes = std::fs::read(file).unwrap();
    TextCodec::from_gguf(&Content::read(&mut std::io::Cursor::new(bytes)).unwrap())
}

#[test]
fn the_supported_vocabularies_give_the_expected_ids() {
    let names = [
        "command-r",
        "deepseek-coder",
        "deepseek-llm",
        "gpt-2",
        "llama-bpe",
        "llama-spm",
        "mpt",
        "phi-3",
        "qwen2",
        "refact",
        "starcoder",
    ];
    let mut n_vectors = 0;
    for name in names {
        let file = models().join(format!("ggml-vocab-{name}.gguf"));
        let codec = codec(&file).unwrap();
        for (text, ids) in vectors(&file) {
            assert_eq!(codec.encode(&text).unwrap(), ids, "{name}: {text:?}");
            n_vectors += 1;
        }
    }
    assert!(n_vectors >= 11 * 45, "{n_vectors}");
}

#[test]
fn the_other_vocabularies_are_refused_by_name() {
    for (name, part) in [
        ("bert-bge", "bert"),
        ("falcon", "falcon"),
        ("gemma-4", "gemma4"),
        ("nomic-bert-moe", "t5"),
        ("qwen35", "qwen35"),
    ] {
        let file = models().join(format!("ggml-vocab-{name}.gguf"));
        let said = format!("{:#}", codec(&file).err().expect(name));
        assert!(
            said.contains(part) && said.contains("known are"),
            "{name}: {said}"
        );
    }
}
