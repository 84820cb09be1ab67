//! No text on the screens hard-codes a key: each key mentioned comes from the active key
//! map. Checked in two ways: every literal of the interface, the lessons and the glossary
//! is searched for words that are keys by default; and with every action on an unusual key,
//! notices, hints, lessons and help must no longer show the default ones.

use std::collections::BTreeSet;
use std::path::Path;

use laserscope::glossary;
use laserscope::present::key::Naming;
use laserscope::present::lesson::words::TextPiece;
use laserscope::present::lesson::{self, words};
use laserscope::tui::action::Action;
use laserscope::tui::app::App;
use laserscope::tui::keys::context::Context;
use laserscope::tui::keys::keymap::Keymap;
use laserscope::tui::keys::remap;
use laserscope::tui::keys::table::TABLE;
use laserscope::tui::lesson::keys::key_name;
use laserscope::tui::screens::Screen;
use proc_macro2::{TokenStream, TokenTree};
use syn::Lit;

use super::fixture;
use super::stage::{LARGE, SMALL, app, decoding, draw, ended, ready};

/// Phrases with a word that only looks like a key: runs and parameters named by letters,
/// units, numbers, signs, plain English.
const NOT_KEYS: [&str; 60] = [
    // Units, the probability, figures in formulas, lists in Markdown.
    "{:.0} s",
    "{} h {} min",
    "p {}",
    "back from p.",
    "p is too small",
    "The penalty is 1:",
    "{logit:.2} - {norm",
    "p above",
    "at temperature 1.",
    "   - {",
    "   - let in",
    "ln p +",
    "the end",
    "would end",
    "end the run",
    "end the sweep",
    "end the batch",
    // A colon between a head and a text.
    ": {}",
    "--batch N",
    "a s r bench",
    "ms = {}",
    // Options and limits of other engines.
    "-min-hits 1",
    "of 2 tokens",
    "looks up 1 to 4",
    "its end",
    "the tab to",
    "next tab",
    "step's end",
    "choose B",
    "the right, B",
    "swap A and B",
    "B is {",
    "B {",
    "log p",
    " p {",
    "p: the drafter's",
    "if p is",
    "p above this",
    "rule, k, tau",
    "1 to {",
    "0 is greedy",
    "1 is off",
    "{} s",
    ":.2} s",
    "} h ago",
    "= AR",
    "+ AR",
    "model {} +",
    "→ DRAFTS",
    " → ",
    "= [{",
    " ↓ ",
    "context's end",
    "end of sequence",
    "ends the step",
    "next token + ends",
    "bonus token +",
    ">7} s",
    "p at least",
    "0 takes",
];
/// Letters, numbers and signs that the lessons and the glossary explain.
const EXPLAINED: [&str; 20] = [
    "B", "k", "r", "e", "n", "g", "l", "o", "s", "0", "1", "2", "3", "4", "5", "6", "=", "+", "-",
    "/",
];

/// The names of all default keys, as the screens show them.
fn shipped() -> BTreeSet<String> {
    let keys = TABLE.iter().flat_map(|b| b.keys.iter());
    keys.map(|k| k.name(Naming::Symbols)).collect()
}

/// The words of a text that are keys; in backticks, any letter is one.
fn spelled(text: &str, keys: &BTreeSet<String>, allowed: &[&str]) -> Vec<String> {
    let rest = NOT_KEYS
        .iter()
        .fold(text.to_string(), |rest, phrase| rest.replace(phrase, "…"));
    // A text that continues a sentence may begin with a comma.
    let begun = rest.trim_start_matches([',', '.', ' ']);
    let words = begun.split_whitespace().filter(|word| {
        let bare = word.trim_matches(|c| ",.;:()…".contains(c));
        let quoted = bare.trim_matches('`');
        let is_plain = ["a", "A"].contains(&bare) || allowed.contains(&bare);
        let is_key = keys.contains(*word) || keys.contains(quoted);
        is_key && (quoted != bare || !is_plain)
    });
    words.map(String::from).collect()
}

