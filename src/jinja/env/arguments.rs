//! Arguments of a call, and binding them to parameters.

use crate::jinja::error::{Error, fail};
use crate::jinja::value::Value;

/// The arguments of a call.
#[derive(Default)]
pub(crate) struct Arguments {
    pub(crate) positional: Vec<Value>,
    pub(crate) named: Vec<(String, Value)>,
}

impl Arguments {
    /// The values of these parameters, `None` if not given.
    ///
    /// # Errors
    /// Too many or unknown arguments.
    pub(crate) fn bind<const N: usize>(
        self,
        names: [&str; N],
    ) -> Result<[Option<Value>; N], Error> {
        if self.positional.len() > N {
            return fail(format!(
                "takes {N} arguments, got {}",
                self.positional.len()
            ));
        }
        let mut bound = [const { None }; N];
        for (slot, value) in bound.iter_mut().zip(self.positional) {
            *slot = Some(value);
        }
        for (name, value) in self.named {
            match names.iter().position(|known| *known == name) {
                Some(at) if bound[at].is_none() => bound[at] = Some(value),
                Some(_) => return fail(format!("`{name}` is given twice")),
                None => return fail(format!("there is no argument `{name}`")),
            }
        }
        Ok(bound)
    }
}
