//! What drafting is worth to a sequence of a batch: the time that its accepted tokens saved,
//! less the time that its draft rows and its retrieval cost. Counted by the cost profile,
//! not by the clock.

/// What a pass charges for drafting, in milliseconds by the cost profile.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Prices {
    /// A token without drafts: the pass with one row a sequence, divided by the sequences.
    pub(crate) token_ms: f32,
    /// A draft row: what the pass's drafts added to it, divided by their number.
    pub(crate) row_ms: f32,
    /// Retrieving for one sequence, and learning from its verdict.
    pub(crate) retrieval_ms: f32,
}

/// The balance of a sequence's recent steps.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Worth {
    ms: f32,
}

/// How much of the balance is left after each further step: half of it after three.
const KEPT: f32 = 0.8;

impl Worth {
    /// Adds a step that retrieved, drafted `drafts` tokens and had `accepted` of them
    /// committed. Whether drafting has paid lately.
    pub(crate) fn after_step(&mut self, drafts: usize, accepted: usize, prices: &Prices) -> bool {
        let saved = accepted as f32 * prices.token_ms;
        let spent = drafts as f32 * prices.row_ms + prices.retrieval_ms;
        self.ms = KEPT * self.ms + saved - spent;
        self.ms > 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRICES: Prices = Prices {
        token_ms: 0.5,
        row_ms: 0.4,
        retrieval_ms: 0.05,
    };

    fn paid(steps: &[(usize, usize)]) -> Vec<bool> {
        let mut worth = Worth::default();
        let each = steps.iter();
        each.map(|&(drafts, accepted)| worth.after_step(drafts, accepted, &PRICES))
            .collect()
    }

    #[test]
    fn retrieval_without_drafts_does_not_pay() {
        assert_eq!(paid(&[(0, 0), (0, 0)]), [false, false]);
    }

    #[test]
    fn drafts_pay_by_what_is_accepted_of_them() {
        assert_eq!(paid(&[(1, 1)]), [true]);
        assert_eq!(paid(&[(4, 3)]), [false]);
        assert_eq!(paid(&[(4, 4), (0, 0), (2, 0)]), [true, true, false]);
    }

    #[test]
    fn an_old_gain_is_forgotten() {
        let mut steps = vec![(10, 10)];
        steps.extend([(0, 0); 12]);
        let paid = paid(&steps);
        assert!(paid[3] && !paid[12]);
    }
}
