//! Source to tokens, with jinja2's whitespace control under `trim_blocks` and
//! `lstrip_blocks`: a block tag removes the following line break, and the spaces before
//! it if the line is otherwise empty; `-` strips more, `+` nothing.

use super::literal::{number, string_len, unescape};
use super::space::{is_space, trim_end, trim_start};
use super::token::{Kind, Token};
use crate::jinja::error::{Error, fail};

/// Maximum size of a template in bytes. The longest published chat template has 17 kB.
pub(crate) const MAX_SOURCE: usize = 1 << 20;

/// Longest first.
const SIGNS: [&str; 26] = [
    "**", "//", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}",
    ">", "<", "=", ".", ":", "|", ",", ";",
];

/// The tokens of a template, [`Kind::End`] last.
///
/// # Errors
/// An unclosed tag, string or comment, or an invalid character.
pub(crate) fn tokens(source: &str) -> Result<Vec<Token>, Error> {
    if source.len() > MAX_SOURCE {
        return fail(format!(
            "the template is larger than {} KiB, the limit",
            MAX_SOURCE >> 10
        ));
    }
    let source = source.replace("\r\n", "\n").replace('\r', "\n");
    let mut lexer = Lexer {
        rest: source.strip_suffix('\n').unwrap_or(&source),
        line: 1,
        at_line_start: true,
        tokens: Vec::new(),
    };
    lexer.run().map_err(|error| error.at(lexer.line))?;
    lexer.push(Kind::End);
    Ok(lexer.tokens)
}

struct Lexer<'s> {
    rest: &'s str,
    line: u32,
    /// The last token ended with a line break.
    at_line_start: bool,
    tokens: Vec<Token>,
}

/// The kind of a tag, by its second character.
#[derive(Clone, Copy, PartialEq)]
enum Tag {
    Print,
    Block,
    Comment,
}

impl<'s> Lexer<'s> {
    fn run(&mut self) -> Result<(), Error> {
        while !self.rest.is_empty() {
            let Some((at, tag)) = next_tag(self.rest) else {
                let rest = self.rest;
                self.data(rest);
                self.advance(rest.len());
                return Ok(());
            };
            self.data_before(at, tag);
            match tag {
                Tag::Comment => self.comment()?,
                Tag::Print => self.tag(Kind::PrintBegin, Kind::PrintEnd, "}}")?,
                Tag::Block => match raw_opening(self.rest) {
                    Some(opening) => self.raw(opening)?,
                    None => self.tag(Kind::BlockBegin, Kind::BlockEnd, "%}")?,
                },
            }
        }
        Ok(())
    }

    fn push(&mut self, kind: Kind) {
        let line = self.line;
        self.tokens.push(Token { kind, line });
    }

    fn data(&mut self, text: &str) {
        if !text.is_empty() {
            self.push(Kind::Data(text.to_owned()));
        }
    }

    /// Skips `len` bytes.
    fn advance(&mut self, len: usize) {
        let (read, rest) = self.rest.split_at(len);
        self.line += read.matches('\n').count() as u32;
        if let Some(last) = read.chars().next_back() {
            self.at_line_start = last == '\n';
        }
        self.rest = rest;
    }

    /// The text in front of a tag, stripped as the tag says, up to its braces.
    fn data_before(&mut self, at: usize, tag: Tag) {
        let text = &self.rest[..at];
        let kept = match self.rest[at + 2..].chars().next() {
            Some('-') => trim_end(text),
            Some('+') => text,
            _ if tag == Tag::Print => text,
            _ => self.without_indent(text),
        };
        let kept = kept.to_owned();
        self.data(&kept);
        self.advance(at);
    }

