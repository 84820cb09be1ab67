//! Traces that lack rows, scores and times, as those made of other engines' logs do: they
//! save and load, their other figures stay, every view shows them, and nothing says 0 for
//! what is not recorded.

use crossterm::event::KeyCode;
use laserscope::export::Canvas;
use laserscope::present::format::Format;
use laserscope::speculate::compare::{divergence, slower};
use laserscope::speculate::params::{AcceptanceRule, Params};
use laserscope::speculate::quality::LogProb;
use laserscope::speculate::stats::Stats;
use laserscope::speculate::trace::{FORMAT, FORMAT_IN_PART, LogOrigin, Step, Trace};
use laserscope::start::screens::export;
use laserscope::tui::Look;
use laserscope::tui::app::App;
use laserscope::tui::screens::decode::state::{Cursor, Zoom};
use proptest::prelude::*;
use ratatui::buffer::Buffer;

use super::fixture;
use super::stage::{draw, keys, press, start};

/// Draws from a seed; small and repeatable.
struct Dice(u64);

impl Dice {
    /// Whether something with this chance in percent happens.
    fn falls(&mut self, percent: u64) -> bool {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005) | 1;
        (self.0 >> 33) % 100 < percent
    }
}

/// The trace with each of its steps changed.
fn with_steps(trace: &Trace, mut change: impl FnMut(&mut Step)) -> Trace {
    let mut other = Trace::new(trace.header.clone());
    for mut step in trace.steps.iter().cloned() {
        change(&mut step);
        other.push(step);
    }
    other.end = trace.end.clone();
    other
}

/// The trace with this share of what can be absent removed.
fn thinned(trace: &Trace, seed: u64, percent: u64) -> Trace {
    let mut dice = Dice(seed | 1);
    with_steps(trace, |step| {
        for row in &mut step.rows {
            *row = row.take().filter(|_| !dice.falls(percent));
            if let Some(row) = row {
                row.entropy = row.entropy.filter(|_| !dice.falls(percent));
                row.log_norm = row.log_norm.filter(|_| !dice.falls(percent));
                row.top.truncate(if dice.falls(percent) { 1 } else { 10 });
            }
        }
        for score in &mut step.judged {
            *score = score.filter(|_| !dice.falls(percent));
            if let Some(score) = score {
                score.rank = score.rank.filter(|_| !dice.falls(percent));
            }
        }
        step.timing = step.timing.filter(|_| !dice.falls(percent));
    })
}

/// The trace as if it had been made of a log that holds tokens alone.
fn bare(trace: &Trace) -> Trace {
    let mut bare = with_steps(trace, |step| {
        step.rows.fill(None);
        step.judged.fill(None);
        step.timing = None;
    });
    let header = &mut bare.header;
    header.model.architecture = None;
    header.model.dtype = None;
    header.model.file_bytes = None;
    header.model.context = None;
    header.device = None;
    header.threads = None;
    header.prompt_ms = None;
    header.cost = Default::default();
    header.log = Some(LogOrigin {
        log: "answers.jsonl".into(),
        id: "c1".into(),
        is_greedy: None,
        judge: None,
    });
    if let Some(end) = &mut bare.end {
        end.decode_ms = None;
    }
    bare
}

fn saved(trace: &Trace) -> Vec<u8> {
    let mut bytes = Vec::new();
    trace.save(&mut bytes).expect("writes");
    bytes
}

/// The playground with these recordings, played to their ends.
fn replaying(traces: Vec<Trace>) -> App {
    App::new(laserscope::tui::Start {
        replay: traces,
        ..start()
    })
}

fn text_of(buffer: &Buffer) -> String {
    let rows = (0..buffer.area.height).map(|y| {
        let cells = (0..buffer.area.width).map(|x| buffer[(x, y)].symbol());
        cells.collect::<String>()
    });
    rows.collect::<Vec<_>>().join("\n")
}

/// Every screen with these traces, at some steps, and the dialogs about a run.
fn screens(traces: Vec<Trace>) -> Vec<String> {
    let mut app = replaying(traces);
    app.look.size = (150, 50);
    let mut seen = Vec::new();
    for at in [0, 1, 4, 9] {
        for screen in ["2", "3", "4", "5", "6"] {
            keys(&mut app, screen);
            app.decode.go_to(Cursor::at(at));
            app.notice = None;
            seen.push(text_of(&draw(&app)));
            if screen == "4" {
                keys(&mut app, " ");
                seen.push(text_of(&draw(&app)));
            }
        }
        keys(&mut app, "2");
        for way in ["j", "jj", "l", "y", "b", "/", "e", "?", "i", "s"] {
            app.decode.go_to(Cursor::at(at));
            keys(&mut app, way);
            seen.push(text_of(&draw(&app)));
            press(&mut app, KeyCode::Esc);
            app.dialog = None;
        }
        app.decode.zoom = Zoom::One;
        for _ in 0..5 {
            press(&mut app, KeyCode::Tab);
            seen.push(text_of(&draw(&app)));
        }
        app.decode.zoom = Zoom::All;
    }
    seen
}

