//! `laserscope downstream`: whether a recommender notices how its knowledge was decoded.
//!
//! `plan` chooses users, items, folds and arms, `texts` has the arms' knowledge, `vectors`
//! what the model makes of it, `workers` train in processes of their own, `estimate` says how
//! long all that takes, `report` and `table` what came out.

mod estimate;
mod plan;
mod report;
mod table;
mod texts;
mod vectors;
mod workers;

use std::path::PathBuf;
use std::time::Instant;

use color_eyre::eyre::{Result, bail};

use self::estimate::TimeEstimate;
use self::plan::{Arm, SizedTest, TestPlan};
use self::report::{DownstreamReport, TriedArms};
use self::texts::TestSubjects;
use self::vectors::ArmVectors;
use crate::atomic_file;
use crate::cli::{DecodeArgs, DownstreamArgs};
use crate::commands::{open_engine, print_json, settle_passes};
use crate::config::Settings;
use crate::downstream::leaks::leaks;
use crate::downstream::rule_findings::REPORT;
use crate::downstream::trials::{TestFolder, TrainingWork};
use crate::engine::{Engine, physical_cores};
use crate::file_name::file_name;
use crate::recsys::Catalog;
use crate::speculate::params::Params;

/// What is asked for, before a model is loaded.
struct TestRequest<'a> {
    args: &'a DownstreamArgs,
    sized: SizedTest,
    arms: Vec<Arm>,
    /// Index of the arm that others are compared with.
    reference: usize,
    /// What generated arms share.
    base: Params,
}

/// Runs the command; `params`: options over the configured parameters. `Ok(false)`:
/// cancelled.
pub fn run(
    args: &DownstreamArgs,
    settings: &Settings,
    params: impl Fn(&DecodeArgs) -> Result<Params>,
) -> Result<bool> {
    if let (Some(part), Some(out)) = (args.worker, &args.out) {
        return workers::work_off(out, part);
    }
    let base = params(&args.drafting.clone().into())?;
    let arms = plan::arms(args, base)?;
    let mut request = TestRequest {
        args,
        sized: SizedTest::of(args),
        reference: plan::reference(args, &arms)?,
        arms,
        base,
    };
    let catalog = settings.load_catalog()?;
    let plan = TestPlan::of(&catalog, &request.sized)?;
    expect_no_leak(&catalog, &plan)?;
    plan.describe(&catalog, &request.sized, &request.arms);
    let mut engine = open_engine(settings, &catalog)?;
    if request.arms.iter().any(Arm::is_generated) {
        settle_passes(&mut engine, settings)?;
    }
    test(&mut request, settings, (&catalog, &plan), &mut engine)
}

/// The test on a loaded model. `false`: cancelled.
fn test(
    request: &mut TestRequest<'_>,
    settings: &Settings,
    (catalog, plan): (&Catalog, &TestPlan),
    engine: &mut Engine,
) -> Result<bool> {
    let begin = Instant::now();
    let args = request.args;
    let out = args.out.clone().unwrap_or_else(|| default_folder(catalog));
    let folder = TestFolder::open(&out)?;
    let framework = settings.framework()?;
    let asked = TestSubjects {
        catalog,
        framework: &framework,
        plan,
        max_tokens: request.base.max_tokens,
    };
    let n_workers = settings.threads.unwrap_or_else(physical_cores).max(1);
    let study = folder.save_study(&plan.study)?;
    let estimate = TimeEstimate::of(request, &asked, engine, &folder, n_workers)?;
    let n_begun = vectors::seeds_begun(&request.sized, &folder, &study);
    request.sized.fit(estimate.seeds(n_begun));
    request.sized.describe();
    estimate.say(&request.sized, &folder);
    let Some(known) = knowledge(request, &asked, engine, &folder)? else {
        return Ok(false);
    };
    let work = TrainingWork {
        study,
        trials: vectors::trials(&request.sized, &known),
    };
    folder.save_work(&work)?;
    if !workers::train(&folder, &work, n_workers)? {
        return Ok(false);
    }
    let tried = TriedArms::read(request, plan, &folder, &work, &known)?;
    let report = DownstreamReport::new(request, (catalog, plan), engine, &tried, begin.elapsed())?;
    tell(&report, &folder, args.json)?;
    Ok(true)
}

/// Keeps the report in the folder and prints it.
fn tell(report: &DownstreamReport, folder: &TestFolder, as_json: bool) -> Result<()> {
    let written = serde_json::to_vec_pretty(report)?;
    atomic_file::write(&folder.path().join(REPORT), written)?;
    match as_json {
        true => print_json(report),
        false => {
            table::print(report);
            Ok(())
        }
    }
}

/// Vectors of every arm. `None`: cancelled.
fn knowledge(
    request: &TestRequest<'_>,
    asked: &TestSubjects<'_>,
    engine: &mut Engine,
    folder: &TestFolder,
) -> Result<Option<Vec<ArmVectors>>> {
    let (arms, after) = (request.arms.as_slice(), request.args.layer);
    let Some(texts) = texts::of_arms(asked, engine, arms, folder.path())? else {
        return Ok(None);
    };
    let arms = (arms, request.reference);
    vectors::of_arms(asked, engine, arms, &texts, after, folder)
}

/// `downstream-ml-100k`.
fn default_folder(catalog: &Catalog) -> PathBuf {
    PathBuf::from(format!("downstream-{}", file_name(&catalog.name)))
}

/// Leaks that are named.
const N_NAMED: usize = 3;

fn expect_no_leak(catalog: &Catalog, plan: &TestPlan) -> Result<()> {
    let found = leaks(catalog, &plan.study.rows, &plan.study.folds);
    if found.is_empty() {
        return Ok(());
    }
    let named: Vec<String> = found
        .iter()
        .take(N_NAMED)
        .map(ToString::to_string)
        .collect();
    bail!(
        "{} answers could be seen before they are asked for: {}; nothing was trained",
        found.len(),
        named.join("; ")
    );
}
