//! k-means with k-means++ seeding (Lloyd 1982; Arthur and Vassilvitskii 2007).
//!
//! Implemented here because groups must be the same on every machine and with every
//! library version, and the maintained crates add ndarray and another random generator
//! for these few lines. Does not know users.

use rayon::prelude::{IndexedParallelIterator, ParallelIterator, ParallelSlice};

use super::random::SplitMix64;

/// Number of starts, of which the tightest result is used.
const N_STARTS: usize = 5;
const N_ROUNDS_MAX: usize = 100;
/// Points summed by one task; fixed, so that sums do not depend on the threads.
const POINTS_A_TASK: usize = 4096;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Clusters {
    /// By point, its cluster; clusters are numbered from the largest.
    pub(crate) of_point: Vec<u32>,
    /// (k, dim)
    pub(crate) centres: Vec<f32>,
    /// Sum of the squared distances to the centres.
    pub(crate) inertia: f64,
}

/// Clusters `points`, an array of (n, dim), into at most `k`: fewer where there
/// are fewer distinct points.
pub(crate) fn cluster(points: &[f32], dim: usize, k: usize, seed: u64) -> Clusters {
    let mut random = SplitMix64::new(seed);
    let starts =
        (0..N_STARTS).map(|_| lloyd(points, dim, seed_centres(points, dim, k, &mut random)));
    let best = starts.min_by(|a, b| a.inertia.total_cmp(&b.inertia));
    by_size(best.unwrap_or_else(|| lloyd(points, dim, Vec::new())), dim)
}

/// The first centre at random, each further one with a probability that grows with its
/// distance from the others.
fn seed_centres(points: &[f32], dim: usize, k: usize, random: &mut SplitMix64) -> Vec<f32> {
    let n = points.len() / dim;
    let mut centres: Vec<f32> = Vec::with_capacity(k * dim);
    let mut nearest = vec![f64::INFINITY; n];
    for _ in 0..k.min(n) {
        let total: f64 = nearest.iter().sum();
        let picked = match total.is_finite() {
            false => random.below(n as u64) as usize,
            true if total <= 0.0 => break,
            true => pick(&nearest, random.unit() * total),
        };
        let centre = &points[picked * dim..][..dim];
        centres.extend(centre);
        for (best, point) in nearest.iter_mut().zip(points.chunks_exact(dim)) {
            *best = best.min(distance(point, centre));
        }
    }
    centres
}

fn pick(weights: &[f64], mut left: f64) -> usize {
    let mut last = 0;
    for (idx, &weight) in weights.iter().enumerate().filter(|(_, w)| **w > 0.0) {
        last = idx;
        left -= weight;
        if left < 0.0 {
            break;
        }
    }
    last
}

fn lloyd(points: &[f32], dim: usize, mut centres: Vec<f32>) -> Clusters {
    let mut of_point = Vec::new();
    let mut inertia = 0.0;
    for _ in 0..N_ROUNDS_MAX {
        let (assigned, sum) = assign(points, dim, &centres);
        inertia = sum;
        if assigned == of_point {
            break;
        }
        of_point = assigned;
        move_centres(points, dim, &of_point, &mut centres);
    }
    Clusters {
        of_point,
        centres,
        inertia,
    }
}

fn assign(points: &[f32], dim: usize, centres: &[f32]) -> (Vec<u32>, f64) {
    let tasks = points.par_chunks(dim * POINTS_A_TASK).map(|chunk| {
        let nearest = chunk.chunks_exact(dim).map(|point| nearest(point, centres));
        nearest.collect::<Vec<(u32, f64)>>()
    });
    let found: Vec<Vec<(u32, f64)>> = tasks.collect();
    let found = found.into_iter().flatten();
    let mut inertia = 0.0;
    let of_point = found.map(|(cluster, distance)| {
        inertia += distance;
        cluster
    });
    (of_point.collect(), inertia)
}

fn nearest(point: &[f32], centres: &[f32]) -> (u32, f64) {
    let distances = centres
        .chunks_exact(point.len())
        .map(|c| distance(point, c));
    let nearest = (0..).zip(distances).min_by(|a, b| a.1.total_cmp(&b.1));
    nearest.unwrap_or((0, 0.0))
}

fn distance(a: &[f32], b: &[f32]) -> f64 {
    let squares = a.iter().zip(b).map(|(x, y)| (x - y) * (x - y));
    f64::from(squares.sum::<f32>())
}

