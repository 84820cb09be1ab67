//! The template language against jinja2: the chat templates of llama.cpp's source
//! tree over six conversations, small cases, and what must not get through.
//! The expected texts are jinja2's own (tests/templates/render.py).

use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

use laserscope::jinja::{Missing, Template, Value};
use laserscope::model::chat::{ChatTemplate, Message, Role};
use serde_json::Value as Json;

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/templates"))
}

fn archived(name: &str) -> String {
    let file = std::fs::File::open(folder().join("llama-cpp.zip")).unwrap();
    let mut archive = zip::ZipArchive::new(file).unwrap();
    let mut text = String::new();
    let mut member = archive.by_name(name).unwrap();
    member.read_to_string(&mut text).unwrap();
    text
}

fn json(text: &str) -> Json {
    serde_json::from_str(text).unwrap()
}

fn render(source: &str, variables: &Json) -> Result<String, String> {
    let template = Template::parse("t", source, Missing::Lenient);
    let variables = variables.as_object().unwrap().iter();
    let given: Vec<(&str, Value)> = variables
        .map(|(name, value)| (name.as_str(), Value::from_json(value)))
        .collect();
    let rendered = template.and_then(|template| template.render(&given));
    rendered.map_err(|err| err.to_string())
}

/// As transformers calls a template when there are no tools.
fn conversation(messages: &Json) -> Json {
    serde_json::json!({
        "messages": messages, "add_generation_prompt": true, "bos_token": "<s>",
        "eos_token": "</s>", "tools": null, "documents": null, "enable_thinking": false,
    })
}

/// Equal to jinja2's text, or refused where jinja2 refuses, too.
fn differs(source: &str, variables: &Json, expected: &Json) -> Option<String> {
    let rendered = render(source, variables);
    match (&rendered, expected.as_str()) {
        (Ok(text), Some(expected)) if text == expected => None,
        (Err(_), None) => None,
        (_, expected) => Some(format!("{source}\n  {rendered:?}\n  {expected:?}")),
    }
}

#[test]
fn llama_cpps_templates_render_as_in_jinja2() {
    let expected = json(&archived("expected.json"));
    let (mut n_equal, mut n_refused) = (0, 0);
    for (name, by_conversation) in expected["renderings"].as_object().unwrap() {
        let source = archived(name);
        for (kind, expected_text) in by_conversation.as_object().unwrap() {
            let variables = conversation(&expected["conversations"][kind]);
            let different = differs(&source, &variables, expected_text);
            assert!(different.is_none(), "{name}, {kind}: {different:?}");
            match expected_text {
                Json::Null => n_refused += 1,
                _ => n_equal += 1,
            }
        }
    }
    assert_eq!((n_equal, n_refused), (392, 28));
}

