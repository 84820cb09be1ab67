//! The palette, copying, panes to resize, remembered state, ASCII, and the bars at the
//! top and bottom of every screen.

use clap::Parser;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use laserscope::cli::{Cli, Command as Asked};
use laserscope::present::key::Naming;
use laserscope::present::theme::ThemeName;
use laserscope::speculate::command_line::CommandLine;
use laserscope::speculate::params::{
    ALL_RANKS, AcceptanceRule, Budget, Drafter, Params, Sampling, Sources,
};
use laserscope::speculate::trace::Header;
use laserscope::tui::Glyphs;
use laserscope::tui::Keymap;
use laserscope::tui::app::{App, Effect};
use laserscope::tui::keys::remap;
use laserscope::tui::remembered::Mouse;
use laserscope::tui::screens::Screen;
use laserscope::tui::screens::decode::state::{Pane, Zoom};
use ratatui::buffer::Buffer;

use super::fixture;
use super::stage::{LARGE, SMALL, decoding, draw, ended, keys, measured, press, ready};

const SCREENS: [Screen; 7] = [
    Screen::Catalog,
    Screen::Decode,
    Screen::Tune,
    Screen::Compare,
    Screen::Pool,
    Screen::Learn,
    Screen::Batch,
];

fn row(buffer: &Buffer, y: u16) -> String {
    (0..buffer.area.width)
        .map(|x| buffer[(x, y)].symbol())
        .collect()
}

fn ctrl(app: &mut App, code: KeyCode) {
    app.press(&KeyEvent::new(code, KeyModifiers::CONTROL));
}

fn copied(app: &mut App) -> Option<String> {
    app.take_effects()
        .into_iter()
        .find_map(|effect| match effect {
            Effect::Copy(text) => Some(text),
            _ => None,
        })
}

#[test]
fn the_palette_finds_by_name_and_does_it() {
    let (mut app, _) = decoding(&fixture::relaxed(), 24);
    keys(&mut app, ":zoom");
    press(&mut app, KeyCode::Enter);
    assert_eq!(app.decode.zoom, Zoom::One);
    assert!(app.dialog.is_none());
}

#[test]
fn the_palette_goes_to_a_step_and_finds_a_condition() {
    let mut app = ended(&fixture::relaxed());
    keys(&mut app, ":7");
    press(&mut app, KeyCode::Enter);
    assert_eq!(app.step_index(), Some(6));
    keys(&mut app, ":committed>1 and relaxed");
    press(&mut app, KeyCode::Enter);
    let step = app.step().expect("a step");
    assert!(step.verdict.path.len() + 1 > 1 && app.step_index() > Some(6));
}

#[test]
fn the_palette_reaches_what_another_screen_does() {
    let mut app = ended(&fixture::relaxed());
    keys(&mut app, "1:follow the newest");
    press(&mut app, KeyCode::Enter);
    assert_eq!(app.screen, Screen::Decode);
    keys(&mut app, ":qqqq");
    press(&mut app, KeyCode::Enter);
    let notice = app.notice.as_ref().expect("a notice");
    assert!(notice.text.contains("qqqq"), "{}", notice.text);
}

#[test]
fn a_remapped_key_does_it_and_every_text_says_so() {
    let mut app = ready();
    app.look.keys = remap::read("[keys.catalog]\nfilter = \"W\"\n").expect("a map");
    app.look.size = LARGE;
    let drawn: String = (0..40).map(|y| row(&draw(&app), y)).collect();
    assert!(drawn.contains("W filters title"), "{drawn}");
    assert!(drawn.contains("W filter "), "{drawn}");
    keys(&mut app, "W");
    keys(&mut app, "heat");
    assert_eq!(app.catalog.list().filter.value(), "heat");
}

