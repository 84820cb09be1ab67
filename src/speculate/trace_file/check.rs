//! Refuses steps that could send a view out of bounds or overflow a figure.

use crate::speculate::draft::{DraftNode, DraftTree};
use crate::speculate::row::NodeDistribution;
use crate::speculate::trace::Step;

/// Longest plausible match of a source, in tokens: figures have a slot per length.
const LONGEST_MATCH: usize = 1 << 16;
/// Maximum rows of a tree: some queries of a step are quadratic in it.
const MOST_ROWS: usize = 1 << 10;
/// Maximum rows drafted before the tree was cut.
const MOST_OFFERED: usize = 1 << 16;
/// Longest context of a step, in tokens.
const LONGEST_CONTEXT: usize = 1 << 31;

/// Checks a step before which there are `index` others.
pub(super) fn check_step(step: &Step, index: usize) -> Result<(), String> {
    check_tree(&step.tree)?;
    check_rows(step)?;
    check_path(step)?;
    check_numbers(step)?;
    if step.index != index {
        return Err(format!("step {}, but {index} was expected", step.index));
    }
    Ok(())
}

fn check_tree(tree: &DraftTree) -> Result<(), String> {
    let n = tree.nodes.len();
    at_most("a tree", n, "rows", MOST_ROWS)?;
    let is_below = |(i, node): (usize, &DraftNode)| match node.parent {
        None => i == 0 && node.depth == 0,
        Some(p) => p < i && node.depth == tree.nodes[p].depth + 1,
    };
    if n == 0 || !tree.nodes.iter().enumerate().all(is_below) {
        return Err("the draft tree is not a tree".into());
    }
    Ok(())
}

fn check_rows(step: &Step) -> Result<(), String> {
    let n = step.tree.n_rows();
    if step.rows.len() != n || step.judged.len() != n - 1 || step.verdict.fates.len() != n - 1 {
        return Err(format!(
            "rows, standings and fates do not fit a tree of {n} nodes"
        ));
    }
    let is_empty = |r: &NodeDistribution| r.top.is_empty() && r.drawn.is_none();
    let has_empty = step.rows.iter().flatten().any(is_empty);
    if has_empty || step.verdict.path.iter().any(|&p| p >= n) {
        return Err("a row without candidates, or a path outside the tree".into());
    }
    Ok(())
}

fn check_path(step: &Step) -> Result<(), String> {
    let above = std::iter::once(0).chain(step.verdict.path.iter().copied());
    let mut downwards = above.zip(&step.verdict.path);
    if !downwards.all(|(parent, &node)| step.tree.nodes[node].parent == Some(parent)) {
        return Err("the committed path does not go down the tree".into());
    }
    Ok(())
}

fn check_numbers(step: &Step) -> Result<(), String> {
    for hit in &step.retrieval {
        at_most("a match", hit.matched, "tokens", LONGEST_MATCH)?;
    }
    at_most("an offer", step.n_offered, "rows", MOST_OFFERED)?;
    check_offered(step)?;
    at_most("a context", step.context_len, "tokens", LONGEST_CONTEXT)?;
    for excerpt in &step.excerpts {
        let end = excerpt.from as usize + excerpt.ids.len();
        at_most("an excerpt up to the end", end, "tokens", u32::MAX as usize)?;
    }
    Ok(())
}

fn check_offered(step: &Step) -> Result<(), String> {
    let Some(offered) = &step.offered else {
        return Ok(());
    };
    let rank = offered.right.map_or(0, |right| right.rank);
    let most = offered.n.max(offered.here).max(offered.depth).max(rank);
    at_most("an offer", most, "rows", MOST_OFFERED)
}

