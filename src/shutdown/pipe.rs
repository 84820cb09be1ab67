//! From a signal handler to the thread that acts on it: one pipe, one short message per
//! signal.

use std::io::{self, Read};
use std::mem::ManuallyDrop;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicI32, Ordering};

const N_BYTES: usize = 16;

/// Where handlers write; -1 until there is a reader.
static WRITER: AtomicI32 = AtomicI32::new(-1);

/// What a handler saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(crate) signal: i32,
    pub(crate) kind: Kind,
    /// The faulting address.
    pub(crate) address: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It was sent.
    Sent,
    /// A thread failed, and is parked.
    Fault,
    StackOverflow,
}

impl Message {
    pub(crate) fn sent(signal: i32) -> Self {
        Message {
            signal,
            kind: Kind::Sent,
            address: 0,
        }
    }

    fn encode(self) -> [u8; N_BYTES] {
        let mut bytes = [0; N_BYTES];
        bytes[..4].copy_from_slice(&self.signal.to_ne_bytes());
        bytes[4] = self.kind as u8;
        bytes[8..].copy_from_slice(&(self.address as u64).to_ne_bytes());
        bytes
    }

    fn decode(bytes: [u8; N_BYTES]) -> Self {
        let [s0, s1, s2, s3, kind, _, _, _, address @ ..] = bytes;
        Message {
            signal: i32::from_ne_bytes([s0, s1, s2, s3]),
            kind: match kind {
                k if k == Kind::Fault as u8 => Kind::Fault,
                k if k == Kind::StackOverflow as u8 => Kind::StackOverflow,
                _ => Kind::Sent,
            },
            address: u64::from_ne_bytes(address) as usize,
        }
    }
}

/// The reading end; from now on handlers have somewhere to write.
pub(super) fn open() -> io::Result<UnixStream> {
    let (reader, writer) = UnixStream::pair()?;
    // A handler never waits; a message that does not fit adds nothing new.
    writer.set_nonblocking(true)?;
    reader.set_nonblocking(true)?;
    // Stays open for as long as a handler may run: to the program's end.
    let writer = ManuallyDrop::new(writer);
    WRITER.store(writer.as_raw_fd(), Ordering::SeqCst);
    Ok(reader)
}

/// The next message, if one has come.
pub(super) fn next(reader: &mut UnixStream) -> Option<Message> {
    let mut bytes = [0; N_BYTES];
    reader.read_exact(&mut bytes).ok()?;
    Some(Message::decode(bytes))
}

/// Writes a message. Async-signal-safe.
pub(super) fn report(message: Message) {
    let bytes = message.encode();
    let fd = WRITER.load(Ordering::SeqCst);
    // SAFETY: the descriptor stays open to the end; the buffer lives on this stack.
    unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_arrives_as_it_was_sent() {
        for kind in [Kind::Sent, Kind::Fault, Kind::StackOverflow] {
            let message = Message {
                signal: libc::SIGBUS,
                kind,
                address: 0x7fff_1234_5678,
            };
            assert_eq!(Message::decode(message.encode()), message);
        }
    }
}
