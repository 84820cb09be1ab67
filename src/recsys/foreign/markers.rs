//! Removes what a model's template leaves in answers saved as a whole: reasoning blocks
//! and turn markers. Knows only texts.

/// A cleaned answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cleaned {
    pub(crate) text: String,
    pub(crate) had_reasoning: bool,
    pub(crate) had_markers: bool,
}

/// Tags around a model's reasoning.
const REASONING: [(&str, &str); 4] = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("[THINK]", "[/THINK]"),
];

/// Markers that open an answer's turn: removed, the answer after them stays.
const OPENINGS: [&str; 13] = [
    "<s>",
    "<bos>",
    "<|begin_of_text|>",
    "<|startoftext|>",
    "<\u{ff5c}begin\u{2581}of\u{2581}sentence\u{ff5c}>",
    "<|im_start|>assistant",
    "<|start_header_id|>assistant<|end_header_id|>",
    "<start_of_turn>model",
    "<|start|>assistant",
    "<|channel|>final<|message|>",
    "<|assistant|>",
    "<\u{ff5c}Assistant\u{ff5c}>",
    "[/INST]",
];

/// Markers that end a turn or open another: the answer ends before the first.
const ENDS: [&str; 23] = [
    "<|im_end|>",
    "<|im_start|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|eot|>",
    "<|end_of_text|>",
    "<|endoftext|>",
    "<|end_of_turn|>",
    "<|end|>",
    "<|return|>",
    "<|start|>",
    "<|start_header_id|>",
    "<|user|>",
    "<|system|>",
    "<|observation|>",
    "<end_of_turn>",
    "<start_of_turn>",
    "<eos>",
    "<EOT>",
    "<\u{ff5c}end\u{2581}of\u{2581}sentence\u{ff5c}>",
    "<\u{ff5c}User\u{ff5c}>",
    "[INST]",
    "</s>",
];

/// Removes reasoning and markers. A text without any is unchanged, to the byte;
/// otherwise the answer is trimmed.
pub(super) fn cleaned(text: &str) -> Cleaned {
    let answer = without_reasoning(text);
    let had_reasoning = answer.len() < text.len();
    let whole = answer.len();
    let (opened, had_opening) = without_openings(&answer);
    let end = end_of_turn(opened).unwrap_or(opened.len());
    let had_markers = had_opening || end < opened.len();
    let text = match had_reasoning || had_markers {
        true => opened[..end].trim(),
        false => &answer[..whole],
    };
    Cleaned {
        text: text.to_string(),
        had_reasoning,
        had_markers,
    }
}

/// Removes every reasoning block; one that begins in the prompt or is cut off extends
/// to the end of the text.
fn without_reasoning(text: &str) -> String {
    let mut text = without_channels(text).to_string();
    for (open, close) in REASONING {
        if let Some(end) = text.find(close)
            && text.find(open).is_none_or(|start| start > end)
        {
            text.drain(..end + close.len());
        }
        while let Some(start) = text.find(open) {
            let end = text[start..].find(close);
            let end = end.map_or(text.len(), |at| start + at + close.len());
            text.drain(start..end);
        }
    }
    text
}

/// In a text with channels, the last one, which is the answer.
fn without_channels(text: &str) -> &str {
    const ANALYSIS: &str = "<|channel|>analysis";
    const FINAL: &str = "<|channel|>final<|message|>";
    match (text.contains(ANALYSIS), text.rfind(FINAL)) {
        (true, Some(at)) => &text[at..],
        (true, None) => "",
        (false, _) => text,
    }
}

fn without_openings(text: &str) -> (&str, bool) {
    let (mut rest, mut had) = (text, false);
    // An HTML strikethrough begins the same way, but ends before the text does.
    let is_struck = |opening: &str, behind: &str| {
        let end = behind.find("</s>").map(|at| &behind[at + 4..]);
        opening == "<s>" && end.is_some_and(|end| !end.trim().is_empty() && !begins_a_marker(end))
    };
    loop {
        let trimmed = rest.trim_start();
        let found = OPENINGS.iter().find_map(|opening| {
            let behind = trimmed.strip_prefix(opening)?;
            (!is_struck(opening, behind)).then_some(behind)
        });
        match found {
            Some(behind) => (rest, had) = (behind, true),
            None => return (rest, had),
        }
    }
}

fn begins_a_marker(text: &str) -> bool {
    let text = text.trim_start();
    let mut markers = OPENINGS.iter().chain(&ENDS);
    markers.any(|marker| text.starts_with(marker))
}

/// Where the answer's turn ends.
fn end_of_turn(text: &str) -> Option<usize> {
    let found = ENDS.iter().filter_map(|marker| match *marker {
        "</s>" => closing_s(text),
        marker => text.find(marker),
    });
    found.min()
}

/// A `</s>` that closes no `<s>`: the end marker, not a strikethrough.
fn closing_s(text: &str) -> Option<usize> {
    let mut n_open = 0;
    let places = text.match_indices('<');
    for (at, _) in places {
        if text[at..].starts_with("<s>") {
            n_open += 1;
        } else if text[at..].starts_with("</s>") {
            match n_open {
                0 => return Some(at),
                _ => n_open -= 1,
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> String {
        cleaned(text).text
    }

    #[test]
    fn reasoning_goes_and_the_answer_stays() {
        for said in [
            "<think>\nok\n</think>\n\nA heist film.",
            "<think></think>A heist film.",
            "let me see\n</think>\n\nA heist film.",
            "A heist <thinking>b</thinking>film.",
            "[THINK]x[/THINK]A heist film.",
            "A heist film.<think>and now I",
            "<|channel|>analysis<|message|>Think.<|end|><|start|>assistant<|channel|>final<|message|>A heist film.<|return|>",
        ] {
            let cleaned = cleaned(said);
            assert_eq!(cleaned.text, "A heist film.", "{said}");
            assert!(cleaned.had_reasoning, "{said}");
        }
        assert_eq!(text("<think>never ended"), "");
    }

    #[test]
    fn an_answer_ends_with_its_turn() {
        for said in [
            "A quiet drama.</s>",
            "A quiet drama.<|im_end|>\n<|im_start|>user\nNext",
            "<|im_start|>assistant\nA quiet drama.<|im_end|>",
            "<s> A quiet drama.</s>",
            "<s>A quiet drama.</s><s>[INST] Next",
            "<|start_header_id|>assistant<|end_header_id|>\n\nA quiet drama.<|eot_id|>",
            "<start_of_turn>model\nA quiet drama.<end_of_turn>\n",
            "[/INST] A quiet drama.</s>",
        ] {
            let cleaned = cleaned(said);
            assert_eq!(cleaned.text, "A quiet drama.", "{said}");
            assert!(cleaned.had_markers && !cleaned.had_reasoning, "{said}");
        }
    }

    #[test]
    fn a_text_without_markers_stays_to_the_byte() {
        for plain in [
            " A film about <s>old</s> new love. \n",
            "<s>old</s> new",
            "if a </ s> b",
            "I think so",
        ] {
            let cleaned = cleaned(plain);
            assert_eq!(cleaned.text, plain);
            assert!(!cleaned.had_markers && !cleaned.had_reasoning);
        }
    }
}
