//! Who liked what as lists of neighbours (CSR), and the propagation over them.

use rayon::prelude::{IndexedParallelIterator, ParallelIterator, ParallelSlice, ParallelSliceMut};

/// Nodes that one task computes.
const NODES_A_TASK: usize = 256;

/// Users are nodes 0 to `n_users`, items follow.
#[derive(Clone, Debug)]
pub(crate) struct Graph {
    pub(crate) n_users: usize,
    pub(crate) n_items: usize,
    /// (nodes + 1): where each node's neighbours begin.
    starts: Vec<usize>,
    /// Ascending for each node.
    neighbours: Vec<u32>,
    /// 1 / sqrt(degree); 0 for a node without neighbours.
    weights: Vec<f32>,
}

impl Graph {
    /// # Panics
    /// If a like names a user or an item out of range.
    pub(crate) fn new(n_users: usize, n_items: usize, likes: &[(u32, u32)]) -> Self {
        let n_nodes = n_users + n_items;
        let mut starts = vec![0usize; n_nodes + 1];
        let ends = |&(user, item): &(u32, u32)| (user as usize, n_users + item as usize);
        for (user, item) in likes.iter().map(ends) {
            starts[user + 1] += 1;
            starts[item + 1] += 1;
        }
        for node in 0..n_nodes {
            starts[node + 1] += starts[node];
        }
        let mut next = starts.clone();
        let mut neighbours = vec![0u32; 2 * likes.len()];
        let mut put = |node: usize, other: usize| {
            neighbours[next[node]] = other as u32;
            next[node] += 1;
        };
        for (user, item) in likes.iter().map(ends) {
            put(user, item);
            put(item, user);
        }
        for bounds in starts.windows(2) {
            neighbours[bounds[0]..bounds[1]].sort_unstable();
        }
        let weights = starts.windows(2).map(|bounds| match bounds[1] - bounds[0] {
            0 => 0.0,
            degree => 1.0 / (degree as f32).sqrt(),
        });
        Graph {
            n_users,
            n_items,
            weights: weights.collect(),
            starts,
            neighbours,
        }
    }

    pub(crate) fn n_nodes(&self) -> usize {
        self.n_users + self.n_items
    }

    /// A user's item nodes, or an item's users, ascending.
    pub(crate) fn neighbours(&self, node: usize) -> &[u32] {
        &self.neighbours[self.starts[node]..self.starts[node + 1]]
    }

    /// Every like as user node and item node, by user.
    pub(crate) fn likes(&self) -> Vec<(u32, u32)> {
        let users = 0..self.n_users as u32;
        let likes = users.flat_map(|user| {
            let items = self.neighbours(user as usize).iter();
            items.map(move |&item| (user, item))
        });
        likes.collect()
    }

    /// (x + Ax + ... + A^layers x) / (layers + 1) for x of (nodes, dim).
    pub(crate) fn smooth(&self, x: &[f32], dim: usize, n_layers: usize) -> Vec<f32> {
        let mut sum = x.to_vec();
        let mut layer = x.to_vec();
        let mut next = vec![0.0; x.len()];
        for _ in 0..n_layers {
            self.propagate(&layer, &mut next, dim);
            std::mem::swap(&mut layer, &mut next);
            sum.par_chunks_mut(dim * NODES_A_TASK)
                .zip(layer.par_chunks(dim * NODES_A_TASK))
                .for_each(|(sum, layer)| add(sum, layer));
        }
        let share = 1.0 / (n_layers + 1) as f32;
        sum.iter_mut().for_each(|value| *value *= share);
        sum
    }

    /// out = A x with A[v][w] = weight(v) weight(w) for neighbours v and w.
    fn propagate(&self, x: &[f32], out: &mut [f32], dim: usize) {
        let tasks = out.par_chunks_mut(dim * NODES_A_TASK).enumerate();
        tasks.for_each(|(task, rows)| {
            for (n, row) in rows.chunks_exact_mut(dim).enumerate() {
                let node = task * NODES_A_TASK + n;
                row.fill(0.0);
                for &other in self.neighbours(node) {
                    let other = other as usize;
                    add_scaled(row, &x[other * dim..][..dim], self.weights[other]);
                }
                let weight = self.weights[node];
                row.iter_mut().for_each(|value| *value *= weight);
            }
        });
    }
}

fn add(sum: &mut [f32], row: &[f32]) {
    sum.iter_mut().zip(row).for_each(|(s, x)| *s += x);
}

fn add_scaled(sum: &mut [f32], row: &[f32], scale: f32) {
    sum.iter_mut().zip(row).for_each(|(s, x)| *s += scale * x);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the dense matrix, written out.
    #[test]
    fn smoothing_is_the_mean_of_powers_of_the_normalised_adjacency() {
        let likes = [(0, 0), (0, 1), (1, 1), (2, 1)];
        let graph = Graph::new(4, 3, &likes);
        let mut dense = [[0.0f64; 7]; 7];
        let degree = [2.0, 1.0, 1.0, 0.0, 1.0, 3.0, 0.0f64];
        for (user, item) in likes {
            let (u, i) = (user as usize, 4 + item as usize);
            dense[u][i] = 1.0 / (degree[u] * degree[i]).sqrt();
            dense[i][u] = dense[u][i];
        }
        let x: Vec<f64> = (0..7).map(|n| f64::from(n) - 2.5).collect();
        let mut power = x.clone();
        let mut want = x.clone();
        for _ in 0..3 {
            power = (0..7)
                .map(|v| (0..7).map(|w| dense[v][w] * power[w]).sum())
                .collect();
            want.iter_mut().zip(&power).for_each(|(sum, p)| *sum += p);
        }
        let x: Vec<f32> = x.iter().map(|&x| x as f32).collect();
        for (got, want) in graph.smooth(&x, 1, 3).iter().zip(want) {
            assert!((f64::from(*got) - want / 4.0).abs() < 1e-5, "{got} {want}");
        }
        assert_eq!(graph.neighbours(0), [4, 5]);
        assert_eq!(graph.neighbours(5), [0, 1, 2]);
        assert_eq!(graph.likes().len(), 4);
    }
}
