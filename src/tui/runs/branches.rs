//! Branching the shown run: from a step with the settings of now, or with another
//! token in the place of the one that is selected; and the tree that branches make of
//! the session's runs.

use crate::present::selection::TreeSelection;
use crate::protocol::{Command, PromptText, Purpose, Request};
use crate::speculate::TokenId;
use crate::speculate::branch::Branch;
use crate::speculate::row::Candidate;
use crate::speculate::trace::StartFrom;
use crate::tui::action::Action;
use crate::tui::app::model::ModelState;
use crate::tui::app::{App, Tone};
use crate::tui::keys::context::Context;
use crate::tui::runs::run::{Origin, Run};

/// Where a branch would leave the run.
#[derive(Clone, Copy, Debug)]
pub struct Fork<'a> {
    pub(crate) step: usize,
    /// Tokens of the step that stay.
    pub within: usize,
    /// The node whose distribution offers the alternatives.
    pub(crate) node: usize,
    /// The most probable tokens there.
    pub top: &'a [Candidate],
    /// What the run has there.
    pub taken: Option<TokenId>,
}

impl App {
    /// Where the selected token stands; off the committed path, where its branch
    /// leaves that.
    pub fn fork(&self) -> Option<Fork<'_>> {
        let step = self.step()?;
        let path = &step.verdict.path;
        let mut node = match self.selection()? {
            TreeSelection::Root => 0,
            TreeSelection::Bonus => step.verdict.stop(),
            TreeSelection::Draft(node) => step.tree.nodes[node].parent.unwrap_or(0),
        };
        while node != 0 && !path.contains(&node) {
            node = step.tree.nodes[node].parent.unwrap_or(0);
        }
        let within = step.tree.nodes[node].depth;
        let mut committed = step.verdict.committed(&step.tree);
        Some(Fork {
            step: self.step_index()?,
            within,
            node,
            top: step.row(node).map_or(&[], |row| row.top.as_slice()),
            taken: committed.nth(within).map(|(id, _)| id),
        })
    }

    pub(crate) fn why_no_branch(&self) -> Option<String> {
        let record = self.record().filter(|r| r.n_steps() > 0);
        let Some(record) = record else {
            return Some("No step to branch from yet.".into());
        };
        let ModelState::Ready(ready) = &self.engine.model else {
            return self.why_no_model("A branch");
        };
        let fits = ready.model.tokenizer_hash == record.trace.header.model.tokenizer_hash;
        (!fits).then(|| "The run was recorded with another tokenizer.".into())
    }

    /// Row 0 is the step itself; the others force a token.
    pub(crate) fn branch(&mut self, row: usize) -> Vec<Command> {
        let (Some(record), Some(fork)) = (self.record(), self.fork()) else {
            return Vec::new();
        };
        let forced = row
            .checked_sub(1)
            .and_then(|i| fork.top.get(i))
            .map(|c| c.0);
        if forced.is_some_and(|id| record.trace.header.eos.contains(&id)) {
            let text = "That token ends the text: nothing would follow it.";
            self.tell(Tone::Info, text);
            return Vec::new();
        }
        let within = if forced.is_some() { fork.within } else { 0 };
        let branch = record.trace.branch_at(fork.step, within, forced);
        let start = record.trace.start_before(fork.step, &self.next.params);
        self.begin_branch(branch, start)
    }

    /// With the sliders' settings, from the first step that they would change: what
    /// stands before it stays as it is, and is not computed again.
    pub(crate) fn branch_at_change(&mut self) -> Vec<Command> {
        let possible = self
            .first_change()
            .and_then(|step| match self.why_no_branch() {
                None => Ok(step),
                Some(why) => Err(why),
            });
        let step = match possible {
            Ok(step) => step,
            Err(why) => {
                self.tell(Tone::Info, why);
                return Vec::new();
            }
        };
        let Some(trace) = self.record().map(|r| &r.trace) else {
            return Vec::new();
        };
        let branch = trace.branch_at(step, 0, None);
        let start = trace.start_before(step, &self.tune.params);
        self.next.params = self.tune.params;
        let commands = self.begin_branch(branch, start);
        // The branch has these very settings.
        self.tune.begun_with = self.session.shown;
        commands
    }

    /// The step where the shown run and one with the sliders' settings part, as far
    /// as the recording can tell; or why there is none to branch at.
    fn first_change(&self) -> Result<usize, String> {
        let Some(answered) = &self.tune.answered else {
            return Err("No setting was changed, so no step would change.".into());
        };
        if !answered.rerun.is_empty() {
            let key = self.key_of(Context::Tune, Action::Submit);
            return Err(format!(
                "These settings change the run from its start: {key} runs it again."
            ));
        }
        let what_if = &answered.what_if;
        let unknown = what_if.first_unknown.map(|(step, _)| step);
        let step = what_if.first_change.or(unknown);
        step.ok_or("Every step would commit the same tokens: there is nothing to branch.".into())
    }

    /// The shown run's subject and prompt again, with the settings of now.
    fn begin_branch(&mut self, branch: Branch, start: StartFrom) -> Vec<Command> {
        let (Some(run), Some(record)) = (self.run(), self.record()) else {
            return Vec::new();
        };
        let prompt = match &run.origin {
            Origin::Live { prompt } => prompt.clone(),
            Origin::Recorded { .. } => PromptText::recorded(&record.trace.header),
        };
        let (of, subject) = (run.id, run.subject.clone());
        let request = Request {
            run: self.next_run_id(),
            subject,
            prompt,
            params: self.next.params,
            branch: Some(branch),
            start,
            purpose: Purpose::Watch,
            start_paused: false,
        };
        let commands = self.send(request);
        if let Some(run) = self.run_mut() {
            run.parent = Some(of);
        }
        commands
    }

    /// This session's runs, newest first, each followed by its branches; and how
    /// deep in the tree each is.
    pub(crate) fn runs_as_tree(&self) -> Vec<(&Run, usize)> {
        let mut listed = Vec::new();
        let is_here = |id| {
            self.session
                .runs
                .iter()
                .any(|r| r.id == id && r.kept().is_some())
        };
        let roots = self.session.runs.iter().rev();
        for root in roots.filter(|r| !r.parent.is_some_and(is_here)) {
            self.list_below(root, 0, &mut listed);
        }
        listed
    }

    fn list_below<'a>(&'a self, run: &'a Run, depth: usize, listed: &mut Vec<(&'a Run, usize)>) {
        if run.kept().is_none() {
            return;
        }
        listed.push((run, depth));
        let children = self
            .session
            .runs
            .iter()
            .filter(|r| r.parent == Some(run.id));
        children.for_each(|child| self.list_below(child, depth + 1, listed));
    }
}

impl Run {
    /// Where it leaves its parent: `step 12 → ' Robert'`, the token forced there.
    pub(crate) fn begins(&self) -> Option<String> {
        self.kept()?.begins()
    }
}
