//! What a step costs on this machine: real steps of synthetic runs, back to back, with
//! a chosen number of rows and a chosen context. The cost profile and `bench forward`
//! share this code.

mod passes;

use std::time::{Duration, Instant};

use color_eyre::eyre::{Result, ensure};

use super::{Engine, Run, RunSpec};
use crate::model::clock::PassTimes;
use crate::model::kernels::Isa;
use crate::model::roofline::Roofline;
use crate::protocol::{PromptText, RenderedPrompt};
use crate::speculate::TokenId;
use crate::speculate::cost::{CostPoint, CostProfile};
use crate::speculate::draft::DraftTree;
use crate::speculate::params::{AcceptanceRule, Budget, MAX_ROWS, Params};
use crate::speculate::subject::{FrameworkName, KindName};
use crate::speculate::trace::{SubjectInfo, Timing};

/// Steps before the measured ones: caches, page tables and threads settle, and
/// retrieval catches up with the context.
const WARM_UP: usize = 2;
/// Longest branch of a synthetic tree, in tokens.
const BRANCH: usize = 12;
/// Context that synthetic runs leave free, for their rows and for what their steps commit.
const SPARE: usize = 2 * MAX_ROWS;
/// Tokens by which a synthetic run may grow before it restarts.
const GROWTH: usize = SPARE - MAX_ROWS - BRANCH - 1;
/// An interquartile range above this share of a point's median means that the machine
/// is busy.
pub(crate) const LARGE_SPREAD: f32 = 0.15;

/// Time limit of a profile, on a model that is fast enough.
const SOFT_LIMIT: Duration = Duration::from_millis(2400);
/// Measured steps of a point.
const FEWEST: usize = 3;
const MOST: usize = 9;

/// The points of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grid {
    /// (rows, context), the rows of a number one after the other.
    pub(crate) points: Vec<(usize, usize)>,
    /// Measured steps of each.
    pub(crate) repeats: usize,
}

/// A measured point, with the parts of its median pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeasuredPoint {
    /// Rows, context and the median time.
    pub cost: CostPoint,
    pub(crate) parts: PassTimes,
    /// Reading the logits: penalty, distribution, ranks.
    pub(crate) verify_ms: f32,
}

/// Called with points done and in total; `false` ends the measurement.
pub(crate) type Measuring<'a> = &'a mut dyn FnMut(usize, usize) -> bool;

impl Engine {
    /// Measures t(rows, context): within three seconds for a small model, over fewer
    /// points for a slow one. `None`: cancelled. The cache is emptied. Blocks that are
    /// not loaded are assumed to cost the same as the others.
    ///
    /// # Errors
    /// What the device reports.
    pub fn measure_profile(&mut self, go_on: Measuring) -> Result<Option<CostProfile>> {
        let Some(first) = self.measure_once(go_on)? else {
            return Ok(None);
        };
        if first.spread() <= LARGE_SPREAD {
            return Ok(Some(first));
        }
        // It was disturbed: measure once more and use the less noisy result.
        let Some(second) = self.measure_once(go_on)? else {
            return Ok(None);
        };
        let quieter = |p: &CostProfile| p.points.iter().map(|p| p.spread).sum::<f32>();
        Ok(Some(match quieter(&second) < quieter(&first) {
            true => second,
            false => first,
        }))
    }

    /// One measurement, over a grid that suits this model's speed.
    fn measure_once(&mut self, go_on: Measuring) -> Result<Option<CostProfile>> {
        let grid = self.suitable_grid()?;
        let mut points = Vec::with_capacity(grid.points.len());
        for (done, &(rows, context)) in grid.points.iter().enumerate() {
            if !go_on(done, grid.points.len()) {
                return Ok(None);
            }
            let measured = self.measure_point(rows, context, grid.repeats)?;
            points.push(self.with_all_blocks(&measured));
        }
        Ok(Some(CostProfile {
            points,
            ..CostProfile::default()
        }))
    }

    /// The head and the rest of a step count once.
    fn with_all_blocks(&self, measured: &MeasuredPoint) -> CostPoint {
        let CostPoint {
            forward_ms,
            step_ms,
            ..
        } = measured.cost;
        let head_ms = measured.parts.head_ms;
        let added_ms = self.of_all_blocks(forward_ms, head_ms) - forward_ms;
        CostPoint {
            forward_ms: forward_ms + added_ms,
            step_ms: step_ms + added_ms,
            ..measured.cost
        }
    }

    /// What a pass takes over all blocks, where only some are there.
    fn of_all_blocks(&self, pass_ms: f32, head_ms: f32) -> f32 {
        let n_blocks = self.model.decoder.config().layers.max(1);
        if n_blocks == self.model.of_blocks {
            return pass_ms;
        }
        let blocks_ms = (pass_ms - head_ms).max(0.0);
        pass_ms + blocks_ms * (self.model.of_blocks as f32 / n_blocks as f32 - 1.0)
    }

    /// The longest context that can be measured here, in tokens.
    pub fn longest_measured(&self) -> usize {
        self.model.context().saturating_sub(SPARE).max(1)
    }

