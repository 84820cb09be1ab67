//! The keys of the dialogs, and of texts being typed.

use super::binding::{
    ALT_ENTER, BACK_TAB, Binding, CTRL_END, CTRL_HOME, DOWN, END, ENTER, ESC, HOME, LEFT,
    PAGE_DOWN, PAGE_UP, RIGHT, SPACE, TAB, UP, table,
};
use crate::present::key::Key;
use crate::tui::action::{Action, Copied};

/// The order within a context is the footer's order.
pub(super) static DIALOGS: &[Binding] = table! {
    Filter {
        Action::Submit; [ENTER] "keep the filter" "keep the filter";
        Action::Close; [ESC] "clear" "clear the filter";
        Action::Up; [UP] "" "the row above";
        Action::Down; [DOWN] "" "the row below";
        Action::PageUp; [PAGE_UP] "" "a page up";
        Action::PageDown; [PAGE_DOWN] "" "a page down";
        Action::First; [CTRL_HOME] "" "the first";
        Action::Last; [CTRL_END] "" "the last";
        Action::NextTab; [TAB] "next tab" "the next tab: items, users, the acceptance board";
    }
    Typing {
        Action::Submit; [ENTER] "go" "confirm";
        Action::Close; [ESC] "cancel" "cancel";
    }
    Prompt {
        Action::Submit; [ENTER] "generate" "generate from the prompt";
        Action::NewLine; [Key::ctrl('j'), ALT_ENTER] "new line" "begin a new line";
        Action::NextPane; [TAB] "next part" "the next part: system text, turns, prompt";
        Action::PreviousPane; [BACK_TAB] "" "the previous part";
        Action::AddTurn; [Key::ctrl('t')] "add a turn" "add a question and an answer before the prompt";
        Action::Up; [UP] "" "the line above";
        Action::Down; [DOWN] "" "the line below";
        Action::Close; [ESC] "cancel" "cancel";
    }
    Settings {
        Action::Up; [UP, Key::char('k')] "↑↓|choose" "the setting above";
        Action::Down; [DOWN, Key::char('j')] "" "the setting below";
        Action::PageUp; [PAGE_UP] "" "a page up";
        Action::PageDown; [PAGE_DOWN] "" "a page down";
        Action::First; [HOME] "" "the first";
        Action::Last; [END] "" "the last";
        Action::Less; [LEFT, Key::char('h'), Key::char('-')] "←→|change" "decrease";
        Action::More; [RIGHT, Key::char('l'), Key::char('+'), SPACE] "" "increase, or switch";
        Action::PlayPause; [Key::char('P')] "" "play or pause";
        Action::SingleStep; [Key::char('n')] "one step" "run one step with these settings";
        Action::Help; [Key::char('?')] "help" "what these terms mean";
        Action::Close; [ESC, ENTER, Key::char('p'), Key::char('q')] "done" "done";
    }
    Runs {
        Action::Up; [UP, Key::char('k')] "↑↓|choose" "the run above";
        Action::Down; [DOWN, Key::char('j')] "" "the run below";
        Action::PageUp; [PAGE_UP] "" "a page up";
        Action::PageDown; [PAGE_DOWN] "" "a page down";
        Action::First; [HOME] "" "the first";
        Action::Last; [END] "" "the last";
        Action::Sort; [Key::char('S')] "sort" "sort by the next column; after the last, as listed";
        Action::ReverseSort; [Key::char('r')] "" "sort the other way round";
        Action::Submit; [ENTER] "open" "open it";
        Action::Close; [ESC, Key::char('q'), Key::char('o')] "back" "back";
    }
    Export {
        Action::Up; [UP, Key::char('k')] "↑↓|choose" "the format above";
        Action::Down; [DOWN, Key::char('j')] "" "the format below";
        Action::PageUp; [PAGE_UP] "" "a page up";
        Action::PageDown; [PAGE_DOWN] "" "a page down";
        Action::First; [HOME] "" "the first";
        Action::Last; [END] "" "the last";
        Action::Submit; [ENTER] "export" "write it next to the saved runs";
        Action::Close; [ESC, Key::char('q'), Key::char('E')] "back" "back";
    }
    Help {
        Action::Filter; [Key::char('/')] "search" "search terms, figures and keys";
        Action::Up; [UP, Key::char('k')] "↑↓|scroll" "scroll up";
        Action::Down; [DOWN, Key::char('j')] "" "scroll down";
        Action::PageUp; [PAGE_UP] "" "a page up";
        Action::PageDown; [PAGE_DOWN, SPACE] "" "a page down";
        Action::First; [HOME] "" "the beginning";
        Action::Last; [END] "" "the end";
        Action::Close; [ESC, ENTER, Key::char('?'), Key::char('q')] "back" "clear the search, or back";
    }
    HelpSearch {
        Action::Submit; [ENTER] "keep" "keep the search";
        Action::Close; [ESC] "clear" "clear the search";
        Action::Up; [UP] "↑↓|scroll" "scroll up";
        Action::Down; [DOWN] "" "scroll down";
        Action::PageUp; [PAGE_UP] "" "a page up";
        Action::PageDown; [PAGE_DOWN] "" "a page down";
        Action::First; [CTRL_HOME] "" "the beginning";
        Action::Last; [CTRL_END] "" "the end";
    }
    Branch {
        Action::Up; [UP, Key::char('k')] "↑↓|choose" "the token above";
        Action::Down; [DOWN, Key::char('j')] "" "the token below";
        Action::PageUp; [PAGE_UP] "" "a page up";
        Action::PageDown; [PAGE_DOWN] "" "a page down";
        Action::First; [HOME] "" "the first";
        Action::Last; [END] "" "the last";
        Action::Submit; [ENTER] "branch" "start the branch";
        Action::Close; [ESC, Key::char('b'), Key::char('q')] "cancel" "cancel";
    }
    Condition {
        Action::Submit; [ENTER] "find" "confirm, and go to the next step that matches";
        Action::Up; [UP] "↑↓|choose" "the suggestion above";
        Action::Down; [DOWN] "" "the suggestion below";
        Action::PageUp; [PAGE_UP] "" "a page up";
        Action::PageDown; [PAGE_DOWN] "" "a page down";
        Action::First; [CTRL_HOME] "" "the first";
        Action::Last; [CTRL_END] "" "the last";
        Action::NextPane; [TAB] "complete" "insert the suggestion";
        Action::Close; [ESC] "cancel" "cancel";
    }
    WhySlow {
        Action::Up; [UP, Key::char('k')] "↑↓|scroll" "scroll up";
        Action::Down; [DOWN, Key::char('j')] "" "scroll down";
        Action::PageUp; [PAGE_UP] "" "a page up";
        Action::PageDown; [PAGE_DOWN] "" "a page down";
        Action::First; [HOME] "" "the beginning";
        Action::Last; [END] "" "the end";
        Action::PreviousStep; [LEFT, Key::char('h')] "" "the previous step";
        Action::NextStep; [RIGHT, Key::char('l')] "←→|step" "the next step";
        Action::Help; [Key::char('?')] "help" "what these terms mean";
        Action::Close; [ESC, ENTER, Key::char('w'), Key::char('q')] "back" "back";
    }
    WhyLow {
        Action::Up; [UP, Key::char('k')] "↑↓|scroll" "scroll up";
        Action::Down; [DOWN, Key::char('j')] "" "scroll down";
        Action::PageUp; [PAGE_UP] "" "a page up";
        Action::PageDown; [PAGE_DOWN] "" "a page down";
        Action::First; [HOME] "" "the beginning";
        Action::Last; [END] "" "the end";
        Action::PreviousStep; [LEFT, Key::char('h')] "" "the previous step";
        Action::NextStep; [RIGHT, Key::char('l')] "←→|step" "the next step";
        Action::PreviousMatch; [Key::char('[')] "" "the previous step with this cause";
        Action::NextMatch; [Key::char(']')] "[ ]|same cause" "the next step with this cause";
        Action::Help; [Key::char('?')] "help" "what these terms mean";
        Action::Close; [ESC, ENTER, Key::char('W'), Key::char('q')] "back" "back";
    }
    Predict {
        Action::Less; [LEFT, Key::char('h')] "←→|number" "a smaller number";
        Action::More; [RIGHT, Key::char('l')] "" "a larger number";
        Action::Up; [UP, Key::char('k')] "↑↓|choose" "the choice above";
        Action::Down; [DOWN, Key::char('j')] "" "the choice below";
        Action::PageUp; [PAGE_UP] "" "a page up";
        Action::PageDown; [PAGE_DOWN] "" "a page down";
        Action::First; [HOME] "" "the first choice";
        Action::Last; [END] "" "the last choice";
        Action::Mark; [SPACE] "mark" "mark the draft as refused, or unmark it";
        Action::Submit; [ENTER] "answer/next" "answer, then the next question";
        Action::Close; [ESC, Key::char('q')] "stop" "stop predicting, and say the score";
    }
    Pass {
        Action::Up; [UP, Key::char('k')] "↑↓|node" "the node above";
        Action::Down; [DOWN, Key::char('j')] "" "the node below";
        Action::PageUp; [PAGE_UP] "" "ten nodes up";
        Action::PageDown; [PAGE_DOWN] "" "ten nodes down";
        Action::First; [HOME] "" "the root";
        Action::Last; [END] "" "the last node, or the bonus token";
        Action::PreviousStep; [LEFT, Key::char('h')] "" "the previous step";
        Action::NextStep; [RIGHT, Key::char('l')] "←→|step" "the next step";
        Action::NextPhase; [Key::char('.')] ", .|phases" "the next phase of the step: retrieve, draft, verify, commit";
        Action::PreviousPhase; [Key::char(',')] "" "the previous phase of the step";
        Action::NextPane; [TAB] "next part" "the next part on a small screen: mask, KV cache, token's way";
        Action::PreviousPane; [BACK_TAB] "" "the previous part";
        Action::Help; [Key::char('?')] "help" "what these terms mean";
        Action::Close; [ESC, ENTER, Key::char('i'), Key::char('q')] "back" "back";
    }
    Score {
        Action::Up; [UP, Key::char('k')] "↑↓|scroll" "scroll up";
        Action::Down; [DOWN, Key::char('j')] "" "scroll down";
        Action::PageUp; [PAGE_UP] "" "a page up";
        Action::PageDown; [PAGE_DOWN] "" "a page down";
        Action::First; [HOME] "" "the beginning";
        Action::Last; [END] "" "the end";
        Action::Submit; [Key::char('y'), ENTER] "copy" "copy the command line that scores the same";
        Action::Close; [ESC, Key::char('q')] "back" "back; scoring that is under way stops";
    }
    Question {
        Action::Submit; [ENTER, Key::char('y')] "yes" "yes: download, remove or save";
        Action::Close; [ESC, Key::char('n')] "no" "no";
    }
    Leave {
        Action::Save; [Key::char('s'), ENTER] "save and quit" "save the runs, then quit";
        Action::Quit; [Key::char('q')] "quit" "quit without saving";
        Action::Close; [ESC] "stay" "stay";
    }
    Commands {
        Action::Up; [UP] "↑↓|choose" "the row above";
        Action::Down; [DOWN] "" "the row below";
        Action::PageUp; [PAGE_UP] "" "a page up";
        Action::PageDown; [PAGE_DOWN] "" "a page down";
        Action::First; [CTRL_HOME] "" "the first";
        Action::Last; [CTRL_END] "" "the last";
        Action::Submit; [ENTER] "run" "run the command";
        Action::Close; [ESC] "back" "back";
    }
    Copy {
        Action::Up; [UP, Key::char('k')] "↑↓|choose" "the row above";
        Action::Down; [DOWN, Key::char('j')] "" "the row below";
        Action::PageUp; [PAGE_UP] "" "a page up";
        Action::PageDown; [PAGE_DOWN] "" "a page down";
        Action::First; [HOME] "" "the first";
        Action::Last; [END] "" "the last";
        Action::Submit; [ENTER] "copy" "copy it";
        Action::Copy(Copied::Token); [Key::char('t')] "" "the selected token";
        Action::Copy(Copied::Step); [Key::char('s')] "" "what the step committed";
        Action::Copy(Copied::Text); [Key::char('x')] "" "the whole text";
        Action::Copy(Copied::Prompt); [Key::char('p')] "" "the prompt as the model read it";
        Action::Copy(Copied::Command); [Key::char('c')] "" "the command line that reproduces the run";
        Action::Close; [ESC, Key::char('q'), Key::char('y')] "back" "back";
    }
    Message {
        Action::RetryModel; [Key::char('R')] "try again" "try again";
        Action::Close; [ESC, ENTER, SPACE] "close" "close";
        Action::Quit; [Key::char('q')] "quit" "quit";
    }
};
