//! String and number literals.

use super::token::Kind;
use crate::jinja::error::{Error, fail};

/// Bytes of the string literal at the beginning, quotes included.
pub(crate) fn string_len(text: &str, quote: char) -> Result<usize, Error> {
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        if c == '\\' {
            chars.next();
        } else if c == quote {
            return Ok(at + 1);
        }
    }
    fail("unterminated string")
}

/// `12`, `0x1f`, `1_000`, `1.5e3`; after a dot (`x.1.5`) no fraction.
pub(crate) fn number(text: &str, after_dot: bool) -> Result<(Kind, usize), Error> {
    let digits = |from: usize| {
        let is_digit = |c: char| c == '_' || c.is_ascii_digit();
        text[from..]
            .find(|c| !is_digit(c))
            .map_or(text.len(), |n| from + n)
    };
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if text
            .get(..2)
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        {
            let end = text[2..].find(|c: char| c != '_' && !c.is_digit(radix));
            let end = end.map_or(text.len(), |n| n + 2);
            return integer(&text[2..end], radix).map(|kind| (kind, end));
        }
    }
    let whole = digits(0);
    let has_digit = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    let mut end = whole;
    if !after_dot && text[end..].starts_with('.') && has_digit(end + 1) {
        end = digits(end + 1);
    }
    if !after_dot && text[end..].starts_with(['e', 'E']) {
        let sign = usize::from(text[end + 1..].starts_with(['+', '-']));
        if has_digit(end + 1 + sign) {
            end = digits(end + 1 + sign);
        }
    }
    if end == whole {
        return integer(&text[..whole], 10).map(|kind| (kind, whole));
    }
    let float = text[..end].replace('_', "").parse();
    let float = float.map_err(|_| Error::new(format!("{} is not a number", &text[..end])))?;
    Ok((Kind::Float(float), end))
}

fn integer(digits: &str, radix: u32) -> Result<Kind, Error> {
    let parsed = i64::from_str_radix(&digits.replace('_', ""), radix);
    let parsed = parsed.map_err(|_| Error::new(format!("the integer {digits} is out of range")))?;
    Ok(Kind::Int(parsed))
}

/// Escapes of one character.
const SIMPLE: [(char, char); 10] = [
    ('\\', '\\'),
    ('\'', '\''),
    ('"', '"'),
    ('n', '\n'),
    ('t', '\t'),
    ('r', '\r'),
    ('a', '\x07'),
    ('b', '\x08'),
    ('f', '\x0c'),
    ('v', '\x0b'),
];

/// Escapes with this many hexadecimal digits.
const HEX: [(char, usize); 3] = [('x', 2), ('u', 4), ('U', 8)];

/// Python's escapes: `\n`, `\x41`, `\u263a`; an unknown one is unchanged.
pub(crate) fn unescape(text: &str) -> Result<String, Error> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(c) = rest.chars().next() else {
            break;
        };
        let behind = &rest[c.len_utf8()..];
        let simple = SIMPLE.iter().find(|(letter, _)| *letter == c);
        let hex = HEX.iter().find(|(letter, _)| *letter == c);
        rest = if let Some((_, meant)) = simple {
            out.push(*meant);
            behind
        } else if let Some((_, len)) = hex {
            let Some(digits) = behind.get(..*len) else {
                return fail(format!("the escape \\{c} needs {len} digits"));
            };
            out.push(code_point(digits, 16)?);
            &behind[*len..]
        } else if c.is_digit(8) {
            let len = rest.find(|c: char| !c.is_digit(8)).unwrap_or(rest.len());
            let (digits, behind) = rest.split_at(len.min(3));
            out.push(code_point(digits, 8)?);
            behind
        } else {
            // A continued line.
            out.push_str(if c == '\n' { "" } else { "\\" });
            &rest[usize::from(c == '\n')..]
        };
    }
    out.push_str(rest);
    Ok(out)
}

fn code_point(digits: &str, radix: u32) -> Result<char, Error> {
    let code = u32::from_str_radix(digits, radix)
        .ok()
        .and_then(char::from_u32);
    code.ok_or_else(|| Error::new(format!("\\{digits} is not a character")))
}
