//! A prompt rendered and tokenised without being run.

use color_eyre::eyre::Result;

use crate::protocol::{Event, PromptPreview, PromptText, RenderedPrompt};

pub(crate) fn preview(
    ticket: u64,
    prompt: &PromptText,
    render: impl Fn(&PromptText) -> Result<RenderedPrompt>,
) -> Event {
    let shown = |p: RenderedPrompt| PromptPreview {
        rendered: p.text,
        n_tokens: p.ids.len(),
        n_dropped: p.n_dropped,
        ids: p.ids,
    };
    Event::Preview {
        ticket,
        preview: render(prompt).map(shown).map_err(|e| format!("{e:#}")),
    }
}
