//! How the interface behaves: keys and events in, commands out.

use std::path::Path;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use laserscope::present::record::Record;
use laserscope::present::selection::TreeSelection;
use laserscope::protocol::{Command, Event, PromptPreview};
use laserscope::speculate::params::{AcceptanceRule, Budget, Params};
use laserscope::speculate::stats::Stats;
use laserscope::speculate::trace::{End, Trace};
use laserscope::speculate::verify::Finish;
use laserscope::tui::App;
use laserscope::tui::action::Action;
use laserscope::tui::app::{Effect, Tone};
use laserscope::tui::dialogs::failure::Failure;
use laserscope::tui::keys::table::TABLE;
use laserscope::tui::runs::run::Phase;
use laserscope::tui::screens::Screen;
use laserscope::tui::screens::decode::state::{Cursor, Pane};
use proptest::prelude::*;
use ratatui::buffer::Buffer;

use super::fixture;
use super::stage::{
    LARGE, SMALL, answer_previews, app, decoding, draw, ended, feed, fetching_event, generated,
    keys, make_references, measured, model_ready, press, ready, start,
};

fn enter(app: &mut App) -> Vec<Command> {
    press(app, KeyCode::Enter)
}

fn notice(app: &App) -> &str {
    app.notice.as_ref().map_or("", |n| n.text.as_str())
}

// ---- beginning runs ----

#[test]
fn enter_generates_for_the_selected_one() {
    let mut app = ready();
    press(&mut app, KeyCode::Down);
    let at = app.catalog.selected().expect("a selection");
    let id = app
        .catalog
        .catalog
        .as_ref()
        .expect("a catalog")
        .subject(at)
        .id()
        .to_string();
    let commands = enter(&mut app);
    assert_eq!(app.screen, Screen::Decode);
    let Some(Command::Generate(request)) = commands.last() else {
        panic!("{commands:?}");
    };
    assert_eq!(request.subject.id, id);
    assert!(!request.start_paused);
    assert!(request.prompt.user.len() > 20);
}

#[test]
fn space_generates_and_waits() {
    let mut app = ready();
    let commands = press(&mut app, KeyCode::Char(' '));
    let Some(Command::Generate(request)) = commands.last() else {
        panic!("{commands:?}");
    };
    assert!(request.start_paused);
}

#[test]
fn without_a_model_the_run_waits_for_it() {
    let mut app = app();
    assert!(enter(&mut app).is_empty());
    assert!(
        notice(&app).contains("starts when the model is ready"),
        "{}",
        notice(&app)
    );
    let commands = app.apply(model_ready());
    assert!(generated(&commands).is_some());
    assert_eq!(app.screen, Screen::Decode);
}

#[test]
fn a_prompt_of_ones_own_is_generated() {
    let mut app = ready();
    keys(&mut app, "pWhy q? 1 2 ");
    let commands = enter(&mut app);
    let Some(Command::Generate(request)) = commands.last() else {
        panic!("{commands:?}");
    };
    assert_eq!(request.prompt.user, "Why q? 1 2");
    assert_eq!(request.subject.group, None);
}

#[test]
fn prompts_are_tokenised_one_at_a_time() {
    let mut app = app();
    let first = app.apply(model_ready());
    assert_eq!(first.len(), 1);
    let more: Vec<Command> = (0..5)
        .flat_map(|_| press(&mut app, KeyCode::Down))
        .collect();
    assert!(more.is_empty(), "{more:?}");
    let Command::Preview { ticket, .. } = first[0] else {
        panic!("{first:?}");
    };
    let preview = Ok(PromptPreview {
        rendered: "x".into(),
        n_tokens: 1,
        n_dropped: 0,
        ids: vec![1],
    });
    let next = app.apply(Event::Preview { ticket, preview });
    let at = app.catalog.selected().expect("a selection");
    let [Command::Preview { prompt, .. }] = &next[..] else {
        panic!("{next:?}");
    };
    assert_eq!(*prompt, app.catalog.prompt_of(at).expect("a prompt"));
    answer_previews(&mut app, next);
    assert!(app.catalog.preview(at).is_some());
}

// ---- frameworks ----

