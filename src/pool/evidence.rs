//! What followed a path, source by source, the longest match first. Counts
//! only; what they are worth is for `blend` to say.

use std::ops::RangeInclusive;

use super::bridge::BridgeClass;
use super::lookup::{LOCAL, Shelves, Wide};
use super::pools::Shelf;
use super::search::Matches;
use super::segment::SEPARATOR;
use crate::speculate::TokenId;

/// Up to this many occurrences are counted, of more a sample of this size.
const SAMPLE: usize = 20;
/// .. and on each of the other groups' shelves, of which there are several.
const SAMPLE_OTHER: usize = 8;

/// Kinds of evidence, which deserve different trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Exact matches in the subject's own group.
    Own,
    /// Exact matches in the prompt and the output so far.
    Local,
    /// Exact matches in the other groups.
    Other,
    OwnBridge,
    OtherBridge,
    /// How frequent tokens are anywhere.
    Common,
}

impl Kind {
    pub const COUNT: usize = 6;
    const ALL: [Kind; Kind::COUNT] = [
        Kind::Own,
        Kind::Local,
        Kind::Other,
        Kind::OwnBridge,
        Kind::OtherBridge,
        Kind::Common,
    ];
}

/// What followed one suffix in one source.
pub(super) struct Evidence<'a> {
    pub kind: Kind,
    /// Symbols of the suffix; for bridges see there.
    pub order: usize,
    /// Occurrences of the suffix.
    pub count: usize,
    pub bridge: Option<BridgeClass>,
    /// Distinct next tokens and how often each followed.
    pub next: &'a [(TokenId, u32)],
    /// Occurrences that `next` is drawn from, those at a document's end
    /// included.
    pub n_seen: u32,
}

/// What evidence is shown to.
pub(super) trait Visit {
    /// Takes the next longest evidence in; false once no more is needed.
    fn add(&mut self, evidence: &Evidence) -> bool;
    /// The short matches, of which there are many, are worth a look.
    fn wants_rest(&self) -> bool;
}

/// Occurrences of a suffix, and what followed them.
#[derive(Clone, Debug, Default)]
struct Tally {
    count: u32,
    n_seen: u32,
    /// Distinct next tokens.
    next: Vec<(TokenId, u32)>,
}

/// The tally of several shelves together.
#[derive(Clone, Debug, Default)]
struct Shelved {
    tally: Tally,
    /// What followed every shelf's current match; used once one of them is an
    /// interval ..
    parts: Vec<(u16, TokenId, u32)>,
    /// .. with how many occurrences there are and how many of them were seen.
    counts: Vec<(u16, u32, u32)>,
}

/// Buffers, used again for every node.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    /// What there is to look at, by [`key`].
    agenda: Vec<u64>,
    own: Shelved,
    local: Tally,
    other: Shelved,
    bridged: Tally,
    /// The same for every node of a query, once it is known.
    common: Option<Tally>,
}

const ORDER_SHIFT: u32 = 48;
const KIND_SHIFT: u32 = 40;
const CLASS_SHIFT: u32 = 24;
/// Marks an interval among the items of an agenda.
const WIDE: u64 = 1 << 23;

/// An item of an agenda. What comes first is smaller: the longest matches, then
/// by kind; what belongs together is equal above [`CLASS_SHIFT`]. In one
/// number, because there is a list to sort at every node.
fn key(order: u16, kind: Kind, class: Option<BridgeClass>, index: usize) -> u64 {
    let class = class.map_or(0, BridgeClass::code);
    (u64::from(u16::MAX - order) << ORDER_SHIFT)
        | ((kind as u64) << KIND_SHIFT)
        | (u64::from(class) << CLASS_SHIFT)
        | index as u64
}

fn index_of(item: u64) -> usize {
    (item & (WIDE - 1)) as usize
}

impl Tally {
    fn clear(&mut self) {
        self.count = 0;
        self.n_seen = 0;
        self.next.clear();
    }

    /// One more occurrence.
    fn add(&mut self, token: TokenId) {
        self.count += 1;
        self.n_seen += 1;
        if token != SEPARATOR {
            add(&mut self.next, token, 1);
        }
    }
}

