//! Where a parameter's value is stored in [`Params`], and how it is parsed.

use super::Value;
use crate::speculate::params::{
    ALL_RANKS, AcceptanceRule, Budget, Drafter, Params, Preset, Sampling, SourceWeights, Sources,
};

/// The functions return `None` if the parameter does not apply.
#[derive(Clone, Copy)]
pub enum ParameterPlace {
    /// Not stored: it sets several other parameters.
    Preset,
    /// The acceptance rule.
    Rule,
    /// The budget of rows.
    Budget,
    /// The sources that draft.
    Sources,
    /// The trust in each source.
    Weights,
    /// The drafter.
    Drafter,
    /// 0 means no sampling.
    Temperature,
    /// A whole number, if present.
    Whole(fn(&mut Params) -> Option<&mut usize>),
    /// The highest rank accepted, or all of them; if present.
    Ranks(fn(&mut Params) -> Option<&mut usize>),
    /// A number, if present.
    Number(fn(&mut Params) -> Option<&mut f32>),
    /// A seed, if present.
    Seed(fn(&mut Params) -> Option<&mut u64>),
    /// A whole number that may be unset.
    OptionalWhole(fn(&mut Params) -> Option<&mut Option<usize>>),
    /// A number that may be unset.
    OptionalNumber(fn(&mut Params) -> Option<&mut Option<f32>>),
}

impl ParameterPlace {
    pub(super) fn exists(self, params: &Params) -> bool {
        let mut params = *params;
        match self {
            ParameterPlace::Preset | ParameterPlace::Rule | ParameterPlace::Budget => true,
            ParameterPlace::Sources | ParameterPlace::Weights | ParameterPlace::Drafter => true,
            ParameterPlace::Temperature => params.verify.is_lossless(),
            ParameterPlace::Whole(at) | ParameterPlace::Ranks(at) => at(&mut params).is_some(),
            ParameterPlace::Number(at) => at(&mut params).is_some(),
            ParameterPlace::Seed(at) => at(&mut params).is_some(),
            ParameterPlace::OptionalWhole(at) => at(&mut params).is_some(),
            ParameterPlace::OptionalNumber(at) => at(&mut params).is_some(),
        }
    }

    pub(super) fn get(self, params: &Params) -> Option<Value> {
        let mut params = *params;
        Some(match self {
            ParameterPlace::Preset => return None,
            ParameterPlace::Rule => Value::Rule(params.verify.with_default_numbers()),
            ParameterPlace::Budget => Value::Budget(params.budget),
            ParameterPlace::Sources => Value::Sources(params.sources),
            ParameterPlace::Weights => Value::Weights(params.source_weights),
            ParameterPlace::Drafter => Value::Drafter(params.drafter),
            ParameterPlace::Temperature => {
                Value::Number(params.sampling.map_or(0.0, |s| s.temperature))
            }
            ParameterPlace::Whole(at) => Value::Whole(*at(&mut params)? as u64),
            ParameterPlace::Ranks(at) => match *at(&mut params)? {
                ALL_RANKS => Value::All,
                k => Value::Whole(k as u64),
            },
            ParameterPlace::Number(at) => Value::Number(*at(&mut params)?),
            ParameterPlace::Seed(at) => Value::Whole(*at(&mut params)?),
            ParameterPlace::OptionalWhole(at) => Value::Whole((*at(&mut params)?)? as u64),
            ParameterPlace::OptionalNumber(at) => Value::Number((*at(&mut params)?)?),
        })
    }

    pub(super) fn set(self, params: &mut Params, value: Value) {
        match (self, value) {
            (ParameterPlace::Preset, Value::Preset(preset)) => *params = preset.over(*params),
            (ParameterPlace::Rule, Value::Rule(rule)) => {
                params.verify = rule.keeping(params.verify)
            }
            (ParameterPlace::Budget, Value::Budget(budget)) => params.budget = budget,
            (ParameterPlace::Sources, Value::Sources(sources)) => params.sources = sources,
            (ParameterPlace::Weights, Value::Weights(weights)) => params.source_weights = weights,
            (ParameterPlace::Drafter, Value::Drafter(drafter)) => params.drafter = drafter,
            (ParameterPlace::Temperature, Value::Number(temperature)) => heat(params, temperature),
            (ParameterPlace::Whole(at) | ParameterPlace::Ranks(at), Value::Whole(n)) => {
                put(at(params), whole(n))
            }
            (ParameterPlace::Ranks(at), Value::All) => put(at(params), ALL_RANKS),
            (ParameterPlace::Number(at), Value::Number(n)) => put(at(params), n),
            (ParameterPlace::Seed(at), Value::Whole(n)) => put(at(params), n),
            (ParameterPlace::OptionalWhole(at), Value::Whole(n)) => put(at(params), Some(whole(n))),
            (ParameterPlace::OptionalNumber(at), Value::Number(n)) => put(at(params), Some(n)),
            _ => {}
        }
    }

    /// Unsets a value that may be unset.
    pub(super) fn unset(self, params: &mut Params) {
        match self {
            ParameterPlace::OptionalWhole(at) => put(at(params), None),
            ParameterPlace::OptionalNumber(at) => put(at(params), None),
            _ => {}
        }
    }

    pub(super) fn parse(self, text: &str) -> Result<Value, String> {
        let number = |_| format!("`{text}` is not a number");
        let whole = |_| format!("`{text}` is not a whole number of 0 or more");
        Ok(match self {
            ParameterPlace::Preset => Value::Preset(one_of(&Preset::ALL, |p| p.name(), text)?),
            ParameterPlace::Rule => Value::Rule(one_of(&AcceptanceRule::ALL, |r| r.name(), text)?),
            ParameterPlace::Budget => Value::Budget(Budget::parse(text)?),
            ParameterPlace::Sources => Value::Sources(Sources::parse(text)?),
            ParameterPlace::Weights => Value::Weights(SourceWeights::parse(text)?),
            ParameterPlace::Drafter => Value::Drafter(Drafter::parse(text)?),
            ParameterPlace::Temperature
            | ParameterPlace::Number(_)
            | ParameterPlace::OptionalNumber(_) => Value::Number(text.parse().map_err(number)?),
            ParameterPlace::Ranks(_) if text == "all" => Value::All,
            ParameterPlace::Ranks(_) => {
                let n: usize = text
                    .parse()
                    .map_err(|_| format!("`{text}` is neither a whole number nor all"))?;
                Value::Whole(n as u64)
            }
            ParameterPlace::Whole(_) | ParameterPlace::OptionalWhole(_) => {
                let n: usize = text.parse().map_err(whole)?;
                Value::Whole(n as u64)
            }
            ParameterPlace::Seed(_) => Value::Whole(text.parse().map_err(whole)?),
        })
    }
}

fn whole(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

fn put<T>(place: Option<&mut T>, value: T) {
    if let Some(place) = place {
        *place = value;
    }
}

fn heat(params: &mut Params, temperature: f32) {
    let sampling = params.sampling.unwrap_or(Sampling::at(temperature));
    params.sampling = (temperature != 0.0).then_some(Sampling {
        temperature,
        ..sampling
    });
}

/// Ignores case.
fn one_of<T: Copy>(all: &[T], name: fn(&T) -> &'static str, text: &str) -> Result<T, String> {
    let found = all
        .iter()
        .find(|each| name(each).eq_ignore_ascii_case(text));
    let names = || all.iter().map(name).collect::<Vec<_>>().join(", ");
    found
        .copied()
        .ok_or_else(|| format!("`{text}`: must be one of {}", names()))
}
