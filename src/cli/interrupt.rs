//! Ctrl-C during a repair.

#[cfg(not(unix))]
use super::outcome::WheelOutcome;
#[cfg(not(unix))]
use super::term::Terminal;

#[cfg(unix)]
pub(super) use unix::Interrupt;

/// On other systems, Ctrl-C ends the program without a message.
#[cfg(not(unix))]
pub(super) struct Interrupt;

#[cfg(not(unix))]
impl Interrupt {
    pub(super) fn watch(_: usize, _: Terminal) -> Self {
        Self
    }

    pub(super) fn count(&self, _: &WheelOutcome) {}
}

#[cfg(unix)]
mod unix {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use signal_hook::consts::SIGINT;
    use signal_hook::iterator::{Handle, Signals};

    use crate::cli::outcome::WheelOutcome;
    use crate::cli::term::Terminal;

    /// The exit status of a program ended by SIGINT, as shells report it: 128 plus the number of the signal.
    const INTERRUPTED: i32 = 128 + SIGINT;

    /// Watches for Ctrl-C, and counts the written wheels.
    pub(in super::super) struct Interrupt {
        written: Arc<AtomicUsize>,
        handle: Option<Handle>,
    }

    impl Interrupt {
        /// Starts watching, for a call with this many wheels. If the program was started with SIGINT ignored,
        /// as shells start background jobs, it stays ignored.
        pub(in super::super) fn watch(wheels: usize, terminal: Terminal) -> Self {
            let written = Arc::new(AtomicUsize::new(0));
            let signals = if is_ignored() { None } else { Signals::new([SIGINT]).ok() };
            let handle = signals.as_ref().map(Signals::handle);
            if let Some(mut signals) = signals {
                let written = written.clone();
                // Without a thread the signal would be lost: the handler is removed, and the system ends the
                // program.
                let thread = std::thread::Builder::new().name("interrupt".to_owned());
                let watch = move || {
                    if signals.forever().next().is_some() {
                        stop(terminal, written.load(Ordering::Relaxed), wheels);
                    }
                };
                if thread.spawn(watch).is_err() {
                    let _ = signal_hook::flag::register_conditional_default(SIGINT, Arc::new(true.into()));
                }
            }
            Self { written, handle }
        }

        /// Counts a finished wheel.
        pub(in super::super) fn count(&self, outcome: &WheelOutcome) {
            if matches!(outcome, WheelOutcome::Done(_, Some(_))) {
                self.written.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    impl Drop for Interrupt {
        fn drop(&mut self) {
            if let Some(handle) = &self.handle {
                handle.close();
            }
        }
    }

    /// Prints how many wheels were written, and ends the program. Wheels are written completely or not at
    /// all, so no partial files are left.
    #[expect(clippy::exit, reason = "the threads that repair wheels are not asked: they may take a while")]
    fn stop(terminal: Terminal, written: usize, wheels: usize) {
        let noun = if wheels == 1 { "wheel" } else { "wheels" };
        terminal.interrupted(&format!("interrupted: {written} of {wheels} {noun} written"));
        std::process::exit(INTERRUPTED);
    }

    /// Whether SIGINT is ignored (`SigIgn` in proc_pid_status(5): a mask in hexadecimal, bit 0 for signal 1).
    fn is_ignored() -> bool {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
        mask & (1 << (SIGINT - 1)) != 0
    }
}
