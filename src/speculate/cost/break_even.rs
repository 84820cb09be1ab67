//! What batches of any size are worth by a cost profile: tokens per second without
//! drafts, and the survival that a draft row needs to pay.

use super::pass::{Load, PassCosts};

/// The most rows of a pass, and the most drafts of a sequence in it.
const MOST_ROWS: usize = 256;
const MOST_DRAFTS: usize = 63;

/// A batch size by the profile; every figure is an estimate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SizeEstimate {
    pub(crate) size: usize,
    /// Of all sequences together, one row each.
    pub(crate) tokens_per_s: f64,
    /// The probability of being committed from which draft rows pay: with fewer, no number
    /// of them brings more tokens per second. Above 1: none ever pays.
    pub(crate) survival: f32,
}

/// What each of these batch sizes is worth to sequences whose rows attend to `own` tokens
/// of their own and `shared` ones of a shared prefix.
pub(crate) fn by_size(
    costs: &PassCosts,
    own: usize,
    shared: usize,
    sizes: &[usize],
) -> Vec<SizeEstimate> {
    let of = |&size: &usize| {
        let plain = ms(costs, size, 0, own, shared);
        SizeEstimate {
            size,
            tokens_per_s: size as f64 * 1000.0 / f64::from(plain),
            survival: survival(costs, size, own, shared),
        }
    };
    sizes.iter().map(of).collect()
}

/// m rows of survival s pay if (B + m s) / t(B + m) > B / t(B); t is a staircase, so all m
/// are tried.
fn survival(costs: &PassCosts, size: usize, own: usize, shared: usize) -> f32 {
    let plain = ms(costs, size, 0, own, shared);
    let most = (MOST_DRAFTS * size).min(MOST_ROWS.saturating_sub(size));
    let needed = (1..=most).map(|m| {
        let drafted = ms(costs, size, m, own, shared);
        (drafted / plain - 1.0) * size as f32 / m as f32
    });
    needed.fold(f32::INFINITY, f32::min).max(0.0)
}

/// A pass with this many draft rows.
fn ms(costs: &PassCosts, sequences: usize, drafts: usize, own: usize, shared: usize) -> f32 {
    let roots = Load::of(sequences, 1, own, shared);
    costs.ms_for(sequences, roots.and(Load::further(drafts, own, shared)))
}

#[cfg(test)]
mod tests {
    use super::super::{CostProfile, PassPoint};
    use super::*;

    fn profile(ms_of: impl Fn(usize) -> f32) -> CostProfile {
        let rows = [1, 2, 4, 8, 16, 32, 64, 128, 256];
        let pass = |rows| PassPoint {
            sequences: rows,
            rows,
            own: 100,
            shared: 0,
            pass_ms: ms_of(rows),
            spread: 0.0,
        };
        CostProfile {
            passes: rows.map(pass).to_vec(),
            ..CostProfile::by_rows([1, 2, 4, 8, 16, 32, 64].map(|n| (n, ms_of(n))))
        }
    }

    const SIZES: [usize; 6] = [1, 2, 4, 8, 16, 32];

    #[test]
    fn where_rows_are_free_every_draft_pays_and_batches_multiply() {
        let costs = PassCosts::new(&profile(|_| 4.0));
        for found in by_size(&costs, 100, 0, &SIZES) {
            assert!(found.survival < 1e-6, "{found:?}");
            let wanted = found.size as f64 * 250.0;
            assert!((found.tokens_per_s - wanted).abs() < 1e-6 * wanted);
        }
    }

    #[test]
    fn where_rows_cost_their_share_only_certain_drafts_break_even() {
        let costs = PassCosts::new(&profile(|n| 2.0 * n as f32));
        for found in by_size(&costs, 100, 0, &SIZES) {
            assert!((found.survival - 1.0).abs() < 1e-3, "{found:?}");
            assert!((found.tokens_per_s - 500.0).abs() < 1e-3);
        }
    }

    #[test]
    fn with_a_fixed_price_per_pass_larger_batches_need_better_drafts() {
        let costs = PassCosts::new(&profile(|n| 3.0 + n as f32));
        let found = by_size(&costs, 100, 0, &SIZES);
        for (found, size) in found.iter().zip(SIZES) {
            let wanted = size as f32 / (3 + size) as f32;
            assert!((found.survival - wanted).abs() < 1e-3, "{found:?}");
        }
        let pairs = found.windows(2);
        assert!(pairs.clone().all(|p| p[0].survival < p[1].survival));
        assert!(pairs.clone().all(|p| p[0].tokens_per_s < p[1].tokens_per_s));
    }

    #[test]
    fn no_draft_below_the_survival_needed_is_worth_its_row() {
        let profile = profile(|n| 3.0 + if n > 8 { n as f32 } else { 0.1 * n as f32 });
        let costs = PassCosts::new(&profile);
        for found in by_size(&costs, 100, 0, &SIZES[1..]) {
            let rate = |m: usize, s: f32| {
                (found.size as f32 + m as f32 * s) / ms(&costs, found.size, m, 100, 0)
            };
            let most = (MOST_DRAFTS * found.size).min(MOST_ROWS - found.size);
            let best = |s: f32| (1..=most).map(|m| rate(m, s)).fold(0.0, f32::max);
            assert!(best(found.survival * 0.99) < rate(0, 0.0), "{found:?}");
            assert!(best(found.survival * 1.01) > rate(0, 0.0), "{found:?}");
        }
    }
}
