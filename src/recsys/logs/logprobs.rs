//! Token by token: the log probabilities of chat completions, of text completions and of
//! llama.cpp's own server.

use serde_json::Value;

use super::entry::{LogPiece, LogToken};
use super::fields::{id, named};

/// The tokens of a choice; `None` if they are not logged.
pub(super) fn tokens(choice: &Value, text: Option<&str>) -> Option<Vec<LogToken>> {
    let logprobs = named(choice, &["logprobs", "completion_probabilities"])?;
    let listed = named(logprobs, &["content", "refusal"]).unwrap_or(logprobs);
    match (listed, logprobs.get("tokens")) {
        (Value::Array(entries), _) => some(entries.iter().map(token).collect()),
        (_, Some(Value::Array(tokens))) => some(columns(logprobs, tokens, text)),
        _ => None,
    }
}

fn some(tokens: Vec<LogToken>) -> Option<Vec<LogToken>> {
    (!tokens.is_empty()).then_some(tokens)
}

/// `{token, logprob, bytes, top_logprobs}`, with an `id` in llama.cpp's.
fn token(entry: &Value) -> LogToken {
    let listed = entry.get("top_logprobs").and_then(Value::as_array);
    let top = listed.into_iter().flatten();
    let top = top.filter_map(|entry| Some((piece(entry), entry.get("logprob")?.as_f64()?)));
    LogToken {
        token: piece(entry),
        logprob: entry.get("logprob").and_then(Value::as_f64),
        top: best_first(top.collect()),
    }
}

fn piece(entry: &Value) -> LogPiece {
    let text = entry.get("token").and_then(Value::as_str);
    let mut piece = written(text.unwrap_or_default());
    let bytes = entry.get("bytes").and_then(Value::as_array);
    let bytes = bytes.and_then(|bytes| bytes.iter().map(byte).collect::<Option<Vec<u8>>>());
    if let Some(bytes) = bytes {
        (piece.bytes, piece.is_exact) = (bytes, true);
    }
    piece.id = piece.id.or_else(|| entry.get("id").and_then(id));
    piece
}

fn byte(value: &Value) -> Option<u8> {
    value.as_u64().and_then(|byte| u8::try_from(byte).ok())
}

/// A token as a text: also `token_id:7`, as vLLM writes it when asked to, and
/// `bytes:\xe2\x80`, as OpenAI's text completions write a part of a character.
fn written(text: &str) -> LogPiece {
    let id = text
        .strip_prefix("token_id:")
        .and_then(|id| id.parse().ok());
    if id.is_some() {
        return LogPiece {
            id,
            ..LogPiece::default()
        };
    }
    let escaped = text.strip_prefix("bytes:").and_then(unescaped);
    LogPiece {
        is_exact: escaped.is_some() || !text.contains('\u{fffd}') && !text.is_empty(),
        bytes: escaped.unwrap_or_else(|| text.as_bytes().to_vec()),
        id: None,
    }
}

