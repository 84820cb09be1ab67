//! The formats of logs by name.

use color_eyre::eyre::{Report, eyre};
use serde::Serialize;
use strum::VariantArray;

/// How an entry is laid out.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[strum(serialize_all = "kebab-case", parse_err_ty = Report, parse_err_fn = unknown)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// `choices[].message`, alone or with the request beside it.
    OpenaiChat,
    /// `choices[].text`, alone or with the request beside it.
    OpenaiCompletion,
    /// Request lines and response lines, joined by `custom_id`.
    OpenaiBatch,
    /// `messages`, `response`, `startTime`, `endTime`.
    Litellm,
    /// `conversations` of `from` and `value`: an entry for every answer.
    Sharegpt,
    /// `conversations` of `role` and `content`, or `input_ids` with a `loss_mask`.
    Specforge,
    /// `prompt_token_ids` and `token_ids`, or this program's `prompt_ids` and `token_ids`.
    Ids,
    /// One object per line with fields for the prompt and the answer.
    Jsonl,
    /// Comma-separated columns with a header.
    Csv,
    /// Tab-separated columns with a header.
    Tsv,
}

impl LogFormat {
    /// In the order of the help.
    pub const ALL: &'static [LogFormat] = Self::VARIANTS;

    /// The name that `--format` takes.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

fn unknown(text: &str) -> Report {
    let known: Vec<&str> = LogFormat::ALL.iter().map(|format| format.name()).collect();
    eyre!("unknown format `{text}`: use auto, {}", known.join(", "))
}
