//! Every lesson, walked from its first task to its last by keys, over the bundled runs;
//! what it restores; what is remembered.

use crossterm::event::KeyCode;
use laserscope::present::lesson::{self, Check, Lesson};
use laserscope::protocol::{Command, Event};
use laserscope::speculate::cost::StepCosts;
use laserscope::speculate::trace::{Step, Trace};
use laserscope::tui::app::{App, Effect};
use laserscope::tui::dialogs::answer::AnswerDialog;
use laserscope::tui::runs::run::Recording;
use laserscope::tui::screens::Screen;
use laserscope::tui::shell::lesson as lesson_box;

use super::fixture;
use super::stage::{app, ended, keys, press};

/// Pressed again and again until the task is done.
const PATIENCE: usize = 100;

/// The keys of each lesson, task by task; `#` types the figure that is asked for.
const WALKS: [(&str, &[&str]); 12] = [
    ("draft", &["→", "↓", "↑", "#", "Q⏎⏎⏎"]),
    ("cost", &["6", "#", "2←", "#"]),
    ("kv-cache", &["→i", "#", "#", "→#"]),
    ("tree-attention", &["→i", "↓", "#"]),
    ("strict", &["#", "4", "#", "#", "#"]),
    ("sampling", &["#", "4", "#", "2o⏎←←←←←←←←←←←←←←←←←←←←←←"]),
    ("relaxed", &["]", "#", "⇥⇥⇥⇥#", "#", "4#", "#", "2p↓←"]),
    ("mal", &["6", "2#", "#", "o⏎", "#"]),
    ("pools", &["⇥⇥⇥z", "o↓⏎", "z#", "o⏎", "#", "←"]),
    ("drafters", &["o↓↓⏎", "o↓⏎←←←←←←", "o⏎#", "4#"]),
    ("slow", &["←", "#", "w⎋", "o⏎"]),
    ("batch", &["7", "←", "#", "#", "#", "↓⏎"]),
];

fn learning(at: usize) -> App {
    let mut app = app();
    keys(&mut app, "6");
    for _ in 0..at {
        press(&mut app, KeyCode::Down);
    }
    press(&mut app, KeyCode::Enter);
    app
}

fn learning_about(id: &str) -> App {
    learning(
        WALKS
            .iter()
            .position(|walk| walk.0 == id)
            .expect("a lesson"),
    )
}

fn task(app: &App) -> usize {
    app.learn.course.as_ref().expect("a lesson").task
}

fn lesson_of(app: &App) -> Lesson {
    app.learn.at().expect("a lesson").0.clone()
}

fn type_key(app: &mut App, key: char) {
    match key {
        '→' => press(app, KeyCode::Right),
        '←' => press(app, KeyCode::Left),
        '↑' => press(app, KeyCode::Up),
        '↓' => press(app, KeyCode::Down),
        '⏎' => press(app, KeyCode::Enter),
        '⇥' => press(app, KeyCode::Tab),
        '⎋' => press(app, KeyCode::Esc),
        '#' => type_answer(app),
        letter => press(app, KeyCode::Char(letter)),
    };
}

fn type_answer(app: &mut App) -> Vec<Command> {
    let task = app.learn.at().expect("a lesson").1.expect("a task");
    let Check::Answer { figure, .. } = &task.check else {
        panic!("no number is asked for");
    };
    let value = figure.value(&app.lesson_view()).expect("a figure");
    keys(app, "A");
    keys(app, &format!("{value:.2}"));
    press(app, KeyCode::Enter)
}

/// Presses a task's keys until it is done. What is asked must not be so already.
fn walk(app: &mut App, pressed: &str) {
    let (before, lesson) = (task(app), lesson_of(app));
    for _ in 0..PATIENCE {
        for key in pressed.chars() {
            type_key(app, key);
        }
        if task(app) > before {
            assert_eq!(
                task(app),
                before + 1,
                "{}: a task was done in passing",
                lesson.id
            );
            return;
        }
        assert!(
            app.learn.course.is_some(),
            "{}: the lesson was left",
            lesson.id
        );
    }
    panic!(
        "{}, task {}: `{pressed}` never does it",
        lesson.id,
        before + 1
    );
}

