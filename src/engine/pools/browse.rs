//! Reading the pools: their contents, a document's text, where a text occurs, and what
//! would be drafted after it. All results are plain data.

use std::time::Instant;

use color_eyre::eyre::{Result, ensure, eyre};

use crate::engine::Engine;
use crate::protocol::{
    DocumentText, Documents, FoundDocument, FoundText, Overview, PoolName, Probe, ProbedSet,
    ProbedText, Section,
};
use crate::retrieval::{GroupSize, Local, PoolDoc, Pools, retrieve};
use crate::speculate::TokenId;
use crate::speculate::params::{Params, Sources};
use crate::speculate::subject::{DocId, GroupKey};
use crate::speculate::trace::TokenBytes;

/// Documents listed at once; a list of more is searched, not scrolled.
const MAX_LISTED: usize = 20_000;
/// Documents shown per search, and tokens shown on either side of an occurrence.
const MAX_FOUND: usize = 60;
const MARGIN: usize = 12;

impl Engine {
    /// Every pool with its size.
    pub fn pools_overview(&self) -> Overview {
        let groups = self.pools.current.groups();
        let mut sections = vec![sum(PoolName::Global, &groups)];
        sections.extend(groups.iter().map(|g| {
            let name = PoolName::Group(g.group.clone());
            sum(name, std::slice::from_ref(g))
        }));
        let online = self.pools.current.online_alone().groups();
        sections.push(sum(PoolName::Online, &online));
        Overview {
            sections,
            n_added: self.pools.edits.n_added(),
            n_removed: self.pools.edits.n_removed(),
            n_unsaved: self.pools.edits.n_unsaved(),
            pool_on_disk: self.pools.pool_on_disk(),
        }
    }

    /// A pool's documents, at most `MAX_LISTED`, and how many it has.
    pub fn list_documents(&self, pool: &PoolName) -> Documents {
        let (listed, n) = match pool {
            PoolName::Global => self.pools.current.documents(None, MAX_LISTED),
            PoolName::Group(name) => self.pools.current.documents(Some(name), MAX_LISTED),
            PoolName::Online => self
                .pools
                .current
                .online_alone()
                .documents(None, MAX_LISTED),
        };
        Documents { listed, n }
    }

    /// A document of a pool, or one of the session's answers if the pools have none
    /// with this id.
    ///
    /// # Errors
    /// An unknown id.
    pub fn read_document(&self, pool: &PoolName, id: &DocId) -> Result<DocumentText> {
        let online = || self.pools.current.online_alone().document(id);
        let found = match pool {
            PoolName::Online => online(),
            _ => self.pools.current.document(id).or_else(online),
        };
        let doc = found.ok_or_else(|| {
            eyre!("no document `{id}` in the pools: it was removed, or the run used other pools")
        })?;
        let PoolDoc {
            id,
            title,
            group,
            tokens,
        } = doc;
        let tokens = tokens.into_iter().map(|t| (t, self.shown(t))).collect();
        Ok(DocumentText {
            id,
            title,
            group,
            tokens,
        })
    }

    /// The documents in which a text occurs, however it is tokenized.
    ///
    /// # Errors
    /// An empty text.
    pub fn find_in_pools(&self, text: &str) -> Result<FoundText> {
        ensure!(!text.is_empty(), "enter a text to search for");
        let mut documents = self.found_in(&self.pools.current, text, false);
        documents.extend(self.found_in(&self.pools.current.online_alone(), text, true));
        documents.sort_by_key(|d| std::cmp::Reverse(d.occurrences));
        let found = FoundText {
            text: text.to_string(),
            occurrences: documents.iter().map(|d| d.occurrences).sum(),
            n_documents: documents.len(),
            documents: Vec::new(),
        };
        documents.truncate(MAX_FOUND);
        Ok(FoundText { documents, ..found })
    }

    fn found_in(&self, pools: &Pools, text: &str, is_online: bool) -> Vec<FoundDocument> {
        // Markers such as end-of-text are not text.
        let bytes_of = |id: TokenId| match self.model.codec.is_special(id) {
            true => &[][..],
            false => self.model.codec.token_bytes(id),
        };
        let mut found = Vec::new();
        for group in pools.find_text(text, &bytes_of) {
            for hit in &group.documents {
                // The search does not skip removed documents.
                if pools.title(&hit.id).is_none() {
                    continue;
                }
                let [before, middle, after] = pools.around(&group.group, hit, MARGIN);
                found.push(FoundDocument {
                    id: hit.id.clone(),
                    title: hit.title.clone(),
                    pool: match is_online {
                        true => PoolName::Online,
                        false => PoolName::Group(group.group.clone()),
                    },
                    occurrences: hit.occurrences,
                    at: (hit.at.0 as usize, hit.at.1 as usize),
                    before: self.model.codec.decode(&before),
                    found: self.model.codec.decode(&middle),
                    after: self.model.codec.decode(&after),
                });
            }
        }
        found
    }

