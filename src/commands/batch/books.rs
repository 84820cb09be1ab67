//! A batch's state: which subjects are answered, which answers have joined the pools, and
//! the measured speed. How many subjects are decoded together is decided elsewhere.

use std::time::{Duration, Instant};

use color_eyre::eyre::{Result, bail};

use super::manifest::Finished;
use super::measured::{Measured, is_reference};
use super::plan::{Batch, Plan, role};
use super::start::{Kept, device_kind};
use crate::commands::one_run::record_for_figures;
use crate::console::progress::Line;
use crate::engine::{Engine, Knowledge, RunSpec};
use crate::protocol::PromptText;
use crate::recsys::{KnowledgeDoc, SubjectRef};
use crate::retrieval::{Growth, Pools};
use crate::session::as_knowledge;
use crate::speculate::params::{AcceptanceRule, Params};
use crate::speculate::trace::Trace;
use crate::speculate::verify::Finish;
use crate::worker::ask;

/// Without a terminal, a line of progress is printed at this interval.
const SAID_EVERY: Duration = Duration::from_secs(30);

/// The state that both ways of decoding a batch share.
pub(crate) struct Books<'a> {
    pub(crate) batch: Batch<'a>,
    pub(crate) plan: Plan,
    pub(crate) kept: Option<Kept>,
    joining: Joining,
    /// Index of the first subject whose answer is neither written nor left out.
    pub(crate) next: usize,
    /// Later subjects that are already finished.
    pub(crate) n_ahead: usize,
    pub(crate) n_left_out: usize,
    pub(crate) measured: Measured,
    pub(crate) line: Line,
    said: Instant,
}

/// Where a finished answer goes, besides the output.
enum Joining {
    /// Into its group's pool, and so into the global one.
    Pools {
        starting: Pools,
        growth: Box<Growth>,
    },
    /// With `--online`, into the online source.
    Online,
    Nothing,
}

impl<'a> Books<'a> {
    pub(crate) fn new(batch: Batch<'a>, engine: &Engine, plan: Plan, kept: Option<Kept>) -> Self {
        let joining = match batch.args.batch.fixed_pools {
            true => Joining::Nothing,
            false if batch.params.sources.online => Joining::Online,
            false => Joining::Pools {
                starting: engine.pools.current.clone(),
                growth: Box::default(),
            },
        };
        Books {
            batch,
            plan,
            kept,
            joining,
            next: 0,
            n_ahead: 0,
            n_left_out: 0,
            measured: Measured::new(),
            line: Line::new(),
            said: Instant::now(),
        }
    }

    /// Advances past the existing answers and returns each with its index in the plan.
    pub(crate) fn catch_up(&mut self, engine: &Engine) -> Result<Vec<(usize, KnowledgeDoc)>> {
        let done = self
            .kept
            .as_ref()
            .map_or_else(Vec::new, |k| k.done().to_vec());
        let mut placed = Vec::with_capacity(done.len());
        for (i, doc) in done.into_iter().enumerate() {
            self.pass_to(engine, &doc, i + 1)?;
            placed.push((self.next - 1, doc));
        }
        Ok(placed)
    }

    /// Reports how many answers existed already, if any.
    pub fn say_resumed(&mut self, n: usize) {
        if n > 0 {
            let of = self.plan.subjects.len();
            self.line
                .say(&format!("resumed: {n} of {of} answers already exist"));
        }
    }

    /// Advances past the subject of an existing answer; each subject skipped on the way
    /// must be one whose prompt does not fit.
    fn pass_to(&mut self, engine: &Engine, doc: &KnowledgeDoc, number: usize) -> Result<()> {
        while let Some(&at) = self.plan.subjects.get(self.next) {
            self.next += 1;
            if self.is_about(at, doc) {
                return Ok(());
            }
            if fits(engine, &self.spec(at)?)? {
                break;
            }
            self.n_left_out += 1;
        }
        bail!(
            "answer {number} of the batch, {} {}, is not the expected one: the file has been \
             changed. Restore it or choose another --out",
            doc.kind,
            doc.id
        );
    }

    pub(crate) fn is_about(&self, at: SubjectRef, doc: &KnowledgeDoc) -> bool {
        let subject = self.batch.catalog.subject(at);
        (at.kind, subject.id()) == (doc.kind, doc.id.as_str())
    }

    /// The documents that were in the file before the batch; they join the pools, too.
    pub(crate) fn before(&self) -> Vec<KnowledgeDoc> {
        let before = self.kept.as_ref().map(|k| &k.log.found[..k.n_before()]);
        before.unwrap_or_default().to_vec()
    }

    pub(crate) fn spec(&self, at: SubjectRef) -> Result<RunSpec> {
        let (catalog, framework) = (self.batch.catalog, self.batch.framework);
        let role = role(catalog, at, self.batch.args.pool_half);
        let (subject, prompt) = ask::about(catalog, at, framework, role)?;
        Ok(RunSpec::new(subject, prompt, self.batch.params))
    }

