//! `laserscope pool search`: the documents in which a text occurs.

use std::path::Path;

use color_eyre::eyre::{Result, ensure};
use serde::Serialize;

use crate::commands::pool::codec;
use crate::commands::print_json;
use crate::config::Settings;
use crate::engine::open_pool;
use crate::model::tokenizer::TextCodec;
use crate::retrieval::{Pools, TextHit, TextHits};
use crate::speculate::TokenId;
use crate::speculate::subject::{DocId, GroupKey};

/// Tokens shown on either side of an occurrence.
const MARGIN: usize = 12;

#[derive(Debug, Serialize)]
pub(crate) struct SearchReport {
    text: String,
    occurrences: usize,
    documents: usize,
    /// Groups in which the text occurs.
    groups: Vec<GroupHits>,
    /// The documents with the most occurrences.
    hits: Vec<Hit>,
}

#[derive(Debug, Serialize)]
struct GroupHits {
    group: GroupKey,
    occurrences: usize,
    documents: usize,
}

#[derive(Debug, Serialize)]
struct Hit {
    id: DocId,
    title: String,
    group: GroupKey,
    occurrences: usize,
    /// Index of the token in which the first occurrence begins.
    at: u32,
    before: String,
    /// The tokens that the text overlaps: it may begin or end within one.
    found: String,
    after: String,
}

/// Searches a pool, or one group of it.
pub(crate) fn search(
    path: &Path,
    text: &str,
    group: Option<&str>,
    limit: usize,
    settings: &Settings,
) -> Result<SearchReport> {
    ensure!(!text.is_empty(), "nothing to search for: give a text");
    let codec = codec(settings)?;
    let pools = open_pool(path, &codec)?.pools();
    if let Some(group) = group {
        let groups = pools.groups();
        let names: Vec<&str> = groups.iter().map(|g| g.group.as_str()).collect();
        let names = names.join(", ");
        ensure!(
            groups.iter().any(|g| g.group == group),
            "--group {group}: no such group; the pool has {names}"
        );
    }
    // Markers such as end-of-text are not text.
    let bytes_of = |id: TokenId| match codec.is_special(id) {
        true => &[][..],
        false => codec.token_bytes(id),
    };
    let mut groups = pools.find_text(text, &bytes_of);
    groups.retain(|hits| hits.occurrences > 0 && group.is_none_or(|g| hits.group == g));
    Ok(SearchReport {
        text: text.to_string(),
        occurrences: groups.iter().map(|g| g.occurrences).sum(),
        documents: groups.iter().map(|g| g.documents.len()).sum(),
        hits: hits(&pools, &codec, &groups, limit),
        groups: groups.iter().map(GroupHits::of).collect(),
    })
}

impl GroupHits {
    fn of(hits: &TextHits) -> Self {
        GroupHits {
            group: hits.group.clone(),
            occurrences: hits.occurrences,
            documents: hits.documents.len(),
        }
    }
}

fn hits(pools: &Pools, codec: &TextCodec, groups: &[TextHits], limit: usize) -> Vec<Hit> {
    let all = groups
        .iter()
        .flat_map(|group| group.documents.iter().map(|doc| (&group.group, doc)));
    let mut all: Vec<_> = all.collect();
    all.sort_by_key(|(_, doc)| std::cmp::Reverse(doc.occurrences));
    all.truncate(limit);
    let hit = |(group, doc): (&GroupKey, &TextHit)| {
        let [before, found, after] = pools.around(group, doc, MARGIN);
        Hit {
            id: doc.id.clone(),
            title: doc.title.clone(),
            group: group.clone(),
            occurrences: doc.occurrences,
            at: doc.at.0,
            before: codec.decode(&before),
            found: codec.decode(&found),
            after: codec.decode(&after),
        }
    };
    all.into_iter().map(hit).collect()
}

/// Prints what was found.
pub(crate) fn report(found: &SearchReport, json: bool) -> Result<()> {
    if json {
        return print_json(found);
    }
    out!(
        "{} occurrences in {} documents",
        found.occurrences,
        found.documents
    );
    for group in &found.groups {
        out!(
            "    {:<32}{:>9} occurrences{:>9} documents",
            group.group,
            group.occurrences,
            group.documents
        );
    }
    for hit in &found.hits {
        let line = format!("{}[{}]{}", hit.before, hit.found, hit.after);
        let line: Vec<&str> = line.split_whitespace().collect();
        out!(
            "{} ({}), {}, {}x",
            hit.title,
            hit.id,
            hit.group,
            hit.occurrences
        );
        out!("    .. {} ..", line.join(" "));
    }
    Ok(())
}
