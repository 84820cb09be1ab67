//! How much is drafted, from which sources and how; the repetition penalty; the length.

use super::{
    AffectedPart, InSweep, Knob, Notches, PLAIN, Parameter, ParameterPlace, Range, Reach,
    SettingRow,
};
use crate::speculate::params::{Drafter, MAX_BRANCH, MAX_ROWS, MAX_SUFFIX, Preset, Source};

/// Row counts offered for the budget besides `auto`.
const BUDGETS: &[u64] = &[1, 2, 4, 8, 16, 32, 64];
const BRANCHES: &[u64] = &[1, 2, 4, 6, 8, 12, 16, 32];
const SUFFIXES: &[u64] = &[1, 2, 4, 8, 12, 16, 32];
const WINDOWS: &[u64] = &[0, 16, 32, 64, 128, 256];
const LENGTHS: &[u64] = &[32, 64, 128, 256, 512, 1024];

pub(crate) static PRESET: Parameter = Parameter {
    name: "preset",
    help: "laser: as in the paper (its trie, 64 rows, branches of 12, no repetition penalty); \
           other options override it",
    placeholder: "NAME",
    range: Range::OneOf(|| Preset::ALL.map(Preset::name).to_vec()),
    unset: "none",
    place: ParameterPlace::Preset,
    ..PLAIN
};

pub(crate) static BUDGET: Parameter = Parameter {
    name: "budget",
    label: "budget",
    about: "rows verified per pass",
    help: "Rows of a forward pass, the root included; auto uses as many as pay under the cost \
        profile",
    placeholder: "N|auto",
    range: Range::AutoOr(MAX_ROWS),
    unit: "rows",
    row: SettingRow::Settings(13),
    notches: Notches::ListedThenAuto(BUDGETS),
    reach: Reach::RejudgedIfLess,
    sweep: InSweep::Fixed,
    difference: "budget",
    place: ParameterPlace::Budget,
    ..PLAIN
};

pub(crate) static BRANCH: Parameter = Parameter {
    name: "branch",
    label: "branch",
    about: "longest branch of the draft tree",
    help: "Maximum length of a branch of the draft tree",
    range: Range::Whole(1, MAX_BRANCH as u64),
    unit: "tokens",
    row: SettingRow::Settings(14),
    notches: Notches::Listed(BRANCHES),
    reach: Reach::RejudgedIfLess,
    difference: "branch",
    place: ParameterPlace::Whole(|params| Some(&mut params.branch)),
    ..PLAIN
};

pub(crate) static SUFFIX: Parameter = Parameter {
    name: "suffix",
    label: "suffix",
    about: "longest suffix looked up",
    help: "Maximum length of the context suffix to look up",
    range: Range::Whole(1, MAX_SUFFIX as u64),
    unit: "tokens",
    row: SettingRow::Sliders(17),
    notches: Notches::Listed(SUFFIXES),
    reach: Reach::Rerun(Knob::SuffixLength),
    difference: "suffix length",
    place: ParameterPlace::Whole(|params| Some(&mut params.max_suffix)),
    ..PLAIN
};

pub(crate) static SOURCES: Parameter = Parameter {
    name: "sources",
    label: "sources, a row each",
    help: "Sources of drafts",
    placeholder: "LIST",
    range: Range::AnyOf(|| Source::ALL.iter().map(Source::name).collect()),
    row: SettingRow::Settings(16),
    notches: Notches::Switches,
    reach: Reach::Rerun(Knob::Sources),
    difference: "sources",
    place: ParameterPlace::Sources,
    ..PLAIN
};

pub(crate) static SOURCE_WEIGHTS: Parameter = Parameter {
    name: "source-weights",
    help: "How far the blend trusts each source, as in group=1,global=0.5; others keep 1",
    placeholder: "LIST",
    range: Range::ShareOf(&["group", "global", "local"]),
    reach: Reach::Rerun(Knob::SourceWeights),
    difference: "source weights",
    place: ParameterPlace::Weights,
    ..PLAIN
};

pub(crate) static DRAFTER: Parameter = Parameter {
    name: "drafter",
    label: "drafter",
    about: "how drafts are made",
    help: "Drafter: blend, laser (the paper's trie), ngram (prompt lookup), chain \
           (longest suffix) or none",
    placeholder: "NAME",
    range: Range::OneOf(|| Drafter::ALL.map(Drafter::name).to_vec()),
    row: SettingRow::Settings(15),
    notches: Notches::Words,
    reach: Reach::Rerun(Knob::Drafter),
    difference: "drafter",
    place: ParameterPlace::Drafter,
    ..PLAIN
};

pub(crate) static REPEAT_PENALTY: Parameter = Parameter {
    name: "repeat-penalty",
    label: "penalty",
    about: "repetition penalty; 1 is off",
    help: "Repetition penalty; 1 is off, as in the paper",
    placeholder: "F",
    range: Range::Between(1.0, 4.0),
    least_means: "off",
    row: SettingRow::Sliders(18),
    notches: Notches::Steps {
        step: 0.05,
        most: 2.0,
    },
    reach: Reach::Rerun(Knob::RepeatPenalty),
    part: AffectedPart::Distribution,
    difference: "repetition penalty",
    place: ParameterPlace::Number(|params| Some(&mut params.repeat_penalty)),
    ..PLAIN
};

pub(crate) static REPEAT_WINDOW: Parameter = Parameter {
    name: "repeat-window",
    label: "window",
    about: "tokens the penalty looks back at",
    help: "Window of the repetition penalty",
    range: Range::Whole(0, u64::MAX),
    unit: "tokens",
    notches: Notches::Listed(WINDOWS),
    reach: Reach::Rerun(Knob::RepeatPenalty),
    part: AffectedPart::Distribution,
    difference: "repetition window",
    place: ParameterPlace::Whole(|params| Some(&mut params.repeat_window)),
    ..PLAIN
};

pub(crate) static MAX_TOKENS: Parameter = Parameter {
    name: "max-tokens",
    label: "length",
    about: "maximum tokens to generate",
    help: "Maximum number of tokens to generate",
    range: Range::Whole(1, u64::MAX),
    unit: "tokens",
    row: SettingRow::Settings(19),
    notches: Notches::Listed(LENGTHS),
    reach: Reach::Rerun(Knob::MaxTokens),
    part: AffectedPart::Length,
    difference: "most tokens",
    place: ParameterPlace::Whole(|params| Some(&mut params.max_tokens)),
    ..PLAIN
};

// These numbers are spelled out in the option's help and on the sliders.
const _: () = assert!(MAX_ROWS == 64 && MAX_BRANCH == 32 && MAX_SUFFIX == 32);
