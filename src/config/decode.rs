//! `[decode]`: the parameters of the table under their names, written as for the options.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};

use crate::speculate::parameters::{self, Given, Parameter, Value};

/// Every key is optional; an error names its line.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct DecodeConfig {
    pub(crate) given: Given,
}

impl<'de> Deserialize<'de> for DecodeConfig {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(DecodeTable)
    }
}

struct DecodeTable;

impl<'de> Visitor<'de> for DecodeTable {
    type Value = DecodeConfig;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of parameters")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<DecodeConfig, M::Error> {
        let mut values = Vec::new();
        while let Some(Key(parameter)) = map.next_key()? {
            values.push((parameter, map.next_value_seed(ValueOf(parameter))?));
        }
        let given = values.into_iter().collect();
        Ok(DecodeConfig { given })
    }
}

struct Key(&'static Parameter);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = String::deserialize(from)?;
        let names = || parameters::ALL.map(|p| format!("`{}`", p.name)).join(", ");
        let unknown = || format!("unknown field `{name}`, expected one of {}", names());
        parameters::named(&name)
            .map(Key)
            .ok_or_else(|| D::Error::custom(unknown()))
    }
}

/// Parses the value of a key: a number, or the text that the option takes.
struct ValueOf(&'static Parameter);

impl<'de> DeserializeSeed<'de> for ValueOf {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        let text = match toml::Value::deserialize(from)? {
            toml::Value::String(text) => text,
            other => other.to_string(),
        };
        let ValueOf(parameter) = self;
        let named = |why| D::Error::custom(format!("[decode] {}: {why}", parameter.name));
        let value = parameter.parse(&text).map_err(named)?;
        parameter.check(value).map_err(D::Error::custom)?;
        Ok(value)
    }
}
