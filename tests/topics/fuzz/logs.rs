//! Logs of every format, as lines, arrays, tables and gzip files.

use std::fs;
use std::io::Write;

use laserscope::recsys::logs::{LogOptions, LogReader};

use super::Target;

const SEEDS: [&str; 9] = [
    r#"{"id":"c","created":1714564800,"model":"m","prompt":"Q: a","echo":true,"choices":[{"index":0,"text":"Q: a b","finish_reason":"stop","logprobs":{"tokens":["Q",":"," a"," b"],"token_logprobs":[null,-1.5,-0.25,-0.5],"top_logprobs":[null,{" a":-0.1},{" b":-0.2},{"bytes:\\xc3":-0.3}],"text_offset":[0,1,2,4]}}]}
{"request":{"messages":[{"role":"user","content":[{"type":"text","text":"Q"}]}],"temperature":0},"response":{"choices":[{"message":{"content":"A"},"logprobs":{"content":[{"token":"A","logprob":-0.5,"bytes":[65],"top_logprobs":[{"token":"A","logprob":-0.5,"bytes":[65]}]}]}}]}}
"#,
    r#"{"custom_id":"a","method":"POST","url":"/v1","body":{"model":"m","messages":[{"role":"user","content":"Q"}]}}
{"custom_id":"a","response":{"status_code":200,"body":{"choices":[{"message":{"content":"A"}}]}},"error":null}
{"custom_id":"b","response":null,"error":{"message":"busy"}}
"#,
    r#"{"id":"l","call_type":"acompletion","startTime":"2024-05-01 12:00:00.5","response_time":1.5,"messages":"[{\"role\": \"user\", \"content\": \"Q\"}]","response":"{\"choices\": [{\"message\": {\"content\": \"A\"}}]}"}
"#,
    r#"[
  {
    "id": "g",
    "conversations": [
      {"from": "human", "value": "Q"},
      {"from": "gpt", "value": "A"}
    ]
  },
  {"input_ids": [[1, 2, 3]], "loss_mask": [[0, 1, 1]]}
]
"#,
    r#"{"prompt_token_ids":[1,2],"token_ids":[3],"finish_reason":"length"}
{"subject":{"id":"s"},"prompt_ids":[1],"token_ids":"3 4","finish":"eos"}
"#,
    "id,prompt,response,time\r\n1,\"Q, \"\"x\"\"\r\nmore\",\" A\r\n\r\nB\",1714564800\r\n2,R,C,\r\n",
    "data: {\"id\":\"s\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"A\"},\"logprobs\":{\"content\":[{\"token\":\"A\",\"logprob\":-1}]}}]}\n\ndata: {\"id\":\"s\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n",
    r#"{"prompt":"Q","content":"A","stop_type":"eos","tokens":[3],"completion_probabilities":[{"id":3,"token":"A","bytes":[65],"logprob":-0.5,"top_logprobs":[]}]}
{"text":"A","meta_info":{"finish_reason":{"type":"stop","matched":2},"output_token_logprobs":[[-0.5,3,null]],"output_top_logprobs":[[[-0.5,3,null]]]}}
{"inputs":"Q","generated_text":"A","details":{"finish_reason":"length","tokens":[{"id":3,"text":"A","logprob":-0.5}]}}
"#,
    r#"{"object":"response","status":"completed","output":[{"type":"reasoning"},{"type":"message","content":[{"type":"output_text","text":"A"}]}],"input":"Q","instructions":"S"}
{"instruction":"Do","input":"Q","output":"A"}
"#,
];

const WORDS: [&str; 14] = [
    "\"",
    "[",
    "{",
    "}",
    "]",
    "\n",
    "\r",
    "\\u",
    "data: ",
    "\"choices\":",
    "\"custom_id\":\"a\"",
    ",",
    "1e400",
    "\u{feff}",
];

fn read(path: &std::path::Path) {
    let Ok(mut reader) = LogReader::open(&[path.to_owned()], &LogOptions::default()) else {
        return;
    };
    let entries: Vec<_> = reader.by_ref().collect();
    let report = reader.report();
    assert_eq!(report.n_lines, report.n_used + report.n_skipped());
    let n_kept = entries.iter().filter(|entry| entry.is_ok()).count() as u64;
    assert_eq!(n_kept, report.n_kept());
    let _ = report.told();
}

#[test]
fn logs() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("log");
    let seeds = SEEDS.map(|seed| seed.as_bytes().to_vec());
    let target = Target {
        name: "log",
        n: 6000,
        seeds: &seeds,
        words: &WORDS,
    };
    target.run(|bytes| {
        fs::write(&path, bytes).expect("writes");
        read(&path);
    });
}

#[test]
fn packed_logs() {
    let packed = |seed: &str| {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(seed.as_bytes()).expect("packs");
        gz.finish().expect("packs")
    };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("log.gz");
    let target = Target {
        name: "log-gz",
        n: 2000,
        seeds: &SEEDS.map(packed),
        words: &["\u{1f}\u{8b}"],
    };
    target.run(|bytes| {
        fs::write(&path, bytes).expect("writes");
        read(&path);
    });
}