#[test]
fn everything_can_be_copied() {
    let trace = fixture::relaxed();
    let mut app = ended(&trace);
    let mut copy = |letters: &str| {
        keys(&mut app, letters);
        copied(&mut app).expect(letters)
    };
    assert_eq!(copy("yp"), trace.header.prompt);
    let text = copy("yx");
    assert!(
        text.starts_with("Genre:") && text.contains("Michael Mann"),
        "{text}"
    );
    assert!(text.contains(&copy("ys")));
    assert!(copy("ys").contains(&copy("yt")));
    assert!(copy("yc").starts_with("laserscope generate --item"));
    let mut app = ready();
    keys(&mut app, "y");
    assert!(
        copied(&mut app)
            .expect("a prompt")
            .contains("<|im_start|>user")
    );
}

/// The options that a command line gives back.
fn parsed(header: &Header) -> Params {
    let line = CommandLine::of_run(header, None).text();
    let cli = Cli::try_parse_from(line.split(' ')).expect(&line);
    match cli.command {
        Some(Asked::Generate(args)) => args.decode.over(Params::default()).expect(&line),
        _ => panic!("{line}"),
    }
}

#[test]
fn a_copied_command_line_has_every_parameter() {
    let mut header = fixture::relaxed().header;
    let cases = [
        Params::default(),
        Params {
            verify: AcceptanceRule::Strict,
            budget: Budget::Rows(8),
            branch: 4,
            max_suffix: 8,
            sources: Sources::NONE,
            drafter: Drafter::Ngram,
            repeat_penalty: 1.0,
            repeat_window: 32,
            max_tokens: 99,
            sampling: Some(Sampling {
                temperature: 0.7,
                top_k: Some(40),
                top_p: Some(0.9),
                seed: 11,
            }),
            ..Params::default()
        },
        Params {
            verify: AcceptanceRule::Relaxed { k: 5, tau: 0.35 },
            ..Params::default()
        },
        Params {
            verify: AcceptanceRule::Ratio { k: 3, r: 0.4 },
            ..Params::default()
        },
        Params {
            verify: AcceptanceRule::Typical {
                eps: 0.1,
                delta: 0.2,
            },
            ..Params::default()
        },
        Params {
            verify: AcceptanceRule::Relaxed {
                k: ALL_RANKS,
                tau: 0.3,
            },
            ..Params::default()
        },
        Params {
            verify: AcceptanceRule::Margin { k: 10, m: 0.6 },
            ..Params::default()
        },
        Params {
            verify: AcceptanceRule::Deferred { h: 0.7, w: 4 },
            ..Params::default()
        },
        Params {
            verify: AcceptanceRule::Deferred {
                h: f32::INFINITY,
                w: 1,
            },
            ..Params::default()
        },
    ];
    for params in cases {
        header.params = params;
        assert_eq!(parsed(&header), params);
    }
}

#[test]
fn panes_move_and_stop_at_the_ends() {
    let (mut app, _) = decoding(&fixture::relaxed(), 24);
    for size in [LARGE, SMALL] {
        app.look.size = size;
        let width = |app: &App| {
            laserscope::tui::screens::decode::panes::text::pane_inner(app, Pane::Text)
                .expect("shown")
                .width
        };
        let height = |app: &App| {
            laserscope::tui::screens::decode::panes::text::pane_inner(app, app.decode.lower)
                .expect("shown")
                .height
        };
        let (w, h) = (width(&app), height(&app));
        keys(&mut app, "<<");
        assert_eq!(width(&app), w - 4);
        ctrl(&mut app, KeyCode::Right);
        ctrl(&mut app, KeyCode::Right);
        ctrl(&mut app, KeyCode::Up);
        assert_eq!((width(&app), height(&app)), (w, h + 1));
        ctrl(&mut app, KeyCode::Down);
        assert_eq!(height(&app), h);
        for _ in 0..200 {
            keys(&mut app, ">");
            ctrl(&mut app, KeyCode::Up);
        }
        let widest = width(&app);
        assert!(widest < size.0 - 20, "{widest}");
        keys(&mut app, "<");
        assert!(width(&app) < widest, "no press is lost at the end");
        draw(&app);
        app.look.panes = laserscope::tui::remembered::Shift::default();
    }
}

