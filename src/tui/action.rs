//! What a person can ask of the interface. Keys, the mouse and the clock become
//! actions; only actions change the state.

use std::time::Duration;

use strum::IntoStaticStr;
use tui_input::InputRequest;

use crate::tui::screens::Screen;
use crate::tui::target::Target;

/// What only the Pool screen is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum PoolAction {
    /// Look for a text in the pools.
    Search,
    /// Draft after the chosen subject's prompt.
    ProbePrompt,
    /// Type a document.
    AddText,
    /// Add the documents of a file.
    AddFile,
    /// Take the selected document out.
    Remove,
    /// Take the last change back.
    Undo,
    /// Write the changes to the pool on disk.
    Save,
}

/// What only the Compare screen is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum CompareAction {
    /// Choose the left run.
    Left,
    /// Choose the right run.
    Right,
    /// Exchange the sides.
    Swap,
    /// Bring the part of the texts with the first divergence into view.
    Divergence,
    /// Show the step of the divergence on the Decode screen.
    Inspect,
    /// The race from its beginning.
    Restart,
}

/// What only the acceptance board is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum BoardAction {
    /// Sort the other way round.
    Reverse,
    /// Sum by group, heading or position.
    Breakdown,
    /// Mark the row, or take the mark off.
    Mark,
    /// Mark all rows shown, or none.
    MarkAll,
    /// Generate for the marked subjects.
    Generate,
    /// Sweep over the marked subjects.
    Sweep,
    /// Score the marked answers.
    Score,
    /// Write the rows shown to files.
    Export,
}

/// What a key, a click or the palette asks of the interface.
#[derive(Clone, Debug, PartialEq, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
#[expect(missing_docs, reason = "`keys::table` says what each key does")]
pub enum Action {
    Quit,
    Suspend,
    /// Esc: the dialog, the filter, the zoom; whatever is on top.
    Close,
    Help,
    NextTheme,
    ToggleMouse,
    /// Large panes for an audience, or all of them.
    Present,
    /// Everything that can be done, by name.
    Commands,
    CopyMenu,
    Copy(Copied),
    /// The left pane, by a column or two.
    Narrower,
    Wider,
    /// The lower panes, by a row.
    Taller,
    Shorter,
    RetryModel,
    /// Measure what a step costs on this machine.
    MeasureCost,
    CancelFetch,
    Show(Screen),
    Settings,

    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    /// By the next column.
    Sort,
    /// The other way round.
    ReverseSort,
    /// One less or one to the left: a setting, a choice.
    Less,
    More,
    /// Enter in a dialog.
    Submit,

    NextTab,
    Filter,
    Generate,
    GeneratePaused,
    OwnPrompt,
    /// Mark the selected subject for a batch, or unmark it.
    Mark,
    Unmark,
    /// Decode the marked subjects together.
    StartBatch,
    NextFramework,
    EarlierRuns,
    DetailUp,
    DetailDown,

    PlayPause,
    SingleStep,
    StopRun,
    Slower,
    Faster,
    Follow,
    PreviousStep,
    NextStep,
    WhySlow,
    WhyLow,
    /// Questions about steps whose verdict is still hidden.
    Predict,
    /// The step's mask, its cache rows and a token's way.
    InsidePass,
    /// Branch the run from the step looked at.
    Branch,
    /// The document that the selected draft came from, on the Pool screen.
    OpenDocument,
    PreviousPhase,
    NextPhase,
    Bookmark,
    NextBookmark,
    PreviousMatch,
    NextMatch,
    ChangeMatch,
    /// Type what to look for.
    Condition,
    GoTo,
    NextPane,
    PreviousPane,
    Zoom,
    Ghosts,
    Save,
    Reference,
    Again,
    /// The forms the run shown can be exported in.
    Export,
    /// The screen as a picture and as text.
    Picture,
    /// Type the number that a lesson's task asks for.
    Answer,
    /// Pass the task over; after the last one, the next lesson.
    NextTask,
    /// In presenter mode, show the answer and do what the task asks.
    ShowAnswer,

    #[strum(serialize = "lab")]
    Pool(PoolAction),
    Compare(CompareAction),
    Board(BoardAction),

    /// Tune: the sliders back to the run's parameters.
    Reset,
    CopyCommand,
    SaveSettings,
    StartSweep,
    NextMeasure,
    NextWho,
    NextTried,
    Fewer,
    MoreSubjects,
    PreviousLayer,
    NextLayer,
    /// Whose run a cell opens.
    NextSubject,
    /// The cell's setting to the sliders.
    Adopt,
    /// Two cells' texts beside each other.
    CompareCells,

    /// A line break in the text being typed.
    NewLine,
    /// A question and an answer before a custom prompt.
    AddTurn,
    /// A change to the text being typed.
    Edit(InputRequest),
    Paste(String),
    Click(Target),
    /// The mouse at a column and a row, its button held.
    Drag(u16, u16),
    /// The button let go.
    Drop,
    /// The wheel over a target; positive is down.
    Wheel(Target, i32),
    Resize(u16, u16),
    /// Time went by; only while something moves.
    Tick(Duration),
}

/// What can be copied to the terminal's clipboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
#[expect(missing_docs, reason = "`keys::table` says what each key does")]
pub enum Copied {
    Token,
    Step,
    Text,
    Prompt,
    Command,
}

impl Copied {
    pub(crate) const ALL: [Copied; 5] = [
        Copied::Token,
        Copied::Step,
        Copied::Text,
        Copied::Prompt,
        Copied::Command,
    ];
}

impl Action {
    /// As a file of keys and the palette write it: `play-pause`, `show-decode`.
    pub fn name(&self) -> String {
        let name: &'static str = self.into();
        let what: Option<&'static str> = match self {
            Action::Copy(what) => Some(what.into()),
            Action::Show(screen) => Some(screen.into()),
            Action::Pool(asked) => Some(asked.into()),
            Action::Compare(asked) => Some(asked.into()),
            Action::Board(asked) => Some(asked.into()),
            _ => None,
        };
        match what {
            Some(what) => format!("{name}-{what}"),
            None => name.to_string(),
        }
    }
}
