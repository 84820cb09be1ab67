//! All answers of a log, each against the pools that its protocol grants it. Answers are
//! replayed in parallel; what comes out does not depend on that.

use std::collections::HashSet;

use color_eyre::eyre::Result;
use rayon::prelude::*;

use super::answer::LoggedAnswer;
use super::answers::{Answers, LoggedEntry};
use super::figures::{EntryScore, StepPlace};
use super::header::ScoringStart;
use super::opened::OpenedAs;
use super::protocol::{Contender, Schedule, Split};
use super::replay::{LogReplay, LogStep};
use crate::retrieval::{Calibrations, Growth, PoolDoc, PoolPart, Pools, Unwanted};
use crate::speculate::cost::StepCosts;
use crate::speculate::params::Params;
use crate::speculate::subject::{DocId, GroupKey};
use crate::speculate::trace::Trace;

/// Replays that are under way together, over all ways.
const BATCH: usize = 128;
/// Tokens of documents that are indexed together, where the pools do not grow.
const BULK_TOKENS: usize = 16 << 20;

/// One way to draft.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoringWay {
    /// Drafter, budget, sources, rule.
    pub params: Params,
    /// From pools of random groups.
    pub is_dealt: bool,
}

/// What is scored, and how.
pub struct Scoring<'a> {
    pub(super) answers: &'a Answers,
    pub(super) schedule: Schedule,
    /// Pools that draft for everyone.
    base: &'a Pools,
    ways: &'a [ScoringWay],
    start: &'a ScoringStart,
    costs: StepCosts,
    /// Calibrations carry over from answer to answer, in the order of scoring.
    learns: bool,
}

/// An answer, and what each way made of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoredAnswer {
    /// In the log.
    pub number: u32,
    /// Its tokens' share of repeated 4-grams.
    pub repetition: f64,
    /// In the order of the ways.
    pub scores: Vec<EntryScore>,
}

/// An answer with the pools it is replayed against.
pub(super) struct ReplayJob {
    pub(super) number: u32,
    pub(super) answer: LoggedAnswer,
    own: Pools,
    dealt: Pools,
}

impl ReplayJob {
    /// Against the same pools under every way.
    pub(super) fn against(pools: Pools, number: u32, answer: LoggedAnswer) -> Self {
        ReplayJob {
            number,
            answer,
            own: pools.clone(),
            dealt: pools,
        }
    }
}

impl<'a> Scoring<'a> {
    /// Over these answers; `base` drafts for all of them.
    pub fn new(
        answers: &'a Answers,
        split: Split,
        base: &'a Pools,
        ways: &'a [ScoringWay],
        start: &'a ScoringStart,
    ) -> Self {
        let contenders: Vec<Contender> =
            answers.entries.iter().map(LoggedEntry::contender).collect();
        Scoring {
            answers,
            schedule: Schedule::new(split, &contenders),
            base,
            ways,
            start,
            costs: StepCosts::new(&start.cost),
            learns: false,
        }
    }

    /// With calibrations that carry over from answer to answer.
    #[must_use]
    pub fn learning(self, learns: bool) -> Self {
        Scoring { learns, ..self }
    }

    /// Scores only these answers; the others still draft for them.
    #[must_use]
    pub fn only(mut self, numbers: &HashSet<u32>) -> Self {
        let scored = &mut self.schedule.scored;
        scored.retain(|(number, _)| numbers.contains(number));
        self
    }

    /// Answers that are scored.
    pub fn n_scored(&self) -> usize {
        self.schedule.scored.len()
    }

    /// Tokens of the answers that are scored.
    pub fn n_tokens(&self) -> u64 {
        let scored = self.schedule.scored.iter();
        scored.map(|s| self.answers.n_tokens_of(s.0) as u64).sum()
    }

