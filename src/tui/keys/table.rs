//! The one table of keys as they ship. The dispatch, the footer's hints, the help
//! and the palette go by it, with the user's changes laid over it (`keymap.rs`), so
//! that none can disagree with another.

use std::borrow::Cow;

use crossterm::event::KeyCode;

use super::context::Context;
use crate::present::key::Key;
use crate::tui::action::{Action, CompareAction, Copied, LabAction};
use crate::tui::screens::Screen;

/// One line of the table.
#[derive(Clone, Debug)]
pub struct Binding {
    pub(crate) context: Context,
    pub(crate) action: Action,
    /// Any of them; the first is shown.
    pub keys: Cow<'static, [Key]>,
    /// For the footer; empty: not shown there.
    pub(crate) hint: &'static str,
    /// For the help.
    pub(crate) help: &'static str,
}

macro_rules! table {
    ($($context:ident { $($action:expr; [$($key:expr),+] $hint:literal $help:literal;)+ })+) => {
        &[$($(Binding {
            context: Context::$context,
            action: $action,
            keys: Cow::Borrowed(&[$($key),+]),
            hint: $hint,
            help: $help,
        },)+)+]
    };
}

const ENTER: Key = Key::plain(KeyCode::Enter);
const ESC: Key = Key::plain(KeyCode::Esc);
const TAB: Key = Key::plain(KeyCode::Tab);
const BACK_TAB: Key = Key::plain(KeyCode::BackTab);
const UP: Key = Key::plain(KeyCode::Up);
const DOWN: Key = Key::plain(KeyCode::Down);
const LEFT: Key = Key::plain(KeyCode::Left);
const RIGHT: Key = Key::plain(KeyCode::Right);
const CTRL_LEFT: Key = Key::held_ctrl(KeyCode::Left);
const CTRL_RIGHT: Key = Key::held_ctrl(KeyCode::Right);
const CTRL_UP: Key = Key::held_ctrl(KeyCode::Up);
const CTRL_DOWN: Key = Key::held_ctrl(KeyCode::Down);
const PAGE_UP: Key = Key::plain(KeyCode::PageUp);
const PAGE_DOWN: Key = Key::plain(KeyCode::PageDown);
const HOME: Key = Key::plain(KeyCode::Home);
const END: Key = Key::plain(KeyCode::End);
const SPACE: Key = Key::char(' ');

