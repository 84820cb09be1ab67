//! One test binary, by topic.