#[test]
fn a_key_goes_from_framework_to_framework_and_generating_uses_it() {
    let mut app = ready();
    let at = app.catalog.selected().expect("a selection");
    let mut seen = Vec::new();
    for _ in 0..5 {
        let framework = app.catalog.framework().expect("a framework");
        let (name, length) = (framework.name.clone(), framework.max_tokens);
        let expected = app.catalog.prompt_of(at).expect("a prompt");
        let commands = enter(&mut app);
        let Some(Command::Generate(request)) = commands.last() else {
            panic!("{commands:?}");
        };
        assert_eq!(
            (request.subject.framework.as_str(), &request.prompt),
            (name.as_str(), &expected)
        );
        assert_eq!(request.params.max_tokens, length.unwrap_or(256));
        seen.push(name);
        keys(&mut app, "1");
        let commands = keys(&mut app, "F");
        // The prompt has changed: it is tokenised again.
        assert!(
            matches!(commands[..], [Command::Preview { .. }]),
            "{commands:?}"
        );
        answer_previews(&mut app, commands);
    }
    assert_eq!(seen, ["kar", "trawl", "once", "rlmrec", "kar"]);
}

#[test]
fn a_length_that_was_set_is_kept_from_framework_to_framework() {
    let mut app = ready();
    keys(&mut app, "F");
    assert_eq!(app.next.params.max_tokens, 128);
    let (mut app, _) = decoding(&fixture::relaxed(), 3);
    keys(&mut app, "p");
    (0..10).for_each(|_| drop(press(&mut app, KeyCode::Down)));
    press(&mut app, KeyCode::Right);
    assert_eq!(app.next.params.max_tokens, 512);
    press(&mut app, KeyCode::Esc);
    keys(&mut app, "1FF");
    assert_eq!(app.next.params.max_tokens, 512);
}

#[test]
fn what_the_list_calls_made_is_of_the_framework_in_force() {
    let mut app = ready();
    let commands = press(&mut app, KeyCode::End);
    answer_previews(&mut app, commands);
    let at = app.catalog.selected().expect("a selection");
    let subject = app.catalog.selected_subject().expect("a subject");
    let (kind, id) = (at.kind.to_string(), subject.id().to_string());
    let made = |app: &App| (app.is_in_pool(&kind, &id), app.n_runs_about(&kind, &id));
    assert_eq!(made(&app), (true, 0));
    enter(&mut app);
    assert_eq!(made(&app), (true, 1));
    keys(&mut app, "1F");
    assert_eq!(made(&app), (false, 0), "TRAWL has no answers");
    keys(&mut app, "F");
    assert_eq!(made(&app), (true, 0), "ONCE ships");
}

#[test]
fn what_the_context_has_no_room_for_is_said() {
    let mut app = app();
    let commands = app.apply(model_ready());
    let Some(Command::Preview { ticket, .. }) = commands.last() else {
        panic!("{commands:?}");
    };
    let preview = Ok(PromptPreview {
        rendered: "the prompt".into(),
        n_tokens: 900,
        n_dropped: 4,
        ids: Vec::new(),
    });
    app.apply(Event::Preview {
        ticket: *ticket,
        preview,
    });
    let screen = text_of(&draw(&app));
    assert!(screen.contains("the 4 oldest are left out"), "{screen}");
}

// ---- recording ----

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn what_is_kept_up_to_date_equals_what_is_computed_at_once(seed: u64, k in 1usize..4) {
        let params = Params { verify: AcceptanceRule::Relaxed { k, tau: 0.1 }, ..Params::default() };
        let trace = fixture::run(seed, params);
        let mut record = Record::new(trace.header.clone());
        trace.steps.iter().for_each(|s| record.push(s.clone()));
        prop_assert_eq!(&record.stats, &Stats::of(&trace));
        prop_assert_eq!(&record.ids, &trace.token_ids());
        prop_assert_eq!(record.repetition, laserscope::speculate::stats::repetition(&record.ids));
        prop_assert_eq!(record.step_cells.len(), trace.steps.len() + 1);
        let text: String = record.cells.iter().map(|c| c.text.as_str()).collect();
        let opening = "Genre:";
        let eos = "<|im_end|>";
        prop_assert_eq!(text.replace('⏎', "\n").replace(eos, ""), format!("{opening}{}", trace.text()));
    }
}

