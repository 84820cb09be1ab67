//! One file per dialect: its rows as items, users and ratings. A reader can only refuse
//! a row or a file; the collector handles refusals.

pub(crate) mod amazon;
mod amazon_csv;
pub(crate) mod goodbooks;
pub(crate) mod movielens_100k;
pub(crate) mod movielens_csv;
pub(crate) mod movielens_dat;
pub(crate) mod own;
mod ratings;
pub(crate) mod recbole;
