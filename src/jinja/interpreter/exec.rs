//! Executes statements.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::eval::Interpreter;
use crate::jinja::env::arguments::Arguments;
use crate::jinja::error::{Error, fail};
use crate::jinja::python::text;
use crate::jinja::syntax::ast::{Call, Expr, For, Macro, Node, NodeKind, Parameter, Target};
use crate::jinja::value::dict::Dict;
use crate::jinja::value::scope::{LoopState, Scope};
use crate::jinja::value::{MacroValue, Value};

/// Where execution continues after a body.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    Next,
    Break,
    Continue,
}

impl Interpreter {
    pub(crate) fn body(&mut self, nodes: &[Node], scope: &Rc<Scope>) -> Result<Flow, Error> {
        for node in nodes {
            self.env
                .budget
                .enter()
                .map_err(|error| error.at(node.line))?;
            let flow = self.node(&node.kind, scope);
            self.env.budget.leave();
            match flow.map_err(|error| error.at(node.line))? {
                Flow::Next => {}
                other => return Ok(other),
            }
        }
        Ok(Flow::Next)
    }

    fn node(&mut self, node: &NodeKind, scope: &Rc<Scope>) -> Result<Flow, Error> {
        match node {
            NodeKind::Data(text) => self.write(text)?,
            NodeKind::Print(expr) => {
                let value = self.eval(expr, scope)?;
                self.print(&value)?;
            }
            NodeKind::If(arms) => return self.condition(arms, scope),
            NodeKind::For(inner) => {
                let over = self.eval(&inner.over, scope)?;
                return self.for_loop(inner, &over, scope, 0);
            }
            NodeKind::Set(target, expr) => {
                let value = self.eval(expr, scope)?;
                self.assign(target, value, scope)?;
            }
            NodeKind::SetBlock(target, filters, body) => {
                let text = self.captured(body, &Scope::within(scope))?;
                let value = self.filtered(text, filters, scope)?;
                self.assign(target, value, scope)?;
            }
            NodeKind::With(bindings, body) => return self.with(bindings, body, scope),
            NodeKind::FilterBlock(filters, body) => {
                let text = self.captured(body, &Scope::within(scope))?;
                let value = self.filtered(text, filters, scope)?;
                self.print(&value)?;
            }
            NodeKind::Macro(definition) => {
                scope.set(&definition.name, closure(definition, scope));
            }
            NodeKind::CallBlock(caller, call) => self.call_block(caller, call, scope)?,
            NodeKind::Scoped(body) => return self.body(body, &Scope::within(scope)),
            NodeKind::Break => return Ok(Flow::Break),
            NodeKind::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::Next)
    }

    fn with(
        &mut self,
        bindings: &[(Target, Expr)],
        body: &[Node],
        scope: &Rc<Scope>,
    ) -> Result<Flow, Error> {
        let inner = Scope::within(scope);
        for (target, expr) in bindings {
            let value = self.eval(expr, scope)?;
            self.assign(target, value, &inner)?;
        }
        self.body(body, &inner)
    }

    fn print(&mut self, value: &Value) -> Result<(), Error> {
        let text = text::display(&self.env, value)?;
        self.write(&text)
    }

    fn write(&mut self, text: &str) -> Result<(), Error> {
        self.env.budget.bytes(text.len())?;
        if let Some(output) = self.outputs.last_mut() {
            output.push_str(text);
        }
        Ok(())
    }

    fn condition(
        &mut self,
        arms: &[(Option<Expr>, Vec<Node>)],
        scope: &Rc<Scope>,
    ) -> Result<Flow, Error> {
        for (condition, body) in arms {
            let holds = match condition {
                Some(condition) => {
                    let value = self.eval(condition, scope)?;
                    self.env.is_true(&value)?
                }
                None => true,
            };
            if holds {
                return self.body(body, scope);
            }
        }
        Ok(Flow::Next)
    }

    fn for_loop(
        &mut self,
        inner: &Arc<For>,
        over: &Value,
        scope: &Rc<Scope>,
        depth: usize,
    ) -> Result<Flow, Error> {
        let items = Rc::new(self.items_of(inner, over, scope)?);
        if items.is_empty() {
            return self.body(&inner.otherwise, scope);
        }
        let changed = Rc::new(RefCell::default());
        for (index, item) in items.iter().enumerate() {
            let pass = Scope::within(scope);
            let state = LoopState {
                items: items.clone(),
                index,
                depth,
                recursive: inner.recursive.then(|| (inner.clone(), scope.clone())),
                changed: changed.clone(),
            };
            pass.set("loop", Value::Loop(Rc::new(state)));
            self.assign(&inner.target, item.clone(), &pass)?;
            if self.body(&inner.body, &pass)? == Flow::Break {
                break;
            }
        }
        Ok(Flow::Next)
    }

    /// The elements of a loop, filtered by its own `if`.
    fn items_of(
        &mut self,
        inner: &For,
        over: &Value,
        scope: &Rc<Scope>,
    ) -> Result<Vec<Value>, Error> {
        let items = self.env.iterate(over)?;
        let Some(condition) = &inner.condition else {
            return Ok(items);
        };
        let mut kept = Vec::new();
        for item in items {
            let pass = Scope::within(scope);
            self.assign(&inner.target, item.clone(), &pass)?;
            let value = self.eval(condition, &pass)?;
            if self.env.is_true(&value)? {
                kept.push(item);
            }
        }
        Ok(kept)
    }

