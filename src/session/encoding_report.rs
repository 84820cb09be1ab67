//! How the entries of logs became token ids, counted.

/// Counts over the entries that were encoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EncodingReport {
    /// Answers by where their ids come from: ids, tokens, text.
    pub n_by_source: [u64; 3],
    /// Answers with logged tokens and a text to encode again.
    pub n_compared: u64,
    /// Of those, the ones whose text encodes to other tokens.
    pub n_differing: u64,
    /// Answers whose logged tokens are not their text under this tokenizer.
    pub n_unlike: u64,
    /// Answers whose logged tokens are not all known or not all of the text, so that the text
    /// was encoded.
    pub n_inexact: u64,
    /// Prompts whose messages were joined plainly: there is no chat template, or it refuses
    /// them.
    pub n_joined: u64,
    /// Answers that ended by the model's own end token.
    pub n_ended: u64,
}

impl EncodingReport {
    /// Lines for the user.
    pub fn told(&self) -> Vec<String> {
        let [by_ids, by_tokens, by_text] = self.n_by_source;
        let mut lines = vec![format!(
            "answers by logged ids: {by_ids}, by logged tokens: {by_tokens}, by their text: {by_text}"
        )];
        if self.n_compared > 0 {
            lines.push(format!(
                "encoding the text again gives other tokens in {} of {} answers",
                self.n_differing, self.n_compared
            ));
        }
        if self.n_unlike > 0 {
            lines.push(format!(
                "the logged tokens of {} answers are not their text: is it the engine's tokenizer?",
                self.n_unlike
            ));
        }
        if self.n_inexact > 0 {
            lines.push(format!(
                "{} answers have log probabilities for tokens that are not in the vocabulary or \
                 not all of the text: their text was encoded",
                self.n_inexact
            ));
        }
        if self.n_joined > 0 {
            lines.push(format!(
                "the messages of {} prompts were joined without a chat template",
                self.n_joined
            ));
        }
        lines
    }
}

/// How the text of logged tokens compares with the logged text.
pub(super) enum Likeness {
    Equal,
    /// The text begins earlier, with what was prefilled, or later, after reasoning.
    Part,
    Other,
}

/// A character that is cut off at a limit does not count, nor a space in front.
pub(super) fn likeness(of_tokens: &str, text: &str) -> Likeness {
    let [of_tokens, text] = [of_tokens, text].map(|t| t.trim_end_matches('\u{fffd}'));
    match of_tokens == text || of_tokens.strip_prefix(' ') == Some(text) {
        true => Likeness::Equal,
        false if text.ends_with(of_tokens) || of_tokens.ends_with(text) => Likeness::Part,
        false => Likeness::Other,
    }
}
