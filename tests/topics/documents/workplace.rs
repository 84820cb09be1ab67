//! A folder in which the documents' command lines can be run: its own home folder, whose
//! configuration names a tiny model, and the files that the lines read.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use candle_core::quantized::GgmlDType;
use candle_core::quantized::gguf_file::Value;
use tempfile::TempDir;

use super::super::tiny::{self, Family};
use super::root;

/// Large enough for the sample's prompts, which the tiny tokenizer splits into letters.
const CONTEXT: u32 = 8192;

pub struct Workplace {
    folder: TempDir,
}

impl Workplace {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let workplace = Workplace { folder };
        workplace.set_up();
        workplace.write_documents();
        workplace.record();
        workplace
    }

    /// Runs a line in a copy of the files that lacks the line's own output.
    ///
    /// # Errors
    /// The output of a line that failed.
    pub fn run(&self, line: &str) -> Result<(), String> {
        let folder = tempfile::tempdir().expect("a folder");
        for file in fs::read_dir(self.files()).expect("the files") {
            let file = file.expect("a file");
            fs::copy(file.path(), folder.path().join(file.file_name())).expect("copies");
        }
        for written in written_by(line) {
            let _ = fs::remove_file(folder.path().join(written));
        }
        if line.contains("films.pool") && !line.contains("pool build") {
            self.shell("laserscope pool build films.pool", folder.path())?;
        }
        if line.contains("trace board runs") || line.contains("trace why runs") {
            let record = "laserscope generate --all items --limit 2 --traces runs";
            self.shell(record, folder.path())?;
        }
        self.shell(line, folder.path())
    }

    fn shell(&self, line: &str, folder: &Path) -> Result<(), String> {
        let program = Path::new(env!("CARGO_BIN_EXE_laserscope"));
        let programs = program.parent().expect("a folder").display();
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new("sh");
        command.args(["-c", line]).current_dir(folder);
        command.env("PATH", format!("{programs}:{path}"));
        command.env("HOME", self.home()).env("HF_HUB_OFFLINE", "1");
        for name in ["CACHE", "CONFIG", "DATA", "STATE"] {
            command.env_remove(format!("XDG_{name}_HOME"));
        }
        command.env_remove("LASERSCOPE_CACHE");
        let done = command.stdin(Stdio::null()).output().expect("a shell");
        match done.status.success() {
            true => Ok(()),
            false => Err(format!("{line}\n{}", String::from_utf8_lossy(&done.stderr))),
        }
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    fn files(&self) -> PathBuf {
        self.folder.path().join("files")
    }

    fn set_up(&self) {
        let config = self.home().join(".config/laserscope");
        let completions = self.home().join(".local/share/bash-completion/completions");
        let manual = self.home().join(".local/share/man/man1");
        let frameworks = config.join("frameworks");
        let functions = self.home().join(".zfunc");
        for folder in [
            &frameworks,
            &completions,
            &manual,
            &functions,
            &self.files(),
        ] {
            fs::create_dir_all(folder).expect("makes");
        }
        let context = ("context_length", Value::U32(CONTEXT));
        let folder = self.folder.path();
        let model = tiny::write_gguf(folder, Family::Llama, GgmlDType::F32, true, &[context]);
        let settings = format!(
            "model = {:?}\ncontext = {CONTEXT}\nthreads = 1\n\n[decode]\nmax-tokens = 16\n",
            model.display().to_string()
        );
        fs::write(config.join("config.toml"), settings).expect("writes");
    }

    /// The sample's knowledge documents, under the names used in the lines.
    fn write_documents(&self) {
        let sample = root().join("sample-data/knowledge");
        let read = |name: &str| fs::read_to_string(sample.join(name)).expect("reads");
        let (items, users) = (read("items.jsonl"), read("users.jsonl"));
        let few = |text: &str| {
            text.lines()
                .take(3)
                .map(|l| format!("{l}\n"))
                .collect::<String>()
        };
        for (name, text) in [
            ("kar.jsonl", items.clone()),
            ("answers.jsonl", few(&items)),
            ("more.jsonl", few(&users)),
            ("log.jsonl", log(&items)),
        ] {
            fs::write(self.files().join(name), text).expect("writes");
        }
    }

    /// The runs and the framework that the lines read. The tiny model's runs take a step
    /// per token, enough for the lines that name a step.
    fn record(&self) {
        for line in [
            "laserscope generate --item i101 --trace run.jsonl",
            "laserscope generate --item i101 --trace a.jsonl",
            "laserscope generate --item i101 --verify autoregressive --trace b.jsonl",
            "laserscope framework show once > draft.toml",
        ] {
            self.shell(line, &self.files()).expect("recorded");
        }
    }
}

/// Documents as an engine would have logged them.
fn log(documents: &str) -> String {
    let line = |document: &str| {
        let document: serde_json::Value = serde_json::from_str(document).expect("a document");
        let line = serde_json::json!({
            "id": document["id"],
            "user": {"segment": document["group"]},
            "prompt": "What is it like?",
            "response": document["text"],
        });
        format!("{line}\n")
    };
    documents.lines().take(4).map(line).collect()
}

/// The files that a line writes.
fn written_by(line: &str) -> Vec<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let writes = |word: &str| matches!(word, "--out" | "--trace" | ">");
    let pairs = words.windows(2).filter(|pair| writes(pair[0]));
    pairs.map(|pair| pair[1].to_string()).collect()
}
