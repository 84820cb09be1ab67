//! `laserscope generate --all`: knowledge for everyone. One subject after the
//! other; a finished answer joins its group's pool and is written at once, so
//! that a kill at any moment loses the answer in work and nothing else, and a
//! resumed run goes on as if it had not been cut off.
//!
//! `plan` says whom it is for, `manifest` how it was begun, `start` where it
//! goes on, `measured` how fast it is.

pub mod manifest;
mod measured;
mod plan;
mod start;

use std::time::{Duration, Instant};

use color_eyre::eyre::{Result, bail};
use manifest::Finished;
use measured::{Measured, is_reference};
use plan::role;
use start::{Batch, Kept, Start, device_kind, start};

use crate::cli::GenerateArgs;
use crate::commands::one_run::{document, record, report};
use crate::commands::open;
use crate::config::Settings;
use crate::console::progress::Line;
use crate::engine::{Engine, Knowledge, RunSpec};
use crate::recsys::{Catalog, Framework, KnowledgeDoc, SubjectRef};
use crate::retrieval::{Growth, Pools};
use crate::session::as_knowledge;
use crate::speculate::params::{AcceptanceRule, Params};
use crate::speculate::trace::Trace;
use crate::speculate::verify::Finish;
use crate::worker::ask;

pub(crate) use manifest::{Conditions, Listing};
pub use manifest::{Manifest, manifest_path};
pub use plan::Plan;

/// Where there is no terminal, progress is a line so often.
const SAID_EVERY: Duration = Duration::from_secs(30);

/// Runs the command. `Ok(false)`: cancelled, or a check that failed.
pub(crate) fn run(
    args: &GenerateArgs,
    settings: &Settings,
    params: Params,
    framework: &Framework,
) -> Result<bool> {
    let (catalog, mut engine) = open(settings)?;
    run_on(&mut engine, &catalog, framework, params, args)
}

/// Runs it on an engine that is there.
pub fn run_on(
    engine: &mut Engine,
    catalog: &Catalog,
    framework: &Framework,
    params: Params,
    args: &GenerateArgs,
) -> Result<bool> {
    let batch = Batch {
        args,
        catalog,
        framework,
        params,
    };
    let Start { plan, kept } = start(&batch, engine)?;
    if plan.n_without_history > 0 {
        note!(
            "{} users have too little history for a prompt: left out",
            plan.n_without_history
        );
    }
    let mut work = Work::new(batch, engine, plan, kept);
    work.catch_up()?;
    let is_done = work.go_on()?;
    work.conclude(is_done)
}

/// A batch under way.
struct Work<'a> {
    batch: Batch<'a>,
    engine: &'a mut Engine,
    plan: Plan,
    kept: Option<Kept>,
    joining: Joining,
    /// Index of the next subject.
    next: usize,
    n_left_out: usize,
    measured: Measured,
    line: Line,
    said: Instant,
}

/// What becomes of a finished answer besides being written.
enum Joining {
    /// It joins its group's pool, and so the global one.
    Pools {
        starting: Pools,
        growth: Box<Growth>,
    },
    /// With `--online`, it is of that source.
    Online,
    Nothing,
}

/// How one subject ended.
enum Outcome {
    Answered(Box<(RunSpec, Trace)>),
    /// The prompt does not fit into the context.
    TooLong,
    Cancelled,
}

impl<'a> Work<'a> {
    fn new(batch: Batch<'a>, engine: &'a mut Engine, plan: Plan, kept: Option<Kept>) -> Self {
        let joining = match batch.args.batch.fixed_pools {
            true => Joining::Nothing,
            false if batch.params.sources.online => Joining::Online,
            false => Joining::Pools {
                starting: engine.pools.current.clone(),
                growth: Box::default(),
            },
        };
        Work {
            batch,
            engine,
            plan,
            kept,
            joining,
            next: 0,
            n_left_out: 0,
            measured: Measured::new(),
            line: Line::new(),
            said: Instant::now(),
        }
    }

