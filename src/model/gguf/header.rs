//! The header of a GGUF file: metadata and the table of tensors, with every length
//! checked against the rest of the file (ggml's docs/gguf.md). Does not know files,
//! maps, or the meaning of keys.

use std::collections::HashMap;

use candle_core::quantized::gguf_file::Value;

use super::wrong_file::what_it_is;

/// Limit on the values of all arrays together: a vocabulary with merges and scores has
/// about 2 million.
const MAX_VALUES: usize = 1 << 23;
/// Limit on the bytes of a text: templates have up to about 10,000.
const MAX_TEXT: u64 = 16 << 20;
const MAX_KEYS: u64 = 1 << 16;
const MAX_TENSORS: u64 = 1 << 17;
const MAX_DIMENSIONS: u32 = 4;
/// Limit on nested arrays.
const MAX_DEPTH: usize = 4;
const DEFAULT_ALIGNMENT: u32 = 32;

pub(crate) struct Header {
    pub(crate) metadata: HashMap<String, Value>,
    pub(crate) tensors: Vec<Entry>,
    /// Where the tensors begin.
    pub(crate) data: usize,
    /// Alignment of tensors, relative to there.
    pub(crate) alignment: usize,
}

/// A tensor in the table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    /// In the file's order: the shortest stride first.
    pub(crate) dims: Vec<u64>,
    /// `enum ggml_type`
    pub(crate) kind: u32,
    /// Relative to the start of the tensors.
    pub(crate) offset: u64,
}

/// Why a file cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is truncated or overwritten; fetching it again may help.
    Damaged(String),
    /// It is intact, but not usable by this program.
    Unusable(String),
}

impl Header {
    /// Reads the header of a file's bytes.
    ///
    /// # Errors
    /// Not a GGUF file, or a header that contradicts the file's length.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Fault> {
        if let Some(wrong) = what_it_is(bytes) {
            return Err(match wrong.damaged {
                true => Fault::Damaged(wrong.what),
                false => Fault::Unusable(wrong.what),
            });
        }
        let mut reader = Reader::new(bytes);
        let n_tensors = reader.count("tensors", MAX_TENSORS)?;
        let n_keys = reader.count("metadata keys", MAX_KEYS)?;
        let mut metadata = HashMap::new();
        for _ in 0..n_keys {
            let (key, value) = reader.key_and_value()?;
            metadata.insert(key, value);
        }
        let mut tensors = Vec::new();
        for _ in 0..n_tensors {
            tensors.push(reader.tensor()?);
        }
        let alignment = alignment(&metadata)?;
        Ok(Header {
            data: reader.at.next_multiple_of(alignment),
            alignment,
            metadata,
            tensors,
        })
    }
}

