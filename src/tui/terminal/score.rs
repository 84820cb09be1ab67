//! Runs `laserscope score` on the answers that are marked on the acceptance board: on those of
//! a log as the board was opened, on recorded runs as a log that is written beside them.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use color_eyre::eyre::{Result, WrapErr, bail, eyre};
use serde_json::json;

use super::files;
use crate::present::board::{BoardRow, RowFrom};
use crate::speculate::command_line::quoted;
use crate::speculate::sweep::Job;
use crate::speculate::trace::Trace;
use crate::speculate::verify::Finish;
use crate::tui::app::App;
use crate::tui::screens::catalog::board::scoring::{MarkedScore, MarkedScoring};
use crate::tui::screens::compare::state::Choice;

/// How often is looked whether the process has ended.
const LOOKED_EVERY: Duration = Duration::from_millis(50);
/// Rows of a draft tree that are compared.
const BUDGETS: &str = "8,16,32,64";

/// A run whose answer is scored.
enum Marked {
    Here(Box<Trace>),
    File(PathBuf),
}

/// What is handed to the process.
struct Handed {
    /// Before the command's own options.
    words: Vec<String>,
    runs: Vec<Marked>,
    /// Where the log of the runs goes.
    folder: PathBuf,
}

/// Begins to score the marked answers on a thread of its own.
pub(super) fn begin(app: &App) {
    let Some(scoring) = app.catalog.board.scoring.clone() else {
        return;
    };
    let failed = |why: color_eyre::Report| MarkedScore {
        command: "laserscope score".to_string(),
        printed: Err(format!("{why:#}")),
    };
    let handed = match handed(app) {
        Ok(handed) => handed,
        Err(why) => return scoring.end(failed(why)),
    };
    let waiting = scoring.clone();
    let work = move || {
        let score = scored(handed, &waiting).unwrap_or_else(failed);
        waiting.end(score);
    };
    let thread = std::thread::Builder::new().name("score".into());
    if let Err(why) = thread.spawn(work) {
        scoring.end(failed(why.into()));
    }
}

fn handed(app: &App) -> Result<Handed> {
    let rows = app.catalog.board.chosen();
    let log = app.catalog.board.log.as_ref();
    let of_log = rows.iter().all(|row| matches!(row.from, RowFrom::Log(_)));
    if let Some(log) = log.filter(|_| of_log) {
        let ids = rows.iter().map(|row| row.subject.id.clone());
        let only = ids.flat_map(|id| ["--only".to_string(), id]);
        return Ok(Handed {
            words: log.door.command.iter().cloned().chain(only).collect(),
            runs: Vec::new(),
            folder: PathBuf::new(),
        });
    }
    let runs = rows.into_iter().map(|row| marked(app, row));
    let drafter = app.next.params.drafter.name();
    let mut words = app.engine.setup.words.clone();
    words.push("score".to_string());
    words.extend(["--drafter", drafter, "--budget", BUDGETS].map(String::from));
    words.extend(["--group-field", "subject.group"].map(String::from));
    Ok(Handed {
        words,
        runs: runs.collect::<Result<_>>()?,
        folder: app.session.save_dir.clone(),
    })
}

fn marked(app: &App, row: &BoardRow) -> Result<Marked> {
    let gone = || eyre!("{}: this run is gone", row.subject.title);
    match &row.from {
        RowFrom::File(path) => Ok(Marked::File(path.clone())),
        RowFrom::Run(id) => {
            let trace = app.trace_of(Choice::Run(*id))?.into_owned();
            Ok(Marked::Here(Box::new(trace)))
        }
        RowFrom::Log(number) => {
            let log = app.catalog.board.log.as_ref().ok_or_else(gone)?;
            let opened = log.door.open(*number).map_err(|why| eyre!(why))?;
            Ok(Marked::Here(opened))
        }
        RowFrom::Sweep(sweep, subject, cell) => {
            let found = app.tune.sweep.found.as_ref().filter(|f| f.id == *sweep);
            let (subject, cell) = (*subject, *cell);
            let trace = found.ok_or_else(gone)?.traces.get(&Job { subject, cell })?;
            Ok(Marked::Here(Box::new(trace.ok_or_else(gone)?)))
        }
    }
}

