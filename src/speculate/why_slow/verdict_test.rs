//! The verdict on runs whose times are edited so that profile, clock and reference
//! disagree: whatever they say, no two sentences contradict each other. The claims are
//! taken out of the text as a reader would.

use proptest::prelude::*;

use super::*;
use crate::speculate::cost::CostProfile;
use crate::speculate::draft::{DraftTree, Origin};
use crate::speculate::params::Params;
use crate::speculate::speed_up::by_profile;
use crate::speculate::test_support;
use crate::speculate::trace::Trace;

/// A chain of drafts with this many accepted, in this many milliseconds.
fn step(drafts: usize, taken: usize, ms: f64, context_len: usize) -> Step {
    let mut tree = DraftTree::root_only(0);
    for node in 0..drafts {
        let origin = Origin {
            source: Source::Group,
            matched: 2,
            count: 1,
            docs: Vec::new(),
        };
        tree.push(node, node as u32 + 1, 0.6, vec![origin]);
    }
    let fate = |i: usize| match i {
        i if i < taken => Fate::Accepted,
        i if i == taken => Fate::Rejected,
        _ => Fate::Unreached,
    };
    let verdict = crate::speculate::verify::Verdict {
        fates: (0..drafts).map(fate).collect(),
        path: (1..=taken).collect(),
        bonus: Some(7),
        finish: None,
    };
    Step {
        context_len,
        timing: Some(Timing {
            forward: ms,
            ..Timing::default()
        }),
        ..test_support::step(tree, verdict)
    }
}

/// A run of such steps, and the profile it went by.
#[derive(Clone, Debug)]
struct Edited {
    steps: Vec<(usize, usize)>,
    /// Measured over profiled time: of all steps, and of the first one.
    scale: f64,
    first: f64,
    /// t(64) over t(1).
    steep: f32,
    has_profile: bool,
    measured: Option<f64>,
}

impl Edited {
    fn trace(&self) -> Trace {
        let mut header = test_support::header(Params::default());
        let profile = CostProfile::by_rows([(1, 10.0), (64, 10.0 * self.steep)]);
        let costs = StepCosts::new(&profile);
        if self.has_profile {
            header.cost = profile;
        }
        let mut trace = Trace::new(header);
        for (i, &(drafts, taken)) in self.steps.iter().enumerate() {
            let profiled = f64::from(costs.ms(drafts + 1, 100 + i));
            let first = if i == 0 { self.first } else { 1.0 };
            let taken = taken.min(drafts);
            trace.push(step(drafts, taken, profiled * self.scale * first, 100 + i));
        }
        trace
    }
}

fn edited() -> impl Strategy<Value = Edited> {
    (
        prop::collection::vec((0usize..20, 0usize..8), 1..30),
        prop::sample::select(vec![0.3, 0.85, 1.0, 1.2, 2.5]),
        prop::sample::select(vec![1.0, 1.0, 40.0]),
        prop::sample::select(vec![1.0f32, 3.0, 12.0, 64.0]),
        prop::bool::weighted(0.9),
        prop::option::weighted(
            0.7,
            prop::sample::select(vec![0.3, 0.96, 1.0, 1.1, 2.45, 4.0]),
        ),
    )
        .prop_map(
            |(steps, scale, first, steep, has_profile, measured)| Edited {
                steps,
                scale,
                first,
                steep,
                has_profile,
                measured,
            },
        )
}

/// What a text claims, read out of its words.
#[derive(Debug, Default)]
struct Claims {
    /// 1 faster than autoregressive, 0 equal, -1 slower.
    speed: Vec<i32>,
    speed_up: Vec<f64>,
    pays: Vec<i32>,
    committed_needed: Vec<(f64, f64)>,
    fits: Vec<bool>,
    names_budget: bool,
    /// The clock and the profile are said to disagree, or one of them is doubted.
    doubts: bool,
}

fn number_before(text: &str, mark: &str) -> Option<f64> {
    let end = text.find(mark)?;
    let begin = text[..end].rfind(|c: char| !(c.is_ascii_digit() || c == '.'))?;
    text[begin + 1..end].parse().ok()
}

