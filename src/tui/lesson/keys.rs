//! The keys that lessons name, as they are bound.

use crate::present::lesson::words::LessonKey;
use crate::tui::action::Action;
use crate::tui::keys::context::Context;
use crate::tui::keys::keymap::Keymap;
use crate::tui::screens::Screen;

/// The name of a key's first binding.
pub fn key_name(key: LessonKey, keys: &Keymap) -> String {
    let (context, action) = action(key);
    keys.name_of(context, &action)
}

/// What a key does, and where.
pub(crate) fn action(key: LessonKey) -> (Context, Action) {
    match key {
        LessonKey::Step => (Context::Decode, Action::NextStep),
        LessonKey::StepBack => (Context::Decode, Action::PreviousStep),
        LessonKey::Up => (Context::Decode, Action::Up),
        LessonKey::Down => (Context::Decode, Action::Down),
        LessonKey::Find => (Context::Decode, Action::NextMatch),
        LessonKey::FindBack => (Context::Decode, Action::PreviousMatch),
        LessonKey::Pane => (Context::Decode, Action::NextPane),
        LessonKey::Zoom => (Context::Decode, Action::Zoom),
        LessonKey::Ghosts => (Context::Decode, Action::Ghosts),
        LessonKey::Settings => (Context::Decode, Action::Settings),
        LessonKey::Runs => (Context::Decode, Action::EarlierRuns),
        LessonKey::InsidePass => (Context::Decode, Action::InsidePass),
        LessonKey::PredictAnswer => (Context::Predict, Action::Submit),
        LessonKey::Predict => (Context::Decode, Action::Predict),
        LessonKey::WhySlow => (Context::Decode, Action::WhySlow),
        LessonKey::Choose => (Context::Runs, Action::Down),
        LessonKey::Open => (Context::Runs, Action::Submit),
        LessonKey::Setting => (Context::Settings, Action::Down),
        LessonKey::Less => (Context::Settings, Action::Less),
        LessonKey::Close => (Context::WhySlow, Action::Close),
        LessonKey::Decode => (Context::Anywhere, Action::Show(Screen::Decode)),
        LessonKey::Compare => (Context::Anywhere, Action::Show(Screen::Compare)),
        LessonKey::Race => (Context::Compare, Action::PlayPause),
        LessonKey::Learn => (Context::Anywhere, Action::Show(Screen::Learn)),
        LessonKey::Help => (Context::Anywhere, Action::Help),
        LessonKey::Batch => (Context::Anywhere, Action::Show(Screen::Batch)),
        LessonKey::PassBack => (Context::Batch, Action::PreviousStep),
        LessonKey::LastPass => (Context::Batch, Action::Last),
        LessonKey::BatchPane => (Context::Batch, Action::NextPane),
        LessonKey::Lane => (Context::Batch, Action::Down),
        LessonKey::OpenLane => (Context::Batch, Action::Submit),
        LessonKey::Answer => (Context::Lesson, Action::Answer),
        LessonKey::GoOn => (Context::Lesson, Action::NextTask),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_bound() {
        let keys = Keymap::default();
        for &key in LessonKey::ALL {
            assert!(!key_name(key, &keys).starts_with(':'), "{key:?}");
        }
    }
}
