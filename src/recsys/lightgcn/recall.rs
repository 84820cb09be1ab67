//! Likes held out from training, and how many of them the embeddings recover.

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use super::super::random::SplitMix64;
use super::graph::Graph;

const N_RECOMMENDED: usize = 20;
/// A user with fewer likes keeps them all.
const N_LIKES_MIN: usize = 5;
/// Maximum users for measuring recall.
const N_USERS_MAX: usize = 1000;

/// Held-out likes of some users.
pub(crate) struct Holdout {
    /// A user and the item indices held out.
    users: Vec<(u32, Vec<u32>)>,
}

impl Holdout {
    /// Holds out a share of each user's likes, at least one; returns the rest.
    pub(crate) fn split(
        n_users: usize,
        likes: &[(u32, u32)],
        share: f64,
        random: &mut SplitMix64,
    ) -> (Vec<(u32, u32)>, Self) {
        let mut by_user: Vec<Vec<u32>> = vec![Vec::new(); n_users];
        for &(user, item) in likes {
            by_user[user as usize].push(item);
        }
        let mut kept = Vec::with_capacity(likes.len());
        let mut users = Vec::new();
        for (user, mut items) in (0..).zip(by_user) {
            items.sort_unstable();
            items.dedup();
            let n_held = match items.len() {
                n if n < N_LIKES_MIN || share <= 0.0 => 0,
                n => ((n as f64 * share) as usize).max(1),
            };
            random.shuffle(&mut items);
            let held = items.split_off(items.len() - n_held);
            kept.extend(items.into_iter().map(|item| (user, item)));
            if !held.is_empty() {
                users.push((user, held));
            }
        }
        random.shuffle(&mut users);
        users.truncate(N_USERS_MAX);
        (kept, Holdout { users })
    }

    /// Recall@20: of a user's held-out likes (of 20 at most), the share among the
    /// 20 best items that they did not like in training; the mean over users.
    pub(crate) fn recall(&self, graph: &Graph, finals: &[f32], dim: usize) -> Option<f64> {
        let shares: Vec<f64> = self
            .users
            .par_iter()
            .map(|(user, held)| {
                let best = recommend(graph, finals, dim, *user as usize);
                let n_hits = held.iter().filter(|item| best.contains(item)).count();
                n_hits as f64 / held.len().min(N_RECOMMENDED) as f64
            })
            .collect();
        (!shares.is_empty()).then(|| shares.iter().sum::<f64>() / shares.len() as f64)
    }
}

fn recommend(graph: &Graph, finals: &[f32], dim: usize, user: usize) -> Vec<u32> {
    let taste = &finals[user * dim..][..dim];
    let liked = graph.neighbours(user);
    let items = finals[graph.n_users * dim..].chunks_exact(dim);
    let mut scored: Vec<(f32, u32)> = (0..)
        .zip(items)
        .filter(|(item, _)| liked.binary_search(&(graph.n_users as u32 + item)).is_err())
        .map(|(item, embedding)| (dot(taste, embedding), item))
        .collect();
    let n = N_RECOMMENDED.min(scored.len());
    if n < scored.len() {
        scored.select_nth_unstable_by(n, |a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    }
    scored[..n].iter().map(|(_, item)| *item).collect()
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
