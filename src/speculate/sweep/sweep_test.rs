use proptest::prelude::*;

use super::*;
use crate::speculate::draft::DraftTree;
use crate::speculate::parameters;
use crate::speculate::params::{ALL_RANKS, Budget};
use crate::speculate::row::NodeDistribution;
use crate::speculate::test_support::{self, header};
use crate::speculate::trace::{Step, Timing, TokenBytes};
use crate::speculate::verify::Verdict;

fn row(id: TokenId) -> NodeDistribution {
    let row = serde_json::json!({ "top": [[id, 0.5]], "entropy": 1.0 });
    serde_json::from_value(row).unwrap()
}

/// A run that commits these tokens one per step, each in this many milliseconds.
fn run(ids: &[TokenId], ms: f64) -> Trace {
    let mut trace = Trace::new(header(Params::default()));
    for (index, &id) in ids.iter().enumerate() {
        let verdict = Verdict {
            path: Vec::new(),
            fates: Vec::new(),
            bonus: Some(id),
            finish: None,
        };
        trace.push(Step {
            index,
            context_len: 1 + index,
            rows: vec![Some(row(id))],
            timing: Some(Timing {
                forward: ms,
                ..Timing::default()
            }),
            ..test_support::step(DraftTree::root_only(0), verdict)
        });
    }
    trace
}

/// With these values of a rule's number.
fn trying(axes: Axes, name: &str, values: &str) -> Axes {
    let number = parameters::named(name).unwrap();
    let values = values.split(',').map(|value| number.parse(value).unwrap());
    axes.trying(number, values.collect())
}

fn sweep(n_subjects: usize) -> Sweep {
    let axes = trying(Axes::default(), "k", "1,2");
    let axes = trying(axes, "tau", "0.1,0.4");
    let sweep = Sweep::new(Grid::new(Params::default(), &axes).unwrap(), n_subjects);
    sweep.paired(Pairing::fixed(1))
}

/// Makes every requested run, on a synthetic clock: milliseconds per token by cell and
/// repetition.
fn made(
    mut sweep: Sweep,
    ids: impl Fn(Job) -> Vec<TokenId>,
    ms: impl Fn(Job, usize) -> f64,
) -> Sweep {
    let mut made: Vec<Job> = Vec::new();
    while let Some(job) = sweep.next_job() {
        let n = made.iter().filter(|m| **m == job).count();
        made.push(job);
        sweep.add(job, &run(&ids(job), ms(job, n)));
    }
    sweep
}

/// Cells whose runs are the same step by step share their times, so that they have the
/// same speed-up to the bit, and only one of them is run again.
#[test]
fn equal_runs_have_equal_speed_ups() {
    let ids = |job: Job| match job.cell {
        Some(2) => vec![3, 9, 9, 9],
        _ => vec![3, 4, 5, 6],
    };
    // Noise: cell 1 is unlucky the first time.
    let ms = |job: Job, n: usize| match job.cell {
        None => 10.0 + (n % 3) as f64 * 0.05,
        Some(1) if n == 0 => 7.0,
        Some(_) => 5.0 + (n % 2) as f64 * 0.04,
    };
    let found = made(sweep(2).paired(Pairing::default()), ids, ms);
    let [first, second, third] = [0, 1, 2].map(|cell| found.cell(cell).unwrap());
    assert_eq!(first.speedup, second.speedup);
    assert_eq!((first.low, first.high), (second.low, second.high));
    assert!(first.pairs >= 6 && first.pairs == third.pairs);
    assert!(third.speedup.mean > 1.9 && third.speedup.mean < 2.1);
    for subject in 0..2 {
        let of = |cell| {
            found
                .run(Job {
                    subject,
                    cell: Some(cell),
                })
                .unwrap()
        };
        assert_eq!(of(0).speedup, of(1).speedup);
        assert_eq!(of(0).tokens_per_s, of(1).tokens_per_s);
    }
    let [a, b, c] = found.on_frontier()[..] else {
        panic!("three cells");
    };
    assert!(a && b && !c, "the third loses text and is no quicker");
}

/// A sweep made twice, with other noise each time, has the same stars.
#[test]
fn a_sweep_made_twice_has_the_same_stars() {
    let ids = |job: Job| match job.cell {
        Some(2) => vec![3, 4, 5, 9],
        _ => vec![3, 4, 5, 6],
    };
    let stars = |seed: usize| {
        let noise = move |job: Job, n: usize| {
            let mixed = (job.cell.map_or(7, |c| c + 1) * 31 + n * 17 + seed * 101) % 23;
            1.0 + mixed as f64 / 23.0 * 0.02
        };
        let ms = move |job: Job, n: usize| {
            let quiet = match job.cell {
                None => 10.0,
                Some(0) => 5.0,
                Some(1) => 5.01,
                Some(_) => 4.0,
            };
            quiet * noise(job, n)
        };
        made(sweep(3).paired(Pairing::default()), ids, ms).on_frontier()
    };
    let first = stars(0);
    assert_eq!(first, [true, true, true]);
    assert!((1..40).all(|seed| stars(seed) == first));
}

