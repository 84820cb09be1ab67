//! What stands in braces in a lesson's text: `{key:find}` is the key of an action
//! as it is bound, `{run-steps@strict}` a figure of a run.

use color_eyre::eyre::{Result, bail, ensure, eyre};
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::figure::Figure;
use super::view::LessonView;

/// A key that a lesson's text may name: `{key:step-back}`. What it does is known where
/// the lesson is taught.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum LessonKey {
    /// The next step.
    Step,
    /// The previous step.
    StepBack,
    /// The token above.
    Up,
    /// The token below.
    Down,
    /// The next step that matches.
    Find,
    /// The previous step that matches.
    FindBack,
    /// The next pane.
    Pane,
    /// The focused pane alone.
    Zoom,
    /// Refused drafts in the text.
    Ghosts,
    /// The settings.
    Settings,
    /// The list of runs.
    Runs,
    /// Where the time went.
    WhySlow,
    /// The inside of the step's pass.
    InsidePass,
    /// Questions about steps whose verdict is hidden.
    Predict,
    /// Answer such a question.
    PredictAnswer,
    /// The next run of the list.
    Choose,
    /// Open the run chosen.
    Open,
    /// The next setting.
    Setting,
    /// Lower a setting.
    Less,
    /// Close what is in front.
    Close,
    /// The Decode screen.
    Decode,
    /// The Compare screen.
    Compare,
    /// Replay two runs on one clock.
    Race,
    /// The Learn screen.
    Learn,
    /// The help.
    Help,
    /// The Batch screen.
    Batch,
    /// The previous pass.
    PassBack,
    /// The last pass.
    LastPass,
    /// The next pane of the Batch screen.
    BatchPane,
    /// The next lane.
    Lane,
    /// Open the lane's run.
    OpenLane,
    /// Type a number.
    Answer,
    /// Pass the task over.
    GoOn,
}

impl LessonKey {
    /// Every key that has a name.
    pub const ALL: &'static [LessonKey] = <Self as VariantArray>::VARIANTS;

    /// As texts write it.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The key that does it in the player of a lesson's page; `None`: the page has no such
    /// thing, and a text that names the key needs another wording there.
    pub fn on_page(self) -> Option<&'static str> {
        Some(match self {
            LessonKey::Step => "→",
            LessonKey::StepBack | LessonKey::PassBack => "←",
            LessonKey::Up => "↑",
            LessonKey::Down | LessonKey::Lane => "↓",
            LessonKey::Find => "]",
            LessonKey::FindBack => "[",
            LessonKey::LastPass => "End",
            LessonKey::OpenLane | LessonKey::PredictAnswer => "Enter",
            LessonKey::Predict => "Q",
            LessonKey::Answer => "A",
            LessonKey::GoOn => "N",
            _ => return None,
        })
    }
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq)]
pub enum TextPiece {
    /// As it stands.
    Plain(String),
    /// A key that is named.
    Key(LessonKey),
    /// A number, and its name.
    Figure(String, Figure),
}

/// A text in parts.
///
/// # Errors
/// A brace that is not closed, or whose name means nothing.
pub fn pieces(text: &str) -> Result<Vec<TextPiece>> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else {
            bail!("unclosed brace: {text}");
        };
        out.push(TextPiece::Plain(before.into()));
        out.push(in_braces(name)?);
        rest = after;
    }
    out.push(TextPiece::Plain(rest.into()));
    out.retain(|piece| *piece != TextPiece::Plain(String::new()));
    Ok(out)
}

/// What a name in braces means.
fn in_braces(name: &str) -> Result<TextPiece> {
    let Some(key) = name.strip_prefix("key:") else {
        let figure = name.parse::<Figure>().map_err(|e| eyre!(e))?;
        return Ok(TextPiece::Figure(name.into(), figure));
    };
    let Ok(key) = key.parse() else {
        let known: Vec<&str> = LessonKey::ALL.iter().map(|k| k.name()).collect();
        bail!("key `{key}`: must be one of {}", known.join(", "));
    };
    Ok(TextPiece::Key(key))
}

/// Whether everything in braces means something on a page.
pub(crate) fn check_page(text: &str) -> Result<()> {
    for piece in pieces(text)? {
        if let TextPiece::Key(key) = piece {
            let name = key.name();
            ensure!(
                key.on_page().is_some(),
                "`{{key:{name}}}` is no key of a lesson's page: give the text another wording there, as `on-page`"
            );
        }
    }
    Ok(())
}

/// Whether everything in braces means something.
pub(crate) fn check(text: &str) -> Result<()> {
    pieces(text).map(drop)
}

/// The text with every part of it put into words.
///
/// # Errors
/// Those of [`pieces`].
pub fn fill(text: &str, meaning: impl Fn(&TextPiece) -> String) -> Result<String> {
    let words = |piece| match piece {
        TextPiece::Plain(plain) => plain,
        other => meaning(&other),
    };
    Ok(pieces(text)?.into_iter().map(words).collect())
}

/// The text with keys and figures put in; a figure that nothing shown has is `?`.
pub fn told(text: &str, view: &LessonView, key: impl Fn(LessonKey) -> String) -> String {
    let filled = fill(text, |piece| match piece {
        TextPiece::Plain(plain) => plain.clone(),
        TextPiece::Key(named) => key(*named),
        TextPiece::Figure(_, figure) => figure.told(view).unwrap_or("?".into()),
    });
    filled.unwrap_or_else(|_| text.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_must_mean_something() {
        assert!(check("press {key:find}, see {run-steps@strict}").is_ok());
        assert!(check("press {key:nothing}").is_err());
        assert!(check("see {nothing}").is_err());
        assert!(check("see {run-steps").is_err());
        assert!(check_page("press {key:find}").is_ok());
        assert!(check_page("press {key:zoom}").is_err());
    }

    #[test]
    fn a_text_is_the_sum_of_its_parts() {
        let parts = pieces("press {key:find}, see {run-steps@strict}").expect("parts");
        let figure = "run-steps@strict".parse().expect("a figure");
        assert_eq!(
            parts,
            [
                TextPiece::Plain("press ".into()),
                TextPiece::Key(LessonKey::Find),
                TextPiece::Plain(", see ".into()),
                TextPiece::Figure("run-steps@strict".into(), figure),
            ]
        );
    }
}