    /// Scores all of them, in the protocol's order, and passes them on. `false` from `each`
    /// ends it; so does it here.
    ///
    /// # Errors
    /// What the disk reports.
    pub fn run(&self, each: &mut dyn FnMut(ScoredAnswer) -> bool) -> Result<bool> {
        let mut own = GrowingPools::new(self, |entry| &entry.group);
        let mut dealt = GrowingPools::new(self, |entry| &entry.dealt);
        let has_dealt = self.ways.iter().any(|way| way.is_dealt);
        let mut learned = vec![None; self.ways.len()];
        let n_together = (BATCH / self.ways.len().max(1)).max(8);
        for batch in self.schedule.scored.chunks(n_together) {
            let mut jobs = Vec::new();
            for &(number, n_arrived) in batch {
                jobs.push(ReplayJob {
                    number,
                    answer: self.answers.read(number)?,
                    own: own.up_to(n_arrived)?,
                    dealt: match has_dealt {
                        true => dealt.up_to(n_arrived)?,
                        false => Pools::empty(),
                    },
                });
            }
            let scores = match self.learns {
                true => self.in_turn(&jobs, &mut learned),
                false => self.at_once(&jobs),
            };
            for (job, scores) in jobs.iter().zip(scores) {
                let goes_on = each(ScoredAnswer {
                    number: job.number,
                    repetition: crate::speculate::stats::repetition(&job.answer.token_ids),
                    scores,
                });
                if !goes_on {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// One answer as a run; `None`: the protocol does not score it.
    ///
    /// # Errors
    /// What the disk reports.
    pub fn open_as_run(
        &self,
        number: u32,
        way: &ScoringWay,
        opened: OpenedAs<'_>,
    ) -> Result<Option<Trace>> {
        let Some(mut job) = self.job(number, way)? else {
            return Ok(None);
        };
        if !opened.rows.is_empty() {
            job.answer.rows.clone_from(&opened.rows);
        }
        Ok(Some(self.replay(&job, way).into_trace(opened)))
    }

    /// An answer with the pools of a way; `None`: the protocol does not score it.
    fn job(&self, number: u32, way: &ScoringWay) -> Result<Option<ReplayJob>> {
        let mut scored = self.schedule.scored.iter();
        let Some(&(_, n_arrived)) = scored.find(|s| s.0 == number) else {
            return Ok(None);
        };
        let pools = GrowingPools::of_way(self, way).up_to(n_arrived)?;
        let answer = self.answers.read(number)?;
        Ok(Some(ReplayJob::against(pools, number, answer)))
    }

    fn at_once(&self, jobs: &[ReplayJob]) -> Vec<Vec<EntryScore>> {
        let n_ways = self.ways.len();
        let score = |at: usize| {
            let (job, way) = (&jobs[at / n_ways], &self.ways[at % n_ways]);
            self.score(job, self.replay(job, way)).0
        };
        let all = (0..jobs.len() * n_ways).into_par_iter().with_max_len(1);
        let mut all = all.map(score).collect::<Vec<_>>().into_iter();
        let of_job = |_| all.by_ref().take(n_ways).collect();
        jobs.iter().map(of_job).collect()
    }

    /// The same, each way's answers one after the other.
    fn in_turn(
        &self,
        jobs: &[ReplayJob],
        learned: &mut [Option<Calibrations>],
    ) -> Vec<Vec<EntryScore>> {
        let ways = self.ways.par_iter().zip(learned.par_iter_mut());
        let by_way = ways.map(|(way, learned)| {
            let score = |job: &ReplayJob| {
                let mut replay = self.replay(job, way);
                if let Some(learned) = learned.take() {
                    replay = replay.with_calibrations(learned);
                }
                let (score, replay) = self.score(job, replay);
                *learned = Some(replay.into_calibrations());
                score
            };
            jobs.iter().map(score).collect::<Vec<_>>().into_iter()
        });
        let mut by_way: Vec<_> = by_way.collect();
        let of_job = |_| by_way.iter_mut().filter_map(Iterator::next).collect();
        jobs.iter().map(of_job).collect()
    }

    pub(super) fn replay<'j>(&self, job: &'j ReplayJob, way: &ScoringWay) -> LogReplay<'j> {
        let entry = &self.answers.entries[job.number as usize];
        let (pools, group) = match way.is_dealt {
            true => (&job.dealt, &entry.dealt),
            false => (&job.own, &entry.group),
        };
        let pools = self.without_own(job.number, pools);
        LogReplay::begin(
            &job.answer,
            (pools, Some(group.clone())),
            self.start,
            way.params,
        )
    }

    /// Without documents about the same subject and, if the protocol says so, the answers
    /// to the same request.
    fn without_own(&self, number: u32, pools: &Pools) -> Pools {
        let entries = &self.answers.entries;
        let entry = &entries[number as usize];
        let mut own = entry.own_documents.clone();
        if self.schedule.hides_own {
            let same = |other: &usize| entries[*other].request == entry.request;
            let at = number as usize;
            own.extend((0..at).rev().take_while(same).map(document_id));
            own.extend((at..entries.len()).take_while(same).map(document_id));
        }
        if own.is_empty() {
            return pools.clone();
        }
        let unwanted = own.into_iter().map(|id| Unwanted {
            id,
            from: PoolPart::All,
        });
        pools.without_all(&unwanted.collect::<Vec<_>>())
    }

    fn score<'j>(&self, job: &ReplayJob, mut replay: LogReplay<'j>) -> (EntryScore, LogReplay<'j>) {
        let entry = &self.answers.entries[job.number as usize];
        let mut score = EntryScore::default();
        while let Some(LogStep { step, is_judged }) = replay.step() {
            if !is_judged {
                score.add_unjudged(&step, &self.costs);
                continue;
            }
            let position = step.context_len - job.answer.prompt_ids.len();
            let place = StepPlace {
                position,
                heading: entry.heading_at(position),
            };
            let from_prompt = |node| replay.is_from_prompt(&step, node);
            score.add(&step, &self.costs, place, from_prompt);
        }
        (score, replay)
    }
}

/// The name of an answer in the pools.
fn document_id(number: usize) -> DocId {
    DocId::from(format!("log/{}", number + 1))
}

/// The base with the answers that have arrived.
pub(super) struct GrowingPools<'a> {
    scoring: &'a Scoring<'a>,
    group: fn(&LoggedEntry) -> &GroupKey,
    growth: Growth,
    n_arrived: usize,
    pools: Pools,
}

