//! What all lists have in common: first and last, pages, and an order.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use laserscope::tui::App;
use laserscope::tui::keys::table::TABLE;
use laserscope::tui::screens::Screen;

use super::fixture;
use super::stage::{LARGE, draw, ended, keys, press, ready};

fn drawn(app: &App) -> Vec<String> {
    let buffer = draw(app);
    let row = |y: u16| {
        (0..buffer.area.width)
            .map(|x| buffer[(x, y)].symbol())
            .collect()
    };
    (0..buffer.area.height).map(row).collect()
}

fn title_of_selected(app: &App) -> String {
    app.catalog.selected_subject().expect("a subject").label()
}

#[test]
fn every_list_has_a_first_a_last_and_pages() {
    use std::collections::HashMap;
    let mut names: HashMap<&str, Vec<String>> = HashMap::new();
    for line in TABLE.iter() {
        names
            .entry(line.context.name())
            .or_default()
            .push(line.action.name());
    }
    // What is typed a line of, and questions, have no list.
    for (context, names) in names {
        let has = |name: &str| names.iter().any(|n| n == name);
        if has("up") && !["learn", "prompt"].contains(&context) {
            for name in ["first", "last", "page-up", "page-down"] {
                assert!(has(name), "{context}: {name}");
            }
        }
    }
}

#[test]
fn home_and_end_go_to_the_ends_of_a_dialog() {
    for dialog in ["p", "y", "E", "b"] {
        let mut app = ended(&fixture::relaxed());
        app.look.size = LARGE;
        keys(&mut app, dialog);
        let first = draw(&app);
        press(&mut app, KeyCode::End);
        let last = draw(&app);
        assert!(first != last, "{dialog}");
        press(&mut app, KeyCode::Down);
        assert!(draw(&app) == last, "{dialog}");
        press(&mut app, KeyCode::Home);
        assert!(draw(&app) == first, "{dialog}");
    }
}

#[test]
fn the_help_has_an_end() {
    let mut app = ready();
    app.look.size = LARGE;
    keys(&mut app, "?");
    assert!(drawn(&app).concat().contains("lines more"));
    press(&mut app, KeyCode::End);
    assert!(!drawn(&app).concat().contains("lines more"));
    keys(&mut app, "/single-step");
    assert!(drawn(&app).concat().contains("run one step, then pause"));
    app.press(&KeyEvent::new(KeyCode::End, KeyModifiers::CONTROL));
}

#[test]
fn the_catalog_is_sorted_and_what_is_selected_stays() {
    let mut app = ready();
    app.look.size = LARGE;
    press(&mut app, KeyCode::End);
    let selected = title_of_selected(&app);
    keys(&mut app, "S");
    assert_eq!(title_of_selected(&app), selected);
    assert!(drawn(&app).concat().contains("by title↑"));
    press(&mut app, KeyCode::Home);
    let first = title_of_selected(&app);
    keys(&mut app, "r");
    press(&mut app, KeyCode::End);
    assert_eq!(title_of_selected(&app), first, "the other way round");
    // A filter keeps the order.
    keys(&mut app, "/the");
    press(&mut app, KeyCode::Enter);
    let mut labels = Vec::new();
    press(&mut app, KeyCode::Home);
    for _ in 0..5 {
        labels.push(title_of_selected(&app).to_lowercase());
        press(&mut app, KeyCode::Down);
    }
    let mut sorted = labels.clone();
    sorted.sort_by(|a, b| b.cmp(a));
    assert_eq!(labels, sorted);
}

#[test]
fn users_are_sorted_by_their_ratings() {
    let mut app = ready();
    press(&mut app, KeyCode::Tab);
    keys(&mut app, "SSS");
    press(&mut app, KeyCode::Home);
    let ratings = |app: &App| match app.catalog.selected_subject() {
        Some(laserscope::recsys::Subject::User(user)) => user.history.len(),
        _ => panic!("a user"),
    };
    let most = ratings(&app);
    press(&mut app, KeyCode::End);
    assert!(most > ratings(&app));
    keys(&mut app, "r");
    press(&mut app, KeyCode::End);
    assert_eq!(ratings(&app), most);
}

#[test]
fn runs_are_sorted_and_opened_as_listed() {
    let mut app = ended(&fixture::relaxed());
    let heat = app.session.shown;
    keys(&mut app, "1");
    press(&mut app, KeyCode::Down);
    super::stage::begin(&mut app, &fixture::relaxed());
    keys(&mut app, "o");
    let newest = drawn(&app);
    keys(&mut app, "SSSS");
    let sorted = drawn(&app);
    assert!(sorted.concat().contains("by tokens↓") && sorted != newest);
    press(&mut app, KeyCode::Enter);
    assert_eq!(
        (app.session.shown, app.screen),
        (heat, Screen::Decode),
        "the longest"
    );
}
