//! A custom prompt: several lines, a system text, several turns.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use laserscope::protocol::{Command, PromptText};
use laserscope::tui::App;
use laserscope::tui::action::Action;

use super::stage::{SMALL, draw, keys, press, ready};

fn ctrl(app: &mut App, letter: char) {
    app.press(&KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL));
}

fn asked(app: &mut App) -> PromptText {
    match press(app, KeyCode::Enter).pop() {
        Some(Command::Generate(request)) => request.prompt,
        other => panic!("{other:?}"),
    }
}

#[test]
fn pasted_and_typed_lines_stay_lines() {
    let mut app = ready();
    keys(&mut app, "p");
    app.update(Action::Paste("Two films:\r\n- Heat\n- Alien".into()));
    ctrl(&mut app, 'j');
    keys(&mut app, "Which is older?");
    let prompt = asked(&mut app);
    assert_eq!(prompt.user, "Two films:\n- Heat\n- Alien\nWhich is older?");
    assert_eq!((prompt.system, prompt.examples), (None, Vec::new()));
    assert!(app.run().is_some());
}

#[test]
fn a_system_text_and_turns_go_before_it() {
    let mut app = ready();
    keys(&mut app, "pAnd now?");
    for (question, answer) in [("One?", "1"), ("Two?", "2")] {
        ctrl(&mut app, 't');
        keys(&mut app, question);
        press(&mut app, KeyCode::Tab);
        keys(&mut app, answer);
    }
    press(&mut app, KeyCode::Tab);
    press(&mut app, KeyCode::Tab);
    keys(&mut app, "Be short.");
    let prompt = asked(&mut app);
    assert_eq!(prompt.user, "And now?");
    assert_eq!(prompt.system.as_deref(), Some("Be short."));
    let turns = [("One?", "1"), ("Two?", "2")].map(|(q, a)| (q.to_string(), a.to_string()));
    assert_eq!(prompt.examples, turns);
}

#[test]
fn half_a_turn_is_asked_about_and_an_empty_one_left_out() {
    let mut app = ready();
    keys(&mut app, "pNow?");
    ctrl(&mut app, 't');
    ctrl(&mut app, 't');
    keys(&mut app, "Two?");
    assert!(press(&mut app, KeyCode::Enter).is_empty());
    let notice = app.notice.as_ref().expect("a notice");
    assert_eq!(notice.text, "Turn 2 has no answer.");
    press(&mut app, KeyCode::Tab);
    keys(&mut app, "2");
    let prompt = asked(&mut app);
    assert_eq!(prompt.examples, [("Two?".to_string(), "2".to_string())]);
}

#[test]
fn a_long_prompt_keeps_its_cursor_in_view() {
    let mut app = ready();
    app.look.size = SMALL;
    keys(&mut app, "p");
    let lines: Vec<String> = (0..60).map(|n| format!("line {n}")).collect();
    app.update(Action::Paste(lines.join("\n")));
    let drawn =
        |app: &App| -> String { draw(app).content.iter().map(|cell| cell.symbol()).collect() };
    assert!(drawn(&app).contains("line 59"));
    (0..60).for_each(|_| drop(press(&mut app, KeyCode::Up)));
    assert!(drawn(&app).contains("line 0 ") && !drawn(&app).contains("line 59"));
}