#[test]
fn a_recording_played_to_its_end_is_the_recording() {
    let trace = fixture::relaxed();
    let mut app = replaying(&trace);
    assert_eq!(app.record().expect("a record").trace, trace);
    // From its end, playing starts over.
    press(&mut app, KeyCode::Char(' '));
    assert_eq!(app.record().expect("a record").n_steps(), 0);
    assert!(app.is_moving());
    let mut n_ticks = 0;
    while app.is_moving() && n_ticks < 10_000 {
        app.update(Action::Tick(Duration::from_millis(33)));
        n_ticks += 1;
    }
    assert_eq!(app.record().expect("a record").trace, trace);
    assert!(n_ticks >= trace.steps.len());
}

fn replaying(trace: &Trace) -> App {
    let mut start = start();
    start.replay = vec![trace.clone()];
    App::new(start)
}

#[test]
fn a_recording_needs_no_engine() {
    let mut app = replaying(&fixture::relaxed());
    assert_eq!(app.screen, Screen::Decode);
    for letter in [' ', 'n', 'n', 'e', 'r', '-', '+', ' '] {
        let commands = press(&mut app, KeyCode::Char(letter));
        assert!(commands.is_empty(), "{letter}: {commands:?}");
    }
}

// ---- playing ----

#[test]
fn space_pauses_and_resumes() {
    let trace = fixture::relaxed();
    let (mut app, run) = decoding(&trace, 5);
    assert!(matches!(
        press(&mut app, KeyCode::Char(' '))[..],
        [Command::Pause]
    ));
    app.apply(Event::Paused { run, paused: true });
    assert!(!app.is_moving());
    press(&mut app, KeyCode::Left);
    assert!(matches!(
        press(&mut app, KeyCode::Char(' '))[..],
        [Command::Resume]
    ));
    assert_eq!(app.decode.cursor, Cursor::Follow);
}

#[test]
fn one_step_on_from_the_end_of_a_paused_run_makes_one() {
    let trace = fixture::relaxed();
    let (mut app, run) = decoding(&trace, 5);
    app.apply(Event::Paused { run, paused: true });
    press(&mut app, KeyCode::Left);
    assert_eq!(app.step_index(), Some(3));
    assert!(press(&mut app, KeyCode::Right).is_empty());
    assert_eq!(app.step_index(), Some(4));
    assert!(matches!(
        press(&mut app, KeyCode::Right)[..],
        [Command::Step]
    ));
    feed(&mut app, run, &trace, 5..6);
    assert_eq!(app.step_index(), Some(5));
}

#[test]
fn moving_through_time_asks_nothing_of_the_engine() {
    let (mut app, _) = decoding(&fixture::relaxed(), 20);
    let codes = [
        KeyCode::Home,
        KeyCode::Right,
        KeyCode::PageDown,
        KeyCode::Left,
        KeyCode::PageUp,
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::Tab,
        KeyCode::Char(']'),
        KeyCode::Char('['),
    ];
    for code in codes {
        assert!(press(&mut app, code).is_empty(), "{code}");
    }
    keys(&mut app, "g12");
    assert!(enter(&mut app).is_empty());
    assert_eq!(app.step_index(), Some(11));
    keys(&mut app, "g99");
    enter(&mut app);
    assert_eq!(app.step_index(), Some(11));
    assert!(notice(&app).contains("1 to 20"), "{}", notice(&app));
}

#[test]
fn the_cursor_stays_in_the_past_while_steps_come() {
    let trace = fixture::relaxed();
    let (mut app, run) = decoding(&trace, 10);
    keys(&mut app, "g3");
    enter(&mut app);
    feed(&mut app, run, &trace, 10..15);
    assert_eq!(app.step_index(), Some(2));
    keys(&mut app, "f");
    assert_eq!(app.step_index(), Some(14));
}

#[test]
fn the_selection_walks_the_tree() {
    let (mut app, _) = decoding(&fixture::relaxed(), 20);
    let n_lines = app.step().expect("a step").tree.n_rows() + 1;
    (0..n_lines).for_each(|_| drop(press(&mut app, KeyCode::Up)));
    assert_eq!(app.selection(), Some(TreeSelection::Root));
    let mut seen = vec![TreeSelection::Root];
    for _ in 1..n_lines {
        press(&mut app, KeyCode::Down);
        seen.push(app.selection().expect("a selection"));
    }
    seen.dedup();
    assert_eq!(seen.len(), n_lines);
    assert_eq!(
        seen.iter().filter(|p| **p == TreeSelection::Bonus).count(),
        1
    );
}

