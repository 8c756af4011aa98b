//! A terminal of the tests' own, and what it shows.

use std::io::Read as _;
use std::process::Stdio;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::support::sandbox::{Sandbox, without_time};

/// Runs the program with a terminal of this width as standard output and standard error. What differs from run to run is
/// replaced: the directory, and the time that it took.
pub(super) fn run(sandbox: &Sandbox, columns: u16, arguments: &[&str]) -> String {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    tcsetwinsize(&terminal, Winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap().into_string().unwrap();
    let other = std::fs::OpenOptions::new().read(true).write(true).open(name).unwrap();
    let mut command = sandbox.command();
    command.args(arguments).stdout(Stdio::from(other.try_clone().unwrap())).stderr(Stdio::from(other));
    let mut child = command.spawn().unwrap();
    drop(command);
    let reader = std::thread::spawn(move || {
        let (mut bytes, mut file) = (Vec::new(), std::fs::File::from(terminal));
        let mut buffer = [0; 4096];
        // The read fails when nobody holds the other side any more.
        while let Ok(count @ 1..) = file.read(&mut buffer) {
            bytes.extend_from_slice(&buffer[..count]);
        }
        String::from_utf8(bytes).unwrap().replace("\r\n", "\n")
    });
    child.wait().unwrap();
    let directory = sandbox.path().canonicalize().unwrap();
    let seen = reader.join().unwrap().replace(directory.to_str().unwrap(), "/work");
    without_time(&seen)
}

/// The text without sequences of a terminal.
pub(super) fn without_colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    first + &parts.map(|part| part.split_once('m').unwrap().1).collect::<String>()
}

/// The text with the names of colours in place of their sequences, to be read in a snapshot.
pub(super) fn named(text: &str) -> String {
    let mut text = text.to_owned();
    for (sequence, name) in [
        ("\u{1b}[0m", "⟨/⟩"),
        ("\u{1b}[1m", "⟨bold⟩"),
        ("\u{1b}[2m", "⟨dim⟩"),
        ("\u{1b}[31m", "⟨red⟩"),
        ("\u{1b}[32m", "⟨green⟩"),
        ("\u{1b}[33m", "⟨yellow⟩"),
        ("\u{1b}[36m", "⟨cyan⟩"),
    ] {
        text = text.replace(sequence, name);
    }
    assert!(!text.contains('\u{1b}'), "{text:?}");
    text
}
