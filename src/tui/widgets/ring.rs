//! Going round a few things: panes, tabs.

/// The next or the previous one; after the last comes the first.
pub(crate) fn neighbour<T: Copy + PartialEq>(all: &[T], of: T, forward: bool) -> T {
    let n = all.len();
    let at = all.iter().position(|&one| one == of);
    let to = at.map(|at| (at + if forward { 1 } else { n - 1 }) % n);
    to.map_or(of, |to| all[to])
}

#[cfg(test)]
mod tests {
    use super::neighbour;

    #[test]
    fn it_goes_round_both_ways() {
        let all = ["a", "b", "c"];
        assert_eq!(neighbour(&all, "c", true), "a");
        assert_eq!(neighbour(&all, "a", false), "c");
        assert_eq!(neighbour(&all, "a", true), "b");
        assert_eq!(neighbour(&all, "d", true), "d");
    }
}