#[test]
fn matches_are_found_in_both_directions() {
    let mut app = ended(&fixture::relaxed());
    press(&mut app, KeyCode::Home);
    keys(&mut app, "]]");
    let second = app.step_index();
    keys(&mut app, "]");
    assert!(app.step_index() > second);
    keys(&mut app, "[");
    assert_eq!(app.step_index(), second);
    press(&mut app, KeyCode::End);
    keys(&mut app, "]");
    assert!(
        notice(&app).starts_with("No later step"),
        "{}",
        notice(&app)
    );
}

// ---- settings ----

#[test]
fn a_setting_changed_while_a_run_is_live_goes_to_the_engine() {
    let trace = fixture::relaxed();
    let (mut app, run) = decoding(&trace, 5);
    keys(&mut app, "p");
    press(&mut app, KeyCode::Down);
    let commands = press(&mut app, KeyCode::Right);
    let [Command::SetParams(params)] = commands[..] else {
        panic!("{commands:?}");
    };
    assert_eq!(params.verify, AcceptanceRule::Relaxed { k: 3, tau: 0.1 });
    assert_eq!(params, app.next.params);
    app.apply(Event::RunEnded {
        run,
        end: end(5, Finish::Eos),
    });
    (0..2).for_each(|_| drop(press(&mut app, KeyCode::Down)));
    assert!(press(&mut app, KeyCode::Left).is_empty());
    assert_eq!(app.next.params.budget, Budget::Rows(64));
}

fn end(steps: usize, finish: Finish) -> End {
    End {
        finish,
        steps,
        tokens: 2 * steps,
        decode_ms: Some(100.0),
    }
}

#[test]
fn the_pace_is_told_while_a_run_is_live() {
    let (mut app, _) = decoding(&fixture::relaxed(), 5);
    assert!(
        matches!(keys(&mut app, "-")[..], [Command::SetPace(p)] if p == Duration::from_millis(50))
    );
    assert!(matches!(keys(&mut app, "=")[..], [Command::SetPace(p)] if p.is_zero()));
}

// ---- measuring ----

#[test]
fn the_reference_runs_follow_one_another() {
    let app = measured();
    let run = app.run().expect("a run");
    let refs = &run.references;
    assert!(!refs.is_busy());
    let stats = &app.record().expect("a record").stats;
    let speed_up = run.speed_up().expect("a speed-up");
    let plain = refs.of(AcceptanceRule::Autoregressive).expect("measured");
    let want =
        stats.tokens_per_s().expect("a speed") / plain.stats.tokens_per_s().expect("a speed");
    assert!((speed_up.median - want).abs() < 1e-9 && speed_up.median > 1.0);
    // Their clock has no noise.
    assert_eq!(speed_up.pairs, 6);
    assert_eq!(
        (speed_up.low, speed_up.high),
        (speed_up.median, speed_up.median)
    );
    let strict = refs.of(AcceptanceRule::Strict).expect("measured");
    assert_eq!(
        refs.comparison(&strict.ids)
            .expect("compared")
            .first_difference,
        None
    );
    assert_eq!(plain.stats.mal(), Some(1.0));
}

/// The runs of a pair take turns, none always goes first, and stopping ends them all.
#[test]
fn pairs_take_turns_and_can_be_stopped() {
    let mut app = ended(&fixture::relaxed());
    let commands = keys(&mut app, "r");
    let made = make_references(&mut app, commands, |app, n, end| {
        let finish = match n {
            7 => {
                assert_eq!(keys(app, "e").len(), 1, "a key stops it");
                Finish::Cancelled
            }
            _ => Finish::Length,
        };
        End { finish, ..end }
    });
    let own = fixture::relaxed().header.params.verify;
    let (plain, strict) = (AcceptanceRule::Autoregressive, AcceptanceRule::Strict);
    assert_eq!(made, [plain, strict, own, strict, own, plain, own]);
    let run = app.run().expect("a run");
    assert!(!run.references.is_busy());
    assert_eq!(run.speed_up().expect("two pairs").pairs, 2);
}

