//! The tokenizer against known answers of the real model.

use laserscope::model::chat::{ChatTemplate, Message, Role};
use laserscope::model::tokenizer::TextCodec;

use super::model;

const FILM: &str = "Amélie (2001) — 5 stars; \"Le Fabuleux Destin\"  naïve 日本";

fn real_codec() -> TextCodec {
    TextCodec::from_gguf(&model::content()).unwrap()
}

#[test]
fn smollm2_known_answers() {
    let codec = real_codec();
    let known: [(&str, &[u32]); 4] = [
        (
            "Introduce the movie Heat.",
            &[30649, 319, 260, 7704, 16708, 30],
        ),
        (
            "Introduce movie Heat (1995) and describe its attributes.",
            &[
                30649, 319, 7704, 16708, 365, 33, 41, 41, 37, 25, 284, 5125, 624, 9038, 30,
            ],
        ),
        (
            "<|im_start|>user\nHi<|im_end|>\n",
            &[1, 4093, 198, 26843, 2, 198],
        ),
        (
            FILM,
            &[
                8112, 2756, 17011, 365, 34, 32, 32, 33, 25, 1841, 216, 37, 5703, 43, 476, 7026,
                18411, 1951, 4808, 20425, 254, 18, 216, 15486, 46494, 17097, 241, 115, 40993,
            ],
        ),
    ];
    for (text, ids) in known {
        assert_eq!(codec.encode(text).unwrap(), ids, "{text}");
        assert_eq!(codec.decode(ids), text);
    }
}

#[test]
fn smollm2_roles() {
    let codec = real_codec();
    assert_eq!(codec.vocab_size(), 49152);
    assert_eq!(codec.eos_ids(), [2, 0]);
    assert_eq!(codec.bos_id(), Some(1));
    assert!(!codec.add_bos());
    assert!(codec.is_special(1) && !codec.is_special(260));
    assert_eq!(codec.token_bytes(1), b"<|im_start|>");
    assert_eq!(codec.token_bytes(16708), b" Heat");
    assert_eq!(codec.token_bytes(198), b"\n");
    assert_eq!(codec.token_bytes(49152), b"");
    assert_eq!(codec.hash().len(), 64);
    assert_eq!(codec.hash(), real_codec().hash());
}

#[test]
fn smollm2_partial_utf8_is_kept_as_bytes() {
    let codec = real_codec();
    let ids = codec.encode("日").unwrap();
    assert!(ids.len() > 1, "{ids:?}");
    let first = codec.token_bytes(ids[0]);
    assert!(std::str::from_utf8(first).is_err());
    assert_eq!(codec.decode(&ids[..1]), "\u{FFFD}");
    assert_eq!(codec.decode(&ids), "日");
}

#[test]
fn smollm2_chat_template() {
    let template = ChatTemplate::from_gguf(&model::content()).unwrap();
    let template = template.expect("the file has a template");
    let user = [Message::new(Role::User, "Hi")];
    let rendered = template.render(&user, true).unwrap();
    assert_eq!(
        rendered,
        "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by \
         Hugging Face<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    );
    let own_system = [Message::new(Role::System, "Be brief."), user[0].clone()];
    assert_eq!(
        template.render(&own_system, false).unwrap(),
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
    );
}
