//! Byte-level BPE, the family of GPT-2: bytes become printable characters, a regex
//! splits the text into words, merges join them. Models differ in the regex, which the
//! GGUF file only names (`tokenizer.ggml.pre`).

use super::cased::CASED_WORD;
use color_eyre::eyre::{Result, bail, eyre};
use tokenizers::normalizers::NFC;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::tokenizer::SplitDelimiterBehavior;
use tokenizers::{NormalizerWrapper, Tokenizer};

/// How text is split before merging.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WordSplit {
    /// GPT-2's regex alone
    Gpt2,
    /// every digit by itself, then GPT-2's regex
    Smollm,
    /// Llama 3: digits in threes, contractions in any case
    Llama3,
    /// Qwen 2: as Llama 3, but every digit by itself, after NFC
    Qwen2,
    /// Mistral Nemo: words split at capitals, every digit by itself
    Tekken,
    /// line breaks, letters of any script, punctuation, CJK, digits by themselves
    DeepseekCoder,
    /// line breaks, letters of alphabets with case, punctuation, CJK, numbers
    DeepseekLlm,
    /// llama.cpp's own, for files that do not say: punctuation, GPT-2's regex,
    /// numbers, digits in threes
    Unstated,
}

/// Supported names of `tokenizer.ggml.pre`, for messages.
pub(crate) const SUPPORTED: &str = "smollm, starcoder, refact, command-r, llama-bpe, falcon3, tekken, \
     gpt-2, mpt, qwen2, deepseek-coder, deepseek-llm and default";

const LLAMA3_REGEX: &str = concat!(
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}",
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
);
const QWEN2_REGEX: &str = concat!(
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}",
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
);

/// From `tokenizer.json` of Mistral Nemo and similar models.
const TEKKEN_REGEX: &str = concat!(
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+",
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*",
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
);
/// Chinese characters, Korean syllables and everything between, as in both of
/// DeepSeek's tokenizers.
const DEEPSEEK_CJK: &str = "[\u{4e00}-\u{9fa5}\u{800}-\u{4e00}\u{ac00}-\u{d7ff}]+";
const DEEPSEEK_CODER_REGEXES: [&str; 5] = [
    r"[\r\n]",
    r"\s?\p{L}+",
    r"\s?\p{P}+",
    DEEPSEEK_CJK,
    r"\p{N}",
];
const DEEPSEEK_LLM_REGEXES: [&str; 6] = [
    r"[\r\n]",
    CASED_WORD,
    "\\s?[!-/:-~\u{ff01}-\u{ff0f}\u{ff1a}-\u{ff5e}\u{2018}-\u{201f}\u{3000}-\u{3002}]+",
    r"\s+$",
    DEEPSEEK_CJK,
    r"\p{N}+",
];
/// From llama.cpp, in its order of application.
const UNSTATED_REGEXES: [&str; 4] = [
    r"[\p{P}\$\+<=>\^~\|]+",
    concat!(
        r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+",
        r"| ?[^\s\p{L}\p{N}]+|\s+(?!\S)"
    ),
    r"\p{N}+",
    r"[0-9][0-9][0-9]",
];

impl WordSplit {
    /// From `tokenizer.ggml.pre`. If that is missing, llama.cpp's own default.
    ///
    /// # Errors
    /// For a name with an unknown regex: guessing would give wrong ids.
    pub(crate) fn from_name(pre: Option<&str>) -> Result<Self> {
        Ok(match pre.unwrap_or("default") {
            "default" => Self::Unstated,
            "gpt2" | "gpt-2" | "mpt" => Self::Gpt2,
            "smollm" | "starcoder" | "refact" | "command-r" => Self::Smollm,
            "llama-bpe" | "llama3" | "llama-v3" | "falcon3" => Self::Llama3,
            "qwen2" | "deepseek-r1-qwen" => Self::Qwen2,
            "tekken" => Self::Tekken,
            "deepseek-coder" => Self::DeepseekCoder,
            "deepseek-llm" => Self::DeepseekLlm,
            other => bail!("pre-tokenizer {other:?} is not supported; known are {SUPPORTED}"),
        })
    }

    /// Llama 3 uses a word that is a token directly, without merging.
    pub(crate) fn ignores_merges(self) -> bool {
        matches!(self, Self::Llama3 | Self::Tekken)
    }

