//! How many subjects are decoded together: the number requested, or what pays on this
//! machine; never more than fit the memory limit. Decided before anything is generated.

use color_eyre::eyre::{Result, ensure};

use super::plan::{Batch, Plan, role};
use crate::cli::{Lanes, MemorySize};
use crate::console::interrupt;
use crate::console::progress::Line;
use crate::engine::{BatchRoom, Engine, Prompts};
use crate::model::fetch::Cancelled;
use crate::speculate::cost::{Load, PassCosts};
use crate::worker::ask;

/// The batch sizes that `auto` considers.
const CHOICES: [usize; 6] = [1, 2, 4, 8, 16, 32];
/// `auto` takes the smallest size that reaches this share of the best estimated rate.
const NEARLY: f32 = 0.97;

/// The lag between a subject and the answers it draws on, in batch sizes.
const WINDOWS: usize = 4;

/// How many subjects right before one need not be finished when it begins; it never draws
/// on their answers.
pub(crate) fn lag(lanes: usize) -> usize {
    match lanes {
        1 => 0,
        n => WINDOWS * n,
    }
}

/// The prompts of a plan: the prefixes they share, and the room they need.
///
/// # Errors
/// A prompt that cannot be rendered; [`Cancelled`].
pub(crate) fn survey(batch: &Batch<'_>, engine: &Engine, plan: &Plan) -> Result<Prompts> {
    let mut prompts = Prompts::default();
    let mut line = Line::new();
    for (i, &at) in plan.subjects.iter().enumerate() {
        line.show(&format!("prompts {}/{}", i + 1, plan.subjects.len()));
        if interrupt::is_set() {
            return Err(Cancelled.into());
        }
        let role = role(batch.catalog, at, batch.args.pool_half);
        let (subject, prompt) = ask::about(batch.catalog, at, batch.framework, role)?;
        let model = &engine.model;
        let fitted = model.render_to_fit(&prompt, batch.params.max_tokens)?;
        if fitted.ids.len() < model.context() {
            prompts.add(&subject.kind, &fitted.ids);
        }
    }
    Ok(prompts)
}

/// The room for this many subjects.
pub(crate) fn room(
    lanes: usize,
    prompts: &Prompts,
    batch: &Batch<'_>,
    engine: &Engine,
) -> BatchRoom {
    let max_tokens = batch.params.max_tokens;
    BatchRoom {
        lanes,
        own: BatchRoom::own_tokens(prompts.longest_own(), max_tokens, engine.model.context()),
        prefixes: prompts.prefixes(),
    }
}

/// How many subjects are decoded together.
///
/// # Errors
/// The number requested does not fit the memory limit.
pub(crate) fn choose(
    asked: Lanes,
    prompts: &Prompts,
    batch: &Batch<'_>,
    engine: &Engine,
) -> Result<usize> {
    let MemorySize(most) = batch.args.batch.batch_memory;
    let bytes = |lanes: usize| room(lanes, prompts, batch, engine).bytes(engine);
    match asked {
        Lanes::Exactly(1) => Ok(1),
        Lanes::Exactly(n) => {
            let fitting = (1..n).rev().find(|&lanes| bytes(lanes) <= most);
            ensure!(
                bytes(n) <= most,
                "--batch {n} needs {} for keys, values and logits, but --batch-memory allows {}: {}",
                MemorySize(bytes(n)),
                MemorySize(most),
                match fitting {
                    Some(fitting) if fitting > 1 => format!("--batch {fitting} fits"),
                    _ => "only --batch 1 fits, which needs no extra memory".to_string(),
                }
            );
            Ok(n)
        }
        Lanes::Auto => {
            let fitting = CHOICES.into_iter().filter(|&n| n == 1 || bytes(n) <= most);
            let fitting: Vec<usize> = fitting.collect();
            Ok(quick_enough(&fitting, prompts, batch, engine))
        }
    }
}

/// The smallest size that is nearly as fast as the fastest, by the cost profile and the
/// length of the longest prompt.
fn quick_enough(fitting: &[usize], prompts: &Prompts, batch: &Batch<'_>, engine: &Engine) -> usize {
    let costs = PassCosts::new(&engine.start.cost);
    let own = prompts.longest_own() + batch.params.max_tokens / 2;
    let shared = prompts.longest() - prompts.longest_own();
    let rate = |n: usize| n as f32 / costs.ms(Load::of(n, 1, own, shared));
    let best = fitting.iter().map(|&n| rate(n)).fold(0.0, f32::max);
    let enough = fitting.iter().copied().find(|&n| rate(n) >= NEARLY * best);
    enough.unwrap_or(1)
}