    /// `loop(children)`: the loop's body again, for these.
    pub(crate) fn recurse(&mut self, state: &LoopState, args: Arguments) -> Result<Value, Error> {
        let Some((inner, scope)) = &state.recursive else {
            return fail("the loop is not `recursive`");
        };
        let [over] = args.bind(["iterable"])?;
        let over = over.unwrap_or(Value::None);
        self.outputs.push(String::new());
        let flow = self.for_loop(inner, &over, scope, state.depth + 1);
        let text = self.outputs.pop().unwrap_or_default();
        flow.map(|_| Value::text(text))
    }

    pub(crate) fn assign(
        &mut self,
        target: &Target,
        value: Value,
        scope: &Rc<Scope>,
    ) -> Result<(), Error> {
        match target {
            Target::Name(name) => scope.set(name, value),
            Target::Attribute(name, attribute) => match scope.get(name) {
                Some(Value::Namespace(space)) => {
                    let key = Value::text(attribute.as_str());
                    self.env.budget.steps(space.attributes.borrow().len() / 8)?;
                    space.attributes.borrow_mut().insert(key, value);
                }
                _ => {
                    return fail(format!(
                        "`{name}` is not a namespace: its attributes cannot be set"
                    ));
                }
            },
            Target::Unpack(targets) => {
                let items = self.env.iterate(&value)?;
                if items.len() != targets.len() {
                    let (n, expected) = (items.len(), targets.len());
                    return fail(format!("{n} values for {expected} names"));
                }
                for (target, item) in targets.iter().zip(items) {
                    self.assign(target, item, scope)?;
                }
            }
        }
        Ok(())
    }

    fn captured(&mut self, body: &[Node], scope: &Rc<Scope>) -> Result<Value, Error> {
        self.outputs.push(String::new());
        let flow = self.body(body, scope);
        let text = self.outputs.pop().unwrap_or_default();
        flow.map(|_| Value::text(text))
    }

    fn filtered(
        &mut self,
        value: Value,
        filters: &[Call],
        scope: &Rc<Scope>,
    ) -> Result<Value, Error> {
        let mut filters = filters.iter();
        filters.try_fold(value, |value, filter| self.filter(value, filter, scope))
    }

    fn call_block(
        &mut self,
        caller: &Arc<Macro>,
        call: &Expr,
        scope: &Rc<Scope>,
    ) -> Result<(), Error> {
        let inner = Scope::within(scope);
        let callback = closure(caller, &inner);
        // The called macro finds its caller by this name.
        let value = self.eval_call(call, &inner, callback)?;
        self.print(&value)
    }

    /// Evaluates `f(..)` with `caller` among the arguments.
    fn eval_call(&mut self, call: &Expr, scope: &Rc<Scope>, caller: Value) -> Result<Value, Error> {
        use crate::jinja::syntax::ast::{ExprKind, StepKind};
        if let ExprKind::Applied(inner, steps) = &call.kind
            && let [step] = &steps[..]
            && let StepKind::Call(args) = &step.kind
        {
            let callee = self.eval(inner, scope)?;
            let mut args = self.arguments(args, scope)?;
            args.named.push(("caller".into(), caller));
            return self.call(&callee, args);
        }
        fail("`{% call %}` needs a macro call")
    }

    /// The text of a macro called with these arguments.
    pub(crate) fn call_macro(
        &mut self,
        found: &MacroValue,
        args: Arguments,
    ) -> Result<Value, Error> {
        let around = found
            .scope
            .upgrade()
            .unwrap_or_else(|| self.outermost.clone());
        let scope = Scope::within(&around);
        self.bind(&found.definition, args, &scope)?;
        self.captured(&found.definition.body, &scope)
    }

    fn bind(
        &mut self,
        definition: &Macro,
        args: Arguments,
        scope: &Rc<Scope>,
    ) -> Result<(), Error> {
        let Arguments {
            positional,
            mut named,
        } = args;
        let mut positional = positional.into_iter();
        if let Some(at) = named.iter().position(|(name, _)| name == "caller") {
            scope.set("caller", named.remove(at).1);
        }
        for parameter in &definition.parameters {
            let by_name = named.iter().position(|(name, _)| *name == parameter.name);
            let given = match (positional.next(), by_name) {
                (Some(_), Some(_)) => return fail(format!("`{}` is given twice", parameter.name)),
                (Some(value), None) => Some(value),
                (None, by_name) => by_name.map(|at| named.remove(at).1),
            };
            let value = match given {
                Some(value) => value,
                None => self.default(parameter, scope)?,
            };
            scope.set(&parameter.name, value);
        }
        let rest: Vec<Value> = positional.collect();
        if !definition.takes_more && (!rest.is_empty() || !named.is_empty()) {
            return fail(format!(
                "macro `{}` got more arguments than it takes",
                definition.name
            ));
        }
        scope.set("varargs", Value::checked_tuple(rest)?);
        scope.set("kwargs", Value::checked_dict(dict_of(named))?);
        Ok(())
    }

    fn default(&mut self, parameter: &Parameter, scope: &Rc<Scope>) -> Result<Value, Error> {
        let name = &parameter.name;
        match &parameter.default {
            Some(default) => self.eval(default, scope),
            None => Ok(Value::undefined(format!(
                "parameter '{name}' was not provided"
            ))),
        }
    }
}

fn dict_of(named: Vec<(String, Value)>) -> Dict {
    let mut dict = Dict::default();
    for (name, value) in named {
        dict.insert(Value::text(name), value);
    }
    dict
}

fn closure(definition: &Arc<Macro>, scope: &Rc<Scope>) -> Value {
    Value::Macro(Rc::new(MacroValue {
        definition: definition.clone(),
        scope: Rc::downgrade(scope),
    }))
}
