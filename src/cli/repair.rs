//! `repair`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use muslrepair::elf::Strip;
use muslrepair::musl::Release;
use muslrepair::policy::{Audit, AuditOptions, Code, audit};
use muslrepair::repair::{Patcher, Plan, PlatformChoice, Receipt, RepairOptions, apply, plan};
use muslrepair::resolve::{ApkDatabase, Pattern, Resolver};
use muslrepair::wheel::{Arch, PlatformTag, Wheel};
use muslrepair::{Error, report};
use rayon::prelude::*;

use super::env::Environment;
use super::search::SearchArgs;
use super::show::Format;
use super::term::{OutputError, Terminal};
use super::{Exit, inputs};

#[derive(Debug, Args)]
pub(super) struct RepairArgs {
    /// Wheels, or directories of wheels
    #[arg(required = true, value_name = "WHEEL|DIR")]
    wheels: Vec<PathBuf>,
    /// Where the results go; created where it is missing
    #[arg(short, long, value_name = "DIR", default_value = "wheelhouse/")]
    wheel_dir: PathBuf,
    /// The platform tag of the result, such as musllinux_1_2_x86_64; `auto` keeps the wheel's own musllinux tag or takes
    /// the newest policy; linux_<arch> grafts and keeps the name [env: MUSLREPAIR_PLAT, AUDITWHEEL_PLAT]
    #[arg(long, value_name = "TAG")]
    plat: Option<String>,
    /// What is appended to the distribution's name to make the directory of grafts
    #[arg(short = 'L', long, value_name = "SUFFIX", default_value = ".libs", allow_hyphen_values = true)]
    lib_sdir: String,
    /// Leave this library to the user: a pattern for its name or its path; can be given more than once
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<Pattern>,
    /// Give the result one platform tag (always so; accepted for auditwheel's sake)
    #[arg(long)]
    only_plat: bool,
    /// Keep file name and WHEEL tags as they are
    #[arg(long)]
    no_update_tags: bool,
    /// Strip ELF files before anything else: `debug` sections only, or `all` symbols that loading does not need
    #[arg(long, value_name = "LEVEL", num_args = 0..=1, require_equals = true, default_missing_value = "all")]
    strip: Option<StripLevel>,
    /// Deflate level of what is compressed anew, 0 to 9 [default: 6]
    /// [env: MUSLREPAIR_ZIP_COMPRESSION_LEVEL, AUDITWHEEL_ZIP_COMPRESSION_LEVEL]
    #[arg(short, long, value_name = "LEVEL")]
    zip_compression_level: Option<String>,
    /// Accepted for auditwheel's sake: pure wheels are always copied
    #[arg(long)]
    allow_pure_python_wheel: bool,
    /// What patches ELF files: `builtin`, `arwen` or `none` [env: MUSLREPAIR_PATCHER, AUDITWHEEL_PATCHER]
    #[arg(long, value_name = "PATCHER")]
    patcher: Option<String>,
    /// Print what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// How plans and results are printed: `text`, or one JSON document per wheel on standard output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// How many threads work [default: one per core]
    #[arg(short, long, value_name = "N")]
    jobs: Option<usize>,
    /// Start no further wheel after one has failed
    #[arg(long)]
    fail_fast: bool,
    /// The build tag of the result
    #[arg(long, value_name = "TAG")]
    build_tag: Option<String>,
    /// Keep DT_RELR also where the tag promises a musl older than 1.2.4, which ignores it
    #[arg(long)]
    keep_relr: bool,
    /// Graft libz.so.1 too, although the policy allows to leave it to the system
    #[arg(long)]
    bundle_zlib: bool,
    /// Fail if the result needs a newer musl than this
    #[arg(long, value_name = "X.Y.Z")]
    min_musl: Option<Release>,
    /// Do not report this finding, by its code (`verify --help` lists them); can be given more than once
    #[arg(long, value_name = "CODE")]
    allow: Vec<Code>,
    /// Add no software bill of materials
    #[arg(long)]
    no_sbom: bool,
    #[command(flatten)]
    search: SearchArgs,
}

