//! `repair`: what can be asked for, and what it means.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum as _, ValueHint};
use muslrepair::audit::AuditOptions;
use muslrepair::elf::Strip;
use muslrepair::repair::{RepairOptions, unusable_cache_files};
use muslrepair::resolve::{Pattern, SystemPackages};
use muslrepair::wheel::{WheelFilename, WheelPath};

use super::batch::Batch;
use super::checks::Checks;
use super::compat::OutputMode;
use super::config::{Config, StripLevel};
use super::destination::Destination;
use super::env::{Environment, Setting};
use super::excludes::Excludes;
use super::format::Format;
use super::heading;
use super::interrupt::Interrupt;
use super::job_summary::JobSummary;
use super::limits::LimitArgs;
use super::minimum::MinimumArgs;
use super::printer::Printer;
use super::progress::Progress;
use super::published::PublishedChoice;
use super::requirements::requirements_text;
use super::results::{DocumentArgs, ResultArgs};
use super::search::SearchArgs;
use super::size::Size;
use super::suggested::Suggested;
use super::term::{CliError, Terminal};
use super::usage::UsageError;
use super::{Exit, inputs, platform, published};

/// What is held in memory at once unless `--memory` says otherwise: 1 GiB, which the smallest build machines have.
const DEFAULT_MEMORY: u64 = 1 << 30;

/// More threads than any machine that builds wheels has cores; so many that all of them start at once.
const MOST_JOBS: u16 = 256;