fn alignment(metadata: &HashMap<String, Value>) -> Result<usize, Fault> {
    let stated = match metadata.get("general.alignment") {
        None => DEFAULT_ALIGNMENT,
        Some(Value::U32(alignment)) => *alignment,
        Some(other) => {
            let ty = other.value_type();
            return Err(Fault::Unusable(format!(
                "has `general.alignment` as {ty:?}; it must be U32"
            )));
        }
    };
    match stated.is_power_of_two() && stated <= 1 << 20 {
        true => Ok(stated as usize),
        false => Err(Fault::Unusable(format!(
            "has `general.alignment` {stated}; it must be a power of two up to 1048576"
        ))),
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Lengths are 32 bits wide in version 1, later 64.
    short_lengths: bool,
    /// Remaining values that arrays may have.
    values_left: usize,
    /// What is being read, for messages.
    within: String,
}

impl<'a> Reader<'a> {
    /// Starts after magic and version.
    fn new(bytes: &'a [u8]) -> Self {
        Reader {
            bytes,
            at: 8,
            short_lengths: bytes.get(4) == Some(&1),
            values_left: MAX_VALUES,
            within: "its counts".into(),
        }
    }

    fn damaged<T>(&self, what: &str) -> Result<T, Fault> {
        Err(Fault::Damaged(format!("{what} (in {})", self.within)))
    }

    fn take(&mut self, n: u64) -> Result<&'a [u8], Fault> {
        let end = usize::try_from(n).ok().and_then(|n| self.at.checked_add(n));
        match end.and_then(|end| self.bytes.get(self.at..end)) {
            Some(taken) => {
                self.at += taken.len();
                Ok(taken)
            }
            None => self.damaged(&format!(
                "ends at byte {}, within its header",
                self.bytes.len()
            )),
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let taken = self.take(N as u64)?;
        taken.try_into().or_else(|_| self.damaged("ends too soon"))
    }

    fn u32(&mut self) -> Result<u32, Fault> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, Fault> {
        self.array().map(u64::from_le_bytes)
    }

    fn length(&mut self) -> Result<u64, Fault> {
        match self.short_lengths {
            true => self.u32().map(u64::from),
            false => self.u64(),
        }
    }

    fn count(&mut self, what: &str, most: u64) -> Result<u64, Fault> {
        let n = self.length()?;
        match n <= most {
            true => Ok(n),
            false => self.damaged(&format!("declares {n} {what}; the limit is {most}")),
        }
    }

    fn text(&mut self) -> Result<String, Fault> {
        let n = self.length()?;
        if n > MAX_TEXT {
            return self.damaged(&format!(
                "declares a text of {n} bytes; the limit is {MAX_TEXT}"
            ));
        }
        // Some writers end texts with a zero; some texts are not UTF-8.
        let bytes = self.take(n)?;
        let end = bytes.iter().rposition(|&b| b != 0).map_or(0, |at| at + 1);
        Ok(String::from_utf8_lossy(&bytes[..end]).into_owned())
    }

    fn key_and_value(&mut self) -> Result<(String, Value), Fault> {
        self.within = "its metadata".into();
        let key = self.text()?;
        self.within = format!("metadata `{}`", shortened(&key));
        let ty = self.u32()?;
        let value = self.value(ty, 0)?;
        Ok((key, value))
    }

    fn value(&mut self, ty: u32, depth: usize) -> Result<Value, Fault> {
        Ok(match ty {
            0 => Value::U8(self.array::<1>()?[0]),
            1 => Value::I8(self.array::<1>()?[0] as i8),
            2 => Value::U16(u16::from_le_bytes(self.array()?)),
            3 => Value::I16(i16::from_le_bytes(self.array()?)),
            4 => Value::U32(self.u32()?),
            5 => Value::I32(i32::from_le_bytes(self.array()?)),
            6 => Value::F32(f32::from_le_bytes(self.array()?)),
            7 => Value::Bool(self.array::<1>()?[0] != 0),
            8 => Value::String(self.text()?),
            9 if depth < MAX_DEPTH => Value::Array(self.values(depth)?),
            9 => return self.damaged("has arrays nested too deeply"),
            10 => Value::U64(self.u64()?),
            11 => Value::I64(i64::from_le_bytes(self.array()?)),
            12 => Value::F64(f64::from_le_bytes(self.array()?)),
            other => return self.damaged(&format!("has a value of unknown type {other}")),
        })
    }

    fn values(&mut self, depth: usize) -> Result<Vec<Value>, Fault> {
        let ty = self.u32()?;
        let n = self.length()?;
        // Every value takes at least a byte of the file.
        let left = (self.bytes.len() - self.at).min(self.values_left);
        let Some(n) = usize::try_from(n).ok().filter(|&n| n <= left) else {
            return self.damaged(&format!("declares an array of {n} values"));
        };
        self.values_left -= n;
        let mut values = Vec::with_capacity(n);
        for _ in 0..n {
            values.push(self.value(ty, depth + 1)?);
        }
        Ok(values)
    }

    fn tensor(&mut self) -> Result<Entry, Fault> {
        self.within = "its tensor table".into();
        let name = self.text()?;
        self.within = format!("tensor `{}`", shortened(&name));
        let n = self.u32()?;
        if n > MAX_DIMENSIONS {
            return self.damaged(&format!("has a tensor of {n} dimensions"));
        }
        let dims = (0..n).map(|_| self.length()).collect::<Result<_, _>>()?;
        let (kind, offset) = (self.u32()?, self.u64()?);
        Ok(Entry {
            name,
            dims,
            kind,
            offset,
        })
    }
}

/// A name shortened for a message: damaged files have long ones.
fn shortened(name: &str) -> String {
    name.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header of one key, by its type and bytes.
    fn with_value(key: &str, ty: u32, value: &[u8]) -> Vec<u8> {
        let mut bytes = b"GGUF\x03\0\0\0".to_vec();
        bytes.extend(0u64.to_le_bytes());
        bytes.extend(1u64.to_le_bytes());
        bytes.extend((key.len() as u64).to_le_bytes());
        bytes.extend(key.as_bytes());
        bytes.extend(ty.to_le_bytes());
        bytes.extend(value);
        bytes
    }

    fn fault(bytes: &[u8]) -> Fault {
        Header::read(bytes).err().expect("refused")
    }

    #[test]
    fn lengths_beyond_the_file_are_damage_named_by_their_key() {
        let text = with_value("general.name", 8, &(1u64 << 62).to_le_bytes());
        let mut array = 8u32.to_le_bytes().to_vec();
        array.extend((1u64 << 60).to_le_bytes());
        let array = with_value("tokenizer.ggml.tokens", 9, &array);
        for (bytes, key) in [(text, "`general.name`"), (array, "`tokenizer.ggml.tokens`")] {
            match fault(&bytes) {
                Fault::Damaged(what) => assert!(what.contains(key), "{what}"),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn an_alignment_must_be_a_power_of_two() {
        for alignment in [0u32, 3, 1 << 30] {
            let bytes = with_value("general.alignment", 4, &alignment.to_le_bytes());
            match fault(&bytes) {
                Fault::Unusable(what) => assert!(what.contains("general.alignment"), "{what}"),
                other => panic!("{other:?}"),
            }
        }
        let bytes = with_value("general.alignment", 4, &64u32.to_le_bytes());
        assert_eq!(Header::read(&bytes).unwrap().data % 64, 0);
    }

    #[test]
    fn arrays_cannot_be_nested_without_end() {
        let mut value = Vec::new();
        for _ in 0..10_000 {
            value.extend(9u32.to_le_bytes());
            value.extend(1u64.to_le_bytes());
        }
        match fault(&with_value("deep", 9, &value)) {
            Fault::Damaged(what) => assert!(what.contains("arrays nested too deeply"), "{what}"),
            other => panic!("{other:?}"),
        }
    }

    /// Every prefix of a header and every changed byte of it: refused or read,
    /// never a panic.
    #[test]
    fn cut_and_changed_headers_are_refused_or_read() {
        let mut bytes = with_value("some.key", 9, &[4, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
        bytes.extend([1, 0, 0, 0, 2, 0, 0, 0]);
        assert!(Header::read(&bytes).is_ok());
        for n in 0..bytes.len() {
            assert!(Header::read(&bytes[..n]).is_err(), "{n} bytes");
        }
        for at in 0..bytes.len() {
            for byte in [0, 1, 0x7f, 0x80, 0xff] {
                let mut changed = bytes.clone();
                changed[at] = byte;
                let _ = Header::read(&changed);
            }
        }
    }
}