#[test]
fn every_lesson_can_be_walked_to_its_end() {
    let lessons = lesson::bundled().expect("lessons");
    assert_eq!(lessons.len(), WALKS.len());
    for (at, (id, steps)) in WALKS.into_iter().enumerate() {
        let mut app = learning(at);
        assert_eq!(
            (lesson_of(&app).id.as_str(), app.screen),
            (id, Screen::Decode)
        );
        assert_eq!(steps.len(), lessons[at].tasks.len(), "{id}");
        for pressed in steps {
            walk(&mut app, pressed);
            let said = app.learn.course.as_ref().and_then(|c| c.said.clone());
            let said = said.expect("something was learned");
            // `?` is a figure that nothing has, or the key of the help.
            assert!(
                !said.replace(": ? ", "").contains(['{', '?']),
                "{id}: {said}"
            );
        }
        assert!(app.learn.at().expect("a lesson").1.is_none());
        assert_eq!(app.learn.learned.n_done(&lessons[at]), steps.len());
        assert!(app.take_effects().contains(&Effect::KeepLearned));
    }
}

#[test]
fn no_task_is_done_before_it_is_asked() {
    for (at, (id, _)) in WALKS.into_iter().enumerate() {
        let app = learning(at);
        let first = &lesson_of(&app).tasks[0];
        assert!(!first.check.holds(&app, None), "{id}");
    }
}

#[test]
fn leaving_puts_back_what_was_open() {
    let mut app = ended(&fixture::relaxed());
    keys(&mut app, "z");
    press(&mut app, KeyCode::Home);
    let before = (
        app.screen,
        app.session.shown,
        app.decode.clone(),
        app.next.params,
        app.session.runs.len(),
    );
    keys(&mut app, "6");
    let on_learn = app.screen;
    press(&mut app, KeyCode::Enter);
    assert_ne!(app.session.shown, before.1);
    keys(&mut app, "p");
    press(&mut app, KeyCode::Down);
    press(&mut app, KeyCode::Left);
    assert_ne!(app.next.params, before.3);
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Esc);
    assert!(app.learn.course.is_none());
    assert_eq!(
        (
            app.screen,
            app.session.shown,
            app.next.params,
            app.session.runs.len()
        ),
        (on_learn, before.1, before.3, before.4)
    );
    assert_eq!(format!("{:?}", app.decode), format!("{:?}", before.2));
    assert!(
        app.session
            .runs
            .iter()
            .all(|r| r.recording() != Some(Recording::Lesson))
    );
}

#[test]
fn a_wrong_number_is_said_to_be_wrong() {
    let mut app = learning_about("strict");
    keys(&mut app, "A999");
    press(&mut app, KeyCode::Enter);
    assert_eq!(task(&app), 0);
    assert!(app.notice.as_ref().expect("a notice").text.contains("999"));
    keys(&mut app, "Amany");
    press(&mut app, KeyCode::Enter);
    assert!(
        app.notice
            .as_ref()
            .expect("a notice")
            .text
            .contains("is not a number")
    );
}

#[test]
fn a_number_is_asked_for_only_where_a_task_wants_one() {
    let mut app = learning(0);
    keys(&mut app, "A");
    assert!(app.dialog.is_none());
    let mut app = learning_about("strict");
    keys(&mut app, "A");
    assert!(app.dialog_of::<AnswerDialog>().is_some());
}

#[test]
fn tasks_passed_over_are_not_done_and_the_next_lesson_follows() {
    let mut app = learning_about("drafters");
    keys(&mut app, "NNNN");
    assert!(app.learn.at().expect("a lesson").1.is_none());
    assert_eq!(app.learn.learned.n_done(&lesson_of(&app)), 0);
    keys(&mut app, "N");
    assert_eq!(lesson_of(&app).id, "slow");
    keys(&mut app, "NNNNN");
    assert_eq!(lesson_of(&app).id, "batch");
    keys(&mut app, "NNNNNNN");
    assert!(app.learn.course.is_none());
    assert_eq!(app.screen, Screen::Learn);
}

#[test]
fn lessons_need_no_model() {
    let mut app = app();
    app.apply(Event::ModelFailed { why: "none".into() });
    press(&mut app, KeyCode::Esc);
    keys(&mut app, "6");
    press(&mut app, KeyCode::Enter);
    walk(&mut app, "→");
}

