//! The Python values that templates use. None can be mutated (the sandbox forbids it),
//! except namespaces.

pub(crate) mod dict;
pub(crate) mod equal;
pub(crate) mod number;
pub(crate) mod scope;

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use crate::jinja::error::{Error, fail};
use crate::jinja::syntax::ast;
use dict::Dict;
use scope::{LoopState, Scope};

/// Limit on nested lists: beyond it, printing and comparing could overflow the stack.
const MAX_NESTING: u32 = 100;

/// A value of a template.
#[derive(Clone)]
pub enum Value {
    /// Says what is missing, for errors.
    Undefined(Rc<str>),
    /// Python's `None`.
    None,
    /// True or false.
    Bool(bool),
    /// An integer; Python's are unbounded.
    Int(i64),
    /// A float, as Python's.
    Float(f64),
    /// A string.
    Text(Rc<str>),
    /// A text not to be HTML-escaped (`|safe`).
    Safe(Rc<str>),
    /// A list; templates may change it.
    List(Rc<Sequence>),
    /// A tuple.
    Tuple(Rc<Sequence>),
    /// A mapping.
    Dict(Rc<Dict>),
    /// A `namespace()`, whose attributes can be set from inner scopes.
    Namespace(Rc<Namespace>),
    /// A `{% macro %}`, to be called.
    Macro(Rc<MacroValue>),
    /// `loop` within a `for`.
    Loop(Rc<LoopState>),
    /// A function of the language, by name.
    Function(&'static str),
    /// A method of a value, not called yet.
    Method(Rc<(Value, String)>),
}

/// Elements of a list or a tuple.
pub struct Sequence {
    pub(crate) items: Vec<Value>,
    nesting: u32,
    weight: usize,
}

/// `namespace()`: the one value whose attributes can be set.
#[derive(Default)]
pub struct Namespace {
    pub(crate) attributes: RefCell<Dict>,
}

/// A macro with the scope it was defined in. The scope owns the macro, hence the weak
/// reference; a dropped scope counts as the outermost one.
pub struct MacroValue {
    pub(crate) definition: std::sync::Arc<ast::Macro>,
    pub(crate) scope: std::rc::Weak<Scope>,
}

impl Value {
    pub(crate) fn text(text: impl Into<Rc<str>>) -> Self {
        Value::Text(text.into())
    }

    /// A list of values that are not nested deeply.
    pub(crate) fn list(items: impl IntoIterator<Item = Value>) -> Self {
        Value::List(Rc::new(Sequence::new(items.into_iter().collect())))
    }

    /// # Errors
    /// Too deep a nesting; so with the next two.
    pub(in crate::jinja) fn checked_list(items: Vec<Value>) -> Result<Self, Error> {
        let sequence = Sequence::new(items);
        check_nesting(sequence.nesting)?;
        Ok(Value::List(Rc::new(sequence)))
    }

    pub(in crate::jinja) fn checked_tuple(items: Vec<Value>) -> Result<Self, Error> {
        let sequence = Sequence::new(items);
        check_nesting(sequence.nesting)?;
        Ok(Value::Tuple(Rc::new(sequence)))
    }

    pub(in crate::jinja) fn checked_dict(dict: Dict) -> Result<Self, Error> {
        check_nesting(dict.nesting())?;
        Ok(Value::Dict(Rc::new(dict)))
    }

