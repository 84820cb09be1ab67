//! How much work one rendering may do. A template comes with a downloaded model or
//! framework file: it must not run forever, exhaust memory or overflow the stack.

use std::cell::Cell;

use crate::jinja::error::{EXHAUSTED, Error, fail};
use crate::jinja::value::Value;

/// Limit on nodes evaluated and elements visited; the longest prompts of a catalog of a
/// hundred thousand ratings take about three million.
const MAX_STEPS: u64 = 20_000_000;

/// Limit on bytes of all texts and lists created while rendering, including those
/// dropped again.
const MAX_BYTES: u64 = 256 << 20;

/// Limit on nested expressions and statements while rendering, macro calls included:
/// what a thread's stack can hold.
const MAX_DEPTH: u32 = 250;

/// The remaining budget.
#[derive(Debug)]
pub(crate) struct Budget {
    steps: Cell<u64>,
    bytes: Cell<u64>,
    depth: Cell<u32>,
}

impl Budget {
    pub(crate) fn new() -> Self {
        Self {
            steps: Cell::new(MAX_STEPS),
            bytes: Cell::new(MAX_BYTES),
            depth: Cell::new(0),
        }
    }

    pub(crate) fn step(&self) -> Result<(), Error> {
        self.steps(1)
    }

    pub(crate) fn steps(&self, n: usize) -> Result<(), Error> {
        match self.steps.get().checked_sub(n as u64) {
            Some(left) => self.steps.set(left),
            None => {
                return fail(format!(
                    "{EXHAUSTED} after {MAX_STEPS} steps: the template loops"
                ));
            }
        }
        Ok(())
    }

    /// Call before allocating this much.
    pub(crate) fn bytes(&self, n: usize) -> Result<(), Error> {
        match self.bytes.get().checked_sub(n as u64) {
            Some(left) => self.bytes.set(left),
            None => {
                let limit = MAX_BYTES >> 20;
                return fail(format!(
                    "{EXHAUSTED}: the template makes more than {limit} MiB of text"
                ));
            }
        }
        Ok(())
    }

    /// `n` elements of a list, `None` if the number overflows.
    pub(crate) fn elements(&self, n: Option<usize>) -> Result<(), Error> {
        let bytes = n.and_then(|n| n.checked_mul(size_of::<Value>()));
        self.bytes(bytes.unwrap_or(usize::MAX))
    }

    /// Enters an expression or a statement; [`leave`](Self::leave) goes back.
    pub(crate) fn enter(&self) -> Result<(), Error> {
        self.step()?;
        self.depth.set(self.depth.get() + 1);
        if self.depth.get() > MAX_DEPTH {
            return fail(format!("nested more than {MAX_DEPTH} deep while rendering"));
        }
        Ok(())
    }

    pub(crate) fn leave(&self) {
        self.depth.set(self.depth.get() - 1);
    }
}
