//! LightGCN (He et al., SIGIR 2020, arXiv 2002.02126): embeddings of users and
//! items from who liked what, smoothed over the graph of likes, trained by BPR.
//!
//! With A the normalised adjacency and L layers the final embeddings are
//! F = (E + AE + A^2 E + ... + A^L E) / (L + 1). A is symmetric, so the same
//! propagation carries the gradient of F back to E, and nothing needs a tape.
//! A is never dense: a pass walks the lists of neighbours. Rows are divided among
//! threads and sums are not, so a seed gives the same numbers on any machine.
//!
//! Does not know catalogs.

mod adam;
mod graph;
mod recall;

use adam::Adam;
pub(crate) use graph::Graph;
use recall::Holdout;

use super::random::SplitMix64;

/// Hyperparameters; the paper's dimension and depth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Width of an embedding.
    pub dim: usize,
    /// Propagation steps, whose embeddings are averaged.
    pub n_layers: usize,
    /// Adam's.
    pub learning_rate: f32,
    /// Weight of the squared length of the embeddings in a batch.
    pub l2: f32,
    /// Likes per batch; more in a large graph, where every pass is expensive.
    pub batch: usize,
    /// Training ends after so many at the latest.
    pub n_epochs_max: usize,
    /// Epochs between two evaluations of the validation recall.
    pub check_every: usize,
    /// Training ends after this many evaluations without a better recall.
    pub patience: usize,
    /// Share of a user's likes that are held out for validation.
    pub held_out: f64,
    /// Initial embeddings, batches and held-out likes come from it.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            dim: 32,
            n_layers: 3,
            learning_rate: 0.005,
            l2: 1e-4,
            batch: 2048,
            n_epochs_max: 200,
            check_every: 5,
            patience: 4,
            held_out: 0.1,
            seed: 2408,
        }
    }
}

/// Batches per epoch in a large graph.
const BATCHES_AN_EPOCH: usize = 64;
/// Standard deviation of the first embeddings.
const FIRST_SCALE: f64 = 0.1;
/// Attempts to draw an item that is not liked.
const N_DRAWS: usize = 20;

/// The progress of training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    pub(crate) epoch: usize,
    pub(crate) n_epochs_max: usize,
    /// Mean BPR loss of the epoch.
    pub(crate) loss: f64,
    /// Recall@20 on the held-out likes, at the last evaluation.
    pub(crate) recall: Option<f64>,
    pub(crate) best_recall: Option<f64>,
}

/// Final embeddings, of the epoch with the best recall.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Trained {
    /// (users, dim); zeros where a user liked nothing.
    pub(crate) users: Vec<f32>,
    /// (items, dim)
    pub(crate) items: Vec<f32>,
    pub(crate) n_epochs: usize,
    /// Recall@20 on the held-out likes; `None` if there were too few.
    pub(crate) recall: Option<f64>,
}

/// Trains on likes, pairs of user and item. `None` if cancelled by `go_on`.
pub(crate) fn train(
    n_users: usize,
    n_items: usize,
    likes: &[(u32, u32)],
    options: &Options,
    go_on: &mut dyn FnMut(&Progress) -> bool,
) -> Option<Trained> {
    let mut random = SplitMix64::new(options.seed);
    let (kept, holdout) = Holdout::split(n_users, likes, options.held_out, &mut random);
    let graph = Graph::new(n_users, n_items, &kept);
    let mut embeddings: Vec<f32> = (0..graph.n_nodes() * options.dim)
        .map(|_| (random.normal() * FIRST_SCALE) as f32)
        .collect();
    let mut adam = Adam::new(embeddings.len(), options.learning_rate);
    let mut best = Best::default();
    let mut progress = Progress {
        epoch: 0,
        n_epochs_max: options.n_epochs_max,
        loss: 0.0,
        recall: None,
        best_recall: None,
    };
    for epoch in 1..=options.n_epochs_max {
        progress.epoch = epoch;
        progress.loss = run_epoch(&graph, &mut embeddings, &mut adam, options, &mut random);
        if epoch % options.check_every == 0 || epoch == options.n_epochs_max {
            let finals = graph.smooth(&embeddings, options.dim, options.n_layers);
            progress.recall = holdout.recall(&graph, &finals, options.dim);
            best.look(epoch, progress.recall, finals);
            progress.best_recall = best.recall;
        }
        if !go_on(&progress) {
            return None;
        }
        if best.n_looks_since > options.patience {
            break;
        }
    }
    Some(best.into_trained(&graph, options.dim))
}

