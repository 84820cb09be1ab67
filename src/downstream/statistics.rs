//! Figures of the arms with their uncertainty. AUC and LogLoss are computed for each fold and
//! seed and then averaged; users are resampled within their folds and seeds within theirs,
//! alike for all arms, so that differences are paired.

use super::metrics::{Ranking, row_loss};
use crate::recsys::SplitMix64;

/// Level of the intervals: two one-sided tests at 5%.
pub const LEVEL: f64 = 0.9;
/// Standard errors that a difference must have to be found (two-sided, 5%) in four of five
/// tests: 1.960 + 0.842.
const DETECTABLE: f64 = 2.802;

/// The rows of one fold that are predicted.
#[derive(Clone, Debug, PartialEq)]
pub struct Tested {
    /// Per row.
    pub labels: Vec<bool>,
    /// Per row: the user's place in the fold, from 0 without gaps.
    pub users: Vec<usize>,
}

impl Tested {
    fn n_users(&self) -> usize {
        self.users.iter().max().map_or(0, |last| last + 1)
    }
}

/// One arm's scores under one backbone. Shape: (folds, seeds, rows of the fold).
pub type ArmScores = Vec<Vec<Vec<f32>>>;

/// A figure, and what it becomes when users and seeds are drawn again.
#[derive(Clone, Debug, PartialEq)]
pub struct Resampled {
    /// The figure itself.
    pub value: f64,
    draws: Vec<f64>,
}

impl Resampled {
    /// The paired difference.
    pub fn minus(&self, other: &Resampled) -> Resampled {
        let pairs = self.draws.iter().zip(&other.draws);
        Resampled {
            value: self.value - other.value,
            draws: pairs.map(|(a, b)| a - b).collect(),
        }
    }

    /// Bounds of the central [`LEVEL`] of the draws.
    pub fn interval(&self) -> (f64, f64) {
        let mut sorted = self.draws.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |share: f64| match sorted.len() {
            0 => self.value,
            n => sorted[(share * (n - 1) as f64).round() as usize],
        };
        (at((1.0 - LEVEL) / 2.0), at((1.0 + LEVEL) / 2.0))
    }

    /// Standard deviation of the draws.
    pub fn standard_error(&self) -> f64 {
        let n = self.draws.len() as f64;
        if n < 2.0 {
            return 0.0;
        }
        let mean = self.draws.iter().sum::<f64>() / n;
        let squares = self.draws.iter().map(|draw| (draw - mean).powi(2));
        (squares.sum::<f64>() / (n - 1.0)).sqrt()
    }

    /// The smallest true difference that this test would have told from none in four of
    /// five repetitions.
    pub fn detectable(&self) -> f64 {
        DETECTABLE * self.standard_error()
    }
}

/// The figures of one arm under one backbone.
#[derive(Clone, Debug, PartialEq)]
pub struct ArmFigures {
    /// Area under the ROC curve.
    pub auc: Resampled,
    /// Nats per row.
    pub log_loss: Resampled,
}

/// The figures of every arm; `n_draws` resamples, alike for all arms and for a seed. `None`
/// if no fold has both labels.
///
/// # Panics
/// If an arm lacks scores of a fold, or arms differ in their number of seeds.
pub fn figures(
    folds: &[Tested],
    arms: &[ArmScores],
    n_draws: usize,
    seed: u64,
) -> Option<Vec<ArmFigures>> {
    let prepared: Vec<Vec<PreparedArms>> = arms.iter().map(|arm| prepare(folds, arm)).collect();
    let n_seeds = arms.first()?.first()?.len();
    let plain = folds.iter().map(|fold| Redrawn {
        users: vec![1.0; fold.n_users()],
        seeds: (0..n_seeds).collect(),
    });
    let plain: Vec<Redrawn> = plain.collect();
    let values = prepared.iter().map(|arm| average(folds, arm, &plain));
    let values: Vec<(f64, f64)> = values.collect::<Option<_>>()?;
    let mut figures: Vec<ArmFigures> = values.into_iter().map(ArmFigures::begun).collect();
    let mut random = SplitMix64::new(seed);
    for _ in 0..n_draws {
        let weights = folds.iter().map(|fold| draw(fold, n_seeds, &mut random));
        let weights: Vec<Redrawn> = weights.collect();
        for (arm, figures) in prepared.iter().zip(&mut figures) {
            if let Some((auc, log_loss)) = average(folds, arm, &weights) {
                figures.auc.draws.push(auc);
                figures.log_loss.draws.push(log_loss);
            }
        }
    }
    Some(figures)
}

impl ArmFigures {
    fn begun((auc, log_loss): (f64, f64)) -> Self {
        let begun = |value| Resampled {
            value,
            draws: Vec::new(),
        };
        ArmFigures {
            auc: begun(auc),
            log_loss: begun(log_loss),
        }
    }
}

/// One fold's scores of each seed, sorted and summed once.
struct PreparedArms {
    rankings: Vec<Ranking>,
    /// Per seed and user: sum of the losses.
    losses: Vec<Vec<f64>>,
    /// Per user.
    n_rows: Vec<f64>,
}

fn prepare(folds: &[Tested], arm: &ArmScores) -> Vec<PreparedArms> {
    let prepared = folds.iter().enumerate().map(|(fold, tested)| {
        let seeds = &arm[fold];
        let mut n_rows = vec![0.0; tested.n_users()];
        tested.users.iter().for_each(|&user| n_rows[user] += 1.0);
        PreparedArms {
            rankings: seeds.iter().map(|scores| Ranking::new(scores)).collect(),
            losses: seeds.iter().map(|scores| losses(tested, scores)).collect(),
            n_rows,
        }
    });
    prepared.collect()
}

