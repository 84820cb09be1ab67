//! The names that a template reads and assigns, and its literal texts.

use super::ast::{Args, Call, Expr, ExprKind, For, Macro, Node, NodeKind, Step, StepKind, Target};

/// Names read and never assigned anywhere, in the order of the alphabet.
pub(crate) fn free(nodes: &[Node]) -> Vec<String> {
    let mut found = FoundNames::default();
    found.nodes(nodes);
    let mut free = found.read;
    free.retain(|name| !found.assigned.contains(name));
    free.sort();
    free.dedup();
    free
}

/// Whether any of the names is read.
pub(crate) fn reads_any(nodes: &[Node], names: &[&str]) -> bool {
    let mut found = FoundNames::default();
    found.nodes(nodes);
    found.read.iter().any(|name| names.contains(&name.as_str()))
}

/// Texts between tags and string literals.
pub(crate) fn literals(nodes: &[Node]) -> Vec<String> {
    let mut found = FoundNames::default();
    found.nodes(nodes);
    found.literals
}

#[derive(Default)]
struct FoundNames {
    read: Vec<String>,
    assigned: Vec<String>,
    literals: Vec<String>,
}

impl FoundNames {
    fn nodes(&mut self, nodes: &[Node]) {
        nodes.iter().for_each(|node| self.node(node));
    }

    fn node(&mut self, node: &Node) {
        match &node.kind {
            NodeKind::Data(text) => self.literals.push(text.to_string()),
            NodeKind::Print(expr) => self.expr(expr),
            NodeKind::If(arms) => {
                for (condition, body) in arms {
                    self.exprs(condition);
                    self.nodes(body);
                }
            }
            NodeKind::For(inner) => self.for_loop(inner),
            NodeKind::Set(target, value) => {
                self.target(target);
                self.expr(value);
            }
            NodeKind::SetBlock(target, filters, body) => {
                self.target(target);
                self.filtered(filters, body);
            }
            NodeKind::With(bindings, body) => {
                for (target, value) in bindings {
                    self.target(target);
                    self.expr(value);
                }
                self.nodes(body);
            }
            NodeKind::FilterBlock(filters, body) => self.filtered(filters, body),
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

    fn for_loop(&mut self, inner: &For) {
        self.assigned.push("loop".into());
        self.target(&inner.target);
        self.expr(&inner.over);
        self.exprs(&inner.condition);
        self.nodes(&inner.body);
        self.nodes(&inner.otherwise);
    }

    fn filtered(&mut self, filters: &[Call], body: &[Node]) {
        filters.iter().for_each(|filter| self.args(&filter.args));
        self.nodes(body);
    }

    fn definition(&mut self, definition: &Macro) {
        let special = ["varargs", "kwargs", "caller"].map(String::from);
        self.assigned.extend(special);
        for parameter in &definition.parameters {
            self.assigned.push(parameter.name.clone());
            self.exprs(&parameter.default);
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

    fn exprs<'a>(&mut self, exprs: impl IntoIterator<Item = &'a Expr>) {
        exprs.into_iter().for_each(|expr| self.expr(expr));
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
            | ExprKind::Or(items) => self.exprs(items),
            ExprKind::Dict(entries) => {
                self.exprs(entries.iter().flat_map(|(key, value)| [key, value]));
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
                self.exprs(others.iter().map(|(_, operand)| operand));
            }
            ExprKind::Compare(first, others) => {
                self.expr(first);
                self.exprs(others.iter().map(|(_, operand)| operand));
            }
            ExprKind::Choice {
                condition,
                then,
                otherwise,
            } => {
                self.expr(condition);
                self.expr(then);
                self.exprs(otherwise.as_deref());
            }
        }
    }

    fn step(&mut self, step: &Step) {
        match &step.kind {
            StepKind::Attribute(_) => {}
            StepKind::Item(index) => self.expr(index),
            StepKind::Slice(bounds) => self.exprs(bounds.iter().flatten()),
            StepKind::Call(args) => self.args(args),
            StepKind::Filter(call) | StepKind::Test(call) | StepKind::TestNot(call) => {
                self.args(&call.args);
            }
        }
    }

    fn args(&mut self, args: &Args) {
        self.exprs(&args.positional);
        self.exprs(args.named.iter().map(|(_, arg)| arg));
        self.exprs(args.spread.as_deref());
        self.exprs(args.spread_named.as_deref());
    }
}