fn at_most(what: &str, n: usize, unit: &str, most: usize) -> Result<(), String> {
    if n > most {
        return Err(format!("{what} of {n} {unit}; the limit is {most}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speculate::params::{Params, Source};
    use crate::speculate::row::{Candidate, TokenScore};
    use crate::speculate::test_support;
    use crate::speculate::trace::{End, Excerpt, SourceHit, Trace};
    use crate::speculate::trace_file::TraceError;
    use crate::speculate::verify::{Fate, Finish, Verdict};

    /// A step without drafts.
    fn step() -> Step {
        step_of(0)
    }

    /// A step whose tree is one branch of refused drafts.
    fn step_of(drafts: usize) -> Step {
        let mut tree = DraftTree::root_only(0);
        for node in 0..drafts {
            tree.push(node, 1, 0.5, Vec::new());
        }
        let verdict = Verdict {
            fates: vec![Fate::Unreached; drafts],
            path: Vec::new(),
            bonus: Some(1),
            finish: None,
        };
        let row = NodeDistribution {
            top: vec![Candidate(1, 0.5)],
            entropy: Some(1.0),
            log_norm: None,
            drawn: None,
        };
        let mut step = test_support::step(tree, verdict);
        step.rows = vec![Some(row); drafts + 1];
        step.judged = vec![Some(TokenScore::new(1, 0.5)); drafts];
        step
    }

    fn saved(steps: Vec<Step>) -> Vec<u8> {
        let mut trace = Trace::new(test_support::header(Params::default()));
        steps.into_iter().for_each(|step| trace.push(step));
        let mut bytes = Vec::new();
        trace.save(&mut bytes).expect("writes");
        bytes
    }

    /// The error for a file with this step after another one.
    fn refused(mut second: Step) -> String {
        second.index = 1;
        let bytes = saved(vec![step(), second]);
        Trace::load(bytes.as_slice())
            .expect_err("too large")
            .to_string()
    }

    #[test]
    fn numbers_within_the_bounds_are_read() {
        let mut largest = step_of(MOST_ROWS - 1);
        largest.context_len = LONGEST_CONTEXT;
        largest.n_offered = MOST_OFFERED;
        assert!(Trace::load(saved(vec![largest]).as_slice()).is_ok());
    }

    #[test]
    fn a_huge_match_is_refused_by_its_line() {
        let mut huge = step();
        huge.retrieval.push(SourceHit {
            source: Source::Group,
            matched: usize::MAX / 2,
            count: 1,
        });
        let said = refused(huge);
        assert!(
            said.starts_with("line 3: a match of 9223372036854775807 tokens"),
            "{said}"
        );
    }

    #[test]
    fn a_huge_context_and_a_huge_offer_are_refused_by_their_line() {
        let mut huge = step();
        huge.context_len = usize::MAX;
        let said = refused(huge);
        assert!(
            said.starts_with("line 3: a context of 18446744073709551615 tokens"),
            "{said}"
        );
        let mut huge = step();
        huge.n_offered = usize::MAX;
        let said = refused(huge);
        assert!(
            said.starts_with("line 3: an offer of 18446744073709551615 rows"),
            "{said}"
        );
    }

    #[test]
    fn an_excerpt_beyond_every_document_is_refused_by_its_line() {
        let mut huge = step();
        huge.excerpts.push(Excerpt {
            doc: "i1".into(),
            group: "g".into(),
            from: u32::MAX,
            ids: vec![1],
        });
        let said = refused(huge);
        assert!(
            said.starts_with("line 3: an excerpt up to the end of 4294967296"),
            "{said}"
        );
    }

    /// Counting over a branch this long takes minutes.
    #[test]
    fn a_huge_tree_is_refused_by_its_line() {
        let said = refused(step_of(MOST_ROWS));
        assert!(said.starts_with("line 3: a tree of 1025 rows"), "{said}");
    }

    #[test]
    fn a_line_behind_the_end_is_refused() {
        let mut trace = Trace::new(test_support::header(Params::default()));
        trace.end = Some(End {
            finish: Finish::Eos,
            steps: 0,
            tokens: 0,
            decode_ms: Some(0.0),
        });
        let mut bytes = Vec::new();
        trace.save(&mut bytes).expect("writes");
        assert!(Trace::load(bytes.as_slice()).expect("whole") == trace);
        let last = bytes
            .split(|&b| b == b'\n')
            .nth(1)
            .expect("an end")
            .to_vec();
        bytes.extend(last);
        let refused = Trace::load(bytes.as_slice());
        assert!(matches!(refused, Err(TraceError::Line { line: 3, .. })));
    }
}
