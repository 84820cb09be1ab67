//! Checks a `tokenizer.json` before the `tokenizers` crate reads it: anything that
//! would make the crate panic, loop, exhaust memory or behave randomly is refused or
//! removed; markers beyond the rows of the embedding are dropped.

use color_eyre::eyre::{Result, bail, ensure};
use serde_json::Value;

use super::note_on_rowless;
use crate::model::base64_text;
use crate::model::stated;

/// Limit on the bytes of a text that a step inserts.
const MAX_INSERTED: usize = 256;
/// Limit on the bytes of a token matched as a whole: the matching automaton grows with
/// every byte.
pub(super) const MAX_MARKER: usize = 1024;
/// Limit on the bytes of a pattern.
const MAX_PATTERN: usize = 16 << 10;

/// Checks a tokenizer, and reports any changes made to it.
///
/// # Errors
/// Anything out of bounds or inconsistent, by key.
pub(crate) fn check(tokenizer: &mut Value, rows: Option<usize>) -> Result<Option<Vec<String>>> {
    for step in ["normalizer", "pre_tokenizer", "decoder"] {
        check_steps(step, &tokenizer[step])?;
    }
    check_ids(tokenizer)?;
    check_merges(&tokenizer["model"])?;
    let mut changes = Vec::new();
    changes.extend(without_rowless(tokenizer, rows)?);
    changes.extend(without_dropout(&mut tokenizer["model"]));
    Ok((!changes.is_empty()).then_some(changes))
}

/// A normalizer, pre-tokenizer or decoder, and those in it.
fn check_steps(key: &str, step: &Value) -> Result<()> {
    for inner in ["normalizers", "pretokenizers", "decoders"] {
        let mut steps = step[inner].as_array().into_iter().flatten();
        steps.try_for_each(|step| check_steps(key, step))?;
    }
    let ty = step["type"].as_str().unwrap_or("step");
    for inserted in ["prepend", "content", "replacement"] {
        let n = step[inserted].as_str().map_or(0, str::len);
        ensure!(
            n <= MAX_INSERTED,
            "`{key}`: {ty} inserts `{inserted}` of {n} bytes; the limit is {MAX_INSERTED}"
        );
    }
    if let Value::Object(pattern) = &step["pattern"] {
        for text in pattern.values().filter_map(Value::as_str) {
            ensure!(!text.is_empty(), "`{key}`: {ty} has an empty pattern");
            let n = text.len();
            ensure!(
                n <= MAX_PATTERN,
                "`{key}`: {ty} has a pattern of {n} bytes; the limit is {MAX_PATTERN}"
            );
        }
    }
    match step["precompiled_charsmap"].as_str() {
        Some(charsmap) => check_charsmap(charsmap)?,
        None => ensure!(
            ty != "Precompiled",
            "`{key}`: Precompiled has no `precompiled_charsmap`"
        ),
    }
    Ok(())
}

/// SentencePiece's precompiled normalizer: the length of a double-array trie in bytes,
/// the trie, the texts that its values point into (spm_precompiled). The crate follows
/// offsets unchecked; this ensures that every offset reachable from a node is in
/// bounds, for any text.
fn check_charsmap(base64: &str) -> Result<()> {
    let wrong = "`normalizer`: Precompiled holds no usable `precompiled_charsmap`";
    let Some(bytes) = base64_text::standard(base64) else {
        bail!("{wrong}: it is not base64");
    };
    let Some((len, rest)) = bytes.split_first_chunk::<4>() else {
        bail!("{wrong}: it is shorter than its header");
    };
    let n_units = u32::from_le_bytes(*len) as usize / 4;
    let Some((trie, texts)) = rest.split_at_checked(n_units * 4) else {
        bail!("{wrong}: it is shorter than its header says");
    };
    ensure!(n_units > 0, "{wrong}: it is empty");
    ensure!(
        std::str::from_utf8(texts).is_ok(),
        "{wrong}: its texts are not UTF-8"
    );
    let (units, _) = trie.as_chunks::<4>();
    let units: Vec<usize> = units
        .iter()
        .map(|u| u32::from_le_bytes(*u) as usize)
        .collect();
    match trie_is_closed(&units, texts) {
        true => Ok(()),
        false => bail!("{wrong}: it points outside itself"),
    }
}

