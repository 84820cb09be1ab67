//! Expressions to values.

use std::rc::Rc;

use super::builtins;
use crate::jinja::env::arguments::Arguments;
use crate::jinja::env::{Env, Missing};
use crate::jinja::error::{Error, fail};
use crate::jinja::filters;
use crate::jinja::filters::predicates;
use crate::jinja::python::access;
use crate::jinja::python::methods;
use crate::jinja::python::operators;
use crate::jinja::python::text;
use crate::jinja::syntax::ast::{
    Args, Binary, Call, Comparison, Expr, ExprKind, Node, Step, StepKind,
};
use crate::jinja::value::Value;
use crate::jinja::value::dict::Dict;
use crate::jinja::value::number;
use crate::jinja::value::scope::Scope;

/// A rendering in progress.
pub(crate) struct Interpreter {
    pub(crate) env: Env,
    /// The text so far, then those of captured blocks and macros.
    pub(crate) outputs: Vec<String>,
    pub(crate) outermost: Rc<Scope>,
}

/// Renders a template's statements.
pub(crate) fn render(
    body: &[Node],
    variables: &[(&str, Value)],
    missing: Missing,
) -> Result<String, Error> {
    let outermost = Scope::outermost();
    for (name, value) in variables {
        outermost.set(name, value.clone());
    }
    let mut interpreter = Interpreter {
        env: Env::new(missing),
        outputs: vec![String::new()],
        outermost: outermost.clone(),
    };
    interpreter.body(body, &outermost)?;
    Ok(interpreter.outputs.pop().unwrap_or_default())
}

impl Interpreter {
    pub(crate) fn eval(&mut self, expr: &Expr, scope: &Rc<Scope>) -> Result<Value, Error> {
        self.env
            .budget
            .enter()
            .map_err(|error| error.at(expr.line))?;
        let value = self.eval_kind(&expr.kind, scope);
        self.env.budget.leave();
        value.map_err(|error| error.at(expr.line))
    }

    fn eval_kind(&mut self, kind: &ExprKind, scope: &Rc<Scope>) -> Result<Value, Error> {
        match kind {
            ExprKind::Text(text) => Ok(Value::text(&**text)),
            ExprKind::Constant(constant) => Ok(Value::from(*constant)),
            ExprKind::Name(name) => Ok(lookup(name, scope)),
            ExprKind::List(items) => Value::checked_list(self.all(items, scope)?),
            ExprKind::Tuple(items) => Value::checked_tuple(self.all(items, scope)?),
            ExprKind::Dict(entries) => self.dict(entries, scope),
            ExprKind::Applied(inner, steps) => self.applied(inner, steps, scope),
            ExprKind::Not(inner) => {
                let value = self.eval(inner, scope)?;
                Ok(Value::Bool(!self.env.is_true(&value)?))
            }
            ExprKind::Negative(inner) => {
                let number = number_of(self.eval(inner, scope)?)?;
                operators::binary(&self.env, &Value::Int(-1), Binary::Multiply, &number)
            }
            ExprKind::Positive(inner) => number_of(self.eval(inner, scope)?),
            ExprKind::And(operands) => self.first_where(operands, false, scope),
            ExprKind::Or(operands) => self.first_where(operands, true, scope),
            ExprKind::Chain(first, others) => self.chain(first, others, scope),
            ExprKind::Concat(parts) => self.concat(parts, scope),
            ExprKind::Compare(first, others) => self.compare(first, others, scope),
            ExprKind::Choice {
                condition,
                then,
                otherwise,
            } => {
                let condition = self.eval(condition, scope)?;
                match (self.env.is_true(&condition)?, otherwise) {
                    (true, _) => self.eval(then, scope),
                    (false, Some(otherwise)) => self.eval(otherwise, scope),
                    (false, None) => Ok(self.nothing()),
                }
            }
        }
    }

    /// An `if` without `else` prints nothing, even if undefined is an error.
    fn nothing(&self) -> Value {
        match self.env.missing {
            Missing::Lenient => Value::undefined("an inline `if` without `else` was false"),
            Missing::Strict => Value::text(""),
        }
    }

    pub(crate) fn all(&mut self, items: &[Expr], scope: &Rc<Scope>) -> Result<Vec<Value>, Error> {
        self.env.budget.elements(Some(items.len()))?;
        items.iter().map(|item| self.eval(item, scope)).collect()
    }

    fn dict(&mut self, entries: &[(Expr, Expr)], scope: &Rc<Scope>) -> Result<Value, Error> {
        let mut dict = Dict::default();
        self.env.budget.elements(Some(2 * entries.len()))?;
        for (key, value) in entries {
            let key = builtins::hashable(self.eval(key, scope)?)?;
            let value = self.eval(value, scope)?;
            self.env.budget.steps(dict.len() / 8)?;
            dict.insert(key, value);
        }
        Value::checked_dict(dict)
    }

    /// `or` takes the first operand that is true, `and` the first that is not; the
    /// last one if there is none.
    fn first_where(
        &mut self,
        operands: &[Expr],
        wanted: bool,
        scope: &Rc<Scope>,
    ) -> Result<Value, Error> {
        let mut value = Value::None;
        for (n, operand) in operands.iter().enumerate() {
            value = self.eval(operand, scope)?;
            if n + 1 < operands.len() && self.env.is_true(&value)? == wanted {
                break;
            }
        }
        Ok(value)
    }

    fn chain(
        &mut self,
        first: &Expr,
        others: &[(Binary, Expr)],
        scope: &Rc<Scope>,
    ) -> Result<Value, Error> {
        let mut left = self.eval(first, scope)?;
        for (operator, operand) in others {
            let right = self.eval(operand, scope)?;
            left = operators::binary(&self.env, &left, *operator, &right)?;
        }
        Ok(left)
    }