#[test]
fn the_box_fits_every_size() {
    for at in 0..WALKS.len() {
        let mut app = learning(at);
        for size in [(60, 20), (80, 24), (120, 40), (200, 60)] {
            app.look.size = size;
            let height = lesson_box::height(&app, size.0);
            assert!((3..=7).contains(&height), "{size:?}: {height}");
            super::stage::draw(&app);
        }
    }
}

#[test]
fn lesson_runs_show_what_the_lessons_say() {
    let run = |name| lesson::run(name).expect("a run");
    let ids = |trace: &Trace| trace.token_ids();
    let (auto, strict, relaxed) = (run("autoregressive"), run("strict"), run("relaxed"));
    assert_eq!(ids(&auto), ids(&strict), "strict is lossless");
    assert_eq!(ids(&auto).len(), auto.steps.len(), "one token a step");
    assert!(strict.steps.len() < auto.steps.len());
    assert!(
        relaxed.steps.len() < strict.steps.len(),
        "relaxing buys steps"
    );
    assert_ne!(ids(&relaxed), ids(&strict), "and changes the text");
    assert_eq!(ids(&run("group-pool")), ids(&run("global-pool")));
    assert_eq!(ids(&run("group-pool")), ids(&run("mixed-pool")));
    assert_eq!(ids(&run("poem-plain")), ids(&run("poem-64-rows")));
    let (drawn, drafted) = (run("sampled-plain"), run("sampled-strict"));
    assert_eq!(
        ids(&drawn),
        ids(&drafted),
        "strict is exact for drawn texts"
    );
    assert!(drafted.steps.len() < drawn.steps.len());
    for name in ["drafter-laser", "drafter-chain", "drafter-ngram"] {
        assert_eq!(ids(&run(name)), ids(&strict), "{name}");
    }
    assert!(run("drafter-laser").steps.len() > strict.steps.len());
    assert!(run("drafter-ngram").steps.len() > run("drafter-chain").steps.len());
    let is_branch =
        |step: &Step| (0..step.tree.n_rows()).all(|n| step.tree.children(n).count() < 2);
    assert!(run("drafter-chain").steps.iter().all(is_branch));
}

/// The larger the batch, the more probable a draft must be; and batching brings more than
/// drafts do, in the batch that ships.
#[test]
fn the_lessons_batch_shows_what_it_says() {
    let mut app = learning(WALKS.len() - 1);
    keys(&mut app, "7");
    let figure = |name: &str| {
        let check = format!("{{\"is\":\"answer\",\"figure\":\"{name}\"}}");
        match serde_json::from_str(&check).expect(name) {
            Check::Answer { figure, .. } => figure.value(&app.lesson_view()).expect(name),
            other => panic!("{other:?}"),
        }
    };
    let needs = ["needs-alone", "needs-here", "needs-most"].map(figure);
    assert!(needs[0] < needs[1] && needs[1] < needs[2], "{needs:?}");
    assert!(figure("batch-factor") > figure("draft-factor"));
    assert!(figure("batch-size") > 1.0 && figure("size-most") > figure("batch-size"));
    let batch = app.batch.batch.as_ref().expect("a batch");
    assert!(batch.n_passes() > 10);
}

#[test]
fn lesson_runs_are_byte_stable() {
    let folders = ["assets/traces", "assets/traces/batch"];
    let entries = folders.map(|folder| std::fs::read_dir(folder).expect("a folder"));
    for entry in entries.into_iter().flatten() {
        let path = entry.expect("an entry").path();
        let is_trace = path.extension().is_some_and(|e| e == "jsonl");
        if !is_trace || path.ends_with("passes.jsonl") {
            continue;
        }
        let text = std::fs::read(&path).expect("a trace");
        let trace = Trace::load(text.as_slice()).expect("a trace");
        let mut saved = Vec::new();
        trace.save(&mut saved).expect("saved");
        assert!(saved == text, "{}", path.display());
    }
}

/// Figures that a text states itself: no digits but the parameters that its lesson
/// asks for, and no number words beyond two.
const NUMBER_WORDS: [&str; 19] = [
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "dozen",
    "dozens",
    "hundred",
    "hundreds",
    "thousand",
    "thousands",
    "million",
    "millions",
    "twice",
];

