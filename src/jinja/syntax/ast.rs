//! The syntax tree: statements and expressions, each with its line.

use std::sync::Arc;

#[derive(Debug)]
pub struct Node {
    pub kind: NodeKind,
    pub line: u32,
}

#[derive(Debug)]
pub enum NodeKind {
    Data(Arc<str>),
    Print(Expr),
    /// Conditions with their bodies, `else` last and without one.
    If(Vec<(Option<Expr>, Vec<Node>)>),
    For(Arc<For>),
    Set(Target, Expr),
    /// `{% set x %}..{% endset %}`, with the filters that the text passes.
    SetBlock(Target, Vec<Call>, Vec<Node>),
    With(Vec<(Target, Expr)>, Vec<Node>),
    FilterBlock(Vec<Call>, Vec<Node>),
    Macro(Arc<Macro>),
    /// `{% call(a) f() %}..{% endcall %}`: the body is `caller` in the macro.
    CallBlock(Arc<Macro>, Expr),
    /// A body with a scope of its own: `{% generation %}`.
    Scoped(Vec<Node>),
    Break,
    Continue,
}

#[derive(Debug)]
pub struct For {
    pub target: Target,
    pub over: Expr,
    pub condition: Option<Expr>,
    pub body: Vec<Node>,
    pub otherwise: Vec<Node>,
    pub recursive: bool,
}

#[derive(Debug)]
pub struct Macro {
    pub name: String,
    pub parameters: Vec<Parameter>,
    pub body: Vec<Node>,
    /// It reads `varargs` or `kwargs`, so extra arguments are allowed.
    pub takes_more: bool,
}

#[derive(Debug)]
pub struct Parameter {
    pub name: String,
    pub default: Option<Expr>,
}

#[derive(Debug)]
pub enum Target {
    Name(String),
    /// `ns.count`
    Attribute(String, String),
    Unpack(Vec<Target>),
}

#[derive(Debug)]
pub struct Expr {
    pub kind: ExprKind,
    pub line: u32,
}

#[derive(Debug)]
pub enum ExprKind {
    Text(Arc<str>),
    Constant(Constant),
    Name(String),
    List(Vec<Expr>),
    Tuple(Vec<Expr>),
    Dict(Vec<(Expr, Expr)>),
    /// A value and its postfix operations: `x.y[0] | trim is z`.
    Applied(Box<Expr>, Vec<Step>),
    Not(Box<Expr>),
    Negative(Box<Expr>),
    Positive(Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    /// Operators of one level, from the left.
    Chain(Box<Expr>, Vec<(Binary, Expr)>),
    Concat(Vec<Expr>),
    /// `a < b <= c`
    Compare(Box<Expr>, Vec<(Comparison, Expr)>),
    /// `then if condition else otherwise`
    Choice {
        condition: Box<Expr>,
        then: Box<Expr>,
        otherwise: Option<Box<Expr>>,
    },
}

#[derive(Debug)]
pub struct Step {
    pub kind: StepKind,
    pub line: u32,
}

#[derive(Debug)]
pub enum StepKind {
    Attribute(String),
    Item(Expr),
    /// `[start:stop:step]`
    Slice(Box<[Option<Expr>; 3]>),
    Call(Args),
    Filter(Call),
    Test(Call),
    /// `is not`
    TestNot(Call),
}

#[derive(Clone, Copy, Debug)]
pub enum Constant {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
}

/// A filter or a test by name, with its arguments.
#[derive(Debug)]
pub struct Call {
    pub name: String,
    pub args: Args,
    pub line: u32,
}

#[derive(Debug, Default)]
pub struct Args {
    pub positional: Vec<Expr>,
    pub named: Vec<(String, Expr)>,
    /// `*args`
    pub spread: Option<Box<Expr>>,
    /// `**kwargs`
    pub spread_named: Option<Box<Expr>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Modulo,
    Power,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
    NotIn,
}