    fn concat(&mut self, parts: &[Expr], scope: &Rc<Scope>) -> Result<Value, Error> {
        let mut whole = String::new();
        for part in parts {
            let value = self.eval(part, scope)?;
            whole.push_str(&text::display(&self.env, &value)?);
        }
        Ok(Value::text(whole))
    }

    fn compare(
        &mut self,
        first: &Expr,
        others: &[(Comparison, Expr)],
        scope: &Rc<Scope>,
    ) -> Result<Value, Error> {
        let mut left = self.eval(first, scope)?;
        for (how, operand) in others {
            let right = self.eval(operand, scope)?;
            if !operators::compare(&self.env, &left, *how, &right)? {
                return Ok(Value::Bool(false));
            }
            left = right;
        }
        Ok(Value::Bool(true))
    }

    fn applied(&mut self, inner: &Expr, steps: &[Step], scope: &Rc<Scope>) -> Result<Value, Error> {
        let mut value = self.eval(inner, scope)?;
        for step in steps {
            self.env.budget.step()?;
            value = self
                .apply(value, &step.kind, scope)
                .map_err(|error| error.at(step.line))?;
        }
        Ok(value)
    }

    fn apply(&mut self, value: Value, step: &StepKind, scope: &Rc<Scope>) -> Result<Value, Error> {
        if !matches!(step, StepKind::Attribute(_)) {
            // Most operations on a text traverse all of it.
            self.env
                .budget
                .steps(value.as_text().map_or(0, str::len) / 16)?;
        }
        match step {
            StepKind::Attribute(name) => access::attribute(&value, name),
            StepKind::Item(index) => {
                let index = self.eval(index, scope)?;
                self.env.budget.steps(index.weight() / 64)?;
                access::item(&value, &index)
            }
            StepKind::Slice(bounds) => {
                let mut numbers = [None; 3];
                for (bound, number) in bounds.iter().zip(&mut numbers) {
                    let bound = bound.as_ref().map(|bound| self.eval(bound, scope));
                    *number = slice_bound(bound.transpose()?)?;
                }
                access::slice(&self.env, &value, numbers)
            }
            StepKind::Call(args) => {
                let args = self.arguments(args, scope)?;
                self.call(&value, args)
            }
            StepKind::Filter(call) => self.filter(value, call, scope),
            StepKind::Test(call) => self.test(&value, call, scope).map(Value::Bool),
            StepKind::TestNot(call) => self.test(&value, call, scope).map(|is| Value::Bool(!is)),
        }
    }

    pub(crate) fn filter(
        &mut self,
        value: Value,
        call: &Call,
        scope: &Rc<Scope>,
    ) -> Result<Value, Error> {
        let args = self.arguments(&call.args, scope)?;
        filters::apply(&self.env, &call.name, value, args).map_err(|error| error.at(call.line))
    }

    fn test(&mut self, value: &Value, call: &Call, scope: &Rc<Scope>) -> Result<bool, Error> {
        let args = self.arguments(&call.args, scope)?;
        predicates::test(&self.env, &call.name, value, args)
    }

    pub(crate) fn arguments(&mut self, args: &Args, scope: &Rc<Scope>) -> Result<Arguments, Error> {
        let mut positional = self.all(&args.positional, scope)?;
        if let Some(spread) = &args.spread {
            let spread = self.eval(spread, scope)?;
            positional.extend(self.env.iterate(&spread)?);
        }
        let mut named = Vec::new();
        for (name, value) in &args.named {
            named.push((name.clone(), self.eval(value, scope)?));
        }
        if let Some(spread) = &args.spread_named {
            let Value::Dict(dict) = self.eval(spread, scope)? else {
                return fail("`**` needs a dict");
            };
            let names = dict
                .iter()
                .map(|(k, v)| (k.as_text().unwrap_or_default().to_owned(), v.clone()));
            named.extend(names);
        }
        Ok(Arguments { positional, named })
    }

    pub(crate) fn call(&mut self, callee: &Value, args: Arguments) -> Result<Value, Error> {
        match callee {
            Value::Macro(found) => self.call_macro(found, args),
            Value::Function(name) => builtins::call(&self.env, name, args),
            Value::Method(bound) if matches!(&bound.0, Value::Loop(_)) => {
                access::of_loop(&self.env, &bound.0, &bound.1, args)
            }
            Value::Method(bound) => methods::call(&self.env, &bound.0, &bound.1, args),
            Value::Loop(state) => self.recurse(&state.clone(), args),
            Value::Undefined(what) => fail(&**what),
            other => fail(format!("'{}' object is not callable", other.type_name())),
        }
    }
}

fn lookup(name: &str, scope: &Rc<Scope>) -> Value {
    let found = scope.get(name).or_else(|| builtins::function(name));
    found.unwrap_or_else(|| Value::undefined(format!("'{name}' is undefined")))
}

/// What can have a sign.
fn number_of(value: Value) -> Result<Value, Error> {
    match &value {
        Value::Undefined(what) => fail(&**what),
        Value::Bool(b) => Ok(Value::Int(i64::from(*b))),
        other if number::as_float(other).is_some() => Ok(value),
        other => fail(format!(
            "bad operand type for a sign: '{}'",
            other.type_name()
        )),
    }
}

fn slice_bound(bound: Option<Value>) -> Result<Option<i64>, Error> {
    match bound {
        None | Some(Value::None) => Ok(None),
        Some(value) => match value.as_int() {
            Some(int) => Ok(Some(int)),
            None => fail(format!(
                "a slice needs integers, not '{}'",
                value.type_name()
            )),
        },
    }
}
