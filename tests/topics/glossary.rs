//! Every head and every abbreviation of the screens is in the glossary; the help
//! begins with the focused pane's; zoomed panes explain their figures.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use crossterm::event::KeyCode;
use laserscope::glossary::{self, GlossaryPlace};
use laserscope::recsys::Framework;
use laserscope::speculate::params::{AcceptanceRule, Params, Source};
use laserscope::speculate::sweep::Measure;
use laserscope::start::recorded_batch::read_batch;
use laserscope::tui::Start;
use laserscope::tui::app::App;
use laserscope::tui::screens::batch::state::BatchPane;
use laserscope::tui::screens::decode::state::Pane;
use laserscope::tui::settings::Setting;

use super::stage::{draw, keys, measured, press, ready, start};

/// Headings and remarks in plain English, which need no explanation. New ones belong
/// here or in `assets/glossary.toml`.
const PLAIN: [&str; 72] = [
    "committed",
    "masked: another branch or later",
    "╌ forgotten",
    "█ kept",
    "alone",
    "does",
    "done",
    "free",
    "prompts",
    "reads",
    "subject",
    "time",
    "together",
    "waits",
    "threads",
    "as measured",
    "as profiled",
    "automatic",
    "both",
    "by the profile",
    "differ",
    "drafts",
    "in",
    "its own budget",
    "machine",
    "of drafts",
    "this run",
    "hit",
    "all",
    "begins",
    "checks",
    "commit",
    "drafting",
    "forward",
    "genres",
    "here",
    "id",
    "k docs",
    "length",
    "longest",
    "match",
    "mean",
    "measured",
    "measured ms",
    "milliseconds by phase",
    "model",
    "name",
    "next",
    "none",
    "not",
    "now",
    "of",
    "on",
    "ratings",
    "recorded",
    "retrieve",
    "share",
    "run",
    "steps",
    "temperature",
    "seed",
    "this step",
    "title",
    "token",
    "tokens",
    "tokens committed",
    "top-k",
    "top-p",
    "verify",
    "where",
    "with",
    "x",
];

fn is_explained(label: &str) -> bool {
    glossary::named(label).is_some() || PLAIN.contains(&label)
}

/// Whether a row of heads falls into labels that are explained: `tok/s speed-up`.
fn falls_into_labels(words: &[&str]) -> bool {
    words.is_empty()
        || (1..=words.len())
            .any(|n| is_explained(&words[..n].join(" ")) && falls_into_labels(&words[n..]))
}

/// The screen's columns, and those of a wide dialog, without what looks out beside it.
const WIDE: Range<u16> = 1..119;
const DIALOG: Range<u16> = 7..113;
const NARROW_DIALOG: Range<u16> = 11..109;

/// What stands in the colour of labels, run by run, in the rows given.
fn dim_runs(app: &App, columns: Range<u16>, rows: Range<u16>) -> BTreeSet<String> {
    let buffer = draw(app);
    let dim = app.look.theme.theme().dim().fg;
    let mut runs = BTreeSet::new();
    for y in rows {
        let mut row = String::new();
        for x in columns.clone() {
            let cell = &buffer[(x, y)];
            let is_dim = cell.fg == dim.expect("a colour") && cell.symbol() != "│";
            row.push_str(if is_dim { cell.symbol() } else { "  " });
        }
        let parts = row.split("  ").flat_map(|part| part.split('·'));
        runs.extend(parts.map(|part| part.trim().to_string()));
    }
    runs.retain(|run| run.contains(char::is_alphabetic));
    runs
}

/// Remarks explain themselves.
fn is_remark(run: &str) -> bool {
    let words: Vec<&str> = run.split_whitespace().collect();
    run.ends_with(['.', ':', '…'])
        || run.contains(['?', '×', '\''])
        || words.len() > 5
        || words
            .iter()
            .any(|w| ["a", "its", "and", "under"].contains(w))
}

/// Figures and the signs between them left out.
fn words(run: &str) -> Vec<&str> {
    let words = run.split_whitespace().map(bare);
    words
        .filter(|word| !word.is_empty() && !word.contains(|c: char| c.is_ascii_digit()))
        .collect()
}

/// Without a trailing comma and surrounding brackets; `t(n)` keeps its own.
fn bare(word: &str) -> &str {
    let word = word.trim_matches(',');
    match word.find('(') {
        Some(1..) => word,
        _ => word.trim_matches(['(', ')']),
    }
}

fn unexplained(app: &App, columns: Range<u16>, rows: Range<u16>) -> Vec<String> {
    let heads = dim_runs(app, columns, rows)
        .into_iter()
        .filter(|run| !is_remark(run));
    heads
        .filter(|run| !falls_into_labels(&words(run)))
        .collect()
}

/// The rows inside a dialog's frame.
fn dialog_rows(app: &App) -> Range<u16> {
    let buffer = draw(app);
    let (width, height) = (buffer.area.width, buffer.area.height);
    let row_of = |corner: &str| {
        let has = |y: &u16| (0..width).any(|x| buffer[(x, *y)].symbol() == corner);
        (0..height).find(has).expect("a frame")
    };
    row_of("╭") + 1..row_of("╰")
}

