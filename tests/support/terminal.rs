//! A terminal of the tests' own: what a program writes to it is read on the other side.

use std::fs::File;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::thread::JoinHandle;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// The side of the terminal that a program gets.
pub(crate) struct Terminal(File);

/// The bytes that are read on the other side, until the program and this test have closed theirs.
pub(crate) struct Shown(JoinHandle<Vec<u8>>);

impl Terminal {
    /// A terminal of this many columns; of an unknown width for 0.
    pub(crate) fn open(columns: u16) -> (Self, Shown) {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        if columns > 0 {
            let size = Winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
            tcsetwinsize(&terminal, size).unwrap();
        }
        let name = ptsname(&terminal, Vec::new()).unwrap().into_string().unwrap();
        let side = File::options().read(true).write(true).open(name).unwrap();
        (Self(side), Shown(std::thread::spawn(move || read(terminal))))
    }

    /// The terminal as an output of a program.
    pub(crate) fn output(&self) -> Stdio {
        Stdio::from(self.0.try_clone().unwrap())
    }
}

fn read(terminal: OwnedFd) -> Vec<u8> {
    let (mut bytes, mut file, mut buffer) = (Vec::new(), File::from(terminal), [0; 4096]);
    // The read fails once the other side is closed.
    while let Ok(count @ 1..) = file.read(&mut buffer) {
        bytes.extend_from_slice(&buffer[..count]);
    }
    bytes
}

impl Shown {
    /// All of it, once the program has ended.
    pub(crate) fn bytes(self) -> Vec<u8> {
        self.0.join().unwrap()
    }
}
