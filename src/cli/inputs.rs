//! Wheels and trees named on the command line.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use muslrepair::resolve::is_elf_file;
use muslrepair::wheel::WheelFilename;
use walkdir::WalkDir;

use super::usage::UsageError;

/// What `show`, `verify` and `needs` look at.
#[derive(Clone, Debug)]
pub(super) enum Subject {
    /// A wheel.
    Wheel(PathBuf),
    /// A directory of installed files.
    Tree(PathBuf),
}

impl Subject {
    /// The name of the wheel, or the path of the tree as it was given.
    pub(super) fn display_name(&self) -> String {
        match self {
            Self::Wheel(path) => shown(path),
            Self::Tree(path) => path.display().to_string(),
        }
    }

    /// The name of the distribution, or the path of the tree: what it is called where all are listed.
    pub(super) fn short_name(&self) -> String {
        match self {
            Self::Wheel(path) => short_name(path),
            Self::Tree(path) => path.display().to_string(),
        }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Wheel(path) | Self::Tree(path) => path,
        }
    }
}

/// The wheels and trees that the arguments name, in their order: wheels as they are; a directory by the wheels in it, at
/// any depth, and as a tree if there are ELF files in it too. Nothing is named twice.
pub(super) fn subjects(arguments: &[PathBuf]) -> Result<Vec<Subject>, UsageError> {
    let mut subjects = Vec::new();
    let mut seen = Seen::default();
    for argument in arguments {
        if !is_directory(argument)? {
            subjects.extend(seen.first(wheel(argument)?).map(Subject::Wheel));
            continue;
        }
        let Contents { wheels, has_elf } = contents(argument)?;
        if wheels.is_empty() && !has_elf {
            let usage =
                UsageError::from(format!("there are no wheels and no ELF files in `{}`", argument.display()));
            return Err(usage.with_hint(
                "name wheels, a directory that contains them, or a directory of installed packages",
            ));
        }
        subjects.extend(wheels.into_iter().filter_map(|wheel| seen.first(wheel)).map(Subject::Wheel));
        if has_elf {
            subjects.extend(seen.first(argument.clone()).map(Subject::Tree));
        }
    }
    Ok(subjects)
}

/// The wheels that the arguments name, in their order: files as they are, directories by their `*.whl`, sorted. None is
/// named twice.
pub(super) fn wheels(arguments: &[PathBuf]) -> Result<Vec<PathBuf>, UsageError> {
    let mut wheels = Vec::new();
    let mut seen = Seen::default();
    for argument in arguments {
        let found = if is_directory(argument)? { wheels_of(argument)? } else { vec![wheel(argument)?] };
        wheels.extend(found.into_iter().filter_map(|wheel| seen.first(wheel)));
    }
    Ok(wheels)
}

/// What was named before: files and directories, and the names they were given.
#[derive(Default)]
struct Seen(BTreeSet<(PathBuf, Option<OsString>)>);

impl Seen {
    /// The path, unless it leads under the same name to what another one led to. The name of a wheel means something, so
    /// a link of another name is another wheel.
    fn first(&mut self, path: PathBuf) -> Option<PathBuf> {
        let place = std::fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
        let name = if path.is_dir() { None } else { path.file_name().map(OsString::from) };
        self.0.insert((place, name)).then_some(path)
    }
}

fn is_directory(path: &Path) -> Result<bool, UsageError> {
    if let Some(usage) = not_a_file(path) {
        return Err(usage);
    }
    match std::fs::metadata(path) {
        Ok(metadata) => Ok(metadata.is_dir()),
        Err(error) => Err(no_access(path, &error)),
    }
}

/// What is named as an input and is no name of a file: standard input, and what a program would download.
fn not_a_file(path: &Path) -> Option<UsageError> {
    let text = path.to_str()?;
    if text == "-" && !path.exists() {
        let usage = UsageError::from("`-` is not a wheel: standard input is not read".to_owned());
        return Some(usage.with_hint("write it to a file first, and name the file"));
    }
    let (scheme, rest) = text.split_once("://").filter(|_| !path.exists())?;
    let usage = UsageError::from(format!("`{text}` is a URL: only files are read"));
    match scheme {
        "file" => Some(usage.with_hint(format!("name the file: `{rest}`"))),
        _ => Some(usage.with_hint(format!("download it first: `pip download --no-deps {text}`"))),
    }
}

/// Whether a text can be the name of a project of an index, with its version or without.
fn is_requirement(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.=<>~!,[]".contains(c);
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(allowed)
        && !text.ends_with(".whl")
}

/// Why a path that was named leads nowhere. The first form is auditwheel's.
pub(super) fn no_access(path: &Path, error: &io::Error) -> UsageError {
    let shown = path.display();
    if error.kind() != ErrorKind::NotFound {
        return format!("cannot access `{shown}`: {error}").into();
    }
    if path.is_symlink() {
        return UsageError::from(format!("cannot access `{shown}`: dangling symbolic link"))
            .with_hint("remove the link, or restore the file that it names");
    }
    let usage = UsageError::from(format!("cannot access `{shown}`. No such file"));
    if path.to_string_lossy().contains(['*', '?']) {
        return usage.with_hint("the pattern matches nothing, or quotes keep the shell from expanding it");
    }
    match path.to_str().filter(|text| is_requirement(text)) {
        Some(name) if path.extension().is_none() || name.contains("==") => usage.with_hint(format!(
            "name a file or directory; `pip download --no-deps {name}` downloads a wheel"
        )),
        _ => usage.with_hint(format!("the working directory is `{}`", working_directory())),
    }
}

