//! Every format with the same prompt and answers, and each kind of damage.

use std::io::Write;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::*;

/// Files of a log by name.
type Files<'a> = [(&'a str, Vec<u8>)];

fn read_with(files: &Files, options: &LogOptions) -> (Result<Vec<LogEntry>, String>, LogReport) {
    let folder = tempfile::tempdir().unwrap();
    let write = |(name, bytes): &(&str, Vec<u8>)| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let paths: Vec<PathBuf> = files.iter().map(write).collect();
    let mut reader = match LogReader::open(&paths, options) {
        Ok(reader) => reader,
        Err(error) => return (Err(format!("{error:#}")), LogReport::default()),
    };
    let entries: color_eyre::eyre::Result<Vec<LogEntry>> = reader.by_ref().collect();
    let report = reader.report().clone();
    assert_eq!(report.n_lines, report.n_used + report.n_skipped());
    (entries.map_err(|error| format!("{error:#}")), report)
}

fn read(text: &str) -> (Vec<LogEntry>, LogReport) {
    let (entries, report) = read_with(&[("log", text.into())], &LogOptions::default());
    (entries.unwrap(), report)
}

fn refused(text: &str) -> String {
    let (entries, _) = read_with(&[("log", text.into())], &LogOptions::default());
    entries.unwrap_err()
}

fn lines(values: &[Value]) -> String {
    values.iter().map(|value| format!("{value}\n")).collect()
}

fn prompt(entry: &LogEntry) -> String {
    match (&entry.prompt.ids, &entry.prompt.text) {
        (Some(ids), _) => format!("{ids:?}"),
        (None, LogPromptText::Absent) => String::new(),
        (None, LogPromptText::Text(text)) => text.clone(),
        (None, LogPromptText::Messages(messages)) => {
            let turn = |m: &LogMessage| format!("<{}>{}", m.role, m.content);
            messages.iter().map(turn).collect()
        }
    }
}

/// Format, id, prompt, answer, end: what an entry comes to.
fn said(entry: &LogEntry) -> (LogFormat, &str, String, String, LogFinish) {
    let answer = match (&entry.answer.ids, &entry.answer.text) {
        (Some(ids), _) => format!("{ids:?}"),
        (None, text) => text.clone().unwrap_or_default(),
    };
    (
        entry.format,
        &entry.id,
        prompt(entry),
        answer,
        entry.finish.clone(),
    )
}

fn chat(id: &str, text: &str) -> Value {
    json!({"id": id, "object": "chat.completion", "created": 1714564800, "model": "m", "choices": [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}},
    ]})
}

fn asking(text: &str) -> Value {
    json!({"model": "m", "temperature": 0, "messages": [{"role": "user", "content": text}]})
}

