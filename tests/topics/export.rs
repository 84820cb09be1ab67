//! Exported runs: stable to the byte, and harmless whatever the tokens are.

use laserscope::export::Canvas;
use laserscope::present::format::Format;
use laserscope::speculate::trace::{TokenBytes, Trace};
use laserscope::start::screens::export;
use laserscope::tui::Look;
use proptest::prelude::*;

use super::fixture;

/// The first steps of a run.
fn short(n_steps: usize) -> Trace {
    let whole = fixture::relaxed();
    let mut trace = Trace::new(whole.header.clone());
    whole
        .steps
        .into_iter()
        .take(n_steps)
        .for_each(|s| trace.push(s));
    trace
}

/// The same run in which every token and every title reads as `text`.
pub fn reading(text: &str, n_steps: usize) -> Trace {
    let bytes = || TokenBytes::new(text.as_bytes());
    let whole = short(n_steps);
    let mut header = whole.header.clone();
    header.subject.title = text.into();
    header.prompt = text.into();
    header.tokens.iter_mut().for_each(|t| t.1 = bytes());
    let mut trace = Trace::new(header);
    for mut step in whole.steps {
        step.tokens.iter_mut().for_each(|t| t.1 = bytes());
        step.documents.iter_mut().for_each(|d| d.1 = text.into());
        trace.push(step);
    }
    trace
}

fn written(trace: &Trace, format: Format) -> String {
    export(trace, format, &Canvas::default(), &Look::default())
}

#[test]
fn forms_are_stable() {
    let trace = short(8);
    insta::with_settings!({omit_expression => true}, {
        insta::assert_snapshot!("html", written(&trace, Format::Html));
        insta::assert_snapshot!("markdown", written(&trace, Format::Markdown));
        insta::assert_snapshot!("csv", written(&trace, Format::Csv));
        insta::assert_snapshot!("text", written(&trace, Format::Text));
    });
    let mut saved = Vec::new();
    trace.save(&mut saved).unwrap();
    let loaded = Trace::load(saved.as_slice()).unwrap();
    for format in Format::ALL {
        assert_eq!(written(&trace, format), written(&loaded, format));
    }
}

#[test]
fn a_page_needs_nothing_from_outside() {
    let page = written(&fixture::relaxed(), Format::Html);
    for outside in ["http://", "https://", "<link", "<img", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
    // Every fate has its sign and its name beside the colour.
    for sign in ["✓", "≈", "✗", "⇄", "·", "+"] {
        assert!(page.contains(sign), "{sign}");
    }
}

#[test]
fn a_table_has_a_line_per_draft_and_bonus_token() {
    let trace = fixture::relaxed();
    let n: usize = trace.steps.iter().map(|s| s.tree.n_drafts()).sum();
    let bonus = trace
        .steps
        .iter()
        .filter(|s| s.verdict.bonus.is_some())
        .count();
    let csv = written(&trace, Format::Csv);
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(reader.records().filter(|r| r.is_ok()).count(), n + bonus);
}

#[test]
fn a_recording_keeps_the_times_of_the_run() {
    let trace = short(6);
    let cast = written(&trace, Format::Cast);
    let lines: Vec<serde_json::Value> = cast
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(
        (&lines[0]["version"], &lines[0]["width"]),
        (&2.into(), &120.into())
    );
    let times: Vec<f64> = lines[1..].iter().map(|l| l[0].as_f64().unwrap()).collect();
    assert!(times.windows(2).all(|w| w[0] <= w[1]), "{times:?}");
    let decoding: f64 = trace.steps.iter().map(|s| s.timing.unwrap().total()).sum();
    let last_step = times[times.len() - 2];
    assert!(
        (last_step - 1.0 - decoding / 1000.0).abs() < 0.001,
        "{times:?}"
    );
    assert!(lines[1..].iter().all(|l| l[1] == "o"));
}

/// Only the page's own tags are allowed.
fn foreign_tags(page: &str) -> Vec<String> {
    const OURS: [&str; 27] = [
        "!DOCTYPE", "html", "head", "meta", "title", "style", "body", "header", "h1", "p", "dl",
        "div", "dt", "dd", "ul", "li", "span", "main", "h2", "button", "input", "output",
        "section", "ol", "details", "summary", "pre",
    ];
    let name = |rest: &'_ str| -> usize {
        rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '!')
            .unwrap_or(rest.len())
    };
    let (page, _script) = page.split_once("<script>").expect("the script is last");
    let page = page.replace("</", "<").replace("<footer", "<p");
    let tags = page
        .split('<')
        .skip(1)
        .map(|rest| rest[..name(rest)].to_string());
    tags.filter(|t| !OURS.contains(&t.as_str())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn hostile_tokens_stay_text(
        text in prop_oneof![
            "[<>&\"'`*_\\[\\]|#~a\n\\\\]{1,12}",
            Just("</script><script>alert(1)</script>".to_string()),
            Just("<img src=x onerror=alert(1)>".to_string()),
            Just("\" onmouseover=\"alert(1)".to_string()),
            Just("&lt;&#x3c;".to_string()),
            "\\PC{1,8}",
        ],
    ) {
        let trace = reading(&text, 3);
        let page = written(&trace, Format::Html);
        prop_assert_eq!(foreign_tags(&page), Vec::<String>::new());
        prop_assert_eq!(page.matches("<script").count(), 1);
        let entities = ["&amp;", "&lt;", "&gt;", "&quot;", "&#x27;"];
        let (before_script, _) = page.split_once("<script>").expect("the script is last");
        for rest in before_script.match_indices('&').map(|(i, _)| &before_script[i..]) {
            prop_assert!(entities.iter().any(|e| rest.starts_with(e)), "{}", &rest[..rest.len().min(20)]);
        }
        // As many quotes as with harmless tokens: none ends an attribute.
        let quiet = written(&reading("x", 3), Format::Html);
        prop_assert_eq!(page.matches('"').count(), quiet.matches('"').count());

        let markdown = written(&trace, Format::Markdown);
        let (told, _fenced) = markdown.split_once("## Prompt").expect("the prompt is last");
        let ours = ["<em>", "</em>", "<strong>", "</strong>"];
        let rest = ours.iter().fold(told.to_string(), |rest, tag| rest.replace(tag, ""));
        prop_assert!(!rest.contains('<'), "{}", rest);
    }
}
