//! Name lookup: a scope, the enclosing ones, then the language.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use crate::jinja::syntax::ast;
use crate::jinja::value::Value;

/// Names of one loop pass, macro call or block.
pub(crate) struct Scope {
    names: RefCell<Vec<(String, Value)>>,
    around: Option<Rc<Scope>>,
}

impl Scope {
    pub(crate) fn outermost() -> Rc<Self> {
        Rc::new(Self {
            names: RefCell::default(),
            around: None,
        })
    }

    pub(crate) fn within(around: &Rc<Scope>) -> Rc<Self> {
        Rc::new(Self {
            names: RefCell::default(),
            around: Some(around.clone()),
        })
    }

    pub(crate) fn set(&self, name: &str, value: Value) {
        let mut names = self.names.borrow_mut();
        match names.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value,
            None => names.push((name.to_owned(), value)),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<Value> {
        let mut scope = self;
        loop {
            let names = scope.names.borrow();
            if let Some((_, value)) = names.iter().find(|(known, _)| known == name) {
                return Some(value.clone());
            }
            scope = scope.around.as_deref()?;
        }
    }
}

/// `loop` in a loop's body.
pub struct LoopState {
    pub(crate) items: Rc<Vec<Value>>,
    /// The index of the pass, from 0.
    pub(crate) index: usize,
    /// Number of enclosing loops.
    pub(crate) depth: usize,
    /// The body that `loop(children)` runs again, and its scope.
    pub(crate) recursive: Option<(Arc<ast::For>, Rc<Scope>)>,
    /// The last arguments of `loop.changed`.
    pub(crate) changed: Rc<RefCell<Option<Value>>>,
}