    /// What would be drafted after a text: from the text alone, from all pools,
    /// from one group's pool. No forward pass is made: the probabilities are the
    /// drafter's estimates.
    ///
    /// # Errors
    /// A text without a token; the template's errors.
    pub fn probe(
        &self,
        text: &ProbedText,
        group: Option<&GroupKey>,
        params: &Params,
    ) -> Result<Probe> {
        let (ids, opening_len) = self.probed_ids(text, params)?;
        ensure!(!ids.is_empty(), "the text has no tokens");
        let local = Local::new(&ids, opening_len);
        let mut sets = Vec::new();
        for (name, sources) in source_sets(group) {
            let params = Params { sources, ..*params };
            let calibration = self.start.calibration_of(&params);
            let start = Instant::now();
            let drafted = retrieve(&self.pools.current, group, &local, &params, &calibration);
            sets.push(ProbedSet {
                name,
                tree: drafted.tree,
                hits: drafted.hits,
                ms: start.elapsed().as_secs_f64() * 1000.0,
            });
        }
        let nodes = sets.iter().flat_map(|s| &s.tree.nodes).map(|n| n.token);
        let mut drafted: Vec<TokenId> = nodes.collect();
        drafted.sort_unstable();
        drafted.dedup();
        Ok(Probe {
            sets,
            n_tokens: ids.len(),
            tokens: drafted.into_iter().map(|t| (t, self.shown(t))).collect(),
        })
    }

    /// The text's tokens, and how many of the last begin the answer.
    fn probed_ids(&self, text: &ProbedText, params: &Params) -> Result<(Vec<TokenId>, usize)> {
        Ok(match text {
            ProbedText::Phrase(text) => {
                let ids = self.phrase_ids(text, params)?;
                let n = ids.len();
                (ids, n)
            }
            ProbedText::Prompt(prompt) => {
                let rendered = self.model.render(prompt)?;
                (rendered.ids, rendered.opening_len)
            }
        })
    }

    /// A phrase as it occurs in documents: with a leading space inside a text, without
    /// one at the start of a line; whichever matches more.
    fn phrase_ids(&self, text: &str, params: &Params) -> Result<Vec<TokenId>> {
        let bare = self.model.codec.encode_text(text)?;
        let spaced = self.model.codec.encode_text(&format!(" {text}"))?;
        let params = Params {
            sources: Sources {
                global: true,
                ..Sources::NONE
            },
            ..*params
        };
        let calibration = self.start.calibration_of(&params);
        let matched = |ids: &[TokenId]| {
            let local = Local::new(ids, ids.len());
            let drafted = retrieve(&self.pools.current, None, &local, &params, &calibration);
            drafted.hits.iter().map(|h| h.matched).max().unwrap_or(0)
        };
        let is_within = !text.starts_with(char::is_whitespace) && matched(&spaced) > matched(&bare);
        Ok(if is_within { spaced } else { bare })
    }

    fn shown(&self, token: TokenId) -> TokenBytes {
        TokenBytes::new(self.model.token_bytes(token))
    }
}

fn sum(pool: PoolName, groups: &[GroupSize]) -> Section {
    Section {
        pool,
        documents: groups.iter().map(|g| g.documents).sum(),
        tokens: groups.iter().map(|g| g.tokens).sum(),
        bytes: groups.iter().map(|g| g.bytes).sum(),
        segments: groups.iter().map(|g| g.segments).sum(),
    }
}

/// From the text alone, from all pools, and from the group's.
fn source_sets(group: Option<&GroupKey>) -> Vec<(String, Sources)> {
    let local = Sources {
        local: true,
        ..Sources::NONE
    };
    let global = Sources {
        global: true,
        ..local
    };
    let of_group = Sources {
        group: true,
        ..local
    };
    let named = [("empty".to_string(), local), ("global".to_string(), global)];
    let group = group.map(|name| (name.to_string(), of_group));
    named.into_iter().chain(group).collect()
}
