//! Many runs at once, whose rows share the forward passes. A lane holds one run at a time;
//! the caller begins the next run in a lane that has become free. Knows nothing of plans
//! and files.

mod assemble;
mod lane;
mod part;
mod pass;
mod prefixes;

use color_eyre::eyre::{Result, ensure};

use super::run::state::RunState;
use super::{Engine, RunSpec};
use crate::model::decoder::MAX_BATCH_ROWS;
use crate::model::sequences::{PrefixId, Sequences};
use crate::speculate::TokenId;
use crate::speculate::cost::{CostProfile, PassCosts};
use crate::speculate::params::{MAX_LANES, MAX_ROWS, Params};
use crate::speculate::passes::PassesHeader;
use crate::speculate::trace::{RowsBy, Trace};
use lane::Lane;

pub use lane::Ended;
pub use prefixes::Prompts;

/// The size of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchRoom {
    /// Runs at once.
    pub lanes: usize,
    /// Tokens of a run after its shared prefix: prompt, answer, and the rows of a pass.
    pub own: usize,
    /// The prefixes that prompts share, each stored once.
    pub prefixes: Vec<Vec<TokenId>>,
}

impl BatchRoom {
    /// The `own` for prompts of up to `prompt` tokens after their shared prefix.
    pub fn own_tokens(prompt: usize, max_tokens: usize, context: usize) -> usize {
        (prompt.saturating_add(max_tokens).saturating_add(MAX_ROWS)).min(context)
    }

    /// Tokens of the longest shared prefix.
    pub(crate) fn longest_prefix(&self) -> usize {
        self.prefixes.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// Bytes of keys, values and logits.
    pub(crate) fn bytes(&self, engine: &Engine) -> u64 {
        let shared: Vec<usize> = self.prefixes.iter().map(Vec::len).collect();
        let decoder = &engine.model.decoder;
        decoder.bytes_of_sequences(self.lanes, self.own, &shared)
            + decoder.bytes_of_logits(MAX_BATCH_ROWS)
    }
}

/// Runs in progress, whose rows are computed together.
pub struct Batch<'e> {
    engine: &'e mut Engine,
    sequences: Sequences,
    prefixes: Vec<(PrefixId, Vec<TokenId>)>,
    lanes: Vec<Option<Lane>>,
    costs: PassCosts,
    /// The cost profile of a lossy rule with an automatic budget.
    price: CostProfile,
    /// Whether steps record where their drafts come from.
    names_origins: bool,
    /// The lane served first if the rows of all lanes do not fit a pass.
    turn: usize,
    n_passes: usize,
}

