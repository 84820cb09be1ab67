//! Where the texts of two runs diverge and why, in a sentence, the same on the Compare
//! screen and on a lesson's page.

use super::number::count;
use super::record::Record;
use crate::speculate::compare::{Divergence, Names, Side, because};

/// Of the runs A and B; `None` for a divergence: the texts are equal as far as they go.
pub(crate) fn parting([a, b]: [&Record; 2], divergence: Option<&Divergence>) -> String {
    let Some(divergence) = divergence else {
        let is_whole = |r: &Record| r.trace.end.is_some();
        return match is_whole(a) && is_whole(b) {
            true => format!("The texts are equal: {} tokens.", a.ids.len()),
            false => format!("Equal so far: {} tokens.", a.ids.len().min(b.ids.len())),
        };
    };
    let written = |side: Side, id| side.of([a, b]).quoted(id);
    let names = Names {
        runs: ["A", "B"],
        token: &written,
    };
    let token = |side: Side| {
        let taken = side.of([divergence.left, divergence.right]);
        taken.map_or("its end".into(), |t| written(side, t.token))
    };
    format!(
        "They diverge after {}: A {}, B {}. {}",
        count(divergence.at, "equal token"),
        token(Side::Left),
        token(Side::Right),
        because(divergence, [&a.trace, &b.trace], &names)
    )
}
