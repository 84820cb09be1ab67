//! What a finished test says about each rule that it had as an arm, for those who choose a
//! rule.

use std::path::Path;

use color_eyre::eyre::{Result, bail, ensure, eyre};
use serde::Deserialize;

use super::verdict::SYNTHETIC;
use crate::speculate::params::AcceptanceRule;
use crate::speculate::sweep::{AucDifference, TestedRules};
use crate::text_input::read_bytes;

/// The report of a finished test, in its folder.
pub const REPORT: &str = "report.json";
/// The largest report that is read.
const BYTES_MAX: u64 = 64 << 20;

/// The fields of a report that are about rules.
#[derive(Deserialize)]
struct ReportOnRules {
    catalog: String,
    reference: String,
    level: f64,
    why_no_verdict: Option<String>,
    arms: Vec<ArmOfRule>,
    backbones: Vec<BackboneOnRules>,
}

#[derive(Deserialize)]
struct ArmOfRule {
    name: String,
    /// `None`: its knowledge was not generated.
    #[serde(flatten)]
    rule: Option<AcceptanceRule>,
}

#[derive(Deserialize)]
struct BackboneOnRules {
    name: String,
    comparisons: Vec<Comparison>,
}

#[derive(Deserialize)]
struct Comparison {
    arm: String,
    with: String,
    auc: Interval,
    finding: String,
}

#[derive(Deserialize)]
struct Interval {
    value: f64,
    low: f64,
    high: f64,
}

/// Reads the rules of the finished test in a folder.
///
/// # Errors
/// A folder without a finished test, a damaged report, or a test on synthetic ratings.
pub fn read_tested_rules(folder: &Path) -> Result<TestedRules> {
    let path = folder.join(REPORT);
    ensure!(
        path.exists(),
        "{}: no finished test in this folder: `laserscope downstream --out {}` makes or finishes \
         one",
        path.display(),
        folder.display()
    );
    let bytes = read_bytes(&path, BYTES_MAX)?;
    let report: ReportOnRules = serde_json::from_slice(&bytes).map_err(|why| {
        eyre!(
            "{} is damaged ({why}): delete it and run the test again",
            path.display()
        )
    })?;
    if report.why_no_verdict.is_some() {
        bail!("{}: {SYNTHETIC}", path.display());
    }
    let with_rule = report.arms.iter().filter_map(|arm| Some((arm, arm.rule?)));
    let rules = with_rule.filter(|(arm, _)| arm.name != report.reference);
    let rules = rules.map(|(arm, rule)| (rule, report.differences(&arm.name)));
    Ok(TestedRules {
        rules: rules.collect(),
        backbones: report.backbones.iter().map(|b| b.name.clone()).collect(),
        catalog: report.catalog,
        reference: report.reference,
        level: report.level,
    })
}

impl ReportOnRules {
    /// Of an arm to the reference, by click model.
    fn differences(&self, arm: &str) -> Vec<AucDifference> {
        let is_asked = |of: &&Comparison| of.arm == arm && of.with == self.reference;
        let of_backbone = |backbone: &BackboneOnRules| {
            let found = backbone.comparisons.iter().find(is_asked)?;
            Some(AucDifference {
                backbone: backbone.name.clone(),
                value: found.auc.value,
                low: found.auc.low,
                high: found.auc.high,
                finding: found.finding.clone(),
            })
        };
        self.backbones.iter().filter_map(of_backbone).collect()
    }
}
