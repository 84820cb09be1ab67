//! How much is drafted, from where and how; the repetition penalty; the length.

use super::{InSweep, Knob, Notches, PLAIN, Parameter, Part, Place, Range, Reach, Row};
use crate::speculate::params::{Drafter, MAX_BRANCH, MAX_ROWS, MAX_SUFFIX, Preset, Source};

/// Row counts that a budget can be set to besides the automatic one.
const BUDGETS: &[u64] = &[1, 2, 4, 8, 16, 32, 64];
const BRANCHES: &[u64] = &[1, 2, 4, 6, 8, 12, 16, 32];
const SUFFIXES: &[u64] = &[1, 2, 4, 8, 12, 16, 32];
const WINDOWS: &[u64] = &[0, 16, 32, 64, 128, 256];
const LENGTHS: &[u64] = &[32, 64, 128, 256, 512, 1024];

pub static PRESET: Parameter = Parameter {
    name: "preset",
    help: "laser: as in the paper (its trie, 64 rows, branches of 12, no repetition penalty); \
           other options override it",
    placeholder: "NAME",
    range: Range::OneOf(|| Preset::ALL.map(Preset::name).to_vec()),
    unset: "none",
    place: Place::Preset,
    ..PLAIN
};

pub static BUDGET: Parameter = Parameter {
    name: "budget",
    label: "budget",
    about: "rows verified per pass",
    help: "Rows of a forward pass, the root included; auto takes as many as pay under the \
           cost profile",
    placeholder: "N|auto",
    range: Range::AutoOr(MAX_ROWS),
    unit: "rows",
    row: Row::Settings(10),
    notches: Notches::ListedThenAuto(BUDGETS),
    reach: Reach::RejudgedIfLess,
    sweep: InSweep::Fixed,
    difference: "budget",
    place: Place::Budget,
    ..PLAIN
};

pub static BRANCH: Parameter = Parameter {
    name: "branch",
    label: "branch",
    about: "longest branch of the draft tree",
    help: "Longest branch of the draft tree",
    range: Range::Whole(1, MAX_BRANCH as u64),
    unit: "tokens",
    row: Row::Settings(11),
    notches: Notches::Listed(BRANCHES),
    reach: Reach::RejudgedIfLess,
    difference: "branch",
    place: Place::Whole(|params| Some(&mut params.branch)),
    ..PLAIN
};

pub static SUFFIX: Parameter = Parameter {
    name: "suffix",
    label: "suffix",
    about: "longest suffix looked up",
    help: "Longest suffix of the context that is looked up",
    range: Range::Whole(1, MAX_SUFFIX as u64),
    unit: "tokens",
    row: Row::Sliders(14),
    notches: Notches::Listed(SUFFIXES),
    reach: Reach::Rerun(Knob::SuffixLength),
    difference: "suffix length",
    place: Place::Whole(|params| Some(&mut params.max_suffix)),
    ..PLAIN
};

pub static SOURCES: Parameter = Parameter {
    name: "sources",
    label: "sources, a row each",
    help: "Where drafts come from",
    placeholder: "LIST",
    range: Range::AnyOf(|| Source::ALL.iter().map(Source::name).collect()),
    row: Row::Settings(13),
    notches: Notches::Switches,
    reach: Reach::Rerun(Knob::Sources),
    difference: "sources",
    place: Place::Sources,
    ..PLAIN
};

pub static SOURCE_WEIGHTS: Parameter = Parameter {
    name: "source-weights",
    help: "How far the blend trusts each source, as in group=1,global=0.5; a source that is \
           not named keeps 1",
    placeholder: "LIST",
    range: Range::ShareOf(&["group", "global", "local"]),
    reach: Reach::Rerun(Knob::SourceWeights),
    difference: "source weights",
    place: Place::Weights,
    ..PLAIN
};

pub static DRAFTER: Parameter = Parameter {
    name: "drafter",
    label: "drafter",
    about: "how drafts are made",
    help: "How drafts are made: blend, laser (the paper's trie), ngram (prompt lookup), chain \
           (longest suffix) or none",
    placeholder: "NAME",
    range: Range::OneOf(|| Drafter::ALL.map(Drafter::name).to_vec()),
    row: Row::Settings(12),
    notches: Notches::Words,
    reach: Reach::Rerun(Knob::Drafter),
    difference: "drafter",
    place: Place::Drafter,
    ..PLAIN
};

pub static REPEAT_PENALTY: Parameter = Parameter {
    name: "repeat-penalty",
    label: "penalty",
    about: "repetition penalty; 1 is off",
    help: "Repetition penalty; 1 is off, as in the paper",
    placeholder: "F",
    range: Range::Between(1.0, 4.0),
    least_means: "off",
    row: Row::Sliders(15),
    notches: Notches::Steps {
        step: 0.05,
        most: 2.0,
    },
    reach: Reach::Rerun(Knob::RepeatPenalty),
    part: Part::Distribution,
    difference: "repetition penalty",
    place: Place::Number(|params| Some(&mut params.repeat_penalty)),
    ..PLAIN
};

pub static REPEAT_WINDOW: Parameter = Parameter {
    name: "repeat-window",
    label: "window",
    about: "tokens the penalty looks back on",
    help: "How far back the repetition penalty looks",
    range: Range::Whole(0, u64::MAX),
    unit: "tokens",
    notches: Notches::Listed(WINDOWS),
    reach: Reach::Rerun(Knob::RepeatPenalty),
    part: Part::Distribution,
    difference: "repetition window",
    place: Place::Whole(|params| Some(&mut params.repeat_window)),
    ..PLAIN
};

pub static MAX_TOKENS: Parameter = Parameter {
    name: "max-tokens",
    label: "length",
    about: "most tokens to generate",
    help: "Most tokens to generate",
    range: Range::Whole(1, u64::MAX),
    unit: "tokens",
    row: Row::Settings(16),
    notches: Notches::Listed(LENGTHS),
    reach: Reach::Rerun(Knob::MaxTokens),
    part: Part::Length,
    difference: "most tokens",
    place: Place::Whole(|params| Some(&mut params.max_tokens)),
    ..PLAIN
};

// Written as numbers beside the option's help and on the sliders.
const _: () = assert!(MAX_ROWS == 64 && MAX_BRANCH == 32 && MAX_SUFFIX == 32);