#[test]
fn pairs_end_with_the_time_that_a_sweep_may_add() {
    let ids = |_: Job| vec![3, 4];
    // A pair takes two runs, 24 seconds together: two pairs fit into a minute more.
    let ms = |_: Job, _: usize| 6000.0;
    let found = made(sweep(1).paired(Pairing::default()), ids, ms);
    assert_eq!(found.cell(0).unwrap().pairs, 3);
}

#[test]
fn what_means_the_same_runs_once() {
    let grid = sweep(1).grid;
    // Strict, for both k = 1; then k = 2 with each tau.
    assert_eq!(grid.layers[0].cells, [0, 0, 1, 2]);
    assert_eq!(grid.cells[0].verify, AcceptanceRule::Strict);
    assert_eq!(grid.layers[0].rows, ["1", "2"]);
    assert_eq!(grid.layers[0].columns, ["0.1", "0.4"]);
    assert_eq!(grid.layers[0].cell(1, 0), 1);
}

#[test]
fn every_number_of_a_rule_is_an_axis() {
    let of = |rule: &str, axes: Axes| {
        let rules = vec![Family::parse(rule).unwrap()];
        Grid::new(Params::default(), &Axes { rules, ..axes }).unwrap()
    };
    let axes = trying(Axes::default(), "k", "2,all");
    let grid = of("margin", trying(axes.clone(), "margin", "0.1,0.3"));
    assert_eq!(grid.layers[0].rows, ["2", "all"]);
    assert_eq!(grid.layers[0].axes, ["k", "m"]);
    let last = grid.cells.last().unwrap().verify;
    assert_eq!(
        last,
        AcceptanceRule::Margin {
            k: ALL_RANKS,
            m: 0.3
        }
    );
    let relaxed = of("relaxed", trying(axes, "tau", "0.1"));
    assert_eq!(relaxed.layers[0].rows, ["2", "all"]);
    let axes = trying(Axes::default(), "entropy", "0.3,inf");
    let grid = of("deferred", trying(axes, "window", "2,4"));
    assert_eq!(grid.layers[0].axes, ["h", "w"]);
    assert_eq!(grid.layers[0].rows, ["0.3", "inf"]);
    // No entropy is above infinity: both are strict, which runs once.
    assert_eq!(grid.layers[0].cells, [0, 1, 2, 2]);
    assert_eq!(grid.cells[2].verify, AcceptanceRule::Strict);
}

#[test]
fn budgets_make_layers_and_mistakes_are_named() {
    let mut axes = Axes {
        rules: Family::all(),
        budgets: vec![Budget::Rows(8), Budget::Auto { max: 64 }],
        ..Axes::default()
    };
    let grid = Grid::new(Params::default(), &axes).unwrap();
    assert_eq!(grid.layers.len(), 2 * Family::all().len());
    assert_eq!(grid.params(0).budget, Budget::Rows(8));
    axes = trying(axes, "tau", "0.05,0.1,0.2,0.4,1.5");
    let error = Grid::new(Params::default(), &axes).unwrap_err();
    assert!(error.contains("--tau 1.5"), "{error}");
    axes.rules.clear();
    assert!(
        Grid::new(Params::default(), &axes)
            .unwrap_err()
            .contains("--rules")
    );
    assert!(
        Family::parse("lax")
            .unwrap_err()
            .contains("strict, relaxed")
    );
}

#[test]
fn facts_that_the_autoregressive_text_names_are_kept_or_not() {
    let text = |ids: &[TokenId]| {
        let mut trace = run(ids, 1.0);
        let words: [(TokenId, &str); 3] = [(3, "Heat"), (4, " of 1995"), (5, " by Mann")];
        let mut step = trace.steps[0].clone();
        step.tokens = words
            .map(|(id, word)| (id, TokenBytes::new(word.as_bytes())))
            .to_vec();
        let mut with_texts = Trace::new(trace.header.clone());
        trace.steps[0] = step;
        trace
            .steps
            .into_iter()
            .for_each(|step| with_texts.push(step));
        with_texts
    };
    let fact = |fact, value: &str| SubjectFact {
        fact,
        value: value.into(),
    };
    let facts = vec![fact("title", "Heat"), fact("year", "1995")];
    let mut found = sweep(1).with_facts(vec![facts]);
    let job = |cell| Job { subject: 0, cell };
    found.add(job(None), &text(&[3, 4]));
    found.add(job(Some(0)), &text(&[3, 4]));
    found.add(job(Some(1)), &text(&[3, 5]));
    let kept = |cell| found.cell(cell).unwrap().facts_kept.map(|kept| kept.mean);
    assert_eq!((kept(0), kept(1)), (Some(1.0), Some(0.5)));
    let mut unknown = sweep(1);
    unknown.add(job(None), &text(&[3, 4]));
    unknown.add(job(Some(0)), &text(&[3, 5]));
    assert_eq!(unknown.cell(0).unwrap().facts_kept, None);
}

