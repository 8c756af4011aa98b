//! Opening libraries, path files and databases safely: only regular files of file systems that store files.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek};
use std::path::Path;

/// An open regular file and its size. Files that the kernel generates (procfs, sysfs and similar) do not
/// qualify: they may never end, never answer, or have an effect when opened.
#[derive(Debug)]
pub(crate) struct RegularFile {
    file: File,
    size: u64,
}

impl RegularFile {
    /// Opens a file. FIFOs and devices are not opened.
    ///
    /// # Errors
    ///
    /// As the operating system reports, and if it is not a regular file of a file system that stores files.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        // Checked before, because opening can block or have an effect; and after, because the name may by
        // then belong to another file.
        check_kind(&std::fs::metadata(path)?)?;
        #[cfg(target_os = "linux")]
        check_file_system(&rustix::fs::statfs(path)?)?;
        Self::checked(open(path)?)
    }

    /// Opens a file by its path below a directory, without following links, not even one that is created at
    /// the same time: nothing outside is opened.
    ///
    /// # Errors
    ///
    /// Like [`RegularFile::open`], and if a component of the path is a link.
    #[cfg(target_os = "linux")]
    pub(crate) fn open_below(root: &Path, path: &str) -> io::Result<Self> {
        use rustix::fs::{Mode, OFlags, fstatfs, open, openat};
        let place = OFlags::PATH | OFlags::CLOEXEC;
        let read = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let mut directory = open(root, place | OFlags::DIRECTORY, Mode::empty())?;
        let mut names = path.split('/').filter(|name| !name.is_empty()).peekable();
        while let Some(name) = names.next() {
            if names.peek().is_some() {
                let flags = place | OFlags::DIRECTORY | OFlags::NOFOLLOW;
                directory = openat(&directory, name, flags, Mode::empty())?;
                continue;
            }
            let there = File::from(openat(&directory, name, place | OFlags::NOFOLLOW, Mode::empty())?);
            check_kind(&there.metadata()?)?;
            check_file_system(&fstatfs(&there)?)?;
            let file = openat(&directory, name, read | OFlags::NOFOLLOW, Mode::empty())?;
            return Self::checked(File::from(file));
        }
        Err(io::Error::other("a directory"))
    }

    /// Like the Linux version, except that links created at the same time are not detected.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn open_below(root: &Path, path: &str) -> io::Result<Self> {
        Self::open(&root.join(path.trim_start_matches('/')))
    }

    /// Opens a file that is not a link, belongs to the user, and is not writable by others.
    ///
    /// # Errors
    ///
    /// Like [`RegularFile::open`], and if the file is a link, belongs to someone else, or is writable by
    /// others.
    pub(crate) fn open_own(path: &Path) -> io::Result<Self> {
        check_own(&std::fs::symlink_metadata(path)?)?;
        let file = Self::open(path)?;
        check_own(&file.file.metadata()?)?;
        Ok(file)
    }

    fn checked(file: File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        check_kind(&metadata)?;
        #[cfg(target_os = "linux")]
        check_file_system(&rustix::fs::fstatfs(&file)?)?;
        Ok(Self { file, size: metadata.len() })
    }

    /// Its size in bytes when it was opened. Nothing past that is read.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// The first `count` bytes, or fewer if the file is shorter. The next read starts at the beginning again.
    pub(crate) fn head(&mut self, count: u64) -> io::Result<Vec<u8>> {
        let mut first = Vec::new();
        (&self.file).take(count.min(self.size)).read_to_end(&mut first)?;
        self.file.rewind()?;
        Ok(first)
    }

    /// All bytes, if there are at most `limit`.
    pub(crate) fn read_within(self, limit: u64) -> io::Result<Vec<u8>> {
        if self.size > limit {
            return Err(io::Error::other(format!("{} bytes, the limit is {limit}", self.size)));
        }
        self.read(|_| ())
    }

    /// All bytes. `visit` gets them in order, piece by piece, on another thread if one is free.
    pub(crate) fn read(mut self, mut visit: impl FnMut(&[u8]) + Send) -> io::Result<Vec<u8>> {
        /// Large enough that handing it to another thread costs little, small enough for the cache.
        const PIECE: usize = 512 << 10;
        /// The largest size for which memory is reserved in advance.
        const MOST: u64 = 1 << 30;
        let mut bytes = vec![0; usize::try_from(self.size.min(MOST)).unwrap_or(0)];
        let (mut seen, mut done) = (0, 0);
        while done < bytes.len() {
            let (finished, rest) = bytes.split_at_mut(done);
            let (room, _) = rest.split_at_mut(rest.len().min(PIECE));
            let fresh = finished.get(seen..).unwrap_or_default();
            let read = if fresh.is_empty() {
                read_full(&mut self.file, room)
            } else {
                rayon::join(|| read_full(&mut self.file, room), || visit(fresh)).0
            };
            let (count, wanted) = (read?, room.len());
            seen = done;
            done += count;
            if count < wanted {
                bytes.truncate(done);
            }
        }
        self.file.take(self.size.saturating_sub(done as u64)).read_to_end(&mut bytes)?;
        visit(bytes.get(seen..).unwrap_or_default());
        Ok(bytes)
    }
}

