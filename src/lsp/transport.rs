//! Messages over standard input and output. What is no message is answered, and the next one is read.

use std::io::{self, BufRead, Write};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded};
use lsp_server::{ErrorCode, Message};
use serde_json::{Value, json};

/// The longest message that is read, in bytes.
const MAX_MESSAGE: usize = 1 << 30;

/// The two directions.
pub(super) struct Transport {
    pub(super) sender: Sender<Message>,
    pub(super) receiver: Receiver<Message>,
    pub(super) threads: Threads,
}

/// What reads and writes.
pub(super) struct Threads {
    reader: JoinHandle<io::Result<()>>,
    writer: JoinHandle<io::Result<()>>,
}

impl Threads {
    /// Waits until all is written.
    pub(super) fn join(self) -> io::Result<()> {
        for thread in [self.reader, self.writer] {
            thread.join().unwrap_or_else(|_| Err(io::Error::other("a thread failed")))?;
        }
        Ok(())
    }
}

impl Transport {
    /// Over standard input and output.
    pub(super) fn stdio() -> Transport {
        let (sender, to_write) = bounded::<Message>(0);
        let (read, receiver) = bounded::<Message>(0);
        let writer = std::thread::spawn(move || {
            to_write.into_iter().try_for_each(|message| message.write(&mut io::stdout().lock()))
        });
        let reader = std::thread::spawn(move || {
            let mut input = io::stdin().lock();
            while let Some(body) = body(&mut input)? {
                match parsed(&body) {
                    Ok(message) => {
                        let is_exit = matches!(&message, Message::Notification(told) if told.method == "exit");
                        if read.send(message).is_err() || is_exit {
                            break;
                        }
                    }
                    Err(answer) => write_frame(&mut io::stdout().lock(), &answer.to_string())?,
                }
            }
            Ok(())
        });
        Transport { sender, receiver, threads: Threads { reader, writer } }
    }
}

/// The bytes of the next message, whatever they are; nothing at the end.
fn body(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let refused = |why: &str| Err(io::Error::new(io::ErrorKind::InvalidData, why.to_owned()));
    let mut size = None;
    let mut line = String::new();
    loop {
        line.clear();
        if input.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let head = line.trim_end_matches(['\r', '\n']);
        if head.is_empty() {
            break;
        }
        // After a head that is none, nobody knows where the next message begins.
        let Some((name, value)) = head.split_once(':') else { return refused("a message has a malformed head") };
        if name.trim().eq_ignore_ascii_case("content-length") {
            size = value.trim().parse::<usize>().ok();
        }
    }
    let Some(size) = size.filter(|&size| size <= MAX_MESSAGE) else {
        return refused("a message does not tell its length");
    };
    let mut body = vec![0; size];
    input.read_exact(&mut body)?;
    Ok(Some(body))
}

/// A message; or what is to be answered to something that is none.
fn parsed(body: &[u8]) -> Result<Message, Value> {
    let refused = |code: ErrorCode, id: Value, why: String| json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code as i32, "message": why } });
    if let Ok(message) = serde_json::from_slice(body) {
        return Ok(message);
    }
    let value: Value =
        serde_json::from_slice(body).map_err(|error| refused(ErrorCode::ParseError, Value::Null, error.to_string()))?;
    let id = value.get("id").filter(|id| id.is_string() || id.is_i64()).cloned().unwrap_or(Value::Null);
    Err(refused(ErrorCode::InvalidRequest, id, "this is neither a request nor a notification".to_owned()))
}

fn write_frame(out: &mut impl Write, text: &str) -> io::Result<()> {
    write!(out, "Content-Length: {}\r\n\r\n{text}", text.len())?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_message_is_answered() {
        let code = |body: &str| {
            parsed(body.as_bytes()).map(drop).map_err(|answer| (answer["error"]["code"].clone(), answer["id"].clone()))
        };
        assert_eq!(code(r#"{"jsonrpc":"2.0","method":"exit"}"#), Ok(()));
        assert_eq!(code("{"), Err(((-32700).into(), Value::Null)));
        assert_eq!(code("[]"), Err(((-32600).into(), Value::Null)));
        assert_eq!(code(r#"{"jsonrpc":"2.0","id":7}"#), Err(((-32600).into(), 7.into())));
        assert!(parsed(b"\xff").is_err());
    }

    #[test]
    fn bodies_are_read_one_after_the_other() {
        let mut input: &[u8] = b"Content-Length: 2\r\n\r\n{}content-length:3\r\nContent-Type: x\r\n\r\nabc";
        assert_eq!(body(&mut input).unwrap().unwrap(), b"{}");
        assert_eq!(body(&mut input).unwrap().unwrap(), b"abc");
        assert_eq!(body(&mut input).unwrap(), None);
        assert!(body(&mut &b"nonsense\r\n\r\n"[..]).is_err());
        assert!(body(&mut &b"X: y\r\n\r\n"[..]).is_err());
    }
}
