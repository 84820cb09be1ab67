//! Templates for files without one, chosen by the markers in the vocabulary.

/// A template used in training, and the markers unique to its models.
pub(crate) struct Known {
    name: &'static str,
    markers: &'static [&'static str],
    pub(crate) source: &'static str,
    pub(crate) bos: &'static str,
    pub(crate) eos: &'static str,
}

/// ChatML: Qwen, SmolLM, Yi and many others.
const CHATML: &str = concat!(
    "{%- for message in messages -%}",
    "{{ '<|im_start|>' ~ message.role ~ '\n' ~ message.content ~ '<|im_end|>\n' }}",
    "{%- endfor -%}",
    "{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\n' }}{%- endif -%}",
);

/// Llama 3 without the line about dates.
const LLAMA3: &str = concat!(
    "{{ bos_token }}{%- for message in messages -%}",
    "{{ '<|start_header_id|>' ~ message.role ~ '<|end_header_id|>\n\n' }}",
    "{{ message.content | trim ~ '<|eot_id|>' }}",
    "{%- endfor -%}",
    "{%- if add_generation_prompt -%}",
    "{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{%- endif -%}",
);

/// Gemma 1 to 3; the assistant is called `model`.
const GEMMA: &str = concat!(
    "{{ bos_token }}{%- for message in messages if message.role != 'system' -%}",
    "{%- set role = 'model' if message.role == 'assistant' else message.role -%}",
    "{{ '<start_of_turn>' ~ role ~ '\n' ~ message.content | trim ~ '<end_of_turn>\n' }}",
    "{%- endfor -%}",
    "{%- if add_generation_prompt -%}{{ '<start_of_turn>model\n' }}{%- endif -%}",
);

/// Mistral's instruct models from v3 on, whose vocabularies include `[INST]`.
const MISTRAL: &str = concat!(
    "{{ bos_token }}{%- for message in messages -%}",
    "{%- if message.role == 'user' -%}{{ '[INST] ' ~ message.content ~ '[/INST]' }}",
    "{%- elif message.role == 'assistant' -%}{{ ' ' ~ message.content ~ eos_token }}",
    "{%- endif -%}{%- endfor -%}",
);

/// Vicuna v1.1 to v1.5 (FastChat's `vicuna_v1.1`), whose GGUF files have none.
const VICUNA: &str = concat!(
    "{%- if messages[0].role == 'system' -%}{{ messages[0].content }}",
    "{%- else -%}A chat between a curious user and an artificial intelligence assistant. ",
    "The assistant gives helpful, detailed, and polite answers to the user's questions.",
    "{%- endif -%}",
    "{%- for message in messages -%}",
    "{%- if message.role == 'user' -%}{{ ' USER: ' ~ message.content }}",
    "{%- elif message.role == 'assistant' -%}",
    "{{ ' ASSISTANT: ' ~ message.content ~ eos_token }}",
    "{%- endif -%}",
    "{%- endfor -%}",
    "{%- if add_generation_prompt -%}{{ ' ASSISTANT:' }}{%- endif -%}",
);

const PLAIN: &str = "{%- for message in messages -%}{{ message.content ~ '\n\n' }}{%- endfor -%}";

/// The most specific markers first: Llama 2's `<s>` is in many vocabularies.
const ALL: [Known; 5] = [
    Known {
        name: "ChatML's",
        markers: &["<|im_start|>", "<|im_end|>"],
        source: CHATML,
        bos: "",
        eos: "<|im_end|>",
    },
    Known {
        name: "Llama 3's",
        markers: &["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"],
        source: LLAMA3,
        bos: "<|begin_of_text|>",
        eos: "<|eot_id|>",
    },
    Known {
        name: "Gemma's",
        markers: &["<start_of_turn>", "<end_of_turn>"],
        source: GEMMA,
        bos: "<bos>",
        eos: "<eos>",
    },
    Known {
        name: "Mistral's",
        markers: &["[INST]", "[/INST]"],
        source: MISTRAL,
        bos: "<s>",
        eos: "</s>",
    },
    Known {
        name: "Vicuna's",
        markers: &["<s>", "</s>"],
        source: VICUNA,
        bos: "<s>",
        eos: "</s>",
    },
];

