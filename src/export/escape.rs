//! Escapes text for the language it is put into. Tokens, titles and names can contain
//! anything: a tag, an entity, a row of asterisks, an escape sequence.

use crate::console::visible;

/// For HTML, in text and in quoted attributes.
pub(crate) fn html(text: &str) -> String {
    html_escape::encode_quoted_attribute(&visible::text(text)).into_owned()
}

/// For Markdown (CommonMark and tables), within one line.
pub(crate) fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible::text(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\n' | '\t' => out.push(' '),
            c if c.is_ascii_punctuation() && !".,;:'\"?%/=()".contains(c) => {
                out.push('\\');
                out.push(c);
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_would_be_obeyed_is_seen() {
        let hostile = "a\x1b]52;c;eA==\x07\u{9b}2J\u{202e}\r\nb";
        let shown = "a␛]52;c;eA==␇\\u{9b}2J\\u{202e}\nb";
        assert_eq!(html(hostile), shown);
        assert!(!markdown(hostile).contains(visible::is_control));
    }

    #[test]
    fn what_would_be_markup_is_text() {
        assert_eq!(
            html("<b a='x'>&amp;\""),
            "&lt;b a=&#x27;x&#x27;&gt;&amp;amp;&quot;"
        );
        assert_eq!(
            markdown("a|b *c* <i> &x; `d`"),
            "a\\|b \\*c\\* &lt;i&gt; &amp;x; \\`d\\`"
        );
    }

    proptest! {
        #[test]
        fn nothing_opens_a_tag_or_an_entity(text in ".{0,60}") {
            for escaped in [html(&text), markdown(&text)] {
                prop_assert!(!escaped.contains('<') && !escaped.contains('>'));
                let known = ["amp;", "lt;", "gt;", "quot;", "#x27;"];
                prop_assert!(
                    escaped.split('&').skip(1).all(|rest| known.iter().any(|k| rest.starts_with(k)))
                );
            }
        }
    }
}