/// Where relative paths begin, to show.
fn working_directory() -> String {
    std::env::current_dir().map_or_else(|_| ".".to_owned(), |path| path.display().to_string())
}

/// A file that is named like a wheel.
fn wheel(path: &Path) -> Result<PathBuf, UsageError> {
    if is_wheel(path) {
        return Ok(path.to_owned());
    }
    let usage = UsageError::from(format!("`{}` is not named `*.whl`", path.display()));
    let name = path.to_string_lossy();
    if name.ends_with(".tar.gz") || name.ends_with(".zip") {
        return Err(usage.with_hint(format!("build a wheel of it first: `pip wheel --no-deps {name}`")));
    }
    Err(match is_elf_file(path) {
        Ok(true) => {
            usage.with_hint(format!("it is an ELF file: `muslrepair lddtree {name}` shows what it loads"))
        }
        _ => usage.with_hint("name wheels, or directories that contain wheels"),
    })
}

fn wheels_of(directory: &Path) -> Result<Vec<PathBuf>, UsageError> {
    let wheels = wheels_in(directory)?;
    if wheels.is_empty() {
        return Err(UsageError::from(format!("no wheels in `{}`", directory.display()))
            .with_hint(format!("`pip wheel --no-deps --wheel-dir {} .` builds one", directory.display())));
    }
    Ok(wheels)
}

/// The `*.whl` of a directory, sorted.
pub(super) fn wheels_in(directory: &Path) -> Result<Vec<PathBuf>, UsageError> {
    let mut wheels = Vec::new();
    for entry in WalkDir::new(directory).min_depth(1).max_depth(1).sort_by_file_name() {
        let entry = entry.map_err(|error| unreadable(directory, error))?;
        if names_a_wheel(&entry)? {
            wheels.push(entry.into_path());
        }
    }
    Ok(wheels)
}

/// The files below a directory.
struct Contents {
    wheels: Vec<PathBuf>,
    has_elf: bool,
}

fn contents(directory: &Path) -> Result<Contents, UsageError> {
    let mut contents = Contents { wheels: Vec::new(), has_elf: false };
    for entry in WalkDir::new(directory).sort_by_file_name() {
        let entry = entry.map_err(|error| unreadable(directory, error))?;
        if names_a_wheel(&entry)? {
            contents.wheels.push(entry.into_path());
        } else if !contents.has_elf && entry.file_type().is_file() {
            contents.has_elf = is_elf_file(entry.path()).map_err(|error| no_access(entry.path(), &error))?;
        }
    }
    Ok(contents)
}

/// Whether an entry of a directory is a wheel: a file of that name, or a link to one.
fn names_a_wheel(entry: &walkdir::DirEntry) -> Result<bool, UsageError> {
    if !is_wheel(entry.path()) || entry.file_type().is_dir() {
        return Ok(false);
    }
    let metadata = std::fs::metadata(entry.path()).map_err(|error| no_access(entry.path(), &error))?;
    Ok(metadata.is_file())
}

/// The path is in the error of the walk, and in the message already.
fn unreadable(directory: &Path, error: walkdir::Error) -> UsageError {
    let path = error.path().unwrap_or(directory).to_owned();
    let error = error.into_io_error().unwrap_or_else(|| ErrorKind::Other.into());
    format!("cannot read `{}`: {error}", path.display()).into()
}

/// Whether a file is named like a wheel.
pub(super) fn is_wheel(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "whl")
}

/// A path, and the targets of the symbolic links that it names, one after another up to the one that is no link. Links
/// in its directories are followed. Empty if a directory does not exist.
pub(super) fn places(path: &Path) -> Vec<PathBuf> {
    /// As many as Linux follows (path_resolution(7)).
    const MOST_LINKS: usize = 40;
    let place = |path: &Path| {
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let directory = std::fs::canonicalize(directory.unwrap_or(Path::new("."))).ok()?;
        Some(directory.join(path.file_name()?))
    };
    let next = |place_of_link: &PathBuf| {
        let target = std::fs::read_link(place_of_link).ok()?;
        place(&place_of_link.parent()?.join(target))
    };
    std::iter::successors(place(path), next).take(MOST_LINKS + 1).collect()
}

/// The file name, to show.
pub(super) fn shown(wheel: &Path) -> String {
    wheel.file_name().map_or_else(|| wheel.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// What wheels are called in a table: by distribution, version and Python, or by their paths where two have all of this in
/// common.
pub(super) fn names_in_a_table(subjects: &[Subject]) -> BTreeMap<PathBuf, String> {
    let name = |path: &Path| -> Option<String> {
        let wheel: WheelFilename = shown(path).parse().ok()?;
        let python = wheel.tags().first()?.split('-').next()?.to_owned();
        let python = if python.starts_with("py") { String::new() } else { format!("-{python}") };
        Some(format!("{}-{}{python}", wheel.distribution(), wheel.version()))
    };
    let mut paths: BTreeMap<String, Vec<&Path>> = BTreeMap::new();
    for path in subjects.iter().map(Subject::path) {
        if let Some(name) = name(path) {
            paths.entry(name).or_default().push(path);
        }
    }
    let unique = paths.into_iter().filter(|(_, paths)| paths.len() == 1);
    unique
        .flat_map(|(name, paths)| paths.into_iter().map(move |path| (path.to_owned(), name.clone())))
        .collect()
}

/// The name of the distribution that a wheel is of, or of the file where it is named like none.
pub(super) fn short_name(wheel: &Path) -> String {
    let name = shown(wheel);
    let parsed: Option<WheelFilename> = name.parse().ok();
    parsed.map_or(name, |wheel| wheel.distribution().to_owned())
}
