//! A few subjects that represent all.

use super::catalog::Catalog;
use super::halves::Half;
use super::subject::{SubjectKind, SubjectRef};

impl Catalog {
    /// At most `n` subjects of the query half, taken from the groups in turn.
    pub(crate) fn stratified_sample(&self, kind: SubjectKind, n: usize) -> Vec<SubjectRef> {
        let mut queues: Vec<_> = self
            .groups(kind)
            .iter()
            .map(|group| self.members(kind, &group.name, Half::Query))
            .collect();
        let mut subjects = Vec::new();
        loop {
            let before = subjects.len();
            for queue in &mut queues {
                subjects.extend(queue.next().filter(|_| subjects.len() < n));
            }
            if subjects.len() == before {
                return subjects;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn groups_take_turns_and_nobody_comes_twice() {
        let catalog = Catalog::bundled().unwrap();
        let n_groups = catalog.groups(SubjectKind::Item).len();
        let few = catalog.stratified_sample(SubjectKind::Item, n_groups);
        let groups: HashSet<_> = few.iter().map(|&at| catalog.subject(at).group()).collect();
        assert_eq!(groups.len(), n_groups);
        let all = catalog.stratified_sample(SubjectKind::Item, usize::MAX);
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
        assert!(
            all.iter()
                .all(|&at| catalog.subject(at).half() == Half::Query)
        );
        assert_eq!(few, all[..n_groups]);
    }
}
