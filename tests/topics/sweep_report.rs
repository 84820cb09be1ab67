//! The report of a sweep: the same bytes each time, by itself, everything escaped.

use std::path::PathBuf;

use laserscope::export::sweep::sweep_report;
use laserscope::present::sweep_report::{SweepForm, SweepReport};
use laserscope::speculate::trace::{TokenBytes, Trace};

use super::fixture;
use super::stage::{ended, keys};
use super::tune::{begun, feed_with};

const HOSTILE: &str = "</p><script>alert(1)</script>|`x`\n# y \u{1b}[2J<!-- \"q\" & 日本語";

/// Of a sweep over one subject, its runs changed.
fn report(change: impl Fn(&mut Trace)) -> SweepReport {
    let mut shown = fixture::relaxed();
    change(&mut shown);
    let mut app = ended(&shown);
    keys(&mut app, "3u");
    let request = begun(&mut app);
    feed_with(&mut app, &request, 10_000, change);
    app.sweep_report().expect("runs were made")
}

/// A title and tokens that want to be obeyed.
fn hostile(trace: &mut Trace) {
    trace.header.subject.title = HOSTILE.into();
    trace.header.model.name = HOSTILE.into();
    let steps = std::mem::take(&mut trace.steps);
    let mut changed = Trace::new(trace.header.clone());
    for mut step in steps {
        for (id, bytes) in &mut step.tokens {
            if *id % 2 == 0 {
                *bytes = TokenBytes::new(HOSTILE.as_bytes());
            } else {
                *bytes = TokenBytes::new(&[0xe2, 0x99, *id as u8]);
            }
        }
        changed.push(step);
    }
    changed.end = trace.end.clone();
    *trace = changed;
}

/// With `SCREENS_DIR` set, every form is also written there.
#[test]
fn the_same_sweep_gives_the_same_bytes() {
    for form in SweepForm::ALL {
        let [first, second] = [(); 2].map(|()| sweep_report(&report(|_| {}), form));
        assert!(!first.is_empty() && first == second, "{form:?}");
        if let Some(folder) = std::env::var_os("SCREENS_DIR") {
            let path = PathBuf::from(folder).join(format!("sweep.{}", form.ending()));
            std::fs::write(path, first).expect("the folder exists");
        }
    }
}

#[test]
fn a_report_tells_of_the_choice_the_texts_and_the_machine() {
    let document = sweep_report(&report(|_| {}), SweepForm::Markdown);
    insta::with_settings!({omit_expression => true}, {
        insta::assert_snapshot!("sweep_report", document);
    });
    let page = sweep_report(&report(|_| {}), SweepForm::Html);
    for said in [
        "The chosen cell",
        "speed-up over autoregressive decoding (times as fast)",
        "text in common with autoregressive (%)",
        "95% intervals",
        "Let in by: <b>rank",
        "lossless: strict equalled autoregressive",
        "laserscope sweep --item",
    ] {
        assert!(page.contains(said), "{said}");
    }
}

#[test]
fn a_page_stands_by_itself() {
    let page = sweep_report(&report(|_| {}), SweepForm::Html);
    for asked_for in ["<script", "src=", "href=", "url(", "@import", "<link"] {
        assert!(!page.contains(asked_for), "{asked_for}");
    }
    let addresses = page.matches("http").count();
    let namespaces = page.matches("xmlns=\"http://www.w3.org/2000/svg\"").count();
    // And the policy's own name.
    assert_eq!(addresses, namespaces + page.matches("http-equiv").count());
    assert!(page.contains("default-src 'none'"));
    let picture = sweep_report(&report(|_| {}), SweepForm::Svg);
    assert!(picture.starts_with("<svg ") && picture.trim_end().ends_with("</svg>"));
    assert!(!picture.contains("var("), "a picture has its own colours");
}

#[test]
fn nothing_in_a_report_is_obeyed() {
    let hostile = report(hostile);
    for form in SweepForm::ALL {
        let written = sweep_report(&hostile, form);
        if matches!(form, SweepForm::Html | SweepForm::Markdown) {
            assert!(written.contains("alert"), "{form:?}: the title is there");
        }
        assert!(!written.contains("<script"), "{form:?}");
        let heading = form == SweepForm::Markdown && written.contains("\n# y");
        assert!(!heading, "{form:?}");
        let is_plain = |c: char| !c.is_control() || c == '\n';
        assert!(written.chars().all(is_plain), "{form:?}");
    }
}

#[test]
fn a_sweep_that_was_cut_off_says_so_and_nothing_says_0_for_it() {
    let mut app = ended(&fixture::relaxed());
    keys(&mut app, "3u");
    let request = begun(&mut app);
    feed_with(&mut app, &request, 3, |_| {});
    let report = app.sweep_report().expect("runs were made");
    let document = sweep_report(&report, SweepForm::Markdown);
    assert!(document.contains("3 of 14"), "{document}");
    assert!(document.contains("| – |"), "{document}");
    for form in SweepForm::ALL {
        assert!(!sweep_report(&report, form).contains("NaN"), "{form:?}");
    }
}