#[test]
fn the_time_left_counts_missing_runs_and_planned_pairs() {
    let mut found = sweep(2).paired(Pairing::fixed(3));
    assert_eq!(found.ms_left(), None, "nothing is known yet");
    let job = |subject, cell| Job { subject, cell };
    found.add(job(0, None), &run(&[3, 4], 10.0));
    // 7 runs of 20 ms are missing, and two more pairs of all 8.
    assert_eq!(found.ms_left(), Some(7.0 * 20.0 + 2.0 * 160.0));
    let mut last = f64::INFINITY;
    let mut share = 0.0;
    while let Some(job) = found.next_job() {
        found.add(job, &run(&[3, 4], 10.0));
        let left = found.ms_left().unwrap_or(0.0);
        assert!(left < last, "{left} after {last}");
        assert!(found.share_done() >= share, "{share}");
        (last, share) = (left, found.share_done());
    }
    assert_eq!((last, share), (0.0, 1.0));
}

#[test]
fn every_run_comes_once_and_its_reference_before_it() {
    let mut sweep = sweep(3);
    let mut made = Vec::new();
    while let Some(job) = sweep.next_job() {
        assert!(!made.contains(&job));
        let reference = Job { cell: None, ..job };
        assert!(job == reference || made.contains(&reference));
        made.push(job);
        sweep.add(job, &run(&[3, 4], 1.0));
        assert_eq!(sweep.n_done(), made.len());
    }
    assert!(sweep.is_done());
    assert_eq!(made.len(), sweep.n_runs());
    let first_cells = [made[1].cell, made[5].cell, made[9].cell];
    assert_eq!(first_cells, [Some(0), Some(1), Some(2)]);
}

#[test]
fn a_cell_is_measured_against_its_own_subjects_reference() {
    let mut sweep = sweep(2);
    let job = |subject, cell| Job { subject, cell };
    sweep.add(job(0, None), &run(&[3, 4, 5, 6], 10.0));
    sweep.add(job(0, Some(1)), &run(&[3, 4, 9, 6], 5.0));
    assert_eq!(sweep.cell(1).unwrap().speedup.standard_error, None);
    sweep.add(job(1, None), &run(&[7, 8], 20.0));
    sweep.add(job(1, Some(1)), &run(&[7, 8], 5.0));
    let cell = sweep.cell(1).unwrap();
    assert_eq!((cell.subjects, cell.same_text), (2, 1));
    assert_eq!(cell.speedup.mean, 3.0);
    // The values 2 and 4: a standard deviation of the root of 2, over that of n = 2.
    assert!((cell.speedup.standard_error.unwrap() - 1.0).abs() < 1e-12);
    assert_eq!(cell.agreement.mean, 0.875);
    assert_eq!(cell.first_divergence.unwrap().mean, 2.0);
    assert_eq!(sweep.cell(0), None);
    assert_eq!(sweep.autoregressive().unwrap().speedup.mean, 1.0);
    assert_eq!(sweep.on_frontier(), [false, true, false]);
    assert_eq!(sweep.is_lossless(), None);
}

#[test]
fn a_strict_run_with_another_text_is_an_error() {
    let mut sweep = sweep(1);
    let job = |cell| Job { subject: 0, cell };
    sweep.add(job(None), &run(&[3, 4, 5], 1.0));
    sweep.add(job(Some(1)), &run(&[3, 9], 1.0));
    assert_eq!(sweep.is_lossless(), None, "relaxed may differ");
    sweep.add(job(Some(0)), &run(&[3, 4, 5], 1.0));
    assert_eq!(sweep.is_lossless(), Some(true));
    sweep.add(job(Some(0)), &run(&[3, 9], 1.0));
    assert_eq!(sweep.is_lossless(), Some(false));
    let found = sweep.mismatches[0];
    assert_eq!(
        (found.at, found.autoregressive, found.found),
        (1, Some(4), Some(9))
    );
}

proptest! {
    #[test]
    fn the_standard_error_is_that_of_the_textbook(values in prop::collection::vec(-9.0f64..9.0, 2..40), shift in -5.0f64..5.0) {
        let estimate = Estimate::of(&values).unwrap();
        let n = values.len() as f64;
        // The other formula for the variance.
        let mean = values.iter().sum::<f64>() / n;
        let of_squares = values.iter().map(|v| v * v).sum::<f64>() / n;
        let variance = (of_squares - mean * mean) * n / (n - 1.0);
        let expected = (variance.max(0.0) / n).sqrt();
        prop_assert!((estimate.standard_error.unwrap() - expected).abs() < 1e-6);
        let moved: Vec<f64> = values.iter().map(|v| v + shift).collect();
        let moved = Estimate::of(&moved).unwrap();
        prop_assert!((moved.mean - estimate.mean - shift).abs() < 1e-9);
        prop_assert!((moved.standard_error.unwrap() - estimate.standard_error.unwrap()).abs() < 1e-9);
    }
}
