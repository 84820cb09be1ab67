//! Where the right token of a step stood among all that retrieval could draft there: looked
//! up once the verdict is known, before the committed tokens are taken in.

use super::state::RunState;
use crate::speculate::TokenId;
use crate::speculate::draft::DraftTree;
use crate::speculate::params::{Drafter, MAX_ROWS};
use crate::speculate::row::NodeDistribution;
use crate::speculate::trace::{OfferSummary, OfferedToken};
use crate::speculate::verify::Verdict;
use crate::speculate::why_low::right_tokens;

impl RunState {
    /// `None`: retrieval was not asked.
    pub(crate) fn offered(
        &mut self,
        tree: &DraftTree,
        verdict: &Verdict,
        rows: &[Option<NodeDistribution>],
    ) -> Option<OfferSummary> {
        if !self.asks_retrieval() {
            return None;
        }
        let path: Vec<TokenId> = verdict.path.iter().map(|&n| tree.nodes[n].token).collect();
        let right = verdict.bonus.map_or_else(Vec::new, |bonus| {
            let row = rows.get(verdict.stop()).and_then(Option::as_ref);
            let rule = self.params.verify;
            right_tokens(row, bonus, rule, &self.header.eos)
        });
        let mut offers = self.all_offers(tree, !right.is_empty());
        offers.truncate(self.rows_in_context());
        Some(OfferSummary::of(&offers, tree.n_rows(), &path, |id| {
            right.contains(&id)
        }))
    }

    /// Every token that could be drafted here, in draft order. A budget of rows retrieves no
    /// more than it drafts, so retrieval is asked again for the rest.
    fn all_offers(&mut self, tree: &DraftTree, wants_more: bool) -> Vec<OfferedToken> {
        if wants_more && self.has_more(tree) {
            let calibration = self.calibrations.of(&self.params);
            let all = self.retriever.all_offers(calibration);
            return all.nodes.iter().map(|n| (n.token, n.parent)).collect();
        }
        let all = tree.nodes.iter().chain(&self.cut);
        all.map(|n| (n.token, n.parent)).collect()
    }

    /// Whether a larger budget could have retrieved more.
    fn has_more(&self, tree: &DraftTree) -> bool {
        let rows = self.params.budget.max_rows();
        let n_retrieved = tree.n_rows() + self.cut.len();
        // Only the blend leaves out what is below the end of a text before it counts rows.
        rows < MAX_ROWS && (n_retrieved >= rows || self.params.drafter != Drafter::Blend)
    }
}
