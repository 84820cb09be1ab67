//! The palette as a place to type settings and terms.

use crossterm::event::KeyCode;
use laserscope::protocol::Command;
use laserscope::speculate::params::{AcceptanceRule, Budget};
use laserscope::tui::App;
use laserscope::tui::screens::Screen;

use super::fixture;
use super::stage::{LARGE, decoding, draw, ended, keys, press, ready};

fn notice(app: &App) -> &str {
    app.notice.as_ref().map_or("", |n| n.text.as_str())
}

fn drawn(app: &App) -> String {
    draw(app).content.iter().map(|cell| cell.symbol()).collect()
}

fn typed(app: &mut App, text: &str) -> Vec<Command> {
    keys(app, ":");
    keys(app, text);
    press(app, KeyCode::Enter)
}

#[test]
fn settings_are_typed_by_their_options_names() {
    let mut app = ready();
    typed(&mut app, "k=3 tau=0.2");
    let relaxed = AcceptanceRule::Relaxed { k: 3, tau: 0.2 };
    assert_eq!(app.next.params.verify, relaxed);
    typed(&mut app, "budget=12 rule=strict");
    let params = app.next.params;
    assert_eq!(
        (params.verify, params.budget),
        (AcceptanceRule::Strict, Budget::Rows(12))
    );
    assert!(notice(&app).contains("budget=12"), "{}", notice(&app));
}

#[test]
fn a_run_under_way_goes_on_with_them() {
    let (mut app, _) = decoding(&fixture::relaxed(), 5);
    let commands = typed(&mut app, "k=3");
    assert!(
        matches!(commands[..], [Command::SetParams(_)]),
        "{commands:?}"
    );
}

#[test]
fn on_the_tune_screen_they_move_the_sliders() {
    let mut app = ended(&fixture::relaxed());
    keys(&mut app, "3");
    let next = app.next.params;
    typed(&mut app, "k=4");
    assert_eq!(app.screen, Screen::Tune);
    assert!(matches!(
        app.tune.params.verify,
        AcceptanceRule::Relaxed { k: 4, .. }
    ));
    assert_eq!(app.next.params, next);
}

#[test]
fn what_is_wrong_is_said_before_and_after_enter() {
    for (text, why) in [
        ("k=0", "must be"),
        ("tau=9", "must be"),
        ("k=many", "k=many"),
        ("kk=3", "no setting is called `kk`"),
        ("temperature=0.7", "does not go with the rule relaxed"),
    ] {
        let mut app = ready();
        app.look.size = LARGE;
        let before = app.next.params;
        keys(&mut app, ":");
        keys(&mut app, text);
        assert!(drawn(&app).contains("not set"), "{text}: {}", drawn(&app));
        press(&mut app, KeyCode::Enter);
        assert!(notice(&app).contains(why), "{text}: {}", notice(&app));
        assert_eq!(app.next.params, before, "{text}");
    }
}

#[test]
fn a_condition_stays_a_condition() {
    let mut app = ended(&fixture::relaxed());
    app.look.size = LARGE;
    keys(&mut app, ":source=group");
    assert!(drawn(&app).contains("find"));
    assert!(!drawn(&app).contains("not set"));
}

#[test]
fn a_term_opens_the_help_on_it() {
    let mut app = ended(&fixture::relaxed());
    app.look.size = LARGE;
    typed(&mut app, "mal");
    assert!(drawn(&app).contains("HELP") && drawn(&app).contains("/ MAL"));
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Esc);
    // A command that is called so goes first.
    typed(&mut app, "branch");
    assert!(drawn(&app).contains("BRANCH FROM STEP"));
}
