//! What followed a path, source by source, the longest match first. Counts
//! only; what they are worth is for `blend` to say.

use super::bridge::{Bridge, BridgeClass};
use super::local::Occurrence;
use super::lookup::{Match, Place, Shelves};
use super::segment::SEPARATOR;
use crate::speculate::TokenId;
use crate::speculate::params::Source;

/// Up to this many occurrences are counted, of more a sample of this size.
const SAMPLE: usize = 32;
/// .. and on each of the other groups' shelves, of which there are several.
const SAMPLE_OTHER: usize = 16;

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

/// A node's matches in every source.
#[derive(Clone, Copy)]
pub(super) struct Matches<'a> {
    pub pools: &'a [Match],
    pub bridges: &'a [Bridge],
    pub local: &'a [Occurrence],
}

/// A piece of evidence that will be looked at, or a part of one.
#[derive(Clone, Copy)]
struct Item {
    order: u16,
    kind: Kind,
    bridge: Option<BridgeClass>,
    /// Its place among the matches or bridges; of the local text, how many
    /// occurrences match at least as long.
    index: usize,
}

/// Occurrences of a suffix.
#[derive(Clone, Copy, Default)]
struct Tally {
    count: u32,
    n_seen: u32,
}

/// Buffers, used again for every node.
#[derive(Default)]
pub(super) struct Scratch {
    agenda: Vec<Item>,
    next: Vec<(TokenId, u32)>,
    /// What followed the other groups' current matches, by shelf ..
    others: Vec<(u16, TokenId, u32)>,
    /// .. and of how many.
    other_tallies: Vec<(u16, Tally)>,
}

/// Shows every piece of evidence until `visit` has enough (false).
pub(super) fn for_each(
    shelves: &Shelves,
    matches: Matches,
    scratch: &mut Scratch,
    mut visit: impl FnMut(&Evidence) -> bool,
) {
    scratch.plan(shelves, matches);
    let agenda = std::mem::take(&mut scratch.agenda);
    for items in agenda.chunk_by(Item::belongs_with) {
        let first = items[0];
        let tally = scratch.look_at(shelves, matches, items);
        let evidence = Evidence {
            kind: first.kind,
            order: usize::from(first.order),
            count: tally.count as usize,
            bridge: first.bridge,
            next: &scratch.next,
            n_seen: tally.n_seen,
        };
        if !visit(&evidence) {
            break;
        }
    }
    scratch.agenda = agenda;
}

impl Item {
    /// What comes first is smaller: the longest matches, then by kind. In one
    /// number, because there is a list to sort at every node.
    fn key(&self) -> u64 {
        let class = self.bridge.map_or(0, BridgeClass::code);
        let order = u64::from(u16::MAX - self.order);
        (order << 32) | ((self.kind as u64) << 24) | u64::from(class)
    }

    /// Matches of one order in several other groups are one piece of evidence,
    /// and so are bridges of one class.
    fn belongs_with(&self, next: &Item) -> bool {
        let is_shared = matches!(self.kind, Kind::Other | Kind::OwnBridge | Kind::OtherBridge);
        is_shared && self.key() == next.key()
    }
}

impl Scratch {
    /// Puts everything there is to look at in order.
    fn plan(&mut self, shelves: &Shelves, matches: Matches) {
        self.others.clear();
        self.other_tallies.clear();
        self.agenda.clear();
        for (index, found) in matches.pools.iter().enumerate() {
            let kind = match shelves.source(found.shelf) {
                Source::Group => Kind::Own,
                _ => Kind::Other,
            };
            self.note(found.order, kind, None, index);
        }
        let mut n_longer = 0;
        for equal in matches.local.chunk_by(|a, b| a.matched == b.matched) {
            n_longer += equal.len();
            self.note(equal[0].matched as u16, Kind::Local, None, n_longer);
        }
        for (index, bridge) in matches.bridges.iter().enumerate() {
            let kind = match shelves.source(bridge.shelf) {
                Source::Group => Kind::OwnBridge,
                _ => Kind::OtherBridge,
            };
            let class = bridge.class();
            self.note(class.rank(), kind, Some(class), index);
        }
        self.note(0, Kind::Common, None, 0);
        self.agenda.sort_by_key(Item::key);
    }

