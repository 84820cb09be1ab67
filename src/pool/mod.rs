//! Stub.
use crate::speculate::{
    TokenId,
    draft::DraftTree,
    params::Params,
    trace::{PoolSize, SourceHit},
};
pub struct PoolDoc {
    pub id: String,
    pub title: String,
    pub group: String,
    pub tokens: Vec<TokenId>,
}
pub struct Pools;
impl Pools {
    pub fn build(_: Vec<PoolDoc>) -> Pools {
        Pools
    }
    pub fn empty() -> Pools {
        Pools
    }
    pub fn sizes(&self, _: Option<&str>) -> Vec<PoolSize> {
        vec![]
    }
    pub fn title(&self, _: &str) -> Option<&str> {
        None
    }
}
pub struct Local(TokenId);
impl Local {
    pub fn new(p: &[TokenId], _: usize) -> Local {
        Local(p[p.len() - 1])
    }
    pub fn push(&mut self, t: &[TokenId]) {
        if let Some(l) = t.last() {
            self.0 = *l
        }
    }
}
pub struct Retrieved {
    pub tree: DraftTree,
    pub hits: Vec<SourceHit>,
}
pub fn retrieve(_: &Pools, _: Option<&str>, l: &Local, _: &Params) -> Retrieved {
    Retrieved {
        tree: DraftTree::root_only(l.0),
        hits: vec![],
    }
}