#[test]
fn small_templates_render_as_in_jinja2() {
    let small = json(&archived("small.json"));
    let small = small.as_array().unwrap();
    assert!(small.len() > 300);
    let own = json(&std::fs::read_to_string(folder().join("cases.json")).unwrap());
    let of_llama_cpp = small.iter().map(|case| (&case[1], &case[2], &case[3]));
    let own_cases = own["cases"].as_array().unwrap().iter();
    let own_cases = own_cases.map(|case| (&case[0], &own["variables"], &case[1]));
    let different = of_llama_cpp
        .chain(own_cases)
        .filter_map(|(source, variables, text)| differs(source.as_str().unwrap(), variables, text));
    let different: Vec<String> = different.collect();
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// Beyond what transformers does: those that refuse a system message get its text,
/// those made for tools get none.
#[test]
fn every_template_takes_a_frameworks_conversation() {
    let expected = json(&archived("expected.json"));
    let turns = [
        (Role::System, "You describe films."),
        (Role::User, "Ronin?"),
        (Role::Assistant, "A thriller."),
        (Role::User, "Heat?"),
    ];
    let turns = turns.map(|(role, text)| Message::new(role, text));
    let mut refused = Vec::new();
    for name in expected["renderings"].as_object().unwrap().keys() {
        let model = tempfile::tempdir().unwrap();
        std::fs::write(model.path().join("chat_template.jinja"), archived(name)).unwrap();
        let template = ChatTemplate::from_folder(model.path()).unwrap().unwrap();
        match template.render(&turns, true) {
            Ok(text) => {
                let shown = turns.iter().filter(|turn| text.contains(&turn.content));
                assert_eq!(shown.count(), turns.len(), "{name}: {text}");
            }
            Err(err) => refused.push((name.as_str(), format!("{err:#}"))),
        }
    }
    // It is made for function calls and needs `functions`.
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(refused[0].0, "fireworks-ai-llama-3-firefunction-v2.jinja");
    assert!(refused[0].1.contains("'functions' is undefined"));
}

fn nested(open: &str, middle: &str, close: &str) -> String {
    const N: usize = 100_000;
    format!("{}{middle}{}", open.repeat(N), close.repeat(N))
}

/// In a loop of sixty passes.
fn repeatedly(start: &str, step: &str) -> String {
    format!(
        "{{% set ns = namespace(s={start}, t=[]) %}}{{% for i in range(60) %}}{step}{{% endfor %}}"
    )
}

fn hostile() -> Vec<(String, &'static str)> {
    let set = |value: &str| format!("{{% set ns.s = {value} %}}");
    let long = "{% set s = 'a' * 50000000 %}{% for i in range(100000) %}";
    let both = |start: &str, step: &str| repeatedly(start, &set(step));
    let plain = [
        (
            "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
            "gave up",
        ),
        ("{{ 'a' * 10000000000 }}", "gave up"),
        ("{{ ([1] * 10000000000) | length }}", "gave up"),
        (
            "{{ 'a'.ljust(10000000000) }}{{ 'a' | center(10000000000) }}",
            "gave up",
        ),
        ("{{ 'a\nb' | indent(10000000000) }}", "gave up"),
        ("{{ [[1]] | tojson(indent=10000000000) }}", "gave up"),
        ("{{ [1] | batch(10000000000, 'x') | list }}", "gave up"),
        ("{{ range(1000000000000) }}", "range"),
        ("{{ '%1000000000d' % 1 }}", "characters"),
        ("{{ '{:>1000000000}'.format('a') }}", "characters"),
        ("{{ 10 ** 1000000 }}", "64 bits"),
        ("{{ (-9223372036854775807 - 1) // -1 }}", "64 bits"),
        ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "deep"),
        (
            "{% macro f() %}{% call f() %}{% endcall %}{% endmacro %}{{ f() }}",
            "deep",
        ),
        (
            "{% for x in [[1]] recursive %}{{ loop([x]) }}{% endfor %}",
            "deep",
        ),
        (
            "{% set ns = namespace(s=[]) %}{% for i in range(99999) %}{% set ns.s = [ns.s] %}{% endfor %}",
            "nested",
        ),
    ];
    let mut all: Vec<(String, &str)> = plain.map(|(source, said)| (source.to_owned(), said)).into();
    all.extend([
        (nested("{{ (", "1", ") }}"), ""),
        (format!("{{{{ {} }}}}", nested("(", "1", ")")), "deep"),
        (format!("{{{{ {} }}}}", nested("[", "", "]")), "deep"),
        (format!("{{{{ {}1 }}}}", "not ".repeat(100_000)), "deep"),
        (format!("{{{{ {}1 }}}}", "-".repeat(100_000)), "deep"),
        (nested("{% if 1 %}", "", "")[..1_000_000].to_owned(), "deep"),
        (nested("{% if 1 %}", "", "{% endif %}"), "KiB"),
        (both("'a'", "ns.s ~ ns.s"), "gave up"),
        (both("'a'", "ns.s + ns.s"), "gave up"),
        (both("[1]", "ns.s + ns.s"), "gave up"),
        (both("'a'", "[ns.s, ns.s] | join(ns.s)"), "gave up"),
        (both("'a'", "ns.s.join([ns.s, ns.s])"), "gave up"),
        (both("'aaaa'", "ns.s | replace('a', 'aaaa')"), "gave up"),
        (both("'aaaa'", "ns.s.replace('a', 'aaaa')"), "gave up"),
        (both("'{0}{0}'", "ns.s.format(ns.s)"), "gave up"),
        (both("'a'", "[ns.s, ns.s] | string"), "gave up"),
        (both("[]", "[ns.s, ns.s]") + "{{ ns.s }}", "gave up"),
        (
            repeatedly(
                "[]",
                "{% set ns.s = [ns.s, ns.s] %}{% set ns.t = [ns.t, ns.t] %}",
            ) + "{{ ns.s == ns.t }}",
            "gave up",
        ),
        (
            repeatedly("'a'", "{% set ns.s %}{{ ns.s }}{{ ns.s }}{% endset %}"),
            "gave up",
        ),
        (
            format!("{long}{{% if s is upper %}}{{% endif %}}{{% endfor %}}"),
            "gave up",
        ),
        (
            format!("{long}{{% if s[-1] %}}{{% endif %}}{{% endfor %}}"),
            "gave up",
        ),
        (
            format!("{long}{{% if s.strip() %}}{{% endif %}}{{% endfor %}}"),
            "gave up",
        ),
    ]);
    all
}

