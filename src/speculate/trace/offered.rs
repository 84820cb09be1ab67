//! Where the right token of a step stood among everything that retrieval could draft
//! there, of which the budget drafted only the first part.

use serde::{Deserialize, Serialize};

use crate::speculate::TokenId;

/// A token offered, and the offer that it is below (`None`: the root).
pub(crate) type OfferedToken = (TokenId, Option<usize>);

/// The right tokens of a step among its offers. Right are the tokens that the rule takes
/// where the accepted path stopped; the one that the step committed there is among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferSummary {
    /// Draft tokens of the largest tree, drafted or not.
    pub n: usize,
    /// Those that continue the accepted path by one token.
    pub here: usize,
    /// How much of the right path was among the offers, in tokens: the accepted path, and
    /// one more if a right token was offered.
    pub depth: usize,
    /// The best of the right tokens that was not drafted; `None`: none was offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right: Option<RightOffer>,
}

/// A right token that was offered and not drafted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RightOffer {
    /// Its id.
    pub token: TokenId,
    /// Its place among the offers, the first one being 1: a budget of one row more
    /// drafts it.
    pub rank: usize,
}

impl OfferSummary {
    /// Looks up the right tokens. `offers` has the root first and parents before their
    /// children; its first `n_rows` were drafted. `path` holds the tokens of the accepted path.
    pub(crate) fn of(
        offers: &[OfferedToken],
        n_rows: usize,
        path: &[TokenId],
        is_right: impl Fn(TokenId) -> bool,
    ) -> Self {
        let below = |node: usize| {
            let rest = offers.iter().enumerate().skip(node + 1);
            rest.filter(move |(_, offer)| offer.1 == Some(node))
        };
        let mut at = 0;
        for &token in path {
            match below(at).find(|(_, offer)| offer.0 == token) {
                Some((next, _)) => at = next,
                None => break,
            }
        }
        let right = below(at).find(|&(i, offer)| i >= n_rows && is_right(offer.0));
        let right = right.map(|(rank, offer)| RightOffer {
            token: offer.0,
            rank,
        });
        OfferSummary {
            n: offers.len().saturating_sub(1),
            here: below(at).count(),
            depth: path.len() + usize::from(right.is_some()),
            right,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_right_token_has_its_rank_among_all_offers() {
        // 1 and 2 below the root; 3, 4 and 5 below 1; 4 below 2.
        let root = (9, None);
        let offers = [
            root,
            (1, Some(0)),
            (2, Some(0)),
            (3, Some(1)),
            (4, Some(2)),
            (4, Some(1)),
            (5, Some(1)),
        ];
        let found = |path: &[TokenId], right: &[TokenId]| {
            OfferSummary::of(&offers, 4, path, |id| right.contains(&id))
        };
        let right = |token, rank| Some(RightOffer { token, rank });
        let after = found(&[1], &[5, 4]);
        assert_eq!((after.n, after.here, after.depth), (6, 3, 2));
        assert_eq!(after.right, right(4, 5), "the best of the two");
        assert_eq!(found(&[1], &[5]).right, right(5, 6));
        assert_eq!(found(&[1], &[7]).right, None);
        assert_eq!(found(&[1], &[3]).right, None, "it was drafted");
        assert_eq!((found(&[1, 3], &[4]).here, found(&[], &[7]).here), (0, 2));
    }
}
