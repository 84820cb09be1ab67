//! The downstream test: does a click model that reads the knowledge recommend better, and
//! does relaxed knowledge serve it as well as autoregressive knowledge?
//!
//! Reading order: [`rows`] and [`folds`] (what is predicted, for whom), `leaks` (what must
//! not be seen), [`metrics`], [`network`], [`backbone`] and [`training`] (the click models),
//! [`vectors`] (knowledge as numbers), [`encoding`] (how they come from the target model),
//! [`trials`] (what is trained, and what is kept of it), [`statistics`], [`verdict`] and
//! [`rule_findings`].
//!
//! Knows neither command lines nor where knowledge comes from.

pub mod backbone;
pub mod encoding;
pub mod folds;
pub mod leaks;
pub mod metrics;
pub mod network;
pub mod rows;
pub mod rule_findings;
pub mod statistics;
pub mod training;
pub mod trials;
pub mod vectors;
pub mod verdict;
