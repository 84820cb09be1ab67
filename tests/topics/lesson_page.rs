//! Lessons as web pages: every lesson has one, its numbers are its figures, nothing in it is
//! loaded from elsewhere, and no token of a run becomes markup or script.

use laserscope::export::lesson::{Neighbours, file_name, index, page, page_of};
use laserscope::present::lesson::walk::LessonRuns;
use laserscope::present::lesson::words::{TextPiece, pieces};
use laserscope::present::lesson::{self, Check, Lesson, LessonView};
use laserscope::present::record::Record;
use laserscope::speculate::trace::Trace;
use proptest::prelude::*;

use super::export::reading;

fn lessons() -> Vec<Lesson> {
    lesson::bundled().expect("lessons")
}

fn pages() -> Vec<(Lesson, String)> {
    let all = lessons();
    let page = |at| page(&all, at, Neighbours::Linked).expect("a page");
    let pages: Vec<String> = (0..all.len()).map(page).collect();
    all.into_iter().zip(pages).collect()
}

/// The page before the player's data.
fn told(page: &str) -> &str {
    let data = page
        .find("<script type=\"application/json\"")
        .expect("data");
    &page[..data]
}

fn data(page: &str) -> serde_json::Value {
    let (_, rest) = page.split_once("id=\"data\">").expect("data");
    let (json, _) = rest.split_once("</script>").expect("its end");
    serde_json::from_str(json).expect("JSON")
}

fn record(trace: &Trace) -> Record {
    let mut record = Record::new(trace.header.clone());
    trace.steps.iter().for_each(|s| record.push(s.clone()));
    record
}

#[test]
fn every_lesson_has_a_page_that_needs_nothing_from_outside() {
    for (lesson, page) in pages() {
        let id = &lesson.id;
        assert!(page.starts_with("<!DOCTYPE html>"), "{id}");
        assert_eq!(
            page.matches("data-task=").count(),
            lesson.tasks.len(),
            "{id}"
        );
        for outside in ["http://", "https://", "<link", "<img", "@import", "url("] {
            let found = page
                .replace("http://www.w3.org/2000/svg", "")
                .contains(outside);
            assert!(!found, "{id}: {outside}");
        }
        assert!(page.len() < 2_000_000, "{id}: {} bytes", page.len());
        for sign in ["✓", "≈", "✗", "⇄", "·", "+"] {
            assert!(told(&page).contains(sign), "{id}: {sign}");
        }
    }
}

/// Every figure of a page in its order, by name.
fn figures_of(page: &str) -> Vec<(String, String)> {
    let found = told(page).split("data-figure=\"").skip(1);
    let read = |rest: &str| {
        let (name, rest) = rest.split_once("\">").expect("a figure");
        let (value, _) = rest.split_once("</b>").expect("its end");
        (name.to_string(), value.to_string())
    };
    found.map(read).collect()
}

fn mentioned(text: &str, view: &LessonView) -> Vec<(String, String)> {
    let pieces = pieces(text).expect("a text").into_iter();
    let figure = |piece| match piece {
        TextPiece::Figure(name, figure) => Some((name, figure.told(view).expect("a figure"))),
        _ => None,
    };
    pieces.filter_map(figure).collect()
}

#[test]
fn the_numbers_of_a_page_are_its_figures() {
    let mut n = 0;
    for (lesson, page) in pages() {
        let runs = LessonRuns::of(&lesson).expect("runs");
        let mut place = runs.start(&lesson);
        let mut expected = mentioned(lesson.page_text(), &runs.view(&lesson, place));
        let mut answers = Vec::new();
        for task in &lesson.tasks {
            expected.extend(mentioned(task.page_ask(), &runs.view(&lesson, place)));
            place = runs.after(&lesson, &task.check, place);
            let view = runs.view(&lesson, place);
            expected.extend(mentioned(task.page_learned(), &view));
            if let Check::Answer { figure, .. } = &task.check {
                answers.push(figure.told(&view).expect("an answer"));
            }
        }
        assert_eq!(figures_of(&page), expected, "{}", lesson.id);
        let listed = page.split("<b class=\"answer\">").skip(1);
        let listed: Vec<_> = listed
            .filter_map(|rest| Some(rest.split_once('<')?.0))
            .collect();
        assert_eq!(listed, answers, "{}", lesson.id);
        n += expected.len() + answers.len();
    }
    assert!(n > 40, "{n} numbers");
}