const NONE: Known = Known {
    name: "",
    markers: &[],
    source: PLAIN,
    bos: "",
    eos: "",
};

/// Markers that are never plain text, whatever type a file declares.
pub(crate) const KNOWN_MARKERS: [&str; 24] = [
    "<|im_start|>",
    "<|im_end|>",
    "<|im_sep|>",
    "<|endoftext|>",
    "<|begin_of_text|>",
    "<|end_of_text|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<start_of_turn>",
    "<end_of_turn>",
    "<|system|>",
    "<|user|>",
    "<|assistant|>",
    "<|end|>",
    "<|start_of_role|>",
    "<|end_of_role|>",
    "<｜User｜>",
    "<｜Assistant｜>",
    "<｜begin▁of▁sentence｜>",
    "<｜end▁of▁sentence｜>",
    "[INST]",
    "[/INST]",
];

/// The template whose markers are in a vocabulary; plain text if there is none.
pub(crate) fn by_markers(has_marker: impl Fn(&str) -> bool) -> Known {
    let fits = |known: &Known| known.markers.iter().all(|marker| has_marker(marker));
    ALL.into_iter().find(fits).unwrap_or(NONE)
}

impl Known {
    pub(crate) fn note(&self) -> String {
        if self.markers.is_empty() {
            return "the model has no chat template and its vocabulary no known turn markers: the \
                prompt is plain text"
                .to_owned();
        }
        format!(
            "the model has no chat template: using {}, since its vocabulary has {}",
            self.name,
            self.markers.join(" and ")
        )
    }
}

#[cfg(test)]
mod tests {
    use crate::model::chat::{ChatTemplate, Message, Role};

    fn rendered(markers: &[&str]) -> (String, Vec<String>) {
        let template = ChatTemplate::by_markers(|marker| markers.contains(&marker)).unwrap();
        let turns = [
            Message::new(Role::System, "S"),
            Message::new(Role::User, "A"),
            Message::new(Role::Assistant, "B"),
            Message::new(Role::User, "C"),
        ];
        (template.render(&turns, true).unwrap(), template.notes)
    }

    #[test]
    fn each_vocabulary_gets_the_template_of_its_markers() {
        let cases: [(&[&str], &str, &str); 6] = [
            (
                &["<|im_start|>", "<|im_end|>", "<s>", "</s>"],
                "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nA<|im_end|>\n\
                 <|im_start|>assistant\nB<|im_end|>\n<|im_start|>user\nC<|im_end|>\n\
                 <|im_start|>assistant\n",
                "ChatML's",
            ),
            (
                &["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"],
                "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nS<|eot_id|>\
                 <|start_header_id|>user<|end_header_id|>\n\nA<|eot_id|>\
                 <|start_header_id|>assistant<|end_header_id|>\n\nB<|eot_id|>\
                 <|start_header_id|>user<|end_header_id|>\n\nC<|eot_id|>\
                 <|start_header_id|>assistant<|end_header_id|>\n\n",
                "Llama 3's",
            ),
            (
                &["<start_of_turn>", "<end_of_turn>", "<s>"],
                "<bos><start_of_turn>user\nS\n\nA<end_of_turn>\n<start_of_turn>model\n\
                 B<end_of_turn>\n<start_of_turn>user\nC<end_of_turn>\n<start_of_turn>model\n",
                "Gemma's",
            ),
            (
                &["[INST]", "[/INST]", "<s>", "</s>"],
                "<s>[INST] S\n\nA[/INST] B</s>[INST] C[/INST]",
                "Mistral's",
            ),
            (
                &["<s>", "</s>"],
                "S USER: A ASSISTANT: B</s> USER: C ASSISTANT:",
                "Vicuna's",
            ),
            (&["<|endoftext|>"], "S\n\nA\n\nB\n\nC\n\n", "plain text"),
        ];
        for (markers, text, named) in cases {
            let (rendered, notes) = rendered(markers);
            assert_eq!(rendered, text);
            assert!(notes[0].contains(named), "{notes:?}");
        }
    }
}
