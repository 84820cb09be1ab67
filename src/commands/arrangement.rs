//! The arrangements of pools that are compared to see what grouping brings.

use serde::Serialize;

use crate::speculate::params::Sources;

/// Which documents draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Arrangement {
    None,
    /// As many documents as in the own group, from any group of its kind.
    RandomGroup,
    OwnGroup,
    /// Documents of all groups, without priority for the own group.
    Global,
    /// The default: the own group's pool first, then all pools.
    OwnGroupAndGlobal,
}

impl Arrangement {
    pub(crate) const ALL: [Arrangement; 5] = [
        Arrangement::None,
        Arrangement::RandomGroup,
        Arrangement::OwnGroup,
        Arrangement::Global,
        Arrangement::OwnGroupAndGlobal,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Arrangement::None => "no pool",
            Arrangement::RandomGroup => "random group",
            Arrangement::OwnGroup => "own group",
            Arrangement::Global => "global",
            Arrangement::OwnGroupAndGlobal => "own group, then global",
        }
    }

    pub(crate) fn sources(self) -> Sources {
        let (group, global) = match self {
            Arrangement::None => (false, false),
            Arrangement::RandomGroup | Arrangement::OwnGroup => (true, false),
            Arrangement::Global => (false, true),
            Arrangement::OwnGroupAndGlobal => (true, true),
        };
        Sources {
            group,
            global,
            local: true,
            online: false,
        }
    }
}