fn losses(tested: &Tested, scores: &[f32]) -> Vec<f64> {
    let mut sums = vec![0.0; tested.n_users()];
    for (row, &user) in tested.users.iter().enumerate() {
        sums[user] += row_loss(scores[row], tested.labels[row]);
    }
    sums
}

/// How often each user of a fold counts, and the seeds that are averaged.
struct Redrawn {
    users: Vec<f64>,
    seeds: Vec<usize>,
}

fn draw(fold: &Tested, n_seeds: usize, random: &mut SplitMix64) -> Redrawn {
    let n_users = fold.n_users();
    let mut users = vec![0.0; n_users];
    for _ in 0..n_users {
        users[random.below(n_users as u64) as usize] += 1.0;
    }
    let seeds = (0..n_seeds).map(|_| random.below(n_seeds as u64) as usize);
    Redrawn {
        seeds: seeds.collect(),
        users,
    }
}

/// AUC and LogLoss, averaged over seeds, then over the folds that have both labels.
fn average(folds: &[Tested], arm: &[PreparedArms], weights: &[Redrawn]) -> Option<(f64, f64)> {
    let (mut auc, mut loss, mut n) = (0.0, 0.0, 0.0);
    for ((tested, prepared), weights) in folds.iter().zip(arm).zip(weights) {
        let weight = |row: usize| weights.users[tested.users[row]];
        let n_seeds = weights.seeds.len() as f64;
        let aucs = weights.seeds.iter().map(|&seed| {
            let ranking = &prepared.rankings[seed];
            ranking.auc(&tested.labels, weight)
        });
        let Some(sum) = aucs.sum::<Option<f64>>() else {
            continue;
        };
        let of_seed = |&seed: &usize| {
            let (sums, n_rows) = (&prepared.losses[seed], &prepared.n_rows);
            weighted(sums, &weights.users) / weighted(n_rows, &weights.users)
        };
        auc += sum / n_seeds;
        loss += weights.seeds.iter().map(of_seed).sum::<f64>() / n_seeds;
        n += 1.0;
    }
    (n > 0.0).then(|| (auc / n, loss / n))
}

fn weighted(values: &[f64], weights: &[f64]) -> f64 {
    values.iter().zip(weights).map(|(v, w)| v * w).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Folds whose rows score `signal` for clicks, plus noise of standard deviation 1.
    fn planted(signal: f64, n_rows: usize, seed: u64) -> (Vec<Tested>, ArmScores) {
        let mut random = SplitMix64::new(seed);
        let mut folds = Vec::new();
        let mut scores = Vec::new();
        for fold in 0..4 {
            let users: Vec<usize> = (0..n_rows).map(|row| row / 5).collect();
            let labels: Vec<bool> = (0..n_rows).map(|row| (row + fold) % 2 == 0).collect();
            let score = |label: bool, random: &mut SplitMix64| {
                (random.normal() + if label { signal } else { 0.0 }) as f32
            };
            let of_seed = |random: &mut SplitMix64| {
                labels.iter().map(|&label| score(label, random)).collect()
            };
            scores.push((0..3).map(|_| of_seed(&mut random)).collect());
            folds.push(Tested { labels, users });
        }
        (folds, scores)
    }

    #[test]
    fn an_arm_against_itself_differs_by_nothing() {
        let (folds, scores) = planted(0.5, 100, 1);
        let both = figures(&folds, &[scores.clone(), scores], 200, 7).unwrap();
        let difference = both[0].auc.minus(&both[1].auc);
        assert_eq!((difference.value, difference.interval()), (0.0, (0.0, 0.0)));
        assert_eq!(difference.standard_error(), 0.0);
    }

    #[test]
    fn a_planted_difference_is_found_and_none_is_not() {
        let (folds, weak) = planted(0.2, 500, 2);
        let (_, strong) = planted(1.0, 500, 3);
        let (_, as_weak) = planted(0.2, 500, 4);
        let found = figures(&folds, &[weak, strong, as_weak], 300, 7).unwrap();
        let (low, _) = found[1].auc.minus(&found[0].auc).interval();
        assert!(low > 0.1, "{low}");
        let chance = found[2].auc.minus(&found[0].auc);
        let errors = chance.value / chance.standard_error();
        assert!(errors.abs() < 3.5, "{errors}");
        // A normal signal of d standard deviations has an AUC of the normal's
        // distribution function at d / sqrt(2).
        assert!((found[1].auc.value - 0.76).abs() < 0.02);
    }

    #[test]
    fn folds_are_averaged_and_their_scores_never_pooled() {
        let tested = |labels: [bool; 4]| Tested {
            labels: labels.to_vec(),
            users: vec![0, 1, 2, 3],
        };
        let folds = vec![
            tested([true, false, true, false]),
            tested([true, false, true, false]),
        ];
        // Perfect in each fold, on different scales.
        let scores: ArmScores = vec![
            vec![vec![2.0, 1.0, 2.0, 1.0]],
            vec![vec![0.2, 0.1, 0.2, 0.1]],
        ];
        let found = figures(&folds, &[scores], 0, 1).unwrap();
        assert_eq!(found[0].auc.value, 1.0);
    }

    #[test]
    fn the_interval_holds_the_true_difference_as_often_as_it_says() {
        let n = 100;
        let holds = (0..n).filter(|&i| {
            let (folds, a) = planted(0.4, 200, 100 + 2 * i);
            let (_, b) = planted(0.4, 200, 101 + 2 * i);
            let found = figures(&folds, &[a, b], 200, i).unwrap();
            let (low, high) = found[0].auc.minus(&found[1].auc).interval();
            low <= 0.0 && 0.0 <= high
        });
        let share = holds.count() as f64 / n as f64;
        assert!((0.82..=1.0).contains(&share), "{share}");
    }
}
