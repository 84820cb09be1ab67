//! Parses a typed condition into a [`Condition`], or an error with the position and
//! what would have fitted there.

use std::fmt;

use strum::VariantArray;

use super::{Condition, Is, Number, Sign, Text, TextSign, Word};
use crate::speculate::params::Source;

/// Deepest nesting of parentheses, `not` and `first`.
const MAX_DEPTH: usize = 32;
/// Maximum number of terms: each `and` and `or` nests the preceding ones.
const MAX_TERMS: usize = 256;

/// Placeholder for a value in lists of words that would fit.
pub(super) const A_NUMBER: &str = "a number";
pub(super) const A_TEXT: &str = "a \"text\"";

/// Why a condition cannot be parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionError {
    /// Where, in bytes from the start.
    pub(crate) at: usize,
    /// What would fit there.
    pub(crate) expected: Vec<String>,
    /// What was found instead; `None`: the end.
    pub(crate) found: Option<String>,
}

impl fmt::Display for ConditionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.at + 1;
        match &self.found {
            Some(found) => write!(f, "unexpected `{found}` at {place}: ")?,
            None => write!(f, "incomplete at {place}: ")?,
        }
        write!(f, "expected {}", self.expected.join(", "))
    }
}

impl std::error::Error for ConditionError {}

/// The words of terms and their meanings.
pub(super) fn term_words() -> Vec<&'static str> {
    let mut words: Vec<&str> = Word::VARIANTS.iter().map(|w| w.name()).collect();
    let numbers = Number::VARIANTS.iter().map(|n| n.name());
    let numbers: Vec<&str> = numbers.filter(|n| !words.contains(n)).collect();
    words.extend(numbers);
    words.push("source");
    words.extend(Text::VARIANTS.iter().map(|t| t.name()));
    words.extend(["not", "first", "("]);
    words
}

