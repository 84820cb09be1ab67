//! The progress and speed of a download, reported a few times per second.

use std::time::{Duration, Instant};

use super::{FetchEvent, OnEvent};

const EVERY: Duration = Duration::from_millis(100);
/// Speed is measured over windows of about this length.
const WINDOW: Duration = Duration::from_secs(1);

pub(crate) struct Meter {
    from: String,
    total: Option<u64>,
    told_at: Option<Instant>,
    window_start: Instant,
    window_done: u64,
    /// of the last full window
    bytes_per_s: Option<f64>,
}

impl Meter {
    /// `done` bytes already exist and do not count for the speed.
    pub(crate) fn new(from: String, done: u64, total: Option<u64>) -> Self {
        Self {
            from,
            total,
            told_at: None,
            window_start: Instant::now(),
            window_done: done,
            bytes_per_s: None,
        }
    }

    /// Reports progress, unless it was just reported; the end is always reported.
    pub(crate) fn tell(&mut self, done: u64, on: OnEvent) {
        let now = Instant::now();
        let recent = self.told_at.is_some_and(|at| now - at < EVERY);
        if recent && self.total != Some(done) {
            return;
        }
        self.told_at = Some(now);
        on(FetchEvent::Downloading {
            from: self.from.clone(),
            done,
            total: self.total,
            bytes_per_s: self.speed(done, now),
        });
    }

    fn speed(&mut self, done: u64, now: Instant) -> f64 {
        let elapsed = now - self.window_start;
        let bytes = done.saturating_sub(self.window_done) as f64;
        let current = bytes / elapsed.as_secs_f64().max(1e-3);
        if elapsed >= WINDOW {
            self.bytes_per_s = Some(current);
            self.window_start = now;
            self.window_done = done;
        }
        self.bytes_per_s.unwrap_or(current)
    }
}
