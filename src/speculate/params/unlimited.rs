//! A rule's numbers in files, where no limit is a word: JSON has no number for it.

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

/// What stands in a file.
#[derive(serde::Deserialize, serde::Serialize)]
#[serde(untagged)]
enum NumberOrWord<N> {
    Number(N),
    Word(String),
}

/// A limit on the rank: a number, or `all`.
pub(super) mod rank {
    use super::{Deserializer, Serializer, read, write};
    use crate::speculate::params::ALL_RANKS;

    const ALL: (&str, usize) = ("all", ALL_RANKS);

    pub(in super::super) fn serialize<S: Serializer>(k: &usize, to: S) -> Result<S::Ok, S::Error> {
        write(*k, ALL, to)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<usize, D::Error> {
        read(ALL, from)
    }
}

/// A threshold of entropy: a number, or `inf`.
pub(super) mod entropy {
    use super::{Deserializer, Serializer, read, write};

    const INF: (&str, f32) = ("inf", f32::INFINITY);

    pub(in super::super) fn serialize<S: Serializer>(h: &f32, to: S) -> Result<S::Ok, S::Error> {
        write(*h, INF, to)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<f32, D::Error> {
        read(INF, from)
    }
}

fn write<N, S>(number: N, (word, unlimited): (&str, N), to: S) -> Result<S::Ok, S::Error>
where
    N: Serialize + PartialEq,
    S: Serializer,
{
    match number == unlimited {
        true => NumberOrWord::Word::<N>(word.to_string()).serialize(to),
        false => NumberOrWord::Number(number).serialize(to),
    }
}

fn read<'de, N, D>((word, unlimited): (&str, N), from: D) -> Result<N, D::Error>
where
    N: Deserialize<'de>,
    D: Deserializer<'de>,
{
    match NumberOrWord::deserialize(from)? {
        NumberOrWord::Number(number) => Ok(number),
        NumberOrWord::Word(found) if found == word => Ok(unlimited),
        NumberOrWord::Word(found) => Err(D::Error::custom(format!(
            "`{found}` must be a number or `{word}`"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use crate::speculate::params::{ALL_RANKS, AcceptanceRule};

    fn read(text: &str) -> Result<AcceptanceRule, String> {
        serde_json::from_str(text).map_err(|e| e.to_string())
    }

    #[test]
    fn no_limit_is_a_word_and_reads_back() {
        let cases = [
            (
                AcceptanceRule::Relaxed {
                    k: ALL_RANKS,
                    tau: 0.25,
                },
                r#"{"rule":"relaxed","k":"all","tau":0.25}"#,
            ),
            (
                AcceptanceRule::Ratio {
                    k: ALL_RANKS,
                    r: 0.5,
                },
                r#"{"rule":"ratio","k":"all","r":0.5}"#,
            ),
            (
                AcceptanceRule::Margin { k: 10, m: 0.5 },
                r#"{"rule":"margin","k":10,"m":0.5}"#,
            ),
            (
                AcceptanceRule::Deferred {
                    h: f32::INFINITY,
                    w: 6,
                },
                r#"{"rule":"deferred","h":"inf","w":6}"#,
            ),
            (
                AcceptanceRule::Deferred { h: 0.3, w: 2 },
                r#"{"rule":"deferred","h":0.3,"w":2}"#,
            ),
        ];
        for (rule, text) in cases {
            assert_eq!(serde_json::to_string(&rule).unwrap(), text);
            assert_eq!(read(text), Ok(rule));
        }
        // As earlier versions wrote it.
        let relaxed = read(r#"{"rule":"relaxed","k":2,"tau":0.1}"#);
        assert_eq!(relaxed, Ok(AcceptanceRule::default()));
        let wrong = read(r#"{"rule":"relaxed","k":"some","tau":0.1}"#).unwrap_err();
        assert!(
            wrong.contains("`some` must be a number or `all`"),
            "{wrong}"
        );
    }
}