    /// Lets the answers that are there join the pools, in their order, and finds
    /// the place behind them.
    fn catch_up(&mut self) -> Result<()> {
        let Some(kept) = &self.kept else {
            return Ok(());
        };
        let docs = kept.log.found.iter();
        let docs: Vec<Knowledge> = docs.map(|d| as_knowledge(d, self.batch.catalog)).collect();
        let done = kept.done().to_vec();
        for (i, doc) in done.iter().enumerate() {
            self.pass_to(doc, i + 1)?;
        }
        if !done.is_empty() {
            self.line.say(&format!(
                "resumed: {} of {} answers were there",
                done.len(),
                self.plan.subjects.len()
            ));
        }
        self.join(&docs)
    }

    /// Moves behind the subject of an answer that is there; whoever is passed over
    /// must have been left out for a reason.
    fn pass_to(&mut self, doc: &KnowledgeDoc, number: usize) -> Result<()> {
        while let Some(&at) = self.plan.subjects.get(self.next) {
            self.next += 1;
            let subject = self.batch.catalog.subject(at);
            if (at.kind, subject.id()) == (doc.kind, doc.id.as_str()) {
                return Ok(());
            }
            if self.fits(&self.spec(at)?)? {
                break;
            }
            self.n_left_out += 1;
        }
        bail!(
            "answer {number} of the batch, {} {}, is not what comes next in its order: the file was \
             changed since. Put it back, or name another --out",
            doc.kind,
            doc.id
        );
    }

    /// Answers whoever is left. `false`: cancelled.
    fn go_on(&mut self) -> Result<bool> {
        while let Some(&at) = self.plan.subjects.get(self.next) {
            self.show(at);
            let outcome = self.answer(at)?;
            // What follows may be cancelled, too, but the answer is there.
            self.next += usize::from(!matches!(outcome, Outcome::Cancelled));
            match outcome {
                Outcome::Cancelled => return Ok(false),
                Outcome::TooLong => self.leave_out(at),
                Outcome::Answered(answered) => {
                    let (spec, trace) = *answered;
                    if !self.measure(spec, &trace)? {
                        return Ok(false);
                    }
                }
            }
        }
        Ok(true)
    }

    /// One subject: its answer is written and joins the pools.
    fn answer(&mut self, at: SubjectRef) -> Result<Outcome> {
        let spec = self.spec(at)?;
        if !self.fits(&spec)? {
            return Ok(Outcome::TooLong);
        }
        let (trace, end) = record(self.engine, spec.clone())?;
        if end.finish == Finish::Cancelled {
            return Ok(Outcome::Cancelled);
        }
        let doc = document(&trace, &end);
        if let Some(kept) = &mut self.kept {
            kept.log.append(&doc)?;
        }
        self.join(&[as_knowledge(&doc, self.batch.catalog)])?;
        if self.batch.args.json || self.kept.is_none() {
            report(self.batch.args.json, &trace, &end, self.batch.catalog)?;
        }
        self.measured.add(&trace);
        Ok(Outcome::Answered(Box::new((spec, trace))))
    }

    fn spec(&self, at: SubjectRef) -> Result<RunSpec> {
        let (catalog, framework) = (self.batch.catalog, self.batch.framework);
        let role = role(catalog, at, self.batch.args.pool_half);
        let (subject, prompt) = ask::about(catalog, at, framework, role)?;
        Ok(RunSpec::new(subject, prompt, self.batch.params))
    }

    fn fits(&self, spec: &RunSpec) -> Result<bool> {
        let fitted = self
            .engine
            .model
            .render_to_fit(&spec.prompt, spec.params.max_tokens)?;
        Ok(fitted.ids.len() < self.engine.model.context())
    }

    fn leave_out(&mut self, at: SubjectRef) {
        self.n_left_out += 1;
        let label = self.batch.catalog.subject(at).label();
        self.line.say(&format!(
            "{label}: its prompt does not fit into {} tokens, left out (--context N)",
            self.engine.model.context()
        ));
    }

