//! One file a dialect: its rows as items, users and ratings. A reader only ever
//! refuses a row or a file; what a refusal means is the collector's business.

pub mod amazon;
mod amazon_csv;
pub mod goodbooks;
pub mod movielens_100k;
pub mod movielens_csv;
pub mod movielens_dat;
pub mod own;
mod ratings;
pub mod recbole;
