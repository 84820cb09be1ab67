//! AUC and LogLoss of one model's scores. Scores of different models are never pooled: their
//! scales differ.

/// Rows in ascending order of their scores, with where ties end: sorted once, weighed often.
pub struct Ranking {
    /// Indices of rows.
    order: Vec<u32>,
    /// End of each run of equal scores, in `order`.
    tie_ends: Vec<u32>,
}

impl Ranking {
    /// # Panics
    /// At 2^32 rows or more.
    pub fn new(scores: &[f32]) -> Self {
        let n = u32::try_from(scores.len()).expect("fewer than 2^32 rows");
        let mut order: Vec<u32> = (0..n).collect();
        order.sort_by(|&a, &b| scores[a as usize].total_cmp(&scores[b as usize]));
        let differs = |&i: &u32| {
            let at = |i: u32| scores[order[i as usize] as usize];
            i == n || at(i - 1) != at(i)
        };
        let tie_ends = (1..=n).filter(differs).collect();
        Ranking { order, tie_ends }
    }

    /// The area under the ROC curve (Mann-Whitney: a tie counts one half), each row counted
    /// `weight(row)` times. `None` without both labels.
    pub fn auc(&self, labels: &[bool], weight: impl Fn(usize) -> f64) -> Option<f64> {
        let (mut negatives, mut positives, mut won) = (0.0, 0.0, 0.0);
        let mut begin = 0;
        for &end in &self.tie_ends {
            let (mut tied_negatives, mut tied_positives) = (0.0, 0.0);
            for &row in &self.order[begin..end as usize] {
                let row = row as usize;
                match labels[row] {
                    true => tied_positives += weight(row),
                    false => tied_negatives += weight(row),
                }
            }
            won += tied_positives * (negatives + tied_negatives / 2.0);
            negatives += tied_negatives;
            positives += tied_positives;
            begin = end as usize;
        }
        let pairs = negatives * positives;
        (pairs > 0.0).then(|| won / pairs)
    }
}

/// [`Ranking::auc`] with every row counted once.
pub fn auc(scores: &[f32], labels: &[bool]) -> Option<f64> {
    Ranking::new(scores).auc(labels, |_| 1.0)
}

/// Negative log-likelihood of one label in nats, from the score before the sigmoid.
pub fn row_loss(score: f32, label: bool) -> f64 {
    let toward = if label { score } else { -score };
    // log(1 + e^-x) without overflow
    let x = f64::from(toward);
    (-x).max(0.0) + (-x.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Every pair of a positive and a negative row, each row as often as its weight says.
    fn naive_auc(scores: &[f32], labels: &[bool], weights: &[u32]) -> Option<f64> {
        let (mut won, mut pairs) = (0.0, 0.0);
        for i in (0..scores.len()).filter(|&i| labels[i]) {
            for j in (0..scores.len()).filter(|&j| !labels[j]) {
                let weight = f64::from(weights[i] * weights[j]);
                pairs += weight;
                won += match scores[i].total_cmp(&scores[j]) {
                    std::cmp::Ordering::Greater => weight,
                    std::cmp::Ordering::Equal => weight / 2.0,
                    std::cmp::Ordering::Less => 0.0,
                };
            }
        }
        (pairs > 0.0).then(|| won / pairs)
    }

    proptest! {
        #[test]
        fn the_area_is_the_share_of_pairs_in_order(
            rows in prop::collection::vec((0i8..6, any::<bool>(), 0u32..4), 0..60),
        ) {
            let scores: Vec<f32> = rows.iter().map(|row| f32::from(row.0) - 2.5).collect();
            let labels: Vec<bool> = rows.iter().map(|row| row.1).collect();
            let weights: Vec<u32> = rows.iter().map(|row| row.2).collect();
            let ranking = Ranking::new(&scores);
            let weighted = ranking.auc(&labels, |row| f64::from(weights[row]));
            let close = |a: Option<f64>, b: Option<f64>| match (a, b) {
                (Some(a), Some(b)) => (a - b).abs() < 1e-12,
                (a, b) => a == b,
            };
            prop_assert!(close(weighted, naive_auc(&scores, &labels, &weights)));
            let ones = vec![1; rows.len()];
            prop_assert!(close(auc(&scores, &labels), naive_auc(&scores, &labels, &ones)));
        }

        #[test]
        fn the_loss_is_that_of_the_sigmoid(score in -15.0f32..15.0, label: bool) {
            let p = 1.0 / (1.0 + (-f64::from(score)).exp());
            let naive = if label { -p.ln() } else { -(1.0 - p).ln() };
            prop_assert!((row_loss(score, label) - naive).abs() < 1e-6);
        }
    }

    #[test]
    fn extremes_are_finite_and_one_label_has_no_area() {
        assert_eq!(row_loss(1e30, true), 0.0);
        assert!(row_loss(-1e4, true) == 1e4);
        assert_eq!(auc(&[0.1, 0.2], &[true, true]), None);
        assert_eq!(auc(&[0.1, 0.2, 0.3], &[false, false, true]), Some(1.0));
        // Both zeros are equal.
        assert_eq!(auc(&[0.0, -0.0], &[false, true]), Some(0.5));
    }
}
