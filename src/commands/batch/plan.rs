//! The subjects of a batch in their order: group by group, so that one pool stays hot,
//! and each group's pool half before its query half.

use std::collections::HashSet;

use crate::cli::{AllKind, GenerateArgs, HalfChoice, Shard};
use crate::recsys::{
    Catalog, Framework, Half, KnowledgeDoc, Role, Subject, SubjectKind, SubjectRef,
};
use crate::speculate::params::Params;
use crate::worker::ask;

/// The inputs of a batch.
pub(crate) struct Batch<'a> {
    pub(crate) args: &'a GenerateArgs,
    pub(crate) catalog: &'a Catalog,
    pub(crate) framework: &'a Framework,
    pub(crate) params: Params,
    /// The only subjects that are asked for; `None`: all.
    pub(crate) only: Option<&'a HashSet<SubjectRef>>,
}

impl Batch<'_> {
    /// [`Plan::of`] for the subjects that are asked for.
    pub(crate) fn plan(&self, known: &[KnowledgeDoc]) -> Plan {
        let mut plan = Plan::of(self.args, self.catalog, known);
        if let Some(only) = self.only {
            plan.subjects.retain(|at| only.contains(at));
        }
        plan
    }
}

/// The work, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The subjects of this shard, each once.
    pub subjects: Vec<SubjectRef>,
    /// Users without enough history for a prompt.
    pub n_without_history: usize,
}

impl Plan {
    /// All subjects selected by the options, or a shard of them, without those already
    /// in `known`.
    pub fn of(args: &GenerateArgs, catalog: &Catalog, known: &[KnowledgeDoc]) -> Plan {
        let role = |at| role(catalog, at, args.pool_half);
        let everyone = chosen(args, catalog);
        let with_prompt = everyone.iter().copied();
        let with_prompt: Vec<SubjectRef> = with_prompt
            .filter(|&at| has_prompt(catalog, at, role(at)))
            .collect();
        let n_without_history = everyone.len() - with_prompt.len();
        let shard = args.batch.shard.unwrap_or(Shard { index: 1, of: 1 });
        let known = known.iter().map(|doc| (doc.kind, doc.id.as_str()));
        let known: HashSet<(SubjectKind, &str)> = known.collect();
        let is_new = |at: &SubjectRef| !known.contains(&(at.kind, catalog.subject(*at).id()));
        let subjects = part(&with_prompt, shard).iter().copied();
        Plan {
            subjects: subjects.filter(is_new).collect(),
            n_without_history,
        }
    }
}

/// Whether a subject's prompt shows the older history, which the pool knows.
pub(crate) fn role(catalog: &Catalog, at: SubjectRef, pool_half: bool) -> Role {
    match pool_half {
        true => Role::Pool,
        false => ask::role_of(catalog.subject(at)),
    }
}

fn chosen(args: &GenerateArgs, catalog: &Catalog) -> Vec<SubjectRef> {
    let halves: &[Half] = match (args.pool_half, args.half) {
        (true, _) | (_, Some(HalfChoice::Pool)) => &[Half::Pool],
        (_, Some(HalfChoice::Query)) => &[Half::Query],
        _ => &[Half::Pool, Half::Query],
    };
    let kinds: &[SubjectKind] = match args.all {
        Some(AllKind::Items) => &[SubjectKind::Item],
        Some(AllKind::Users) => &[SubjectKind::User],
        Some(AllKind::Both) => &[SubjectKind::Item, SubjectKind::User],
        None => &[],
    };
    let mut subjects = Vec::new();
    for &kind in kinds {
        for group in catalog.groups(kind) {
            let halves = halves.iter();
            let members = halves.flat_map(|&half| catalog.members(kind, &group.name, half));
            subjects.extend(members.take(args.limit.unwrap_or(usize::MAX)));
        }
    }
    subjects
}

fn has_prompt(catalog: &Catalog, at: SubjectRef, role: Role) -> bool {
    match catalog.subject(at) {
        Subject::Item(_) => true,
        Subject::User(user) => !catalog.protocol.shown(&user.history, role).is_empty(),
    }
}

/// A contiguous part of the order; shards differ in length by one subject at most. Few
/// groups are split, and the shards concatenated are the whole order.
fn part<T>(order: &[T], shard: Shard) -> &[T] {
    let bound = |i: usize| (order.len() as u128 * i as u128 / shard.of as u128) as usize;
    &order[bound(shard.index - 1)..bound(shard.index)]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn shards_are_disjoint_fair_and_everything(n in 0usize..500, of in 1usize..40) {
            let order: Vec<usize> = (0..n).collect();
            let shards = (1..=of).map(|index| part(&order, Shard { index, of }));
            let shards: Vec<&[usize]> = shards.collect();
            prop_assert_eq!(shards.concat(), order.clone());
            let sizes = shards.iter().map(|s| s.len());
            let (least, most) = (sizes.clone().min(), sizes.max());
            prop_assert!(most <= least.map(|n| n + 1));
        }
    }
}
