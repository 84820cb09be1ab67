//! A step that is walked phase by phase shows nothing of what comes later: with another
//! verdict, other later steps and another end, the screen is the same cell for cell. In the
//! first phase the tree may be another one, too.

use crossterm::event::KeyCode;
use laserscope::present::step_phase::StepPhase;
use laserscope::speculate::draft::DraftTree;
use laserscope::speculate::row::Candidate;
use laserscope::speculate::trace::{Step, Trace};
use laserscope::speculate::verify::{Fate, Finish};
use laserscope::tui::app::App;
use laserscope::tui::screens::decode::state::{Cursor, Pane, Zoom};

use super::fixture;
use super::stage::{draw, ended, keys, make_references, press};

const PANES: [Pane; 6] = [
    Pane::Text,
    Pane::Tree,
    Pane::Steps,
    Pane::Token,
    Pane::Pool,
    Pane::Speed,
];

/// How much of a step is changed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Changed {
    /// Rows, scores, times and the verdict.
    Verdict,
    /// The tree as well.
    Tree,
}

/// The step as if the model had seen it differently.
fn other_step(step: &Step, changed: Changed) -> Step {
    let mut other = step.clone();
    if changed == Changed::Tree {
        other.tree = DraftTree::root_only(step.tree.nodes[0].token);
        for node in step.tree.nodes.iter().skip(1).step_by(2) {
            other.tree.push(0, node.token, 0.25, node.origins.clone());
        }
        other.n_offered += 40;
        other.rows.truncate(other.tree.n_rows());
        other.judged.truncate(other.tree.n_drafts());
    }
    for row in other.rows.iter_mut().flatten() {
        row.top.reverse();
        row.top.iter_mut().for_each(|Candidate(_, p)| *p *= 0.5);
        row.entropy = row.entropy.map(|entropy| entropy + 1.0);
        row.log_norm = None;
    }
    for score in other.judged.iter_mut().flatten() {
        (score.rank, score.p) = (Some(7), 0.015);
    }
    let bonus = other.rows[0].as_ref().and_then(|row| row.top.first());
    other.verdict.bonus = bonus.map(|best| best.0);
    other.verdict.path.clear();
    other.verdict.fates = vec![Fate::Unreached; other.tree.n_drafts()];
    other.verdict.finish = None;
    if let Some(timing) = &mut other.timing {
        timing.forward *= 3.0;
    }
    other.offered = None;
    other.learned.clear();
    other
}

/// The trace with another outcome of a step, and another course from there on.
fn with_other_future(trace: &Trace, at: usize, changed: Changed) -> Trace {
    let mut other = Trace::new(trace.header.clone());
    for step in &trace.steps[..at] {
        other.push(step.clone());
    }
    other.push(other_step(&trace.steps[at], changed));
    for step in trace.steps[at + 1..].iter().step_by(3) {
        let mut step = other_step(step, Changed::Verdict);
        step.index = other.steps.len();
        other.push(step);
    }
    other.end = trace.end.clone().map(|mut end| {
        (end.finish, end.steps) = (Finish::Length, other.steps.len());
        end
    });
    other
}

/// A run that has been measured, and marked later on.
fn walked(trace: &Trace, at: usize, phase: StepPhase) -> App {
    let mut app = ended(trace);
    let commands = keys(&mut app, "r");
    make_references(&mut app, commands, |_, _, end| end);
    app.decode.go_to(Cursor::at(trace.steps.len() - 1));
    app.notice = None;
    app.decode.go_to(Cursor::At {
        step: at,
        phase: Some(phase),
    });
    app
}