#[derive(Default)]
struct Best {
    recall: Option<f64>,
    epoch: usize,
    finals: Vec<f32>,
    n_looks_since: usize,
}

impl Best {
    /// Without a recall the latest counts as the best.
    fn look(&mut self, epoch: usize, recall: Option<f64>, finals: Vec<f32>) {
        let better = match (recall, self.recall) {
            (Some(now), Some(best)) => now > best,
            _ => true,
        };
        match better {
            true => {
                *self = Best {
                    recall,
                    epoch,
                    finals,
                    n_looks_since: 0,
                }
            }
            false => self.n_looks_since += 1,
        }
    }

    fn into_trained(self, graph: &Graph, dim: usize) -> Trained {
        let mut users = self.finals;
        users.resize(graph.n_nodes() * dim, 0.0);
        let items = users.split_off(graph.n_users * dim);
        for (user, embedding) in users.chunks_exact_mut(dim).enumerate() {
            if graph.neighbours(user).is_empty() {
                embedding.fill(0.0);
            }
        }
        Trained {
            users,
            items,
            n_epochs: self.epoch,
            recall: self.recall,
        }
    }
}

/// One pass over all likes in a random order; the mean loss.
fn run_epoch(
    graph: &Graph,
    embeddings: &mut [f32],
    adam: &mut Adam,
    options: &Options,
    random: &mut SplitMix64,
) -> f64 {
    let mut likes = graph.likes();
    random.shuffle(&mut likes);
    let batch = options
        .batch
        .max(likes.len().div_ceil(BATCHES_AN_EPOCH))
        .max(1);
    let mut total = 0.0;
    for chunk in likes.chunks(batch) {
        let triples: Vec<Triple> = chunk
            .iter()
            .map(|&(user, item)| Triple {
                user,
                liked: item,
                other: draw_other(graph, user, random),
            })
            .collect();
        let (loss, gradient) = loss_and_gradient(graph, embeddings, &triples, options);
        total += loss * chunk.len() as f64;
        adam.step(embeddings, &gradient);
    }
    total / likes.len().max(1) as f64
}

/// A user node, the node of an item they liked, and one that they did not.
#[derive(Clone, Copy, Debug)]
struct Triple {
    user: u32,
    liked: u32,
    other: u32,
}

fn draw_other(graph: &Graph, user: u32, random: &mut SplitMix64) -> u32 {
    let liked = graph.neighbours(user as usize);
    let mut other = 0;
    for _ in 0..N_DRAWS {
        other = (graph.n_users as u64 + random.below(graph.n_items as u64)) as u32;
        if liked.binary_search(&other).is_err() {
            break;
        }
    }
    other
}

/// Mean over the triples of softplus(f_u . f_other - f_u . f_liked), plus half of
/// `l2` times the mean squared length of the three first embeddings; and its
/// gradient by the first embeddings, (nodes, dim).
fn loss_and_gradient(
    graph: &Graph,
    embeddings: &[f32],
    triples: &[Triple],
    options: &Options,
) -> (f64, Vec<f32>) {
    let (dim, n_layers) = (options.dim, options.n_layers);
    let finals = graph.smooth(embeddings, dim, n_layers);
    let share = 1.0 / triples.len().max(1) as f32;
    let mut by_final = vec![0.0; finals.len()];
    let mut loss = 0.0;
    for triple in triples {
        let [u, i, j] = triple.starts(dim);
        let gap: f32 = (0..dim)
            .map(|n| finals[u + n] * (finals[i + n] - finals[j + n]))
            .sum();
        loss += f64::from(softplus(-gap));
        let slope = -share / (1.0 + gap.exp());
        for n in 0..dim {
            let user = finals[u + n];
            by_final[u + n] += slope * (finals[i + n] - finals[j + n]);
            by_final[i + n] += slope * user;
            by_final[j + n] -= slope * user;
        }
    }
    let mut gradient = graph.smooth(&by_final, dim, n_layers);
    let mut squares = 0.0;
    for start in triples.iter().flat_map(|triple| triple.starts(dim)) {
        for n in start..start + dim {
            gradient[n] += options.l2 * share * embeddings[n];
            squares += f64::from(embeddings[n] * embeddings[n]);
        }
    }
    let loss = (loss + 0.5 * f64::from(options.l2) * squares) * f64::from(share);
    (loss, gradient)
}