/// `\xe2\x80`, with plain characters in between.
fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("\\x") {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let hex = rest.get(at + 2..at + 4)?;
        bytes.push(u8::from_str_radix(hex, 16).ok()?);
        rest = &rest[at + 4..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    (!bytes.is_empty()).then_some(bytes)
}

/// `{tokens, token_logprobs, top_logprobs, text_offset}`: a list each.
fn columns(logprobs: &Value, tokens: &[Value], text: Option<&str>) -> Vec<LogToken> {
    let list = |name: &str| logprobs.get(name).and_then(Value::as_array);
    let of = |list: Option<&'_ Vec<Value>>, at: usize| list.and_then(|l| l.get(at)).cloned();
    let (chances, tops) = (list("token_logprobs"), list("top_logprobs"));
    let mut pieces: Vec<LogPiece> = tokens
        .iter()
        .map(|token| written(token.as_str().unwrap_or_default()))
        .collect();
    if let (Some(offsets), Some(text)) = (list("text_offset"), text) {
        by_offset(&mut pieces, offsets, text);
    }
    let token = |(at, token): (usize, LogPiece)| LogToken {
        token,
        logprob: of(chances, at).and_then(|chance| chance.as_f64()),
        top: of(tops, at).map_or_else(Vec::new, |top| by_token(&top)),
    };
    pieces.into_iter().enumerate().map(token).collect()
}

/// A map from token to log probability, or a list of such entries.
fn by_token(top: &Value) -> Vec<(LogPiece, f64)> {
    let pairs = top.as_object().into_iter().flatten();
    best_first(
        pairs
            .filter_map(|(token, chance)| Some((written(token), chance.as_f64()?)))
            .collect(),
    )
}

fn best_first(mut top: Vec<(LogPiece, f64)>) -> Vec<(LogPiece, f64)> {
    top.sort_by(|a, b| b.1.total_cmp(&a.1));
    top
}

/// Gives tokens their bytes in the text: offsets count characters, from the first token's.
/// A token whose place is not a whole number of characters stays as it was written.
fn by_offset(pieces: &mut [LogPiece], offsets: &[Value], text: &str) {
    let Some(offsets) = offsets
        .iter()
        .map(Value::as_u64)
        .collect::<Option<Vec<u64>>>()
    else {
        return;
    };
    let Some(first) = offsets.first().copied() else {
        return;
    };
    let mut starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    starts.push(text.len());
    let start = |at: usize| {
        let offset = offsets.get(at)?.checked_sub(first)?;
        starts.get(usize::try_from(offset).ok()?).copied()
    };
    for (at, piece) in pieces.iter_mut().enumerate() {
        let is_last = at + 1 == offsets.len();
        let end = if is_last {
            Some(text.len())
        } else {
            start(at + 1)
        };
        let (Some(start), Some(end)) = (start(at), end) else {
            continue;
        };
        let told = text.get(start..end).unwrap_or_default();
        // Parts of one character share an offset; special tokens are not in the text.
        if !piece.is_exact && piece.id.is_none() && !told.is_empty() && !shares(&offsets, at) {
            (piece.bytes, piece.is_exact) = (told.as_bytes().to_vec(), true);
        }
    }
}

fn shares(offsets: &[u64], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| offsets.get(before));
    before == offsets.get(at) || offsets.get(at + 1) == offsets.get(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pieces(choice: &Value, text: &str) -> Vec<(String, bool, Option<u32>)> {
        let tokens = tokens(choice, Some(text)).unwrap_or_default();
        let piece = |t: &LogToken| {
            let text = String::from_utf8_lossy(&t.token.bytes).into_owned();
            (text, t.token.is_exact, t.token.id)
        };
        tokens.iter().map(piece).collect()
    }

    #[test]
    fn logged_bytes_beat_the_text_of_a_token() {
        let choice = json!({"logprobs": {"content": [
            {"token": "\u{fffd}", "logprob": -0.5, "bytes": [226, 128], "top_logprobs": [
                {"token": "b", "logprob": -3.0, "bytes": [98]},
                {"token": "a", "logprob": -0.5, "bytes": [97], "id": 5},
            ]},
            {"token": "\u{fffd}", "logprob": null, "bytes": null},
            {"token": "token_id:17", "logprob": -1},
        ]}});
        let tokens = tokens(&choice, None).unwrap();
        assert_eq!(tokens[0].token.bytes, [226, 128]);
        assert!(tokens[0].token.is_exact && !tokens[1].token.is_exact);
        let top: Vec<_> = tokens[0].top.iter().map(|(p, l)| (p.id, *l)).collect();
        assert_eq!(top, [(Some(5), -0.5), (None, -3.0)]);
        assert_eq!((tokens[2].token.id, tokens[1].logprob), (Some(17), None));
    }

    #[test]
    fn text_offsets_give_the_bytes_of_a_token() {
        let choice = json!({"logprobs": {
            "tokens": [" ok", "\u{fffd}", " bytes:", "bytes:\\xc3", "bytes:\\xa9", "\u{fffd}"],
            "token_logprobs": [-0.1, -0.2, null, -0.3, -0.4, -0.5],
            "top_logprobs": [{" no": -2.0, " ok": -0.1}, null],
            "text_offset": [7, 10, 11, 18, 18, 19],
        }});
        let got = pieces(&choice, " ok\u{20ac} bytes:\u{e9}!");
        let texts: Vec<&str> = got.iter().map(|(text, ..)| text.as_str()).collect();
        assert_eq!(
            texts,
            [" ok", "\u{20ac}", " bytes:", "\u{fffd}", "\u{fffd}", "!"]
        );
        assert!(got.iter().all(|(_, is_exact, _)| *is_exact), "{got:?}");
        let tokens = tokens(&choice, None).unwrap();
        let top: Vec<&[u8]> = tokens[0].top.iter().map(|(p, _)| &*p.bytes).collect();
        assert_eq!(top, [&b" ok"[..], b" no"]);
        assert_eq!(tokens[3].token.bytes, [0xc3]);
    }

    #[test]
    fn damaged_columns_lose_what_is_damaged_only() {
        for (offsets, text) in [
            (json!([0, 99]), "ab"),
            (json!([5, 0]), "ab"),
            (json!(["x"]), "ab"),
            (json!([]), ""),
            (json!(null), "\u{20ac}"),
        ] {
            let choice = json!({"logprobs": {"tokens": ["a", 7], "text_offset": offsets}});
            assert_eq!(pieces(&choice, text).len(), 2);
        }
        assert_eq!(written("bytes:\\x").bytes, b"bytes:\\x");
        assert_eq!(
            written("bytes:\\x\u{20ac}").bytes,
            "bytes:\\x\u{20ac}".as_bytes()
        );
        assert!(pieces(&json!({"logprobs": {"content": []}}), "").is_empty());
    }
}
