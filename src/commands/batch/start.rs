//! Where a batch starts: from scratch, where an earlier run was interrupted, or after the
//! documents already in the file.

use std::path::Path;

use color_eyre::eyre::{Result, WrapErr, ensure};

use crate::cli::{Lanes, MemorySize};
use crate::commands::batch::journal::{self, journal_path};
use crate::commands::batch::lanes::{choose, lag, room, survey};
use crate::commands::batch::manifest::{
    Conditions, Listing, Manifest, Named, Together, manifest_path,
};
use crate::commands::batch::plan::{Batch, Plan};
use crate::engine::{BatchRoom, Engine, OwnDocuments};
use crate::recsys::{KnowledgeDoc, KnowledgeLog};
use crate::speculate::cost::PassCosts;
use crate::speculate::params::Params;

/// A batch that is ready to continue.
pub(crate) struct Start {
    pub(crate) plan: Plan,
    /// The output file and its manifest; `None`: answers go to standard output.
    pub(crate) kept: Option<Kept>,
    /// The room for decoding subjects together; `None`: each is decoded alone.
    pub(crate) room: Option<BatchRoom>,
}

pub(crate) struct Kept {
    pub(crate) log: KnowledgeLog,
    pub(crate) manifest: Manifest,
}

impl Start {
    /// Of a batch whose answers are written.
    fn kept(plan: Plan, log: KnowledgeLog, manifest: Manifest, room: Option<BatchRoom>) -> Self {
        Start {
            plan,
            kept: Some(Kept { log, manifest }),
            room,
        }
    }
}

impl Kept {
    /// Documents that were in the file before the batch.
    pub(crate) fn n_before(&self) -> usize {
        self.manifest.before.n
    }

    /// Answers of this batch that already exist, in the plan's order.
    pub(crate) fn done(&self) -> &[KnowledgeDoc] {
        &self.log.found[self.n_before()..]
    }
}

/// Opens the file of answers and finds where to continue; the engine gets the batch's
/// cost profile.
///
/// # Errors
/// A file that another batch wrote: the differences and what to do. More subjects together
/// than the memory limit allows.
pub(crate) fn start(batch: &Batch, engine: &mut Engine) -> Result<Start> {
    let Some(out) = batch.args.out.as_deref() else {
        let plan = batch.plan(&[]);
        let room = settled(batch, engine, &plan, batch.args.batch.lanes)?;
        return Ok(Start {
            plan,
            kept: None,
            room,
        });
    };
    let log = open_log(out)?;
    let stored = Manifest::load(out)?;
    if let Some(manifest) = stored {
        match resumed(batch, engine, out, &log, &manifest) {
            Ok(plan) => return go_on(batch, engine, plan, log, manifest),
            // A batch without answers may be started again with other settings.
            Err(_) if log.found.is_empty() && !has_journal(out) => {}
            Err(error) => ensure!(batch.args.batch.extend, error),
        }
    } else {
        ensure!(
            log.found.is_empty() || !batch.args.batch.resume,
            "{} has documents, but {} is missing: they are not from a batch. Omit --resume to \
            generate the rest",
            out.display(),
            manifest_path(out).display()
        );
    }
    begun(batch, engine, out, log)
}

/// Whether finished answers are waiting for earlier ones.
fn has_journal(out: &Path) -> bool {
    let found = std::fs::metadata(journal_path(out));
    found.is_ok_and(|found| found.len() > 0)
}

/// Resumes a batch under the cost profile that it was started with.
fn go_on(
    batch: &Batch,
    engine: &mut Engine,
    plan: Plan,
    log: KnowledgeLog,
    manifest: Manifest,
) -> Result<Start> {
    engine.start.cost = manifest.cost.clone();
    let lanes = Lanes::Exactly(manifest.conditions.batch);
    let room = settled(batch, engine, &plan, lanes)?;
    Ok(Start::kept(plan, log, manifest, room))
}

/// The room for decoding subjects together, which is reported. `None`: each is decoded
/// alone.
fn settled(batch: &Batch, engine: &Engine, plan: &Plan, asked: Lanes) -> Result<Option<BatchRoom>> {
    if asked == Lanes::Exactly(1) {
        return Ok(None);
    }
    let prompts = survey(batch, engine, plan)?;
    let lanes = choose(asked, &prompts, batch, engine)?;
    if lanes == 1 {
        note!(
            "decoding one subject at a time: more would not be faster here, or do not fit --batch-memory"
        );
        return Ok(None);
    }
    let room = room(lanes, &prompts, batch, engine);
    let shared: usize = room.prefixes.iter().map(Vec::len).sum();
    note!(
        "decoding {lanes} subjects together: {} for keys, values and logits ({} tokens each, \
        {shared} shared)",
        MemorySize(room.bytes(engine)),
        room.own
    );
    Ok(Some(room))
}

/// The manifest's entry on decoding subjects together.
fn together(batch: &Batch, engine: &Engine, room: &BatchRoom) -> Together {
    let cost = &engine.start.cost;
    let Params { verify, budget, .. } = batch.params;
    let is_priced = budget.is_auto() && verify.drafts() && !verify.is_lossless();
    Together {
        lag: lag(room.lanes),
        own_tokens: room.own,
        shared_tokens: room.prefixes.iter().map(Vec::len).collect(),
        bytes: room.bytes(engine),
        price: is_priced
            .then(|| PassCosts::new(cost).priced(cost, room.lanes, room.longest_prefix())),
    }
}

/// The existing answers; a truncated one is removed and reported.
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

/// A new batch, after the documents already in the file.
fn begun(batch: &Batch, engine: &Engine, out: &Path, log: KnowledgeLog) -> Result<Start> {
    let plan = batch.plan(&log.found);
    let room = settled(batch, engine, &plan, batch.args.batch.lanes)?;
    let lanes = room.as_ref().map_or(1, |room| room.lanes);
    let before = Listing::of_documents(&log.found)?;
    let conditions = conditions(batch, engine, &plan, lanes);
    let mut manifest = Manifest::new(conditions, before, engine.start.cost.clone());
    manifest.together = room.as_ref().map(|room| together(batch, engine, room));
    // A journal left by another batch does not belong to this one.
    journal::remove(out)?;
    manifest.save(out)?;
    Ok(Start::kept(plan, log, manifest, room))
}

/// The plan of an earlier batch, if its conditions are unchanged.
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
        "{} no longer has the same {n_before} documents that it had when the batch \
        was started ({}): restore them or choose another --out",
        out.display(),
        stored.display()
    );
    let plan = batch.plan(before.unwrap_or_default());
    let lanes = match batch.args.batch.lanes {
        Lanes::Auto => manifest.conditions.batch,
        Lanes::Exactly(lanes) => lanes,
    };
    let now = conditions(batch, engine, &plan, lanes);
    manifest.conditions.expect(&now).wrap_err_with(|| {
        format!(
            "{} was started with other settings, recorded in {}: use those, choose another --out, \
            or add --extend to keep its contents and generate the rest",
            out.display(),
            stored.display()
        )
    })?;
    Ok(plan)
}

fn conditions(batch: &Batch, engine: &Engine, plan: &Plan, lanes: usize) -> Conditions {
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
        catalog: Named {
            name: batch.catalog.name.clone(),
            fingerprint: batch.catalog.fingerprint(),
        },
        framework: Named {
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
        batch: lanes,
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
