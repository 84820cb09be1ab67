//! Which names a template reads and assigns, and which texts it holds.

use super::ast::{Args, Call, Expr, ExprKind, Macro, Node, NodeKind, Step, StepKind, Target};
use super::builtins;

/// Names read and never assigned anywhere, without the language's functions, in
/// the order of the alphabet.
pub fn free(nodes: &[Node]) -> Vec<String> {
    let mut found = Found::default();
    found.nodes(nodes);
    let mut free = found.read;
    free.retain(|name| !found.assigned.contains(name) && builtins::function(name).is_none());
    free.sort();
    free.dedup();
    free
}

/// Whether any of the names is read.
pub fn reads_any(nodes: &[Node], names: &[&str]) -> bool {
    let mut found = Found::default();
    found.nodes(nodes);
    found.read.iter().any(|name| names.contains(&name.as_str()))
}

/// Texts between tags and string literals.
pub fn literals(nodes: &[Node]) -> Vec<String> {
    let mut found = Found::default();
    found.nodes(nodes);
    found.literals
}

#[derive(Default)]
struct Found {
    read: Vec<String>,
    assigned: Vec<String>,
    literals: Vec<String>,
}

impl Found {
    fn nodes(&mut self, nodes: &[Node]) {
        nodes.iter().for_each(|node| self.node(node));
    }

    fn node(&mut self, node: &Node) {
        match &node.kind {
            NodeKind::Data(text) => self.literals.push(text.to_string()),
            NodeKind::Print(expr) => self.expr(expr),
            NodeKind::If(arms) => {
                for (condition, body) in arms {
                    condition.iter().for_each(|condition| self.expr(condition));
                    self.nodes(body);
                }
            }
            NodeKind::For(inner) => {
                self.assigned.push("loop".into());
                self.target(&inner.target);
                self.expr(&inner.over);
                inner
                    .condition
                    .iter()
                    .for_each(|condition| self.expr(condition));
                self.nodes(&inner.body);
                self.nodes(&inner.otherwise);
            }
            NodeKind::Set(target, value) => {
                self.target(target);
                self.expr(value);
            }
            NodeKind::SetBlock(target, filters, body) => {
                self.target(target);
                filters.iter().for_each(|filter| self.call(filter));
                self.nodes(body);
            }
            NodeKind::With(bindings, body) => {
                for (target, value) in bindings {
                    self.target(target);
                    self.expr(value);
                }
                self.nodes(body);
            }
            NodeKind::FilterBlock(filters, body) => {
                filters.iter().for_each(|filter| self.call(filter));
                self.nodes(body);
            }
            NodeKind::Macro(definition) => {
                self.assigned.push(definition.name.clone());
                self.definition(definition);
            }
            NodeKind::CallBlock(caller, call) => {
                self.definition(caller);
                self.expr(call);
            }
            NodeKind::Scoped(body) => self.nodes(body),
            NodeKind::Break | NodeKind::Continue => {}
        }
    }

    fn definition(&mut self, definition: &Macro) {
        let special = ["varargs", "kwargs", "caller"].map(String::from);
        self.assigned.extend(special);
        for parameter in &definition.parameters {
            self.assigned.push(parameter.name.clone());
            parameter
                .default
                .iter()
                .for_each(|default| self.expr(default));
        }
        self.nodes(&definition.body);
    }

    fn target(&mut self, target: &Target) {
        match target {
            Target::Name(name) => self.assigned.push(name.clone()),
            Target::Attribute(name, _) => self.read.push(name.clone()),
            Target::Unpack(targets) => targets.iter().for_each(|target| self.target(target)),
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Text(text) => self.literals.push(text.to_string()),
            ExprKind::Name(name) => self.read.push(name.clone()),
            ExprKind::Constant(_) => {}
            ExprKind::List(items)
            | ExprKind::Tuple(items)
            | ExprKind::Concat(items)
            | ExprKind::And(items)
            | ExprKind::Or(items) => items.iter().for_each(|item| self.expr(item)),
            ExprKind::Dict(entries) => {
                for (key, value) in entries {
                    self.expr(key);
                    self.expr(value);
                }
            }
            ExprKind::Applied(inner, steps) => {
                self.expr(inner);
                steps.iter().for_each(|step| self.step(step));
            }
            ExprKind::Not(inner) | ExprKind::Negative(inner) | ExprKind::Positive(inner) => {
                self.expr(inner);
            }
            ExprKind::Chain(first, others) => {
                self.expr(first);
                others.iter().for_each(|(_, operand)| self.expr(operand));
            }
            ExprKind::Compare(first, others) => {
                self.expr(first);
                others.iter().for_each(|(_, operand)| self.expr(operand));
            }
            ExprKind::Choice {
                condition,
                then,
                otherwise,
            } => {
                self.expr(condition);
                self.expr(then);
                otherwise.iter().for_each(|otherwise| self.expr(otherwise));
            }
        }
    }

    fn step(&mut self, step: &Step) {
        match &step.kind {
            StepKind::Attribute(_) => {}
            StepKind::Item(index) => self.expr(index),
            StepKind::Slice(bounds) => {
                bounds.iter().flatten().for_each(|bound| self.expr(bound));
            }
            StepKind::Call(args) => self.args(args),
            StepKind::Filter(call) | StepKind::Test(call) | StepKind::TestNot(call) => {
                self.call(call);
            }
        }
    }

    fn call(&mut self, call: &Call) {
        self.args(&call.args);
    }

    fn args(&mut self, args: &Args) {
        args.positional.iter().for_each(|arg| self.expr(arg));
        args.named.iter().for_each(|(_, arg)| self.expr(arg));
        let spread = args.spread.iter().chain(&args.spread_named);
        spread.for_each(|arg| self.expr(arg));
    }
}