impl Scratch {
    /// Another query begins, maybe over other pools.
    pub fn begin(&mut self) {
        self.common = None;
    }

    /// Another node: nothing of it has been looked at.
    pub fn begin_node(&mut self) {
        self.own.clear();
        self.local.clear();
        self.other.clear();
    }

    /// Shows the evidence of these orders, the longest match first, until
    /// `visit` has enough (false). Longer ones must have been shown before.
    pub fn show(
        &mut self,
        shelves: &Shelves,
        matches: Matches,
        orders: RangeInclusive<u16>,
        visit: &mut impl Visit,
    ) -> bool {
        self.plan(shelves, matches, &orders);
        let agenda = std::mem::take(&mut self.agenda);
        let mut wants_more = true;
        for items in agenda.chunk_by(|a, b| a >> CLASS_SHIFT == b >> CLASS_SHIFT) {
            let kind = Kind::ALL[(items[0] >> KIND_SHIFT) as usize & 0xFF];
            let order = usize::from(u16::MAX) - (items[0] >> ORDER_SHIFT) as usize;
            let bridge = self.look_at(shelves, matches, kind, items);
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

    /// Puts what there is to look at in order.
    fn plan(&mut self, shelves: &Shelves, matches: Matches, orders: &RangeInclusive<u16>) {
        let agenda = &mut self.agenda;
        agenda.clear();
        let kind = |shelf| match shelf {
            LOCAL => Kind::Local,
            shelf if shelves.is_own(shelf) => Kind::Own,
            _ => Kind::Other,
        };
        let (places, span) = (matches.places, matches.span);
        for i in span.spots.clone().chain(span.late.clone()) {
            let spot = &places.spots[i];
            if orders.contains(&spot.order) {
                agenda.push(key(spot.order, kind(spot.shelf), None, i));
            }
        }
        for i in span.wides.clone() {
            let wide = &places.wides[i];
            if orders.contains(&wide.order) {
                agenda.push(key(wide.order, kind(wide.shelf), None, i) | WIDE);
            }
        }
        for (index, bridge) in matches.bridges.iter().enumerate() {
            let kind = match shelves.is_own(bridge.shelf) {
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

    /// Brings the kind's tally up to these items; a longer match's occurrences
    /// are among the shorter one's.
    fn look_at(
        &mut self,
        shelves: &Shelves,
        matches: Matches,
        kind: Kind,
        items: &[u64],
    ) -> Option<BridgeClass> {
        match kind {
            Kind::Own if shelves.n_own() == 1 => self.own.look_at_one(shelves, matches, items),
            Kind::Own => self.own.look_at(shelves, matches, items),
            Kind::Local => {
                let spots = items.iter().map(|&i| matches.places.spots[index_of(i)]);
                spots.for_each(|s| self.local.add(s.next));
            }
            Kind::Other => self.other.look_at(shelves, matches, items),
            Kind::Common => {
                self.common.get_or_insert_with(|| common(shelves));
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

impl Shelved {
    fn clear(&mut self) {
        self.tally.clear();
        self.parts.clear();
        self.counts.clear();
    }

    /// As [`look_at`](Self::look_at), where there is one shelf only.
    fn look_at_one(&mut self, shelves: &Shelves, matches: Matches, items: &[u64]) {
        for &item in items {
            if item & WIDE == 0 {
                self.tally.add(matches.places.spots[index_of(item)].next);
                continue;
            }
            let wide = &matches.places.wides[index_of(item)];
            self.tally.clear();
            let next = &mut self.tally.next;
            self.tally.n_seen = followers(shelves, wide, |t, n| next.push((t, n)));
            self.tally.count = wide.count;
        }
    }

    /// A shelf's shorter match holds its longer one, and takes its place.
    fn look_at(&mut self, shelves: &Shelves, matches: Matches, items: &[u64]) {
        let mut is_mixed = !self.counts.is_empty();
        for &item in items {
            if item & WIDE == 0 {
                let spot = &matches.places.spots[index_of(item)];
                self.parts.push((spot.shelf, spot.next, 1));
                if !is_mixed {
                    self.tally.add(spot.next);
                }
                continue;
            }
            is_mixed = true;
            let wide = &matches.places.wides[index_of(item)];
            let shelf = wide.shelf;
            self.parts.retain(|o| o.0 != shelf);
            self.counts.retain(|o| o.0 != shelf);
            let parts = &mut self.parts;
            let n_seen = followers(shelves, wide, |t, n| parts.push((shelf, t, n)));
            self.counts.push((shelf, wide.count, n_seen));
        }
        if is_mixed {
            self.sum();
        }
    }

    fn sum(&mut self) {
        let counts = &self.counts;
        let is_spot = |shelf| counts.iter().all(|c| c.0 != shelf);
        let n_spots = self.parts.iter().filter(|o| is_spot(o.0)).count() as u32;
        self.tally.count = n_spots + counts.iter().map(|c| c.1).sum::<u32>();
        self.tally.n_seen = n_spots + counts.iter().map(|c| c.2).sum::<u32>();
        let next = &mut self.tally.next;
        next.clear();
        let told = self.parts.iter().filter(|o| o.1 != SEPARATOR);
        next.extend(told.map(|&(_, token, n)| (token, n)));
        merge(next);
    }
}

/// How frequent tokens are wherever they stand.
fn common(shelves: &Shelves) -> Tally {
    let mut tally = Tally::default();
    for shelf in shelves.nearest() {
        let shelf = shelves.shelf(shelf);
        tally.next.extend(shelf.frequent());
        tally.count += shelf.n_tokens() as u32;
    }
    if shelves.nearest().len() > 1 {
        merge(&mut tally.next);
    }
    tally.n_seen = tally.count;
    tally
}

/// Adds up the counts of equal tokens.
fn merge(list: &mut Vec<(TokenId, u32)>) {
    list.sort_unstable();
    list.dedup_by(|from, into| {
        let is_same = from.0 == into.0;
        if is_same {
            into.1 += from.1;
        }
        is_same
    });
}

fn add(list: &mut Vec<(TokenId, u32)>, token: TokenId, n: u32) {
    match list.iter_mut().find(|x| x.0 == token) {
        Some(known) => known.1 += n,
        None => list.push((token, n)),
    }
}

/// Lists the tokens after an interval, each once; returns how many occurrences
/// were looked at.
fn followers(shelves: &Shelves, wide: &Wide, mut list: impl FnMut(TokenId, u32)) -> u32 {
    let shelf = shelves.shelf(wide.shelf);
    let sample = match shelves.is_own(wide.shelf) {
        true => SAMPLE,
        false => SAMPLE_OTHER,
    };
    if wide.ranks.len() <= sample {
        shelf
            .segment
            .children(wide.ranks, wide.depth, |token, ranks| {
                let n = shelf.count(ranks) as u32;
                if n > 0 {
                    list(token, n);
                }
            });
        return wide.count;
    }
    let seen = match sample {
        SAMPLE => sampled::<SAMPLE>(shelf, wide),
        _ => sampled::<SAMPLE_OTHER>(shelf, wide),
    };
    list_runs(seen.into_iter().flatten(), list)
}

/// What follows some of an interval's suffixes, evenly spread over more than
/// there are of them.
fn sampled<const N: usize>(shelf: &Shelf, wide: &Wide) -> [Option<TokenId>; SAMPLE] {
    let mut ranks = [wide.ranks.lo; N];
    for (place, rank) in ranks.iter_mut().zip(wide.ranks.spread(N)) {
        *place = rank;
    }
    let found = shelf.segment.tokens_after(&ranks, wide.depth);
    let mut tokens = [None; SAMPLE];
    for (place, (position, token)) in tokens.iter_mut().zip(found) {
        *place = shelf.is_visible(position).then_some(token);
    }
    tokens
}

/// Lists runs of equal tokens; a suffix array's order brings equals together.
fn list_runs(tokens: impl Iterator<Item = TokenId>, mut list: impl FnMut(TokenId, u32)) -> u32 {
    let mut n_seen = 0;
    let mut run = (SEPARATOR, 0);
    let mut end_run = |run: (TokenId, u32)| {
        if run.0 != SEPARATOR {
            list(run.0, run.1);
        }
    };
    for token in tokens {
        n_seen += 1;
        if token != run.0 {
            end_run(run);
            run = (token, 0);
        }
        run.1 += 1;
    }
    end_run(run);
    n_seen
}
