//! Postfix operations: attributes, items, slices, calls, filters and tests.

use super::ast::{Args, Call, Constant, Expr, ExprKind, Step, StepKind};
use super::parser::Parser;
use super::token::Kind;
use crate::jinja::error::{Error, fail};

impl Parser<'_> {
    pub(super) fn postfix(&mut self, node: Expr) -> Result<Expr, Error> {
        let mut steps = Vec::new();
        while let Some(step) = self.postfix_step()? {
            steps.push(step);
        }
        Ok(applied(node, steps))
    }

    fn postfix_step(&mut self) -> Result<Option<Step>, Error> {
        let line = self.line();
        let kind = if self.take_sign(".") {
            self.attribute()?
        } else if self.take_sign("[") {
            self.subscript()?
        } else if self.is_sign("(") {
            StepKind::Call(self.args()?)
        } else {
            return Ok(None);
        };
        Ok(Some(Step { kind, line }))
    }

    fn attribute(&mut self) -> Result<StepKind, Error> {
        let line = self.line();
        match self.next() {
            Kind::Name(name) => Ok(StepKind::Attribute(name.clone())),
            Kind::Int(int) => {
                let kind = ExprKind::Constant(Constant::Int(*int));
                Ok(StepKind::Item(Expr { kind, line }))
            }
            other => fail(format!(
                "expected a name after the dot, found {}",
                other.describe()
            )),
        }
    }

    fn subscript(&mut self) -> Result<StepKind, Error> {
        let mut bounds: [Option<Expr>; 3] = [None, None, None];
        let mut n_colons = 0;
        loop {
            if self.take_sign("]") {
                break;
            }
            if self.take_sign(":") {
                n_colons += 1;
            } else if n_colons < 3 && bounds[n_colons].is_none() {
                let line = self.line();
                let mut bound = self.expression()?;
                if n_colons == 0 && self.is_sign(",") {
                    let mut items = vec![bound];
                    while self.take_sign(",") {
                        items.push(self.expression()?);
                    }
                    bound = Expr {
                        kind: ExprKind::Tuple(items),
                        line,
                    };
                }
                bounds[n_colons] = Some(bound);
            } else {
                return self.unexpected("`]`");
            }
        }
        match (n_colons, bounds) {
            (0, [Some(index), None, None]) => Ok(StepKind::Item(index)),
            // jinja2 reads `x[]` as indexing by an empty tuple, which always fails.
            (0, [None, None, None]) => Ok(StepKind::Item(Expr {
                kind: ExprKind::Tuple(Vec::new()),
                line: self.line(),
            })),
            (1 | 2, bounds) => Ok(StepKind::Slice(Box::new(bounds))),
            _ => fail("expected an index between `[` and `]`"),
        }
    }

    pub(super) fn args(&mut self) -> Result<Args, Error> {
        self.expect_sign("(")?;
        let mut args = Args::default();
        let mut is_first = true;
        while !self.take_sign(")") {
            if !is_first {
                self.expect_sign(",")?;
                if self.take_sign(")") {
                    break;
                }
            }
            is_first = false;
            self.argument(&mut args)?;
        }
        Ok(args)
    }

    fn argument(&mut self, args: &mut Args) -> Result<(), Error> {
        if self.take_sign("**") {
            args.spread_named = Some(Box::new(self.expression()?));
        } else if self.take_sign("*") {
            args.spread = Some(Box::new(self.expression()?));
        } else if matches!(
            (self.peek(), self.peek_second()),
            (Kind::Name(_), Kind::Sign("="))
        ) {
            let name = self.name()?;
            self.next();
            args.named.push((name, self.expression()?));
        } else if args.named.is_empty() {
            args.positional.push(self.expression()?);
        } else {
            return fail("a positional argument after a keyword argument");
        }
        Ok(())
    }

    pub(super) fn filters_and_tests(&mut self, node: Expr) -> Result<Expr, Error> {
        let mut steps = Vec::new();
        loop {
            let line = self.line();
            let kind = if self.take_sign("|") {
                StepKind::Filter(self.filter()?)
            } else if self.take_name("is") {
                self.test()?
            } else if self.is_sign("(") {
                StepKind::Call(self.args()?)
            } else {
                return Ok(applied(node, steps));
            };
            steps.push(Step { kind, line });
        }
    }

    pub(super) fn filter(&mut self) -> Result<Call, Error> {
        let line = self.line();
        let mut name = self.name()?;
        while self.take_sign(".") {
            name = format!("{name}.{}", self.name()?);
        }
        let args = match self.is_sign("(") {
            true => self.args()?,
            false => Args::default(),
        };
        Ok(Call { name, args, line })
    }

    fn test(&mut self) -> Result<StepKind, Error> {
        let negated = self.take_name("not");
        let mut call = self.filter()?;
        let takes_value = match self.peek() {
            Kind::Name(name) => !["else", "or", "and", "if"].contains(&name.as_str()),
            Kind::Text(_) | Kind::Int(_) | Kind::Float(_) => true,
            Kind::Sign(sign) => ["[", "{"].contains(sign),
            _ => false,
        };
        if takes_value && call.args.positional.is_empty() && call.args.named.is_empty() {
            if self.is_name("is") {
                return fail("tests cannot be chained with `is`");
            }
            let value = self.primary()?;
            call.args.positional.push(self.postfix(value)?);
        }
        Ok(match negated {
            true => StepKind::TestNot(call),
            false => StepKind::Test(call),
        })
    }
}

fn applied(node: Expr, more: Vec<Step>) -> Expr {
    if more.is_empty() {
        return node;
    }
    let line = node.line;
    let kind = match node.kind {
        ExprKind::Applied(inner, mut steps) => {
            steps.extend(more);
            ExprKind::Applied(inner, steps)
        }
        kind => ExprKind::Applied(Box::new(Expr { kind, line }), more),
    };
    Expr { kind, line }
}
