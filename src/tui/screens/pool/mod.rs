//! The Pool screen: what the pools hold, and what a text finds in them.

pub mod ask;
mod change;
pub mod drafts;
pub mod layout;
pub mod lists;
pub mod state;
pub mod supplied;
pub mod text;
pub mod update;
pub mod view;

/// The first row of a list, so that the selected one is in view.
fn first_row(selected: usize, n: usize, height: usize) -> usize {
    let last = n.saturating_sub(height);
    (selected + 2).saturating_sub(height).min(last)
}