fn batch() -> App {
    let batch = read_batch(Path::new("assets/traces/batch")).ok();
    App::new(Start { batch, ..start() })
}

fn zoomed(pane: Pane) -> App {
    let mut app = measured();
    app.decode.pane = pane;
    keys(&mut app, "z");
    app
}

#[test]
fn every_head_is_explained() {
    let mut missing = Vec::new();
    for pane in [Pane::Pool, Pane::Speed] {
        missing.extend(unexplained(&zoomed(pane), WIDE, 3..38));
    }
    let mut app = measured();
    keys(&mut app, "4");
    missing.extend(unexplained(&app, WIDE, 22..38));
    let mut app = measured();
    keys(&mut app, "w");
    missing.extend(unexplained(&app, DIALOG, 3..38));
    for pane in BatchPane::ALL {
        let mut app = batch();
        app.batch.focus(pane);
        keys(&mut app, "z");
        // Below their heads the lanes have titles and texts.
        let rows = if pane == BatchPane::Lanes {
            2..3
        } else {
            2..38
        };
        missing.extend(unexplained(&app, WIDE, rows));
    }
    // The heads of the lists: id, title, group, half, ..
    let mut app = ready();
    missing.extend(unexplained(&app, WIDE, 3..4));
    press(&mut app, KeyCode::Tab);
    missing.extend(unexplained(&app, WIDE, 3..4));
    let mut app = measured();
    keys(&mut app, "W");
    missing.extend(unexplained(&app, NARROW_DIALOG, dialog_rows(&app)));
    app.dialog = None;
    keys(&mut app, "i");
    missing.extend(unexplained(&app, WIDE, dialog_rows(&app)));
    app.dialog = None;
    keys(&mut app, "W1");
    press(&mut app, KeyCode::Tab);
    press(&mut app, KeyCode::Tab);
    missing.extend(unexplained(&app, WIDE, 4..5));
    assert!(
        missing.is_empty(),
        "put these into assets/glossary.toml, or among the plain words: {missing:?}"
    );
    assert!(!falls_into_labels(&["flux", "per", "step"]));
}

#[test]
fn every_name_of_a_setting_a_rule_or_a_measure_is_explained() {
    let settings: Vec<&str> = Setting::all().into_iter().map(Setting::name).collect();
    let rules = AcceptanceRule::ALL.map(|rule| rule.name());
    let sources = Source::ALL.map(|source| source.name());
    let measures = Measure::ALL.map(Measure::name);
    let names = settings
        .iter()
        .chain(&rules)
        .chain(&sources)
        .chain(&measures);
    let missing: Vec<_> = names.filter(|name| !is_explained(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    for source in Source::ALL {
        let mark = source.letter().to_string();
        assert_eq!(glossary::named(&mark).expect("a mark").name, "origin");
    }
    for head in [
        "p", "rank", "seen in", "estimate", "seg", "docs", "tok", "half", "est.",
    ] {
        assert!(glossary::named(head).is_some(), "{head}");
    }
    let budget = Params::default().budget.describe();
    assert!(glossary::named(&budget).is_some(), "{budget}");
    for framework in Framework::names() {
        let title = Framework::named(framework).expect("bundled").title;
        assert!(glossary::named(&title).is_some(), "{title}");
    }
}

/// Words in capitals that are titles of panes and dialogs, units, or the program's name.
const TITLES: [&str; 49] = [
    "ANSWER",
    "QUEUED",
    "BRANCH",
    "COPY",
    "DETAILS",
    "DISK",
    "DOCUMENT",
    "DOCUMENTS",
    "EARLIER",
    "ENDED",
    "EXPORT",
    "FAILED",
    "DOWNLOAD",
    "FIGURES",
    "FILE",
    "FIND",
    "FOR",
    "FROM",
    "GB",
    "GO",
    "HELP",
    "IF",
    "LESSON",
    "LESSONS",
    "LIVE",
    "LOW",
    "LaserScope",
    "MB",
    "MODEL",
    "NAMED",
    "NO",
    "ON",
    "OWN",
    "PALETTE",
    "PAUSED",
    "POOLS",
    "PROMPT",
    "RECORDED",
    "REPLAY",
    "RUN",
    "RUNS",
    "SAVE",
    "SEARCH",
    "SETTINGS",
    "SLOW",
    "STEPS",
    "THE",
    "TOTALS",
    "WHY",
];
const MORE_TITLES: [&str; 14] = [
    "DIR",
    "DONE",
    "PLAYING",
    "PREDICT",
    "PREPARING",
    "OF",
    "SCORES",
    "SWEEP",
    "TEXT",
    "TO",
    "WHAT",
    "WITH",
    "YOUR",
    "POOL",
];

/// The literals of a source, comments and tests left out.
fn literals(source: &str) -> Vec<String> {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let mut found = Vec::new();
    for line in code.lines().map(str::trim) {
        if !line.starts_with("//") {
            let parts = line.split('"');
            found.extend(parts.skip(1).step_by(2).map(String::from));
        }
    }
    found
}

/// `WHY SLOW?`: several words, all in capitals.
fn is_title(literal: &str) -> bool {
    literal.trim().contains(' ') && !literal.contains(char::is_lowercase)
}

fn without_placeholders(literal: &str) -> String {
    let parts = literal.split('{').enumerate();
    let outside = parts.map(|(i, part)| match (i, part.split_once('}')) {
        (0, _) => part,
        (_, Some((_, after))) => after,
        (_, None) => "",
    });
    outside.collect()
}

/// The files of the screens that draw.
fn drawing_sources(folder: &Path) -> Vec<String> {
    let mut sources = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources.extend(drawing_sources(&path));
        } else {
            let source = std::fs::read_to_string(path).expect("a file");
            sources.extend(Some(source).filter(|text| text.contains("use ratatui::text")));
        }
    }
    sources
}