#[derive(Debug, Args)]
pub(super) struct RepairArgs {
    /// Wheels, or directories of wheels
    #[arg(required = true, value_name = "WHEEL|DIR", value_hint = ValueHint::FilePath)]
    wheels: Vec<PathBuf>,
    #[command(flatten)]
    results: ResultArgs,
    #[command(flatten)]
    documents: DocumentArgs,
    /// Append a Markdown summary to this file
    ///
    /// The summary is for the page of a CI job: `--summary "$GITHUB_STEP_SUMMARY"`.
    #[arg(long, value_name = "FILE", help_heading = heading::OUTPUT, value_hint = ValueHint::FilePath)]
    summary: Option<OsString>,
    /// Write pins with hashes to this file (- for stdout)
    ///
    /// One line for each wheel in the wheel directory, `name==version --hash=sha256:...`, for `pip install
    /// --require-hashes`.
    #[arg(long, value_name = "FILE", value_parser = clap::value_parser!(Destination), conflicts_with = "dry_run")]
    #[arg(help_heading = heading::OUTPUT, value_hint = ValueHint::FilePath)]
    requirements: Option<Destination>,
    /// Start no further wheel after a failure
    #[arg(long, help_heading = heading::OUTPUT)]
    fail_fast: bool,
    /// Do not graft matching libraries (repeatable)
    ///
    /// The user must provide these libraries. The pattern is for the name of the library or for its path: libcuda.so.1,
    /// libcuda*, /usr/lib/vendor/*.
    #[arg(long, value_name = "PATTERN", help_heading = heading::GRAFTING)]
    exclude: Vec<Pattern>,
    /// Also graft this library (repeatable)
    ///
    /// For a library that no ELF file needs, such as one opened with `dlopen`. Give its name, or its path in the root file
    /// system or on this machine.
    #[arg(long, value_name = "LIB", help_heading = heading::GRAFTING)]
    include: Vec<String>,
    /// Strip ELF files: debug or all [default: all]
    ///
    /// `debug` removes debug sections, `all` also removes the symbols not needed to load. Without this option, ELF files are
    /// not stripped.
    #[arg(long, value_name = "LEVEL", num_args = 0..=1, require_equals = true, default_missing_value = "all")]
    #[arg(help_heading = heading::GRAFTING, hide_possible_values = true)]
    strip: Option<StripLevel>,
    /// Also graft libz.so.1
    ///
    /// The musllinux policies leave it to the system.
    #[arg(long, help_heading = heading::GRAFTING)]
    bundle_zlib: bool,
    /// Do not add a software bill of materials
    #[arg(long, help_heading = heading::GRAFTING)]
    no_sbom: bool,
    /// Platform tag of the result [default: auto]
    ///
    /// A tag such as musllinux_1_2_x86_64, or musllinux_1_2 for the architecture of the wheel. `auto` keeps the musllinux tag
    /// of the wheel, or gives it musllinux_1_2. linux_<arch> grafts and keeps the file name.
    #[arg(long, value_name = "TAG", value_parser = Suggested::PLATFORMS)]
    #[arg(help_heading = heading::TAGS, hide_possible_values = true)]
    plat: Option<String>,
    /// Published wheels: auto, copy or fix [default: auto]
    ///
    /// A published wheel has a musllinux tag. `auto` copies the ones that load and fixes the others, `copy` copies all,
    /// `fix` fixes all. A fixed wheel gets a build tag. The default is `fix` with --plat, --include, --strip or --build-tag.
    #[arg(long, value_name = "CHOICE", help_heading = heading::TAGS, hide_possible_values = true)]
    published: Option<PublishedChoice>,
    #[command(flatten)]
    minimum: MinimumArgs,
    /// Build tag of the result, such as 1
    #[arg(long, value_name = "TAG", help_heading = heading::TAGS)]
    build_tag: Option<String>,
    #[command(flatten)]
    search: SearchArgs,
    #[command(flatten)]
    checks: Checks,
    /// Keep the platform tags of the wheel
    ///
    /// The file name and the tags in the WHEEL file stay the same.
    #[arg(long, help_heading = heading::COMPATIBILITY, hide_short_help = true)]
    no_update_tags: bool,
    /// No effect; accepted for compatibility with auditwheel
    ///
    /// The result always has one platform tag.
    #[arg(long, help_heading = heading::COMPATIBILITY, hide_short_help = true)]
    only_plat: bool,
    /// No effect; accepted for compatibility with auditwheel
    ///
    /// Pure Python wheels are always copied.
    #[arg(long, help_heading = heading::COMPATIBILITY, hide_short_help = true)]
    allow_pure_python_wheel: bool,
    /// Suffix of the directory for grafted libraries [default: .libs]
    #[arg(short = 'L', long, value_name = "SUFFIX", default_value = ".libs", allow_hyphen_values = true)]
    #[arg(help_heading = heading::ADVANCED, hide_short_help = true, hide_default_value = true)]
    lib_sdir: String,
    /// Compression level of changed files, 0 to 9 [default: 6]
    #[arg(short, long, value_name = "LEVEL", value_parser = Suggested::LEVELS)]
    #[arg(help_heading = heading::ADVANCED, hide_short_help = true, hide_possible_values = true)]
    zip_compression_level: Option<String>,
    /// Patch ELF files with builtin, arwen or none [default: builtin]
    ///
    /// `arwen` is another implementation, for comparison. With `none`, a wheel that must be patched fails.
    #[arg(long, value_name = "PATCHER", value_parser = Suggested::PATCHERS)]
    #[arg(help_heading = heading::ADVANCED, hide_short_help = true, hide_possible_values = true)]
    patcher: Option<String>,
    /// Keep DT_RELR even if the tag covers musl before 1.2.4
    ///
    /// Older releases ignore DT_RELR, and the wheel crashes there. Alpine 3.18 is the first with musl 1.2.4.
    #[arg(long, help_heading = heading::ADVANCED, hide_short_help = true)]
    keep_relr: bool,
    /// Number of threads, at most 256 [default: one per core]
    #[arg(short, long, value_name = "N", value_parser = jobs)]
    #[arg(help_heading = heading::ADVANCED, hide_short_help = true)]
    pub(super) jobs: Option<u16>,
    /// Memory budget for wheel contents, such as 512M [default: 1G]
    ///
    /// A larger file is processed alone.
    #[arg(long, value_name = "SIZE", help_heading = heading::ADVANCED, hide_short_help = true)]
    memory: Option<Size>,
    /// Keep patched libraries in this directory for later calls
    ///
    /// Several processes can share the directory, and it can be deleted at any time.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    #[arg(help_heading = heading::ADVANCED, hide_short_help = true)]
    cache_dir: Option<PathBuf>,
    /// Read settings from this file [default: pyproject.toml]
    ///
    /// The settings are `exclude`, `strip`, `sbom`, `min-musl`, `min-alpine` and `published`, in the table [tool.muslrepair] or at
    /// the top of the file. Without this option, pyproject.toml of the working directory is read.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    #[arg(help_heading = heading::ADVANCED, hide_short_help = true)]
    config: Option<PathBuf>,
    #[command(flatten)]
    limits: LimitArgs,
}

/// `--jobs`.
fn jobs(text: &str) -> Result<u16, String> {
    let number = text.parse().ok().filter(|jobs| *jobs <= MOST_JOBS);
    number.ok_or_else(|| format!("expected a number of threads, 0 to {MOST_JOBS} (0: one per core)"))
}