#[test]
fn nothing_is_compared_before_it_is_measured() {
    let app = ended(&fixture::relaxed());
    let refs = &app.run().expect("a run").references;
    assert_eq!(app.run().expect("a run").speed_up(), None);
    assert_eq!(refs.comparison(&[1, 2]), None);
}

#[test]
fn a_live_run_is_measured_after_its_end() {
    let trace = fixture::relaxed();
    let (mut app, run) = decoding(&trace, 8);
    assert!(keys(&mut app, "r").is_empty());
    let commands = app.apply(Event::RunEnded {
        run,
        end: end(8, Finish::Cancelled),
    });
    let (_, _, params) = generated(&commands).expect("the first reference run");
    assert_eq!(params.verify, AcceptanceRule::Autoregressive);
    // The run was cut short: it is compared over its own length.
    assert_eq!(params.max_tokens, app.record().expect("a record").ids.len());
}

#[test]
fn a_strict_runs_pairs_are_of_two_runs() {
    let mut app = ended(&fixture::strict());
    let commands = keys(&mut app, "r");
    let made = make_references(&mut app, commands, |_, _, end| end);
    let n_of = |rule| made.iter().filter(|m| **m == rule).count();
    assert_eq!(
        (
            n_of(AcceptanceRule::Autoregressive),
            n_of(AcceptanceRule::Strict)
        ),
        (6, 6)
    );
    assert_eq!(made.len(), 12);
    assert_eq!(
        app.run()
            .and_then(|run| run.speed_up())
            .expect("measured")
            .pairs,
        6
    );
}

#[test]
fn a_reference_run_that_was_cut_off_counts_for_nothing() {
    let mut app = ended(&fixture::relaxed());
    let commands = keys(&mut app, "r");
    let (id, ..) = generated(&commands).expect("a reference run");
    assert!(matches!(keys(&mut app, "e")[..], [Command::Stop]));
    let commands = app.apply(Event::RunEnded {
        run: id,
        end: end(3, Finish::Cancelled),
    });
    assert!(generated(&commands).is_none());
    let refs = &app.run().expect("a run").references;
    assert!(!refs.is_busy() && refs.done.is_empty());
}

// ---- the model ----

#[test]
fn while_the_model_is_fetched_the_demo_plays() {
    let mut app = app();
    fetching_event(&mut app);
    assert_eq!(app.screen, Screen::Decode);
    assert!(app.is_moving());
    let before = app.record().expect("the demo").n_steps();
    (0..20).for_each(|_| drop(app.update(Action::Tick(Duration::from_millis(100)))));
    assert!(app.record().expect("the demo").n_steps() > before);
}

#[test]
fn after_the_demo_runs_are_at_full_speed() {
    let mut app = app();
    fetching_event(&mut app);
    let mut commands = app.apply(model_ready());
    answer_previews(&mut app, commands);
    keys(&mut app, "1");
    commands = enter(&mut app);
    let pace = commands.iter().find_map(|c| match c {
        Command::SetPace(pace) => Some(*pace),
        _ => None,
    });
    assert_eq!(pace, Some(Duration::ZERO));
}

#[test]
fn a_note_about_the_device_is_shown() {
    let mut app = app();
    let note = "An NVIDIA GPU is here; `cargo build --release --features cuda` uses it.";
    let Event::ModelReady {
        model,
        device,
        pools,
        ..
    } = model_ready()
    else {
        panic!("the model is ready");
    };
    app.apply(Event::ModelReady {
        model,
        device,
        pools,
        note: Some(note.into()),
    });
    assert_eq!(notice(&app), note);
    app.look.size = SMALL;
    find(&draw(&app), "features cuda`");
}

#[test]
fn nobody_is_disturbed_by_the_demo() {
    let mut app = app();
    press(&mut app, KeyCode::Down);
    fetching_event(&mut app);
    assert_eq!(app.screen, Screen::Catalog);
}