/// Walks the trie like the crate.
fn trie_is_closed(units: &[usize], texts: &[u8]) -> bool {
    let offset = |unit: usize| (unit >> 10) << ((unit & (1 << 9)) >> 6);
    let starts_text = |at: usize| {
        let byte = texts.get(at);
        at <= texts.len() && byte.is_none_or(|b| !(0x80..0xc0).contains(b))
    };
    let mut seen = vec![false; units.len()];
    let mut open = vec![offset(units[0])];
    while let Some(node) = open.pop() {
        for byte in 1..=255 {
            let at = node ^ byte;
            let Some(&unit) = units.get(at) else {
                return false;
            };
            if unit & (1 << 31 | 0xff) != byte || std::mem::replace(&mut seen[at], true) {
                continue;
            }
            let next = at ^ offset(unit);
            if unit >> 8 & 1 == 1 {
                let value = units.get(next).map(|leaf| leaf & ((1 << 31) - 1));
                if !value.is_some_and(starts_text) {
                    return false;
                }
            }
            open.push(next);
        }
    }
    true
}

/// Ids determine the length of tables.
fn check_ids(tokenizer: &Value) -> Result<()> {
    let last = (*stated::VOCABULARY.end() - 1) as u64;
    let within = |key: &str, text: &str, id: &Value| match id.as_u64() {
        Some(id) if id <= last => Ok(()),
        _ => bail!("`{key}`: token {text:?} has id {id}; ids are between 0 and {last}"),
    };
    if let Value::Object(vocab) = &tokenizer["model"]["vocab"] {
        for (text, id) in vocab {
            within("model.vocab", text, id)?;
        }
    }
    for token in tokenizer["added_tokens"].as_array().into_iter().flatten() {
        let content = token["content"].as_str().unwrap_or("?");
        within("added_tokens", content, &token["id"])?;
        let n = content.len();
        ensure!(
            n <= MAX_MARKER,
            "`added_tokens`: token {} has a text of {n} bytes; the limit is {MAX_MARKER}",
            token["id"]
        );
    }
    Ok(())
}

/// The two sides of a merge: `["a", "b"]`, or `"a b"` in older files.
fn sides(merge: &Value) -> Option<(&str, &str)> {
    match merge {
        Value::String(text) => text.split_once(' '),
        Value::Array(sides) => match sides.as_slice() {
            [left, right] => left.as_str().zip(right.as_str()),
            _ => None,
        },
        _ => None,
    }
}

/// The crate joins two sides without checking that the result is a token.
fn check_merges(model: &Value) -> Result<()> {
    let Some(merges) = model["merges"].as_array() else {
        return Ok(());
    };
    let vocab = &model["vocab"];
    let prefix = model["continuing_subword_prefix"].as_str().unwrap_or("");
    for merge in merges {
        let Some((left, right)) = sides(merge) else {
            bail!("`model.merges` has {merge}, which is not a pair");
        };
        let joined = right
            .strip_prefix(prefix)
            .map(|right| format!("{left}{right}"));
        let known = joined.is_some_and(|joined| vocab.get(joined).is_some());
        ensure!(
            known,
            "`model.merges` joins {left:?} and {right:?} into a token that is not in `model.vocab`"
        );
    }
    Ok(())
}

/// Drops added tokens without a row.
fn without_rowless(tokenizer: &mut Value, rows: Option<usize>) -> Result<Option<String>> {
    let Some(rows) = rows else { return Ok(None) };
    let beyond = |id: &Value| id.as_u64().is_some_and(|id| id >= rows as u64);
    let mut texts = Vec::new();
    if let Value::Array(added) = &mut tokenizer["added_tokens"] {
        added.retain(|token| {
            let out = beyond(&token["id"]);
            if out {
                texts.push(token["content"].as_str().unwrap_or("?").to_owned());
            }
            !out
        });
    }
    if let Value::Object(vocab) = &mut tokenizer["model"]["vocab"] {
        let n_tokens = vocab.len();
        vocab.retain(|text, id| !(beyond(id) && texts.iter().any(|t| t == text)));
        if let Some((text, id)) = vocab.iter().find(|(_, id)| beyond(id)) {
            bail!(
                "`model.vocab` has {n_tokens} tokens, but the embedding has {rows} rows: none for \
                token {id} ({text:?})"
            );
        }
    }
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    Ok((!texts.is_empty()).then(|| note_on_rowless(&texts, rows)))
}

