//! A line of the table of keys, and the names of the keys in it.

use std::borrow::Cow;

use crossterm::event::{KeyCode, KeyModifiers};

use super::context::Context;
use crate::present::key::Key;
use crate::tui::action::Action;

/// One line of the table.
#[derive(Clone, Debug)]
pub struct Binding {
    /// Where the keys work.
    pub context: Context,
    /// What they do.
    pub action: Action,
    /// Any of them; the first is shown.
    pub keys: Cow<'static, [Key]>,
    /// For the footer; empty: not shown there.
    pub(crate) hint: &'static str,
    /// For the help.
    pub help: &'static str,
}

macro_rules! table {
    ($($context:ident { $($action:expr; [$($key:expr),+] $hint:literal $help:literal;)+ })+) => {
        &[$($($crate::tui::keys::binding::Binding {
            context: $crate::tui::keys::context::Context::$context,
            action: $action,
            keys: std::borrow::Cow::Borrowed(&[$($key),+]),
            hint: $hint,
            help: $help,
        },)+)+]
    };
}

pub(super) const ENTER: Key = Key::plain(KeyCode::Enter);
pub(super) const ESC: Key = Key::plain(KeyCode::Esc);
pub(super) const TAB: Key = Key::plain(KeyCode::Tab);
pub(super) const BACK_TAB: Key = Key::plain(KeyCode::BackTab);
pub(super) const UP: Key = Key::plain(KeyCode::Up);
pub(super) const DOWN: Key = Key::plain(KeyCode::Down);
pub(super) const LEFT: Key = Key::plain(KeyCode::Left);
pub(super) const RIGHT: Key = Key::plain(KeyCode::Right);
pub(super) const CTRL_LEFT: Key = Key::held_ctrl(KeyCode::Left);
pub(super) const CTRL_RIGHT: Key = Key::held_ctrl(KeyCode::Right);
pub(super) const CTRL_UP: Key = Key::held_ctrl(KeyCode::Up);
pub(super) const CTRL_DOWN: Key = Key::held_ctrl(KeyCode::Down);
pub(super) const PAGE_UP: Key = Key::plain(KeyCode::PageUp);
pub(super) const PAGE_DOWN: Key = Key::plain(KeyCode::PageDown);
pub(super) const HOME: Key = Key::plain(KeyCode::Home);
pub(super) const END: Key = Key::plain(KeyCode::End);
pub(super) const CTRL_HOME: Key = Key::held_ctrl(KeyCode::Home);
pub(super) const CTRL_END: Key = Key::held_ctrl(KeyCode::End);
pub(super) const ALT_ENTER: Key = Key {
    code: KeyCode::Enter,
    modifiers: KeyModifiers::ALT,
};
pub(super) const SPACE: Key = Key::char(' ');

pub(super) use table;
