//! Name lookup: a scope, the enclosing ones, then the language.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use crate::jinja::syntax::ast;
use crate::jinja::value::Value;

/// Names of one loop pass, macro call or block.
pub struct Scope {
    names: RefCell<Vec<(String, Value)>>,
    around: Option<Rc<Scope>>,
}

impl Scope {
    pub fn outermost() -> Rc<Self> {
        Rc::new(Self {
            names: RefCell::default(),
            around: None,
        })
    }

    pub fn within(around: &Rc<Scope>) -> Rc<Self> {
        Rc::new(Self {
            names: RefCell::default(),
            around: Some(around.clone()),
        })
    }

    pub fn set(&self, name: &str, value: Value) {
        let mut names = self.names.borrow_mut();
        match names.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value,
            None => names.push((name.to_owned(), value)),
        }
    }

    pub fn get(&self, name: &str) -> Option<Value> {
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
    pub items: Rc<Vec<Value>>,
    /// The index of the pass, from 0.
    pub index: usize,
    /// Number of enclosing loops.
    pub depth: usize,
    /// The body that `loop(children)` runs again, and its scope.
    pub recursive: Option<(Arc<ast::For>, Rc<Scope>)>,
    /// The last arguments of `loop.changed`.
    pub changed: Rc<RefCell<Option<Value>>>,
}