impl<'e> Batch<'e> {
    /// Allocates the lanes and computes the shared prefixes. `go_on(done, of)` gets the
    /// progress in tokens of each prefix. `None`: cancelled.
    ///
    /// # Errors
    /// No lanes or too many; what the device reports.
    pub fn new(
        engine: &'e mut Engine,
        room: &BatchRoom,
        go_on: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Result<Option<Self>> {
        ensure!(
            (1..=MAX_LANES).contains(&room.lanes),
            "a batch of {}: must be 1 to {MAX_LANES}",
            room.lanes
        );
        let decoder = &mut engine.model.decoder;
        let mut sequences = decoder.sequences(room.lanes, room.own)?;
        let mut prefixes = Vec::new();
        for tokens in room.prefixes.iter().filter(|tokens| !tokens.is_empty()) {
            let Some(id) = decoder.share_prefix(&mut sequences, tokens, go_on)? else {
                return Ok(None);
            };
            prefixes.push((id, tokens.clone()));
        }
        let costs = PassCosts::new(&engine.start.cost).shared_by(engine.model.threads());
        Ok(Some(Batch {
            price: costs.priced(&engine.start.cost, room.lanes, room.longest_prefix()),
            lanes: (0..room.lanes).map(|_| None).collect(),
            names_origins: true,
            turn: 0,
            n_passes: 0,
            costs,
            sequences,
            prefixes,
            engine,
        }))
    }

    /// Does not record the drafts' origins, for speed.
    pub(crate) fn without_origins(mut self) -> Self {
        self.names_origins = false;
        self
    }

    /// The engine, between passes: changes to its pools apply to runs that begin afterwards.
    /// Its own cache is free for other runs.
    pub(crate) fn engine(&mut self) -> &mut Engine {
        self.engine
    }

    /// The first line of the record of its passes.
    pub(crate) fn passes_header(&self) -> PassesHeader {
        let model = &self.engine.model;
        PassesHeader {
            device: model.device.clone(),
            threads: model.threads(),
            lanes: self.lanes.len(),
            shared: self.prefixes.iter().map(|p| p.1.len()).collect(),
            ..PassesHeader::new(model.info.clone(), self.engine.start.cost.clone())
        }
    }

    /// A lane without a run.
    pub fn free_lane(&self) -> Option<usize> {
        self.lanes.iter().position(Option::is_none)
    }

    /// Whether no lane has a run.
    pub fn is_idle(&self) -> bool {
        self.lanes.iter().all(Option::is_none)
    }

    /// The runs in progress, by lane.
    pub fn traces(&self) -> impl Iterator<Item = (usize, &Trace)> {
        let lanes = self.lanes.iter().enumerate();
        lanes.filter_map(|(i, lane)| Some((i, &lane.as_ref()?.trace)))
    }

    /// Begins a run in a free lane, with the current pools; its prompt is computed in the
    /// next passes.
    ///
    /// # Errors
    /// A lane that is not free; a prompt that leaves no room in the context or in a lane.
    pub fn begin(&mut self, lane: usize, spec: RunSpec) -> Result<()> {
        let is_free = self.lanes.get(lane).is_some_and(Option::is_none);
        ensure!(is_free, "lane {lane} is not free");
        let (rows, spec) = self.allotted(spec);
        let mut state = RunState::begin(self.engine, spec)?;
        state.header.rows = rows;
        state.header.batch = if self.lanes.len() > 1 {
            self.lanes.len()
        } else {
            0
        };
        let prefix = self.prefixes.iter().rev();
        let prefix = prefix
            .filter(|(_, tokens)| tokens.len() < state.ids.len() && state.ids.starts_with(tokens))
            .max_by_key(|(_, tokens)| tokens.len());
        let shared = prefix.map_or(0, |(_, tokens)| tokens.len());
        let (own, room) = (state.ids.len() - shared, self.sequences.capacity());
        let context = self.engine.model.context() - shared;
        let needed = BatchRoom::own_tokens(own, state.params.max_tokens, context);
        ensure!(
            needed <= room,
            "the run needs {needed} tokens after its shared prefix, but a lane has {room}"
        );
        self.sequences.begin(lane, prefix.map(|(id, _)| *id));
        self.lanes[lane] = Some(Lane::new(state, shared));
        Ok(())
    }

    /// Whether the run or the whole pass decides how many rows its steps get, and the profile
    /// that a lossy run uses.
    fn allotted(&self, mut spec: RunSpec) -> (RowsBy, RunSpec) {
        let Params { verify, budget, .. } = spec.params;
        if !budget.is_auto() || !spec.params.drafts() {
            return (RowsBy::Own, spec);
        }
        if verify.is_lossless() {
            return (RowsBy::Shared, spec);
        }
        spec.start.cost.get_or_insert_with(|| self.price.clone());
        (RowsBy::Own, spec)
    }

    /// Ends every run as cancelled.
    pub fn cancel(&mut self) {
        let lanes = self.lanes.iter_mut().flatten();
        lanes.for_each(|lane| lane.state.cancel());
    }

    /// Frees the lanes whose runs have ended, in lane order.
    pub fn take_ended(&mut self) -> Vec<Ended> {
        let mut ended = Vec::new();
        for (i, place) in self.lanes.iter_mut().enumerate() {
            let is_over = |lane: &mut Lane| lane.state.finish.is_some();
            if let Some(lane) = place.take_if(is_over) {
                ended.extend(lane.ended(i));
            }
        }
        ended
    }
}