#[test]
fn every_format_is_found_by_looking() {
    use LogFinish::{Length, Stop, Unknown};
    use LogFormat::*;
    let request = asking("Q");
    let batch = lines(&[
        json!({"custom_id": "a", "method": "POST", "url": "/v1", "body": request}),
        json!({"id": "b", "custom_id": "a", "error": null,
            "response": {"status_code": 200, "request_id": "r", "body": chat("x", "A")}}),
    ]);
    let events = "data: {\"id\":\"s\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}]}\n\n\
        data: {\"id\":\"s\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"A\"}}]}\n\n\
        data: {\"id\":\"s\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"length\"}]}\n\n\
        data: [DONE]\n";
    let completed = "data: {\"id\":\"s\",\"object\":\"text_completion\",\"choices\":[{\"index\":0,\"text\":\" \"}]}\n\n\
        data: {\"id\":\"s\",\"object\":\"text_completion\",\"choices\":[{\"index\":0,\"text\":\"A\"}]}\n\n\
        data: {\"id\":\"s\",\"choices\":[{\"index\":0,\"text\":\"\",\"finish_reason\":\"stop\"}]}\n\n\
        data: [DONE]\n";
    let litellm = json!({"id": "l", "call_type": "acompletion", "status": "success",
        "startTime": 1714564800.5, "endTime": 1714564802.0, "messages": request["messages"],
        "model_parameters": {"temperature": 0}, "response": chat("x", "A")});
    let text = |text: &str| text.to_owned();
    for (log, want) in [
        (lines(&[chat("c", "A")]), (OpenaiChat, "c", text(""), text("A"), Stop)),
        (
            lines(&[json!({"request": request, "response": chat("c", "A")})]),
            (OpenaiChat, "c", text("<user>Q"), text("A"), Stop),
        ),
        (
            lines(&[json!({"id": 7, "body": request.to_string(), "response": {"body": chat("c", "A")}})]),
            (OpenaiChat, "7", text("<user>Q"), text("A"), Stop),
        ),
        (
            lines(&[json!({"id": "t", "prompt": "Q", "choices": [{"text": "A", "finish_reason": "length"}]})]),
            (OpenaiCompletion, "t", text("Q"), text("A"), Length),
        ),
        (
            lines(&[json!({"id": "v", "prompt": "Q", "choices": [{"text": "A", "finish_reason": "stop",
                "stop_reason": null, "prompt_token_ids": [1, 2], "token_ids": [3]}]})]),
            (OpenaiCompletion, "v", text("[1, 2]"), text("[3]"), Stop),
        ),
        (batch, (OpenaiBatch, "a", text("<user>Q"), text("A"), Stop)),
        (lines(&[litellm]), (Litellm, "l", text("<user>Q"), text("A"), Stop)),
        (
            json!([{"id": "g", "conversations": [{"from": "human", "value": "Q"}, {"from": "gpt", "value": "A"}]}])
                .to_string(),
            (Sharegpt, "g", text("<user>Q"), text("A"), Unknown),
        ),
        (
            lines(&[json!({"id": "p", "conversations": [
                {"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]})]),
            (Specforge, "p", text("<user>Q"), text("A"), Unknown),
        ),
        (
            lines(&[json!({"input_ids": [1, 2, 3], "loss_mask": [0, 0, 1]})]),
            (Specforge, "1", text("[1, 2]"), text("[3]"), Unknown),
        ),
        (
            lines(&[json!({"prompt_token_ids": [1, 2], "token_ids": [3], "finish_reason": "stop"})]),
            (Ids, "1", text("[1, 2]"), text("[3]"), Stop),
        ),
        (
            lines(&[json!({"subject": {"id": "s"}, "prompt_ids": [1], "token_ids": [3], "finish": "eos"})]),
            (Ids, "s", text("[1]"), text("[3]"), Stop),
        ),
        (
            lines(&[json!({"id": "j", "prompt": "Q", "response": "A"})]),
            (Jsonl, "j", text("Q"), text("A"), Unknown),
        ),
        (
            lines(&[json!({"instruction": "Do", "input": "Q", "output": "A"})]),
            (Jsonl, "1", text("Do\nQ"), text("A"), Unknown),
        ),
        (text("id,prompt,response\nk,Q,A\n"), (Csv, "k", text("Q"), text("A"), Unknown)),
        (text("id\tprompt\tanswer\nk\tQ\tA\n"), (Tsv, "k", text("Q"), text("A"), Unknown)),
        (text(events), (OpenaiChat, "s", text(""), text("A"), Length)),
        (text(completed), (OpenaiCompletion, "s", text(""), text(" A"), Stop)),
        (
            lines(&[json!({"prompt": "Q", "content": "A", "stop_type": "limit", "tokens": [3]})]),
            (OpenaiCompletion, "1", text("Q"), text("[3]"), Length),
        ),
        (
            lines(&[json!({"text": "A", "meta_info": {"id": "z", "finish_reason": {"type": "stop"},
                "output_token_logprobs": [[-0.5, 3, null]]}})]),
            (OpenaiCompletion, "1", text(""), text("[3]"), Stop),
        ),
    ] {
        let (entries, report) = read(&log);
        assert_eq!(entries.iter().map(said).collect::<Vec<_>>(), [want], "{log}");
        assert_eq!(report.n_kept(), 1, "{log}");
    }
}

#[test]
fn times_and_temperatures_are_those_of_the_format() {
    let litellm = json!({"startTime": "2024-05-01 12:00:00.5", "response_time": 1.5,
        "messages": [{"role": "user", "content": "Q"}], "response": chat("x", "A"),
        "model_parameters": {"temperature": 0.7}});
    let (entries, _) = read(&lines(&[litellm]));
    let at = |s: f64| Some(LogTime((s * 1e6) as i64));
    assert_eq!(entries[0].started, at(1714564800.5));
    assert_eq!(entries[0].ended, at(1714564802.0));
    assert_eq!(entries[0].temperature, Some(0.7));
    let (entries, _) = read(&lines(&[
        json!({"request": asking("Q"), "response": chat("c", "A")}),
    ]));
    assert_eq!(
        (entries[0].started, entries[0].ended),
        (at(1714564800.0), None)
    );
    assert_eq!(entries[0].temperature, Some(0.0));
    assert_eq!(entries[0].model.as_deref(), Some("m"));
}

#[test]
fn several_choices_are_several_answers() {
    let choices =
        json!([{"index": 1, "text": "B"}, {"index": 0, "text": "A"}, {"index": 2, "text": ""}]);
    let (entries, _) = read(&lines(&[
        json!({"id": "n", "prompt": "Q", "choices": choices}),
    ]));
    let got: Vec<_> = entries.iter().map(|e| (e.choice, said(e).3)).collect();
    assert_eq!(got, [(1, "B".to_owned()), (0, "A".to_owned())]);
    let (entries, _) = read(&lines(&[
        json!({"prompt": ["Q", "R"], "choices": [{"text": "A"}, {"text": "B"}]}),
    ]));
    let prompts: Vec<String> = entries.iter().map(prompt).collect();
    assert_eq!(prompts, ["Q", "R"]);
    let turns = json!({"conversations": [{"from": "gpt", "value": "A"}, {"from": "human", "value": "Q"},
        {"from": "gpt", "value": "B"}]});
    let (entries, _) = read(&lines(&[turns]));
    let got: Vec<_> = entries
        .iter()
        .map(|e| (e.choice, prompt(e), said(e).3))
        .collect();
    let text = |text: &str| text.to_owned();
    assert_eq!(
        got,
        [
            (0, text(""), text("A")),
            (1, text("<assistant>A<user>Q"), text("B"))
        ]
    );
}

fn halves() -> (String, String) {
    let request = |id: &str| json!({"custom_id": id, "method": "POST", "body": asking(id)});
    let response = |id: &str| json!({"custom_id": id, "response": {"status_code": 200, "body": chat("x", id)}});
    let failed = json!({"custom_id": "bad", "response": null, "error": {"message": "too busy"}});
    let refused = json!({"custom_id": "bad2", "response": {"status_code": 429, "body": {"error": {"message": "slow"}}}});
    let asked = lines(&["a", "b", "c", "bad", "bad2"].map(request));
    let mut answered = lines(&["b", "a", "z", "b"].map(response));
    answered += &lines(&[failed, refused]);
    (asked, answered)
}

#[test]
fn batch_files_are_joined_in_any_order_and_what_is_left_is_counted() {
    let (asked, answered) = halves();
    let files = [("in", asked.into_bytes()), ("out", answered.into_bytes())];
    let mut reversed = files.clone();
    reversed.reverse();
    let options = LogOptions::default();
    let (entries, report) = read_with(&files, &options);
    let (entries, backward) = (entries.unwrap(), read_with(&reversed, &options));
    let told = |entries: &[LogEntry]| {
        entries
            .iter()
            .map(|e| (e.id.clone(), prompt(e)))
            .collect::<Vec<_>>()
    };
    let text = |text: &str| text.to_owned();
    assert_eq!(
        told(&entries),
        [(text("b"), text("<user>b")), (text("a"), text("<user>a"))]
    );
    assert_eq!(told(&backward.0.unwrap()), told(&entries));
    let counts = |report: &LogReport| {
        report
            .skipped
            .iter()
            .map(|(r, s)| (*r, s.n))
            .collect::<Vec<_>>()
    };
    let want = [
        (LogSkip::Failed, 2),
        (LogSkip::NoRequest, 1),
        (LogSkip::NoResponse, 1),
        (LogSkip::Repeated, 1),
    ];
    assert_eq!(counts(&report), want);
    assert_eq!(counts(&backward.1), want);
    // All in one file, answers first.
    let [(_, asked), (_, answered)] = files;
    let one = [answered, asked].concat();
    let (entries, report) = read_with(&[("both", one)], &options);
    assert_eq!(told(&entries.unwrap()).len(), 2);
    assert_eq!(counts(&report), want);
}

#[test]
fn responses_alone_are_answers_without_prompts_and_requests_alone_are_none() {
    let (asked, answered) = halves();
    let (entries, report) = read(&answered);
    assert_eq!((entries.len(), report.n_without_prompt), (3, 3));
    let error = refused(&asked);
    assert!(
        error.contains("5 requests without answers: name the file of the responses"),
        "{error}"
    );
}

#[test]
fn the_options_name_fields_and_a_field_that_is_nowhere_is_told() {
    let log = lines(&[
        json!({"q": {"text": "Q"}, "a": {"said": "A"}, "who": 7, "meta": {"genre": "crime", "t": 5}, "text": "no"}),
        json!({"q": {"text": "R"}, "a": {"said": "B"}, "who": 8, "meta": {"genre": null}}),
        json!({"q": {"text": "R"}}),
    ]);
    let field = |name: &str| Some(name.to_owned());
    let options = LogOptions {
        format: None,
        prompt_field: field("q.text"),
        answer_field: field("a.said"),
        id_field: field("who"),
        group_field: field("meta.genre"),
        start_field: field("meta.t"),
        end_field: field("meta.end"),
    };
    let (entries, report) = read_with(&[("log", log.into_bytes())], &options);
    let entries = entries.unwrap();
    assert_eq!(prompt(&entries[0]), "Q");
    assert_eq!(
        (entries[0].id.as_str(), entries[0].group.as_deref()),
        ("7", Some("crime"))
    );
    assert_eq!(entries[0].started, Some(LogTime(5_000_000)));
    assert_eq!(entries[1].group, None);
    let told = report.told();
    assert!(
        told.iter()
            .any(|line| line == "--end-field: the field is not there in 2 of 2 entries"),
        "{told:?}"
    );
    assert!(
        told.iter()
            .any(|line| line.contains("no field `a.said`, but the fields q")),
        "{told:?}"
    );
}

#[test]
fn a_format_that_was_asked_for_is_the_only_one() {
    let log = lines(&[chat("c", "A"), json!({"prompt": "Q", "answer": "A"})]);
    let with = |format| LogOptions {
        format: Some(format),
        ..LogOptions::default()
    };
    let (entries, report) = read_with(&[("log", log.clone().into())], &with(LogFormat::OpenaiChat));
    assert_eq!(entries.unwrap().len(), 1);
    assert_eq!(report.skipped[&LogSkip::UnknownLayout].n, 1);
    let (entries, _) = read_with(&[("log", log.into())], &with(LogFormat::Sharegpt));
    assert!(
        entries
            .unwrap_err()
            .contains("choose a format with --format")
    );
}

#[test]
fn bad_lines_are_counted_by_reason_with_the_first_place() {
    let mut log = lines(&[json!({"prompt": "Q", "answer": "A"})]).into_bytes();
    log.extend(b"{\"prompt\": \"Q\", \"answer\": \"caf\xe9\"}\n");
    log.extend(b"{\"prompt\": \"Q\", \"answ\n\n");
    log.extend(b"{\"prompt\": \"Q\"}\r\n");
    log.extend(b"{\"error\": {\"message\": \"too busy\"}}\n");
    log.extend(b"{\"prompt_token_ids\": [1], \"token_ids\": [-1]}\n[1, 2]\n{\"a\": 1}\n");
    log.extend(vec![b'x'; report::ENTRY_BYTES_MAX + 9]);
    log.extend("\n{\"prompt\": \"\u{e9}\", \"answer\": \"\u{e9}\"}".as_bytes());
    let (entries, report) = read_with(&[("log", log)], &LogOptions::default());
    let entries = entries.unwrap();
    assert_eq!(entries.len(), 2);
    assert_eq!(said(&entries[1]).3, "\u{e9}");
    assert_eq!(entries[1].place.line, 11);
    let first = |reason| {
        report
            .skipped
            .get(&reason)
            .map(|s: &LogSkipped| (s.n, s.first.line))
    };
    assert_eq!(first(LogSkip::NotText), Some((1, 2)));
    assert_eq!(first(LogSkip::Damaged), Some((1, 3)));
    assert_eq!(first(LogSkip::NoAnswer), Some((1, 5)));
    assert_eq!(first(LogSkip::Failed), Some((1, 6)));
    assert_eq!(first(LogSkip::BadIds), Some((1, 7)));
    assert_eq!(first(LogSkip::UnknownLayout), Some((2, 8)));
    assert_eq!(first(LogSkip::TooLong), Some((1, 10)));
    let told = report.told().join("\n");
    assert!(
        told.contains("1 line skipped, an error instead of an answer; the first: "),
        "{told}"
    );
    assert!(told.contains("log:6: too busy"), "{told}");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    gz.write_all(bytes).unwrap();
    gz.finish().unwrap()
}

#[test]
fn a_truncated_gzip_keeps_what_came_and_says_so() {
    let one = json!({"prompt": "Q", "answer": "A ".repeat(1000)});
    let log = lines(&vec![one; 400]);
    let packed = gzip(log.as_bytes());
    let (entries, report) = read_with(&[("log.gz", packed.clone())], &LogOptions::default());
    assert_eq!((entries.unwrap().len(), report.broken.len()), (400, 0));
    let cut = packed[..packed.len() / 2].to_vec();
    let (entries, report) = read_with(&[("log.gz", cut)], &LogOptions::default());
    let n = entries.unwrap().len();
    assert!((150..250).contains(&n), "{n}");
    let told = report.told().join("\n");
    assert!(
        told.contains(&format!("log.gz breaks off in line {}", n + 1)),
        "{told}"
    );
}

#[test]
fn what_is_no_log_is_one_clear_message() {
    let options = LogOptions::default();
    let message = |bytes: &[u8]| read_with(&[("x", bytes.into())], &options).0.unwrap_err();
    for (bytes, want) in [
        (&b""[..], "is empty"),
        (b" \n\n", "is empty"),
        (b"\x28\xb5\x2f\xfd....", "unpack it with `zstd -d`"),
        (b"PAR1....", "Parquet"),
        (b"\x00\x01\x02", "is not a text"),
        (
            b"{\"prompt\": \"Q\"}\n{\"prompt\": \"R\"}\n",
            "a log without answers",
        ),
        (b"once upon a time\n", "no answer could be read of 1 lines"),
        (b"prompt,x\nQ,1\n", "a log without answers"),
        (b"prompt,answer\n", "has no entries"),
        (&gzip(b"{}")[..12], "breaks off before its first line"),
    ] {
        let message = message(bytes);
        assert!(
            message.contains(want) && message.contains("/x"),
            "{message}"
        );
    }
    let gone = LogReader::open(&["/nowhere/x".into()], &options);
    assert!(gone.err().unwrap().to_string().contains("/nowhere/x"));
}

#[test]
fn every_encoding_and_line_end_gives_the_same() {
    let value = json!({"prompt": "caf\u{e9}", "answer": "\u{20ac} \u{1f600}"});
    let text = lines(&[value.clone(), value]);
    let utf_16 = |text: &str| -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(u16::to_le_bytes).collect()
    };
    let array = format!("[{}]", text.trim().replace('\n', ",\n"));
    let want = read(&text).0;
    for (bytes, same_lines) in [
        (text.replace('\n', "\r\n").into_bytes(), true),
        (["\u{feff}", &text].concat().into_bytes(), true),
        (utf_16(&text), true),
        (utf_16(&array), true),
        (["\u{feff}", &array].concat().into_bytes(), true),
        (gzip(text.as_bytes()), true),
    ] {
        let (entries, _) = read_with(&[("log", bytes)], &LogOptions::default());
        let entries = entries.unwrap();
        let line = |e: &LogEntry| (e.place.line, prompt(e), said(e).3);
        let got: Vec<_> = entries.iter().map(line).collect();
        assert!(
            same_lines && got == want.iter().map(line).collect::<Vec<_>>(),
            "{got:?}"
        );
    }
}

#[test]
fn texts_of_a_table_keep_their_spaces_lines_and_quotes() {
    let csv = "id,prompt,response\n1,\"Q, \"\"x\"\"\nand more\",\" A\n\nB \"\n2,R,C\n";
    let (entries, _) = read(csv);
    assert_eq!(prompt(&entries[0]), "Q, \"x\"\nand more");
    assert_eq!(said(&entries[0]).3, " A\n\nB ");
    assert_eq!(
        (entries[1].place.line, said(&entries[1]).3.as_str()),
        (6, "C")
    );
    let open = "id,prompt,response\n1,\"Q,A\n2,R,B\n3,S\n4,T,D\n";
    let (entries, report) = read(open);
    let ids: Vec<&str> = entries.iter().map(|e| e.id.as_str()).collect();
    assert_eq!(ids, ["2", "4"]);
    let damaged = &report.skipped[&LogSkip::DamagedRow];
    assert_eq!((damaged.n, damaged.first.line), (2, 2));
    let messages =
        "messages,response\n\"[{\"\"role\"\": \"\"user\"\", \"\"content\"\": \"\"Q\"\"}]\",A\n";
    assert_eq!(prompt(&read(messages).0[0]), "<user>Q");
}

#[test]
fn a_text_of_json_is_a_text() {
    let value = json!({"prompt": "{\"a\": 1}", "answer": "[1, 2]"});
    let (entries, _) = read(&lines(&[value]));
    assert_eq!(
        (prompt(&entries[0]), said(&entries[0]).3),
        ("{\"a\": 1}".into(), "[1, 2]".into())
    );
    let value = json!({"prompt": "Q", "answer": "{\"movies\": [\"Heat\"]}"});
    let (entries, _) = read(&lines(&[value]));
    assert_eq!(said(&entries[0]).3, "{\"movies\": [\"Heat\"]}");
}

#[test]
fn an_echo_is_taken_off_with_its_tokens() {
    let (entries, _) = read(&lines(&[
        json!({"prompt": "Q:", "echo": true, "choices": [{"text": "Q: A",
        "logprobs": {"tokens": ["Q", ":", " A"], "token_logprobs": [null, -1.0, -0.5],
            "top_logprobs": null, "text_offset": [0, 1, 2]}}]}),
    ]));
    assert_eq!(said(&entries[0]).3, " A");
    let tokens = entries[0].answer.tokens.as_ref().unwrap();
    assert_eq!((tokens.len(), tokens[0].logprob), (1, Some(-0.5)));
}

#[test]
fn streams_in_a_list_or_a_text_are_joined() {
    let chunk = |text: &str, chance: f64| {
        json!({"id": "s", "object": "chat.completion.chunk", "choices": [
        {"index": 0, "delta": {"content": text}, "logprobs": {"content": [{"token": text, "logprob": chance}]}}]})
    };
    let chunks = [chunk("A", -1.0), chunk("B", -2.0)];
    let listed = json!({"request": asking("Q"), "response": chunks});
    let written = json!({"request": asking("Q"),
        "response": format!("data: {}\n\ndata: {}\n\ndata: [DONE]\n\n", chunks[0], chunks[1])});
    for log in [lines(&[listed]), lines(&[written]), lines(&chunks)] {
        let (entries, _) = read(&log);
        assert_eq!(entries.len(), 1, "{log}");
        assert_eq!(said(&entries[0]).3, "AB", "{log}");
        let tokens = entries[0].answer.tokens.as_ref().unwrap();
        assert_eq!(tokens[1].logprob, Some(-2.0));
    }
}

#[test]
fn a_stop_text_is_no_end_token() {
    let choice = |stop: Value| json!({"prompt": "Q", "choices": [{"text": "A", "finish_reason": "stop", "stop_reason": stop}]});
    let (entries, _) = read(&lines(&[
        choice(json!("\n")),
        choice(json!(null)),
        choice(json!(2)),
    ]));
    let ends: Vec<LogFinish> = entries.into_iter().map(|e| e.finish).collect();
    assert_eq!(ends[0], LogFinish::Other("stopped at \"\\n\"".into()));
    assert_eq!(ends[1..], [LogFinish::Stop, LogFinish::Stop]);
}

/// A log of lines, cut at any byte and with any byte changed: every line is counted.
#[test]
fn whatever_is_damaged_every_line_is_counted() {
    let (asked, answered) = halves();
    let whole = asked
        + &answered
        + &lines(&[
            json!({"prompt": "Q", "choices": [{"text": "A", "logprobs": {"tokens": ["A"], "text_offset": [1]}}]}),
            json!({"conversations": [{"from": "human", "value": "Q"}, {"from": "gpt", "value": "A"}]}),
            json!({"input_ids": [1, 2], "loss_mask": [0, 1]}),
            json!({"prompt": "caf\u{e9}", "answer": "\u{20ac}"}),
        ]);
    let n_lines = |bytes: &[u8]| {
        let lines = bytes.split(|byte| b"\n\r".contains(byte));
        lines.filter(|line| !line.trim_ascii().is_empty()).count() as u64
    };
    let options = LogOptions::default();
    let check = |bytes: &[u8]| {
        let (_, report) = read_with(&[("log", bytes.to_vec())], &options);
        assert_eq!(
            report.n_lines,
            n_lines(bytes),
            "{}",
            String::from_utf8_lossy(bytes)
        );
    };
    let bytes = whole.as_bytes();
    for cut in (200..bytes.len()).step_by(7) {
        check(&bytes[..cut]);
    }
    for at in (200..bytes.len()).step_by(5) {
        for change in [b'"', b'}', b'\n', 0xff, b' '] {
            let mut damaged = bytes.to_vec();
            damaged[at] = change;
            check(&damaged);
        }
    }
}

#[test]
fn names_of_fields_are_told_apart() {
    let log = lines(&[
        json!({"user": "u7", "response": "A"}),
        json!({"user": "Q", "assistant": "A"}),
        json!({"text_input": "Q", "text_output": "A"}),
        json!({"text": "no", "messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]}),
        json!({"messages": [{"role": "assistant", "content": "P"}, {"role": "user", "content": "Q"}], "output": "A"}),
    ]);
    let (entries, report) = read(&log);
    let prompts: Vec<String> = entries.iter().map(prompt).collect();
    assert_eq!(prompts, ["", "Q", "Q", "<user>Q", "<assistant>P<user>Q"]);
    assert!(entries.iter().all(|entry| said(entry).3 == "A"));
    assert_eq!(report.n_without_prompt, 1);
}

#[test]
fn an_empty_file_among_others_is_told() {
    let log = lines(&[json!({"prompt": "Q", "answer": "A"})]);
    let files = [("a", Vec::new()), ("b", log.into_bytes())];
    let (entries, report) = read_with(&files, &LogOptions::default());
    assert_eq!(entries.unwrap().len(), 1);
    assert!(report.told()[0].ends_with("/a is empty"));
}
