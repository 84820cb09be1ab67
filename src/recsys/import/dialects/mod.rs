//! One file per dialect: its rows as items, users and ratings. A reader can only refuse
//! a row or a file; the collector handles refusals.

pub mod amazon;
mod amazon_csv;
pub mod goodbooks;
pub mod movielens_100k;
pub mod movielens_csv;
pub mod movielens_dat;
pub mod own;
mod ratings;
pub mod recbole;