/// How much is stripped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum StripLevel {
    Debug,
    All,
}

/// What is typed, resolved: files found, names parsed, the environment taken into account.
struct Batch {
    wheels: Vec<PathBuf>,
    options: RepairOptions,
    resolver: Resolver,
    audit_options: AuditOptions,
    packages: Option<ApkDatabase>,
    pool: rayon::ThreadPool,
}

/// One wheel after planning.
struct Planned {
    wheel: Wheel,
    audit: Audit,
    plan: Plan,
}

/// What became of one wheel.
enum Done {
    /// The plan, and what was written unless this is a dry run.
    Fine(Box<Plan>, Option<Receipt>),
    /// It failed.
    Failed(Error),
    /// Another wheel of the call gives the same file.
    Collision(String),
    /// It was not tried: another failed before.
    Skipped,
}

pub(super) fn run(
    arguments: &RepairArgs,
    environment: &Environment,
    terminal: &Terminal,
) -> Result<Exit, OutputError> {
    let batch = match Batch::new(arguments, environment) {
        Ok(batch) => batch,
        Err(message) => {
            terminal.error(&message);
            return Ok(Exit::Usage);
        }
    };
    if !arguments.dry_run
        && let Err(error) = std::fs::create_dir_all(&arguments.wheel_dir)
    {
        terminal.error(&format!("cannot create `{}`: {error}", arguments.wheel_dir.display()));
        return Ok(Exit::Failure);
    }
    batch.run(arguments, terminal)
}

impl Batch {
    fn new(arguments: &RepairArgs, environment: &Environment) -> Result<Self, String> {
        let wheels = inputs::wheels(&arguments.wheels)?;
        let compression = match arguments.zip_compression_level.as_ref().or(environment.compression.as_ref())
        {
            None => RepairOptions::default().compression,
            Some(text) => (text.parse().ok().filter(|level| *level <= 9))
                .ok_or_else(|| format!("`{text}` is no compression level: 0 to 9"))?,
        };
        let patcher = match arguments.patcher.as_ref().or(environment.patcher.as_ref()) {
            None => Patcher::default(),
            Some(name) => name.parse().map_err(|error| format!("{error}"))?,
        };
        let source_date_epoch = match &environment.source_date_epoch {
            None => None,
            Some(text) => Some(
                text.parse()
                    .map_err(|_| format!("SOURCE_DATE_EPOCH is not a number of seconds: `{text}`"))?,
            ),
        };
        let platform = match arguments.plat.as_ref().or(environment.platform.as_ref()) {
            None => PlatformChoice::Auto,
            Some(text) => platform(text)?,
        };
        let mut pool = rayon::ThreadPoolBuilder::new();
        if let Some(jobs) = arguments.jobs {
            pool = pool.num_threads(jobs);
        }
        let pool = pool.build().map_err(|error| format!("cannot start threads: {error}"))?;
        Ok(Self {
            wheels,
            options: RepairOptions {
                platform,
                libs_suffix: arguments.lib_sdir.clone(),
                update_tags: !arguments.no_update_tags,
                strip: arguments.strip.map(|level| match level {
                    StripLevel::Debug => Strip::Debug,
                    StripLevel::All => Strip::All,
                }),
                compression,
                keep_relr: arguments.keep_relr,
                build_tag: arguments.build_tag.clone(),
                sbom: !arguments.no_sbom,
                min_musl: arguments.min_musl,
                patcher,
                source_date_epoch,
            },
            resolver: arguments.search.resolver(
                environment,
                arguments.exclude.clone(),
                arguments.bundle_zlib,
            ),
            audit_options: AuditOptions {
                tolerate_forbidden_symbols: arguments.bundle_zlib,
                allow: arguments.allow.clone(),
            },
            packages: ApkDatabase::read(&arguments.search.sysroot()),
            pool,
        })
    }