/// Moves centres to the means; a centre without points stays.
fn move_centres(points: &[f32], dim: usize, of_point: &[u32], centres: &mut [f32]) {
    let k = centres.len() / dim;
    let tasks = of_point
        .par_chunks(POINTS_A_TASK)
        .zip(points.par_chunks(dim * POINTS_A_TASK));
    let sums: Vec<Vec<f64>> = tasks
        .map(|(clusters, points)| {
            let mut sums = vec![0.0; k * (dim + 1)];
            for (&cluster, point) in clusters.iter().zip(points.chunks_exact(dim)) {
                let sum = &mut sums[cluster as usize * (dim + 1)..][..dim + 1];
                sum[dim] += 1.0;
                sum.iter_mut()
                    .zip(point)
                    .for_each(|(s, &x)| *s += f64::from(x));
            }
            sums
        })
        .collect();
    for (cluster, centre) in centres.chunks_exact_mut(dim).enumerate() {
        let at = cluster * (dim + 1);
        let total = |n: usize| sums.iter().map(|sum| sum[at + n]).sum::<f64>();
        let count = total(dim);
        if count > 0.0 {
            for (n, x) in centre.iter_mut().enumerate() {
                *x = (total(n) / count) as f32;
            }
        }
    }
}

/// Renumbers the clusters, the largest first.
fn by_size(clusters: Clusters, dim: usize) -> Clusters {
    let k = clusters.centres.len() / dim;
    let mut sizes = vec![0usize; k];
    clusters
        .of_point
        .iter()
        .for_each(|&c| sizes[c as usize] += 1);
    let mut order: Vec<usize> = (0..k).collect();
    order.sort_by_key(|&c| std::cmp::Reverse(sizes[c]));
    let mut place = vec![0u32; k];
    for (new, &old) in order.iter().enumerate() {
        place[old] = new as u32;
    }
    let centre = |&c: &usize| clusters.centres[c * dim..][..dim].to_vec();
    Clusters {
        of_point: clusters
            .of_point
            .iter()
            .map(|&c| place[c as usize])
            .collect(),
        centres: order.iter().flat_map(centre).collect(),
        inertia: clusters.inertia,
    }
}

/// Scales every point of (n, dim) to length 1; a zero stays.
pub(crate) fn to_unit_length(points: &mut [f32], dim: usize) {
    for point in points.chunks_exact_mut(dim) {
        let length = point.iter().map(|x| x * x).sum::<f32>().sqrt();
        if length > 0.0 {
            point.iter_mut().for_each(|x| *x /= length);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn three_heaps_are_found_whatever_the_seed() {
        let mut random = SplitMix64::new(1);
        let heaps = [(0.0, 0.0, 50), (10.0, 0.0, 30), (0.0, 10.0, 20)];
        let points: Vec<f32> = heaps
            .iter()
            .flat_map(|&(x, y, n)| std::iter::repeat_n((x, y), n))
            .flat_map(|(x, y)| [x + random.normal(), y + random.normal()])
            .map(|x| x as f32)
            .collect();
        for seed in 0..10 {
            let found = cluster(&points, 2, 3, seed);
            let want: Vec<u32> = [(0, 50), (1, 30), (2, 20)]
                .iter()
                .flat_map(|&(c, n)| std::iter::repeat_n(c, n))
                .collect();
            assert_eq!(found.of_point, want);
            assert_eq!(found, cluster(&points, 2, 3, seed));
        }
    }

    #[test]
    fn fewer_points_than_clusters() {
        assert_eq!(cluster(&[], 2, 3, 0).of_point, Vec::<u32>::new());
        let same = cluster(&[1.0, 1.0, 1.0, 1.0], 2, 3, 0);
        assert_eq!(same.of_point, [0, 0]);
    }

    proptest! {
        #[test]
        fn every_point_is_at_its_nearest_centre(
            points in prop::collection::vec(-5.0f32..5.0, 2..60), k in 1usize..5, seed: u64,
        ) {
            let points = &points[..points.len() / 2 * 2];
            let found = cluster(points, 2, k, seed);
            prop_assert_eq!(found.of_point.len(), points.len() / 2);
            for (point, &own) in points.chunks_exact(2).zip(&found.of_point) {
                let to_own = distance(point, &found.centres[own as usize * 2..][..2]);
                prop_assert!(to_own <= nearest(point, &found.centres).1 + 1e-6);
            }
        }
    }
}
