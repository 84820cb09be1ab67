//! Sampling: the temperature, and the tokens to sample from.

use super::{
    AffectedPart, InSweep, Knob, Notches, PLAIN, Parameter, ParameterPlace, Range, Reach,
    SettingRow,
};
use crate::speculate::params::MAX_TEMPERATURE;

/// Values offered for top-k, before all tokens.
const TOP_KS: &[u64] = &[1, 5, 10, 20, 40, 80, 160];

/// Defaults shared by the entries of this file.
const OF_SAMPLING: Parameter = Parameter {
    reach: Reach::Rerun(Knob::Sampling),
    sweep: InSweep::Fixed,
    part: AffectedPart::Distribution,
    difference: "sampling",
    ..PLAIN
};

pub(crate) static TEMPERATURE: Parameter = Parameter {
    name: "temperature",
    label: "temperature",
    about: "0 takes the most probable token",
    help: "Sample tokens from the model's distribution instead of taking the most probable \
           one; needs --verify strict or autoregressive",
    placeholder: "T",
    range: Range::Between(0.0, MAX_TEMPERATURE),
    least_means: "off",
    row: SettingRow::Settings(9),
    // Above this, the text is unreadable.
    notches: Notches::Steps {
        step: 0.1,
        most: 2.0,
    },
    place: ParameterPlace::Temperature,
    ..OF_SAMPLING
};

pub(crate) static TOP_K: Parameter = Parameter {
    name: "top-k",
    label: "top-k",
    about: "sample among this many tokens",
    help: "With a temperature: sample among the K most probable tokens",
    placeholder: "K",
    range: Range::Whole(1, u64::MAX),
    unset: "all",
    row: SettingRow::Settings(10),
    notches: Notches::ListedThenUnset(TOP_KS),
    place: ParameterPlace::OptionalWhole(|params| Some(&mut params.sampling.as_mut()?.top_k)),
    ..OF_SAMPLING
};

pub(crate) static TOP_P: Parameter = Parameter {
    name: "top-p",
    label: "top-p",
    about: "sample from this probability mass",
    help: "With a temperature: sample among the most probable tokens whose probabilities sum \
           to P",
    placeholder: "P",
    range: Range::Above(0.0, 1.0),
    unset: "1, all",
    row: SettingRow::Settings(11),
    notches: Notches::Steps {
        step: 0.05,
        most: 1.0,
    },
    place: ParameterPlace::OptionalNumber(|params| Some(&mut params.sampling.as_mut()?.top_p)),
    ..OF_SAMPLING
};

pub(crate) static SEED: Parameter = Parameter {
    name: "seed",
    label: "seed",
    about: "same seed, same text",
    help: "With a temperature: the same seed gives the same text",
    range: Range::Whole(0, u64::MAX),
    row: SettingRow::Settings(12),
    notches: Notches::Ones(u64::MAX),
    place: ParameterPlace::Seed(|params| Some(&mut params.sampling.as_mut()?.seed)),
    ..OF_SAMPLING
};