/// Waits for the process.
fn scored(handed: Handed, scoring: &MarkedScoring) -> Result<MarkedScore> {
    let mut words = handed.words;
    if !handed.runs.is_empty() {
        words.push(written(&handed.folder, handed.runs)?);
    }
    let said = words.iter().map(|word| quoted(word));
    let command = ["laserscope".to_string()].into_iter().chain(said);
    let command = command.collect::<Vec<_>>().join(" ");
    let printed = run(&words, scoring);
    Ok(MarkedScore {
        command,
        printed: printed.map_err(|why| format!("{why:#}")),
    })
}

/// Writes the runs as a log of token ids. Runs of one prompt are answers to one request, so
/// that they do not draft for each other.
fn written(folder: &Path, runs: Vec<Marked>) -> Result<String> {
    let mut requests: Vec<Vec<Trace>> = Vec::new();
    for run in runs {
        let trace = match run {
            Marked::Here(trace) => *trace,
            Marked::File(path) => files::load(&path)?,
        };
        let ids = &trace.header.prompt_ids;
        let is_asked = |request: &&mut Vec<Trace>| request[0].header.prompt_ids == *ids;
        match requests.iter_mut().find(is_asked) {
            Some(request) => request.push(trace),
            None => requests.push(vec![trace]),
        }
    }
    let log: String = requests.iter().map(|request| line(request)).collect();
    files::write_new(folder, "marked-answers", &[("jsonl", log.as_bytes())])
}

/// A request and its answers, as vLLM's server writes them, with the fields of this program.
fn line(request: &[Trace]) -> String {
    let header = &request[0].header;
    let choice = |(index, trace): (usize, &Trace)| {
        let finish = trace.end.as_ref().map(|end| match end.finish {
            Finish::Eos => "stop",
            Finish::Length | Finish::Context | Finish::Cancelled => "length",
        });
        json!({
            "index": index,
            "text": "",
            "prompt_token_ids": header.prompt_ids,
            "token_ids": trace.token_ids(),
            "finish_reason": finish,
        })
    };
    let choices = request.iter().enumerate().map(choice);
    let line = json!({
        "subject": header.subject,
        "opening_len": header.opening_len,
        "choices": choices.collect::<Vec<_>>(),
    });
    format!("{line}\n")
}

/// What the program prints with these words.
fn run(words: &[String], scoring: &MarkedScoring) -> Result<String> {
    let program = std::env::current_exe().wrap_err("finding this program")?;
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().wrap_err("starting to score")?;
    let (printed, told) = (read(process.stdout.take()), read(process.stderr.take()));
    scoring.started(process);
    let status = loop {
        if let Some(status) = scoring.exit()? {
            break status;
        }
        if !scoring.is_under_way() {
            bail!("stopped");
        }
        std::thread::sleep(LOOKED_EVERY);
    };
    let text = |read: Reader| read.join().unwrap_or_default();
    let (printed, told) = (text(printed), text(told));
    match status.success() {
        true => Ok(format!("{told}\n{printed}").trim_matches('\n').to_string()),
        false => Err(eyre!("{}", told.trim())),
    }
}

type Reader = std::thread::JoinHandle<String>;

/// Reads all of it meanwhile.
fn read(from: Option<impl Read + Send + 'static>) -> Reader {
    std::thread::spawn(move || {
        let mut text = Vec::new();
        if let Some(mut from) = from {
            // What could be read is shown.
            let _ = from.read_to_end(&mut text);
        }
        String::from_utf8_lossy(&text).into_owned()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn runs_of_one_prompt_are_answers_to_one_request() {
        let shipped = &include_bytes!("../../../assets/traces/strict.jsonl")[..];
        let run = Trace::load(shipped).expect("a trace");
        let mut other = run.clone();
        other.header.prompt_ids.push(7);
        let folder = tempfile::tempdir().expect("a folder");
        let marked = [&run, &other, &run].map(|run| Marked::Here(Box::new(run.clone())));
        let path = written(folder.path(), marked.into()).expect("writes");
        let log = std::fs::read_to_string(path).expect("reads");
        let lines = log
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"));
        let lines: Vec<Value> = lines.collect();
        let n_answers = |line: &Value| line["choices"].as_array().map_or(0, Vec::len);
        assert_eq!(lines.iter().map(n_answers).collect::<Vec<_>>(), [2, 1]);
        let answer = &lines[0]["choices"][1];
        assert_eq!(answer["token_ids"], json!(run.token_ids()));
        assert_eq!(answer["prompt_token_ids"], json!(run.header.prompt_ids));
    }
}
