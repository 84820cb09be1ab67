//! The one table of keys as they ship. The dispatch, the footer's hints, the help
//! and the palette go by it, with the user's changes laid over it (`keymap.rs`), so
//! that none can disagree with another.

use std::sync::LazyLock;

pub use super::binding::Binding;
use super::binding::{
    BACK_TAB, CTRL_DOWN, CTRL_LEFT, CTRL_RIGHT, CTRL_UP, DOWN, END, ENTER, ESC, HOME, LEFT,
    PAGE_DOWN, PAGE_UP, RIGHT, SPACE, TAB, UP, table,
};
use super::dialogs::DIALOGS;
use crate::present::key::Key;
use crate::tui::action::{Action, BoardAction, CompareAction, Copied, PoolAction};
use crate::tui::screens::Screen;
/// Every key. The order within a context is the footer's order.
pub static TABLE: LazyLock<Vec<Binding>> = LazyLock::new(|| [SCREENS, DIALOGS].concat());

static SCREENS: &[Binding] = table! {
    Always {
        Action::Quit; [Key::ctrl('c')] "" "quit; a run under way ends";
        Action::Suspend; [Key::ctrl('z')] "" "suspend; the shell's `fg` resumes";
    }
    Catalog {
        Action::Up; [UP, Key::char('k')] "" "the row above";
        Action::Down; [DOWN, Key::char('j')] "" "the row below";
        Action::PageUp; [PAGE_UP] "" "a page up";
        Action::PageDown; [PAGE_DOWN] "" "a page down";
        Action::First; [HOME] "" "the first";
        Action::Last; [END] "" "the last";
        Action::Generate; [ENTER] "generate" "generate knowledge about the selected subject";
        Action::Filter; [Key::char('/')] "filter" "filter by title, group, genre, director, theme";
        Action::NextTab; [TAB, LEFT, RIGHT] "next tab" "the next tab: items, users, the acceptance board";
        Action::NextFramework; [Key::char('F')] "framework" "the next framework: KAR, TRAWL, ONCE, RLMRec, custom ones";
        Action::OwnPrompt; [Key::char('p')] "custom prompt" "type a custom prompt";
        Action::GeneratePaused; [SPACE] "step through" "generate, pausing before the first step";
        Action::StartBatch; [Key::char('b')] "batch" "decode the marked subjects together; without marks, a sample of them";
        Action::Mark; [Key::char('m')] "mark" "mark the selected subject for a batch, or unmark it";
        Action::Sort; [Key::char('S')] "sort" "sort by the next column; after the last, as listed";
        Action::ReverseSort; [Key::char('r')] "" "sort the other way round";
        Action::Unmark; [Key::char('u')] "" "unmark all subjects";
        Action::EarlierRuns; [Key::char('o')] "earlier runs" "open an earlier run";
        Action::Copy(Copied::Prompt); [Key::char('y')] "" "copy the prompt";
        Action::Narrower; [Key::char('<'), CTRL_LEFT] "" "narrow the list";
        Action::Wider; [Key::char('>'), CTRL_RIGHT] "" "widen the list";
        Action::DetailUp; [Key::char('K')] "" "scroll the details up";
        Action::DetailDown; [Key::char('J')] "" "scroll the details down";
        Action::Close; [ESC] "" "clear the filter";
    }
    Board {
        Action::Up; [UP, Key::char('k')] "" "the row above";
        Action::Down; [DOWN, Key::char('j')] "" "the row below";
        Action::PageUp; [PAGE_UP] "" "a page up";
        Action::PageDown; [PAGE_DOWN] "" "a page down";
        Action::First; [HOME] "" "the first";
        Action::Last; [END] "" "the last";
        Action::Submit; [ENTER] "open" "open the run at the step that explains its figure";
        Action::Less; [LEFT, Key::char('h')] "" "sort by the column to the left";
        Action::More; [RIGHT, Key::char('l')] "←→|sort" "sort by the column to the right, the worst first";
        Action::Sort; [Key::char('S')] "" "sort by the next column";
        Action::Board(BoardAction::Reverse); [Key::char('r')] "" "sort the other way round";
        Action::Filter; [Key::char('/')] "filter" "filter by title, id, group, rule, cause";
        Action::NextTab; [TAB] "next tab" "the next tab: items, users, the acceptance board";
        Action::Board(BoardAction::Breakdown); [Key::char('v')] "by" "sum by group, by heading of the answer, by position in it";
        Action::Board(BoardAction::Mark); [SPACE] "mark" "mark the row, or unmark it";
        Action::Board(BoardAction::MarkAll); [Key::char('a')] "" "mark all rows shown, or unmark them";
        Action::Board(BoardAction::Generate); [Key::char('g')] "generate" "generate for the marked subjects, one after another";
        Action::Board(BoardAction::Sweep); [Key::char('w')] "sweep" "sweep over the marked subjects, on the Tune screen";
        Action::Board(BoardAction::Score); [Key::char('c')] "score" "score the marked answers with several budgets, as `laserscope score` does";
        Action::Board(BoardAction::Export); [Key::char('E')] "export" "export the rows shown: table, web page, Markdown, without prompts and answers";
        Action::EarlierRuns; [Key::char('o')] "" "open an earlier run";
        Action::Narrower; [Key::char('<'), CTRL_LEFT] "" "narrow the list";
        Action::Wider; [Key::char('>'), CTRL_RIGHT] "" "widen the list";
        Action::DetailUp; [Key::char('K')] "" "scroll the totals up";
        Action::DetailDown; [Key::char('J')] "" "scroll the totals down";
        Action::Close; [ESC] "" "clear the filter, then the marks, or back to the items";
    }
    Decode {
        Action::PlayPause; [SPACE] "play/pause" "play or pause; the engine stops between steps";
        Action::SingleStep; [Key::char('n')] "one step" "run one step, then pause";
        Action::PreviousStep; [LEFT, Key::char('h')] "" "the previous step";
        Action::NextStep; [RIGHT, Key::char('l')] "←→|step" "the next step; at the end of a paused run, run one more";
        Action::Up; [UP, Key::char('k')] "" "the token above, in the tree or the text";
        Action::Down; [DOWN, Key::char('j')] "↑↓|token" "the token below";
        Action::PreviousMatch; [Key::char('[')] "" "find the previous step that matches";
        Action::NextMatch; [Key::char(']')] "[ ]|find" "find the next step that matches";
        Action::OpenDocument; [Key::char('d'), ENTER] "document" "the document that the selected draft came from, on the Pool screen";
        Action::Reference; [Key::char('r')] "measure" "run the same prompt autoregressively and strictly: speed-up, losslessness";
        Action::WhySlow; [Key::char('w')] "why slow?" "step costs explained: t(n), break-even, wasted rows, other budgets";
        Action::WhyLow; [Key::char('W')] "why low?" "acceptance explained: the cause of every step's end, and its lever";
        Action::InsidePass; [Key::char('i')] "inside" "inside the pass: attention mask, KV cache, a token's way from logit to ruling";
        Action::Settings; [Key::char('p')] "settings" "settings for the next step: rule, k, tau, budget, drafter, sources";
        Action::Branch; [Key::char('b')] "branch" "branch the run from this step: with the current settings, or another token";
        Action::Follow; [Key::char('f')] "follow" "follow the newest step";
        Action::Slower; [Key::char('-')] "" "slower";
        Action::Faster; [Key::char('+'), Key::char('=')] "-+|pace" "faster";
        Action::Condition; [Key::char('m')] "" "type a condition to find steps by: rejected and source=local, committed<2, ms>20, ..";
        Action::ChangeMatch; [Key::char('v')] "" "the next preset to find steps by: relaxed, rejected, nothing accepted, pool miss";
        Action::NextPhase; [Key::char('.')] ", .|phases" "the next phase of the step: retrieve, draft, verify, commit";
        Action::PreviousPhase; [Key::char(',')] "" "the previous phase of the step";
        Action::Filter; [Key::char('/')] "search" "search the text; previous-match and next-match then go from match to match";
        Action::Predict; [Key::char('Q')] "predict" "predict the step's verdict before it is shown: how many tokens, which drafts are refused";
        Action::Bookmark; [Key::char('B')] "" "set or remove a bookmark at this step";
        Action::NextBookmark; [Key::char('\'')] "" "the next bookmark";
        Action::GoTo; [Key::char('g')] "go to" "go to a step by its number";
        Action::Zoom; [Key::char('z')] "zoom" "zoom the focused pane, or show all panes";
        Action::CopyMenu; [Key::char('y')] "" "copy the token, the step, the text, the prompt or the command line";
        Action::Narrower; [Key::char('<'), CTRL_LEFT] "" "narrow the text";
        Action::Wider; [Key::char('>'), CTRL_RIGHT] "" "widen the text";
        Action::Taller; [CTRL_UP] "" "enlarge the lower panes";
        Action::Shorter; [CTRL_DOWN] "" "shrink the lower panes";
        Action::NextPane; [TAB] "pane" "the next pane";
        Action::PreviousPane; [BACK_TAB] "" "the previous pane";
        Action::Ghosts; [Key::char('x')] "ghosts" "show rejected drafts in the text";
        Action::First; [HOME] "" "the first step";
        Action::Last; [END] "" "the last step";
        Action::PageUp; [PAGE_UP] "" "ten steps back";
        Action::PageDown; [PAGE_DOWN] "" "ten steps forward";
        Action::StopRun; [Key::char('e')] "end" "end the run here, keeping its steps";
        Action::Again; [Key::char('a')] "again" "run the same subject again with the current settings";
        Action::Save; [Key::char('s')] "save" "save the run as a trace";
        Action::Export; [Key::char('E')] "export" "export the run: web page, Markdown, recording, picture, table";
        Action::EarlierRuns; [Key::char('o')] "" "open an earlier run";
        Action::Close; [ESC] "" "leave the zoom, or back to the catalog";
    }
    Tune {
        Action::Up; [UP, Key::char('k')] "" "the setting or cell above";
        Action::Down; [DOWN, Key::char('j')] "↑↓|choose" "the setting or cell below";
        Action::Less; [LEFT, Key::char('h')] "←→|move" "decrease, or the cell to the left";
        Action::More; [RIGHT, Key::char('l'), SPACE] "" "increase, switch, or the cell to the right";
        Action::Submit; [ENTER] "run/open" "run with these settings; in the sweep, open the cell's run in Decode";
        Action::Branch; [Key::char('b')] "branch" "branch the run with these settings, from the first step that they change";
        Action::NextPane; [TAB] "other pane" "switch between settings and sweep";
        Action::PreviousPane; [BACK_TAB] "" "switch between settings and sweep";
        Action::StartSweep; [Key::char('w')] "sweep" "sweep: decode with every setting of a grid, in the background";
        Action::StopRun; [Key::char('e')] "end" "end the sweep, keeping its finished runs";
        Action::NextMeasure; [Key::char('m')] "measure" "what the heat map shows: speed-up, MAL, agreement, log-probability, repetition, acceptance, facts kept";
        Action::Adopt; [Key::char('a')] "adopt" "set the sliders to the cell's setting";
        Action::CompareCells; [Key::char('c')] "texts" "mark the cell and show its texts beside those of the cell you move to, or beside the autoregressive one; again to stop";
        Action::Export; [Key::char('E')] "report" "write a report of the sweep: web page, Markdown, charts, table";
        Action::CopyCommand; [Key::char('y')] "copy" "copy the command line that decodes with the sliders' settings";
        Action::SaveSettings; [Key::char('s')] "save" "save the sliders' settings as the configuration";
        Action::Reset; [Key::char('r')] "" "reset the sliders to the run's settings";
        Action::NextWho; [Key::char('u')] "" "which subjects the sweep runs: several, the current run's, the catalog's selection";
        Action::Fewer; [Key::char('-')] "" "fewer subjects";
        Action::MoreSubjects; [Key::char('+'), Key::char('=')] "" "more subjects";
        Action::NextTried; [Key::char('g')] "" "what the sweep varies: the rule's parameters, also budgets, branch lengths or drafters, every rule";
        Action::PreviousLayer; [Key::char('[')] "" "the previous heat map: of another rule, budget, branch length or drafter";
        Action::NextLayer; [Key::char(']')] "" "the next heat map: of another rule, budget, branch length or drafter";
        Action::NextSubject; [Key::char('n')] "" "the next subject whose run a cell opens";
        Action::DetailUp; [Key::char('K')] "" "scroll the cells' texts up";
        Action::DetailDown; [Key::char('J')] "" "scroll the cells' texts down";
        Action::Narrower; [Key::char('<'), CTRL_LEFT] "" "narrow the settings; in the sweep, the heat map beside the plot";
        Action::Wider; [Key::char('>'), CTRL_RIGHT] "" "widen the settings; in the sweep, the heat map beside the plot";
        Action::First; [HOME] "" "the setting's minimum";
        Action::Last; [END] "" "the setting's maximum";
        Action::PageUp; [PAGE_UP] "" "five settings up";
        Action::PageDown; [PAGE_DOWN] "" "five settings down";
        Action::EarlierRuns; [Key::char('o')] "" "open an earlier run";
        Action::Close; [ESC] "" "back to the catalog";
    }
    Compare {
        Action::PlayPause; [SPACE] "race" "replay both runs on one clock, or pause";
        Action::Compare(CompareAction::Left); [Key::char('a')] "choose A" "choose the run on the left, A";
        Action::Compare(CompareAction::Right); [Key::char('b')] "choose B" "choose the run on the right, B";
        Action::Compare(CompareAction::Swap); [Key::char('w')] "swap" "swap A and B";
        Action::Reference; [Key::char('r')] "check lossless" "run the prompt autoregressively and strictly, and compare the texts";
        Action::Compare(CompareAction::Divergence); [Key::char('d')] "divergence" "go to the first divergence";
        Action::Compare(CompareAction::Inspect); [ENTER] "inspect" "show the step of the divergence on the Decode screen";
        Action::Slower; [Key::char('-')] "" "slow the clock down";
        Action::Faster; [Key::char('+'), Key::char('=')] "-+|clock" "speed the clock up";
        Action::Compare(CompareAction::Restart); [Key::char('0')] "" "restart the race";
        Action::Up; [UP, Key::char('k')] "" "scroll both texts up";
        Action::Down; [DOWN, Key::char('j')] "" "scroll both texts down";
        Action::PageUp; [PAGE_UP] "" "ten lines up";
        Action::PageDown; [PAGE_DOWN] "" "ten lines down";
        Action::First; [HOME] "" "the beginning of the texts";
        Action::Last; [END] "" "the end of the texts, and of the race";
        Action::Narrower; [Key::char('<'), CTRL_LEFT] "" "narrow text A";
        Action::Wider; [Key::char('>'), CTRL_RIGHT] "" "widen text A";
        Action::Taller; [CTRL_UP] "" "enlarge the figures";
        Action::Shorter; [CTRL_DOWN] "" "shrink the figures";
        Action::EarlierRuns; [Key::char('o')] "open a run" "open an earlier run to compare";
        Action::Close; [ESC] "" "back to the catalog";
    }
    Pool {
        Action::Submit; [ENTER] "open" "open the document; on a supplied draft, go to its step";
        Action::Pool(PoolAction::Search); [Key::char('s')] "search" "search for a phrase: where it occurs, and what would be drafted after it";
        Action::Pool(PoolAction::ProbePrompt); [Key::char('p')] "probe" "show what would be drafted after the prompt selected in the catalog";
        Action::Filter; [Key::char('/')] "filter" "filter the documents by title, id, group";
        Action::Pool(PoolAction::AddText); [Key::char('a')] "add" "add a text to the selected group's pool, in memory";
        Action::Pool(PoolAction::AddFile); [Key::char('I')] "" "add the documents of a JSON Lines file, in memory";
        Action::Pool(PoolAction::Remove); [Key::char('d')] "remove" "remove the selected document, in memory; asks first";
        Action::Pool(PoolAction::Undo); [Key::char('u')] "undo" "undo the last change";
        Action::Pool(PoolAction::Save); [Key::char('w')] "" "save the changes to the pool on disk opened with --pool";
        Action::Sort; [Key::char('S')] "sort" "sort by the next column; after the last, as listed";
        Action::ReverseSort; [Key::char('r')] "" "sort the other way round";
        Action::NextPane; [TAB] "pane" "the next pane";
        Action::PreviousPane; [BACK_TAB] "" "the previous pane";
        Action::Less; [LEFT, Key::char('h')] "" "the tab to the left";
        Action::More; [RIGHT, Key::char('l')] "←→|tab" "the tab to the right";
        Action::Zoom; [Key::char('z')] "zoom" "zoom the right pane, or show all panes";
        Action::Narrower; [Key::char('<'), CTRL_LEFT] "" "narrow the lists";
        Action::Wider; [Key::char('>'), CTRL_RIGHT] "" "widen the lists";
        Action::Taller; [CTRL_UP] "" "enlarge the list of documents";
        Action::Shorter; [CTRL_DOWN] "" "shrink the list of documents";
        Action::Up; [UP, Key::char('k')] "" "the row above";
        Action::Down; [DOWN, Key::char('j')] "" "the row below";
        Action::PageUp; [PAGE_UP] "" "a page up";
        Action::PageDown; [PAGE_DOWN] "" "a page down";
        Action::First; [HOME] "" "the first";
        Action::Last; [END] "" "the last";
        Action::Close; [ESC] "" "leave the zoom, clear the filter, or go back";
    }
    Learn {
        Action::Up; [UP, Key::char('k')] "↑↓|choose" "the lesson above";
        Action::Down; [DOWN, Key::char('j')] "" "the lesson below";
        Action::Submit; [ENTER] "start" "start the lesson, on the real screens";
        Action::PageUp; [PAGE_UP] "" "scroll the text up";
        Action::PageDown; [PAGE_DOWN] "" "scroll the text down";
        Action::First; [HOME] "" "the first lesson";
        Action::Last; [END] "" "the last lesson";
        Action::Close; [ESC] "" "leave the lesson under way, or back to the catalog";
    }
    Batch {
        Action::PlayPause; [SPACE] "play/pause" "play or pause; the engine stops between passes";
        Action::SingleStep; [Key::char('n')] "one pass" "make one pass, then pause";
        Action::PreviousStep; [LEFT, Key::char('h')] "" "the previous pass";
        Action::NextStep; [RIGHT, Key::char('l')] "←→|pass" "the next pass; at the end of a paused batch, make one more";
        Action::Up; [UP, Key::char('k')] "" "the lane above";
        Action::Down; [DOWN, Key::char('j')] "↑↓|lane" "the lane below";
        Action::Sort; [Key::char('S')] "" "sort the lanes by the next column; after the last, by letter";
        Action::ReverseSort; [Key::char('r')] "" "sort the lanes the other way round";
        Action::Submit; [ENTER] "open lane" "open the lane's run on the Decode screen, at its step in this pass";
        Action::StartBatch; [Key::char('b')] "new batch" "decode the subjects marked in the catalog together; without marks, a sample of them";
        Action::Fewer; [Key::char('[')] "" "a smaller batch size, from the next batch on";
        Action::MoreSubjects; [Key::char(']')] "[ ]|size" "a larger batch size, from the next batch on";
        Action::StopRun; [Key::char('e')] "end" "end the batch here, keeping what its runs have";
        Action::Follow; [Key::char('f')] "follow" "follow the newest pass";
        Action::Slower; [Key::char('-')] "" "slower";
        Action::Faster; [Key::char('+'), Key::char('=')] "-+|pace" "faster";
        Action::NextPane; [TAB] "pane" "the next pane";
        Action::PreviousPane; [BACK_TAB] "" "the previous pane";
        Action::Zoom; [Key::char('z')] "zoom" "zoom the focused pane, or show all panes";
        Action::Narrower; [Key::char('<'), CTRL_LEFT] "" "narrow the left panes";
        Action::Wider; [Key::char('>'), CTRL_RIGHT] "" "widen the left panes";
        Action::Taller; [CTRL_UP] "" "enlarge the panes below the lanes; in the lowest panes, only those";
        Action::Shorter; [CTRL_DOWN] "" "shrink the panes below the lanes; in the lowest panes, only those";
        Action::First; [HOME] "" "the first pass";
        Action::Last; [END] "" "the last pass";
        Action::PageUp; [PAGE_UP] "" "ten passes back";
        Action::PageDown; [PAGE_DOWN] "" "ten passes forward";
        Action::Close; [ESC] "" "leave the zoom, or back to the catalog";
    }
    Lesson {
        Action::Answer; [Key::char('A')] "answer" "type the number that the task asks for";
        Action::NextTask; [Key::char('N')] "next" "skip the task; after the last one, the next lesson";
        Action::ShowAnswer; [Key::char('D')] "" "in presenter mode, show the answer and do what the task asks";
    }
    Anywhere {
        Action::Show(Screen::Catalog); [Key::char('1')] "" "the catalog";
        Action::Show(Screen::Decode); [Key::char('2')] "" "a run, step by step";
        Action::Show(Screen::Tune); [Key::char('3')] "" "settings: what-if and sweeps";
        Action::Show(Screen::Compare); [Key::char('4')] "" "two runs side by side";
        Action::Show(Screen::Pool); [Key::char('5')] "" "the pools of earlier answers";
        Action::Show(Screen::Learn); [Key::char('6')] "" "lessons on real runs";
        Action::Show(Screen::Batch); [Key::char('7')] "" "many subjects in one pass";
        Action::Picture; [Key::char('P')] "" "save this screen as a picture and as text";
        Action::Commands; [Key::char(':')] "" "all commands by name; a number goes to a step";
        Action::Present; [Key::char('L')] "" "presenter mode: one large pane at a time, answers of lessons on a key; or back";
        Action::NextTheme; [Key::char('t')] "" "the next theme";
        Action::ToggleMouse; [Key::char('M')] "" "let the mouse select text, or click again";
        Action::RetryModel; [Key::char('R')] "" "try again to download and load the model";
        Action::CancelFetch; [Key::char('X')] "" "cancel the model's download";
        Action::MeasureCost; [Key::char('C')] "" "measure again what a step costs on this machine, for automatic budgets";
        Action::Help; [Key::char('?')] "help" "the focused pane's figures and keys, and all terms";
        Action::Quit; [Key::char('q')] "quit" "quit";
    }
};