#[test]
fn a_model_that_failed_can_be_tried_again() {
    let mut app = app();
    app.apply(Event::ModelFailed {
        why: "no network".into(),
    });
    assert!(app.dialog_of::<Failure>().is_some());
    assert!(matches!(keys(&mut app, "R")[..], [Command::RetryModel]));
    assert!(app.dialog.is_none());
    let commands = app.apply(model_ready());
    assert!(matches!(commands[..], [Command::Preview { .. }]));
}

#[test]
fn a_large_download_is_asked_about() {
    for (key, allowed) in [('y', true), ('n', false)] {
        let mut app = app();
        app.apply(Event::ConfirmDownload {
            bytes: 4_000_000_000,
        });
        assert!(
            matches!(keys(&mut app, &key.to_string())[..], [Command::AllowDownload(a)] if a == allowed)
        );
        assert!(app.dialog.is_none());
    }
}

#[test]
fn a_run_that_fails_says_why() {
    let (mut app, run) = decoding(&fixture::relaxed(), 3);
    app.apply(Event::RunFailed {
        run,
        why: "the context is full".into(),
    });
    assert!(
        matches!(&app.run().expect("a run").phase, Phase::Failed(why) if why == "the context is full")
    );
    assert!(notice(&app).contains("the context is full"));
}

#[test]
fn an_engine_that_is_gone_ends_the_interface() {
    let mut app = ready();
    app.apply(Event::Gone { why: None });
    assert_eq!(app.take_effects(), [Effect::Quit]);
}

// ---- effects ----

#[test]
fn a_run_is_saved_and_a_recording_is_not() {
    let (mut app, run) = decoding(&fixture::relaxed(), 3);
    keys(&mut app, "s");
    assert_eq!(app.take_effects(), [Effect::Save(run)]);
    let mut app = replaying(&fixture::relaxed());
    keys(&mut app, "s");
    assert!(app.take_effects().is_empty());
}

#[test]
fn control_keys_work_while_typing() {
    let mut app = ready();
    keys(&mut app, "p");
    for (letter, effect) in [('c', Effect::Quit), ('z', Effect::Suspend)] {
        app.press(&crossterm::event::KeyEvent::new(
            KeyCode::Char(letter),
            KeyModifiers::CONTROL,
        ));
        assert_eq!(app.take_effects(), [effect]);
    }
}

#[test]
fn earlier_runs_are_listed_and_opened() {
    let mut app = ended(&fixture::relaxed());
    keys(&mut app, "1");
    assert_eq!(app.screen, Screen::Catalog);
    app.session.shown = None;
    keys(&mut app, "o");
    enter(&mut app);
    assert_eq!(app.screen, Screen::Decode);
    assert_eq!(
        app.record().expect("the run").trace.token_ids(),
        fixture::relaxed().token_ids()
    );
}

#[test]
fn recordings_on_disk_are_listed_by_their_first_and_last_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let trace = fixture::relaxed();
    let mut bytes = Vec::new();
    trace.save(&mut bytes).expect("to memory");
    std::fs::write(folder.path().join("a.jsonl"), &bytes).expect("written");
    std::fs::write(folder.path().join("b.jsonl"), "not a trace\n").expect("written");
    let found = laserscope::tui::earlier_runs(folder.path());
    assert_eq!(found.len(), 1);
    assert_eq!(
        (&found[0].subject, &found[0].end),
        (&trace.header.subject, &trace.end)
    );
    let cut = &bytes[..bytes.len() - 20];
    std::fs::write(folder.path().join("a.jsonl"), cut).expect("written");
    assert_eq!(laserscope::tui::earlier_runs(folder.path())[0].end, None);
    assert!(laserscope::tui::earlier_runs(Path::new("/nowhere/at/all")).is_empty());
}

// ---- the mouse ----

fn find(buffer: &Buffer, text: &str) -> (u16, u16) {
    let n = text.chars().count() as u16;
    for y in 0..buffer.area.height {
        for x in 0..buffer.area.width.saturating_sub(n) {
            let here: String = (x..x + n).map(|x| buffer[(x, y)].symbol()).collect();
            if here == text {
                return (x, y);
            }
        }
    }
    panic!("`{text}` is not on the screen");
}

fn click(app: &mut App, (column, row): (u16, u16)) {
    mouse(app, MouseEventKind::Down(MouseButton::Left), (column, row));
}