/// What the text asks for by number: `8` of `{cost-of-8}`, and the check's own.
fn parameters(text: &str, check: Option<&Check>) -> Vec<String> {
    let costs = text.split("{cost-of-").skip(1);
    let costs = costs.chain(text.split("{speed-at-mal-").skip(1));
    let costs = costs.map(|rest| rest.chars().take_while(char::is_ascii_digit).collect());
    let asked = match check {
        Some(Check::Step(step) | Check::InsidePass(step)) => {
            vec![
                step.at_least,
                step.min_committed,
                step.min_drafts,
                step.min_branches,
            ]
        }
        Some(Check::Token(token)) => vec![token.min_depth],
        Some(Check::Predicted { at_least }) => vec![*at_least],
        Some(Check::K { k }) => vec![*k],
        Some(Check::Answer { figure, .. }) => {
            let name = format!("{figure:?}");
            let digits: String = name.chars().filter(char::is_ascii_digit).collect();
            digits.parse().into_iter().collect()
        }
        _ => Vec::new(),
    };
    costs.chain(asked.iter().map(usize::to_string)).collect()
}

fn bare_figures(text: &str, allowed: &[String]) -> Vec<String> {
    let mut plain = String::new();
    let mut depth = 0;
    for c in text.chars() {
        depth += i32::from(c == '{');
        plain.push(if depth > 0 { ' ' } else { c });
        depth -= i32::from(c == '}');
    }
    let words = plain.split(|c: char| !c.is_alphanumeric() && c != '.');
    let words = words.map(|w| w.trim_matches('.').to_lowercase());
    let is_figure =
        |w: &String| w.contains(|c: char| c.is_ascii_digit()) || NUMBER_WORDS.contains(&w.as_str());
    words
        .filter(is_figure)
        .filter(|w| !allowed.contains(w))
        .collect()
}

#[test]
fn every_number_of_a_lesson_is_read_from_its_run() {
    for lesson in lesson::bundled().expect("lessons") {
        for text in [&lesson.title, &lesson.text] {
            let bare = bare_figures(text, &parameters(text, None));
            assert!(bare.is_empty(), "{}: {bare:?} in {text}", lesson.id);
        }
        for task in &lesson.tasks {
            for text in [&task.ask, &task.learned] {
                let bare = bare_figures(text, &parameters(text, Some(&task.check)));
                assert!(bare.is_empty(), "{}: {bare:?} in {text}", lesson.id);
            }
        }
    }
    let none: [String; 0] = [];
    assert_eq!(
        bare_figures("takes 1.6 times, {run-mal} of 32", &none),
        ["1.6", "32"]
    );
    assert_eq!(bare_figures("thousands of films", &none), ["thousands"]);
}

#[test]
fn lessons_say_their_figures_before_they_begin() {
    let mut app = app();
    app.look.size = (200, 60);
    keys(&mut app, "6");
    for lesson in lesson::bundled().expect("lessons") {
        let text = shown(&app);
        assert!(
            !text.contains(['{', '?']) || !lesson.text.contains('{'),
            "{}",
            lesson.id
        );
        press(&mut app, KeyCode::Down);
    }
}

/// The body of the screen as text, the footer left out.
fn shown(app: &App) -> String {
    let buffer = super::stage::draw(app);
    let rows = 0..buffer.area.height - 1;
    let row = |y| (0..buffer.area.width).map(move |x| (x, y));
    let cells = rows.flat_map(row).map(|at| buffer[at].symbol().to_string());
    cells.collect()
}

/// What the box says after the last task.
fn behind(app: &App) -> String {
    assert!(app.learn.at().expect("a lesson").1.is_none());
    shown(app)
}

#[test]
fn a_lesson_with_tasks_passed_over_is_not_done() {
    for (at, (id, steps)) in WALKS.into_iter().enumerate() {
        let mut app = learning(at);
        keys(&mut app, &"N".repeat(steps.len()));
        let all = behind(&app);
        assert!(
            all.contains(&format!("{0} of {0} tasks are still open", steps.len())),
            "{id}"
        );
        assert!(
            !all.contains("lesson is done") && !all.contains("the last lesson"),
            "{id}"
        );
        let mut app = learning(at);
        for (i, pressed) in steps.iter().enumerate() {
            match i + 1 == steps.len() {
                true => drop(keys(&mut app, "N")),
                false => walk(&mut app, pressed),
            }
        }
        let one = behind(&app);
        assert!(
            one.contains(&format!("1 of {} tasks are still open", steps.len())),
            "{id}"
        );
        assert!(
            !one.contains("lesson is done") && !one.contains("the last lesson"),
            "{id}"
        );
    }
}