    fn join(&mut self, docs: &[Knowledge]) -> Result<()> {
        match &mut self.joining {
            Joining::Nothing => {}
            Joining::Online => {
                for doc in docs {
                    self.engine.remember_text(doc)?;
                }
            }
            Joining::Pools { starting, growth } => {
                for doc in docs {
                    growth.add(doc.tokenize(self.engine.model.codec())?);
                }
                self.engine.pools.set(&starting.beside(&growth.pools()));
            }
        }
        Ok(())
    }

    /// Decodes the same prompt autoregressively, where it is this subject's turn.
    /// `false`: cancelled.
    fn measure(&mut self, spec: RunSpec, trace: &Trace) -> Result<bool> {
        let at = self.measured.n_answers() - 1;
        let drafts = self.batch.params.verify.drafts();
        if !drafts || !is_reference(at, self.batch.args.batch.reference_every) {
            return Ok(true);
        }
        let params = Params {
            verify: AcceptanceRule::Autoregressive,
            ..self.batch.params
        };
        let (plain, end) = record(self.engine, RunSpec { params, ..spec })?;
        if end.finish == Finish::Cancelled {
            return Ok(false);
        }
        self.measured.add_reference(trace, &plain);
        Ok(true)
    }

    fn show(&mut self, at: SubjectRef) {
        let subject = self.batch.catalog.subject(at);
        let n = self.plan.subjects.len();
        let progress = self.measured.progress(n - self.next);
        let text = format!(
            "{}/{n} {} {} · {} · {progress}",
            self.next + 1,
            at.kind,
            subject.group(),
            subject.label()
        );
        let text = text.trim_end_matches([' ', '·']);
        if self.line.is_live() {
            self.line.show(text);
        } else if self.said.elapsed() >= SAID_EVERY {
            self.said = Instant::now();
            self.line.say(text);
        }
    }

    /// Says what was done. `false`: cancelled, or strict decoding was not lossless
    /// where it must be.
    fn conclude(mut self, is_done: bool) -> Result<bool> {
        if self.measured.n_answers() > 0 {
            let summary = self.measured.summary();
            summary.lines().for_each(|line| self.line.say(line));
        }
        let is_lossless = self.say_lossless();
        if !is_done {
            let n = self.plan.subjects.len() - self.next;
            self.line
                .say(&format!("{n} are left; the same command goes on from here"));
            return Ok(false);
        }
        self.finish()?;
        Ok(is_lossless)
    }

    fn finish(&mut self) -> Result<()> {
        let (Some(kept), Some(out)) = (&mut self.kept, &self.batch.args.out) else {
            return Ok(());
        };
        let finished = Finished {
            documents: kept.n_before + self.plan.subjects.len() - self.n_left_out,
            left_out: self.n_left_out,
        };
        if self.measured.n_answers() == 0 {
            self.line
                .say(&format!("nothing is left to do: {}", out.display()));
        }
        kept.manifest.finished = Some(finished);
        kept.manifest.save(out)
    }

    /// Whether strict answers equalled the autoregressive ones; told where they
    /// were compared.
    fn say_lossless(&mut self) -> bool {
        let n = self.measured.n_references();
        if self.batch.params.verify != AcceptanceRule::Strict || n == 0 {
            return true;
        }
        let on_cpu = device_kind(&self.engine.model.device) == "cpu";
        let differing = self.measured.differing();
        let Some((subject, at)) = differing.first() else {
            self.line.say(&format!(
                "strict equalled autoregressive on {n} of {n}, token for token"
            ));
            return true;
        };
        let cause = match on_cpu {
            true => "NOT lossless",
            false => "numeric: near-ties flip on this device",
        };
        let said = format!(
            "strict differed from autoregressive on {} of {n} ({cause}), first for {subject} after {at} equal tokens",
            differing.len()
        );
        self.line.say(&said);
        !on_cpu
    }
}