    fn suitable_grid(&mut self) -> Result<Grid> {
        let longest = self.longest_measured();
        let near = longest.min(128);
        let start = Instant::now();
        let one = self.quickest_ms(1, near)?;
        let many = self.quickest_ms(16, near)?;
        Ok(Grid::suitable(longest, one, many, start.elapsed()))
    }

    /// The fastest of a few steps, which depends least on other load.
    fn quickest_ms(&mut self, rows: usize, context: usize) -> Result<f32> {
        let steps = self.made_up_steps(rows, context, 4)?;
        let times = steps.iter().map(|(timing, _)| timing.total() as f32);
        Ok(times.fold(f32::INFINITY, f32::min))
    }

    /// Steps over exactly `rows` rows with `context` tokens before them, after a
    /// warm-up, back to back. The cache is emptied.
    ///
    /// # Errors
    /// A context that does not fit; what the device reports.
    pub fn measure_point(
        &mut self,
        rows: usize,
        context: usize,
        repeats: usize,
    ) -> Result<MeasuredPoint> {
        let steps = self.made_up_steps(rows, context, WARM_UP + repeats.max(1));
        self.model.forget();
        let mut steps = steps?.split_off(WARM_UP);
        let total = |step: &(Timing, PassTimes)| step.0.total();
        steps.sort_by(|a, b| total(a).total_cmp(&total(b)));
        let at = |quarter: usize| total(&steps[(steps.len() - 1) * quarter / 4]);
        let step_ms = at(2);
        let spread = ((at(3) - at(1)) / step_ms) as f32;
        steps.sort_by(|a, b| forward_ms(&a.0).total_cmp(&forward_ms(&b.0)));
        let (timing, parts) = steps[(steps.len() - 1) / 2];
        Ok(MeasuredPoint {
            cost: CostPoint {
                rows,
                context: Some(context),
                forward_ms: rounded(forward_ms(&timing)),
                step_ms: rounded(step_ms),
                spread: rounded(f64::from(spread)),
            },
            parts,
            verify_ms: timing.verify as f32,
        })
    }

    fn made_up_steps(
        &mut self,
        rows: usize,
        context: usize,
        n: usize,
    ) -> Result<Vec<(Timing, PassTimes)>> {
        ensure!(
            (1..=self.longest_measured()).contains(&context),
            "a context of {context} tokens cannot be measured: it must be 1 to {}",
            self.longest_measured()
        );
        let ids = self.made_up_text(context);
        let prefix = ids.len() - 1;
        let mut steps = Vec::with_capacity(n);
        while steps.len() < n {
            self.model.decoder.truncate(0);
            self.model.decoder.fill_for_bench(prefix)?;
            // As far as the run can tell, the cache holds these tokens.
            self.model.cached = ids[..prefix].to_vec();
            let run = self.begin(made_up_run(ids.clone(), rows), &mut |_, _| true)?;
            let mut run = run.without_offers();
            while steps.len() < n && run.context_len() <= context + GROWTH {
                steps.push(run.step_of(rows)?);
            }
        }
        Ok(steps)
    }

    /// The end of the pools' first documents, so that retrieval has something to
    /// find; made-up tokens where there are none.
    fn made_up_text(&self, n: usize) -> Vec<TokenId> {
        let (listed, _) = self.pools.current.documents(None, 1 + n / 64);
        let docs = listed
            .iter()
            .filter_map(|doc| self.pools.current.document(&doc.id));
        let mut ids: Vec<TokenId> = docs.flat_map(|doc| doc.tokens).take(n).collect();
        let vocab = self.model.codec.vocab_size().max(1);
        let missing = n - ids.len();
        ids.extend((0..missing).map(|i| ((i * 7919) % vocab) as TokenId));
        ids
    }

    /// Milliseconds of processing a prompt of `n` tokens; `None` where it does
    /// not fit. The cache is emptied.
    ///
    /// # Errors
    /// What the device reports.
    pub(crate) fn prompt_ms(&mut self, n: usize) -> Result<Option<f32>> {
        self.model.cached.clear();
        let mut times = Vec::new();
        for _ in 0..3 {
            self.model.decoder.truncate(0);
            if n > self.model.decoder.capacity() {
                return Ok(None);
            }
            let start = Instant::now();
            self.model.decoder.extend(&vec![0; n])?;
            times.push(start.elapsed().as_secs_f32() * 1000.0);
        }
        self.model.decoder.truncate(0);
        times.sort_by(f32::total_cmp);
        Ok(times.get(1).copied())
    }

    /// The roofline of this machine; `None` on a GPU.
    pub(crate) fn roofline(&self) -> Option<Roofline> {
        self.model.decoder.roofline()
    }

    /// Uses these instructions from now on; the processor must support them.
    pub(crate) fn set_isa(&mut self, isa: Isa) {
        self.model.decoder.set_isa(isa);
    }
}

impl Run<'_> {
    /// A step whose tree has exactly `rows` rows: the drafts, padded with unlikely
    /// tokens. An end-of-text token does not end the run.
    fn step_of(&mut self, rows: usize) -> Result<(Timing, PassTimes)> {
        let timing = self.step_on(|tree| fill(tree, rows))?;
        Ok((timing, self.pass_times()))
    }
}

