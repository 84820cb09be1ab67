//! What a test has shown.

use std::time::Duration;

use color_eyre::eyre::{Result, eyre};
use serde::Serialize;

use super::TestRequest;
use super::plan::{LeftOut, TestPlan};
use super::vectors::ArmVectors;
use crate::commands::report::RanOn;
use crate::console::progress::Line;
use crate::downstream::backbone::Backbone;
use crate::downstream::statistics::{ArmFigures, ArmScores, LEVEL, Resampled, Tested, figures};
use crate::downstream::trials::{TestFolder, TrainingWork, Trial};
use crate::downstream::verdict::{ArmComparison, Finding, SYNTHETIC, conclusion, sentence};
use crate::engine::Engine;
use crate::recsys::Catalog;
use crate::speculate::params::AcceptanceRule;

/// Resamples of users and seeds.
const N_DRAWS: usize = 1000;
/// Of the resamples.
const DRAW_SEED: u64 = 5;

/// Scores of all trainings, and the vectors they read.
pub(super) struct TriedArms<'a> {
    known: &'a [ArmVectors],
    tested: Vec<Tested>,
    /// By backbone and arm.
    scores: Vec<(Backbone, Vec<ArmScores>)>,
}

impl<'a> TriedArms<'a> {
    /// # Errors
    /// A training's file that is missing or damaged.
    pub(super) fn read(
        request: &TestRequest<'_>,
        plan: &TestPlan,
        folder: &TestFolder,
        work: &TrainingWork,
        known: &'a [ArmVectors],
    ) -> Result<Self> {
        let sized = &request.sized;
        let of_seed = |backbone, knowledge: &Option<String>, fold, seed| {
            let trial = Trial {
                backbone,
                knowledge: knowledge.clone(),
                fold,
                seed: seed as u64,
            };
            Ok(folder.trained(&work.study, &trial)?.scores)
        };
        let of_fold = |backbone, knowledge: &Option<String>, fold| {
            let seeds = 0..sized.n_seeds;
            let scores = seeds.map(|seed| of_seed(backbone, knowledge, fold, seed));
            scores.collect::<Result<Vec<Vec<f32>>>>()
        };
        let of_arm = |backbone, arm: &ArmVectors| {
            let folds = 0..sized.n_folds;
            let scores = folds.map(|fold| of_fold(backbone, &arm.name, fold));
            scores.collect::<Result<ArmScores>>()
        };
        let of_backbone = |&backbone: &Backbone| {
            let arms = known.iter().map(|arm| of_arm(backbone, arm));
            Ok((backbone, arms.collect::<Result<Vec<ArmScores>>>()?))
        };
        let scores = sized.backbones.iter().map(of_backbone);
        Ok(TriedArms {
            known,
            tested: (0..sized.n_folds)
                .map(|fold| plan.study.tested(fold))
                .collect(),
            scores: scores.collect::<Result<_>>()?,
        })
    }
}

/// What `--json` prints.
#[derive(Serialize)]
pub(super) struct DownstreamReport {
    #[serde(flatten)]
    pub(super) on: RanOn,
    pub(super) catalog: String,
    pub(super) layer: Option<usize>,
    pub(super) rows: usize,
    pub(super) users: usize,
    pub(super) items: usize,
    pub(super) left_out: LeftOut,
    pub(super) folds: usize,
    pub(super) seeds: usize,
    pub(super) margin: f64,
    pub(super) level: f64,
    pub(super) reduced: Vec<String>,
    pub(super) reference: String,
    pub(super) arms: Vec<ArmReport>,
    pub(super) backbones: Vec<BackboneReport>,
    pub(super) verdict: Option<String>,
    pub(super) why_no_verdict: Option<&'static str>,
    pub(super) seconds: f64,
}

/// One arm's knowledge.
#[derive(Serialize)]
pub(super) struct ArmReport {
    pub(super) name: String,
    /// The rule and its numbers, if it was generated.
    #[serde(flatten)]
    rule: Option<AcceptanceRule>,
    pub(super) source: String,
    pub(super) vectors: Option<String>,
    pub(super) users_without: usize,
    pub(super) items_without: usize,
    /// ArmTexts that equal the reference's, and all that both have.
    pub(super) texts_as_reference: Option<(usize, usize)>,
}

/// The figures of one click model.
#[derive(Serialize)]
pub(super) struct BackboneReport {
    pub(super) name: String,
    pub(super) arms: Vec<FigureReport>,
    pub(super) comparisons: Vec<ComparisonReport>,
}

/// One arm's figures.
#[derive(Serialize)]
pub(super) struct FigureReport {
    pub(super) name: String,
    pub(super) auc: FigureWithInterval,
    pub(super) log_loss: FigureWithInterval,
}

/// A figure with its interval.
#[derive(Clone, Copy, Serialize)]
pub(super) struct FigureWithInterval {
    pub(super) value: f64,
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) standard_error: f64,
}

impl FigureWithInterval {
    fn of(found: &Resampled) -> Self {
        let (low, high) = found.interval();
        FigureWithInterval {
            value: found.value,
            low,
            high,
            standard_error: found.standard_error(),
        }
    }
}

/// A paired difference.
#[derive(Serialize)]
pub(super) struct ComparisonReport {
    pub(super) arm: String,
    pub(super) with: String,
    pub(super) auc: FigureWithInterval,
    pub(super) log_loss: FigureWithInterval,
    /// The smallest difference in AUC that would have been found.
    pub(super) detectable: f64,
    pub(super) finding: Finding,
    pub(super) sentence: String,
    /// Whether the arm's knowledge is in question, not a control.
    #[serde(skip)]
    is_in_question: bool,
    /// Whether it is compared with an arm that knows nothing.
    #[serde(skip)]
    is_with_nothing: bool,
}