/// With dropout the ids of a text vary; it is for training.
fn without_dropout(model: &mut Value) -> Option<String> {
    let share = model
        .get("dropout")?
        .as_f64()
        .filter(|&share| share > 0.0)?;
    model["dropout"] = Value::Null;
    Some(format!(
        "`model.dropout` is {share}, which is for training: it is ignored"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn tokenizer() -> Value {
        json!({
            "added_tokens": [{ "id": 3, "content": "<end>" }],
            "normalizer": null,
            "pre_tokenizer": { "type": "Sequence", "pretokenizers": [
                { "type": "Split", "pattern": { "Regex": "\\d" }, "behavior": "Isolated" },
            ] },
            "decoder": null,
            "model": {
                "type": "BPE",
                "vocab": { "a": 0, "b": 1, "ab": 2, "<end>": 3 },
                "merges": [["a", "b"]],
            },
        })
    }

    /// The report on the tokenizer with one value changed.
    fn said(pointer: &str, value: Value) -> String {
        let mut changed = tokenizer();
        *changed.pointer_mut(pointer).unwrap() = value;
        let error = check(&mut changed, None).unwrap_err();
        format!("{error:#}")
    }

    #[test]
    fn an_ordinary_one_passes_unchanged() {
        let mut own = tokenizer();
        assert_eq!(check(&mut own, Some(4)).unwrap(), None);
        assert_eq!(own, tokenizer());
    }

    #[test]
    fn what_the_crate_would_not_survive_is_refused_by_its_key() {
        let huge = "x".repeat(1 << 20);
        let cases = [
            ("/added_tokens/0/id", json!(1u64 << 31), "added_tokens"),
            ("/added_tokens/0/content", json!(huge), "the limit is 1024"),
            ("/model/vocab/a", json!(1u64 << 31), "model.vocab"),
            ("/model/vocab/a", json!(-1), "model.vocab"),
            (
                "/normalizer",
                json!({ "type": "Prepend", "prepend": huge }),
                "Prepend",
            ),
            (
                "/normalizer",
                json!({ "type": "Replace", "pattern": { "String": "" }, "content": "x" }),
                "empty pattern",
            ),
            (
                "/normalizer",
                json!({ "type": "Sequence", "normalizers": [
                    { "type": "Replace", "pattern": { "String": "a" }, "content": huge },
                ] }),
                "Replace",
            ),
            (
                "/pre_tokenizer/pretokenizers/0/pattern",
                json!({ "Regex": "" }),
                "empty pattern",
            ),
            ("/model/merges/0", json!(["ab", "ab"]), "model.merges"),
            ("/model/merges/0", json!("a"), "model.merges"),
        ];
        for (pointer, value, part) in cases {
            let error = said(pointer, value);
            assert!(error.contains(part), "{part}: {error}");
        }
    }

    fn charsmap(units: &[u32], texts: &[u8]) -> Vec<u8> {
        let mut bytes = (units.len() as u32 * 4).to_le_bytes().to_vec();
        bytes.extend(units.iter().flat_map(|u| u.to_le_bytes()));
        bytes.extend(texts);
        bytes
    }

    fn base64(bytes: &[u8]) -> String {
        const DIGITS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let bits = bytes
            .iter()
            .flat_map(|b| (0..8).rev().map(move |i| b >> i & 1));
        let bits: Vec<u8> = bits.collect();
        let digit = |six: &[u8]| {
            let value = (0..6).fold(0, |n, i| n << 1 | six.get(i).copied().unwrap_or(0));
            char::from(DIGITS[usize::from(value)])
        };
        bits.chunks(6).map(digit).collect()
    }

    #[test]
    fn precompiled_normalizers_must_stay_inside_themselves() {
        // The root's children begin at 256; none of them is one.
        let empty = charsmap(
            &{
                let mut units = vec![0u32; 512];
                units[0] = 256 << 10;
                units
            },
            b"",
        );
        assert!(check_charsmap(&base64(&empty)).is_ok());
        let outside = charsmap(&[1 << 20 << 10], b"abc");
        for (bytes, part) in [
            (vec![1, 2], "shorter than its header"),
            (
                400u32.to_le_bytes().to_vec(),
                "shorter than its header says",
            ),
            (charsmap(&[], b""), "empty"),
            (charsmap(&[0; 256], b"\xff"), "UTF-8"),
            (outside, "outside itself"),
        ] {
            let error = check_charsmap(&base64(&bytes)).unwrap_err().to_string();
            assert!(error.contains(part), "{part}: {error}");
        }
        assert!(
            check_charsmap("?")
                .unwrap_err()
                .to_string()
                .contains("base64")
        );
    }

    #[test]
    fn markers_without_a_row_are_left_out_and_words_refused() {
        let mut own = tokenizer();
        let notes = check(&mut own, Some(3)).unwrap().unwrap();
        assert!(notes[0].contains("\"<end>\""), "{notes:?}");
        assert_eq!(own["added_tokens"], json!([]));
        assert!(own["model"]["vocab"].get("<end>").is_none());
        let error = check(&mut tokenizer(), Some(2)).unwrap_err().to_string();
        assert!(
            error.contains("2 rows") && error.contains("\"ab\""),
            "{error}"
        );
    }

    #[test]
    fn dropout_is_not_used() {
        let mut own = tokenizer();
        own["model"]["dropout"] = json!(0.1);
        let notes = check(&mut own, None).unwrap().unwrap();
        assert!(notes[0].contains("0.1"), "{notes:?}");
        assert_eq!(own["model"]["dropout"], Value::Null);
    }
}