impl<'a> GrowingPools<'a> {
    fn new(scoring: &'a Scoring<'a>, group: fn(&LoggedEntry) -> &GroupKey) -> Self {
        GrowingPools {
            scoring,
            group,
            growth: Growth::default(),
            n_arrived: 0,
            pools: scoring.base.clone(),
        }
    }

    /// The pools that a way drafts from.
    pub(super) fn of_way(scoring: &'a Scoring<'a>, way: &ScoringWay) -> Self {
        match way.is_dealt {
            true => Self::new(scoring, |entry| &entry.dealt),
            false => Self::new(scoring, |entry| &entry.group),
        }
    }

    /// With the first `n` arrivals; never fewer than before.
    pub(super) fn up_to(&mut self, n: u32) -> Result<Pools> {
        let arrivals = &self.scoring.schedule.arrivals;
        let new = &arrivals[self.n_arrived.min(n as usize)..n as usize];
        if new.len() == arrivals.len() && !new.is_empty() {
            self.pools = self.in_bulk(new)?;
        } else if !new.is_empty() {
            for &number in new {
                self.growth.add(self.document(number)?);
            }
            self.pools = self.scoring.base.beside(&self.growth.pools());
        }
        self.n_arrived += new.len();
        Ok(self.pools.clone())
    }

    /// All at once: few segments, which are searched faster.
    fn in_bulk(&self, numbers: &[u32]) -> Result<Pools> {
        let mut pools = self.scoring.base.clone();
        let (mut docs, mut n_tokens) = (Vec::new(), 0);
        for &number in numbers {
            let doc = self.document(number)?;
            n_tokens += doc.tokens.len();
            docs.push(doc);
            if n_tokens >= BULK_TOKENS {
                pools = pools.beside(&Pools::build(std::mem::take(&mut docs)));
                n_tokens = 0;
            }
        }
        Ok(pools.beside(&Pools::build(docs)))
    }

    fn document(&self, number: u32) -> Result<PoolDoc> {
        let answers = self.scoring.answers;
        let entry = &answers.entries[number as usize];
        Ok(PoolDoc {
            id: document_id(number as usize),
            title: entry.id.clone(),
            group: (self.group)(entry).clone(),
            tokens: answers.read(number)?.document(),
        })
    }
}