    /// Plans every wheel, then carries the plans out, so that two wheels that give the same file are seen before either
    /// is written. What is printed comes in the order of the arguments, each wheel as soon as those before it are done.
    fn run(&self, arguments: &RepairArgs, terminal: &Terminal) -> Result<Exit, OutputError> {
        let failed = AtomicBool::new(false);
        let stop = || arguments.fail_fast && failed.load(Ordering::Relaxed);
        let planned: Vec<Option<Result<Planned, Error>>> = self.pool.install(|| {
            let plan = |path: &PathBuf| {
                if stop() {
                    return None;
                }
                let planned = self.plan(path);
                if planned.is_err() {
                    failed.store(true, Ordering::Relaxed);
                }
                Some(planned)
            };
            self.wheels.par_iter().with_max_len(1).map(plan).collect()
        });
        let taken = first_of_each_output(&planned);
        let printer = Printer::new(self, arguments, *terminal);
        self.pool.install(|| {
            planned.into_par_iter().with_max_len(1).enumerate().for_each(|(index, planned)| {
                let done = match planned {
                    None => Done::Skipped,
                    Some(Err(error)) => Done::Failed(error),
                    Some(Ok(planned)) => match taken.get(&planned.plan.output.to_string()) {
                        Some(first) if *first != index => Done::Collision(planned.plan.output.to_string()),
                        _ if arguments.dry_run => Done::Fine(Box::new(planned.plan), None),
                        _ if stop() => Done::Skipped,
                        _ => match self.apply(&planned, &arguments.wheel_dir) {
                            Ok(receipt) => Done::Fine(Box::new(planned.plan), Some(receipt)),
                            Err(error) => Done::Failed(error),
                        },
                    },
                };
                if !matches!(done, Done::Fine(..)) {
                    failed.store(true, Ordering::Relaxed);
                }
                printer.done(index, done);
            });
        });
        printer.finish()
    }

    fn plan(&self, path: &Path) -> Result<Planned, Error> {
        let wheel = Wheel::open(path, &self.resolver.options().limits)?;
        let audit = audit(&wheel, &self.resolver, &self.audit_options)?;
        let plan = plan(&wheel, &audit, &self.options)?;
        Ok(Planned { wheel, audit, plan })
    }

    fn apply(&self, planned: &Planned, directory: &Path) -> Result<Receipt, Error> {
        let root = &self.resolver.options().places.sysroot;
        let owners = (root, self.packages.as_ref());
        apply(&planned.wheel, &planned.audit, &planned.plan, &self.options, directory, owners)
    }
}

/// For each file name that results, the first wheel that gives it.
fn first_of_each_output(planned: &[Option<Result<Planned, Error>>]) -> BTreeMap<String, usize> {
    let mut first = BTreeMap::new();
    for (index, planned) in planned.iter().enumerate() {
        if let Some(Ok(planned)) = planned {
            first.entry(planned.plan.output.to_string()).or_insert(index);
        }
    }
    first
}

/// `--plat`: `auto`, a musllinux tag, or a linux tag; the architecture may be given as docker or Alpine name it.
fn platform(text: &str) -> Result<PlatformChoice, String> {
    if text == "auto" {
        return Ok(PlatformChoice::Auto);
    }
    let wrong = |why: &str| format!("impossible platform `{text}`: {why}");
    let tag: PlatformTag = text.parse().map_err(|error| format!("{error}"))?;
    match tag {
        PlatformTag::Musllinux { version, arch } => {
            let arch: Arch = arch.parse().map_err(|error| wrong(&format!("{error}")))?;
            Ok(PlatformChoice::Tag(version.platform(arch)))
        }
        PlatformTag::Linux(arch) => {
            let arch: Arch = arch.parse().map_err(|error| wrong(&format!("{error}")))?;
            Ok(PlatformChoice::Tag(PlatformTag::Linux(arch.to_string())))
        }
        PlatformTag::Manylinux(_) => Err(wrong("muslrepair repairs for musl, manylinux is for glibc")),
        PlatformTag::Any | PlatformTag::Other(_) => {
            Err(wrong("`auto`, `musllinux_<x>_<y>_<arch>` or `linux_<arch>`"))
        }
    }
}