/// Reads a regular file of at most `limit` bytes.
///
/// # Errors
///
/// Like [`RegularFile::open`], and if the file is larger.
pub(crate) fn read_regular(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    RegularFile::open(path)?.read_within(limit)
}

fn check_kind(metadata: &Metadata) -> io::Result<()> {
    if metadata.is_dir() {
        return Err(io::Error::other("a directory"));
    }
    if !metadata.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    Ok(())
}

/// Checks that it is a regular file of the user that is not writable by others.
pub(crate) fn check_own(metadata: &Metadata) -> io::Result<()> {
    check_kind(metadata)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        if metadata.uid() != rustix::process::geteuid().as_raw() {
            return Err(io::Error::other("it belongs to another user"));
        }
        if metadata.mode() & 0o022 != 0 {
            return Err(io::Error::other("it is writable by other users"));
        }
    }
    Ok(())
}

/// With these flags, a FIFO that replaced the file does not block, and a terminal does not become the
/// controlling terminal.
#[cfg(target_os = "linux")]
fn open(path: &Path) -> io::Result<File> {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt as _;
    let flags = i32::try_from((OFlags::NONBLOCK | OFlags::NOCTTY).bits()).map_err(io::Error::other)?;
    File::options().read(true).custom_flags(flags).open(path)
}

#[cfg(not(target_os = "linux"))]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// File systems whose files the kernel generates when they are read: name and number (`linux/magic.h`, and
/// the sources of those that it does not list).
#[cfg(target_os = "linux")]
const VIRTUAL: [(&str, u32); 33] = [
    ("procfs", 0x9fa0),
    ("sysfs", 0x6265_6572),
    ("debugfs", 0x6462_6720),
    ("tracefs", 0x7472_6163),
    ("securityfs", 0x7363_6673),
    ("selinuxfs", 0xf97c_ff8c),
    ("smackfs", 0x4341_5d53),
    ("apparmorfs", 0x5a3c_69f0),
    ("cgroup", 0x0027_e0eb),
    ("cgroup2", 0x6367_7270),
    ("resctrl", 0x0765_5821),
    ("bpf", 0xcafe_4a11),
    ("configfs", 0x6265_6570),
    ("efivarfs", 0xde5e_81e4),
    ("pstore", 0x6165_676c),
    ("binfmt_misc", 0x4249_4e4d),
    ("binderfs", 0x6c6f_6f70),
    ("devpts", 0x1cd1),
    ("devmem", 0x454d_444d),
    ("secretmem", 0x5345_434d),
    ("mqueue", 0x1980_0202),
    ("fusectl", 0x6573_5543),
    ("functionfs", 0x0a64_7361),
    ("usbdevfs", 0x9fa2),
    ("openpromfs", 0x9fa1),
    ("xenfs", 0xabba_1974),
    ("nfsd", 0x6e66_7364),
    ("rpc_pipefs", 0x6759_6969),
    ("oprofilefs", 0x6f70_726f),
    ("nsfs", 0x6e73_6673),
    ("pidfs", 0x5049_4446),
    ("pipefs", 0x5049_5045),
    ("sockfs", 0x534f_434b),
];