    /// Whether a prompt starts with BOS if the file does not say (llama.cpp's
    /// defaults).
    pub(crate) fn adds_bos(self) -> bool {
        matches!(self, Self::Llama3 | Self::Tekken)
    }

    /// Installs the normalizer and the pre-tokenizer.
    pub(crate) fn install(self, tokenizer: &mut Tokenizer) -> Result<()> {
        if self == Self::Qwen2 {
            let nfc = Some(NormalizerWrapper::from(NFC));
            tokenizer.with_normalizer(nfc).map_err(|err| eyre!(err))?;
        }
        tokenizer.with_pre_tokenizer(Some(self.pre_tokenizer()?));
        Ok(())
    }

    fn pre_tokenizer(self) -> Result<PreTokenizerWrapper> {
        // No space is ever put before the first word: none of these models
        // was trained with one.
        let bytes = |use_regex| ByteLevel::new(false, true, use_regex);
        let cut_by = |regexes: &[&str]| -> Result<PreTokenizerWrapper> {
            let splits = regexes.iter().map(|regex| split(regex).map(Into::into));
            let mut steps: Vec<PreTokenizerWrapper> = splits.collect::<Result<_>>()?;
            steps.push(bytes(false).into());
            Ok(Sequence::new(steps).into())
        };
        Ok(match self {
            Self::Gpt2 => bytes(true).into(),
            Self::Smollm => {
                Sequence::new(vec![Digits::new(true).into(), bytes(true).into()]).into()
            }
            Self::Llama3 => cut_by(&[LLAMA3_REGEX])?,
            Self::Qwen2 => cut_by(&[QWEN2_REGEX])?,
            Self::Tekken => cut_by(&[TEKKEN_REGEX])?,
            Self::DeepseekCoder => cut_by(&DEEPSEEK_CODER_REGEXES)?,
            Self::DeepseekLlm => cut_by(&DEEPSEEK_LLM_REGEXES)?,
            Self::Unstated => cut_by(&UNSTATED_REGEXES)?,
        })
    }
}

fn split(regex: &str) -> Result<Split> {
    let pattern = SplitPattern::Regex(regex.to_owned());
    Split::new(pattern, SplitDelimiterBehavior::Isolated, false).map_err(|err| eyre!(err))
}

/// Undoes the byte-to-character map of GPT-2's `bytes_to_unicode`: printable
/// Latin-1 stands for itself, the other 68 bytes for U+0100 onwards in order.
pub(crate) struct ByteAlphabet {
    /// (0x144) byte of each character up to U+0143
    byte_of: [Option<u8>; 0x144],
}

impl ByteAlphabet {
    pub(crate) fn new() -> Self {
        let mut byte_of = [None; 0x144];
        let mut next_stand_in = 0x100;
        for byte in 0..=255_u8 {
            let printable = matches!(byte, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF);
            if printable {
                byte_of[usize::from(byte)] = Some(byte);
            } else {
                byte_of[next_stand_in] = Some(byte);
                next_stand_in += 1;
            }
        }
        Self { byte_of }
    }

    /// Appends the bytes `token` stands for; a character outside the alphabet
    /// stands for itself.
    pub(crate) fn push_bytes(&self, token: &str, out: &mut Vec<u8>) {
        for ch in token.chars() {
            match self.byte_of.get(ch as usize) {
                Some(Some(byte)) => out.push(*byte),
                _ => out.extend_from_slice(ch.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ByteAlphabet, WordSplit};

    #[test]
    fn every_byte_has_one_character() {
        let alphabet = ByteAlphabet::new();
        let mut bytes: Vec<u8> = alphabet.byte_of.iter().flatten().copied().collect();
        bytes.sort_unstable();
        assert_eq!(bytes, (0..=255).collect::<Vec<u8>>());
    }

    #[test]
    fn known_stand_ins() {
        let mut out = Vec::new();
        ByteAlphabet::new().push_bytes("ĠaĊÃ©", &mut out);
        assert_eq!(out, " a\né".as_bytes());
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_known_ones() {
        let message = WordSplit::from_name(Some("falcon"))
            .unwrap_err()
            .to_string();
        assert!(message.contains("\"falcon\""), "{message}");
        assert!(message.contains("smollm, starcoder"), "{message}");
    }
}
