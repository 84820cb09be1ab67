//! A file's metadata by key, in any type and width.

use std::ops::RangeInclusive;

use candle_core::quantized::gguf_file::Value;
use color_eyre::eyre::{Report, Result, bail, eyre};

use super::Gguf;
use crate::model::stated;

impl Gguf {
    /// A whole number of any width; for an array with a value per layer, the common value.
    ///
    /// # Errors
    /// A value of another type; layers that differ.
    pub(crate) fn number(&self, key: &str) -> Result<Option<i128>> {
        match self.of_all_layers(key)? {
            None => Ok(None),
            Some(value) => match whole(value) {
                Some(number) => Ok(Some(number)),
                None => Err(self.wrong_type(key, value, "a whole number")),
            },
        }
    }

    /// A size of the metadata.
    ///
    /// # Errors
    /// As [`Self::number`]; a size out of bounds.
    pub(crate) fn size(&self, key: &str, bounds: RangeInclusive<usize>) -> Result<Option<usize>> {
        let number = self.number(key)?;
        number
            .map(|n| stated::size(self.path.display(), key, n, bounds))
            .transpose()
    }

    /// A number of the metadata, as [`Self::number`].
    ///
    /// # Errors
    /// As there.
    pub(crate) fn float(&self, key: &str) -> Result<Option<f32>> {
        Ok(match self.of_all_layers(key)? {
            None => None,
            Some(Value::F32(v)) => Some(*v),
            Some(Value::F64(v)) => Some(*v as f32),
            Some(value) => match whole(value) {
                Some(number) => Some(number as f32),
                None => return Err(self.wrong_type(key, value, "a number")),
            },
        })
    }

    /// A base, epsilon or scale of the metadata.
    ///
    /// # Errors
    /// As [`Self::float`]; one that is not finite and above 0.
    pub(crate) fn positive(&self, key: &str) -> Result<Option<f32>> {
        let number = self.float(key)?;
        number
            .map(|v| stated::positive(self.path.display(), key, v))
            .transpose()
    }

    /// The value of a key; for an array, the value that all elements share.
    fn of_all_layers(&self, key: &str) -> Result<Option<&Value>> {
        let Some(value) = self.content.metadata.get(key) else {
            return Ok(None);
        };
        let Value::Array(values) = value else {
            return Ok(Some(value));
        };
        let few: Vec<String> = values.iter().take(8).map(plain).collect();
        let differs = |v: &Value| Some(&plain(v)) != few.first();
        if values.len() > *stated::LAYERS.end() || values.iter().any(differs) {
            bail!(
                "{}: `{key}` differs between layers ({}{}): only models with identical layers are \
                supported",
                self.path.display(),
                few.join(", "),
                if values.len() > 8 { ", .." } else { "" }
            );
        }
        match values.first() {
            Some(value) => Ok(Some(value)),
            None => bail!("{}: `{key}` is an empty array", self.path.display()),
        }
    }

    fn wrong_type(&self, key: &str, value: &Value, wanted: &str) -> Report {
        let (file, ty) = (self.path.display(), value.value_type());
        eyre!("{file}: `{key}` is {ty:?}; it must be {wanted}")
    }

    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        match self.content.metadata.get(key)? {
            Value::String(text) => Some(text),
            _ => None,
        }
    }
}

pub(super) fn whole(value: &Value) -> Option<i128> {
    Some(match *value {
        Value::U8(v) => v.into(),
        Value::U16(v) => v.into(),
        Value::U32(v) => v.into(),
        Value::U64(v) => v.into(),
        Value::I8(v) => v.into(),
        Value::I16(v) => v.into(),
        Value::I32(v) => v.into(),
        Value::I64(v) => v.into(),
        _ => return None,
    })
}

/// A number for display.
fn plain(value: &Value) -> String {
    match value {
        Value::F32(v) => v.to_string(),
        Value::F64(v) => v.to_string(),
        other => whole(other).map_or_else(|| format!("{other:?}"), |n| n.to_string()),
    }
}