fn mouse(app: &mut App, kind: MouseEventKind, (column, row): (u16, u16)) {
    let event = MouseEvent {
        kind,
        column,
        row,
        modifiers: KeyModifiers::NONE,
    };
    if let Some(action) = app.action_of(&crossterm::event::Event::Mouse(event)) {
        app.update(action);
    }
}

#[test]
fn a_click_selects_what_it_hits() {
    for size in [LARGE, SMALL] {
        let mut app = ended(&fixture::relaxed());
        app.look.size = size;
        press(&mut app, KeyCode::Home);
        let at = find(&draw(&app), "thriller");
        click(&mut app, at);
        assert_eq!(app.decode.pane, Pane::Text);
        let (step, cell) = (app.step_index(), app.selected_cell().expect("a token"));
        assert_eq!(
            app.record().expect("a record").cells[cell].text,
            " thriller"
        );
        // The selected token is a line of the tree, and the line below another token.
        let (x, y) = find(&draw(&app), "' thriller'");
        click(&mut app, (x, y + 1));
        assert_eq!(app.decode.pane, Pane::Tree);
        assert_eq!(app.step_index(), step);
        assert_ne!(app.selected_cell(), Some(cell));
        let (x, y) = find(&draw(&app), "STEPS");
        click(&mut app, (x + 10, y + 1));
        assert_eq!(app.decode.pane, Pane::Steps);
        assert_ne!(app.step_index(), step);
        let at = find(&draw(&app), "SPEED");
        click(&mut app, at);
        assert_eq!(app.decode.pane, Pane::Speed);
        let at = find(&draw(&app), " 1 ");
        click(&mut app, at);
        assert_eq!(app.screen, Screen::Catalog);
        let at = find(&draw(&app), "Users");
        click(&mut app, at);
        assert_eq!(app.catalog.kind, laserscope::recsys::SubjectKind::User);
        let (x, y) = find(&draw(&app), "▌");
        click(&mut app, (x + 2, y + 3));
        assert_eq!(app.catalog.list().selected, 3);
    }
}

#[test]
fn the_wheel_scrolls_what_is_under_it() {
    let mut app = ended(&fixture::relaxed());
    app.look.size = SMALL;
    let text = find(&draw(&app), "TEXT");
    let (top, _) = laserscope::tui::screens::decode::panes::text::text_scroll(&app);
    mouse(&mut app, MouseEventKind::ScrollUp, (text.0, text.1 + 2));
    assert_eq!(
        laserscope::tui::screens::decode::panes::text::text_scroll(&app).0,
        top - 1
    );
    let step = app.step_index().expect("a step");
    let steps = find(&draw(&app), "STEPS");
    mouse(&mut app, MouseEventKind::ScrollUp, (steps.0, steps.1 + 1));
    assert_eq!(app.step_index(), Some(step - 1));
    keys(&mut app, "1");
    mouse(&mut app, MouseEventKind::ScrollDown, (5, 10));
    assert_eq!(app.catalog.list().selected, 3);
}

// ---- whatever happens ----

#[derive(Clone, Debug)]
enum Poke {
    Key(usize),
    Letter(char),
    Size(u16, u16),
    Mouse(u8, u16, u16),
    Steps(usize),
    Tick,
    Paused(bool),
    Ended,
    Ready,
    Failed,
}

fn poke() -> impl Strategy<Value = Poke> {
    prop_oneof![
        8 => any::<usize>().prop_map(Poke::Key),
        2 => prop::sample::select("abegx /?日".chars().collect::<Vec<_>>()).prop_map(Poke::Letter),
        2 => (1u16..180, 1u16..60).prop_map(|(w, h)| Poke::Size(w, h)),
        2 => (0u8..3, 0u16..180, 0u16..60).prop_map(|(b, x, y)| Poke::Mouse(b, x, y)),
        2 => (1usize..12).prop_map(Poke::Steps),
        1 => Just(Poke::Tick),
        1 => any::<bool>().prop_map(Poke::Paused),
        1 => Just(Poke::Ended),
        1 => Just(Poke::Ready),
        1 => Just(Poke::Failed),
    ]
}

