//! Every command of the program on a world's files, in an order in which what one
//! writes is there for the next.

use super::world::World;

#[derive(Default)]
struct Lines(Vec<Vec<String>>);

impl Lines {
    /// Options that stand before the command, and the command.
    fn add(&mut self, given: &[&str], args: &[&str]) {
        let line = given.iter().chain(args).map(|word| word.to_string());
        self.0.push(line.collect());
    }

    /// The same for people and as JSON.
    fn both(&mut self, given: &[&str], args: &[&str]) {
        self.add(given, args);
        self.add(given, &[args, &["--json"]].concat());
    }
}

impl World {
    pub fn commands(&self) -> Vec<Vec<String>> {
        let mut lines = Lines::default();
        self.on_catalogs(&mut lines);
        self.on_groups(&mut lines);
        self.generating(&mut lines);
        self.measuring(&mut lines);
        self.scoring(&mut lines);
        self.on_models(&mut lines);
        self.on_pools(&mut lines);
        self.on_traces(&mut lines);
        self.on_knowledge(&mut lines);
        self.about_itself(&mut lines);
        lines.0
    }

    fn on_catalogs(&self, lines: &mut Lines) {
        let (catalog, map) = (self.at("catalog"), self.at("map.toml"));
        let data = ["--catalog", &catalog, "--groups", &map];
        // The playground, which has no terminal here.
        lines.add(&data, &[]);
        for what in ["items", "users", "info"] {
            lines.both(&data, &["catalog", what]);
        }
        let nowhere = self.at("nowhere");
        lines.add(&["--catalog", &nowhere], &["catalog", "items"]);
        lines.add(
            &["--strict-import", "--catalog", &catalog],
            &["catalog", "items"],
        );
        lines.add(&[], &["catalog", "synth", "--out", &self.at("sample")]);
    }

    fn on_groups(&self, lines: &mut Lines) {
        let (catalog, map, a) = (self.at("catalog"), self.at("map.toml"), self.at("a.jsonl"));
        let (groups, shuffled) = (self.at("groups.jsonl"), self.at("shuffled.jsonl"));
        let build = ["groups", "build", "--users", "liked", "--out", &groups];
        lines.add(&["--catalog", &catalog, "--groups", &map], &build);
        lines.add(
            &["--groups", &groups, "--catalog", &catalog],
            &["catalog", "users"],
        );
        lines.add(&[], &["groups", "shuffle", &groups, "--out", &shuffled]);
        lines.both(&[], &["groups", "info", &groups]);
        lines.add(&[], &["groups", "info", &a]);
    }

    /// Model, framework and catalog.
    pub fn asked(&self) -> Vec<String> {
        let (catalog, map) = (self.at("catalog"), self.at("map.toml"));
        let (model, framework) = (self.model(), self.at("framework.toml"));
        let options = [
            ("--model", model),
            ("--framework", framework),
            ("--catalog", catalog),
            ("--groups", map),
        ];
        let words = options
            .into_iter()
            .flat_map(|(name, value)| [name.into(), value]);
        words.collect()
    }

    fn generating(&self, lines: &mut Lines) {
        let (text, id) = (self.text(), format!("x{}", self.text()));
        let (run, batch) = (self.at("run.jsonl"), self.at("batch.jsonl"));
        let asked = self.asked();
        let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
        for whom in [
            &["--item", "i1", "--trace", &run][..],
            &["--item", &id, "--json"],
            &["--user", "u1"],
            &["--user", text],
            &["--prompt", text],
            &[
                "--all", "both", "--limit", "1", "--shard", "1/1", "--out", &batch,
            ],
            &["--all", "items", "--limit", "1", "--json"],
            &["--item", "i1", "--out", &batch],
            &["--item", "i1", "--k", text],
            &["--item", "i1", "--sources", text],
        ] {
            lines.add(
                &asked,
                &[&["generate", "--max-tokens", "24"], whom].concat(),
            );
        }
    }

