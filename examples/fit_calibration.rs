//! Fits where the calibrations start (`START_STRICT` and the others in
//! `src/retrieval/query/estimate/weights.rs`): decodes the catalog's pool half, each
//! subject's own document hidden, letting every run start from the calibration learned
//! before, and prints the final weights.
//!
//! `cargo run --release --example fit_calibration -- [ITEMS] [USERS] [START..]`; without
//! names, all of them.

use color_eyre::eyre::{Result, eyre};
use laserscope::commands;
use laserscope::config::Settings;
use laserscope::engine::{Engine, OwnDocuments, RunSpec};
use laserscope::recsys::{Catalog, Framework, Half, Role, SubjectKind, SubjectRef};
use laserscope::retrieval::Calibrations;
use laserscope::speculate::learned::CalibrationStart;
use laserscope::speculate::params::{ALL_RANKS, AcceptanceRule, Budget, MAX_ROWS, Params};
use laserscope::worker::ask;

/// What the weights should serve: the default, and fixed budgets.
const BUDGETS: [Budget; 3] = [
    Budget::Auto { max: MAX_ROWS },
    Budget::Rows(16),
    Budget::Rows(48),
];

/// The rule that each start is fitted under.
const STARTS: [(&str, AcceptanceRule); 5] = [
    ("START_STRICT", AcceptanceRule::Strict),
    ("START_RELAXED", AcceptanceRule::Relaxed { k: 2, tau: 0.1 }),
    (
        "START_ALL_RANKS",
        AcceptanceRule::Relaxed {
            k: ALL_RANKS,
            tau: 0.1,
        },
    ),
    ("START_MARGIN", AcceptanceRule::Margin { k: 2, m: 0.6 }),
    ("START_DEFERRED", AcceptanceRule::Deferred { h: 0.3, w: 6 }),
];

fn main() -> Result<()> {
    let (names, numbers): (Vec<String>, Vec<String>) = std::env::args()
        .skip(1)
        .partition(|arg| arg.starts_with("START_"));
    let mut numbers = numbers.iter().filter_map(|arg| arg.parse().ok());
    let (items, users) = (numbers.next().unwrap_or(60), numbers.next().unwrap_or(30));
    let settings = Settings {
        own_documents: OwnDocuments::Hide,
        learn: true,
        ..Settings::default()
    };
    let (catalog, mut engine) = commands::open(&settings)?;
    let framework = settings.framework()?;
    let mut subjects = pool_half(&catalog, SubjectKind::Item, items);
    subjects.extend(pool_half(&catalog, SubjectKind::User, users));
    let is_named = |name: &str| names.is_empty() || names.iter().any(|n| n == name);
    for (name, verify) in STARTS.into_iter().filter(|(name, _)| is_named(name)) {
        let params = Params {
            verify,
            ..Params::default()
        };
        let learned = session(&mut engine, &catalog, &framework, &subjects, params)?;
        let mut learned = Calibrations::starting(&learned);
        laserscope::out!("{name}: {:.3?}", learned.of(&params).weights());
    }
    Ok(())
}

/// Subjects spread over the half, so that every group has its share.
fn pool_half(catalog: &Catalog, kind: SubjectKind, n: usize) -> Vec<SubjectRef> {
    let groups = catalog.groups(kind).iter();
    let members = groups.flat_map(|g| catalog.members(kind, &g.name, Half::Pool));
    let all: Vec<SubjectRef> = members.collect();
    let every = all.len().div_ceil(n.max(1)).max(1);
    all.into_iter().step_by(every).collect()
}

/// Runs one after the other; where the calibration is after the last.
fn session(
    engine: &mut Engine,
    catalog: &Catalog,
    framework: &Framework,
    subjects: &[SubjectRef],
    params: Params,
) -> Result<CalibrationStart> {
    engine.start.set_calibration(None);
    let mut last = None;
    for (i, &at) in subjects.iter().enumerate() {
        let (subject, prompt) = ask::about(catalog, at, framework, Role::Pool)?;
        let budget = BUDGETS[i % BUDGETS.len()];
        let spec = RunSpec::new(subject, prompt, Params { budget, ..params });
        let (trace, _) = engine.record(spec, &mut |_| true)?;
        let n = trace.steps.len();
        last = trace.start_before(n, &trace.params_at(n)).calibration;
    }
    last.ok_or_else(|| eyre!("nobody was asked"))
}
