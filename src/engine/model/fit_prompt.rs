//! How much of a prompt's history fits beside the answer. Knows tokens and the context.

use color_eyre::eyre::Result;

use crate::protocol::{PromptText, RenderedPrompt};

/// Maximum tokens of a prompt: the answer's limit is reserved, up to half of the context.
pub(crate) fn prompt_room(context: usize, max_tokens: usize) -> usize {
    context - max_tokens.min(context / 2)
}

/// Renders a prompt with as much of the newest history as fits into `room` tokens; at
/// least one item stays, whether it fits or not.
///
/// # Errors
/// Those of `render`.
pub(crate) fn fitted(
    prompt: &PromptText,
    room: usize,
    render: impl Fn(&PromptText) -> Result<RenderedPrompt>,
) -> Result<RenderedPrompt> {
    let whole = render(prompt)?;
    let Some(history) = &prompt.history else {
        return Ok(whole);
    };
    if whole.ids.len() <= room || history.n_items <= 1 {
        return Ok(whole);
    }
    let rendered = |n_items: usize| -> Result<RenderedPrompt> {
        Ok(RenderedPrompt {
            n_dropped: history.n_items - n_items,
            ..render(&history.with_newest(n_items)?)?
        })
    };
    let mut best = rendered(1)?;
    // One item always stays; all of them do not fit.
    let (mut fits, mut too_many) = (1, history.n_items);
    while too_many - fits > 1 && best.ids.len() <= room {
        let middle = fits.midpoint(too_many);
        let tried = rendered(middle)?;
        if tried.ids.len() <= room {
            (fits, best) = (middle, tried);
        } else {
            too_many = middle;
        }
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::History;
    use proptest::prelude::*;
    use std::cell::Cell;

    /// A history of items of these lengths, newest last; one token per byte.
    fn prompt(lens: &[usize], newest: usize) -> PromptText {
        let lens = lens.to_vec();
        let shown = &lens[lens.len() - newest.min(lens.len())..];
        let items: Vec<String> = shown.iter().map(|&len| "x".repeat(len)).collect();
        PromptText {
            user: items.concat(),
            history: Some(History::new(lens.len(), move |n| Ok(prompt(&lens, n)))),
            ..PromptText::default()
        }
    }

    fn render(prompt: &PromptText) -> Result<RenderedPrompt> {
        Ok(RenderedPrompt {
            text: prompt.user.clone(),
            ids: vec![0; prompt.user.len()],
            opening_len: 0,
            n_dropped: 0,
        })
    }

    proptest! {
        #[test]
        fn as_much_as_fits_stays_and_the_newest_of_it(
            lens in prop::collection::vec(1usize..9, 1..40),
            room in 0usize..200,
        ) {
            let n_renders = Cell::new(0);
            let count = |p: &PromptText| {
                n_renders.set(n_renders.get() + 1);
                render(p)
            };
            let fitted = fitted(&prompt(&lens, lens.len()), room, count).expect("renders");
            let n_kept = lens.len() - fitted.n_dropped;
            let of_newest = |n: usize| lens[lens.len() - n..].iter().sum::<usize>();
            prop_assert_eq!(fitted.ids.len(), of_newest(n_kept));
            prop_assert!(n_kept == 1 || fitted.ids.len() <= room);
            prop_assert!(fitted.n_dropped == 0 || of_newest(n_kept + 1) > room);
            prop_assert!(n_renders.get() <= 8, "{} renders", n_renders.get());
        }
    }

    #[test]
    fn the_answer_gets_its_room_but_never_more_than_half() {
        assert_eq!(prompt_room(2048, 256), 1792);
        assert_eq!(prompt_room(512, 1000), 256);
    }
}
