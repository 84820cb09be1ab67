//! The parameters that can be changed on the fly, one row each: those that the table
//! of parameters gives a row to, and a row for each source.

pub(crate) mod sliders;

use crate::speculate::parameters::{self, Parameter, ParameterPlace, SettingRow, Value, Way};
use crate::speculate::params::{Budget, Params, Source};

/// A parameter that a slider or a row of the settings sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the parameter of its name")]
pub enum Setting {
    Of(&'static Parameter),
    /// One of the sources, on or off.
    Source(Source),
}

impl Setting {
    /// Every setting, those of the sliders alone left out.
    pub fn all() -> Vec<Setting> {
        rows(|row| match row {
            SettingRow::Settings(at) => Some(at),
            SettingRow::Sliders(_) | SettingRow::None => None,
        })
    }

    /// The settings that mean something under these parameters.
    pub(crate) fn shown(params: &Params) -> Vec<Setting> {
        applying(Setting::all(), params)
    }

    fn applies(self, params: &Params) -> bool {
        match self {
            Setting::Of(parameter) => parameter.applies(params),
            Setting::Source(_) => true,
        }
    }

    /// As the screens say it.
    pub fn name(self) -> &'static str {
        match self {
            Setting::Of(parameter) => parameter.label,
            Setting::Source(Source::Group) => "group pool",
            Setting::Source(Source::Global) => "global pool",
            Setting::Source(Source::Local) => "own text",
            Setting::Source(Source::Online) => "answers",
        }
    }

    /// What the setting does, in a few words.
    pub(crate) fn about(self) -> &'static str {
        match self {
            Setting::Of(parameter) => parameter.about,
            Setting::Source(Source::Group) => "earlier answers of the same group",
            Setting::Source(Source::Global) => "earlier answers of all groups",
            Setting::Source(Source::Local) => "this prompt and answer so far",
            Setting::Source(Source::Online) => "finished answers of this session",
        }
    }

    /// As a person reads it; `—` where the setting means nothing.
    pub(crate) fn value(self, params: &Params) -> String {
        match self {
            Setting::Of(parameter) => value(parameter, params),
            Setting::Source(source) if params.sources.has(source) => "on".into(),
            Setting::Source(_) => "off".into(),
        }
    }

    /// Whether it is on; `None`: it is no switch.
    pub(crate) fn is_on(self, params: &Params) -> Option<bool> {
        match self {
            Setting::Of(_) => None,
            Setting::Source(source) => Some(params.sources.has(source)),
        }
    }

    /// A switch as it is drawn: the knob at the right is on.
    pub(crate) fn switch(self, params: &Params) -> Option<&'static str> {
        self.is_on(params).map(|is_on| match is_on {
            true => "[━●]",
            false => "[○─]",
        })
    }

    /// The parameters with this setting moved one notch; unchanged at its end.
    pub fn moved(self, params: &Params, way: Way) -> Params {
        match self {
            Setting::Of(parameter) => parameter.moved(params, way),
            Setting::Source(source) => {
                let mut params = *params;
                params.sources.toggle(source);
                params
            }
        }
    }
}

/// The settings with a place in a list, in its order.
fn rows(place: fn(SettingRow) -> Option<u8>) -> Vec<Setting> {
    let placed = parameters::ALL.into_iter();
    let placed = placed.filter_map(|parameter| Some((place(parameter.row)?, parameter)));
    let mut placed: Vec<(u8, &Parameter)> = placed.collect();
    placed.sort_by_key(|(at, _)| *at);
    let settings = placed.into_iter().map(|(_, parameter)| parameter);
    settings.flat_map(settings_of).collect()
}

/// One for each parameter, but one for each source.
fn settings_of(parameter: &'static Parameter) -> Vec<Setting> {
    match parameter.place {
        ParameterPlace::Sources => Source::ALL.map(Setting::Source).to_vec(),
        _ => vec![Setting::Of(parameter)],
    }
}

fn applying(settings: Vec<Setting>, params: &Params) -> Vec<Setting> {
    let all = settings.into_iter();
    all.filter(|setting| setting.applies(params)).collect()
}

fn value(parameter: &Parameter, params: &Params) -> String {
    if !parameter.applies(params) {
        return "—".into();
    }
    match parameter.get(params) {
        // Sampling at 0 is off.
        Some(Value::Number(0.0)) if matches!(parameter.place, ParameterPlace::Temperature) => {
            "0".into()
        }
        Some(Value::Number(n)) => format!("{n:.0$}", parameter.notches.digits()),
        Some(Value::Budget(Budget::Auto { max })) => format!("auto ≤ {max}"),
        Some(Value::Budget(Budget::Rows(n))) => format!("{n} rows"),
        Some(other) => other.to_string(),
        None if matches!(parameter.place, ParameterPlace::OptionalNumber(_)) => "1.00".into(),
        None => parameter.unset.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speculate::params::AcceptanceRule;

    fn setting(name: &str) -> Setting {
        Setting::Of(parameters::named(name).expect("a parameter"))
    }

    #[test]
    fn every_move_stays_in_range() {
        for way in [Way::Less, Way::More] {
            for verify in AcceptanceRule::ALL {
                for setting in Setting::all() {
                    let mut params = Params {
                        verify,
                        ..Params::default()
                    };
                    for _ in 0..40 {
                        params = setting.moved(&params, way);
                        assert_eq!(params.check(), Ok(()), "{setting:?} {way:?}");
                        assert!(Setting::shown(&params).len() <= 16);
                    }
                }
            }
        }
    }

    #[test]
    fn there_and_back_is_the_same() {
        let params = Params::default();
        for setting in [
            setting("k"),
            setting("branch"),
            setting("drafter"),
            setting("max-tokens"),
        ] {
            let there = setting.moved(&params, Way::More);
            assert_eq!(setting.moved(&there, Way::Less), params);
        }
        let rows = setting("budget").moved(&params, Way::Less);
        assert_eq!(rows.budget, Budget::Rows(64));
        assert_eq!(setting("budget").moved(&rows, Way::More), params);
    }

    #[test]
    fn a_temperature_goes_where_a_lossy_rule_comes() {
        let strict = Params {
            verify: AcceptanceRule::Strict,
            ..Params::default()
        };
        let warm = setting("temperature").moved(&strict, Way::More);
        assert_eq!(setting("temperature").value(&warm), "0.1");
        assert!(Setting::shown(&warm).contains(&setting("seed")));
        let fewer = setting("top-k").moved(&warm, Way::Less);
        assert_eq!(setting("top-k").value(&fewer), "160");
        assert_eq!(setting("top-k").moved(&fewer, Way::More), warm);
        assert_eq!(setting("verify").moved(&warm, Way::More).sampling, None);
        let cold = setting("temperature").moved(&warm, Way::Less);
        assert_eq!(cold, strict);
    }
}
