//! Logged candidates as the distributions that a lossy rule judges by.

use color_eyre::eyre::{Result, ensure, eyre};

use crate::recsys::logs::LogEntry;
use crate::session::log_tokens::{EncodedEntry, TokenTop};
use crate::speculate::TokenId;
use crate::speculate::params::AcceptanceRule;
use crate::speculate::row::{Candidate, NodeDistribution};

/// The distributions that a lossy rule judges by; none for a strict one.
///
/// # Errors
/// A log that is not greedy, or has too few candidates.
pub(super) fn rows(
    verdict_rule: AcceptanceRule,
    entry: &LogEntry,
    encoded: &EncodedEntry,
) -> Result<Vec<Option<NodeDistribution>>> {
    if verdict_rule.amounts_to_strict() {
        return Ok(Vec::new());
    }
    let (rule, place) = (verdict_rule.name(), &entry.place);
    let (k, needed) = match verdict_rule.max_rank() {
        Some(k) => (k, format!("{k} most probable tokens")),
        None => (1, "most probable tokens".to_string()),
    };
    let temperature = entry.temperature.unwrap_or(0.0);
    ensure!(
        temperature == 0.0,
        "{place}: sampled with temperature {temperature}, and --verify {rule} needs greedy \
        answers: use --verify strict"
    );
    let n_enough = encoded.tops.iter().filter(|top| top.top.len() >= k).count();
    ensure!(
        n_enough > 0,
        "{place}: --verify {rule} needs the {needed} at each place, and they \
        are not logged (top_logprobs): use --verify strict"
    );
    let refused = |at: usize, p: f64, best: f64| {
        eyre!(
            "{place}: token {} of the answer is not the most probable one ({p:.2} against \
            {best:.2}), and --verify {rule} needs greedy answers: use --verify strict",
            at + 1
        )
    };
    let tokens = encoded.token_ids.iter().zip(&encoded.tops).enumerate();
    let rows = tokens.map(|(at, (&token, top))| {
        let best = top.top.first().map_or(0.0, |best| best.1.exp());
        greedy_row(token, top).map_err(|p| refused(at, p, best))
    });
    rows.collect()
}

/// The logged candidates as a distribution whose argmax is the token; `Ok(None)`: nothing is
/// logged here. An error holds the token's own probability, which is not the highest.
pub(super) fn greedy_row(token: TokenId, top: &TokenTop) -> Result<Option<NodeDistribution>, f64> {
    let Some(&(_, best)) = top.top.first() else {
        return Ok(None);
    };
    let own = top.top.iter().position(|&(id, _)| id == token);
    let Some(own) = own.filter(|&at| top.top[at].1 >= best) else {
        let logged = own.map(|at| top.top[at].1).or(top.logprob);
        return Err(logged.map_or(0.0, f64::exp));
    };
    let mut candidates: Vec<Candidate> = top
        .top
        .iter()
        .map(|&(id, logprob)| Candidate(id, logprob.exp() as f32))
        .collect();
    candidates.swap(0, own);
    Ok(Some(NodeDistribution {
        top: candidates,
        entropy: None,
        log_norm: None,
        drawn: None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logged_token_is_the_best_or_it_is_refused() {
        let top = |top: &[(TokenId, f64)]| TokenTop {
            logprob: Some(-2.0),
            top: top.to_vec(),
        };
        let row = greedy_row(7, &top(&[(7, -0.1), (8, -3.0)]))
            .unwrap()
            .unwrap();
        assert_eq!((row.argmax(), row.top.len()), (Some(7), 2));
        // Equally probable: the logged one is the choice.
        let row = greedy_row(8, &top(&[(7, -0.7), (8, -0.7)]))
            .unwrap()
            .unwrap();
        assert_eq!((row.argmax(), row.top[1].0), (Some(8), 7));
        assert_eq!(
            greedy_row(8, &top(&[(7, -0.1), (8, -3.0)])),
            Err((-3f64).exp())
        );
        assert_eq!(greedy_row(9, &top(&[(7, -0.1)])), Err((-2f64).exp()));
        assert_eq!(greedy_row(9, &top(&[])), Ok(None));
    }
}
