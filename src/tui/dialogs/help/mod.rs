//! The help that is open: which pane it begins with, how far it is scrolled, and
//! what is searched in it.

pub mod view;

use tui_input::Input;

use crate::glossary::Place;
use crate::tui::action::Action;
use crate::tui::app::update::{edit, moved};
use crate::tui::app::{App, Dialog, Screen};
use crate::tui::screens::catalog::state::Typing;
use crate::tui::screens::decode::state::Pane;
use crate::tui::screens::tune::state::Side;

#[derive(Clone, Debug)]
pub struct Help {
    /// Where it was asked for.
    pub place: Place,
    /// First line shown.
    pub scroll: usize,
    pub search: Input,
    /// Whether the search is being typed.
    pub typing: Typing,
    /// The dialog it was asked for in, which comes back.
    pub under: Option<Box<Dialog>>,
}

impl Help {
    /// What is searched; `None`: nothing.
    pub fn searched(&self) -> Option<&str> {
        let typed = self.search.value().trim();
        (!typed.is_empty()).then_some(typed)
    }

    fn clear(&mut self) {
        (self.search, self.typing, self.scroll) = (Input::default(), Typing::No, 0);
    }
}

impl App {
    pub(crate) fn open_help(&mut self) {
        let place = self.place();
        self.dialog = Some(Dialog::Help(Help {
            place,
            scroll: 0,
            search: Input::default(),
            typing: Typing::No,
            under: self.dialog.take().map(Box::new),
        }));
    }

    /// The pane, screen or dialog in front, as the glossary names it.
    fn place(&self) -> Place {
        match (&self.dialog, self.screen) {
            (Some(Dialog::WhySlow { .. }), _) => Place::WhySlow,
            (Some(Dialog::Settings { .. }), _) => Place::Settings,
            (_, Screen::Catalog) => Place::Catalog,
            (_, Screen::Decode) => of_pane(self.view.pane),
            (_, Screen::Tune) => match self.tune.side {
                Side::Sliders => Place::Tune,
                Side::Sweep => Place::Sweep,
            },
            (_, Screen::Compare) => Place::Compare,
            (_, Screen::Pool) => Place::Pools,
            (_, Screen::Learn) => Place::Learn,
        }
    }

    pub(crate) fn update_help(&mut self, mut help: Help, action: &Action) {
        match (help.typing, action) {
            (Typing::Yes, Action::Submit) => help.typing = Typing::No,
            (Typing::Yes, Action::Close) => help.clear(),
            (Typing::No, Action::Close) if help.searched().is_some() => help.clear(),
            (Typing::No, Action::Close) => {
                self.dialog = help.under.map(|dialog| *dialog);
                return;
            }
            (Typing::No, Action::Filter) => help.typing = Typing::Yes,
            (Typing::Yes, action) if edit(&mut help.search, action) => help.scroll = 0,
            _ => {
                let last = crate::tui::dialogs::help::view::last_scroll(self, &help);
                help.scroll = moved(help.scroll, action, last);
            }
        }
        self.dialog = Some(Dialog::Help(help));
    }
}

/// A pane of Decode, as the glossary names it.
pub fn of_pane(pane: Pane) -> Place {
    match pane {
        Pane::Text => Place::Text,
        Pane::Tree => Place::Tree,
        Pane::Steps => Place::Steps,
        Pane::Token => Place::Token,
        Pane::Pool => Place::Pool,
        Pane::Speed => Place::Speed,
    }
}
