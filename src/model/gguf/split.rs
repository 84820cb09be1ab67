//! A model in several GGUF files, named as by llama.cpp's gguf-split:
//! `NAME-00001-of-00003.gguf`. Handles only names.

use std::path::{Path, PathBuf};

/// Maximum number of parts: five digits.
const MAX_PARTS: usize = 99_999;

/// A parsed part name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PartName {
    /// Without the part's number.
    pub(crate) base: String,
    /// From 1.
    pub(crate) number: usize,
    pub(crate) count: usize,
}

impl PartName {
    /// `NAME-00002-of-00003.gguf`; `None` for any other name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let stem = name.strip_suffix(".gguf")?;
        let (rest, count) = stem.rsplit_once("-of-")?;
        let (base, number) = rest.rsplit_once('-')?;
        let (number, count) = (five_digits(number)?, five_digits(count)?);
        let valid = (1..=count).contains(&number) && count <= MAX_PARTS;
        valid.then(|| PartName {
            base: base.to_owned(),
            number,
            count,
        })
    }

    /// The name of part `number`.
    pub(crate) fn part(&self, number: usize) -> String {
        let PartName { base, count, .. } = self;
        format!("{base}-{number:05}-of-{count:05}.gguf")
    }

    /// The names of all parts, in order.
    pub(crate) fn all(&self) -> Vec<String> {
        (1..=self.count).map(|number| self.part(number)).collect()
    }
}

fn five_digits(text: &str) -> Option<usize> {
    let digits = text.len() == 5 && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// The paths of all parts of a split file, including itself, in order; `None` if the
/// name is not a part's.
pub(crate) fn siblings(path: &Path) -> Option<Vec<PathBuf>> {
    let name = PartName::parse(path.file_name()?.to_str()?)?;
    let beside = |name: String| path.with_file_name(name);
    Some(name.all().into_iter().map(beside).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn part_names_are_read_and_written() {
        let part = PartName::parse("a-b-00002-of-00003.gguf").unwrap();
        assert_eq!((part.number, part.count), (2, 3));
        assert_eq!(part.part(1), "a-b-00001-of-00003.gguf");
        let all = siblings(Path::new("models/a-00001-of-00002.gguf")).unwrap();
        assert_eq!(all[1], Path::new("models/a-00002-of-00002.gguf"));
        for other in [
            "a.gguf",
            "a-1-of-2.gguf",
            "a-00000-of-00002.gguf",
            "a-00003-of-00002.gguf",
            "a-00001-of-00002.bin",
            "a-0000x-of-00002.gguf",
        ] {
            assert_eq!(PartName::parse(other), None, "{other}");
        }
    }
}
