//! Expressions, in jinja2's order of precedence: choice, `or`, `and`, `not`,
//! comparisons, `+ -`, `~`, `* / // %`, `**`, signs, then postfix operations:
//! attributes, items, calls, filters and tests. Chains are stored flat, so that only
//! brackets nest.

use super::ast::{Binary, Comparison, Constant, Expr, ExprKind};
use super::parser::Parser;
use super::token::Kind;
use crate::jinja::error::{Error, fail};

/// Of `a if b if c`, which nests to the left.
const MAX_CHOICES: usize = 5;

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> Result<Expr, Error> {
        self.deeper(|parser| parser.choice())
    }

    /// Expressions with commas between them are a tuple.
    pub(super) fn tuple(&mut self) -> Result<Expr, Error> {
        self.tuple_of(Self::expression)
    }

    /// As in `for x in a, b if ..`, where `if` is not part of the expression.
    pub(super) fn tuple_without_choice(&mut self) -> Result<Expr, Error> {
        self.tuple_of(|parser| parser.deeper(Self::or))
    }

    fn tuple_of(
        &mut self,
        mut one: impl FnMut(&mut Self) -> Result<Expr, Error>,
    ) -> Result<Expr, Error> {
        let line = self.line();
        let first = one(self)?;
        if !self.is_sign(",") {
            return Ok(first);
        }
        let mut items = vec![first];
        while self.take_sign(",") {
            if matches!(self.peek(), Kind::BlockEnd | Kind::PrintEnd) || self.is_sign(")") {
                break;
            }
            items.push(one(self)?);
        }
        Ok(Expr {
            kind: ExprKind::Tuple(items),
            line,
        })
    }

    fn choice(&mut self) -> Result<Expr, Error> {
        let mut expr = self.or()?;
        let mut n = 0;
        while self.take_name("if") {
            n += 1;
            if n > MAX_CHOICES {
                return fail(format!("more than {MAX_CHOICES} `if` in a row"));
            }
            let line = self.line();
            let condition = Box::new(self.or()?);
            let otherwise = match self.take_name("else") {
                true => Some(Box::new(self.deeper(Self::choice)?)),
                false => None,
            };
            let then = Box::new(expr);
            let kind = ExprKind::Choice {
                condition,
                then,
                otherwise,
            };
            expr = Expr { kind, line };
        }
        Ok(expr)
    }

    fn or(&mut self) -> Result<Expr, Error> {
        self.joined("or", Self::and, ExprKind::Or)
    }

    fn and(&mut self) -> Result<Expr, Error> {
        self.joined("and", Self::not, ExprKind::And)
    }

    /// Operands separated by `word`; a single one is unchanged.
    fn joined(
        &mut self,
        word: &str,
        operand: fn(&mut Self) -> Result<Expr, Error>,
        all: fn(Vec<Expr>) -> ExprKind,
    ) -> Result<Expr, Error> {
        let first = operand(self)?;
        if !self.is_name(word) {
            return Ok(first);
        }
        let line = first.line;
        let mut operands = vec![first];
        while self.take_name(word) {
            operands.push(operand(self)?);
        }
        Ok(Expr {
            kind: all(operands),
            line,
        })
    }

    fn not(&mut self) -> Result<Expr, Error> {
        if !self.take_name("not") {
            return self.compare();
        }
        let inner = self.deeper(Self::not)?;
        Ok(wrap(inner, ExprKind::Not))
    }

    fn compare(&mut self) -> Result<Expr, Error> {
        let first = self.sum()?;
        let mut others = Vec::new();
        while let Some(comparison) = self.take_comparison() {
            others.push((comparison, self.sum()?));
        }
        if others.is_empty() {
            return Ok(first);
        }
        Ok(wrap(first, |first| ExprKind::Compare(first, others)))
    }

    fn take_comparison(&mut self) -> Option<Comparison> {
        let found = match self.peek() {
            Kind::Sign("==") => Comparison::Equal,
            Kind::Sign("!=") => Comparison::NotEqual,
            Kind::Sign("<") => Comparison::Less,
            Kind::Sign("<=") => Comparison::LessEqual,
            Kind::Sign(">") => Comparison::Greater,
            Kind::Sign(">=") => Comparison::GreaterEqual,
            Kind::Name(name) if name == "in" => Comparison::In,
            Kind::Name(name) if name == "not" => {
                matches!(self.peek_second(), Kind::Name(n) if n == "in").then(|| self.next())?;
                Comparison::NotIn
            }
            _ => return None,
        };
        self.next();
        Some(found)
    }

    fn sum(&mut self) -> Result<Expr, Error> {
        let operators = [("+", Binary::Add), ("-", Binary::Subtract)];
        self.chain(&operators, Self::concat)
    }

    fn concat(&mut self) -> Result<Expr, Error> {
        let first = self.product()?;
        if !self.is_sign("~") {
            return Ok(first);
        }
        let line = first.line;
        let mut parts = vec![first];
        while self.take_sign("~") {
            parts.push(self.product()?);
        }
        Ok(Expr {
            kind: ExprKind::Concat(parts),
            line,
        })
    }

    fn product(&mut self) -> Result<Expr, Error> {
        let operators = [
            ("*", Binary::Multiply),
            ("/", Binary::Divide),
            ("//", Binary::FloorDivide),
            ("%", Binary::Modulo),
        ];
        self.chain(&operators, Self::power)
    }

    fn power(&mut self) -> Result<Expr, Error> {
        self.chain(&[("**", Binary::Power)], |parser| parser.unary(true))
    }

    /// Operators of one level, the left ones first.
    fn chain(
        &mut self,
        operators: &[(&str, Binary)],
        mut operand: impl FnMut(&mut Self) -> Result<Expr, Error>,
    ) -> Result<Expr, Error> {
        let first = operand(self)?;
        let mut others = Vec::new();
        while let Some((_, operator)) = operators.iter().find(|(sign, _)| self.is_sign(sign)) {
            self.next();
            others.push((*operator, operand(self)?));
        }
        Ok(match others.is_empty() {
            true => first,
            false => wrap(first, |first| ExprKind::Chain(first, others)),
        })
    }

    fn unary(&mut self, with_filters: bool) -> Result<Expr, Error> {
        let node = if self.take_sign("-") {
            wrap(
                self.deeper(|parser| parser.unary(false))?,
                ExprKind::Negative,
            )
        } else if self.take_sign("+") {
            wrap(
                self.deeper(|parser| parser.unary(false))?,
                ExprKind::Positive,
            )
        } else {
            self.primary()?
        };
        let node = self.postfix(node)?;
        match with_filters {
            true => self.filters_and_tests(node),
            false => Ok(node),
        }
    }

    pub(super) fn primary(&mut self) -> Result<Expr, Error> {
        let line = self.line();
        let kind = match self.next() {
            Kind::Name(name) => match name.as_str() {
                "true" | "True" => ExprKind::Constant(Constant::Bool(true)),
                "false" | "False" => ExprKind::Constant(Constant::Bool(false)),
                "none" | "None" => ExprKind::Constant(Constant::None),
                _ => ExprKind::Name(name.clone()),
            },
            Kind::Text(text) => {
                let mut whole = text.clone();
                // Adjacent literals are joined.
                while let Kind::Text(more) = self.peek() {
                    whole.push_str(more);
                    self.next();
                }
                ExprKind::Text(whole.into())
            }
            Kind::Int(int) => ExprKind::Constant(Constant::Int(*int)),
            Kind::Float(float) => ExprKind::Constant(Constant::Float(*float)),
            Kind::Sign("(") => self.parenthesis()?,
            Kind::Sign("[") => ExprKind::List(self.items("]")?),
            Kind::Sign("{") => self.dict()?,
            other => {
                return fail(format!("unexpected {}", other.describe()))
                    .map_err(|e: Error| e.at(line));
            }
        };
        Ok(Expr { kind, line })
    }

    fn parenthesis(&mut self) -> Result<ExprKind, Error> {
        if self.take_sign(")") {
            return Ok(ExprKind::Tuple(Vec::new()));
        }
        let inner = self.tuple()?;
        self.expect_sign(")")?;
        Ok(inner.kind)
    }

    /// Expressions up to and including a closing bracket.
    fn items(&mut self, close: &str) -> Result<Vec<Expr>, Error> {
        let mut items = Vec::new();
        while !self.take_sign(close) {
            if !items.is_empty() {
                self.expect_sign(",")?;
                if self.take_sign(close) {
                    break;
                }
            }
            items.push(self.expression()?);
        }
        Ok(items)
    }

    fn dict(&mut self) -> Result<ExprKind, Error> {
        let mut entries = Vec::new();
        while !self.take_sign("}") {
            if !entries.is_empty() {
                self.expect_sign(",")?;
                if self.take_sign("}") {
                    break;
                }
            }
            let key = self.expression()?;
            self.expect_sign(":")?;
            entries.push((key, self.expression()?));
        }
        Ok(ExprKind::Dict(entries))
    }
}

fn wrap(inner: Expr, outer: impl FnOnce(Box<Expr>) -> ExprKind) -> Expr {
    let line = inner.line;
    Expr {
        kind: outer(Box::new(inner)),
        line,
    }
}