    fn without_indent<'t>(&self, text: &'t str) -> &'t str {
        let line = text.rfind('\n').map(|at| at + 1);
        if line.is_none() && !self.at_line_start {
            return text;
        }
        let (before, indent) = text.split_at(line.unwrap_or(0));
        match indent.chars().all(is_space) {
            true => before,
            false => text,
        }
    }

    fn comment(&mut self) -> Result<(), Error> {
        let Some(end) = self.rest[2..].find("#}").map(|at| at + 2) else {
            return fail("unclosed comment: `#}` is missing");
        };
        let strips = self.rest[..end].ends_with('-') && end > 2;
        let keeps = self.rest[..end].ends_with('+') && end > 2;
        self.advance(end + 2);
        self.after_block(strips, keeps);
        Ok(())
    }

    /// After a block or a comment: removes all spaces, the line break, or nothing.
    fn after_block(&mut self, strips: bool, keeps: bool) {
        if strips {
            self.advance(self.rest.len() - trim_start(self.rest).len());
        } else if !keeps && self.rest.starts_with('\n') {
            self.advance(1);
        }
    }

    /// `{% raw %}`, which is `opening` long, to its `{% endraw %}`.
    fn raw(&mut self, opening: usize) -> Result<(), Error> {
        let strips = self.rest[..opening].ends_with("-%}");
        self.advance(opening);
        self.after_block(strips, false);
        let ends = self.rest.match_indices("{%");
        let mut ends =
            ends.filter_map(|(at, _)| Some((at, block_named(&self.rest[at..], "endraw")?)));
        let Some((at, closing)) = ends.next() else {
            return fail("unclosed `{% raw %}`: `{% endraw %}` is missing");
        };
        self.data_before(at, Tag::Block);
        let tag = &self.rest[..closing];
        let (strips, keeps) = (tag.ends_with("-%}"), tag.ends_with("+%}"));
        self.advance(closing);
        self.after_block(strips, keeps);
        Ok(())
    }

    fn tag(&mut self, begin: Kind, end: Kind, close: &str) -> Result<(), Error> {
        self.push(begin);
        let sign = self.rest[2..].starts_with(['-', '+']);
        // A `+` or `-` after `{{` may also be the sign of a number.
        self.advance(2 + usize::from(sign));
        let mut open: Vec<char> = Vec::new();
        loop {
            self.advance(self.rest.len() - trim_start(self.rest).len());
            if open.is_empty() && self.close(&end, close) {
                return Ok(());
            }
            self.expression_token(&mut open)?;
        }
    }

    fn close(&mut self, end: &Kind, close: &str) -> bool {
        let marked = self.rest.starts_with(['-', '+']);
        let strips = self.rest.starts_with('-');
        if !self.rest[usize::from(marked)..].starts_with(close) {
            return false;
        }
        if *end == Kind::PrintEnd && marked && !strips {
            return false;
        }
        self.push(end.clone());
        self.advance(close.len() + usize::from(marked));
        match end {
            Kind::PrintEnd if !strips => {}
            _ => self.after_block(strips, marked && !strips),
        }
        true
    }

    fn expression_token(&mut self, open: &mut Vec<char>) -> Result<(), Error> {
        let rest = self.rest;
        let Some(first) = rest.chars().next() else {
            return fail("unclosed tag");
        };
        if first == '"' || first == '\'' {
            let len = string_len(rest, first)?;
            self.push(Kind::Text(unescape(&rest[1..len - 1])?));
            self.advance(len);
        } else if first.is_ascii_digit() {
            let (kind, len) = number(rest, self.follows_dot())?;
            self.push(kind);
            self.advance(len);
        } else if first == '_' || first.is_alphanumeric() {
            let is_name = |c: char| c == '_' || c.is_alphanumeric();
            let len = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
            self.push(Kind::Name(rest[..len].to_owned()));
            self.advance(len);
        } else {
            let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) else {
                return fail(format!("unexpected character {first:?}"));
            };
            balance(open, sign)?;
            self.push(Kind::Sign(sign));
            self.advance(sign.len());
        }
        Ok(())
    }

    fn follows_dot(&self) -> bool {
        self.tokens
            .last()
            .is_some_and(|token| token.kind == Kind::Sign("."))
    }
}

fn next_tag(text: &str) -> Option<(usize, Tag)> {
    let places = text.match_indices('{');
    let mut tags = places.filter_map(|(at, _)| match text.as_bytes().get(at + 1)? {
        b'{' => Some((at, Tag::Print)),
        b'%' => Some((at, Tag::Block)),
        b'#' => Some((at, Tag::Comment)),
        _ => None,
    });
    tags.next()
}

/// The length of `{% raw %}`, if the text begins with it.
fn raw_opening(text: &str) -> Option<usize> {
    block_named(text, "raw")
}

/// The length of a block tag that consists of this name.
fn block_named(text: &str, name: &str) -> Option<usize> {
    let inner = text.strip_prefix("{%")?;
    let inner = inner.strip_prefix(['-', '+']).unwrap_or(inner);
    let inner = trim_start(trim_start(inner).strip_prefix(name)?);
    let rest = inner.strip_prefix(['-', '+']).unwrap_or(inner);
    Some(text.len() - rest.strip_prefix("%}")?.len())
}

fn balance(open: &mut Vec<char>, sign: &str) -> Result<(), Error> {
    let closing = match sign {
        "(" => ')',
        "[" => ']',
        "{" => '}',
        ")" | "]" | "}" => match open.pop() {
            Some(expected) if sign.starts_with(expected) => return Ok(()),
            Some(expected) => return fail(format!("unexpected `{sign}`, expected `{expected}`")),
            None => return fail(format!("unexpected `{sign}`")),
        },
        _ => return Ok(()),
    };
    open.push(closing);
    Ok(())
}