    fn note(&mut self, order: u16, kind: Kind, bridge: Option<BridgeClass>, index: usize) {
        self.agenda.push(Item {
            order,
            kind,
            bridge,
            index,
        });
    }

    /// Fills `next` with what followed these items.
    fn look_at(&mut self, shelves: &Shelves, matches: Matches, items: &[Item]) -> Tally {
        self.next.clear();
        let index = items[0].index;
        match items[0].kind {
            Kind::Own => {
                let next = &mut self.next;
                followers(shelves, &matches.pools[index], |t, n| next.push((t, n)))
            }
            Kind::Local => {
                let occurrences = &matches.local[..index];
                self.add_all(occurrences.iter().map(|o| o.next))
            }
            Kind::Other => {
                for item in items {
                    self.replace_other(shelves, &matches.pools[item.index]);
                }
                self.sum_others()
            }
            Kind::Common => self.add_common(shelves),
            Kind::OwnBridge | Kind::OtherBridge => {
                let bridges = items.iter().map(|i| &matches.bridges[i.index]);
                self.add_all(bridges.map(|b| shelves.shelf(b.shelf).segment.token(b.at)))
            }
        }
    }

    fn add_all(&mut self, tokens: impl Iterator<Item = TokenId>) -> Tally {
        let mut n = 0;
        for token in tokens {
            n += 1;
            if token != SEPARATOR {
                add(&mut self.next, token, 1);
            }
        }
        Tally {
            count: n,
            n_seen: n,
        }
    }

    /// How frequent tokens are wherever they stand.
    fn add_common(&mut self, shelves: &Shelves) -> Tally {
        let mut tally = Tally::default();
        for shelf in shelves.nearest() {
            let shelf = shelves.shelf(shelf);
            self.next.extend(shelf.frequent());
            tally.count += shelf.n_tokens() as u32;
        }
        if shelves.nearest().len() > 1 {
            merge(&mut self.next);
        }
        tally.n_seen = tally.count;
        tally
    }

    /// A shelf's shorter match holds its longer one, and takes its place.
    fn replace_other(&mut self, shelves: &Shelves, found: &Match) {
        let shelf = found.shelf;
        self.others.retain(|o| o.0 != shelf);
        self.other_tallies.retain(|o| o.0 != shelf);
        let others = &mut self.others;
        let tally = followers(shelves, found, |t, n| others.push((shelf, t, n)));
        self.other_tallies.push((shelf, tally));
    }

    fn sum_others(&mut self) -> Tally {
        let tokens = self.others.iter().map(|&(_, token, n)| (token, n));
        self.next.extend(tokens);
        if self.other_tallies.len() > 1 {
            merge(&mut self.next);
        }
        let tallies = self.other_tallies.iter().map(|o| o.1);
        tallies.fold(Tally::default(), |sum, t| Tally {
            count: sum.count + t.count,
            n_seen: sum.n_seen + t.n_seen,
        })
    }
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

/// Lists the tokens after a match, each once.
fn followers(shelves: &Shelves, found: &Match, mut list: impl FnMut(TokenId, u32)) -> Tally {
    let shelf = shelves.shelf(found.shelf);
    let count = found.place.count();
    let sample = match shelves.source(found.shelf) {
        Source::Group => SAMPLE,
        _ => SAMPLE_OTHER,
    };
    let n_seen = match found.place {
        Place::One(at) => {
            let token = shelf.segment.token(at);
            if token != SEPARATOR {
                list(token, 1);
            }
            1
        }
        Place::Many { ranks, depth, .. } if ranks.len() <= sample => {
            shelf.segment.children(ranks, depth, |token, ranks| {
                let n = shelf.count(ranks) as u32;
                if n > 0 {
                    list(token, n);
                }
            });
            count
        }
        Place::Many { ranks, depth, .. } => {
            let starts = ranks.spread(sample).filter_map(|r| shelf.visible(r));
            list_runs(starts.map(|s| shelf.segment.token(s + depth)), list)
        }
    };
    Tally { count, n_seen }
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