#[test]
fn no_template_loops_overflows_or_fills_the_memory() {
    // Half of what a thread has by default.
    let check = || {
        for (source, said) in hostile() {
            let shown = &source[..source.len().min(90)];
            let start = Instant::now();
            let err = render(&source, &serde_json::json!({})).expect_err(shown);
            assert!(err.contains(said), "{shown}: {err}");
            let took = start.elapsed();
            assert!(took < Duration::from_secs(20), "{shown}: {took:?}");
        }
    };
    let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(check);
    thread.unwrap().join().unwrap();
}

#[test]
fn what_can_stand_in_a_row_is_long_without_being_deep() {
    let n = 20_000;
    let same = [
        (
            format!("{{{{ 1{} }}}}", " + 1".repeat(n)),
            (n + 1).to_string(),
        ),
        (format!("{{{{ 1{} }}}}", " and 1".repeat(n)), "1".to_owned()),
        (
            format!("{{{{ 'a'{} }}}}", " | upper".repeat(n)),
            "A".to_owned(),
        ),
        (format!("{{{{ 'a'{} }}}}", "[0]".repeat(n)), "a".to_owned()),
    ];
    for (source, text) in same {
        assert_eq!(render(&source, &serde_json::json!({})), Ok(text));
    }
}

#[test]
fn errors_say_the_line_and_nothing_of_the_inside() {
    let said = |source: &str| render(source, &serde_json::json!({ "m": {} })).unwrap_err();
    assert_eq!(
        said("a\n{{ m.x.y }}"),
        "t, line 2: 'dict object' has no attribute 'x'"
    );
    assert_eq!(
        said("{{ 1 +\n'a' }}"),
        "t, line 1: unsupported operand types for +: 'int' and 'str'"
    );
    assert_eq!(
        said("\n\n{{ m | nothing }}"),
        "t, line 3: no filter named 'nothing'"
    );
    assert_eq!(said("{% if m %}"), "t, line 1: `{% endif %}` is missing");
    assert_eq!(said("{{ raise_exception('no') }}"), "t, line 1: no");
    assert_eq!(
        said("{% set _ = [].append(1) %}"),
        "t, line 1: access to attribute 'append' of 'list' object is unsafe."
    );
}

/// Frameworks say what they lack; a chat template must not.
#[test]
fn a_strict_template_uses_nothing_that_is_not_there() {
    let strict = |source: &str| {
        let template = Template::parse("t", source, Missing::Strict).unwrap();
        let year = Value::from_json(&serde_json::json!({ "year": null, "title": "Heat" }));
        template
            .render(&[("it", year)])
            .map_err(|err| err.to_string())
    };
    assert_eq!(
        strict("{{ it.title }}{{ ' x' if it.year }}"),
        Ok("Heat".into())
    );
    assert_eq!(
        strict("{{ it.x | default('-') }}{{ it.x is defined }}"),
        Ok("-False".into())
    );
    for source in [
        "{{ it.x }}",
        "{% if it.x %}{% endif %}",
        "{% for a in it.x %}{% endfor %}",
        "{{ it.x ~ 'a' }}",
        "{{ it.x | join }}",
    ] {
        let said = strict(source).unwrap_err();
        assert!(said.contains("no attribute 'x'"), "{source}: {said}");
    }
}
