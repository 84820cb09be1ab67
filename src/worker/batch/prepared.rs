//! A batch before its first pass: prompts rendered, the room measured, costs known.

use color_eyre::eyre::{Result, ensure};

use super::Reporter;
use crate::engine::{BatchRoom, Engine, Prompts, RunSpec};
use crate::protocol::{Asked, BatchRequest, Event, PromptText, RunId};
use crate::session::cost;
use crate::speculate::TokenId;
use crate::speculate::params::{MAX_LANES, Params};
use crate::worker::inbox::Inbox;

/// The most bytes of keys, values and logits, as with `generate --batch`.
const MOST_BYTES: u64 = 1 << 30;

/// What can begin.
pub(super) struct Prepared {
    pub(super) room: BatchRoom,
    /// In the order in which they begin.
    pub(super) runs: Vec<(RunId, RunSpec)>,
}

/// Renders every prompt. `None`: cancelled, or no prompt is left.
///
/// # Errors
/// Too little memory; what the device reports.
pub(super) fn prepared(
    engine: &mut Engine,
    request: BatchRequest,
    inbox: &mut Inbox<'_>,
    to: &Reporter<'_>,
) -> Result<Option<Prepared>> {
    let (params, mut prompts) = (request.params, Prompts::default());
    let mut runs = Vec::new();
    for (run, asked) in request.asked {
        if inbox.asks_to_end_batch() {
            return Ok(None);
        }
        match rendered(engine, asked, params) {
            Ok((spec, ids)) => {
                prompts.add(&spec.subject.kind, &ids);
                runs.push((run, spec));
            }
            Err(why) => to.failed(run, format!("{why:#}")),
        }
    }
    let lanes = request.lanes.min(runs.len()).min(MAX_LANES);
    if lanes == 0 || !settle(engine, lanes, inbox, to)? {
        return Ok(None);
    }
    let context = engine.model.context();
    let room = BatchRoom {
        lanes,
        own: BatchRoom::own_tokens(prompts.longest_own(), params.max_tokens, context),
        prefixes: prompts.prefixes(),
    };
    let bytes = room.bytes(engine);
    ensure!(
        lanes == 1 || bytes <= MOST_BYTES,
        "{lanes} subjects together need {} MiB for keys, values and logits, and a batch may use \
         {} MiB: choose a smaller batch size",
        bytes >> 20,
        MOST_BYTES >> 20
    );
    Ok(Some(Prepared { room, runs }))
}

/// A run with its prompt rendered, and the prompt's tokens.
fn rendered(engine: &Engine, asked: Asked, params: Params) -> Result<(RunSpec, Vec<TokenId>)> {
    let model = &engine.model;
    let fitted = model.render_to_fit(&asked.prompt, params.max_tokens)?;
    ensure!(
        fitted.ids.len() < model.context(),
        "its prompt of {} tokens leaves no room for an answer",
        fitted.ids.len()
    );
    let ids = fitted.ids.clone();
    let prompt = PromptText {
        as_recorded: Some(fitted),
        history: None,
        ..asked.prompt
    };
    Ok((RunSpec::new(asked.subject, prompt, params), ids))
}

/// Measures what passes over several subjects cost, where this machine's profile does not
/// say. `false`: cancelled.
fn settle(
    engine: &mut Engine,
    lanes: usize,
    inbox: &mut Inbox<'_>,
    to: &Reporter<'_>,
) -> Result<bool> {
    let start = &engine.start;
    let is_known = start.cost.is_empty() || !start.cost.passes.is_empty();
    if lanes == 1 || is_known || engine.setup.has("--cost") {
        return Ok(true);
    }
    let mut is_cancelled = false;
    let settled = cost::settle_passes(engine, &mut |done, of| {
        let _ = to.events.send(Event::Measuring { done, of });
        is_cancelled |= inbox.asks_to_end_batch();
        !is_cancelled
    });
    if is_cancelled {
        return Ok(false);
    }
    settled?;
    let profile = Box::new(engine.start.cost.clone());
    let _ = to.events.send(Event::Profile(profile));
    Ok(true)
}
