//! Byte-level BPE, the family of GPT-2: bytes become printable characters,
//! a regex cuts the text into words, merges join them. What differs between
//! models is the regex, which the GGUF file only names (`tokenizer.ggml.pre`).

use color_eyre::eyre::{Result, bail, eyre};
use tokenizers::normalizers::NFC;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::tokenizer::SplitDelimiterBehavior;
use tokenizers::{NormalizerWrapper, Tokenizer};

/// How words are cut before merging.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordSplit {
    /// GPT-2's regex alone
    Gpt2,
    /// every digit by itself, then GPT-2's regex
    Smollm,
    /// Llama 3: digits in threes, contractions in any case
    Llama3,
    /// Qwen 2: as Llama 3, but every digit by itself, after NFC
    Qwen2,
}

/// Names of `tokenizer.ggml.pre` that are understood, for messages.
pub const SUPPORTED: &str = "smollm, llama-bpe, gpt-2 (default), qwen2";

const LLAMA3_REGEX: &str = concat!(
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}",
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
);
const QWEN2_REGEX: &str = concat!(
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}",
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
);

impl WordSplit {
    /// From `tokenizer.ggml.pre`; files older than that key mean GPT-2.
    ///
    /// # Errors
    /// For a name whose regex is not known here: guessing would give wrong ids.
    pub fn from_name(pre: Option<&str>) -> Result<Self> {
        Ok(match pre.unwrap_or("default") {
            "gpt2" | "gpt-2" | "default" => Self::Gpt2,
            "smollm" => Self::Smollm,
            "llama-bpe" | "llama3" | "llama-v3" => Self::Llama3,
            "qwen2" | "deepseek-r1-qwen" => Self::Qwen2,
            other => bail!("pre-tokenizer {other:?} is not supported; known are {SUPPORTED}"),
        })
    }

    /// Llama 3 takes a word that is a token as it is, without merging.
    pub fn ignores_merges(self) -> bool {
        self == Self::Llama3
    }

    /// Whether a prompt starts with BOS where the file does not say
    /// (llama.cpp's defaults).
    pub fn adds_bos(self) -> bool {
        self == Self::Llama3
    }

    /// Installs the normalizer and the pre-tokenizer.
    pub fn install(self, tokenizer: &mut Tokenizer) -> Result<()> {
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
        Ok(match self {
            Self::Gpt2 => bytes(true).into(),
            Self::Smollm => {
                Sequence::new(vec![Digits::new(true).into(), bytes(true).into()]).into()
            }
            Self::Llama3 => {
                Sequence::new(vec![split(LLAMA3_REGEX)?.into(), bytes(false).into()]).into()
            }
            Self::Qwen2 => {
                Sequence::new(vec![split(QWEN2_REGEX)?.into(), bytes(false).into()]).into()
            }
        })
    }
}

fn split(regex: &str) -> Result<Split> {
    let pattern = SplitPattern::Regex(regex.to_owned());
    Split::new(pattern, SplitDelimiterBehavior::Isolated, false).map_err(|err| eyre!(err))
}

/// Undoes the byte-to-character map of GPT-2's `bytes_to_unicode`: printable
/// Latin-1 stands for itself, the other 68 bytes for U+0100 onwards in order.
pub struct ByteAlphabet {
    /// (0x144) byte of each character up to U+0143
    byte_of: [Option<u8>; 0x144],
}

impl ByteAlphabet {
    pub fn new() -> Self {
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
    pub fn push_bytes(&self, token: &str, out: &mut Vec<u8>) {
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
        let message = WordSplit::from_name(Some("tekken"))
            .unwrap_err()
            .to_string();
        assert!(message.contains("\"tekken\""), "{message}");
        assert!(message.contains("smollm, llama-bpe"), "{message}");
    }
}
