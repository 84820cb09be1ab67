//! The contexts in which keys mean something, and the order in which they are asked.

use strum::IntoStaticStr;

/// Where a key means something. A text being typed gets its keys first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Context {
    /// Always, even while a text is typed.
    Always,
    /// Unless a text is typed or a dialog is open.
    Anywhere,
    /// The Catalog screen.
    Catalog,
    /// The acceptance board, on the Catalog screen.
    Board,
    /// The Decode screen.
    Decode,
    /// The Tune screen.
    Tune,
    /// The Compare screen.
    Compare,
    /// The Pool screen.
    Pool,
    /// The Learn screen.
    Learn,
    /// The Batch screen.
    Batch,
    /// A lesson is under way: on every screen, before the screen's own keys.
    Lesson,
    /// The catalog's filter is being typed.
    Filter,
    /// A prompt or a step number is being typed.
    Typing,
    /// A custom prompt is being written.
    Prompt,
    /// The dialog of settings.
    Settings,
    /// The list of runs.
    Runs,
    /// The forms a run can be exported in.
    Export,
    /// The help.
    Help,
    /// What the help is searched for is being typed.
    HelpSearch,
    /// Where and with what to branch.
    Branch,
    /// A condition is being typed.
    Condition,
    /// Where a run's time goes.
    WhySlow,
    /// Why acceptance is low.
    WhyLow,
    /// A prediction about a step.
    Predict,
    /// Inside the pass: mask, cache, a token's way.
    Pass,
    /// Scores of the answers marked on the board.
    Score,
    /// A question about a large download.
    Question,
    /// Runs would be lost.
    Leave,
    /// A message to be read.
    Message,
    /// The palette of everything that can be done.
    Commands,
    /// What is to be copied?
    Copy,
}

impl Context {
    /// As a file of keys writes it: `decode`.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// As the help calls it.
    pub fn title(self) -> &'static str {
        match self {
            Context::Always => "Always",
            Context::Anywhere => "On every screen",
            Context::Catalog => "Catalog",
            Context::Board => "Acceptance board",
            Context::Decode => "Decode",
            Context::Tune => "Tune",
            Context::Compare => "Compare",
            Context::Pool => "Pool",
            Context::Learn => "Learn",
            Context::Batch => "Batch",
            Context::Lesson => "In a lesson",
            Context::Filter => "While filtering",
            Context::Typing => "While typing",
            Context::Prompt => "While writing a prompt",
            Context::Settings => "Settings",
            Context::Runs => "Earlier runs",
            Context::Export => "Export",
            Context::Help => "Help",
            Context::HelpSearch => "While searching the help",
            Context::Branch => "Branching",
            Context::Condition => "Finding steps",
            Context::WhySlow => "Why slow?",
            Context::WhyLow => "Why low?",
            Context::Predict => "Predicting",
            Context::Pass => "Inside the pass",
            Context::Score => "Scores",
            Context::Question => "Question",
            Context::Leave => "Quitting",
            Context::Message => "Message",
            Context::Commands => "Palette",
            Context::Copy => "Copy",
        }
    }

    /// The contexts that are asked for a key, first to last, when this one is on top.
    pub(crate) fn chain(self) -> &'static [Context] {
        match self {
            Context::Catalog => &[Context::Catalog, Context::Anywhere, Context::Always],
            Context::Board => &[Context::Board, Context::Anywhere, Context::Always],
            Context::Decode => &[Context::Decode, Context::Anywhere, Context::Always],
            Context::Tune => &[Context::Tune, Context::Anywhere, Context::Always],
            Context::Compare => &[Context::Compare, Context::Anywhere, Context::Always],
            Context::Pool => &[Context::Pool, Context::Anywhere, Context::Always],
            Context::Learn => &[Context::Learn, Context::Anywhere, Context::Always],
            Context::Batch => &[Context::Batch, Context::Anywhere, Context::Always],
            Context::Lesson => &[Context::Lesson, Context::Always],
            Context::Filter => &[Context::Filter, Context::Always],
            Context::Typing => &[Context::Typing, Context::Always],
            Context::Prompt => &[Context::Prompt, Context::Always],
            Context::Settings => &[Context::Settings, Context::Always],
            Context::Runs => &[Context::Runs, Context::Always],
            Context::Export => &[Context::Export, Context::Always],
            Context::Help => &[Context::Help, Context::Always],
            Context::HelpSearch => &[Context::HelpSearch, Context::Always],
            Context::Branch => &[Context::Branch, Context::Always],
            Context::Condition => &[Context::Condition, Context::Always],
            Context::WhySlow => &[Context::WhySlow, Context::Always],
            Context::WhyLow => &[Context::WhyLow, Context::Always],
            Context::Predict => &[Context::Predict, Context::Always],
            Context::Pass => &[Context::Pass, Context::Always],
            Context::Score => &[Context::Score, Context::Always],
            Context::Question => &[Context::Question, Context::Always],
            Context::Leave => &[Context::Leave, Context::Always],
            Context::Message => &[Context::Message, Context::Always],
            Context::Commands => &[Context::Commands, Context::Always],
            Context::Copy => &[Context::Copy, Context::Always],
            Context::Anywhere | Context::Always => &[Context::Anywhere, Context::Always],
        }
    }

    /// In the order of the help.
    pub const ALL: [Context; 31] = [
        Context::Decode,
        Context::Catalog,
        Context::Board,
        Context::Tune,
        Context::Compare,
        Context::Pool,
        Context::Learn,
        Context::Batch,
        Context::Lesson,
        Context::Anywhere,
        Context::Always,
        Context::Settings,
        Context::Filter,
        Context::Typing,
        Context::Prompt,
        Context::Runs,
        Context::Export,
        Context::Help,
        Context::HelpSearch,
        Context::Branch,
        Context::Condition,
        Context::WhySlow,
        Context::WhyLow,
        Context::Predict,
        Context::Pass,
        Context::Score,
        Context::Question,
        Context::Leave,
        Context::Message,
        Context::Commands,
        Context::Copy,
    ];

    /// Whether letters are typed into a text here.
    pub fn takes_text(self) -> bool {
        matches!(
            self,
            Context::Filter
                | Context::Typing
                | Context::Prompt
                | Context::Condition
                | Context::Commands
                | Context::HelpSearch
        )
    }
}