pub(super) fn run(
    arguments: &RepairArgs,
    environment: &Environment,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    let batch = batch(arguments, environment, terminal)?;
    let mut batch = Batch { packages: SystemPackages::read(arguments.search.sysroot())?, ..batch };
    let missing = missing(&arguments.results.wheel_dir);
    if arguments.results.wheel_dir.exists() && !arguments.results.wheel_dir.is_dir() {
        let usage = format!("`--wheel-dir {}` is not a directory", arguments.results.wheel_dir.display());
        let hint = "name a directory for the results: `--wheel-dir wheelhouse`";
        return Err(UsageError::from(usage).with_hint(hint).into());
    }
    if !arguments.results.dry_run {
        std::fs::create_dir_all(&arguments.results.wheel_dir).map_err(|error| {
            CliError::Failure(format!("cannot create `{}`: {error}", arguments.results.wheel_dir.display()))
        })?;
    }
    // Only now, so that a call that is refused leaves no directory behind.
    batch.options.cache_dir =
        arguments.cache_dir.as_deref().and_then(|directory| usable(directory, arguments, terminal));
    let printer =
        Printer::new(&batch, arguments.documents.format, arguments.documents.report.is_some(), *terminal);
    let interrupt = (!arguments.results.dry_run).then(|| Interrupt::watch(batch.wheels.len(), *terminal));
    batch.run(|index, outcome| {
        interrupt.iter().for_each(|interrupt| interrupt.count(&outcome));
        batch.summarise(index, &outcome);
        printer.done(index, outcome);
    });
    drop(interrupt);
    let (exit, documents) = printer.finish();
    let summary = batch.summary.take().map_or(Ok(()), |summary| summary.write("repair"));
    let exit = terminal.at_the_end(exit, summary);
    // Where nothing was written, nothing is left behind: a directory that holds something is not removed.
    let _ = missing.iter().try_for_each(std::fs::remove_dir);
    let exit = match &arguments.documents.report {
        Some(destination) => terminal.at_the_end(exit, destination.write_report(documents, terminal)),
        None => exit,
    };
    Ok(match &arguments.requirements {
        Some(destination) if arguments.results.wheel_dir.exists() => {
            let written = requirements_text(&arguments.results.wheel_dir)
                .and_then(|text| destination.write(&text, terminal));
            terminal.at_the_end(exit, written)
        }
        _ => exit,
    })
}

/// The directory and those above it that are not there, the innermost first.
fn missing(directory: &Path) -> Vec<PathBuf> {
    let above = directory.ancestors().filter(|above| !above.as_os_str().is_empty());
    above.take_while(|above| !above.exists()).map(Path::to_owned).collect()
}

/// The wheels, none of which is what was meant as the level of `--strip`.
fn wheels(arguments: &RepairArgs) -> Result<Vec<PathBuf>, UsageError> {
    let level = arguments.wheels.iter().filter_map(|path| path.to_str());
    let level =
        level.filter(|text| StripLevel::from_str(text, false).is_ok()).find(|_| arguments.strip.is_some());
    inputs::wheels(&arguments.wheels).map_err(|usage| match level {
        Some(level) => usage.with_hint(format!("the level of `--strip` follows a `=`: `--strip={level}`")),
        None => usage,
    })
}

/// What is typed, with the environment and the configuration taken into account.
fn batch(
    arguments: &RepairArgs,
    environment: &Environment,
    terminal: &Terminal,
) -> Result<Batch, UsageError> {
    let wheels = wheels(arguments)?;
    let config = Config::read(arguments.config.as_deref())?;
    if let Some(report) = &arguments.documents.report {
        let taken = arguments.results.dry_run || arguments.documents.format == Format::Json;
        report.check(
            "--report",
            taken.then_some("plans or documents"),
            wheels.iter().map(PathBuf::as_path),
        )?;
    }
    if let Some(requirements) = &arguments.requirements {
        let taken = arguments.documents.format == Format::Json
            || arguments.documents.report == Some(Destination::Output);
        requirements.check(
            "--requirements",
            taken.then_some("documents"),
            wheels.iter().map(PathBuf::as_path),
        )?;
    }
    if let Some(setting) = &environment.arch {
        terminal.debug(&format!("{} is not used: the ELF files say what a wheel is for", setting.variable));
    }
    let mut limits = arguments.limits.limits();
    let Size(memory) = arguments.memory.unwrap_or(Size(DEFAULT_MEMORY));
    // As many wheels as there are threads are worked on at once, each with its share.
    let at_once = wheels.len().min(rayon::current_num_threads()).max(1);
    limits.in_flight = (memory / u64::try_from(at_once).unwrap_or(u64::MAX)).max(1);
    let excludes = Excludes::new(&arguments.exclude, &config)?;
    Ok(Batch {
        options: options(arguments, environment, &config, terminal)?,
        resolver: arguments.search.resolver(
            environment,
            excludes.patterns(),
            arguments.bundle_zlib,
            arguments.limits.limits(),
        )?,
        excludes,
        audit_options: AuditOptions {
            tolerate_forbidden_symbols: arguments.bundle_zlib,
            include: arguments.include.clone(),
            allow: arguments.checks.allowed(),
            system: arguments.search.system(),
            ..AuditOptions::default()
        },
        packages: SystemPackages::default(),
        limits,
        directory: arguments.results.wheel_dir.clone(),
        dry_run: arguments.results.dry_run,
        fail_fast: arguments.fail_fast,
        summary: (arguments.summary.as_ref())
            .map(|path| JobSummary::new(path, wheels.iter().map(PathBuf::as_path)))
            .transpose()?,
        copy_pure: terminal.mode() == OutputMode::Own || arguments.allow_pure_python_wheel,
        mode: terminal.mode(),
        progress: Progress::new(wheels.len(), environment, *terminal).map(std::sync::Arc::new),
        wheels,
    })
}