/// How a text names a key of a walk.
fn name_of(key: char) -> String {
    match key {
        '⇥' => "tab".into(),
        '⎋' => "esc".into(),
        '#' => "A".into(),
        other => other.to_string(),
    }
}

#[test]
fn tasks_are_done_with_the_keys_that_they_name() {
    for (at, (id, steps)) in WALKS.into_iter().enumerate() {
        let mut app = learning(at);
        for pressed in steps {
            let task = app.learn.at().expect("a lesson").1.expect("a task");
            let ask = laserscope::tui::screens::learn::words::told(&task.ask, &app);
            assert!(
                !ask.contains(['{', '?']) || task.ask.contains('?'),
                "{id}: {ask}"
            );
            let named = |key: char| {
                let name = name_of(key);
                let mut words = ask.split(|c: char| c.is_whitespace() || ",;:()".contains(c));
                words.any(|word| word.trim_end_matches('.') == name)
            };
            let unnamed: String = pressed.chars().filter(|&key| !named(key)).collect();
            assert!(unnamed.is_empty(), "{id}: {unnamed} is not in: {ask}");
            walk(&mut app, pressed);
        }
    }
}

#[test]
fn the_lessons_film_is_no_document_of_the_pools() {
    for name in [
        "strict",
        "relaxed",
        "group-pool",
        "mixed-pool",
        "global-pool",
    ] {
        let trace = lesson::run(name).expect("a run");
        let own = format!("item/{}", trace.header.subject.id);
        let nodes = trace.steps.iter().flat_map(|s| &s.tree.nodes);
        let docs = nodes.flat_map(|n| &n.origins).flat_map(|o| &o.docs);
        let mut n = 0;
        for doc in docs {
            assert_ne!(doc.doc, *own, "{name} drafts from the film's own document");
            n += 1;
        }
        assert!(n > 0, "{name} says where its drafts come from");
    }
}

#[test]
fn what_the_lessons_conclude_holds_in_their_runs() {
    let record = |name: &str| {
        let mut run = laserscope::tui::runs::run::Run::recorded(
            0,
            lesson::run(name).expect("a run"),
            Recording::Lesson,
        );
        run.play_all();
        run.record.expect("a record")
    };
    let steps = |name| record(name).stats.steps;
    // Size beats grouping, and at equal size grouping wins.
    assert!(steps("global-pool") < steps("group-pool"));
    assert!(steps("group-pool") < steps("mixed-pool"));
    let tokens = |name| {
        let header = record(name).trace.header;
        let drawn = header
            .pools
            .into_iter()
            .filter(|p| header.params.sources.has(p.source));
        drawn.map(|p| p.tokens).max().expect("a pool") as f64
    };
    assert!((tokens("mixed-pool") / tokens("group-pool") - 1.0).abs() < 0.02);
    // Rows cost less than passes of their own, and are not free.
    let header = lesson::header("strict").expect("a header");
    let costs = StepCosts::new(&header.cost);
    let times = |n| f64::from(costs.ms(n, 600)) / f64::from(costs.ms(1, 600));
    assert!(times(8) < 8.0 && times(32) < 32.0 && times(8) < times(32));
    // The relaxed text is a little less likely, and wrong about the country.
    let (strict, relaxed) = (record("strict"), record("relaxed"));
    assert!(relaxed.log_prob.mean() < strict.log_prob.mean());
    assert!(strict.text().contains("South Korea") && !relaxed.text().contains("South Korea"));
    // Faster, and by less than MAL says.
    let per_s = |name| record(name).stats.tokens_per_s().expect("timed");
    let (speed_up, mal) = (
        per_s("strict") / per_s("autoregressive"),
        strict.stats.mal(),
    );
    assert!(
        1.0 < speed_up && speed_up < mal.expect("a MAL"),
        "{speed_up}"
    );
    assert!(per_s("poem-64-rows") < per_s("poem-plain"));
}
