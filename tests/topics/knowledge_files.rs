//! Real-world knowledge files, through the program: `knowledge import`, `--knowledge`
//! and `pool build|add` read them the same way, and outputs never overwrite other
//! files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use candle_core::DType;
use candle_core::quantized::GgmlDType;
use laserscope::config::Settings;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::tiny::{self, Family};

const HEIST: &str = "A tense heist film.";
const DRAMA: &str = "A quiet drama.";

/// A file, and what is right for it.
struct Case {
    name: &'static str,
    bytes: Vec<u8>,
    docs: Vec<(&'static str, &'static str)>,
    n_bad: usize,
    /// In what is told of it.
    told: &'static str,
}

fn case(name: &'static str, text: &str, docs: &[(&'static str, &'static str)]) -> Case {
    Case {
        name,
        bytes: text.as_bytes().to_vec(),
        docs: docs.to_vec(),
        n_bad: 0,
        told: "",
    }
}

fn both() -> [(&'static str, &'static str); 2] {
    [("i101", HEIST), ("i102", DRAMA)]
}

fn utf_16(text: &str) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

fn json_forms() -> Vec<Case> {
    let messages = |text: &str| json!([{"role": "user", "content": "Introduce it."}, {"role": "assistant", "content": text}]);
    let list = json!([{"id": "i101", "text": HEIST}, {"id": "i102", "text": DRAMA}]);
    let pairs = json!([
        {"id": "i101", "prompt": "Introduce it.", "completion": HEIST},
        {"id": "i102", "prompt": "Introduce it.", "answer": DRAMA},
    ]);
    let chats = [("i101", HEIST), ("i102", DRAMA)]
        .map(|(id, text)| json!({"id": id, "messages": messages(text)}).to_string() + "\n");
    let map = json!({"i101": HEIST, "i102": DRAMA});
    vec![
        case("map.json", &map.to_string(), &both()),
        case(
            "pretty.json",
            &serde_json::to_string_pretty(&map).unwrap(),
            &both(),
        ),
        case("list.json", &list.to_string(), &both()),
        case(
            "pretty-list.json",
            &serde_json::to_string_pretty(&list).unwrap(),
            &both(),
        ),
        case("pairs.json", &pairs.to_string(), &both()),
        case("chats.jsonl", &chats.concat(), &both()),
        case(
            "numbers.jsonl",
            &format!(
                "{{\"id\": 1, \"text\": \"{HEIST}\"}}\n{{\"id\": 2.0, \"text\": \"{DRAMA}\"}}"
            ),
            &[("1", HEIST), ("2", DRAMA)],
        ),
        case(
            "maps.jsonl",
            &format!("{{\"i101\": \"{HEIST}\"}}\r\n{{\"i102\": \"{DRAMA}\"}}\r\n"),
            &both(),
        ),
    ]
}