impl Triple {
    /// Where the three embeddings begin.
    fn starts(&self, dim: usize) -> [usize; 3] {
        [self.user, self.liked, self.other].map(|node| node as usize * dim)
    }
}

/// ln(1 + e^x), without overflow.
fn softplus(x: f32) -> f32 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three clusters of 20 users and 15 items each, with a few stray likes.
    fn planted(seed: u64) -> Vec<(u32, u32)> {
        let mut random = SplitMix64::new(seed);
        let mut likes = Vec::new();
        for user in 0..60u32 {
            for item in 0..45u32 {
                let chance = if user / 20 == item / 15 { 0.4 } else { 0.03 };
                if random.unit() < chance {
                    likes.push((user, item));
                }
            }
        }
        likes
    }

    fn quick() -> Options {
        Options {
            dim: 8,
            batch: 128,
            learning_rate: 0.02,
            n_epochs_max: 40,
            ..Options::default()
        }
    }

    #[test]
    fn gradients_are_those_of_finite_differences() {
        let likes = [(0, 0), (0, 1), (1, 1), (2, 2), (2, 0)];
        let graph = Graph::new(3, 4, &likes);
        let options = Options {
            dim: 3,
            l2: 0.1,
            ..Options::default()
        };
        let mut random = SplitMix64::new(5);
        let embeddings: Vec<f32> = (0..7 * 3).map(|_| random.normal() as f32).collect();
        let triple = |user, liked, other| Triple { user, liked, other };
        let triples = [
            triple(0, 3, 6),
            triple(1, 4, 5),
            triple(2, 5, 4),
            triple(2, 3, 6),
        ];
        let (_, gradient) = loss_and_gradient(&graph, &embeddings, &triples, &options);
        const STEP: f32 = 5e-3;
        for n in 0..embeddings.len() {
            let at = |step: f32| {
                let mut moved = embeddings.clone();
                moved[n] += step;
                loss_and_gradient(&graph, &moved, &triples, &options).0
            };
            let slope = (at(STEP) - at(-STEP)) / f64::from(2.0 * STEP);
            let error = (slope - f64::from(gradient[n])).abs();
            assert!(error < 2e-4, "{n}: {slope} and {}", gradient[n]);
        }
        assert!(gradient.iter().any(|g| g.abs() > 0.05));
    }

    #[test]
    fn planted_worlds_are_found() {
        let likes = planted(7);
        let trained = train(60, 45, &likes, &quick(), &mut |_| true).expect("not cancelled");
        assert!(
            trained.recall.expect("enough likes") > 0.8,
            "{:?}",
            trained.recall
        );
        let mut users = trained.users;
        super::super::kmeans::to_unit_length(&mut users, 8);
        let found = super::super::kmeans::cluster(&users, 8, 3, 1).of_point;
        for world in 0..3 {
            let own = &found[world * 20..][..20];
            let most = (0..3)
                .map(|c| own.iter().filter(|&&x| x == c).count())
                .max();
            assert!(most >= Some(19), "world {world}: {own:?}");
        }
        assert_ne!(found[0], found[20]);
        assert_ne!(found[20], found[40]);
    }

    #[test]
    fn a_seed_gives_the_same_numbers_and_another_seed_others() {
        let likes = planted(1);
        let options = Options {
            n_epochs_max: 6,
            ..quick()
        };
        let run = |options: &Options, threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let pool = pool.expect("threads");
            pool.install(|| train(60, 45, &likes, options, &mut |_| true))
        };
        let first = run(&options, 1);
        assert_eq!(first, run(&options, 3));
        assert_ne!(first, run(&Options { seed: 1, ..options }, 1));
    }

    #[test]
    fn it_stops_when_told_and_bears_nothing_to_learn_from() {
        let mut n_told = 0;
        let stopped = train(60, 45, &planted(1), &quick(), &mut |_| {
            n_told += 1;
            n_told < 3
        });
        assert!(stopped.is_none() && n_told == 3);
        let empty = train(2, 3, &[], &quick(), &mut |_| true).expect("not cancelled");
        assert_eq!(empty.users, [0.0; 16]);
        assert_eq!(empty.recall, None);
    }
}
