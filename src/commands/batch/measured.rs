//! Figures of a batch so far: rate and time left, MAL, repetition, and the speed-up,
//! measured on reference subjects, which are decoded autoregressively, too.

use std::time::{Duration, Instant};

use crate::speculate::passes::PassRecord;
use crate::speculate::speed_up::{SpeedUp, Took, count_pairs};
use crate::speculate::stats::{Stats, first_difference, repetition};
use crate::speculate::trace::Trace;

/// Seed that selects the reference subjects; fixed, so that two runs measure alike.
const REFERENCE_SEED: u64 = 2408;
/// These first subjects are all references, for an early figure.
const FIRST_REFERENCES: usize = 2;

/// Whether the `at`-th subject of this run is decoded autoregressively, too: the first
/// few, then one of every `every`, at an offset given by the seed.
pub(crate) fn is_reference(at: usize, every: usize) -> bool {
    let Some(block) = at.checked_div(every) else {
        return false;
    };
    let drawn = crate::recsys::draw(REFERENCE_SEED, block as u64, every as u64) as usize;
    at < FIRST_REFERENCES || at % every == drawn
}

/// Sums over the answers of this run, without those of earlier runs.
#[derive(Debug)]
pub(crate) struct Measured {
    since: Instant,
    n_answers: usize,
    n_tokens: usize,
    n_steps: usize,
    decode_ms: f64,
    repetition: f64,
    /// For each reference subject: milliseconds per token of its autoregressive run over
    /// those of its run in the batch.
    ratios: Vec<f64>,
    /// Subjects whose texts differed, and after how many equal tokens.
    differing: Vec<(String, usize)>,
    /// Time that does not count as the batch's.
    outside: Duration,
    /// Passes over several subjects; `None`: each is decoded alone.
    passes: Option<Passes>,
}

/// Sums over passes that contained a step.
#[derive(Debug, Default)]
struct Passes {
    n: usize,
    /// Rows, without those of prompts.
    rows: usize,
    drafts: usize,
}

impl Passes {
    fn describe(&self) -> String {
        format!(
            "{:.1} rows per pass, {:.0}% drafts",
            self.rows as f64 / self.n.max(1) as f64,
            self.drafts as f64 * 100.0 / self.rows.max(1) as f64
        )
    }
}

impl Measured {
    pub(crate) fn new() -> Self {
        Measured {
            since: Instant::now(),
            n_answers: 0,
            n_tokens: 0,
            n_steps: 0,
            decode_ms: 0.0,
            repetition: 0.0,
            ratios: Vec::new(),
            differing: Vec::new(),
            outside: Duration::ZERO,
            passes: None,
        }
    }

    /// Whether each subject has its passes to itself.
    pub(crate) fn is_alone(&self) -> bool {
        self.passes.is_none()
    }

    /// Adds a pass over several subjects.
    pub(crate) fn add_pass(&mut self, pass: &PassRecord) {
        let passes = self.passes.get_or_insert_default();
        let rows = pass.rows - pass.prompt;
        if rows > 0 {
            passes.n += 1;
            passes.rows += rows;
            passes.drafts += pass.drafts;
        }
    }

    /// Excludes this time from a batch of several subjects.
    pub(crate) fn leave_out(&mut self, time: Duration) {
        if self.passes.is_some() {
            self.outside += time;
        }
    }

    fn elapsed(&self) -> Duration {
        self.since.elapsed().saturating_sub(self.outside)
    }

    pub(crate) fn add(&mut self, trace: &Trace) {
        let stats = Stats::of(trace);
        self.n_answers += 1;
        self.n_tokens += stats.tokens;
        self.n_steps += stats.steps;
        self.decode_ms += stats.ms().unwrap_or_default();
        self.repetition += repetition(&trace.token_ids());
    }

    /// Adds an answer and the autoregressive one to the same prompt.
    pub(crate) fn add_reference(&mut self, trace: &Trace, plain: &Trace) {
        let took = |trace: &Trace| Took::of(&Stats::of(trace));
        self.ratios.push(took(trace).over(took(plain)));
        if let Some(at) = first_difference(&trace.token_ids(), &plain.token_ids()) {
            let subject = &trace.header.subject;
            self.differing
                .push((format!("{} {}", subject.kind, subject.id), at));
        }
    }

    pub(crate) fn n_answers(&self) -> usize {
        self.n_answers
    }

    pub(crate) fn differing(&self) -> &[(String, usize)] {
        &self.differing
    }