/// Prints what becomes of the wheels, in their order.
struct Printer<'a> {
    batch: &'a Batch,
    arguments: &'a RepairArgs,
    terminal: Terminal,
    state: Mutex<PrinterState>,
}

struct PrinterState {
    waiting: BTreeMap<usize, Done>,
    next: usize,
    worst: Exit,
    output: Result<(), OutputError>,
}

impl<'a> Printer<'a> {
    fn new(batch: &'a Batch, arguments: &'a RepairArgs, terminal: Terminal) -> Self {
        let state = PrinterState { waiting: BTreeMap::new(), next: 0, worst: Exit::Success, output: Ok(()) };
        Self { batch, arguments, terminal, state: Mutex::new(state) }
    }

    fn done(&self, index: usize, done: Done) {
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        state.waiting.insert(index, done);
        loop {
            let next = state.next;
            let Some(done) = state.waiting.remove(&next) else { return };
            state.next += 1;
            match self.print(next, &done) {
                Ok(exit) => state.worst = state.worst.max(exit),
                Err(error) => state.output = Err(error),
            }
        }
    }

    fn print(&self, index: usize, done: &Done) -> Result<Exit, OutputError> {
        let shown = self.batch.wheels.get(index).map_or_else(String::new, |path| inputs::shown(path));
        let terminal = self.terminal;
        match done {
            Done::Skipped => {
                terminal.warning(&format!("`{shown}` was not repaired: another wheel failed before"));
                Ok(Exit::Failure)
            }
            Done::Collision(output) => {
                terminal
                    .error(&format!("cannot repair `{shown}`: another wheel of this call gives `{output}`"));
                terminal.hint("repair them into different directories, or give one a `--build-tag`");
                Ok(Exit::Failure)
            }
            Done::Failed(error) => {
                terminal.wheel_error("repair", &shown, error);
                Ok(match error {
                    Error::WrongPlatform { .. } | Error::NoPolicy(_) => Exit::Usage,
                    _ => Exit::Failure,
                })
            }
            Done::Fine(plan, receipt) => {
                self.print_success(&shown, plan, receipt.as_ref())?;
                Ok(Exit::Success)
            }
        }
    }

    fn print_success(&self, shown: &str, plan: &Plan, receipt: Option<&Receipt>) -> Result<(), OutputError> {
        let json = self.arguments.format == Format::Json;
        let Some(receipt) = receipt else {
            return if json {
                self.terminal.result(&serde_json::to_string(&report::document("plan", plan)?)?)
            } else {
                self.terminal.result(&report::plan_text(plan))
            };
        };
        self.terminal.say(&format!("Repairing {shown}"));
        for note in &plan.notes {
            if note.is_warning() {
                self.terminal.warning(&note.to_string());
            } else {
                self.terminal.say(&note.to_string());
            }
        }
        self.terminal.detail(&report::plan_text(plan));
        if json {
            let mut outcome = report::document("outcome", receipt)?;
            if let Some(fields) = outcome.as_object_mut() {
                fields.insert("plan".to_owned(), serde_json::to_value(plan)?);
            }
            self.terminal.result(&serde_json::to_string(&outcome)?)?;
        }
        let path = std::path::absolute(&receipt.path).unwrap_or_else(|_| receipt.path.clone());
        self.terminal.say(&format!("Fixed-up wheel written to {}", path.display()));
        Ok(())
    }

    fn finish(self) -> Result<Exit, OutputError> {
        let state = self.state.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        state.output.map(|()| state.worst)
    }
}
