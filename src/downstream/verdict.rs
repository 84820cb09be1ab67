//! What the test has shown, in one sentence that says no more than that.

use serde::Serialize;

use super::statistics::{LEVEL, Resampled};

/// Default margin of equivalence in AUC.
pub const MARGIN: f64 = 0.002;

/// What a paired difference in AUC shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Finding {
    /// The vectors are the same, and so is every figure.
    Identical,
    /// The interval lies within the margin.
    Equivalent,
    /// The interval lies above zero and leaves the margin.
    Better,
    /// The interval lies below zero and leaves the margin.
    Worse,
    /// The interval holds zero and leaves the margin.
    Undecided,
}

impl Finding {
    /// Of a difference, against a margin.
    pub fn of(difference: &Resampled, margin: f64, is_identical: bool) -> Self {
        let (low, high) = difference.interval();
        match () {
            () if is_identical => Finding::Identical,
            () if -margin < low && high < margin => Finding::Equivalent,
            () if low > 0.0 => Finding::Better,
            () if high < 0.0 => Finding::Worse,
            () => Finding::Undecided,
        }
    }
}

/// What was compared, and how.
#[derive(Clone, Debug)]
pub struct ArmComparison<'a> {
    /// The arm in question.
    pub arm: &'a str,
    /// What it is compared with.
    pub with: &'a str,
    /// `DIN`, `DCNv2`.
    pub backbone: &'a str,
    /// Name of the catalog.
    pub catalog: &'a str,
    /// Margin of equivalence in AUC.
    pub margin: f64,
    /// Folds over users.
    pub n_folds: usize,
    /// Trainings of each fold.
    pub n_seeds: usize,
}

/// The sentence on a paired difference in AUC.
pub fn sentence(about: &ArmComparison<'_>, difference: &Resampled, finding: Finding) -> String {
    let ArmComparison {
        arm, with, margin, ..
    } = about;
    let (low, high) = difference.interval();
    let level = LEVEL * 100.0;
    let measured = format!(
        "difference {:+.4}, {level:.0}% interval {low:+.4} to {high:+.4}",
        difference.value
    );
    let on = on(about);
    match finding {
        Finding::Identical => {
            format!("{arm}: the same vectors as {with}, so the same figures {on}")
        }
        Finding::Equivalent => {
            format!("{arm} serves as well as {with} within {margin} AUC {on}: {measured}")
        }
        Finding::Better => format!("{arm} has a higher AUC than {with} {on}: {measured}"),
        Finding::Worse => format!("{arm} has a lower AUC than {with} {on}: {measured}"),
        Finding::Undecided => format!(
            "{arm} against {with} is undecided {on}: {measured}, beyond the margin of {margin}; \
             differences of {:.4} or more would have been found",
            difference.detectable()
        ),
    }
}

/// The sentence over all arms in question and click models: (arm, backbone, finding).
/// `helps`: whether the reference's knowledge raised the AUC at all.
pub fn conclusion(
    found: &[(&str, &str, Finding)],
    reference: &str,
    catalog: &str,
    margin: f64,
    helps: bool,
) -> String {
    let with = |wanted: Finding| {
        let those = found.iter().filter(|(_, _, finding)| *finding == wanted);
        let named = those.map(|(arm, backbone, _)| format!("{arm} with {backbone}"));
        named.collect::<Vec<_>>().join(", ")
    };
    let parts = [
        (Finding::Worse, format!("lower AUC than {reference}")),
        (Finding::Better, format!("higher AUC than {reference}")),
        (
            Finding::Undecided,
            format!("undecided against {reference} at a margin of {margin} AUC"),
        ),
        (
            Finding::Equivalent,
            format!("equivalent to {reference} within {margin} AUC"),
        ),
        (Finding::Identical, format!("identical to {reference}")),
    ];
    let said = parts.into_iter().filter_map(|(finding, words)| {
        let those = with(finding);
        (!those.is_empty()).then(|| format!("{words}: {those}"))
    });
    let said: Vec<String> = said.collect();
    let said = match said.is_empty() {
        true => "nothing was compared".to_string(),
        false => said.join("; "),
    };
    let caveat = if helps { "" } else { NO_HELP };
    format!("On {catalog}, {said}{caveat}")
}

const NO_HELP: &str = "; but knowledge did not raise the AUC over none and over permuted \
    vectors in every click model, so that being alike says little";

/// `with DIN on ml-100k (10 folds, 5 seeds)`.
fn on(about: &ArmComparison<'_>) -> String {
    let seeds = match about.n_seeds {
        1 => "1 seed, so without the spread of training".to_string(),
        n => format!("{n} seeds"),
    };
    format!(
        "with {} on {} ({} folds, {seeds})",
        about.backbone, about.catalog, about.n_folds
    )
}

/// The reason for giving no verdict on the sample.
pub const SYNTHETIC: &str = "no verdict: the sample's ratings are synthetic, made from its \
    genres, so that they say nothing about real users; import a catalog with --catalog";
