//! What a person can ask of the interface. Keys, the mouse and the clock become
//! actions; only actions change the state.

use std::time::Duration;

use tui_input::InputRequest;

use super::mouse::Target;
use super::state::app::Screen;

#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    Quit,
    Suspend,
    /// Esc: the dialog, the filter, the zoom; whatever is on top.
    Close,
    Help,
    NextTheme,
    ToggleMouse,
    RetryModel,
    CancelFetch,
    Show(Screen),
    Settings,

    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
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
    PreviousMatch,
    NextMatch,
    ChangeMatch,
    GoTo,
    NextPane,
    PreviousPane,
    Zoom,
    Ghosts,
    Save,
    Reference,
    Again,

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

    /// A change to the text being typed.
    Edit(InputRequest),
    Paste(String),
    Click(Target),
    /// The wheel over a target; positive is down.
    Wheel(Target, i32),
    Resize(u16, u16),
    /// Time went by; only while something moves.
    Tick(Duration),
}
