//! The subjects of runs and documents, and their names in pools. The texts are those of
//! traces, files and pools on disk, and are parsed once, at the edge.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Serialize};

/// The subject kind of a run or a document, as named in files. Ordered by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum KindName {
    /// Something that is recommended.
    Item,
    /// Someone who rates.
    User,
    /// A custom prompt.
    Prompt,
    /// An unknown word from a foreign file.
    Other(String),
}

impl KindName {
    /// `item`, `user`, `prompt`, or the word as read.
    pub fn as_str(&self) -> &str {
        match self {
            KindName::Item => "item",
            KindName::User => "user",
            KindName::Prompt => "prompt",
            KindName::Other(word) => word,
        }
    }
}

impl Ord for KindName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl PartialOrd for KindName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<&str> for KindName {
    fn from(word: &str) -> Self {
        match word {
            "item" => KindName::Item,
            "user" => KindName::User,
            "prompt" => KindName::Prompt,
            other => KindName::Other(other.to_string()),
        }
    }
}

impl From<String> for KindName {
    fn from(word: String) -> Self {
        KindName::from(word.as_str())
    }
}

impl From<KindName> for String {
    fn from(kind: KindName) -> Self {
        kind.as_str().to_string()
    }
}

impl fmt::Display for KindName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// As files name it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                $name(text.to_string())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                $name(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        /// Allows map lookups by text.
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

name! {
    /// A document's name in pools: `item/i101`, since an item and a user may share an
    /// id. Pools of bare token ids number their documents instead.
    DocId
}

name! {
    /// A group's name in pools: `item/crime`, `item/crime@once`. Items and users have
    /// separate pools, even if their groups share a name, and so have frameworks: one's
    /// prose does not predict another's phrases. Pools of bare token ids use any names.
    GroupKey
}

name! {
    /// What asked for an answer, as named in traces: a framework, or a word that is not
    /// one.
    FrameworkName
}

impl FrameworkName {
    /// `None`: no framework asked.
    pub(crate) fn known(&self) -> Option<&str> {
        Some(self.as_str()).filter(|name| *name != "none")
    }
}

impl DocId {
    /// The document about a subject.
    pub(crate) fn of(kind: &KindName, id: &str) -> Self {
        DocId::from(format!("{kind}/{id}"))
    }
}

/// The framework whose pools carry no framework name, like those of answers without one.
const UNNAMED_FRAMEWORK: &str = "kar";

/// The name of the pool for subjects without a known group.
const NO_GROUP: &str = "none";

impl GroupKey {
    /// `group`, `framework`: `None` where it is not known.
    pub(crate) fn new(kind: &KindName, group: Option<&str>, framework: Option<&str>) -> Self {
        let group = group.unwrap_or(NO_GROUP);
        let text = match framework {
            None | Some("" | UNNAMED_FRAMEWORK) => format!("{kind}/{group}"),
            Some(framework) => format!("{kind}/{group}@{framework}"),
        };
        GroupKey::from(text)
    }

    /// The kind, the group's own name, and the framework unless it is the unnamed one.
    /// `None`: a bare name.
    #[cfg(test)]
    pub(crate) fn parts(&self) -> Option<(KindName, &str, Option<&str>)> {
        let (kind, rest) = self.split_once('/')?;
        let (group, framework) = match rest.rsplit_once('@') {
            Some((group, framework)) => (group, Some(framework)),
            None => (rest, None),
        };
        Some((kind.into(), group, framework))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Traces and pools on disk hold these texts.
    #[test]
    fn texts_on_disk_stay() {
        let item = KindName::Item;
        assert_eq!(DocId::of(&item, "i101").as_str(), "item/i101");
        let key = |group, framework| GroupKey::new(&item, group, framework).to_string();
        assert_eq!(key(Some("crime"), None), "item/crime");
        assert_eq!(key(Some("crime"), Some("")), "item/crime");
        assert_eq!(key(Some("crime"), Some("kar")), "item/crime");
        assert_eq!(key(Some("crime"), Some("once")), "item/crime@once");
        assert_eq!(key(None, None), "item/none");
        assert_eq!(
            GroupKey::from("user/sci/fi@once").parts(),
            Some((KindName::User, "sci/fi", Some("once")))
        );
        assert_eq!(GroupKey::from("all").parts(), None);
    }

    #[test]
    fn a_name_is_serialised_as_its_text() {
        for word in ["item", "user", "prompt", "film", "", "Item", "none"] {
            let json = serde_json::to_string(word).unwrap();
            let kind: KindName = serde_json::from_str(&json).unwrap();
            assert_eq!(serde_json::to_string(&kind).unwrap(), json);
            let name: FrameworkName = serde_json::from_str(&json).unwrap();
            assert_eq!(serde_json::to_string(&name).unwrap(), json);
            let doc: DocId = serde_json::from_str(&json).unwrap();
            assert_eq!(serde_json::to_string(&doc).unwrap(), json);
            let group: GroupKey = serde_json::from_str(&json).unwrap();
            assert_eq!(serde_json::to_string(&group).unwrap(), json);
        }
    }
}
