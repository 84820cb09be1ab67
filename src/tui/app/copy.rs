//! What is copied to the terminal's clipboard. The terminal's owner does it.

use crate::present::selection::TreeSelection;
use crate::protocol::RunId;
use crate::speculate::TokenId;
use crate::speculate::command_line::{CommandLine, Files};
use crate::speculate::trace::Step;
use crate::tui::action::Copied;
use crate::tui::app::{App, Effect, Tone};
use crate::tui::runs::run::Run;
use crate::tui::screens::Screen;

impl App {
    pub(crate) fn copy(&mut self, what: Copied) {
        self.dialog = None;
        if let Some(run) = self.to_save_first().filter(|_| what == Copied::Command) {
            self.hand_over(run);
            self.effects.push(Effect::SaveToCopy(run));
            return;
        }
        match self.to_copy(what) {
            Some(text) => self.effects.push(Effect::Copy(text)),
            None => self.tell(Tone::Info, format!("No {} to copy.", what.name())),
        }
    }

    /// The text to be copied, if there is one.
    pub(crate) fn to_copy(&self, what: Copied) -> Option<String> {
        if self.screen == Screen::Catalog {
            return self.selected_prompt().filter(|_| what == Copied::Prompt);
        }
        let header = &self.record()?.trace.header;
        match what {
            Copied::Token => Some(self.joined([self.picked_id()?])),
            Copied::Step => {
                let step = self.step()?;
                let tokens = step.verdict.committed(&step.tree);
                Some(self.joined(tokens.map(|(id, _)| id)))
            }
            Copied::Text => {
                let opening =
                    header.prompt_ids.len() - header.opening_len.min(header.prompt_ids.len());
                let ids = header.prompt_ids[opening..]
                    .iter()
                    .chain(&self.record()?.ids);
                Some(self.joined(ids.copied()))
            }
            Copied::Prompt => Some(header.prompt.clone()),
            Copied::Command => Some(self.command_of(self.run()?)?.text()),
        }
    }

    /// The command line that makes a run again.
    fn command_of<'a>(&'a self, run: &'a Run) -> Option<CommandLine<'a>> {
        let header = &run.record.as_ref()?.trace.header;
        let parent = run.parent.and_then(|id| self.run_of(id));
        // In this session a plain line means what is configured.
        let is_here = header.setup == self.engine.setup.words_for(&header.subject.framework);
        Some(CommandLine {
            configured: (run.recording().is_none() && is_here).then_some(&self.tune.configured),
            files: Files {
                own: run.file.as_deref(),
                parent: parent.and_then(|p| p.file.as_deref()),
            },
            ..CommandLine::of_run(header, self.engine.profile.as_ref())
        })
    }

    /// A run that the shown one's command line names and that has no file yet: the one
    /// it branched from, or itself where its calibration was taught by others.
    fn to_save_first(&self) -> Option<RunId> {
        let run = self.run()?;
        let header = &run.record.as_ref()?.trace.header;
        if header.branch.is_some() {
            let parent = self.run_of(run.parent?)?;
            return (parent.file.is_none() && parent.kept().is_some()).then_some(parent.id);
        }
        let start = header.calibration.as_ref()?;
        (!start.is_shipped() && run.file.is_none()).then_some(run.id)
    }

    /// A run was saved for a command line that names it.
    pub(crate) fn saved_to_copy(&mut self, id: RunId, outcome: Result<String, String>) {
        match outcome {
            Ok(path) => {
                self.keep_file(id, path);
                self.copy(Copied::Command);
            }
            Err(why) => self.tell(Tone::Problem, format!("Not saved: {why}")),
        }
    }

    /// As the model will read it, or before its template while no model is there.
    fn selected_prompt(&self) -> Option<String> {
        let at = self.catalog.selected()?;
        match self.catalog.preview(at) {
            Some(Ok(preview)) => Some(preview.rendered.clone()),
            _ => Some(self.catalog.prompt_of(at).ok()?.user),
        }
    }

    fn picked_id(&self) -> Option<TokenId> {
        let step: &Step = self.step()?;
        match self.selection()? {
            TreeSelection::Root => Some(step.tree.nodes[0].token),
            TreeSelection::Draft(node) => Some(step.tree.nodes[node].token),
            TreeSelection::Bonus => step.verdict.bonus,
        }
    }

    /// Tokens as text; bytes that are none become the replacement character.
    fn joined(&self, ids: impl IntoIterator<Item = TokenId>) -> String {
        let Some(record) = self.record() else {
            return String::new();
        };
        let bytes = ids
            .into_iter()
            .flat_map(|id| record.trace.token_bytes(id).iter());
        let bytes: Vec<u8> = bytes.copied().collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Copied {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Copied::Token => "token",
            Copied::Step => "step",
            Copied::Text => "text",
            Copied::Prompt => "prompt",
            Copied::Command => "command line",
        }
    }
}
