//! One file a dialect: its rows as items, users and ratings. A reader only ever
//! refuses a row or a file; what a refusal means is the collector's business.

pub(crate) mod amazon;
mod amazon_csv;
pub(crate) mod goodbooks;
pub(crate) mod movielens_100k;
pub(crate) mod movielens_csv;
pub(crate) mod movielens_dat;
pub(crate) mod own;
mod ratings;
pub(crate) mod recbole;