    /// A dict in this order.
    pub(crate) fn dict<'a>(entries: impl IntoIterator<Item = (&'a str, Value)>) -> Self {
        let mut dict = Dict::default();
        for (key, value) in entries {
            dict.insert(Value::text(key), value);
        }
        Value::Dict(Rc::new(dict))
    }

    /// From JSON, in the map's order.
    pub fn from_json(json: &serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Value::None,
            serde_json::Value::Bool(b) => Value::Bool(*b),
            serde_json::Value::Number(n) => match n.as_i64() {
                Some(int) => Value::Int(int),
                None => Value::Float(n.as_f64().unwrap_or(f64::NAN)),
            },
            serde_json::Value::String(text) => Value::text(text.as_str()),
            serde_json::Value::Array(items) => Value::list(items.iter().map(Value::from_json)),
            serde_json::Value::Object(map) => {
                Value::dict(map.iter().map(|(k, v)| (k.as_str(), Value::from_json(v))))
            }
        }
    }

    pub(in crate::jinja) fn undefined(what: impl Into<Rc<str>>) -> Self {
        Value::Undefined(what.into())
    }

    pub(in crate::jinja) fn is_undefined(&self) -> bool {
        matches!(self, Value::Undefined(_))
    }

    /// The characters of a text.
    pub(in crate::jinja) fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) | Value::Safe(text) => Some(text),
            _ => None,
        }
    }

    /// As an index or a count: Python's `bool` is an integer.
    pub(in crate::jinja) fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(int) => Some(*int),
            Value::Bool(b) => Some(i64::from(*b)),
            _ => None,
        }
    }

    /// The name of its Python type, for messages.
    pub(in crate::jinja) fn type_name(&self) -> &'static str {
        match self {
            Value::Undefined(_) => "Undefined",
            Value::None => "NoneType",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Float(_) => "float",
            Value::Text(_) => "str",
            Value::Safe(_) => "Markup",
            Value::List(_) => "list",
            Value::Tuple(_) => "tuple",
            Value::Dict(_) => "dict",
            Value::Namespace(_) => "Namespace",
            Value::Macro(_) => "Macro",
            Value::Loop(_) => "LoopContext",
            Value::Function(_) => "function",
            Value::Method(_) => "builtin_function_or_method",
        }
    }

    pub(in crate::jinja) fn is_true(&self) -> bool {
        match self {
            Value::Undefined(_) | Value::None => false,
            Value::Bool(b) => *b,
            Value::Int(int) => *int != 0,
            Value::Float(float) => *float != 0.0,
            Value::Text(text) | Value::Safe(text) => !text.is_empty(),
            Value::List(items) | Value::Tuple(items) => !items.items.is_empty(),
            Value::Dict(dict) => !dict.is_empty(),
            _ => true,
        }
    }

    pub(in crate::jinja) fn nesting(&self) -> u32 {
        match self {
            Value::List(items) | Value::Tuple(items) => items.nesting,
            Value::Dict(dict) => dict.nesting(),
            Value::Method(bound) => bound.0.nesting(),
            _ => 0,
        }
    }

    /// Approximate size when printed, with shared elements counted each time: the cost
    /// of traversing it.
    pub(in crate::jinja) fn weight(&self) -> usize {
        match self {
            Value::Text(text) | Value::Safe(text) => 8 + text.len(),
            Value::List(items) | Value::Tuple(items) => items.weight,
            Value::Dict(dict) => dict.weight(),
            _ => 8,
        }
    }
}

impl From<ast::Constant> for Value {
    fn from(constant: ast::Constant) -> Self {
        match constant {
            ast::Constant::None => Value::None,
            ast::Constant::Bool(b) => Value::Bool(b),
            ast::Constant::Int(i) => Value::Int(i),
            ast::Constant::Float(f) => Value::Float(f),
        }
    }
}

impl Sequence {
    fn new(items: Vec<Value>) -> Self {
        let weights = items.iter().map(Value::weight);
        Self {
            nesting: items.iter().map(Value::nesting).max().unwrap_or(0) + 1,
            weight: weights.fold(8, usize::saturating_add),
            items,
        }
    }
}

fn check_nesting(nesting: u32) -> Result<(), Error> {
    if nesting > MAX_NESTING {
        return fail(format!("a value is nested more than {MAX_NESTING} deep"));
    }
    Ok(())
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_text() {
            Some(text) => write!(f, "{text:?}"),
            None => write!(f, "<{}>", self.type_name()),
        }
    }
}