    fn measuring(&self, lines: &mut Lines) {
        let asked = self.asked();
        let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
        for how in [
            &[][..],
            &["--json"],
            &["--by-group"],
            &["--paired", "1"],
            &["--drafters", "ngram,chain"],
        ] {
            let decode = ["bench", "decode", "--items", "1", "--max-tokens", "8"];
            let once = match how.contains(&"--paired") {
                true => &[][..],
                false => &["--paired", "1"],
            };
            lines.add(&asked, &[&decode, once, how].concat());
        }
        let batch = [
            "bench", "batch", "--sizes", "1,2", "--items", "2", "--users", "1", "--rounds", "1",
        ];
        lines.both(&asked, &batch);
        // The world has too few users to train on: that is said, and with which files.
        let (folder, arm) = (self.at("clicks"), format!("a={}", self.text()));
        let clicks = ["downstream", "--quick", "--out", &folder];
        lines.both(&asked, &clicks);
        lines.add(&asked, &[&clicks[..], &["--arm", &arm]].concat());
        let forward = ["bench", "forward", "--at", "16", "--repeats", "1"];
        lines.add(&["--model", &self.model()], &forward);
        lines.both(&["--model", &self.model()], &["cost", "show"]);
        lines.add(&["--model", &self.model()], &["cost", "measure"]);
        lines.add(&["--cost", self.text()], &["cost", "show"]);
        lines.add(&[], &["cost", "measure", "--shape", self.text()]);
        let (ids, bad_ids) = (self.at("ids.txt"), self.at("bad-ids.txt"));
        for pool in [&ids, &bad_ids] {
            let files = ["--heldout", &ids, "--prompts", &ids, "--pool", pool];
            lines.add(&[], &[&["bench", "retrieval"][..], &files].concat());
        }
        let traces = self.at("traces");
        let [page, document, chart] = ["html", "md", "svg"].map(|e| self.at(&format!("sweep.{e}")));
        let reports = [
            "--report",
            &page,
            "--report",
            &document,
            "--report",
            &chart,
            "--branches",
            "2,4",
            "--drafters",
            "laser,chain",
        ];
        for form in [&[][..], &["--csv"], &["--json"], &reports] {
            let sweep = [
                "sweep",
                "--item",
                "i1",
                "--rules",
                "strict",
                "--max-tokens",
                "8",
                "--paired",
                "1",
            ];
            lines.add(&asked, &[&sweep, &["--traces", &traces][..], form].concat());
        }
    }

    /// Documents are answers in a log, too.
    fn scoring(&self, lines: &mut Lines) {
        let (model, text, log) = (self.model(), self.text(), self.at("bad.jsonl"));
        let asked = ["--model", &model];
        let score = ["score", &log, "--budget", "4", "--split", "leave-one-out"];
        lines.both(&asked, &score);
        for more in [
            &["--csv"][..],
            &["--by-group"],
            &["--group-pattern", text],
            &["--answer-field", text],
        ] {
            lines.add(&asked, &[&score[..], more].concat());
        }
        lines.add(&asked, &["score", text]);
        lines.add(&asked, &["score", &log, "--tokenizer", text]);
    }

    fn on_models(&self, lines: &mut Lines) {
        let (model, text) = (self.model(), self.text());
        lines.both(&[], &["model", "list"]);
        lines.both(&[], &["model", "info", &model]);
        lines.add(&[], &["model", "info", &self.at("docs.jsonl")]);
        lines.add(&[], &["model", "fetch", &model]);
        lines.add(&[], &["model", "fetch", text]);
        lines.both(&[], &["settings", "--for", "sglang"]);
        lines.add(&[], &["settings", "--for", text]);
        lines.both(&[], &["framework", "list"]);
        lines.add(&[], &["framework", "show", &self.at("framework.toml")]);
        lines.add(&[], &["framework", "show", text]);
    }

