//! `laserscope score LOG --board`: a log behind the acceptance board. A thread scores it a
//! little at a time, and builds an answer again as a run when it is opened.

use std::num::NonZero;
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::{Duration, Instant};

use color_eyre::eyre::{Result, WrapErr, eyre};

use super::logged::bytes_of;
use super::prepare::{PreparedScore, prepare};
use super::read::ReadLogs;
use super::ways::the_only_way;
use crate::cli::ScoreArgs;
use crate::config::Settings;
use crate::console::progress::Line;
use crate::engine::scoring::{OpenedAs, RunCourse, Scoring, ScoringWay};
use crate::present::board::{BoardRow, LogDoor, LogRequest, MoreRows, RowFrom, Texts};
use crate::speculate::TokenId;
use crate::speculate::params::Params;
use crate::speculate::trace::{TokenBytes, Trace};

/// How long answers are scored before the rows go to the board.
const A_WHILE: Duration = Duration::from_millis(150);

/// Reads the logs; the door to the thread that scores them. `None`: cancelled.
///
/// # Errors
/// As for scoring; several ways to draft.
pub fn open_board(
    args: &ScoreArgs,
    params: Params,
    settings: &Settings,
) -> Result<Option<LogDoor>> {
    let mut line = Line::new();
    let Some(prepared) = prepare(args, params, settings, &mut line)? else {
        return Ok(None);
    };
    drop(line);
    let ways = [the_only_way("--board", &prepared.ways)?.scoring()];
    let told = prepared.logs.told();
    told.iter().for_each(|line| note!("{line}"));
    let name = match &args.logs[..] {
        [log] => log.display().to_string(),
        logs => format!("{} logs", logs.len()),
    };
    let n = prepared.scoring(&ways)?.n_scored();
    let (door, requests) = LogDoor::new(name, n, without_board());
    let named = thread::Builder::new().name("log".into());
    let serve = move || serve(&prepared, &ways, &requests);
    named.spawn(serve).wrap_err("starting to score the log")?;
    Ok(Some(door))
}

/// The words that this program was started with, but for --board.
fn without_board() -> Vec<String> {
    let words = std::env::args().skip(1);
    words.filter(|word| word != "--board").collect()
}

/// Answers requests until the board is closed.
fn serve(prepared: &PreparedScore, ways: &[ScoringWay; 1], requests: &Receiver<LogRequest>) {
    let logs = &prepared.logs;
    // It was possible before.
    let Ok(scoring) = prepared.scoring(ways) else {
        return;
    };
    let mut course = RunCourse::begin(&scoring, &ways[0]);
    // Nobody waits for an answer any more: the next request ends this.
    for request in requests {
        match request {
            LogRequest::More(reply) => {
                let _ = reply.send(more(logs, &mut course).map_err(words));
            }
            LogRequest::Open(number, reply) => {
                let opened = open(logs, &scoring, &ways[0], number);
                let _ = reply.send(opened.map(Box::new).map_err(words));
            }
        }
    }
}

/// The rows of the answers that are scored in a while.
fn more(logs: &ReadLogs, course: &mut RunCourse<'_>) -> Result<MoreRows> {
    let begun = Instant::now();
    let together = 4 * thread::available_parallelism().map_or(1, NonZero::get);
    let bytes = |id: TokenId| bytes_of(logs.encoder.codec(), id);
    let bytes: &(dyn Fn(TokenId) -> TokenBytes + Sync) = &bytes;
    let opened = |number| as_opened(logs, number, bytes);
    let row = |number, trace: &Trace| BoardRow::of(trace, RowFrom::Log(number), Texts::LeftOut);
    let mut found = MoreRows::default();
    while begun.elapsed() < A_WHILE && !found.is_all {
        let rows = course.advance(together, &opened, &row)?;
        found.is_all = rows.is_empty();
        found.rows.extend(rows);
    }
    Ok(found)
}

fn open(logs: &ReadLogs, scoring: &Scoring<'_>, way: &ScoringWay, number: u32) -> Result<Trace> {
    let bytes = |id: TokenId| bytes_of(logs.encoder.codec(), id);
    let opened = scoring.open_as_run(number, way, as_opened(logs, number, &bytes))?;
    opened.ok_or_else(|| eyre!("answer {number} is not scored"))
}

fn as_opened<'b>(
    logs: &ReadLogs,
    number: u32,
    bytes: &'b dyn Fn(TokenId) -> TokenBytes,
) -> OpenedAs<'b> {
    let at = number as usize;
    logs.metas[at].opened(&logs.answers.entries[at], logs.encoder.codec(), bytes)
}

fn words(error: color_eyre::eyre::Report) -> String {
    format!("{error:#}")
}
