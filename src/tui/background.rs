//! Asks the terminal for its background colour, and the environment for what the terminal can show.

use std::env;

use super::theme::{Rgb, TerminalColors};

/// Returns the colours of the terminal. To be called in raw mode, before anything else reads from it.
pub(super) fn terminal_colors(ask: bool) -> TerminalColors {
    let truecolor = env::var("COLORTERM").is_ok_and(|value| value == "truecolor" || value == "24bit");
    let background = if ask { asked().or_else(from_environment) } else { None };
    TerminalColors { background, truecolor }
}

/// Reads `COLORFGBG`, which rxvt, Konsole and others set: `15;0` is white on black.
fn from_environment() -> Option<Rgb> {
    let value = env::var("COLORFGBG").ok()?;
    let background: u8 = value.rsplit(';').next()?.parse().ok()?;
    Some(if matches!(background, 7 | 9..=15) { Rgb(255, 255, 255) } else { Rgb(0, 0, 0) })
}

/// Reads the colour from an answer to OSC 11: `ESC ] 11 ; rgb:1616/1818/1d1d` and an end.
fn parse(answer: &[u8]) -> Option<Rgb> {
    let text = String::from_utf8_lossy(answer);
    let (_, after) = text.split_once("\x1b]11;rgb")?;
    let (_, colors) = after.split_once(':')?;
    let colors = colors.split(['\x07', '\x1b']).next()?;
    let mut channels = colors.split('/').map(|channel| {
        let most = 16_u32.checked_pow(channel.len() as u32)?.checked_sub(1).filter(|&most| most > 0)?;
        Some((u32::from_str_radix(channel, 16).ok()? * 255 / most) as u8)
    });
    Some(Rgb(channels.next()??, channels.next()??, channels.next()??))
}

#[cfg(unix)]
fn asked() -> Option<Rgb> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build().ok()?;
    parse(&runtime.block_on(answer()).ok()?)
}

#[cfg(not(unix))]
fn asked() -> Option<Rgb> {
    None
}

/// Asks for the background and then for the terminal's kind. Every terminal answers the second, in order, so an answer
/// to that alone says there is none to the first; the time-out is for those that answer nothing.
#[cfg(unix)]
async fn answer() -> std::io::Result<Vec<u8>> {
    use std::fs::OpenOptions;
    use std::io::{Read, Write};
    use std::time::Duration;

    use tokio::io::unix::AsyncFd;
    use tokio::time::timeout;

    const PATIENCE: Duration = Duration::from_millis(400);
    const MAX_BYTES: usize = 4096;

    let mut tty = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
    tty.write_all(b"\x1b]11;?\x1b\\\x1b[c")?;
    #[expect(deprecated, reason = "the replacement is unsafe; a File owns its descriptor, which is all it asks for")]
    let tty = AsyncFd::new(tty)?;
    let mut bytes = Vec::new();
    let read = async {
        while bytes.len() < MAX_BYTES && !is_complete(&bytes) {
            let mut ready = tty.readable().await?;
            let mut chunk = [0; 256];
            // It is readable, so this does not block, and in raw mode it returns what is there.
            let count = tty.get_ref().read(&mut chunk)?;
            ready.clear_ready();
            if count == 0 {
                break;
            }
            bytes.extend_from_slice(&chunk[..count]);
        }
        std::io::Result::Ok(())
    };
    drop(timeout(PATIENCE, read).await);
    Ok(bytes)
}

/// Returns whether the answer about the terminal's kind, `ESC [ ? … c`, has come.
fn is_complete(bytes: &[u8]) -> bool {
    bytes.windows(3).position(|window| window == b"\x1b[?").is_some_and(|at| bytes[at..].contains(&b'c'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_terminals_are_read() {
        assert_eq!(parse(b"\x1b]11;rgb:1616/1818/1d1d\x1b\\\x1b[?62;c"), Some(Rgb(0x16, 0x18, 0x1d)));
        assert_eq!(parse(b"\x1b]11;rgba:ff/ff/ff/ff\x07"), Some(Rgb(255, 255, 255)));
        for nothing in [&b"\x1b[?62c"[..], b"\x1b]11;rgb:zz/00/00\x07", b"\x1b]11;rgb:/00/00\x07", b""] {
            assert_eq!(parse(nothing), None);
        }
    }

    #[test]
    fn the_last_answer_is_recognised() {
        assert!(is_complete(b"\x1b]11;rgb:1616/1818/1d1d\x07\x1b[?62;22c"));
        assert!(!is_complete(b"\x1b]11;rgb:1616/1818/cccc\x07\x1b[?62"));
    }
}