    pub(crate) fn n_references(&self) -> usize {
        self.ratios.len()
    }

    fn mal(&self) -> f64 {
        self.n_tokens as f64 / self.n_steps.max(1) as f64
    }

    fn answers_per_min(&self) -> f64 {
        let minutes = self.elapsed().as_secs_f64() / 60.0;
        self.n_answers as f64 / minutes.max(1e-9)
    }

    fn tokens_per_s(&self) -> f64 {
        self.n_tokens as f64 * 1000.0 / self.decode_ms.max(1e-9)
    }

    /// Speed relative to autoregressive decoding, one pair per reference subject.
    pub(crate) fn speedup(&self) -> Option<SpeedUp> {
        SpeedUp::of(&self.ratios)
    }

    /// The estimated time for `n_left` answers at the current rate.
    fn left(&self, n_left: usize) -> Option<Duration> {
        let spent = self.elapsed().as_secs_f64();
        let each = (self.n_answers > 0).then(|| spent / self.n_answers as f64)?;
        Some(Duration::from_secs_f64(each * n_left as f64))
    }

    /// Rate, MAL and speed-up; empty before the first answer.
    pub(crate) fn progress(&self, n_left: usize) -> String {
        let Some(left) = self.left(n_left) else {
            return String::new();
        };
        let speedup = self.speedup_text();
        let speedup = speedup.map_or(String::new(), |text| format!(" · {text}"));
        let passes = self.passes.as_ref().map(Passes::describe);
        let passes = passes.map_or(String::new(), |text| format!(" · {text}"));
        format!(
            "{:.1} answers/min, {:.0} tokens/s · MAL {:.2}{passes}{speedup} · {} left",
            self.answers_per_min(),
            self.tokens_per_s(),
            self.mal(),
            duration(left)
        )
    }

    fn speedup_text(&self) -> Option<String> {
        let SpeedUp {
            median,
            low,
            high,
            pairs,
        } = self.speedup()?;
        let interval = match pairs {
            1 => count_pairs(pairs),
            _ => format!("{low:.2}-{high:.2} over {}", count_pairs(pairs)),
        };
        let saved = (1.0 - 1.0 / median) * 100.0;
        Some(format!(
            "{median:.2}x ({interval}), compute saved {saved:.0}%"
        ))
    }

    /// A summary of this run, in a line or two.
    pub(crate) fn summary(&self) -> String {
        let mut text = format!(
            "{} answer{} in {}: {:.1} answers/min, {:.0} tokens/s, MAL {:.2}, repeated 4-grams {:.1}%",
            self.n_answers,
            if self.n_answers == 1 { "" } else { "s" },
            duration(self.elapsed()),
            self.answers_per_min(),
            self.tokens_per_s(),
            self.mal(),
            self.repetition * 100.0 / self.n_answers.max(1) as f64
        );
        if let Some(passes) = &self.passes {
            text.push_str(&format!(", {}", passes.describe()));
        }
        if let Some(speedup) = self.speedup_text() {
            text.push_str(&format!(
                "\nspeed-up over autoregressive decoding: {speedup}, subjects sampled with seed \
                {REFERENCE_SEED}"
            ));
        }
        text
    }
}

/// `8.2 s`, `12 min`, `3 h 5 min`.
pub(crate) fn duration(time: Duration) -> String {
    let s = time.as_secs_f64();
    match s {
        _ if s < 90.0 => format!("{s:.1} s"),
        _ if s < 90.0 * 60.0 => format!("{:.0} min", s / 60.0),
        _ => {
            let minutes = (s / 60.0).round() as u64;
            format!("{} h {} min", minutes / 60, minutes % 60)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_are_measured_at_once_and_then_one_of_every_n() {
        let of = |every| (0..1000).filter(|&at| is_reference(at, every)).count();
        assert_eq!(of(0), 0);
        assert_eq!(of(1), 1000);
        assert!((20..=22).contains(&of(50)), "{}", of(50));
        assert!(is_reference(0, 1_000_000) && is_reference(1, 1_000_000));
    }

    #[test]
    fn nothing_is_said_of_a_speed_up_that_was_not_measured() {
        assert_eq!(Measured::new().speedup(), None);
        assert_eq!(Measured::new().progress(10), "");
    }

    #[test]
    fn times_are_said_as_people_say_them() {
        let of = |s| duration(Duration::from_secs(s));
        assert_eq!(
            [of(8), of(600), of(11_100)],
            ["8.0 s", "10 min", "3 h 5 min"]
        );
    }
}