#[test]
fn the_player_has_every_step_of_every_run() {
    for (lesson, page) in pages() {
        let (data, runs) = (data(&page), LessonRuns::of(&lesson).expect("runs"));
        let played = data["runs"].as_array().expect("runs");
        assert_eq!(played.len(), runs.runs.len(), "{}", lesson.id);
        for (played, (name, record)) in played.iter().zip(&runs.runs) {
            let steps = played["steps"].as_array().expect("steps");
            assert_eq!(steps.len(), record.n_steps(), "{name}");
            for (step, recorded) in steps.iter().zip(&record.trace.steps) {
                assert_eq!(step["rows"], recorded.tree.n_rows());
                assert_eq!(step["committed"], recorded.verdict.n_committed());
                let nodes = step["nodes"].as_array().expect("nodes");
                assert_eq!(nodes.len(), recorded.tree.n_drafts());
                for (node, drafted) in nodes.iter().zip(&recorded.tree.nodes[1..]) {
                    assert_eq!(node["o"], drafted.parent.expect("a parent"));
                }
                let lines = step["lines"].as_array().expect("lines").len();
                let bonus = usize::from(recorded.verdict.bonus.is_some());
                assert_eq!(lines, nodes.len() + bonus);
                assert_eq!(
                    step["drafted"].as_array().expect("lines").len(),
                    nodes.len()
                );
            }
        }
        let tasks = data["tasks"].as_array().expect("tasks").len();
        assert_eq!(tasks, lesson.tasks.len());
    }
}

/// What is asked and answered without a script: beside the data, and readable.
#[test]
fn a_page_reads_without_its_script() {
    for (lesson, page) in pages() {
        let told = told(&page);
        assert!(told.contains("<details>") && told.contains("class=\"learned\""));
        assert!(
            !told.contains("{key:") && !told.contains("{{"),
            "{}",
            lesson.id
        );
        assert!(told.contains("<p class=\"text\">"), "{}", lesson.id);
    }
}

#[test]
fn pages_are_byte_stable_and_link_to_each_other() {
    let (all, first) = (lessons(), pages());
    for ((_, again), (lesson, page)) in pages().into_iter().zip(&first) {
        assert!(again == *page, "{}", lesson.id);
    }
    let index = index(&all).expect("an index");
    for lesson in &all {
        let link = format!("href=\"{}\"", file_name(lesson));
        assert!(index.contains(&link), "{link}");
    }
    let second = format!("rel=\"next\" href=\"{}\"", file_name(&all[1]));
    assert!(first[0].1.contains(&second));
    let alone = page(&all, 0, Neighbours::Alone).expect("a page");
    assert!(!alone.contains("href="));
}

#[test]
fn the_tasks_of_a_page_look_as_they_should() {
    let (_, page) = pages().swap_remove(3);
    let (_, tasks) = page.split_once("<section id=\"tasks\"").expect("tasks");
    let (tasks, _) = tasks.split_once("</section>").expect("their end");
    insta::with_settings!({omit_expression => true}, {
        insta::assert_snapshot!("lesson_page_tasks", tasks);
    });
}

/// A lesson on two runs whose tokens are these.
fn page_with(text: &str) -> String {
    let all = lessons();
    let at = all.iter().position(|l| l.id == "strict").expect("a lesson");
    let record = record(&reading(text, 3));
    let runs = LessonRuns {
        runs: vec![
            ("autoregressive".into(), record.clone()),
            ("strict".into(), record),
        ],
        course: None,
    };
    page_of(&all, at, &runs, Neighbours::Alone).expect("a page")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn hostile_tokens_stay_text(
        text in prop_oneof![
            "[<>&\"'`*_\\[\\]|#~a\n\\\\]{1,12}",
            Just("</script><script>alert(1)</script>".to_string()),
            Just("<!--<script>".to_string()),
            Just("<img src=x onerror=alert(1)>".to_string()),
            Just("\" onmouseover=\"alert(1)".to_string()),
            "\\PC{1,8}",
        ],
    ) {
        let (page, quiet) = (page_with(&text), page_with("x"));
        for sign in ["<script", "</script", "<!--"] {
            prop_assert_eq!(page.matches(sign).count(), quiet.matches(sign).count(), "{}", sign);
        }
        // Before the data, as many tags and quotes as with harmless tokens.
        for sign in ['<', '>', '"'] {
            let n = |page: &str| told(page).matches(sign).count();
            prop_assert_eq!(n(&page), n(&quiet), "{}", sign);
        }
        let told = data(&page)["runs"][0]["steps"][0]["after"].to_string();
        prop_assert!(!told.is_empty());
    }
}