impl DownstreamReport {
    /// # Errors
    /// Folds whose rows all have one label.
    pub(super) fn new(
        request: &TestRequest<'_>,
        (catalog, plan): (&Catalog, &TestPlan),
        engine: &Engine,
        tried: &TriedArms<'_>,
        time: Duration,
    ) -> Result<Self> {
        let (args, sized) = (request.args, &request.sized);
        let backbones = compared(request, &catalog.name, tried)?;
        let is_synthetic = Catalog::bundled()?.fingerprint() == catalog.fingerprint();
        let verdict = (!is_synthetic).then(|| verdict(request, &catalog.name, &backbones));
        Ok(DownstreamReport {
            on: RanOn::of(engine),
            catalog: catalog.name.clone(),
            layer: args.layer,
            rows: plan.study.rows.len(),
            users: plan.users.len(),
            items: plan.items.len(),
            left_out: plan.left_out,
            folds: sized.n_folds,
            seeds: sized.n_seeds,
            margin: args.margin,
            level: LEVEL,
            reduced: sized.reduced.clone(),
            reference: request.arms[request.reference].name.clone(),
            arms: arms(request, tried.known),
            backbones,
            verdict,
            why_no_verdict: is_synthetic.then_some(SYNTHETIC),
            seconds: time.as_secs_f64(),
        })
    }
}

/// The figures of every click model.
fn compared(
    request: &TestRequest<'_>,
    catalog: &str,
    tried: &TriedArms<'_>,
) -> Result<Vec<BackboneReport>> {
    let mut line = Line::new();
    let of_backbone = |(backbone, scores): &(Backbone, Vec<ArmScores>)| {
        line.show(&format!("{backbone}: resampling users and seeds"));
        let found = figures(&tried.tested, scores, N_DRAWS, DRAW_SEED);
        let found = found.ok_or_else(|| eyre!("the rows of every fold have one label"))?;
        let comparing = Comparing {
            request,
            catalog,
            backbone: backbone.to_string(),
            known: tried.known,
        };
        Ok(comparing.report(&found))
    };
    tried.scores.iter().map(of_backbone).collect()
}

fn arms(request: &TestRequest<'_>, known: &[ArmVectors]) -> Vec<ArmReport> {
    let arms = request.arms.iter().zip(known);
    let report = arms.map(|(arm, known)| ArmReport {
        name: arm.name.clone(),
        rule: arm.rule(),
        source: arm.describe(),
        vectors: known.name.clone(),
        users_without: known.n_without[0],
        items_without: known.n_without[1],
        texts_as_reference: known.as_reference,
    });
    report.collect()
}

/// What the comparisons of one click model share.
struct Comparing<'a> {
    request: &'a TestRequest<'a>,
    catalog: &'a str,
    backbone: String,
    known: &'a [ArmVectors],
}

impl Comparing<'_> {
    fn report(&self, found: &[ArmFigures]) -> BackboneReport {
        let request = self.request;
        let arms = request
            .arms
            .iter()
            .zip(found)
            .map(|(arm, found)| FigureReport {
                name: arm.name.clone(),
                auc: FigureWithInterval::of(&found.auc),
                log_loss: FigureWithInterval::of(&found.log_loss),
            });
        let others = (0..request.arms.len()).filter(|&at| at != request.reference);
        // The arms in question against the reference, the reference against the controls.
        let compared = others.map(|at| match request.arms[at].has_knowledge() {
            true => self.compared(at, request.reference, found),
            false => self.compared(request.reference, at, found),
        });
        BackboneReport {
            name: self.backbone.clone(),
            arms: arms.collect(),
            comparisons: compared.collect(),
        }
    }

    fn compared(&self, arm: usize, with: usize, found: &[ArmFigures]) -> ComparisonReport {
        let (request, margin) = (self.request, self.request.args.margin);
        let auc = found[arm].auc.minus(&found[with].auc);
        let log_loss = found[arm].log_loss.minus(&found[with].log_loss);
        let is_identical = self.known[arm].name == self.known[with].name;
        let finding = Finding::of(&auc, margin, is_identical);
        let name = |at: usize| request.arms[at].name.as_str();
        let comparison = ArmComparison {
            arm: name(arm),
            with: name(with),
            backbone: &self.backbone,
            catalog: self.catalog,
            margin,
            n_folds: request.sized.n_folds,
            n_seeds: request.sized.n_seeds,
        };
        ComparisonReport {
            arm: name(arm).to_string(),
            with: name(with).to_string(),
            detectable: auc.detectable(),
            sentence: sentence(&comparison, &auc, finding),
            auc: FigureWithInterval::of(&auc),
            log_loss: FigureWithInterval::of(&log_loss),
            finding,
            is_in_question: arm != request.reference,
            is_with_nothing: request.arms[with].knows_nothing(),
        }
    }
}

/// One sentence over all click models.
fn verdict(request: &TestRequest<'_>, catalog: &str, backbones: &[BackboneReport]) -> String {
    let all = backbones.iter().flat_map(|backbone| {
        let compared = backbone.comparisons.iter();
        compared.map(|compared| (backbone.name.as_str(), compared))
    });
    let (questions, controls): (Vec<_>, Vec<_>) = all.partition(|(_, c)| c.is_in_question);
    let questions: Vec<(&str, &str, Finding)> = questions
        .iter()
        .map(|(backbone, compared)| (compared.arm.as_str(), *backbone, compared.finding))
        .collect();
    let mut with_nothing = controls.iter().filter(|(_, c)| c.is_with_nothing);
    let helps = with_nothing.all(|(_, c)| c.auc.low > 0.0);
    conclusion(
        &questions,
        &request.arms[request.reference].name,
        catalog,
        request.args.margin,
        helps,
    )
}