#[test]
fn every_abbreviation_is_explained() {
    let mut missing = BTreeSet::new();
    let mut n_found = 0;
    for source in drawing_sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tui")) {
        for literal in literals(&source) {
            let literal = without_placeholders(&literal);
            if is_title(&literal) {
                continue;
            }
            let words = literal.split(|c: char| !c.is_alphanumeric() && c != '_');
            let is_short = |w: &&str| w.chars().filter(|c| c.is_uppercase()).count() > 1;
            for word in words.filter(is_short) {
                n_found += 1;
                let is_title = TITLES.contains(&word) || MORE_TITLES.contains(&word);
                if !is_title && glossary::named(word).is_none() {
                    missing.insert(word.to_string());
                }
            }
        }
    }
    assert!(
        missing.is_empty(),
        "put these into assets/glossary.toml: {missing:?}"
    );
    assert!(n_found > 20, "the sources hold abbreviations");
}

/// The help as it is drawn, its rows one by one.
fn rows(app: &App) -> Vec<String> {
    let buffer = draw(app);
    let row = |y| {
        (0..buffer.area.width)
            .map(|x| buffer[(x, y)].symbol())
            .collect()
    };
    (0..buffer.area.height).map(row).collect()
}

#[test]
fn the_help_begins_with_the_focused_pane() {
    for (pane, title, word) in [
        (Pane::Speed, "HELP · SPEED", "MAL"),
        (Pane::Pool, "HELP · POOL", "hit"),
        (Pane::Tree, "HELP · DRAFT TREE", "rank"),
    ] {
        for size in [(80, 24), (120, 40)] {
            let mut app = measured();
            (app.look.size, app.decode.pane) = (size, pane);
            keys(&mut app, "?");
            let text = rows(&app).join("\n");
            assert!(text.contains(title), "{text}");
            let words = text.find(word).expect("the pane's words");
            let keys = text.find("Keys: ").unwrap_or(usize::MAX);
            assert!(
                words < keys || size == (120, 40),
                "words, then keys: {text}"
            );
            assert!(rows(&app)[2].contains("figures and words mean"), "{text}");
        }
    }
    let mut app = measured();
    keys(&mut app, "w?");
    assert!(rows(&app).join("\n").contains("HELP · WHY SLOW?"));
    press(&mut app, KeyCode::Esc);
    assert!(
        rows(&app).join("\n").contains("WHY SLOW?"),
        "back where it was asked for"
    );
}

#[test]
fn the_help_is_searched() {
    let mut app = measured();
    keys(&mut app, "?/mean acc");
    let text = rows(&app).join("\n");
    assert!(
        text.contains("MAL") && text.contains("1.0 is autoregressive"),
        "{text}"
    );
    press(&mut app, KeyCode::Enter);
    press(&mut app, KeyCode::Esc);
    assert!(
        rows(&app).join("\n").contains("figures and words mean"),
        "the search is cleared"
    );
    keys(&mut app, "/bookmark");
    assert!(
        rows(&app).join("\n").contains("the next bookmark"),
        "keys are found, too"
    );
    press(&mut app, KeyCode::Esc);
    keys(&mut app, "/zzzz");
    assert!(rows(&app).join("\n").contains("No term or key"));
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Esc);
    assert!(app.dialog.is_none());
}

#[test]
fn a_zoomed_pane_explains_its_figures() {
    for (pane, place) in [
        (Pane::Speed, GlossaryPlace::Speed),
        (Pane::Pool, GlossaryPlace::Pool),
    ] {
        let app = zoomed(pane);
        let text = rows(&app).join("\n");
        let first = glossary::of(place).next().expect("a word");
        let begin: String = first.short.chars().take(40).collect();
        assert!(text.contains(&begin), "{text}");
    }
    let text = rows(&measured()).join("\n");
    assert!(
        !text.contains("explains more"),
        "only where a pane is alone"
    );
}