fn options(
    arguments: &RepairArgs,
    environment: &Environment,
    config: &Config,
    terminal: &Terminal,
) -> Result<RepairOptions, UsageError> {
    let compression = Setting::read(
        arguments.zip_compression_level.as_deref(),
        environment.compression.as_ref(),
        |text| {
            let level = text.parse().ok().filter(|level| *level <= 9);
            level.ok_or_else(|| {
                let usage = UsageError::from(format!("`{text}` is not a compression level: expected 0 to 9"));
                usage.with_hint("leave `--zip-compression-level` out for level 6")
            })
        },
    )?;
    let patcher = Setting::read(arguments.patcher.as_deref(), environment.patcher.as_ref(), |name| {
        if name.ends_with("patchelf") {
            terminal.debug(&format!("the builtin patcher does what `{name}` is asked for"));
        }
        name.parse().map_err(|error| {
            UsageError::from(format!("{error}")).with_hint("leave `--patcher` out for `builtin`")
        })
    })?;
    let source_date_epoch = match &environment.source_date_epoch {
        None => None,
        Some(text) => Some(
            text.parse().map_err(|_| format!("SOURCE_DATE_EPOCH is not a number of seconds: `{text}`"))?,
        ),
    };
    Ok(RepairOptions {
        platform: platform::choose(arguments.plat.as_deref(), environment)?,
        published: published::choose(
            arguments.published.or(published::of(environment)?).or(config.published),
            arguments.plat.as_deref(),
            terminal.mode(),
        ),
        libs_suffix: suffix(&arguments.lib_sdir)?,
        update_tags: !arguments.no_update_tags,
        strip: arguments.strip.or(config.strip()).map(|level| match level {
            StripLevel::Debug => Strip::Debug,
            StripLevel::All => Strip::All,
        }),
        compression: compression.unwrap_or(RepairOptions::default().compression),
        keep_relr: arguments.keep_relr,
        min_musl: arguments.minimum.release(|| config.min_musl())?,
        build_tag: arguments.build_tag.as_deref().map(build_tag).transpose()?,
        sbom: !arguments.no_sbom && config.sbom != Some(false),
        patcher: patcher.unwrap_or_default(),
        source_date_epoch,
        cache_dir: None,
    })
}

/// `--lib-sdir`, which has to make the name of a directory of what any distribution is named.
fn suffix(text: &str) -> Result<String, UsageError> {
    let name = format!("name{text}");
    match name.parse::<WheelPath>() {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(UsageError::from(format!(
            "`--lib-sdir {text}` is not a valid directory name: {}",
            error.rule
        ))
        .with_hint("as in `--lib-sdir .libs`")),
    }
}

/// `--build-tag`, which has to fit any file name.
pub(super) fn build_tag(text: &str) -> Result<String, UsageError> {
    let any: Result<WheelFilename, _> = "name-1-py3-none-any.whl".parse();
    match any.and_then(|name| name.with_build(Some(text))) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(UsageError::from(format!("`--build-tag {text}`: {}", error.rule))
            .with_hint("as in `--build-tag 1`")),
    }
}

/// `--cache-dir`, if files can be kept there. A cache saves time, and nothing else hangs on it.
fn usable(directory: &Path, arguments: &RepairArgs, terminal: &Terminal) -> Option<PathBuf> {
    if arguments.results.dry_run {
        return None;
    }
    let tried = std::fs::create_dir_all(directory).and_then(|()| tempfile::tempfile_in(directory));
    match tried {
        Ok(_) => {
            warn_of_strange_files(directory, terminal);
            Some(directory.to_owned())
        }
        Err(error) => {
            let (shown, why) = (directory.display(), std::io::Error::from(error.kind()));
            terminal.warning(&format!("`--cache-dir {shown}` cannot be used, nothing is cached: {why}"));
            None
        }
    }
}

/// Says what of a cache is not used.
fn warn_of_strange_files(directory: &Path, terminal: &Terminal) {
    let strange = unusable_cache_files(directory);
    let Some((path, why)) = strange.first() else { return };
    let (first, directory) = (path.display(), directory.display());
    let others = match strange.len() - 1 {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    terminal.warning(&format!("not used in `--cache-dir {directory}`: `{first}` ({why}){others}"));
}
