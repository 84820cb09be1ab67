//! Which runs can be compared, each named by what it is: rule, budget, pool, time.

use std::time::Duration;

use crate::present::names::telling;
use crate::present::number::NOT_RECORDED;
use crate::speculate::compare::Side;
use crate::tui::app::App;
use crate::tui::screens::compare::state::Choice;

impl App {
    /// Every run for the left side; for the right one those of the left one's prompt
    /// first, then all others.
    pub(crate) fn offered(&self, side: Side) -> Vec<Choice> {
        let left = match (side, self.compare.left) {
            (Side::Left, _) => return self.choices(),
            (Side::Right, None) => return Vec::new(),
            (Side::Right, Some(left)) => left,
        };
        let mut choices = self.choices_beside(left);
        let mut others = self.choices();
        others.retain(|c| *c != left && !choices.contains(c));
        choices.extend(others);
        choices
    }

    /// What tells a run from the others of its prompt: `strict · budget auto · group crime
    /// 37 docs · 0.55 s · 2 min ago`.
    pub(crate) fn name_of_choice(&self, choice: Choice) -> String {
        let [settings, times] = [self.settings_of(choice), self.times_of(choice)];
        format!("{settings} · {times}")
    }

    /// The same in less room, beside the run on the other side: what they differ in first.
    pub(crate) fn name_beside(&self, side: Side, choice: Choice, width: usize) -> String {
        let other = match side {
            Side::Left => self.compare.choice(Side::Right),
            Side::Right => self.compare.choice(Side::Left),
        };
        let other = other.map_or_else(String::new, |other| self.name_of_choice(other));
        telling(&self.name_of_choice(choice), &other, width)
    }

    /// Rule, budget, pool, and where a branch begins.
    pub(crate) fn settings_of(&self, choice: Choice) -> String {
        let Some(kept) = self.kept(choice) else {
            return String::new();
        };
        let branch = kept.begins();
        let branch = branch.map_or(String::new(), |from| format!(" · branch from {from}"));
        format!("{}{branch}", kept.name())
    }

    /// How long it decoded, and when, or the file it came from.
    pub(crate) fn times_of(&self, choice: Choice) -> String {
        let Some(kept) = self.kept(choice) else {
            return String::new();
        };
        let ms = kept.stats().ms();
        let time = ms.map_or(format!("times {NOT_RECORDED}"), |ms| {
            format!("{:.2} s", ms / 1000.0)
        });
        let mut parts = vec![time];
        if let Some(run) = self.run_of(choice.run()) {
            let file = run.file.as_deref().and_then(|f| f.rsplit('/').next());
            parts.push(match (run.begun, file) {
                (Some(begun), _) => ago(begun.elapsed()),
                (None, Some(file)) => file.to_string(),
                (None, None) => "recorded".into(),
            });
        }
        parts.join(" · ")
    }
}

/// How long ago, as far as anyone wants to know.
fn ago(elapsed: Duration) -> String {
    match elapsed.as_secs() / 60 {
        0 => "just now".into(),
        minutes @ 1..60 => format!("{minutes} min ago"),
        minutes => format!("{} h ago", minutes / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_then_hours() {
        let told = [0, 59, 60, 3_599, 3_600, 9_000].map(|s| ago(Duration::from_secs(s)));
        let want = [
            "just now",
            "just now",
            "1 min ago",
            "59 min ago",
            "1 h ago",
            "2 h ago",
        ];
        assert_eq!(told, want);
    }
}
