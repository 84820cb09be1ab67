//! Gathers the evidence at a node and passes it on, the longest match first, until
//! there is enough.

use std::ops::RangeInclusive;

use crate::retrieval::query::agenda::{CLASS_SHIFT, KIND_SHIFT, ORDER_SHIFT, WIDE, index_of, key};
use crate::retrieval::query::bridge::BridgeClass;
use crate::retrieval::query::evidence::{Evidence, Kind, Visit};
use crate::retrieval::query::lookup::{LOCAL, SegmentViews};
use crate::retrieval::query::matches::Matches;
use crate::retrieval::query::tally::{Shelved, Tally, common};

/// Buffers, reused for every node.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    /// What to examine, by [`key`].
    agenda: Vec<u64>,
    own: Shelved,
    local: Tally,
    other: Shelved,
    bridged: Tally,
    /// The same for every node of a query, once computed.
    common: Option<Tally>,
}

impl Scratch {
    /// Starts another query, maybe over other pools.
    pub(crate) fn begin(&mut self) {
        self.common = None;
    }

    /// Starts another node.
    pub(crate) fn begin_node(&mut self) {
        self.own.clear();
        self.local.clear();
        self.other.clear();
    }

    /// Passes on the evidence of these orders, the longest match first, until `visit`
    /// has enough (false). Longer orders must come first.
    pub(crate) fn show(
        &mut self,
        views: &SegmentViews,
        matches: Matches,
        orders: RangeInclusive<u16>,
        visit: &mut impl Visit,
    ) -> bool {
        self.plan(views, matches, &orders);
        let agenda = std::mem::take(&mut self.agenda);
        let mut wants_more = true;
        for items in agenda.chunk_by(|a, b| a >> CLASS_SHIFT == b >> CLASS_SHIFT) {
            let kind = Kind::ALL[(items[0] >> KIND_SHIFT) as usize & 0xFF];
            let order = usize::from(u16::MAX) - (items[0] >> ORDER_SHIFT) as usize;
            let bridge = self.look_at(views, matches, kind, items);
            let tally = self.tally(kind);
            wants_more = visit.add(&Evidence {
                kind,
                order,
                count: tally.count as usize,
                bridge,
                next: &tally.next,
                n_seen: tally.n_seen,
            });
            if !wants_more {
                break;
            }
        }
        self.agenda = agenda;
        wants_more
    }

    /// Sorts what to examine.
    fn plan(&mut self, views: &SegmentViews, matches: Matches, orders: &RangeInclusive<u16>) {
        let agenda = &mut self.agenda;
        agenda.clear();
        let kind = |view| match view {
            LOCAL => Kind::Local,
            view if views.is_own(view) => Kind::Own,
            _ => Kind::Other,
        };
        let (places, span) = (matches.places, matches.span);
        for i in span.occurrences.clone().chain(span.late.clone()) {
            let occurrence = &places.occurrences[i];
            if orders.contains(&occurrence.order) {
                agenda.push(key(occurrence.order, kind(occurrence.view), None, i));
            }
        }
        for i in span.intervals.clone() {
            let interval = &places.intervals[i];
            if orders.contains(&interval.order) {
                agenda.push(key(interval.order, kind(interval.view), None, i) | WIDE);
            }
        }
        for (index, bridge) in matches.bridges.iter().enumerate() {
            let kind = match views.is_own(bridge.view) {
                true => Kind::OwnBridge,
                false => Kind::OtherBridge,
            };
            let class = bridge.class();
            if orders.contains(&class.rank()) {
                agenda.push(key(class.rank(), kind, Some(class), index));
            }
        }
        if orders.contains(&0) {
            agenda.push(key(0, Kind::Common, None, 0));
        }
        agenda.sort_unstable();
    }

    fn tally(&self, kind: Kind) -> &Tally {
        match kind {
            Kind::Own => &self.own.tally,
            Kind::Local => &self.local,
            Kind::Other => &self.other.tally,
            Kind::OwnBridge | Kind::OtherBridge => &self.bridged,
            Kind::Common => self.common.as_ref().unwrap_or(&self.bridged),
        }
    }

    /// Adds these items to the kind's tally; a longer match's occurrences are among the
    /// shorter one's.
    fn look_at(
        &mut self,
        views: &SegmentViews,
        matches: Matches,
        kind: Kind,
        items: &[u64],
    ) -> Option<BridgeClass> {
        match kind {
            Kind::Own if views.n_own() == 1 => self.own.look_at_one(views, matches, items),
            Kind::Own => self.own.look_at(views, matches, items),
            Kind::Local => {
                let occurrences = items
                    .iter()
                    .map(|&i| matches.places.occurrences[index_of(i)]);
                occurrences.for_each(|s| self.local.add(s.next));
            }
            Kind::Other => self.other.look_at(views, matches, items),
            Kind::Common => {
                self.common.get_or_insert_with(|| common(views));
            }
            Kind::OwnBridge | Kind::OtherBridge => {
                self.bridged.clear();
                let bridges = items.iter().map(|&i| &matches.bridges[index_of(i)]);
                bridges.for_each(|b| self.bridged.add(b.next));
                return Some(matches.bridges[index_of(items[0])].class());
            }
        }
        None
    }
}