fn claims(sentences: &[String]) -> Claims {
    let mut claims = Claims::default();
    for text in sentences {
        let verdict = text.split(';').next().unwrap_or_default();
        // `as fast as autoregressive, 1.00×` is equal, `1.20× as fast as ..` faster.
        let speeds = [
            ("is as fast as autoregressive", 0),
            ("× as fast as autoregressive", 1),
            ("is slower than autoregressive", -1),
        ];
        for (words, sign) in speeds {
            if verdict.contains(words) {
                claims.speed.push(sign);
                claims.speed_up.extend(number_before(verdict, "×"));
            }
        }
        for (words, sign) in [
            ("just breaks even", 0),
            ("does not pay", -1),
            ("Drafting pays", 1),
        ] {
            if text.contains(words) {
                claims.pays.push(sign);
                let committed = number_before(text, " tokens and needs");
                let needed = text
                    .rsplit(' ')
                    .next()
                    .and_then(|w| w.trim_end_matches('.').parse().ok());
                claims.committed_needed.extend(committed.zip(needed));
            }
        }
        claims
            .fits
            .extend(text.contains("profile fits").then_some(true));
        claims
            .fits
            .extend(text.contains("profile does not fit").then_some(false));
        claims.names_budget |= text.contains("The automatic budget would");
        claims.doubts |= text.contains("disagree") || text.contains("does not fit");
    }
    claims
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_two_sentences_contradict_each_other(edited in edited()) {
        let trace = edited.trace();
        let mut why = WhySlow::new(&trace.header);
        trace.steps.iter().for_each(|s| why.add(s));
        let verdict = why.verdict(edited.measured);
        let said: Vec<String> = verdict.said.iter().map(Said::in_words).collect();
        let found = claims(&said);
        let told = said.join("\n");
        if verdict.said.contains(&Said::NoDrafts) {
            prop_assert!(found.pays.is_empty() && !found.names_budget, "{}", told);
            return Ok(());
        }
        // One verdict, and drafting pays exactly if it is faster.
        prop_assert!(found.speed.len() <= 1, "{}", told);
        prop_assert_eq!(&found.speed, &found.pays, "{}", told);
        for (&(committed, needed), sign) in found.committed_needed.iter().zip(&found.pays) {
            let ratio: f64 = committed / needed;
            // Printed to two digits.
            let near = 0.03 / needed.min(1.0) + 0.02;
            prop_assert!(if *sign == 0 { (ratio - 1.0).abs() < near } else {
                f64::from(*sign) * (ratio - 1.0) > -near
            }, "{}", told);
            // Both are printed to two digits, of which small ones have one.
            let printed = 0.06 / needed.min(1.0) + 0.006 / ratio;
            prop_assert!((found.speed_up[0] / ratio - 1.0).abs() < printed, "{}", told);
        }
        // A profile that does not fit is no verdict.
        let is_off = found.fits.contains(&false);
        prop_assert!(!(is_off && edited.measured.is_none() && !found.speed.is_empty()), "{}", told);
        // What was measured is the verdict.
        if let Some(measured) = edited.measured {
            prop_assert!((found.speed_up[0] - measured).abs() < 0.006, "{}", told);
            prop_assert!(said.iter().any(|t| t.starts_with("Measured it is")), "{}", told);
        }
        // A budget is named only by a profile that fits and is borne out.
        prop_assert!(found.fits.len() <= 1, "{}", told);
        prop_assert!(!(found.names_budget && found.doubts), "{}", told);
        if let (Some(measured), Some(profiled), true) = (edited.measured, why.by_profile(), found.names_budget) {
            let (low, high) = (measured.min(profiled), measured.max(profiled));
            prop_assert!(low >= 0.98 || high <= 1.02, "{}", told);
        }
        prop_assert_eq!(edited.has_profile, !told.contains("No cost profile"));
    }

    /// Added up step by step, it is the speed-up by profile of the trace.
    #[test]
    fn the_speed_up_by_profile_is_the_traces(edited in edited()) {
        let trace = edited.trace();
        let mut why = WhySlow::new(&trace.header);
        trace.steps.iter().for_each(|s| why.add(s));
        match (why.by_profile(), by_profile(&trace)) {
            (Some(a), Some(b)) => prop_assert!((a / b - 1.0).abs() < 1e-9),
            (a, b) => prop_assert_eq!(a, b),
        }
    }
}

fn verdict_of(edited: &Edited) -> Vec<String> {
    let trace = edited.trace();
    let mut why = WhySlow::new(&trace.header);
    trace.steps.iter().for_each(|s| why.add(s));
    let verdict = why.verdict(edited.measured);
    verdict.said.iter().map(Said::in_words).collect()
}

fn plain() -> Edited {
    Edited {
        steps: vec![(7, 3); 24],
        scale: 1.0,
        first: 1.0,
        steep: 3.0,
        has_profile: true,
        measured: Some(3.2),
    }
}

#[test]
fn a_run_that_its_profile_foretold() {
    let said = verdict_of(&plain());
    let want = [
        "The cost profile fits: steps took 1.00x the time in it.",
        "Measured it is 3.20× as fast as autoregressive; the profile says est. 3.27×.",
        "Drafting pays: a step commits 4.00 tokens and needs 1.25.",
        "50% of the rows were wasted, mostly at depth 6+, from the group pool.",
    ];
    assert_eq!(said[..4], want);
    assert!(
        said[4].starts_with("The automatic budget would use"),
        "{}",
        said[4]
    );
}

#[test]
fn a_profile_that_does_not_fit_chooses_no_budget() {
    let said = verdict_of(&Edited {
        scale: 2.5,
        ..plain()
    });
    let want = "The cost profile does not fit. Steps take 2.50x the time in the cost profile.";
    assert_eq!(said[0], want);
    assert_eq!(
        said[4],
        "A cost profile that does not fit cannot tell which budget pays: measure it again."
    );
}

#[test]
fn a_reference_that_was_disturbed_is_named() {
    let said = verdict_of(&Edited {
        measured: Some(6.5),
        ..plain()
    });
    assert_eq!(
        said[1],
        "Measured it is 6.50× as fast as autoregressive; the profile says est. 3.27×, but the \
         autoregressive run took 1.99x its profiled time."
    );
    assert!(
        said[4].starts_with("The clock and the profile disagree"),
        "{}",
        said[4]
    );
}