#[cfg(target_os = "linux")]
fn check_file_system(found: &rustix::fs::StatFs) -> io::Result<()> {
    // The numbers have 32 bits; the width of the field depends on the machine.
    let [a, b, c, d, ..] = found.f_type.to_le_bytes();
    let number = u32::from_le_bytes([a, b, c, d]);
    match VIRTUAL.iter().find(|(_, magic)| *magic == number) {
        Some((name, _)) => Err(io::Error::other(format!("a file of {name}, generated by the kernel"))),
        None => Ok(()),
    }
}

/// Fills the buffer as far as the file has data.
fn read_full(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut done = 0;
    while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match file.read(rest) {
            Ok(0) => break,
            Ok(count) => done += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

#[cfg(all(test, target_os = "linux"))]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn files_generated_by_the_kernel_are_not_read() {
        for (path, system) in [
            ("/proc/self/pagemap", "procfs"),
            ("/proc/self/maps", "procfs"),
            ("/proc/kmsg", "procfs"),
            ("/proc/self/mem", "procfs"),
            ("/sys/kernel/notes", "sysfs"),
        ] {
            if Path::new(path).exists() {
                let error = RegularFile::open(Path::new(path)).unwrap_err().to_string();
                assert_eq!(error, format!("a file of {system}, generated by the kernel"), "{path}");
            }
        }
        // This link of procfs points to a stored file.
        assert!(RegularFile::open(Path::new("/proc/self/exe")).is_ok());
    }

    #[test]
    fn a_link_that_replaces_a_file_or_directory_is_not_followed() {
        use std::os::unix::fs::symlink;
        let directory = tempfile::tempdir().unwrap();
        let (root, outside) = (directory.path().join("root"), directory.path().join("outside"));
        for directory in [root.join("usr/lib"), outside.clone()] {
            std::fs::create_dir_all(&directory).unwrap();
            std::fs::write(directory.join("libx.so"), directory.to_str().unwrap()).unwrap();
        }
        let open = || RegularFile::open_below(&root, "/usr/lib/libx.so");
        assert_eq!(
            open().unwrap().read_within(4096).unwrap(),
            root.join("usr/lib").to_str().unwrap().as_bytes()
        );
        let library = root.join("usr/lib/libx.so");
        std::fs::remove_file(&library).unwrap();
        symlink(outside.join("libx.so"), &library).unwrap();
        assert!(open().is_err());
        std::fs::remove_dir_all(root.join("usr/lib")).unwrap();
        symlink(&outside, root.join("usr/lib")).unwrap();
        assert!(open().is_err());
    }

    #[test]
    fn only_files_of_the_user_that_others_cannot_write_are_accepted() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let directory = tempfile::tempdir().unwrap();
        let (file, link) = (directory.path().join("file"), directory.path().join("link"));
        std::fs::write(&file, b"x").unwrap();
        symlink(&file, &link).unwrap();
        for (mode, taken) in [(0o600, true), (0o644, true), (0o664, false), (0o602, false)] {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(RegularFile::open_own(&file).is_ok(), taken, "{mode:o}");
        }
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert!(RegularFile::open_own(&link).is_err());
        assert!(RegularFile::open_own(directory.path()).is_err());
    }

    #[test]
    fn nothing_past_the_size_at_opening_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("grows");
        std::fs::write(&path, b"1234").unwrap();
        let mut file = RegularFile::open(&path).unwrap();
        std::fs::write(&path, b"123456").unwrap();
        assert_eq!(file.head(8).unwrap(), b"1234");
        assert_eq!((file.size(), file.read(|_| ()).unwrap()), (4, b"1234".to_vec()));
        assert!(read_regular(&path, 5).is_err());
        assert_eq!(read_regular(&path, 6).unwrap(), b"123456");
    }
}