pub(super) fn parse(text: &str) -> Result<Condition, ConditionError> {
    let mut parser = Parser {
        text,
        at: 0,
        n_terms: 0,
    };
    let condition = parser.condition(0)?;
    match parser.rest().is_empty() {
        true => Ok(condition),
        false => Err(parser.wrong(&["and", "or"])),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    n_terms: usize,
}

impl<'a> Parser<'a> {
    /// What is left, without the spaces before it.
    fn rest(&mut self) -> &'a str {
        let rest = &self.text[self.at..];
        let trimmed = rest.trim_start();
        self.at += rest.len() - trimmed.len();
        trimmed
    }

    /// The word that comes next: letters, digits, `-` and `_`.
    fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let is_part = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        &rest[..end]
    }

    fn take(&mut self, symbol: &str) -> bool {
        let is_next = self.rest().starts_with(symbol);
        self.at += if is_next { symbol.len() } else { 0 };
        is_next
    }

    fn take_word(&mut self, word: &str) -> bool {
        let is_next = self.word().eq_ignore_ascii_case(word);
        self.at += if is_next { word.len() } else { 0 };
        is_next
    }

    fn wrong(&mut self, expected: &[&str]) -> ConditionError {
        let rest = self.rest();
        let word = self.word();
        let first = rest.chars().next().map(String::from);
        ConditionError {
            at: self.at,
            expected: expected.iter().map(|&word| word.to_string()).collect(),
            found: if word.is_empty() {
                first
            } else {
                Some(word.to_string())
            },
        }
    }

    fn condition(&mut self, depth: usize) -> Result<Condition, ConditionError> {
        let mut left = self.part(depth)?;
        while self.take_word("or") {
            let right = self.part(depth)?;
            left = Condition::Or(Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn part(&mut self, depth: usize) -> Result<Condition, ConditionError> {
        let mut left = self.factor(depth)?;
        while self.take_word("and") {
            let right = self.factor(depth)?;
            left = Condition::And(Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn factor(&mut self, depth: usize) -> Result<Condition, ConditionError> {
        if depth >= MAX_DEPTH {
            return Err(self.wrong(&["fewer nested parentheses, `not` and `first`"]));
        }
        if self.take_word("not") {
            let inner = self.factor(depth + 1)?;
            Ok(Condition::Not(Box::new(inner)))
        } else if self.take_word("first") {
            let inner = self.factor(depth + 1)?;
            Ok(Condition::First(Box::new(inner)))
        } else if self.take("(") {
            let inner = self.condition(depth + 1)?;
            match self.take(")") {
                true => Ok(inner),
                false => Err(self.wrong(&["and", "or", ")"])),
            }
        } else {
            self.term()
        }
    }

    fn term(&mut self) -> Result<Condition, ConditionError> {
        self.n_terms += 1;
        if self.n_terms > MAX_TERMS {
            return Err(self.wrong(&["fewer terms"]));
        }
        let word = self.word().to_ascii_lowercase();
        let (number, flag) = (number(&word), flag(&word));
        let text = word.parse::<Text>().ok();
        if number.is_none() && flag.is_none() && text.is_none() && word != "source" {
            return Err(self.wrong(&term_words()));
        }
        self.at += word.len();
        if word == "source" {
            return self.source();
        }
        if let Some(text) = text {
            return self.text(text);
        }
        let sign = Sign::ALL.into_iter().find(|sign| self.take(sign.name()));
        match (number, sign, flag) {
            (Some(number), Some(sign), _) => {
                let value = self.number()?;
                Ok(Condition::Number(number, sign, value))
            }
            (_, None, Some(flag)) => Ok(Condition::Word(flag)),
            // A flag cannot precede a sign: the sign is wrong.
            (None, Some(sign), _) => {
                self.at -= sign.name().len();
                Err(self.wrong(&["and", "or"]))
            }
            (_, None, None) => Err(self.wrong(&signs())),
        }
    }

    fn source(&mut self) -> Result<Condition, ConditionError> {
        let is = if self.take("!=") {
            Is::Not
        } else if self.take("=") {
            Is::It
        } else {
            return Err(self.wrong(&["=", "!="]));
        };
        let word = self.word();
        let found = Source::ALL
            .into_iter()
            .find(|source| source.name().eq_ignore_ascii_case(word));
        let Some(source) = found else {
            return Err(self.wrong(&Source::ALL.each_ref().map(Source::name)));
        };
        self.at += word.len();
        Ok(Condition::Source(source, is))
    }

    fn number(&mut self) -> Result<f64, ConditionError> {
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.');
        let digits = &rest[..end.unwrap_or(rest.len())];
        match digits.parse::<f64>() {
            Ok(value) if value.is_finite() => {
                self.at += digits.len();
                Ok(value)
            }
            _ => Err(self.wrong(&[A_NUMBER])),
        }
    }

    /// A value in quotes, or a single word.
    fn text(&mut self, text: Text) -> Result<Condition, ConditionError> {
        let sign = TextSign::ALL
            .into_iter()
            .find(|sign| self.take(sign.name()));
        let Some(sign) = sign else {
            return Err(self.wrong(&["~", "="]));
        };
        let value = match self.rest().starts_with('"') {
            true => self.quoted()?,
            false => {
                let word = self.word();
                self.at += word.len();
                word.to_string()
            }
        };
        match value.is_empty() {
            true => Err(self.wrong(&[A_TEXT])),
            false => Ok(Condition::Text(text, sign, value)),
        }
    }

    fn quoted(&mut self) -> Result<String, ConditionError> {
        let rest = self.rest();
        let mut value = String::new();
        let mut chars = rest.char_indices().skip(1);
        while let Some((i, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += i + 1;
                    return Ok(value);
                }
                '\\' => value.extend(chars.next().map(|(_, c)| c)),
                other => value.push(other),
            }
        }
        self.at = self.text.len();
        Err(self.wrong(&["\""]))
    }
}

fn flag(word: &str) -> Option<Word> {
    let word = if word == "rejection" {
        "rejected"
    } else {
        word
    };
    word.parse().ok()
}

fn number(word: &str) -> Option<Number> {
    word.parse().ok()
}

fn signs() -> Vec<&'static str> {
    Sign::ALL.iter().map(|sign| sign.name()).collect()
}