/// What a figure that is not there must not look like.
const ZEROES: [&str; 12] = [
    " 0.0 ms",
    " 0.00 ms",
    " 0 ms",
    " 0.00 s",
    " 0.00 0.00",
    "r0 ",
    "rank 0",
    " p 0",
    "0 tokens/s",
    "0 threads",
    "NaN",
    "inf ",
];

fn says_no_zero(text: &str) -> Result<(), String> {
    let found = ZEROES.iter().find(|zero| text.contains(**zero));
    match found {
        Some(zero) => Err(format!("{zero:?} in:\n{text}")),
        None => Ok(()),
    }
}

fn strict() -> Trace {
    let params = Params {
        verify: AcceptanceRule::Strict,
        ..Params::default()
    };
    fixture::run(7, params)
}

#[test]
fn a_run_that_lacks_nothing_is_of_the_earlier_format() {
    let whole = strict();
    assert_eq!(whole.header.format, FORMAT);
    assert_eq!(bare(&whole).header.format, FORMAT_IN_PART);
    let mut one = whole.clone();
    one.steps.clear();
    for (i, mut step) in whole.steps.iter().cloned().enumerate() {
        step.timing = step.timing.filter(|_| i != 3);
        one.push(step);
    }
    assert_eq!(one.header.format, FORMAT_IN_PART);
}

#[test]
fn nothing_on_a_screen_says_0_for_what_is_not_recorded() {
    let bare = bare(&strict());
    let seen = screens(vec![bare.clone(), strict()]);
    let seen = [seen, screens(vec![bare])].concat();
    for text in &seen {
        says_no_zero(text).unwrap();
    }
    let all = seen.join("\n");
    assert!(all.contains("not recorded"), "it is said");
    assert!(all.contains("The model's distribution"));
    assert!(all.contains("No race"), "and that there is no race");
}

#[test]
fn nothing_exported_says_0_for_what_is_not_recorded() {
    let bare = bare(&strict());
    for format in [Format::Html, Format::Markdown, Format::Csv, Format::Text] {
        let text = export(&bare, format, &Canvas::default(), &Look::default());
        says_no_zero(&text).unwrap();
        let has_figures = matches!(format, Format::Html | Format::Markdown);
        assert!(!has_figures || text.contains("not recorded"), "{format:?}");
    }
    let csv = export(&bare, Format::Csv, &Canvas::default(), &Look::default());
    let column = |line: &str, n: usize| line.split(',').nth(n).unwrap().to_string();
    // A token may be a comma: only lines without quoted ones are split.
    for line in csv.lines().skip(1).filter(|line| !line.contains('"')) {
        assert_eq!([column(line, 7), column(line, 8)], ["", ""], "{line}");
    }
}

#[test]
fn a_bare_run_is_compared_by_its_tokens() {
    let (whole, relaxed) = (strict(), fixture::relaxed());
    let bare = bare(&whole);
    let at = |a: &Trace, b: &Trace| divergence(a, b).map(|found| found.at);
    assert_eq!(at(&bare, &relaxed), at(&whole, &relaxed));
    assert_eq!(at(&bare, &whole), None);
    assert_eq!(slower(&bare, &whole), None, "its times are not recorded");
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_is_left_stays_as_it_was(seed: u64, percent in 0u64..101, is_strict: bool) {
        let whole = if is_strict { strict() } else { fixture::relaxed() };
        let thin = thinned(&whole, seed, percent);
        let bytes = saved(&thin);
        let read = Trace::load(bytes.as_slice()).expect("it is read");
        prop_assert!(read == thin);
        prop_assert!(saved(&read) == bytes);
        prop_assert_eq!(thin.token_ids(), whole.token_ids());
        let (mut all, mut found) = (json(&Stats::of(&whole)), json(&Stats::of(&thin)));
        for stats in [&mut all, &mut found] {
            for times in ["timing", "untimed_steps", "untimed_tokens"] {
                stats.as_object_mut().expect("an object").remove(times);
            }
        }
        prop_assert_eq!(all, found);
        let (all, found) = (LogProb::of(&whole), LogProb::of(&thin));
        prop_assert_eq!(found.tokens + found.not_recorded, all.tokens);
    }

    #[test]
    fn every_view_takes_what_is_left(seed: u64, percent in 0u64..101) {
        let thin = thinned(&fixture::relaxed(), seed, percent);
        let seen = screens(vec![thin.clone(), strict()]);
        prop_assert!(seen.iter().all(|text| !text.contains("NaN")));
        for format in [Format::Html, Format::Markdown, Format::Csv, Format::Text, Format::Svg] {
            let _ = export(&thin, format, &Canvas::default(), &Look::default());
        }
    }
}

fn json(stats: &Stats) -> serde_json::Value {
    serde_json::to_value(stats).expect("an object")
}