/// The field's own cases: a BOM, `NaN` and half a surrogate pair as Python writes
/// them, markers of chat templates.
fn field_cases() -> Vec<Case> {
    let klg = |id: &str, ans: &str| format!(r#""{id}": {{"prompt": "p", "ans": {ans}}}"#);
    let said = |text: &str| json!(text).to_string();
    let nan = [
        klg("i101", &said(HEIST)),
        klg("i103", "NaN"),
        klg("i102", &said(DRAMA)),
    ];
    let half = [
        klg("i101", &said(HEIST)),
        klg("i104", r#""half \ud83c""#),
        klg("i102", &said(DRAMA)),
    ];
    let stray = [
        klg("i101", &said(HEIST)),
        klg("i105", r#""a 12" tape""#),
        klg("i102", &said(DRAMA)),
    ];
    let lines = [
        r#"{"id": "i101", "text": "A tense heist film."}"#,
        r#"{"id": "i106", "text": NaN}"#,
        r#"{"id": "i102", "text": "A quiet drama."}"#,
    ];
    let bad = |name, text: String, told| Case {
        n_bad: 1,
        told,
        ..case(name, &text, &both())
    };
    let marked = [
        klg(
            "i101",
            &said("<think>\nok\n</think>\n\nA tense heist film.</s>"),
        ),
        klg(
            "i102",
            &said("A quiet drama.<|im_end|>\n<|im_start|>user\nNext"),
        ),
    ];
    let whole = |pairs: &[String]| format!("{{{}}}", pairs.join(", "));
    vec![
        bad("nan.klg", whole(&nan), "entry 2, `i103`: no answer: NaN"),
        bad(
            "half.klg",
            whole(&half),
            "entry 2, `i104`: no answer: it contains half",
        ),
        bad("stray.klg", whole(&stray), "entry 2, `i105`: not JSON"),
        bad(
            "lines.jsonl",
            lines.join("\n"),
            "lines.jsonl:2: `i106`: no answer: NaN",
        ),
        case(
            "bom.klg",
            &format!(
                "\u{feff}{}",
                whole(&[klg("i101", &said(HEIST)), klg("i102", &said(DRAMA))])
            ),
            &both(),
        ),
        case(
            "bom.log",
            &format!("\u{feff}i101\t{HEIST}\ni102\t{DRAMA}\n"),
            &both(),
        ),
        Case {
            told: "removed from 1 answer\nend-of-turn markers removed from 2 answers",
            ..case("marked.klg", &whole(&marked), &both())
        },
        Case {
            bytes: utf_16(&lines[0].replace("i101", "i102")),
            ..case("utf16.jsonl", "", &[("i102", HEIST)])
        },
        Case {
            bytes: format!("{}\r{}", lines[0], lines[2]).into_bytes(),
            ..case("cr.jsonl", "", &both())
        },
    ]
}

/// A late byte that is not UTF-8: the whole file is Windows-1252.
fn latin() -> Case {
    let mut bytes = b"{\"id\": \"i101\", \"text\": \"A tense heist film.\"}\n".to_vec();
    bytes.extend(b"{\"id\": \"i102\", \"text\": \"A quiet drama.\", \"title\": \"caf\xe9\"}\n");
    Case {
        bytes,
        ..case("latin.jsonl", "", &both())
    }
}

/// A folder of files with a tiny model beside them.
struct Desk {
    folder: TempDir,
    model: PathBuf,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let model = tiny::write_model(folder.path(), GgmlDType::F32, true);
        Desk { folder, model }
    }

    fn at(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        fs::write(self.folder.path().join(name), bytes).unwrap();
        self.at(name)
    }

    fn held(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    fn run(&self, args: &[&str]) -> Output {
        laserscope(args, &self.model)
    }
}

fn laserscope(args: &[&str], model: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_laserscope"));
    command.args(args).arg("--model").arg(model);
    command.output().unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn object(output: &Output) -> Value {
    assert!(output.status.success(), "{}", told(output));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn every_form_is_read_alike_by_all_three() {
    let desk = Desk::new();
    let cases = json_forms().into_iter().chain(field_cases());
    for case in cases.chain([latin()]) {
        let name = case.name;
        let file = desk.put(name, &case.bytes);
        let pool = desk.at(&format!("{name}.pool"));
        let out = desk.at(&format!("{name}.out"));

        let ran = desk.run(&["knowledge", "import", &file, "--out", &out, "--json"]);
        let imported = object(&ran);
        assert!(told(&ran).contains(case.told), "{name}: {}", told(&ran));
        assert_eq!(imported["bad_lines"], case.n_bad, "{name}");
        let lines = desk.held(&format!("{name}.out"));
        let docs: Vec<Value> = lines
            .lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect();
        let docs: Vec<(&str, &str)> = docs
            .iter()
            .map(|d| {
                assert_eq!(d["framework"], "unknown", "{name}");
                (d["id"].as_str().unwrap(), d["text"].as_str().unwrap())
            })
            .collect();
        assert_eq!(docs, case.docs, "{name}");

        let settings = Settings {
            knowledge: vec![file.clone().into()],
            ..Settings::default()
        };
        let loaded = settings.load_documents().unwrap().docs;
        let loaded: Vec<(&str, &str)> = loaded.iter().map(|d| (&*d.id, &*d.text)).collect();
        assert_eq!(loaded, case.docs, "{name}");

        let ran = desk.run(&["pool", "build", &pool, &file, "--json"]);
        let built = object(&ran);
        assert!(told(&ran).contains(case.told), "{name}: {}", told(&ran));
        assert_eq!(
            (&built["added"], &built["bad_lines"]),
            (&json!(case.docs.len()), &json!(case.n_bad)),
            "{name}"
        );
    }
}

#[test]
fn documents_go_to_their_groups_pool_and_no_framework_is_guessed() {
    let desk = Desk::new();
    let plain = desk.put("answers.klg", json!({"i101": HEIST}).to_string());
    let named = json!({"id": "i101", "framework": "once", "text": DRAMA}).to_string();
    let named = desk.put("named.jsonl", named);
    let unknown = desk.put(
        "unknown.jsonl",
        json!({"id": "x1", "text": DRAMA}).to_string(),
    );
    let pool = desk.at("a.pool");
    let groups = |ran: &Output| {
        let built = object(ran);
        let groups = built["pool"]["groups"].as_array().unwrap().clone();
        let names = groups
            .iter()
            .map(|g| g["group"].as_str().unwrap().to_string());
        names.collect::<Vec<_>>()
    };
    let built = desk.run(&["pool", "build", &pool, &plain, "--json"]);
    assert_eq!(groups(&built), ["item/crime"]);
    let added = desk.run(&["pool", "add", &pool, &unknown, "--json"]);
    assert_eq!(groups(&added), ["item/crime", "item/none"]);
    let other = desk.at("b.pool");
    let built = desk.run(&["pool", "build", &other, &named, "--json"]);
    assert_eq!(groups(&built), ["item/crime@once"]);
}

#[test]
fn nothing_is_built_of_a_file_without_an_answer() {
    let desk = Desk::new();
    let good = desk.put(
        "good.jsonl",
        json!({"id": "i101", "text": HEIST}).to_string(),
    );
    let bad = desk.put(
        "bad.jsonl",
        "{\"id\": \"i1\"}\n{\"id\": \"i2\", \"text\": NaN}\n",
    );
    let (pool, out) = (desk.at("a.pool"), desk.at("out.jsonl"));
    object(&desk.run(&["pool", "build", &pool, &good, "--json"]));
    for args in [
        vec!["pool", "build", &pool, &bad],
        vec!["pool", "add", &pool, &bad],
        vec!["knowledge", "import", &bad, "--out", &out],
        vec![
            "generate",
            "--item",
            "i101",
            "--max-tokens",
            "1",
            "--knowledge",
            &bad,
        ],
    ] {
        let ran = desk.run(&args);
        let told = told(&ran);
        assert_eq!(ran.status.code(), Some(1), "{args:?}: {told}");
        assert!(
            told.contains("bad.jsonl: no document could be read, 2 bad entries")
                && told.contains("`i1`: no answer"),
            "{args:?}: {told}"
        );
    }
    let info = object(&desk.run(&["pool", "info", &pool, "--json"]));
    assert_eq!(info["documents"], 1, "the pool is as it was");
}

#[test]
fn pools_are_made_and_searched_with_a_checkpoints_folder() {
    let desk = Desk::new();
    let folder = desk.folder.path().join("checkpoints");
    fs::create_dir(&folder).unwrap();
    let model = tiny::write_checkpoint(&folder, Family::Qwen2, DType::F32, true, 2);
    let slash = PathBuf::from(format!("{}/", model.display()));
    let files = [("a.jsonl", "i101", HEIST), ("b.jsonl", "i102", DRAMA)];
    let [first, second] =
        files.map(|(name, id, text)| desk.put(name, json!({"id": id, "text": text}).to_string()));
    let pool = desk.at("c.pool");
    let built = object(&laserscope(
        &["pool", "build", &pool, &first, "--json"],
        &slash,
    ));
    let name = model.file_name().unwrap().to_str().unwrap();
    assert_eq!(
        (&built["added"], &built["pool"]["model"]),
        (&json!(1), &json!(name))
    );
    let added = object(&laserscope(
        &["pool", "add", &pool, &second, "--json"],
        &model,
    ));
    assert_eq!(added["pool"]["documents"], 2);
    let found = object(&laserscope(
        &["pool", "search", &pool, "quiet", "--json"],
        &model,
    ));
    assert_eq!(
        (&found["documents"], &found["hits"][0]["id"]),
        (&json!(1), &json!("item/i102"))
    );
    let config = model.join("config.json");
    let found = object(&laserscope(
        &["pool", "search", &pool, "heist", "--json"],
        &config,
    ));
    assert_eq!(found["documents"], 1, "a file of the folder names it, too");
}

/// What stands in files that an option names is somebody's.
#[test]
fn no_option_erases_a_foreign_file() {
    let desk = Desk::new();
    let generate = ["generate", "--item", "i101", "--max-tokens", "1"];
    let foreign = [
        ("notes.json", &br#"{"a":[1,2]}"#[..]),
        ("notes.txt", b"buy milk"),
        ("words.jsonl", b"{\"id\":\"i1\",\"text\":\"unfinished"),
        ("groups.toml", b"seed = 1\n"),
        ("latin.txt", b"caf\xe9"),
    ];
    for (name, bytes) in foreign {
        let file = desk.put(name, bytes);
        for args in [
            [&generate[..], &["--out", &file]].concat(),
            [&generate[..], &["--trace", &file]].concat(),
            vec![
                "generate",
                "--all",
                "items",
                "--limit",
                "1",
                "--max-tokens",
                "1",
                "--out",
                &file,
            ],
            vec!["groups", "build", "--out", &file],
        ] {
            let ran = desk.run(&args);
            let told = told(&ran);
            assert_eq!(ran.status.code(), Some(1), "{args:?}: {told}");
            assert!(told.contains(name), "{args:?}: {told}");
            assert_eq!(fs::read(&file).unwrap(), bytes, "{args:?}");
        }
    }
    let synth = desk.at("synth");
    fs::create_dir(&synth).unwrap();
    let users = desk.put("synth/users.csv", "id,name\nme,Me\n");
    let ran = desk.run(&["catalog", "synth", "--out", &synth]);
    assert_eq!(ran.status.code(), Some(1), "{}", told(&ran));
    assert_eq!(fs::read_to_string(users).unwrap(), "id,name\nme,Me\n");
}

#[test]
fn one_file_is_not_two_things() {
    let desk = Desk::new();
    let file = desk.at("x.jsonl");
    let generate = ["generate", "--item", "i101", "--max-tokens", "1"];
    let ran = desk.run(&[&generate[..], &["--trace", &file, "--out", &file]].concat());
    assert_eq!(ran.status.code(), Some(1));
    assert!(
        told(&ran).contains("the same file as --out"),
        "{}",
        told(&ran)
    );
    assert!(!Path::new(&file).exists());
    let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/traces/demo.jsonl");
    let trace = desk.put("run.jsonl", fs::read(demo).unwrap());
    for args in [
        vec![
            "trace", "export", &trace, "--out", &trace, "--format", "csv",
        ],
        vec!["picture", &trace, "--out", &trace],
    ] {
        let ran = desk.run(&args);
        assert_eq!(ran.status.code(), Some(1), "{args:?}");
        assert!(told(&ran).contains("the same file"), "{}", told(&ran));
        assert_eq!(fs::read(&trace).unwrap(), fs::read(demo).unwrap());
    }
}

/// A line of ours truncated by a kill is removed and reported; the run continues.
#[test]
fn a_torn_line_of_ours_is_removed_and_told() {
    let desk = Desk::new();
    let whole = json!({"id": "i102", "kind": "item", "group": "x", "framework": "kar", "model": "m", "text": DRAMA, "ended": true});
    let text = format!("{whole}\n{{\"id\":\"i103\",\"kind\":\"item\",\"group\":\"crime\",\"fra");
    let file = desk.put("k.jsonl", &text);
    let all = [
        "generate",
        "--all",
        "items",
        "--limit",
        "1",
        "--max-tokens",
        "1",
        "--fixed-pools",
    ];
    let ran = desk.run(&[&all[..], &["--out", &file]].concat());
    assert!(ran.status.success(), "{}", told(&ran));
    assert!(told(&ran).contains("k.jsonl:2: "), "{}", told(&ran));
    let held = desk.held("k.jsonl");
    assert!(held.starts_with(&format!("{whole}\n")), "{held}");
    assert!(
        held.lines()
            .all(|line| serde_json::from_str::<Value>(line).is_ok())
    );
}