/// Every look at the step: all panes at three sizes, each pane alone, the dialogs about it.
fn looks(app: &mut App) -> Vec<(String, ratatui::buffer::Buffer)> {
    let mut seen = Vec::new();
    for size in [(80, 24), (120, 40), (200, 60)] {
        app.look.size = size;
        for pane in PANES {
            for zoom in [Zoom::All, Zoom::One] {
                (app.decode.zoom, app.notice) = (zoom, None);
                app.decode.focus(pane);
                seen.push((format!("{pane:?} {zoom:?} at {size:?}"), draw(app)));
            }
        }
        app.decode.zoom = Zoom::All;
        for (dialog, parts) in [("w", 1), ("W", 1), ("i", 3)] {
            keys(app, dialog);
            for part in 0..parts {
                seen.push((format!("{dialog} {part} at {size:?}"), draw(app)));
                press(app, KeyCode::Tab);
            }
            app.dialog = None;
        }
    }
    seen
}

fn assert_same(trace: &Trace, at: usize, phase: StepPhase, changed: Changed) {
    let other = with_other_future(trace, at, changed);
    let [mut one, mut two] = [trace, &other].map(|trace| {
        let mut app = walked(trace, at, phase);
        // Every other step also shows the drafts that were not taken.
        keys(&mut app, if at.is_multiple_of(2) { "" } else { "x" });
        app
    });
    for ((what, one), (_, two)) in looks(&mut one).into_iter().zip(looks(&mut two)) {
        let differs = |&(x, y): &(u16, u16)| one[(x, y)] != two[(x, y)];
        let area = one.area;
        let cells = (0..area.height).flat_map(|y| (0..area.width).map(move |x| (x, y)));
        let found: Vec<(u16, u16)> = cells.filter(differs).collect();
        let line = |y| -> String { (0..area.width).map(|x| one[(x, y)].symbol()).collect() };
        assert!(
            found.is_empty(),
            "{phase:?} of step {at}, {what}: {:?} in\n{}",
            &found[..found.len().min(8)],
            line(found[0].1)
        );
    }
}

/// Steps that commit something, the first one among them.
fn steps(trace: &Trace) -> impl Iterator<Item = usize> + '_ {
    let telling = trace
        .steps
        .iter()
        .filter(|step| step.verdict.path.len() > 1);
    std::iter::once(0).chain(telling.map(|step| step.index).step_by(5).take(2))
}

#[test]
fn nothing_in_the_draft_phase_depends_on_the_verdict() {
    let trace = fixture::relaxed();
    for at in steps(&trace) {
        assert_same(&trace, at, StepPhase::Draft, Changed::Verdict);
    }
}

#[test]
fn nothing_in_the_retrieve_phase_depends_on_the_tree() {
    let trace = fixture::relaxed();
    for at in steps(&trace) {
        assert_same(&trace, at, StepPhase::Retrieve, Changed::Tree);
        assert_same(&trace, at, StepPhase::Retrieve, Changed::Verdict);
    }
}

/// The verdict shows, but no later step does.
#[test]
fn nothing_in_the_later_phases_depends_on_later_steps() {
    let trace = fixture::relaxed();
    for at in steps(&trace) {
        let mut other = with_other_future(&trace, at, Changed::Verdict);
        other.steps[at] = trace.steps[at].clone();
        for phase in [StepPhase::Verify, StepPhase::Commit] {
            let [mut one, mut two] = [&trace, &other].map(|trace| walked(trace, at, phase));
            for ((what, one), (_, two)) in looks(&mut one).into_iter().zip(looks(&mut two)) {
                assert!(one == two, "{phase:?} of step {at}, {what}");
            }
        }
    }
}

/// The test can fail: the whole step shows its verdict.
#[test]
fn the_whole_step_depends_on_its_verdict() {
    let trace = fixture::relaxed();
    let at = steps(&trace).last().expect("a step");
    let other = with_other_future(&trace, at, Changed::Verdict);
    let [mut one, mut two] = [&trace, &other].map(|trace| {
        let mut app = walked(trace, at, StepPhase::Draft);
        app.decode.go_to(Cursor::at(at));
        app
    });
    let pairs = looks(&mut one).into_iter().zip(looks(&mut two));
    assert!(pairs.into_iter().all(|((_, one), (_, two))| one != two));
}