fn apply_poke(app: &mut App, trace: &Trace, poke: &Poke) {
    let keys: Vec<_> = TABLE.iter().flat_map(|b| b.keys.iter()).collect();
    let run = app.session.shown.unwrap_or(1);
    match poke {
        Poke::Key(n) => {
            let key = keys[n % keys.len()];
            app.press(&crossterm::event::KeyEvent::new(key.code, key.modifiers));
        }
        Poke::Letter(c) => drop(press(app, KeyCode::Char(*c))),
        Poke::Size(w, h) => drop(app.update(Action::Resize(*w, *h))),
        Poke::Mouse(button, x, y) => {
            let kinds = [
                MouseEventKind::Down(MouseButton::Left),
                MouseEventKind::ScrollUp,
                MouseEventKind::ScrollDown,
            ];
            mouse(app, kinds[usize::from(*button)], (*x, *y));
        }
        Poke::Steps(n) => {
            app.apply(Event::RunStarted {
                run,
                purpose: laserscope::protocol::Purpose::Watch,
                header: Box::new(trace.header.clone()),
            });
            feed(app, run, trace, 0..*n);
        }
        Poke::Tick => drop(app.update(Action::Tick(Duration::from_millis(300)))),
        Poke::Paused(paused) => drop(app.apply(Event::Paused {
            run,
            paused: *paused,
        })),
        Poke::Ended => drop(app.apply(Event::RunEnded {
            run,
            end: end(3, Finish::Length),
        })),
        Poke::Ready => drop(app.apply(model_ready())),
        Poke::Failed => drop(app.apply(Event::ModelFailed {
            why: "no network".into(),
        })),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn nothing_that_is_pressed_or_reported_can_break_it(pokes in prop::collection::vec(poke(), 1..60)) {
        let trace = fixture::relaxed();
        let mut app = app();
        for poke in &pokes {
            apply_poke(&mut app, &trace, poke);
            drop(draw(&app));
        }
        let picture = laserscope::present::picture::svg(&draw(&app));
        prop_assert!(picture.ends_with("</svg>\n"));
    }
}

#[test]
fn the_interface_knows_no_model_pool_or_engine() {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tui")];
    let mut n_files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            n_files += 1;
            let text = std::fs::read_to_string(&path).expect("a file");
            for foreign in ["crate::model", "crate::pool", "crate::engine", "candle"] {
                assert!(
                    !text.contains(foreign),
                    "{} names {foreign}",
                    path.display()
                );
            }
        }
    }
    assert!(n_files > 20);
}

fn text_of(buffer: &Buffer) -> String {
    let rows = buffer.content.chunks(usize::from(buffer.area.width));
    let text = |row: &[ratatui::buffer::Cell]| row.iter().map(|c| c.symbol()).collect::<String>();
    rows.map(text).collect::<Vec<_>>().join("\n")
}

/// The last row of the screen, and the one above it.
fn bottom(app: &App) -> [String; 2] {
    let buffer = draw(app);
    let row = |y: u16| {
        (0..app.look.size.0)
            .map(|x| buffer[(x, y)].symbol())
            .collect()
    };
    [row(app.look.size.1 - 1), row(app.look.size.1 - 2)]
}

/// On a clock of frames: a message covers the hints for three seconds, then it stands
/// above them until the next key, and nothing is drawn for it any more.
#[test]
fn a_message_does_not_cover_the_hints_for_long() {
    let mut app = ended(&fixture::relaxed());
    let hints = bottom(&app)[0].clone();
    let frame = Duration::from_millis(33);
    app.tell(Tone::Info, "Something happened.");
    let mut shown = Duration::ZERO;
    while !bottom(&app)[0].contains(hints.trim()) {
        assert!(shown <= Duration::from_secs(3), "covered for {shown:?}");
        assert!(app.notice_moves_in().is_some(), "the clock must go on");
        assert!(bottom(&app)[0].contains("Something happened."));
        app.update(Action::Tick(frame));
        shown += frame;
    }
    assert!(shown >= Duration::from_secs(2), "read at once: {shown:?}");
    assert!(
        bottom(&app)[1].contains("Something happened."),
        "it can still be read"
    );
    assert_eq!(app.notice_moves_in(), None);
    press(&mut app, KeyCode::Down);
    assert!(!bottom(&app)[1].contains("Something happened."));
}