    pub(crate) fn leave_out(&mut self, engine: &Engine, at: SubjectRef) {
        self.n_left_out += 1;
        let label = self.batch.catalog.subject(at).label();
        self.line.say(&format!(
            "{label} skipped: its prompt does not fit into {} tokens (raise --context)",
            engine.model.context()
        ));
    }

    /// Whether finished answers join anything.
    pub(crate) fn joins(&self) -> bool {
        !matches!(self.joining, Joining::Nothing)
    }

    pub(crate) fn join(&mut self, engine: &mut Engine, docs: &[KnowledgeDoc]) -> Result<()> {
        let docs: Vec<Knowledge> = docs
            .iter()
            .map(|doc| as_knowledge(doc, self.batch.catalog))
            .collect();
        match &mut self.joining {
            Joining::Nothing => {}
            Joining::Online => {
                for doc in &docs {
                    engine.remember_text(doc)?;
                }
            }
            Joining::Pools { starting, growth } => {
                for doc in &docs {
                    growth.add(doc.tokenize(engine.model.codec())?);
                }
                engine.pools.set(&starting.beside(&growth.pools()));
            }
        }
        Ok(())
    }

    /// If this subject is a reference, decodes its prompt autoregressively and alone.
    /// `false`: cancelled.
    pub(crate) fn measure(
        &mut self,
        engine: &mut Engine,
        spec: RunSpec,
        trace: &Trace,
    ) -> Result<bool> {
        let at = self.measured.n_answers() - 1;
        let is_plain = !self.batch.params.verify.drafts() && self.measured.is_alone();
        if is_plain || !is_reference(at, self.batch.args.batch.reference_every) {
            return Ok(true);
        }
        let params = Params {
            verify: AcceptanceRule::Autoregressive,
            ..self.batch.params
        };
        let begin = Instant::now();
        let (plain, end) = record_for_figures(engine, RunSpec { params, ..spec })?;
        if end.finish == Finish::Cancelled {
            return Ok(false);
        }
        self.measured.leave_out(begin.elapsed());
        self.measured.add_reference(trace, &plain);
        Ok(true)
    }

    /// Shows the progress; without a terminal, only once per interval.
    pub(crate) fn show(&mut self, n_done: usize, at: SubjectRef) {
        let n = self.plan.subjects.len();
        if !self.line.is_live() && self.said.elapsed() < SAID_EVERY {
            return;
        }
        let subject = self.batch.catalog.subject(at);
        let progress = self.measured.progress(n - n_done);
        let whom = format!("{} {} · {}", at.kind, subject.group(), subject.label());
        let place = format!("{}/{n}", n_done + 1);
        let text = format!("{place} {whom} · {progress}");
        let text = text.trim_end_matches([' ', '·']);
        if self.line.is_live() {
            // The subject comes last: it may be cut off, the figures may not.
            let text = format!("{place} {progress} · {whom}");
            self.line.part(n_done as u64, n as u64, &text);
        } else {
            self.said = Instant::now();
            self.line.say(text);
        }
    }

    /// Prints the summary. `false`: cancelled, or strict decoding was not lossless on a
    /// CPU.
    pub(crate) fn conclude(mut self, engine: &Engine, is_done: bool) -> Result<bool> {
        if self.measured.n_answers() > 0 {
            let summary = self.measured.summary();
            summary.lines().for_each(|line| self.line.say(line));
        }
        let is_lossless = self.say_lossless(engine);
        if !is_done {
            let n = self.plan.subjects.len() - self.next - self.n_ahead;
            self.line
                .say(&format!("{n} left; run the same command again to resume"));
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
            documents: kept.n_before() + self.plan.subjects.len() - self.n_left_out,
            left_out: self.n_left_out,
        };
        if self.measured.n_answers() == 0 {
            self.line
                .say(&format!("nothing left to do: {}", out.display()));
        }
        kept.manifest.finished = Some(finished);
        kept.manifest.save(out)
    }

    /// Whether strict answers equalled the autoregressive ones; reported if any were
    /// compared.
    fn say_lossless(&mut self, engine: &Engine) -> bool {
        let n = self.measured.n_references();
        if self.batch.params.verify != AcceptanceRule::Strict || n == 0 {
            return true;
        }
        let on_cpu = device_kind(&engine.model.device) == "cpu";
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

/// Whether a prompt leaves room for an answer.
fn fits(engine: &Engine, spec: &RunSpec) -> Result<bool> {
    Ok(rendered(engine, spec)?.is_some())
}

/// The run with its prompt rendered, so that it is rendered only once. `None`: the prompt
/// leaves no room for an answer.
pub(crate) fn rendered(engine: &Engine, spec: &RunSpec) -> Result<Option<RunSpec>> {
    let model = &engine.model;
    let fitted = model.render_to_fit(&spec.prompt, spec.params.max_tokens)?;
    let is_room = fitted.ids.len() < model.context();
    Ok(is_room.then(|| RunSpec {
        prompt: PromptText {
            as_recorded: Some(fitted),
            history: None,
            ..spec.prompt.clone()
        },
        ..spec.clone()
    }))
}
