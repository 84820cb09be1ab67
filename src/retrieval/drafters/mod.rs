//! The drafters: ways to build a draft tree from the same sources. `blend` is this
//! program's own, the others are published ones for comparison.

pub(crate) mod blend;
mod chain;
mod copied;
mod laser;
mod ngram;

use copied::{Copied, offer_copy};

use crate::retrieval::drafters::blend::Growth;
use crate::retrieval::index::local::Local;
use crate::retrieval::query::estimate::standing::Offers;
use crate::retrieval::query::search::Search;
use crate::speculate::draft::DraftTree;
use crate::speculate::params::{Drafter, Params, Sources};

/// What a drafter needs from the sources.
pub(crate) fn asked(params: &Params) -> Params {
    let (sources, longest) = match params.drafter {
        Drafter::Blend | Drafter::Chain => (params.sources, params.max_suffix),
        Drafter::Laser => (params.sources, laser::PREFIX),
        Drafter::Ngram => (Sources::NONE, ngram::MAX_N),
        Drafter::None => (Sources::NONE, 0),
    };
    Params {
        sources: Sources {
            local: params.sources.local && params.drafter != Drafter::None,
            ..sources
        },
        max_suffix: params.max_suffix.min(longest),
        ..*params
    }
}

/// The tree of the chosen drafter; `growth`'s parameters come from [`asked`].
pub(crate) fn draft(
    search: &mut Search,
    local: &Local,
    growth: &Growth,
    offers: &mut Offers,
) -> DraftTree {
    let (params, views) = (growth.params, search.views);
    let drafter = params.drafter;
    if drafter == Drafter::Blend {
        return blend::draft(search, local, growth, offers);
    }
    let chance = |copied: Copied| offer_copy(offers, growth.calibration, copied);
    match drafter {
        Drafter::Laser => laser::draft(views, local, params),
        Drafter::Ngram => ngram::draft(local, params, chance),
        Drafter::Chain => chain::draft(views, local, search.nodes.matches(0), params, chance),
        Drafter::Blend | Drafter::None => DraftTree::root_only(local.last().unwrap_or_default()),
    }
}