/// Drafts with branches of realistic length.
fn fill(tree: &mut DraftTree, rows: usize) {
    tree.truncate(rows);
    while tree.n_rows() < rows {
        let last = tree.n_rows() - 1;
        let parent = if tree.nodes[last].depth < BRANCH {
            last
        } else {
            0
        };
        tree.push(parent, last as TokenId, 1e-6, Vec::new());
    }
}

fn made_up_run(ids: Vec<TokenId>, rows: usize) -> RunSpec {
    let subject = SubjectInfo {
        kind: KindName::Prompt,
        id: "cost".into(),
        title: "cost profile".into(),
        group: None,
        framework: FrameworkName::default(),
    };
    let prompt = PromptText {
        as_recorded: Some(RenderedPrompt {
            text: String::new(),
            ids,
            opening_len: 0,
            n_dropped: 0,
        }),
        ..PromptText::default()
    };
    let params = Params {
        verify: match rows {
            1 => AcceptanceRule::Autoregressive,
            _ => AcceptanceRule::Strict,
        },
        budget: Budget::Rows(rows),
        max_tokens: usize::MAX,
        ..Params::default()
    };
    RunSpec::new(subject, prompt, params)
}

fn forward_ms(timing: &Timing) -> f64 {
    timing.forward + timing.verify
}

/// To four decimals, the precision of a clock.
fn rounded(ms: f64) -> f32 {
    ((ms * 1e4).round() / 1e4) as f32
}

impl Grid {
    /// Numbers of rows on a model of ordinary speed, and on a slow one.
    const FINE: [usize; 12] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];
    const COARSE: [usize; 5] = [1, 4, 16, 32, 64];
    const COARSEST: [usize; 3] = [1, 8, 64];
    /// Rows that are measured over the longest context, too.
    const FAR: [usize; 3] = [1, 8, 32];

    /// The grid for a model whose steps of 1 and 16 rows take this many milliseconds,
    /// after `spent` of the time.
    fn suitable(longest: usize, one_ms: f32, many_ms: f32, spent: Duration) -> Self {
        let (near, middle) = (longest.min(128), longest.min(1024));
        let a_row = ((many_ms - one_ms) / 15.0).max(one_ms * 0.01);
        // Attention over a longer context makes a row up to about 50% more expensive.
        let ms = |rows: usize| 1.4 * (one_ms + a_row * (rows as f32 - 1.0));
        let left = SOFT_LIMIT.saturating_sub(spent).as_secs_f32() * 1000.0;
        for rows in [Self::FINE.as_slice(), &Self::COARSE, &Self::COARSEST] {
            let mut points = Vec::new();
            for &n in rows.iter().filter(|&&n| n <= MAX_ROWS) {
                points.push((n, near));
                points.extend((middle > near).then_some((n, middle)));
                let is_far = longest > middle + middle / 2 && Self::FAR.contains(&n);
                points.extend(is_far.then_some((n, longest)));
            }
            let a_round: f32 = points.iter().map(|p| ms(p.0)).sum();
            let repeats = (left / a_round) as usize;
            let is_last = rows.len() == Self::COARSEST.len();
            if repeats >= FEWEST + WARM_UP || is_last {
                let repeats = repeats.saturating_sub(WARM_UP).clamp(FEWEST, MOST);
                return Grid { points, repeats };
            }
        }
        unreachable!("the last grid is always taken")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(grid: &Grid) -> Vec<usize> {
        let mut rows: Vec<usize> = grid.points.iter().map(|p| p.0).collect();
        rows.dedup();
        rows
    }

    #[test]
    fn a_slow_model_gets_a_coarser_grid() {
        let none = Duration::ZERO;
        let small = Grid::suitable(1900, 2.0, 6.0, none);
        assert_eq!(rows(&small), Grid::FINE);
        assert!(small.repeats >= FEWEST && small.points.contains(&(8, 1900)));
        let medium = Grid::suitable(1900, 12.0, 40.0, none);
        assert_eq!(rows(&medium).len(), Grid::COARSEST.len());
        let large = Grid::suitable(1900, 400.0, 2000.0, none);
        assert_eq!((rows(&large), large.repeats), (vec![1, 8, 64], FEWEST));
    }

    #[test]
    fn a_short_context_is_measured_once() {
        let grid = Grid::suitable(100, 0.1, 0.2, Duration::ZERO);
        assert!(grid.points.iter().all(|p| p.1 == 100));
        assert_eq!(grid.repeats, MOST);
    }

    #[test]
    fn a_tree_is_filled_up_to_the_row() {
        let mut tree = DraftTree::root_only(5);
        tree.push(0, 7, 0.5, Vec::new());
        fill(&mut tree, 30);
        assert_eq!(tree.n_rows(), 30);
        assert!(tree.nodes.iter().all(|node| node.depth <= 12));
        fill(&mut tree, 1);
        assert_eq!(tree.n_rows(), 1);
    }
}
