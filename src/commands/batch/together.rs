//! Many subjects in one pass. When a run ends, the next subject of the plan takes its lane.
//! A subject draws on the answers of all subjects more than the lag before it, and waits
//! until they are finished, so drafts never depend on which run is faster. Answers are
//! journaled as they finish and written in the plan's order.

use std::collections::BTreeMap;

use color_eyre::eyre::{Result, ensure};

use super::books::{Books, rendered};
use super::journal::{self, Entry, Journal, journal_path};
use super::lanes::lag;
use super::recorded::Recorder;
use crate::commands::one_run::{document, report};
use crate::console::interrupt;
use crate::engine::{Batch, BatchRoom, Ended, Engine, RunSpec};
use crate::recsys::{KnowledgeDoc, SubjectRef};
use crate::speculate::trace::{End, Trace};
use crate::speculate::verify::Finish;

/// A subject that is finished or was left out.
struct Done {
    /// `None`: it was left out.
    doc: Option<KnowledgeDoc>,
    /// The run, if it is to be printed.
    run: Option<Box<(Trace, End)>>,
}

/// A batch in progress over several lanes.
struct Together<'a, 'b, 'e> {
    books: &'a mut Books<'b>,
    lanes: Batch<'e>,
    recorder: Option<Recorder>,
    journal: Option<Journal>,
    lag: usize,
    /// By index in the plan, until written and, where answers join the pools, joined.
    done: BTreeMap<usize, Done>,
    /// Index of the next subject to begin.
    begun: usize,
    /// Answers before this index have joined the pools.
    joined: usize,
    /// The subject in each lane: its index in the plan, and its run.
    at: Vec<Option<(usize, RunSpec)>>,
    n_done: usize,
}

/// Answers the remaining subjects. `false`: cancelled.
pub(crate) fn go_on(engine: &mut Engine, books: &mut Books<'_>, room: &BatchRoom) -> Result<bool> {
    let before = books.before();
    if books.kept.is_some() {
        books.join(engine, &before)?;
    }
    let written = books.catch_up(engine)?;
    let traced = books.batch.args.batch.traces.clone();
    let Some(lanes) = Batch::new(engine, room, &mut |_, _| !interrupt::is_set())? else {
        return Ok(false);
    };
    let lanes = match traced {
        Some(_) => lanes,
        None => lanes.without_origins(),
    };
    let header = lanes.passes_header();
    let recorder = traced.map(|folder| Recorder::open(&folder, &header));
    let mut together = Together {
        recorder: recorder.transpose()?,
        journal: None,
        lag: lag(room.lanes),
        done: BTreeMap::new(),
        begun: books.next,
        joined: 0,
        at: (0..room.lanes).map(|_| None).collect(),
        n_done: books.next,
        lanes,
        books,
    };
    together.take_up(written)?;
    let is_done = together.run()?;
    together.books.n_ahead = together.n_done - together.books.next;
    if is_done && let Some(out) = together.books.batch.args.out.as_deref() {
        journal::remove(out)?;
    }
    Ok(is_done)
}

