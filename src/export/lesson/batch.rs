//! The batch of a lesson as its page shows it: every pass as bars of rows, where the tokens
//! per second come from, and what a draft row needs by batch size.

use serde::Serialize;

use super::run::PageFact;
use crate::present::lesson::batch_value::{LARGEST_SIZE, PASSES_OF_A_RATE};
use crate::present::lesson::figure::Figure;
use crate::present::lesson::walk::LessonRuns;
use crate::present::lesson::{Lesson, LessonView};
use crate::present::number::{UNKNOWN, count, percent, three};
use crate::speculate::cost::by_size;
use crate::speculate::passes::{BatchCourse, LaneRecord, PassRecord};

/// Figures that texts and tasks read from the pass looked at.
const FIGURES: [&str; 10] = [
    "batch-size",
    "pass-rows",
    "pass-drafts",
    "pass-price",
    "batch-factor",
    "draft-factor",
    "size-most",
    "needs-alone",
    "needs-here",
    "needs-most",
];

/// Batch sizes that are drawn.
const SIZES: [usize; 6] = [1, 2, 4, 8, 16, LARGEST_SIZE];

/// A pass, for the player.
#[derive(Serialize)]
pub(super) struct PlayerPass {
    /// `9 rows: 4 subjects, 5 drafts`
    told: String,
    drafts: usize,
    lanes: Vec<PlayerLane>,
    /// The factors of the throughput up to here.
    throughput: Vec<PageFact>,
    /// The survival that a draft row needs, by batch size: its name, words, per cent.
    sizes: Vec<(String, String, f64)>,
    /// Value and words of each of the figures, by its name.
    figures: Vec<(&'static str, Option<f64>, String)>,
}

#[derive(Serialize)]
struct PlayerLane {
    lane: usize,
    subject: String,
    /// Index of its run in the lesson.
    run: Option<usize>,
    /// Its step in this pass; `None`: rows of its prompt.
    step: Option<usize>,
    rows: usize,
    committed: usize,
    ended: bool,
}

/// Every pass of the lesson's batch; none without one.
pub(super) fn passes(lesson: &Lesson, runs: &LessonRuns) -> Vec<PlayerPass> {
    let Some(course) = &runs.course else {
        return Vec::new();
    };
    let start = runs.start(lesson);
    let all = course.passes.iter().enumerate();
    all.map(|(at, pass)| {
        let place = crate::present::lesson::walk::LessonPlace { pass: at, ..start };
        PlayerPass {
            told: told(pass),
            drafts: pass.drafts,
            lanes: pass
                .lanes
                .iter()
                .map(|lane| player_lane(lane, runs))
                .collect(),
            throughput: throughput(course, at),
            sizes: sizes(course, at),
            figures: figures(&runs.view(lesson, place)),
        }
    })
    .collect()
}

fn told(pass: &PassRecord) -> String {
    let roots = pass.rows - pass.prompt - pass.drafts;
    let mut parts = Vec::new();
    if roots > 0 {
        parts.extend([count(roots, "subject"), count(pass.drafts, "draft")]);
    }
    if pass.prompt > 0 {
        parts.push(format!("{} of prompts", pass.prompt));
    }
    let ms = three(pass.ms());
    format!(
        "{}: {} · {ms} ms",
        count(pass.rows, "row"),
        parts.join(", ")
    )
}

fn player_lane(lane: &LaneRecord, runs: &LessonRuns) -> PlayerLane {
    let run = runs.index_of(&lane.subject);
    let title = run.map(|run| runs.runs[run].1.trace.header.subject.title.clone());
    PlayerLane {
        lane: lane.lane,
        subject: title.unwrap_or_else(|| lane.subject.clone()),
        run,
        step: lane.step,
        rows: lane.rows,
        committed: lane.committed,
        ended: lane.ended,
    }
}

fn throughput(course: &BatchCourse, pass: usize) -> Vec<PageFact> {
    let Some(found) = course.throughput(pass, PASSES_OF_A_RATE) else {
        return Vec::new();
    };
    let now = format!("{} tokens/s", three(found.tokens_per_s));
    let mut facts = vec![PageFact::new("now", now)];
    if let Some(factors) = &found.factors {
        let times = |x: f64| format!("×{} est.", three(x));
        let subjects = format!("batching, {} subjects in a pass", three(found.subjects));
        let drafts = format!(
            "drafts, MAL {} for {} rows",
            three(found.mal),
            three(found.rows)
        );
        let alone = format!("{} tokens/s est.", three(factors.alone));
        facts.insert(0, PageFact::new("alone, without drafts", alone));
        facts.extend([
            PageFact::new(subjects, times(factors.batching)),
            PageFact::new(drafts, times(factors.drafts)),
            PageFact::new(
                "machine, profiled over measured time",
                times(factors.machine),
            ),
            PageFact::new("together, now over alone", times(factors.whole())),
        ]);
    }
    facts
}

fn sizes(course: &BatchCourse, pass: usize) -> Vec<(String, String, f64)> {
    let Some((own, shared)) = course.mean_context(pass) else {
        return Vec::new();
    };
    let found = by_size(course.costs(), own, shared, &SIZES);
    let row = |size: usize, survival: f32| {
        let share = f64::from(survival.min(1.0));
        (
            count(size, "subject"),
            percent(share),
            (share * 100.0).round(),
        )
    };
    found.iter().map(|e| row(e.size, e.survival)).collect()
}

fn figures(view: &LessonView) -> Vec<(&'static str, Option<f64>, String)> {
    let read = |name: &'static str| {
        let figure: Figure = name.parse().ok()?;
        let told = figure.told(view).unwrap_or(UNKNOWN.into());
        Some((name, figure.value(view), told))
    };
    FIGURES.into_iter().filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_of_a_batch_is_read() {
        for name in FIGURES {
            assert!(name.parse::<Figure>().expect(name).moves(), "{name}");
        }
    }
}
