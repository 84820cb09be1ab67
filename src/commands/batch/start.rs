//! Where a batch begins: at nothing, where an earlier run of it was cut off, or
//! behind what a file holds already.

use std::path::Path;

use color_eyre::eyre::{Result, WrapErr, ensure};

use crate::cli::GenerateArgs;
use crate::commands::batch::manifest::{Conditions, Listing, Manifest, manifest_path};
use crate::commands::batch::plan::Plan;
use crate::engine::{Engine, OwnDocuments};
use crate::recsys::{Catalog, Framework, KnowledgeDoc, KnowledgeLog};
use crate::speculate::params::Params;

/// What a batch is made of, whoever it is for.
pub(crate) struct Batch<'a> {
    pub(crate) args: &'a GenerateArgs,
    pub(crate) catalog: &'a Catalog,
    pub(crate) framework: &'a Framework,
    pub(crate) params: Params,
}

/// A batch about to go on.
pub(crate) struct Start {
    pub(crate) plan: Plan,
    /// Where answers go, and how the batch was begun; `None`: to standard output.
    pub(crate) kept: Option<Kept>,
}

pub(crate) struct Kept {
    pub(crate) log: KnowledgeLog,
    pub(crate) manifest: Manifest,
    /// Documents of the file that came before the batch.
    pub(crate) n_before: usize,
}

impl Kept {
    /// Answers of this batch that are there already, in the plan's order.
    pub(crate) fn done(&self) -> &[KnowledgeDoc] {
        &self.log.found[self.n_before..]
    }
}

/// Opens the answers' file and says where the work goes on; the engine gets the
/// table of costs that the batch goes by.
///
/// # Errors
/// A file that another batch wrote: what differs, and the way out.
pub(crate) fn start(batch: &Batch, engine: &mut Engine) -> Result<Start> {
    let Some(out) = batch.args.out.as_deref() else {
        let plan = Plan::of(batch.args, batch.catalog, &[]);
        return Ok(Start { plan, kept: None });
    };
    let log = open_log(out)?;
    let stored = Manifest::load(out)?;
    if let Some(manifest) = stored {
        match resumed(batch, engine, out, &log, &manifest) {
            Ok(plan) => {
                engine.start.cost = manifest.cost.clone();
                let n_before = manifest.before.n;
                return Ok(Start {
                    plan,
                    kept: Some(Kept {
                        log,
                        manifest,
                        n_before,
                    }),
                });
            }
            // A batch without an answer may begin anew.
            Err(_) if log.found.is_empty() => {}
            Err(error) => ensure!(batch.args.batch.extend, error),
        }
    } else {
        ensure!(
            log.found.is_empty() || !batch.args.batch.resume,
            "{} holds documents, but {} is not there: no batch wrote them. Leave --resume out to \
             generate what is missing",
            out.display(),
            manifest_path(out).display()
        );
    }
    begun(batch, engine, out, log)
}

/// The answers that are there; one that was cut off is removed, which is told.
fn open_log(out: &Path) -> Result<KnowledgeLog> {
    let log = KnowledgeLog::open(out)?;
    if let Some(cut_off) = log.cut_off {
        note!(
            "{}:{}: {} bytes of an unfinished answer removed",
            out.display(),
            cut_off.line,
            cut_off.n_bytes
        );
    }
    Ok(log)
}

/// A batch that begins, behind what the file holds.
fn begun(batch: &Batch, engine: &Engine, out: &Path, log: KnowledgeLog) -> Result<Start> {
    let plan = Plan::of(batch.args, batch.catalog, &log.found);
    let before = Listing::of_documents(&log.found)?;
    let conditions = conditions(batch, engine, &plan);
    let manifest = Manifest::new(conditions, before, engine.start.cost.clone());
    manifest.save(out)?;
    let n_before = log.found.len();
    Ok(Start {
        plan,
        kept: Some(Kept {
            log,
            manifest,
            n_before,
        }),
    })
}

/// The plan of a batch that was begun before, once all is as it was then.
fn resumed(
    batch: &Batch,
    engine: &Engine,
    out: &Path,
    log: &KnowledgeLog,
    manifest: &Manifest,
) -> Result<Plan> {
    let stored = manifest_path(out);
    let n_before = manifest.before.n;
    let before = log.found.get(..n_before);
    let is_whole = |docs| Listing::of_documents(docs).is_ok_and(|now| now == manifest.before);
    let before = before.filter(|docs| is_whole(docs));
    ensure!(
        before.is_some(),
        "{} has lost or changed some of the {n_before} documents that were in it when the batch \
         began ({}): put them back, or name another --out",
        out.display(),
        stored.display()
    );
    let plan = Plan::of(batch.args, batch.catalog, before.unwrap_or_default());
    let now = conditions(batch, engine, &plan);
    manifest.conditions.expect(&now).wrap_err_with(|| {
        format!(
            "{} was begun otherwise, as {} says: run it as then, name another --out, or add \
             --extend to keep what is there and generate what is missing",
            out.display(),
            stored.display()
        )
    })?;
    Ok(plan)
}

fn conditions(batch: &Batch, engine: &Engine, plan: &Plan) -> Conditions {
    let args = batch.args;
    let name_of = |&at| {
        let subject = batch.catalog.subject(at);
        format!("{}/{}/{}", at.kind, subject.group(), subject.id())
    };
    Conditions {
        program: env!("CARGO_PKG_VERSION").to_string(),
        model: engine.model.info.clone(),
        device: device_kind(&engine.model.device).to_string(),
        arithmetic: arithmetic(engine),
        calibration: engine.start.calibration().clone(),
        catalog: crate::commands::batch::manifest::Named {
            name: batch.catalog.name.clone(),
            fingerprint: batch.catalog.fingerprint(),
        },
        framework: crate::commands::batch::manifest::Named {
            name: batch.framework.name.clone(),
            fingerprint: batch.framework.fingerprint(),
        },
        all: args.all.unwrap_or(crate::cli::AllKind::Both),
        half: args.half,
        pool_half: args.pool_half,
        limit: args.limit,
        params: batch.params,
        own_documents: match engine.pools.own_documents {
            OwnDocuments::Keep => "keep".to_string(),
            OwnDocuments::Hide => "hide".to_string(),
        },
        fixed_pools: args.batch.fixed_pools,
        starting_pools: engine.pools.current.fingerprint(),
        order: Listing::of(plan.subjects.iter().map(name_of)),
        shard: args.batch.shard,
    }
}

fn arithmetic(engine: &Engine) -> String {
    let now = engine.model.arithmetic();
    format!(
        "revision {}, keys and values {}, quantize {}",
        now.revision, now.kv, now.quantize
    )
}

/// `cpu` of `cpu (avx2, 2 threads)`, `cuda` of `cuda:0`.
pub(crate) fn device_kind(label: &str) -> &str {
    label.split([' ', ':']).next().unwrap_or(label)
}
