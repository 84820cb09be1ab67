//! A GGUF file taken apart and put together again: keys, tensors, types, parts.
//! For files that candle's own writer would not write.

use std::path::{Path, PathBuf};

/// A tensor in its file format.
#[derive(Clone)]
pub struct RawTensor {
    pub name: String,
    /// The shortest stride first.
    pub dims: Vec<u64>,
    pub kind: u32,
    pub bytes: Vec<u8>,
}

/// A file: keys with their types and bytes, tensors.
#[derive(Clone)]
pub struct RawFile {
    pub keys: Vec<(String, u32, Vec<u8>)>,
    pub tensors: Vec<RawTensor>,
}

pub const U16: u32 = 2;
pub const U32: u32 = 4;
pub const I32: u32 = 5;
pub const F32: u32 = 6;
pub const STRING: u32 = 8;
pub const ARRAY: u32 = 9;
const ALIGNMENT: usize = 32;

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, n: usize) -> &'a [u8] {
        self.at += n;
        &self.bytes[self.at - n..self.at]
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take(4).try_into().unwrap())
    }

    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take(8).try_into().unwrap())
    }

    fn text(&mut self) -> String {
        let n = self.u64() as usize;
        String::from_utf8(self.take(n).to_vec()).unwrap()
    }

    fn skip(&mut self, ty: u32) {
        match ty {
            0 | 1 | 7 => drop(self.take(1)),
            2 | 3 => drop(self.take(2)),
            4..=6 => drop(self.take(4)),
            STRING => drop(self.text()),
            ARRAY => {
                let (ty, n) = (self.u32(), self.u64());
                (0..n).for_each(|_| self.skip(ty));
            }
            _ => drop(self.take(8)),
        }
    }
}

impl RawFile {
    pub fn read(path: &Path) -> Self {
        let bytes = std::fs::read(path).unwrap();
        let mut cursor = Cursor {
            bytes: &bytes,
            at: 8,
        };
        let (n_tensors, n_keys) = (cursor.u64(), cursor.u64());
        let mut keys = Vec::new();
        for _ in 0..n_keys {
            let (key, ty, from) = (cursor.text(), cursor.u32(), cursor.at);
            cursor.skip(ty);
            keys.push((key, ty, bytes[from..cursor.at].to_vec()));
        }
        let mut table = Vec::new();
        for _ in 0..n_tensors {
            let (name, n) = (cursor.text(), cursor.u32());
            let dims: Vec<u64> = (0..n).map(|_| cursor.u64()).collect();
            table.push((name, dims, cursor.u32(), cursor.u64() as usize));
        }
        let data = cursor.at.next_multiple_of(ALIGNMENT);
        let mut offsets: Vec<usize> = table.iter().map(|t| t.3).collect();
        offsets.push(bytes.len() - data);
        offsets.sort_unstable();
        let tensors = table.into_iter().map(|(name, dims, kind, offset)| {
            let end = offsets.iter().find(|&&o| o > offset).unwrap();
            RawTensor {
                name,
                dims,
                kind,
                bytes: bytes[data + offset..data + end].to_vec(),
            }
        });
        RawFile {
            tensors: tensors.collect(),
            keys,
        }
    }

    pub fn drop_key(&mut self, key: &str) {
        self.keys.retain(|(name, _, _)| name != key);
    }

    pub fn put(&mut self, key: &str, ty: u32, bytes: &[u8]) {
        self.drop_key(key);
        self.keys.push((key.into(), ty, bytes.to_vec()));
    }

    pub fn put_u32(&mut self, key: &str, value: u32) {
        self.put(key, U32, &value.to_le_bytes());
    }

    pub fn put_f32(&mut self, key: &str, value: f32) {
        self.put(key, F32, &value.to_le_bytes());
    }

    pub fn put_text(&mut self, key: &str, text: &str) {
        let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
        bytes.extend(text.as_bytes());
        self.put(key, STRING, &bytes);
    }

    /// An array of U32.
    pub fn put_array(&mut self, key: &str, values: &[u32]) {
        let mut bytes = U32.to_le_bytes().to_vec();
        bytes.extend((values.len() as u64).to_le_bytes());
        bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
        self.put(key, ARRAY, &bytes);
    }

    pub fn tensor(&mut self, name: &str) -> &mut RawTensor {
        let mut tensors = self.tensors.iter_mut();
        tensors.find(|t| t.name == name).unwrap()
    }

    /// Adds a tensor of floats; the longest stride first.
    pub fn add_floats(&mut self, name: &str, dims: &[u64], values: &[f32]) {
        self.tensors.push(RawTensor {
            name: name.into(),
            dims: dims.iter().rev().copied().collect(),
            kind: 0,
            bytes: values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        });
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut out = b"GGUF\x03\0\0\0".to_vec();
        out.extend((self.tensors.len() as u64).to_le_bytes());
        out.extend((self.keys.len() as u64).to_le_bytes());
        let text = |out: &mut Vec<u8>, text: &str| {
            out.extend((text.len() as u64).to_le_bytes());
            out.extend(text.as_bytes());
        };
        for (key, ty, bytes) in &self.keys {
            text(&mut out, key);
            out.extend(ty.to_le_bytes());
            out.extend(bytes);
        }
        let mut offset = 0u64;
        for tensor in &self.tensors {
            text(&mut out, &tensor.name);
            out.extend((tensor.dims.len() as u32).to_le_bytes());
            out.extend(tensor.dims.iter().flat_map(|d| d.to_le_bytes()));
            out.extend(tensor.kind.to_le_bytes());
            out.extend(offset.to_le_bytes());
            offset += tensor.bytes.len().next_multiple_of(ALIGNMENT) as u64;
        }
        for tensor in &self.tensors {
            out.resize(out.len().next_multiple_of(ALIGNMENT), 0);
            out.extend(&tensor.bytes);
        }
        out.resize(out.len().next_multiple_of(ALIGNMENT), 0);
        out
    }

    pub fn write(&self, path: &Path) -> PathBuf {
        std::fs::write(path, self.bytes()).unwrap();
        path.to_path_buf()
    }

    /// Writes the model in this many parts, like gguf-split; returns their paths.
    pub fn write_parts(&self, folder: &Path, n: usize) -> Vec<PathBuf> {
        let share = self.tensors.len().div_ceil(n);
        let part = |i: usize| {
            let mut keys = self.keys.clone();
            if i > 0 {
                keys.clear();
            }
            let tensors = self.tensors.iter().skip(i * share).take(share);
            let mut part = RawFile {
                keys,
                tensors: tensors.cloned().collect(),
            };
            part.put("split.no", U16, &(i as u16).to_le_bytes());
            part.put("split.count", U16, &(n as u16).to_le_bytes());
            let total = self.tensors.len() as i32;
            part.put("split.tensors.count", I32, &total.to_le_bytes());
            part.write(&folder.join(format!("tiny-{:05}-of-{n:05}.gguf", i + 1)))
        };
        (0..n).map(part).collect()
    }
}