/// The literals of a source file, without attributes, comments and tests.
fn literals(tokens: TokenStream, found: &mut Vec<String>) {
    let mut after_hash = false;
    for token in tokens {
        match token {
            TokenTree::Group(group) if !after_hash => literals(group.stream(), found),
            TokenTree::Literal(literal) => {
                if let Lit::Str(text) = Lit::new(literal) {
                    found.push(text.value());
                }
            }
            TokenTree::Punct(ref p) if p.as_char() == '#' || after_hash => {
                after_hash = true;
                continue;
            }
            _ => {}
        }
        after_hash = false;
    }
}

fn literals_below(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            literals_below(&path, found);
            continue;
        }
        if path.extension().is_none_or(|e| e != "rs") {
            continue;
        }
        let source = std::fs::read_to_string(&path).expect("a source");
        let code = source.split("#[cfg(test)]").next().unwrap_or_default();
        let mut texts = Vec::new();
        literals(code.parse().expect("Rust"), &mut texts);
        let name = path.display().to_string();
        found.extend(texts.into_iter().map(|text| (name.clone(), text)));
    }
}

/// Hints such as `←→|step` name keys that the key map translates.
fn is_hint(literal: &str) -> bool {
    literal.contains('|')
}

#[test]
fn no_literal_spells_a_key() {
    let keys = shipped();
    let mut texts = Vec::new();
    for room in ["tui", "present", "export"] {
        let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        literals_below(&src.join(room), &mut texts);
    }
    assert!(texts.len() > 1000, "the literals are found");
    let is_text = |text: &str| text.split_whitespace().count() > 1 && !text.starts_with('<');
    let mut wrong = Vec::new();
    for (file, text) in texts {
        let found = spelled(&text, &keys, &[]);
        if is_text(&text) && !is_hint(&text) && !found.is_empty() {
            wrong.push(format!("{file} spells {found:?}: {text}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_spelled_key_is_noticed() {
    let keys = shipped();
    for text in [
        "`a` runs it again",
        "press u to undo",
        "The model has not seen it: . goes on",
        "⏎ saves, esc leaves",
        "12 lines more · J",
        "1 shows the catalog",
    ] {
        assert!(!spelled(text, &keys, &[]).is_empty(), "{text}");
    }
    assert_eq!(spelled("a run at the end of A", &keys, &[]), [""; 0]);
}

/// A lesson's text without the parts in braces.
fn without_braces(text: &str) -> String {
    let parts = text.split('{').map(|part| match part.split_once('}') {
        Some((_, after)) => format!("…{after}"),
        None => part.to_string(),
    });
    parts.collect()
}

#[test]
fn lessons_and_glossary_spell_no_key() {
    let keys = shipped();
    let mut texts: Vec<String> = Vec::new();
    for lesson in lesson::bundled().expect("lessons") {
        let tasks = lesson.tasks.iter().flat_map(|t| [&t.ask, &t.learned]);
        let all = [&lesson.title, &lesson.text].into_iter().chain(tasks);
        texts.extend(all.map(|text| without_braces(text)));
    }
    for term in glossary::terms() {
        texts.extend([term.short.clone(), term.long.clone()]);
    }
    for text in texts {
        let found = spelled(&text, &keys, &EXPLAINED);
        assert!(found.is_empty(), "{found:?}: {text}");
    }
}

/// Every action on its own key, none of which is a default key.
fn unusual() -> Keymap {
    let mut letters = (0x0400..0x0588)
        .chain(0x10d0..0x10fb)
        .filter_map(char::from_u32)
        .filter(|c| c.is_alphabetic());
    let mut file = String::new();
    for context in Context::ALL {
        file.push_str(&format!("[keys.{}]\n", context.name()));
        for binding in TABLE.iter().filter(|b| b.context == context) {
            let letter = letters.next().expect("a letter");
            let held = match context.takes_text() || context == Context::Always {
                true => "ctrl-",
                false => "",
            };
            file.push_str(&format!("{} = \"{held}{letter}\"\n", binding.action.name()));
        }
    }
    remap::read(&file).expect("a key map")
}

/// The interface in several states, with unusual keys.
fn states() -> Vec<App> {
    let trace = fixture::relaxed();
    let (decoding, _) = decoding(&trace, 12);
    let mut states = vec![app(), ready(), decoding, ended(&trace)];
    for app in &mut states {
        app.look.keys = unusual();
    }
    states
}

const SCREENS: [(Screen, Context); 6] = [
    (Screen::Catalog, Context::Catalog),
    (Screen::Decode, Context::Decode),
    (Screen::Tune, Context::Tune),
    (Screen::Compare, Context::Compare),
    (Screen::Pool, Context::Pool),
    (Screen::Learn, Context::Learn),
];

/// Keys that are no words or signs of anything else on a screen.
fn unmistakable(keys: &BTreeSet<String>) -> BTreeSet<String> {
    let other = ["end", "home", "tab", "space", "→", "⏎", "↓"];
    let is_named = |k: &&String| k.chars().count() > 1 || !k.is_ascii();
    let named = keys.iter().filter(is_named);
    named
        .filter(|k| !other.contains(&k.as_str()))
        .cloned()
        .collect()
}

fn shown(app: &App) -> String {
    let buffer = draw(app);
    let symbols = (0..buffer.area.height).map(|y| {
        let row = (0..buffer.area.width).map(|x| buffer[(x, y)].symbol());
        row.collect::<String>()
    });
    symbols.collect::<Vec<_>>().join("\n")
}

#[test]
fn remapped_keys_are_the_ones_that_notices_and_screens_name() {
    let keys = shipped();
    let named = unmistakable(&keys);
    let mut n_notices = 0;
    for (screen, context) in SCREENS {
        for line in TABLE.iter().filter(|b| b.context == context) {
            for mut app in states() {
                app.look.size = LARGE;
                app.update(Action::Show(screen));
                app.notice = None;
                app.update(line.action.clone());
                if let Some(notice) = &app.notice {
                    n_notices += 1;
                    let found = spelled(&notice.text, &keys, &EXPLAINED);
                    assert!(found.is_empty(), "{found:?}: {}", notice.text);
                }
                let text = shown(&app);
                let found = spelled(&text, &named, &[]);
                assert!(found.is_empty(), "{:?}: {found:?}\n{text}", line.action);
            }
        }
    }
    assert!(n_notices > 20, "notices are looked at: {n_notices}");
}

#[test]
fn remapped_keys_are_the_ones_that_hints_help_and_lessons_name() {
    let keys = shipped();
    let named = unmistakable(&keys);
    let map = unusual();
    for context in Context::ALL {
        for (shown, words) in map.bindings(context).filter_map(|b| map.hint(b)) {
            assert!(!keys.contains(&shown), "{shown} {words}");
        }
    }
    let mut app = ended(&fixture::relaxed());
    app.look.keys = map;
    for lesson in lesson::bundled().expect("lessons") {
        for task in &lesson.tasks {
            for text in [&task.ask, &task.learned] {
                let told = words::fill(text, |piece| match piece {
                    TextPiece::Key(key) => key_name(*key, &app.look.keys),
                    _ => "…".into(),
                });
                let found = spelled(&told.expect("a text"), &keys, &EXPLAINED);
                assert!(found.is_empty(), "{found:?}: {text}");
            }
        }
    }
    for (screen, _) in SCREENS {
        app.look.size = SMALL;
        app.update(Action::Show(screen));
        app.update(Action::Help);
        let mut pages = BTreeSet::new();
        while pages.insert(shown(&app)) {
            app.update(Action::PageDown);
        }
        for page in pages {
            let found = spelled(&page, &named, &[]);
            assert!(found.is_empty(), "{found:?}\n{page}");
        }
        app.update(Action::Close);
    }
}
