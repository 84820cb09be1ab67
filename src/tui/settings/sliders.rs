//! Settings as sliders: where each stands between its ends, and what moving it
//! means for a run that was recorded.

use crate::speculate::parameters::{Reach, SOURCES, SettingRow, Way};
use crate::speculate::params::{Params, Source};
use crate::tui::settings::{Setting, applying, rows};

/// More notches than this are not a slider's.
const MOST_NOTCHES: usize = 128;

impl Setting {
    /// The sliders under these parameters.
    pub fn sliders(params: &Params) -> Vec<Setting> {
        let all = rows(|row| match row {
            SettingRow::Settings(at) | SettingRow::Sliders(at) => Some(at),
            SettingRow::None => None,
        });
        applying(all, params)
    }

    /// Where it stands: notches below and above. `None`: it has no such ends.
    pub(crate) fn notches(self, params: &Params) -> Option<(usize, usize)> {
        if let Setting::Source(source) = self {
            let on = usize::from(params.sources.has(source));
            return Some((on, 1 - on));
        }
        Some((
            self.count(params, Way::Less)?,
            self.count(params, Way::More)?,
        ))
    }

    fn count(self, params: &Params, way: Way) -> Option<usize> {
        let mut at = *params;
        for n in 0..MOST_NOTCHES {
            let next = self.moved(&at, way);
            if next == at {
                return Some(n);
            }
            at = next;
        }
        None
    }

    /// What answers for moving it.
    pub(crate) fn reach(self) -> Reach {
        match self {
            Setting::Of(parameter) => parameter.reach,
            Setting::Source(_) => SOURCES.reach,
        }
    }

    /// Moved to one of the ends; a source is switched.
    pub fn moved_to_end(self, params: &Params, way: Way) -> Params {
        if let Setting::Source(source) = self {
            return set(params, source, way == Way::More);
        }
        let mut at = *params;
        for _ in 0..self.count(params, way).unwrap_or(0) {
            at = self.moved(&at, way);
        }
        at
    }
}

fn set(params: &Params, source: Source, on: bool) -> Params {
    let mut params = *params;
    if params.sources.has(source) != on {
        params.sources.toggle(source);
    }
    params
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speculate::parameters;

    fn setting(name: &str) -> Setting {
        Setting::Of(parameters::named(name).expect("a parameter"))
    }

    #[test]
    fn every_slider_has_its_ends() {
        let params = Params::default();
        for setting in Setting::sliders(&params) {
            let (below, above) = setting.notches(&params).expect("ends");
            assert!(below + above > 0, "{setting:?}");
            let least = setting.moved_to_end(&params, Way::Less);
            let most = setting.moved_to_end(&params, Way::More);
            assert_eq!(
                setting.notches(&least),
                Some((0, below + above)),
                "{setting:?}"
            );
            assert_eq!(
                setting.notches(&most),
                Some((below + above, 0)),
                "{setting:?}"
            );
        }
    }

    #[test]
    fn the_rules_numbers_come_and_go_with_the_rule() {
        let sliders = |params| Setting::sliders(&params);
        let relaxed = Params::default();
        assert!(sliders(relaxed).contains(&setting("tau")));
        let strict = setting("verify").moved(&relaxed, Way::Less);
        assert!(!sliders(strict).contains(&setting("tau")));
        assert!(sliders(strict).contains(&setting("suffix")));
    }
}
