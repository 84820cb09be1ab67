//! A progress line on standard error, if that is a terminal that can overwrite a line;
//! drawn by indicatif, cut to the terminal's width.

use std::fmt::Write;

use indicatif::style::ProgressStyle;
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState};

use super::visible;

/// The most updates per second.
const HZ: u8 = 10;
const PLAIN: &str = "{wide_msg}";
const PART: &str = "[{bar:16}] {wide_msg}";
const FORECAST: &str = "[{bar:16}] {wide_msg}{prefix}";
const TIMED: &str = "[{bar:16}] {wide_msg}{left}";

/// A line that is overwritten in place; removed when dropped.
pub(crate) struct Line {
    bar: ProgressBar,
    template: &'static str,
}

impl Line {
    pub(crate) fn new() -> Self {
        let target = ProgressDrawTarget::stderr_with_hz(HZ);
        let mut line = Line {
            bar: ProgressBar::with_draw_target(None, target),
            template: "",
        };
        line.set_template(PLAIN);
        line
    }

    /// Whether there is a terminal to show it on.
    pub(crate) fn is_live(&self) -> bool {
        !self.bar.is_hidden()
    }

    /// Shows `text`.
    pub(crate) fn show(&mut self, text: &str) {
        self.set_template(PLAIN);
        self.set_text(text);
    }

    /// Shows a bar with `text`.
    pub(crate) fn part(&mut self, done: u64, of: u64, text: &str) {
        self.set_template(PART);
        self.set_part(done, of);
        self.set_text(text);
    }

    /// Shows a bar with `text` and the remaining time.
    pub(crate) fn timed_part(&mut self, done: u64, of: u64, text: &str) {
        self.set_template(TIMED);
        self.set_part(done, of);
        self.set_text(text);
    }

    /// Shows a bar with `text`, and behind it how long the rest takes in the caller's words.
    pub(crate) fn share(&mut self, done: f64, text: &str, left: &str) {
        self.set_template(FORECAST);
        self.set_part((done * 1000.0) as u64, 1000);
        let left = if left.is_empty() {
            String::new()
        } else {
            format!("  {left}")
        };
        self.bar.set_prefix(left);
        self.set_text(text);
    }

    /// Removes the line.
    pub(crate) fn clear(&mut self) {
        self.bar.finish_and_clear();
    }

    /// Prints a line that stays.
    pub(crate) fn say(&mut self, text: &str) {
        self.bar.suspend(|| note!("{text}"));
    }

    fn set_text(&self, text: &str) {
        if self.bar.is_finished() {
            self.bar.reset();
        }
        self.bar.set_message(visible::row(text).into_owned());
    }

    /// Work done before the first call does not count towards the speed.
    fn set_part(&self, done: u64, of: u64) {
        let is_new = self.bar.length() != Some(of);
        self.bar.set_length(of);
        self.bar.set_position(done);
        if is_new {
            self.bar.reset_eta();
        }
    }

    fn set_template(&mut self, template: &'static str) {
        if self.template == template {
            return;
        }
        self.template = template;
        let style = ProgressStyle::with_template(template);
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        self.bar
            .set_style(style.with_key("left", left).progress_chars("=> "));
    }
}

/// Prints nothing until a speed is known.
fn left(state: &ProgressState, out: &mut dyn Write) {
    let eta = state.eta();
    if !eta.is_zero() {
        let _ = write!(out, "  {:#} left", HumanDuration(eta));
    }
}

impl Default for Line {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.clear();
    }
}