/// Every key. The order within a context is the footer's order.
pub static TABLE: &[Binding] = table! {
    Always {
        Action::Quit; [Key::ctrl('c')] "" "quit; a run under way ends";
        Action::Suspend; [Key::ctrl('z')] "" "suspend; `fg` comes back";
    }
    Catalog {
        Action::Up; [UP, Key::char('k')] "" "the one above";
        Action::Down; [DOWN, Key::char('j')] "" "the one below";
        Action::PageUp; [PAGE_UP] "" "a page up";
        Action::PageDown; [PAGE_DOWN] "" "a page down";
        Action::First; [HOME] "" "the first";
        Action::Last; [END] "" "the last";
        Action::Generate; [ENTER] "generate" "generate knowledge for the selected one";
        Action::Filter; [Key::char('/')] "filter" "filter: type parts of title, group, attributes";
        Action::NextTab; [TAB, LEFT, RIGHT] "items/users" "items or users";
        Action::NextFramework; [Key::char('F')] "framework" "the next framework: KAR, TRAWL, ONCE, RLMRec, your own";
        Action::OwnPrompt; [Key::char('p')] "own prompt" "type a prompt of your own";
        Action::GeneratePaused; [SPACE] "step through" "generate, but wait before the first step";
        Action::EarlierRuns; [Key::char('o')] "earlier runs" "open an earlier run";
        Action::Copy(Copied::Prompt); [Key::char('y')] "" "copy the prompt";
        Action::Narrower; [Key::char('<'), CTRL_LEFT] "" "a narrower list";
        Action::Wider; [Key::char('>'), CTRL_RIGHT] "" "a wider list";
        Action::DetailUp; [Key::char('K')] "" "scroll the details up";
        Action::DetailDown; [Key::char('J')] "" "scroll the details down";
        Action::Close; [ESC] "" "clear the filter";
    }
    Decode {
        Action::PlayPause; [SPACE] "play/pause" "play or pause; the engine stops between two steps";
        Action::SingleStep; [Key::char('n')] "one step" "make one step, then pause";
        Action::PreviousStep; [LEFT, Key::char('h')] "" "the step before";
        Action::NextStep; [RIGHT, Key::char('l')] "←→|step" "the step after; at the end of a paused run, make one";
        Action::Up; [UP, Key::char('k')] "" "the token above, in the tree or the text";
        Action::Down; [DOWN, Key::char('j')] "↑↓|token" "the token below";
        Action::PreviousMatch; [Key::char('[')] "" "the step before that matches";
        Action::NextMatch; [Key::char(']')] "[ ]|find" "the next step that matches";
        Action::OpenDocument; [Key::char('d'), ENTER] "document" "the document that the selected draft came from, on the Pool screen";
        Action::Reference; [Key::char('r')] "measure" "run the same prompt autoregressively and strictly: speed-up, losslessness";
        Action::WhySlow; [Key::char('w')] "why slow?" "where the time went: t(n), break-even, wasted rows, budgets elsewhere";
        Action::Settings; [Key::char('p')] "settings" "rule, k, tau, budget, drafter, sources: for the next step";
        Action::Branch; [Key::char('b')] "branch" "branch the run from this step: with the settings of now, or another token";
        Action::Follow; [Key::char('f')] "follow" "follow the newest step";
        Action::Slower; [Key::char('-')] "" "slower";
        Action::Faster; [Key::char('+'), Key::char('=')] "-+|pace" "faster";
        Action::Condition; [Key::char('m')] "" "type what [ and ] look for: rejected and source=local, committed<2, ms>20, ..";
        Action::ChangeMatch; [Key::char('v')] "" "what [ and ] look for: relaxed, rejected, nothing accepted, pool miss";
        Action::NextPhase; [Key::char('.')] ", .|phases" "the next phase of the step: retrieve, draft, verify, commit";
        Action::PreviousPhase; [Key::char(',')] "" "the phase before";
        Action::Filter; [Key::char('/')] "search" "search the text; then [ and ] walk the matches";
        Action::Bookmark; [Key::char('B')] "" "set a bookmark at this step, or take it away";
        Action::NextBookmark; [Key::char('\'')] "" "the next bookmark";
        Action::GoTo; [Key::char('g')] "go to" "type the number of a step";
        Action::Zoom; [Key::char('z')] "zoom" "the pane in focus alone, or all of them";
        Action::CopyMenu; [Key::char('y')] "" "copy the token, the step, the text, the prompt or the command line";
        Action::Narrower; [Key::char('<'), CTRL_LEFT] "" "a narrower text";
        Action::Wider; [Key::char('>'), CTRL_RIGHT] "" "a wider text";
        Action::Taller; [CTRL_UP] "" "higher lower panes";
        Action::Shorter; [CTRL_DOWN] "" "less high lower panes";
        Action::NextPane; [TAB] "pane" "the next pane";
        Action::PreviousPane; [BACK_TAB] "" "the pane before";
        Action::Ghosts; [Key::char('x')] "ghosts" "show in the text what was drafted and rejected";
        Action::First; [HOME] "" "the first step";
        Action::Last; [END] "" "the last step";
        Action::PageUp; [PAGE_UP] "" "ten steps back";
        Action::PageDown; [PAGE_DOWN] "" "ten steps on";
        Action::StopRun; [Key::char('e')] "end" "end the run here; its steps stay";
        Action::Again; [Key::char('a')] "again" "run the same subject again with the settings";
        Action::Save; [Key::char('s')] "save" "save the run as a trace";
        Action::Export; [Key::char('E')] "export" "export the run: web page, Markdown, recording, picture, table";
        Action::EarlierRuns; [Key::char('o')] "" "open an earlier run";
        Action::Close; [ESC] "" "leave the zoom, or back to the catalog";
    }
    Tune {
        Action::Up; [UP, Key::char('k')] "" "the setting or cell above";
        Action::Down; [DOWN, Key::char('j')] "↑↓|choose" "the setting or cell below";
        Action::Less; [LEFT, Key::char('h')] "←→|move" "less, or the cell to the left";
        Action::More; [RIGHT, Key::char('l')] "" "more, or the cell to the right";
        Action::Submit; [ENTER] "run/open" "run with these settings; in the sweep, open the cell's run in Decode";
        Action::Branch; [Key::char('b')] "branch" "branch the run with these settings, from the first step that they change";
        Action::NextPane; [TAB] "other half" "settings or sweep";
        Action::PreviousPane; [BACK_TAB] "" "settings or sweep";
        Action::StartSweep; [Key::char('w')] "sweep" "sweep: decode under every cell of a grid, in the background";
        Action::StopRun; [Key::char('e')] "end" "end the sweep; its finished runs stay";
        Action::NextMeasure; [Key::char('m')] "measure" "what the heat map shows: speed-up, MAL, agreement, log-probability, repetition, acceptance";
        Action::Adopt; [Key::char('a')] "adopt" "the cell's setting to the sliders";
        Action::CopyCommand; [Key::char('y')] "copy" "copy the command line that decodes like the sliders";
        Action::SaveSettings; [Key::char('s')] "save" "save the sliders' settings as the configuration";
        Action::Reset; [Key::char('r')] "" "the sliders back to the run's settings";
        Action::NextWho; [Key::char('u')] "" "whom the sweep asks: several, the run's, the catalog's selected one";
        Action::Fewer; [Key::char('-')] "" "ask fewer";
        Action::MoreSubjects; [Key::char('+'), Key::char('=')] "" "ask more";
        Action::NextTried; [Key::char('g')] "" "what the sweep tries: the rule's numbers, budgets too, every rule";
        Action::PreviousLayer; [Key::char('[')] "" "the budget or rule before";
        Action::NextLayer; [Key::char(']')] "" "the next budget or rule";
        Action::NextSubject; [Key::char('n')] "" "whose run a cell opens";
        Action::First; [HOME] "" "the setting's least";
        Action::Last; [END] "" "the setting's most";
        Action::PageUp; [PAGE_UP] "" "five settings up";
        Action::PageDown; [PAGE_DOWN] "" "five settings down";
        Action::EarlierRuns; [Key::char('o')] "" "open an earlier run";
        Action::Close; [ESC] "" "back to the catalog";
    }
    Compare {
        Action::PlayPause; [SPACE] "race" "replay both runs on one clock, or pause";
        Action::Compare(CompareAction::Left); [Key::char('a')] "pick A" "which run is on the left side, A";
        Action::Compare(CompareAction::Right); [Key::char('b')] "pick B" "which run is on the right side, B";
        Action::Compare(CompareAction::Swap); [Key::char('w')] "swap" "A becomes B";
        Action::Reference; [Key::char('r')] "check lossless" "run the prompt autoregressively and strictly, and hold them against each other";
        Action::Compare(CompareAction::Divergence); [Key::char('d')] "divergence" "go to where the texts part";
        Action::Compare(CompareAction::Inspect); [ENTER] "inspect" "the step where the texts part, on the Decode screen";
        Action::Slower; [Key::char('-')] "" "a slower clock";
        Action::Faster; [Key::char('+'), Key::char('=')] "-+|clock" "a faster clock";
        Action::Compare(CompareAction::Restart); [Key::char('0')] "" "the race from the start";
        Action::Up; [UP, Key::char('k')] "" "scroll both texts up";
        Action::Down; [DOWN, Key::char('j')] "" "scroll both texts down";
        Action::PageUp; [PAGE_UP] "" "ten lines up";
        Action::PageDown; [PAGE_DOWN] "" "ten lines down";
        Action::First; [HOME] "" "the beginning of the texts";
        Action::Last; [END] "" "their end; the race is over";
        Action::EarlierRuns; [Key::char('o')] "open a run" "open an earlier run, to be compared";
        Action::Close; [ESC] "" "back to the catalog";
    }
    Pool {
        Action::Submit; [ENTER] "open" "open the document; from a draft it supplied, go to its step";
        Action::Lab(LabAction::Search); [Key::char('s')] "search" "type a phrase: where it occurs, and what would be drafted after it";
        Action::Lab(LabAction::ProbePrompt); [Key::char('p')] "probe" "what would be drafted after the prompt selected in the catalog";
        Action::Filter; [Key::char('/')] "filter" "filter the documents by title, id, group";
        Action::Lab(LabAction::AddText); [Key::char('a')] "add" "add a text to the selected group's pool, in memory";
        Action::Lab(LabAction::AddFile); [Key::char('I')] "" "add the documents of a JSON Lines file, in memory";
        Action::Lab(LabAction::Remove); [Key::char('d')] "remove" "take the document in focus out, in memory; asks first";
        Action::Lab(LabAction::Undo); [Key::char('u')] "undo" "take the last change back";
        Action::Lab(LabAction::Save); [Key::char('w')] "" "save the changes to the pool on disk that --pool opened";
        Action::NextPane; [TAB] "pane" "the next pane";
        Action::PreviousPane; [BACK_TAB] "" "the pane before";
        Action::Less; [LEFT, Key::char('h')] "" "the tab to the left";
        Action::More; [RIGHT, Key::char('l')] "←→|tab" "the tab to the right";
        Action::Zoom; [Key::char('z')] "zoom" "the right pane alone, or all of them";
        Action::Up; [UP, Key::char('k')] "" "the one above";
        Action::Down; [DOWN, Key::char('j')] "" "the one below";
        Action::PageUp; [PAGE_UP] "" "a page up";
        Action::PageDown; [PAGE_DOWN] "" "a page down";
        Action::First; [HOME] "" "the first";
        Action::Last; [END] "" "the last";
        Action::Close; [ESC] "" "leave the zoom, clear the filter, or back to where you came from";
    }
    Learn {
        Action::Up; [UP, Key::char('k')] "↑↓|choose" "the lesson above";
        Action::Down; [DOWN, Key::char('j')] "" "the lesson below";
        Action::Submit; [ENTER] "begin" "begin the lesson, on the real screens";
        Action::PageUp; [PAGE_UP] "" "scroll the text up";
        Action::PageDown; [PAGE_DOWN] "" "scroll the text down";
        Action::First; [HOME] "" "the first lesson";
        Action::Last; [END] "" "the last lesson";
        Action::Close; [ESC] "" "leave the lesson under way, or back to the catalog";
    }
    Lesson {
        Action::Answer; [Key::char('A')] "answer" "type the number that the task asks for";
        Action::NextTask; [Key::char('N')] "go on" "pass the task over; after the last one, the next lesson";
    }
    Anywhere {
        Action::Show(Screen::Catalog); [Key::char('1')] "" "the catalog";
        Action::Show(Screen::Decode); [Key::char('2')] "" "decoding";
        Action::Show(Screen::Tune); [Key::char('3')] "" "tuning the parameters";
        Action::Show(Screen::Compare); [Key::char('4')] "" "comparing two runs";
        Action::Show(Screen::Pool); [Key::char('5')] "" "the pools";
        Action::Show(Screen::Learn); [Key::char('6')] "" "lessons";
        Action::Picture; [Key::char('P')] "" "save this screen as a picture and as text";
        Action::Commands; [Key::char(':')] "" "everything that can be done, by name; a number goes to a step";
        Action::NextTheme; [Key::char('t')] "" "the next theme";
        Action::ToggleMouse; [Key::char('M')] "" "let the mouse select text instead, or click again";
        Action::RetryModel; [Key::char('R')] "" "try again to fetch and load the model";
        Action::CancelFetch; [Key::char('X')] "" "give up fetching the model";
        Action::MeasureCost; [Key::char('C')] "" "measure again what a step costs on this machine; automatic budgets go by it";
        Action::Help; [Key::char('?')] "help" "what the focused pane's figures mean, its keys, and all words";
        Action::Quit; [Key::char('q')] "quit" "quit";
    }
    Filter {
        Action::Submit; [ENTER] "keep the filter" "keep the filter";
        Action::Close; [ESC] "clear" "clear the filter";
        Action::Up; [UP] "" "the one above";
        Action::Down; [DOWN] "" "the one below";
        Action::PageUp; [PAGE_UP] "" "a page up";
        Action::PageDown; [PAGE_DOWN] "" "a page down";
        Action::NextTab; [TAB] "items/users" "items or users";
    }
    Typing {
        Action::Submit; [ENTER] "go" "take it";
        Action::Close; [ESC] "never mind" "leave it";
    }
    Settings {
        Action::Up; [UP, Key::char('k')] "↑↓|choose" "the setting above";
        Action::Down; [DOWN, Key::char('j')] "" "the setting below";
        Action::Less; [LEFT, Key::char('h'), Key::char('-')] "←→|change" "less";
        Action::More; [RIGHT, Key::char('l'), Key::char('+'), SPACE] "" "more, or the other";
        Action::PlayPause; [Key::char('P')] "" "play or pause";
        Action::SingleStep; [Key::char('n')] "one step" "make one step with these settings";
        Action::Help; [Key::char('?')] "help" "what these words mean";
        Action::Close; [ESC, ENTER, Key::char('p'), Key::char('q')] "done" "done";
    }
    Runs {
        Action::Up; [UP, Key::char('k')] "↑↓|choose" "the run above";
        Action::Down; [DOWN, Key::char('j')] "" "the run below";
        Action::Submit; [ENTER] "open" "open it";
        Action::Close; [ESC, Key::char('q'), Key::char('o')] "back" "back";
    }
    Export {
        Action::Up; [UP, Key::char('k')] "↑↓|choose" "the form above";
        Action::Down; [DOWN, Key::char('j')] "" "the form below";
        Action::Submit; [ENTER] "export" "write it beside the saved runs";
        Action::Close; [ESC, Key::char('q'), Key::char('E')] "back" "back";
    }
    Help {
        Action::Filter; [Key::char('/')] "search" "search words, figures and keys";
        Action::Up; [UP, Key::char('k')] "↑↓|scroll" "scroll up";
        Action::Down; [DOWN, Key::char('j')] "" "scroll down";
        Action::PageUp; [PAGE_UP] "" "a page up";
        Action::PageDown; [PAGE_DOWN, SPACE] "" "a page down";
        Action::Close; [ESC, ENTER, Key::char('?'), Key::char('q')] "back" "clear the search, or back";
    }
    HelpSearch {
        Action::Submit; [ENTER] "keep" "keep the search";
        Action::Close; [ESC] "clear" "clear the search";
        Action::Up; [UP] "↑↓|scroll" "scroll up";
        Action::Down; [DOWN] "" "scroll down";
        Action::PageUp; [PAGE_UP] "" "a page up";
        Action::PageDown; [PAGE_DOWN] "" "a page down";
    }
    Branch {
        Action::Up; [UP, Key::char('k')] "↑↓|choose" "the token above";
        Action::Down; [DOWN, Key::char('j')] "" "the token below";
        Action::Submit; [ENTER] "branch" "begin the branch";
        Action::Close; [ESC, Key::char('b'), Key::char('q')] "never mind" "leave it";
    }
    Condition {
        Action::Submit; [ENTER] "find" "take it, and go to the next step that matches";
        Action::Up; [UP] "↑↓|choose" "the suggestion above";
        Action::Down; [DOWN] "" "the suggestion below";
        Action::NextPane; [TAB] "complete" "put the suggestion in";
        Action::Close; [ESC] "never mind" "leave it";
    }
    WhySlow {
        Action::Up; [UP, Key::char('k')] "↑↓|scroll" "scroll up";
        Action::Down; [DOWN, Key::char('j')] "" "scroll down";
        Action::PreviousStep; [LEFT, Key::char('h')] "" "the step before";
        Action::NextStep; [RIGHT, Key::char('l')] "←→|step" "the step after";
        Action::Help; [Key::char('?')] "help" "what these words mean";
        Action::Close; [ESC, ENTER, Key::char('w'), Key::char('q')] "back" "back";
    }
    Question {
        Action::Submit; [ENTER, Key::char('y')] "yes" "fetch it";
        Action::Close; [ESC, Key::char('n')] "no" "do not";
    }
    Commands {
        Action::Up; [UP] "↑↓|choose" "the one above";
        Action::Down; [DOWN] "" "the one below";
        Action::PageUp; [PAGE_UP] "" "a page up";
        Action::PageDown; [PAGE_DOWN] "" "a page down";
        Action::Submit; [ENTER] "do it" "do it";
        Action::Close; [ESC] "back" "back";
    }
    Copy {
        Action::Up; [UP, Key::char('k')] "↑↓|choose" "the one above";
        Action::Down; [DOWN, Key::char('j')] "" "the one below";
        Action::Submit; [ENTER] "copy" "copy it";
        Action::Copy(Copied::Token); [Key::char('t')] "" "the selected token";
        Action::Copy(Copied::Step); [Key::char('s')] "" "what the step committed";
        Action::Copy(Copied::Text); [Key::char('x')] "" "the whole text";
        Action::Copy(Copied::Prompt); [Key::char('p')] "" "the prompt as the model read it";
        Action::Copy(Copied::Command); [Key::char('c')] "" "the command line that makes the run again";
        Action::Close; [ESC, Key::char('q'), Key::char('y')] "back" "back";
    }
    Message {
        Action::RetryModel; [Key::char('R')] "try again" "try again";
        Action::Close; [ESC, ENTER, SPACE] "close" "close";
        Action::Quit; [Key::char('q')] "quit" "quit";
    }
};
