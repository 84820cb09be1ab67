//! One of everything that commands read, with the same text in every title, id,
//! group, name and path.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use candle_core::Device;
use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use laserscope::speculate::trace::{TokenBytes, Trace};
use serde_json::json;
use tempfile::TempDir;

use super::super::{fixture, tiny};

/// How the bytes ESC, BEL and the C1 CSI (in UTF-8) are written in a byte-level
/// vocabulary: the tokens that take the place of the tiny model's first letters.
const SPOKEN: [(&str, &str); 3] = [("c", "\u{11b}"), ("d", "\u{107}"), ("e", "\u{c2}\u{13d}")];

pub struct World {
    folder: TempDir,
    text: String,
    model: PathBuf,
}

impl World {
    /// `text` may hold anything but NUL and `/`.
    pub fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let model = tiny::write_model(folder.path(), GgmlDType::F32, true);
        let world = World {
            text: text.into(),
            model: folder.path().join(format!("m{text}.gguf")),
            folder,
        };
        world.write_model(&model);
        world.write_catalog();
        world.write_traces();
        world.write_documents();
        world
    }

    /// The path of one of the world's files.
    pub fn at(&self, name: &str) -> String {
        let path = self.folder.path().join(format!("{name}{}", self.text));
        path.to_str().expect("UTF-8").into()
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn model(&self) -> String {
        self.model.to_str().expect("UTF-8").into()
    }

    /// The program, without the user's own settings.
    pub fn program(&self, args: &[String]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_laserscope"));
        let home = self.folder.path();
        for variable in ["HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"] {
            command.env(variable, home);
        }
        command.env("LASERSCOPE_CACHE", home.join("cache"));
        command.env("XDG_CACHE_HOME", home).env("HF_HOME", home);
        command.args(["--offline", "--threads", "1"]).args(args);
        command.stdin(Stdio::null());
        command
    }

    fn write_model(&self, plain: &Path) {
        let mut file = fs::File::open(plain).expect("opens");
        let content = gguf_file::Content::read(&mut file).expect("reads");
        let mut metadata = content.metadata.clone();
        let name = Value::String(format!("tiny{}", self.text));
        metadata.insert("general.name".into(), name);
        if let Some(Value::Array(tokens)) = metadata.get_mut("tokenizer.ggml.tokens") {
            for token in tokens {
                let Value::String(token) = token else {
                    continue;
                };
                let spoken = SPOKEN.iter().find(|(letter, _)| letter == token);
                spoken.inspect(|(_, bytes)| *token = (*bytes).into());
            }
        }
        let names: Vec<&String> = content.tensor_infos.keys().collect();
        let mut tensor = |name: &str| content.tensor(&mut file, name, &Device::Cpu);
        let tensors: Vec<(&str, QTensor)> = names
            .iter()
            .map(|name| (name.as_str(), tensor(name).expect("reads")))
            .collect();
        let metadata: Vec<(&str, &Value)> = metadata.iter().map(|(k, v)| (k.as_str(), v)).collect();
        let tensors: Vec<(&str, &QTensor)> = tensors.iter().map(|(n, t)| (*n, t)).collect();
        let mut out = fs::File::create(&self.model).expect("makes");
        gguf_file::write(&mut out, &metadata, &tensors).expect("writes");
    }

    fn write_catalog(&self) {
        let text = &self.text;
        let folder = PathBuf::from(self.at("catalog"));
        fs::create_dir_all(&folder).expect("makes");
        let write = |name: &str, rows: &[Vec<String>]| {
            let mut out = csv::Writer::from_path(folder.join(name)).expect("makes");
            rows.iter()
                .for_each(|row| out.write_record(row).expect("writes"));
            out.flush().expect("writes");
        };
        let row = |fields: &[&str]| fields.iter().map(|f| f.to_string()).collect();
        let titled = |id: &str| format!("{id}{text}");
        let mut items = vec![row(&[
            "id", "title", "year", "genres", "director", "country", "themes",
        ])];
        for id in ["i1", "i2", "i3", &titled("x")] {
            items.push(row(&[
                id,
                &titled("T"),
                "1999",
                &titled("Drama"),
                text,
                text,
                text,
            ]));
        }
        // Bad lines are quoted in messages.
        items.push(row(&[&titled("bad"), "", &titled("19"), "", "", "", ""]));
        let mut users = vec![row(&["id", "name"])];
        let mut ratings = vec![row(&["user", "item", "rating", "timestamp"])];
        for id in ["u1", "u2", &titled("y")] {
            users.push(row(&[id, &titled("N")]));
            for item in ["i1", "i2", "i3", &titled("nobody")] {
                ratings.push(row(&[id, item, "5", "1"]));
            }
        }
        ratings.push(row(&["u1", "i1", &titled("5"), "1"]));
        write("items.csv", &items);
        write("users.csv", &users);
        write("ratings.csv", &ratings);
        let frameworks = self.folder.path().join("laserscope/frameworks");
        fs::create_dir_all(&frameworks).expect("makes");
        let quoted = json!(text).to_string();
        let short = format!(
            "name = \"own\"\ntitle = {quoted}\nabout = {quoted}\n\
             [item]\nuser = \"About i\"\nopening = \"ab\"\n[user]\nuser = \"About u\"\nopening = \"ab\"\n"
        );
        fs::write(self.at("framework.toml"), &short).expect("writes");
        fs::write(frameworks.join("good.toml"), &short).expect("writes");
        fs::write(
            frameworks.join(format!("bad{text}.toml")),
            format!("{text} = ["),
        )
        .expect("writes");
        let group = json!(format!("g{text}")).to_string();
        let map = format!(
            "seed = 1\nfallback_item_group = {group}\nfallback_user_group = {group}\n\
             genre_order = [{{ genre = {quoted}, group = {group} }}]\n\
             [[item_group]]\nname = {group}\nabout = {quoted}\n\
             [[user_group]]\nname = {group}\nabout = {quoted}\nof = [{group}]\n"
        );
        fs::write(self.at("map.toml"), map).expect("writes");
        fs::write(
            self.at("config.toml"),
            format!("theme = {quoted}\n{text} = 1\n"),
        )
        .expect("writes");
    }

    fn write_traces(&self) {
        for (name, mut trace) in [
            ("a.jsonl", fixture::relaxed()),
            ("b.jsonl", fixture::strict()),
        ] {
            rename(&mut trace, &self.text);
            let mut bytes = Vec::new();
            trace.save(&mut bytes).expect("writes");
            fs::write(self.at(name), &bytes).expect("writes");
            let line = format!("{{\"step\": {}}}\n", json!(self.text));
            bytes.extend(line.as_bytes());
            fs::write(self.at(&format!("bad-{name}")), bytes).expect("writes");
        }
    }

    fn write_documents(&self) {
        let text = &self.text;
        let doc = |id: &str| {
            json!({
                "id": id, "kind": "item", "group": format!("g{text}"), "framework": "kar",
                "model": text, "title": format!("t{text}"), "text": format!("ab ba {text} ab ").repeat(30),
                "ended": true,
            })
        };
        let good = format!("{}\n{}\n", doc("i1"), doc(&format!("d{text}")));
        fs::write(self.at("docs.jsonl"), &good).expect("writes");
        let bad = format!("{good}{{\"id\": {}, \"text\"\n", json!(text));
        fs::write(self.at("bad.jsonl"), bad).expect("writes");
        fs::write(self.at("ids.txt"), "1 2 3\n4 5 6\n").expect("writes");
        fs::write(self.at("bad-ids.txt"), format!("1 2\n{text}\n")).expect("writes");
        fs::write(
            self.at("group-of.txt"),
            format!("g{}\nh\n", text.replace(['\n', '\r'], "")),
        )
        .expect("writes");
    }
}

/// The run as if everything in it were called alike.
pub fn rename(trace: &mut Trace, text: &str) {
    let header = &mut trace.header;
    let subject = &mut header.subject;
    subject.kind = format!("{}{text}", subject.kind).into();
    subject.framework = format!("{}{text}", subject.framework).into();
    for field in [
        &mut subject.id,
        &mut subject.title,
        &mut header.program,
        header.device.get_or_insert_default(),
        &mut header.catalog,
        &mut header.model.name,
        header.model.dtype.get_or_insert_default(),
        &mut header.prompt,
    ] {
        field.push_str(text);
    }
    subject.group = Some(text.into());
    let bytes = || TokenBytes::new(text.as_bytes());
    header.tokens.iter_mut().for_each(|t| t.1 = bytes());
    for step in &mut trace.steps {
        step.tokens.iter_mut().for_each(|t| t.1 = bytes());
        step.documents.iter_mut().for_each(|d| d.1 = text.into());
    }
}
