//! Tokens to statements. Expressions are in `expression.rs`.

use std::sync::Arc;

use super::ast::{Call, Expr, For, Macro, Node, NodeKind, Parameter, Target};
use super::names;
use super::token::{Kind, Token};
use crate::jinja::error::{Error, fail};

/// Limit on nested tags, brackets and operators. Real templates have twenty; parsing
/// and dropping deeper ones could overflow the stack.
const MAX_NESTING: u32 = 120;

/// Statements of a whole template.
///
/// # Errors
/// Whatever jinja2 refuses, and too deep nesting; with its line.
pub(crate) fn parse(tokens: &[Token]) -> Result<Vec<Node>, Error> {
    let mut parser = Parser {
        tokens,
        at: 0,
        depth: 0,
    };
    let nodes = parser.body(&[]);
    nodes.map_err(|error| error.at(parser.line()))
}

pub(super) struct Parser<'t> {
    tokens: &'t [Token],
    at: usize,
    depth: u32,
}

impl<'t> Parser<'t> {
    pub(super) fn peek(&self) -> &'t Kind {
        &self.tokens[self.at].kind
    }

    pub(super) fn peek_second(&self) -> &'t Kind {
        let last = self.tokens.len() - 1;
        &self.tokens[(self.at + 1).min(last)].kind
    }

    pub(super) fn line(&self) -> u32 {
        self.tokens[self.at].line
    }

    /// Takes a token; the last one, [`Kind::End`], stays.
    pub(super) fn next(&mut self) -> &'t Kind {
        let kind = self.peek();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        kind
    }

    pub(super) fn is_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Kind::Sign(found) if *found == sign)
    }

    pub(super) fn is_name(&self, name: &str) -> bool {
        matches!(self.peek(), Kind::Name(found) if found == name)
    }

    pub(super) fn take_sign(&mut self, sign: &str) -> bool {
        let taken = self.is_sign(sign);
        if taken {
            self.next();
        }
        taken
    }

    pub(super) fn take_name(&mut self, name: &str) -> bool {
        let taken = self.is_name(name);
        if taken {
            self.next();
        }
        taken
    }

    pub(super) fn expect_sign(&mut self, sign: &str) -> Result<(), Error> {
        match self.take_sign(sign) {
            true => Ok(()),
            false => self.unexpected(&format!("`{sign}`")),
        }
    }

    pub(super) fn name(&mut self) -> Result<String, Error> {
        match self.peek() {
            Kind::Name(name) => {
                self.next();
                Ok(name.clone())
            }
            _ => self.unexpected("a name"),
        }
    }

    pub(super) fn unexpected<T>(&self, expected: &str) -> Result<T, Error> {
        fail(format!(
            "expected {expected}, found {}",
            self.peek().describe()
        ))
    }

    /// Runs `inner` one nesting level deeper.
    pub(super) fn deeper<T>(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.depth += 1;
        if self.depth > MAX_NESTING {
            return fail(format!("nested more than {MAX_NESTING} deep"));
        }
        let result = inner(self);
        self.depth -= 1;
        result
    }

    /// Nodes up to a block with one of these names, which is not consumed; without
    /// names up to the end.
    fn body(&mut self, ends: &[&str]) -> Result<Vec<Node>, Error> {
        let mut nodes = Vec::new();
        loop {
            let line = self.line();
            let kind = match self.next() {
                Kind::Data(text) => NodeKind::Data(text.as_str().into()),
                Kind::PrintBegin => NodeKind::Print(self.print()?),
                Kind::BlockBegin if ends.iter().any(|end| self.is_name(end)) => return Ok(nodes),
                Kind::BlockBegin => self.deeper(Self::block)?,
                Kind::End if ends.is_empty() => return Ok(nodes),
                Kind::End => return fail(format!("`{{% {} %}}` is missing", ends[ends.len() - 1])),
                other => return fail(format!("unexpected {}", other.describe())),
            };
            nodes.push(Node { kind, line });
        }
    }

    fn print(&mut self) -> Result<Expr, Error> {
        let printed = self.tuple()?;
        match self.next() {
            Kind::PrintEnd => Ok(printed),
            other => fail(format!("expected `}}}}`, found {}", other.describe())),
        }
    }

    fn block_end(&mut self) -> Result<(), Error> {
        match self.peek() {
            Kind::BlockEnd => {
                self.next();
                Ok(())
            }
            _ => self.unexpected("`%}`"),
        }
    }

    /// `%}` before a body, which may have Python's colon.
    fn body_begin(&mut self) -> Result<(), Error> {
        self.take_sign(":");
        self.block_end()
    }

    /// A body up to and including `end`, starting with the opening tag's `%}`.
    fn block_body(&mut self, end: &str) -> Result<Vec<Node>, Error> {
        self.body_begin()?;
        let nodes = self.body(&[end])?;
        self.next();
        // `{% endmacro name %}` may repeat the name.
        if ["endmacro", "endblock"].contains(&end) && matches!(self.peek(), Kind::Name(_)) {
            self.next();
        }
        self.block_end()?;
        Ok(nodes)
    }

    fn block(&mut self) -> Result<NodeKind, Error> {
        let name = self.name()?;
        Ok(match name.as_str() {
            "if" => self.condition()?,
            "for" => self.for_loop()?,
            "set" => self.set()?,
            "with" => self.with()?,
            "macro" => self.macro_block()?,
            "call" => self.call_block()?,
            "filter" => {
                let filters = self.filter_block()?;
                NodeKind::FilterBlock(filters, self.block_body("endfilter")?)
            }
            // transformers' mark around the assistant's text.
            "generation" => NodeKind::Scoped(self.block_body("endgeneration")?),
            "break" | "continue" => {
                self.block_end()?;
                match name.as_str() {
                    "break" => NodeKind::Break,
                    _ => NodeKind::Continue,
                }
            }
            // Templates are never extended here, so a block is just its contents.
            "block" => {
                self.name()?;
                NodeKind::Scoped(self.block_body("endblock")?)
            }
            "include" | "import" | "from" | "extends" => {
                return fail(format!(
                    "`{{% {name} %}}` is not supported: templates cannot include or extend others"
                ));
            }
            _ => return fail(format!("unknown tag `{{% {name} %}}`")),
        })
    }

    fn condition(&mut self) -> Result<NodeKind, Error> {
        let mut arms = Vec::new();
        let mut condition = Some(self.tuple()?);
        loop {
            self.body_begin()?;
            let ends: &[&str] = match condition {
                Some(_) => &["elif", "else", "endif"],
                None => &["endif"],
            };
            arms.push((condition, self.body(ends)?));
            condition = match self.name()?.as_str() {
                "elif" => Some(self.tuple()?),
                "else" => None,
                _ => break,
            };
        }
        self.block_end()?;
        Ok(NodeKind::If(arms))
    }

    fn for_loop(&mut self) -> Result<NodeKind, Error> {
        let target = self.target(true)?;
        if !self.take_name("in") {
            return self.unexpected("`in`");
        }
        let over = self.tuple_without_choice()?;
        let condition = match self.take_name("if") {
            true => Some(self.expression()?),
            false => None,
        };
        let recursive = self.take_name("recursive");
        self.body_begin()?;
        let body = self.body(&["else", "endfor"])?;
        let otherwise = match self.name()?.as_str() {
            "else" => self.block_body("endfor")?,
            _ => {
                self.block_end()?;
                Vec::new()
            }
        };
        Ok(NodeKind::For(Arc::new(For {
            target,
            over,
            condition,
            body,
            otherwise,
            recursive,
        })))
    }

    fn set(&mut self) -> Result<NodeKind, Error> {
        let target = self.target(true)?;
        if self.take_sign("=") {
            let value = self.tuple()?;
            self.block_end()?;
            return Ok(NodeKind::Set(target, value));
        }
        let filters = self.filters()?;
        Ok(NodeKind::SetBlock(
            target,
            filters,
            self.block_body("endset")?,
        ))
    }

    fn with(&mut self) -> Result<NodeKind, Error> {
        let mut bindings = Vec::new();
        while !matches!(self.peek(), Kind::BlockEnd) {
            if !bindings.is_empty() {
                self.expect_sign(",")?;
            }
            let target = self.target(false)?;
            self.expect_sign("=")?;
            bindings.push((target, self.expression()?));
        }
        Ok(NodeKind::With(bindings, self.block_body("endwith")?))
    }

    fn filter_block(&mut self) -> Result<Vec<Call>, Error> {
        let mut filters = vec![self.filter()?];
        filters.extend(self.filters()?);
        Ok(filters)
    }

    fn filters(&mut self) -> Result<Vec<Call>, Error> {
        let mut filters = Vec::new();
        while self.take_sign("|") {
            filters.push(self.filter()?);
        }
        Ok(filters)
    }

    fn macro_block(&mut self) -> Result<NodeKind, Error> {
        let name = self.name()?;
        let parameters = self.parameters()?;
        let body = self.block_body("endmacro")?;
        Ok(NodeKind::Macro(Arc::new(new_macro(name, parameters, body))))
    }

    fn call_block(&mut self) -> Result<NodeKind, Error> {
        let parameters = match self.is_sign("(") {
            true => self.parameters()?,
            false => Vec::new(),
        };
        let call = self.expression()?;
        let body = self.block_body("endcall")?;
        let caller = new_macro("caller".into(), parameters, body);
        Ok(NodeKind::CallBlock(Arc::new(caller), call))
    }

    fn parameters(&mut self) -> Result<Vec<Parameter>, Error> {
        self.expect_sign("(")?;
        let mut parameters = Vec::new();
        while !self.take_sign(")") {
            if !parameters.is_empty() {
                self.expect_sign(",")?;
                if self.take_sign(")") {
                    break;
                }
            }
            let name = self.name()?;
            let default = match self.take_sign("=") {
                true => Some(self.expression()?),
                false => None,
            };
            parameters.push(Parameter { name, default });
        }
        Ok(parameters)
    }

    /// An assignment target: `x`, `a, b`, `ns.x`.
    fn target(&mut self, may_unpack: bool) -> Result<Target, Error> {
        let first = self.single_target()?;
        if !may_unpack || !self.is_sign(",") {
            return Ok(first);
        }
        let mut targets = vec![first];
        while self.take_sign(",") {
            match self.peek() {
                Kind::Name(name) if name != "in" => targets.push(self.single_target()?),
                Kind::Sign("(") => targets.push(self.single_target()?),
                _ => break,
            }
        }
        Ok(Target::Unpack(targets))
    }

    fn single_target(&mut self) -> Result<Target, Error> {
        if self.take_sign("(") {
            let inner = self.deeper(|parser| parser.target(true))?;
            self.expect_sign(")")?;
            return Ok(inner);
        }
        let name = self.name()?;
        match name.as_str() {
            "true" | "false" | "none" | "True" | "False" | "None" => {
                fail(format!("cannot assign to `{name}`"))
            }
            _ if self.take_sign(".") => Ok(Target::Attribute(name, self.name()?)),
            _ => Ok(Target::Name(name)),
        }
    }
}

fn new_macro(name: String, parameters: Vec<Parameter>, body: Vec<Node>) -> Macro {
    let takes_more = names::reads_any(&body, &["varargs", "kwargs"]);
    Macro {
        name,
        parameters,
        body,
        takes_more,
    }
}