#[test]
fn what_was_chosen_is_remembered() {
    let (mut app, _) = decoding(&fixture::relaxed(), 24);
    assert_eq!(app.memory().theme, None);
    keys(&mut app, "tM>");
    let memory = app.memory();
    assert_eq!(memory.theme.as_deref(), Some("light"));
    assert_eq!(memory.mouse, Mouse::Terminals);
    assert_eq!(memory.panes.left, 2);
}

/// A screen with its device, its screens' numbers, and a way to help and out.
#[test]
fn the_bars_are_whole_on_every_screen() {
    for size in [LARGE, SMALL] {
        for screen in SCREENS {
            let mut app = ended(&fixture::relaxed());
            app.screen = screen;
            app.look.size = size;
            let buffer = draw(&app);
            let (header, footer) = (row(&buffer, 0), row(&buffer, size.1 - 1));
            assert!(header.trim_end().ends_with("· cpu"), "{size:?} {header}");
            assert!(header.contains(" 6 "), "{header}");
            assert!(footer.contains("? help"), "{screen:?} {footer}");
            assert!(footer.trim_end().ends_with("q quit"), "{screen:?} {footer}");
        }
    }
}

#[test]
fn too_small_a_terminal_is_told_the_size_needed() {
    for screen in SCREENS {
        let mut app = ended(&fixture::relaxed());
        app.screen = screen;
        app.look.size = (59, 20);
        let drawn: String = (0..20).map(|y| row(&draw(&app), y)).collect();
        assert!(drawn.contains("60×20"), "{drawn}");
        app.look.size = (60, 20);
        let drawn: String = (0..20).map(|y| row(&draw(&app), y)).collect();
        assert!(!drawn.contains("60×20"), "{drawn}");
    }
}

#[test]
fn every_screen_can_be_drawn_in_ascii() {
    for size in [LARGE, SMALL] {
        for screen in SCREENS {
            for dialog in ["", "?", ":", "p", "y"] {
                let mut app = measured();
                app.look.glyphs = Glyphs::Ascii;
                app.look.keys.naming = Naming::Words;
                app.screen = screen;
                app.look.size = size;
                keys(&mut app, dialog);
                let buffer = draw(&app);
                for y in 0..size.1 {
                    let line = row(&buffer, y);
                    assert!(line.is_ascii(), "{screen:?} {dialog}: {line}");
                    // A glyph without a replacement would be a question mark.
                    let help = line
                        .replace("? help", "")
                        .replace(" ? ", "")
                        .replace("?", "¿");
                    let asks = dialog != "?" && dialog != ":" && !line.contains("what");
                    assert!(!asks || !help.contains('¿'), "{screen:?} {dialog}: {line}");
                }
            }
        }
    }
}

#[test]
fn fates_keep_their_signs_in_ascii() {
    let mut app = measured();
    app.look.glyphs = Glyphs::Ascii;
    app.look.size = LARGE;
    let drawn: String = (0..40).map(|y| row(&draw(&app), y)).collect();
    for sign in ["v accepted", "~ relaxed", "x rejected", "% lost"] {
        assert!(drawn.contains(sign), "{sign}\n{drawn}");
    }
}

#[test]
fn themes_turn_through_all_bundled_ones() {
    let mut app = ready();
    let mut names = Vec::new();
    for _ in ThemeName::ALL {
        names.push(app.look.theme.name().to_string());
        keys(&mut app, "t");
    }
    assert_eq!(names, ThemeName::ALL.map(|t| t.name().to_string()));
}

/// Files of keys hold the names of contexts and actions.
#[test]
fn names_that_files_hold_stay() {
    let table = remap::write(&Keymap::default());
    let name = |line: &str| match line.split_once(" = ") {
        Some((action, _)) => Some(format!("  {action}")),
        None => line.starts_with('[').then(|| line.to_string()),
    };
    let names: Vec<String> = table.lines().filter_map(name).collect();
    insta::with_settings!({omit_expression => true}, {
        insta::assert_snapshot!("names_of_keys", names.join("\n"));
    });
}