    fn on_pools(&self, lines: &mut Lines) {
        let (model, pool) = (self.model(), self.at("films.pool"));
        let model = ["--model", &model];
        lines.add(&model, &["pool", "build", &pool, &self.at("docs.jsonl")]);
        lines.add(&model, &["pool", "add", &pool, &self.at("bad.jsonl")]);
        let (ids, groups) = (self.at("ids.txt"), self.at("group-of.txt"));
        lines.add(
            &[],
            &["pool", "add", &pool, "--tokens", &ids, "--groups", &groups],
        );
        lines.both(&[], &["pool", "info", &pool]);
        lines.both(&model, &["pool", "search", &pool, "ab"]);
        lines.add(&[], &["pool", "remove", &pool, self.text()]);
        lines.add(&[], &["pool", "remove", &pool, "i1"]);
    }

    fn on_traces(&self, lines: &mut Lines) {
        let (a, b, bad) = (
            self.at("a.jsonl"),
            self.at("b.jsonl"),
            self.at("bad-a.jsonl"),
        );
        lines.add(&[], &["replay", &bad]);
        lines.add(&[], &["replay", &a]);
        lines.both(&[], &["trace", "show", &a]);
        lines.both(&[], &["trace", "show", &a, "--step", "2"]);
        lines.add(&[], &["trace", "show", &a, "--where", self.text()]);
        lines.both(&[], &["trace", "stats", &a, &b]);
        lines.add(&[], &["trace", "stats", &bad]);
        lines.both(&[], &["trace", "diff", &a, &b]);
        lines.both(&[], &["trace", "why", &a, &b]);
        for further in [
            &[][..],
            &["--with-text"],
            &["--csv"],
            &["--html"],
            &["--md"],
            &["--json"],
        ] {
            lines.add(&[], &[&["trace", "board", &a, &b], further].concat());
        }
        lines.both(&[], &["trace", "whatif", &a, "--k", "3"]);
        lines.both(&["--model", &self.model()], &["trace", "verify", &a]);
        for format in ["html", "md", "svg", "txt", "cast", "csv"] {
            lines.add(&[], &["trace", "export", &a, "--format", format]);
        }
        lines.add(
            &[],
            &["trace", "export", &a, "--out", &self.at("page.html")],
        );
        lines.add(&[], &["picture", &a, "--out", &self.at("picture.svg")]);
        lines.both(&[], &["lesson", "list"]);
        lines.add(&[], &["lesson", "export", "--out", &self.at("lessons")]);
        for name in ["draft", self.text()] {
            let page = self.at("lesson.html");
            lines.add(&[], &["lesson", "export", name, "--out", &page]);
        }
        lines.add(&[], &["lesson", "export", "draft", "--out", &a]);
    }

    fn on_knowledge(&self, lines: &mut Lines) {
        let (batch, joined) = (self.at("batch.jsonl"), self.at("joined.jsonl"));
        let (docs, bad, made) = (
            self.at("docs.jsonl"),
            self.at("bad.jsonl"),
            self.at("made.jsonl"),
        );
        lines.add(&[], &["knowledge", "merge", &batch, "--out", &joined]);
        lines.add(&[], &["knowledge", "merge", &docs, "--out", &joined]);
        let catalog = self.at("catalog");
        lines.add(
            &["--catalog", &catalog],
            &["knowledge", "import", &bad, "--out", &made],
        );
        let model = self.model();
        lines.add(
            &["--knowledge", &bad, "--model", &model],
            &["generate", "--item", "i101"],
        );
    }

    fn about_itself(&self, lines: &mut Lines) {
        let text = self.text();
        lines.add(&["--config", &self.at("config.toml")], &["keys"]);
        for args in [
            &["keys"][..],
            &["completions", "bash"],
            &["man"],
            &["man", text],
            &["--help"],
            &[text],
        ] {
            lines.add(&[], args);
        }
    }
}