impl Together<'_, '_, '_> {
    /// Takes in the existing answers: those written and those journaled.
    fn take_up(&mut self, written: Vec<(usize, KnowledgeDoc)>) -> Result<()> {
        let n_written = written.len();
        let mut written: BTreeMap<usize, KnowledgeDoc> = written.into_iter().collect();
        for at in 0..self.books.next {
            let doc = written.remove(&at);
            self.done.insert(at, Done { doc, run: None });
        }
        let Some(out) = self
            .books
            .kept
            .as_ref()
            .and(self.books.batch.args.out.clone())
        else {
            return Ok(());
        };
        let (journal, entries) = Journal::open(&out)?;
        self.journal = Some(journal);
        for Entry { at, doc } in entries.into_iter().filter(|e| e.at >= self.books.next) {
            let subject = self.books.plan.subjects.get(at);
            ensure!(
                subject.is_some_and(|&subject| self.books.is_about(subject, &doc)),
                "{}: {} {} is not answer {} of this batch: delete the file to decode its answers \
                 again",
                journal_path(&out).display(),
                doc.kind,
                doc.id,
                at + 1
            );
            let doc = Some(doc);
            self.done.insert(at, Done { doc, run: None });
        }
        let n_journaled = self.done.len() - self.books.next;
        self.n_done += n_journaled;
        self.books.say_resumed(n_written + n_journaled);
        self.write()
    }

    fn run(&mut self) -> Result<bool> {
        loop {
            if interrupt::is_set() {
                return Ok(false);
            }
            self.fill()?;
            self.write()?;
            let Some(pass) = self.lanes.pass()? else {
                return Ok(true);
            };
            self.books.measured.add_pass(&pass);
            if let Some(recorder) = &mut self.recorder {
                recorder.pass(&pass)?;
            }
            for ended in self.lanes.take_ended() {
                if !self.finish(ended)? {
                    return Ok(false);
                }
            }
            self.write()?;
            let n = self.books.plan.subjects.len();
            if let Some(&at) = self.books.plan.subjects.get(self.books.next.min(n - 1)) {
                self.books.show(self.n_done.min(n - 1), at);
            }
        }
    }

    /// Puts the next subjects of the plan into the free lanes.
    fn fill(&mut self) -> Result<()> {
        while let Some(lane) = self.lanes.free_lane() {
            let Some((at, subject)) = self.next_subject() else {
                return Ok(());
            };
            if !self.sees_all_before(at)? {
                return Ok(());
            }
            self.begun += 1;
            let spec = self.books.spec(subject)?;
            if let Some(spec) = rendered(self.lanes.engine(), &spec)? {
                self.lanes.begin(lane, spec.clone())?;
                self.at[lane] = Some((at, spec));
            } else {
                self.books.leave_out(self.lanes.engine(), subject);
                let (doc, run) = (None, None);
                self.done.insert(at, Done { doc, run });
                self.n_done += 1;
            }
        }
        Ok(())
    }

    /// The next subject without an answer.
    fn next_subject(&mut self) -> Option<(usize, SubjectRef)> {
        while self.done.contains_key(&self.begun) {
            self.begun += 1;
        }
        let subject = *self.books.plan.subjects.get(self.begun)?;
        Some((self.begun, subject))
    }

    /// Adds to the pools the answers that the subject at this index draws on. `false`: one of
    /// them is not finished.
    fn sees_all_before(&mut self, at: usize) -> Result<bool> {
        if !self.books.joins() {
            return Ok(true);
        }
        let seen = at.saturating_sub(self.lag);
        if (self.joined..seen).any(|at| !self.done.contains_key(&at)) {
            return Ok(false);
        }
        let joining = self.joined..seen.max(self.joined);
        let docs = joining.filter_map(|at| self.done.get(&at)?.doc.clone());
        let docs: Vec<KnowledgeDoc> = docs.collect();
        self.joined = self.joined.max(seen);
        if !docs.is_empty() {
            self.books.join(self.lanes.engine(), &docs)?;
        }
        self.forget();
        Ok(true)
    }

    /// Journals and writes the answer of a run that has ended. `false`: cancelled.
    fn finish(&mut self, ended: Ended) -> Result<bool> {
        let Ended { lane, trace, end } = ended;
        let Some((at, spec)) = self.at[lane].take() else {
            return Ok(true);
        };
        if end.finish == Finish::Cancelled {
            return Ok(false);
        }
        let doc = document(&trace, &end);
        // The next answer in order is written at once, without the journal.
        if at > self.books.next
            && let Some(journal) = &mut self.journal
        {
            let doc = doc.clone();
            journal.append(&Entry { at, doc })?;
        }
        if let Some(recorder) = &self.recorder {
            recorder.run(&trace)?;
        }
        self.books.measured.add(&trace);
        self.n_done += 1;
        let is_told = self.books.batch.args.json || self.books.kept.is_none();
        let run = is_told.then(|| Box::new((trace.clone(), end)));
        let doc = Some(doc);
        self.done.insert(at, Done { doc, run });
        self.write()?;
        self.books.measure(self.lanes.engine(), spec, &trace)
    }

    /// Writes the finished answers that are next in order.
    fn write(&mut self) -> Result<()> {
        let first = self.books.next;
        while let Some(done) = self.done.get_mut(&self.books.next) {
            if let (Some(doc), Some(kept)) = (&done.doc, &mut self.books.kept) {
                kept.log.append(doc)?;
            }
            if let Some(run) = done.run.take() {
                let json = self.books.batch.args.json;
                report(json, &run.0, &run.1, self.books.batch.catalog)?;
            }
            self.books.next += 1;
        }
        let is_all_written = self.done.range(self.books.next..).next().is_none();
        if let Some(journal) = &mut self.journal
            && is_all_written
            && self.books.next > first
        {
            journal.clear()?;
        }
        self.forget();
        Ok(())
    }

    /// Drops the answers that are written and, where they join the pools, joined.
    fn forget(&mut self) {
        let gone = match self.books.joins() {
            true => self.joined.min(self.books.next),
            false => self.books.next,
        };
        // `next_subject` still looks up the ones from `begun` on.
        let gone = gone.min(self.begun);
        self.done = self.done.split_off(&gone);
    }
}
