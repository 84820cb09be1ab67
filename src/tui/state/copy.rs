//! What is copied to the terminal's clipboard. The terminal's owner does it.

use super::app::{App, Errand, Screen, Tone};
use super::record::Pick;
use crate::speculate::TokenId;
use crate::speculate::command_line::command_line;
use crate::speculate::trace::Step;
use crate::tui::action::Copied;

impl App {
    pub(super) fn copy(&mut self, what: Copied) {
        self.dialog = None;
        match self.to_copy(what) {
            Some(text) => self.errands.push(Errand::Copy(text)),
            None => self.tell(Tone::Info, format!("There is no {} to copy.", what.name())),
        }
    }

    /// The text to be copied, if there is one.
    pub fn to_copy(&self, what: Copied) -> Option<String> {
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
            Copied::Command => {
                let line = command_line(header);
                Some(match self.setup.as_str() {
                    "" => line,
                    setup => format!("{line} {setup}"),
                })
            }
        }
    }

    /// As the model will read it, or before its template while no model is there.
    fn selected_prompt(&self) -> Option<String> {
        let at = self.browse.selected()?;
        match self.browse.preview(at) {
            Some(Ok(preview)) => Some(preview.rendered.clone()),
            _ => Some(self.browse.prompt_of(at).ok()?.user),
        }
    }

    fn picked_id(&self) -> Option<TokenId> {
        let step: &Step = self.step()?;
        match self.pick()? {
            Pick::Root => Some(step.tree.nodes[0].token),
            Pick::Draft(node) => Some(step.tree.nodes[node].token),
            Pick::Bonus => step.verdict.bonus,
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
    pub fn name(self) -> &'static str {
        match self {
            Copied::Token => "token",
            Copied::Step => "step",
            Copied::Text => "text",
            Copied::Prompt => "prompt",
            Copied::Command => "command line",
        }
    }
}
