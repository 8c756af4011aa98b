//! Reading the members of a wheel.

use std::io::{self, Read as _, Seek as _, SeekFrom};

use sha2::{Digest as _, Sha256};

use super::error::WheelError;
use super::member::{Member, Method};
use super::reader::Wheel;
use super::source::Source;
use crate::deflate::{self, InflateError};
use crate::escaped::Escaped;
use crate::wheel::metadata::digest::Sha256Digest;
use crate::wheel::metadata::path::WheelPath;

impl Wheel {
    /// Reads a whole file. Its size and CRC are checked against the directory. A size that the compressed
    /// data cannot have is refused before memory is allocated.
    ///
    /// # Errors
    ///
    /// If there is no such file, or its data is damaged or cannot be read.
    pub fn read(&self, path: &WheelPath) -> Result<Vec<u8>, WheelError> {
        self.read_member(self.file(path)?)
    }

    /// The inflated bytes of a member, checked against its size and CRC.
    pub(super) fn read_member(&self, member: &Member) -> Result<Vec<u8>, WheelError> {
        self.read_visiting(member, |_| ())
    }

    /// Like [`Wheel::read_member`], with the SHA-256.
    pub(super) fn read_hashed(&self, member: &Member) -> Result<(Vec<u8>, Sha256Digest), WheelError> {
        let mut sha256 = Sha256::new();
        let bytes = self.read_visiting(member, |piece| sha256.update(piece))?;
        Ok((bytes, Sha256Digest::from_bytes(sha256.finalize().into())))
    }

    /// `visit` gets the bytes in order, piece by piece, on another thread if one is free.
    fn read_visiting(
        &self,
        member: &Member,
        mut visit: impl FnMut(&[u8]) + Send,
    ) -> Result<Vec<u8>, WheelError> {
        let mut crc32 = crc32fast::Hasher::new();
        let mut visit = |piece: &[u8]| {
            crc32.update(piece);
            visit(piece);
        };
        let bytes = match member.method {
            Method::Stored => {
                let bytes = self.compressed(member)?;
                visit(&bytes);
                bytes
            }
            Method::Deflated => {
                let size = usize::try_from(member.size).unwrap_or(usize::MAX);
                let stream = self.open_compressed(member).map_err(|error| self.unreadable(member, error))?;
                deflate::inflate(stream, member.compressed_size, size, visit).map_err(
                    |error| match error {
                        InflateError::Read(error) => self.unreadable(member, error),
                        damage => damaged(member, damage.to_string()),
                    },
                )?
            }
        };
        if crc32.finalize() != member.crc32 {
            return Err(damaged(member, "invalid checksum".to_owned()));
        }
        Ok(bytes)
    }

    /// The compressed bytes of a member.
    fn compressed(&self, member: &Member) -> Result<Vec<u8>, WheelError> {
        let mut bytes = Vec::new();
        self.compressed_into(member, &mut bytes)?;
        Ok(bytes)
    }

    /// Like [`Wheel::compressed`], reusing a buffer; excess capacity is freed.
    pub(super) fn compressed_into(&self, member: &Member, bytes: &mut Vec<u8>) -> Result<(), WheelError> {
        bytes.clear();
        let size = usize::try_from(member.compressed_size.saturating_add(1)).unwrap_or(usize::MAX);
        let too_large = |_| damaged(member, "it does not fit into memory".to_owned());
        bytes.try_reserve_exact(size).map_err(too_large)?;
        bytes.shrink_to(size);
        let stream = self.open_compressed(member);
        let read = stream.and_then(|mut stream| stream.read_to_end(bytes));
        read.map(|_| ()).map_err(|error| self.unreadable(member, error))
    }

    /// A reader of the compressed bytes of a member.
    fn open_compressed(&self, member: &Member) -> io::Result<io::Take<Source>> {
        let mut archive = self.archive();
        let start = archive.by_index_raw(member.index)?.data_start();
        let start = start.ok_or_else(|| io::Error::other("its bytes were not found"))?;
        let mut source = archive.into_inner();
        source.seek(SeekFrom::Start(start))?;
        Ok(source.take(member.compressed_size))
    }

    fn unreadable(&self, member: &Member, error: io::Error) -> WheelError {
        match error.raw_os_error() {
            Some(_) => WheelError::Io { path: self.path().to_owned(), action: "read", source: error },
            None => damaged(member, reason(&error)),
        }
    }
}

fn damaged(member: &Member, reason: String) -> WheelError {
    WheelError::Damaged { member: member.path.clone(), reason }
}

fn reason(error: &io::Error) -> String {
    Escaped(&error.to_string().to_lowercase()).to_string()
}
