//! Reading the facts of a file.

use goblin::elf::dynamic::{
    DF_1_PIE, DF_STATIC_TLS, DF_TEXTREL, DT_FINI, DT_FINI_ARRAY, DT_FLAGS, DT_FLAGS_1, DT_GNU_HASH, DT_HASH,
    DT_INIT, DT_INIT_ARRAY, DT_NEEDED, DT_RPATH, DT_RUNPATH, DT_SONAME, DT_TEXTREL,
};
use goblin::elf::header::{EI_OSABI, EM_ARM};
use goblin::elf::program_header::{PT_INTERP, ProgramHeader};

use super::arm::{ArmAttributes, SHT_ARM_ATTRIBUTES};
use super::dlopen_notes;
use super::dynamic::{DT_RELR, DT_RELRSZ, Dynamic, LONGEST_NAME, string_at};
use super::headers::Image;
use super::identity::kind;
use super::machine::arch;
use super::notes;
use super::protection::Protection;
use super::relocations;
use super::symbols;
use super::versions::{VER_FLG_BASE, definitions, needs};
use crate::elf::codec::slice;
use crate::elf::error::ElfError;
use crate::elf::facts::{ElfFacts, Kind, RelocationFacts, Segment, VersionNeed};
use crate::limits::Limits;

/// A file and its facts, with the structures that [`ElfFacts::parse`] reads for them.
#[derive(Debug)]
pub(crate) struct Survey<'a> {
    pub(crate) image: Image<'a>,
    pub(crate) dynamic: Option<Dynamic>,
    pub(crate) facts: ElfFacts,
}

impl<'a> Survey<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Result<Self, ElfError> {
        Self::within(bytes, &Limits::NONE)
    }

    /// Reads the facts of a file that may be hostile. Memory and time stay proportional to its size, and the
    /// limits bound them for large files.
    pub(crate) fn within(bytes: &'a [u8], limits: &Limits) -> Result<Self, ElfError> {
        let image = Image::parse(bytes)?;
        ElfError::limit(
            "program-headers",
            "program headers",
            image.segments.len() as u64,
            limits.program_headers,
        )?;
        let mut facts = header_facts(&image);
        let loaded = matches!(facts.kind, Kind::Executable | Kind::Dynamic);
        let dynamic = if loaded { Dynamic::parse(&image)? } else { None };
        if loaded {
            ElfError::limit("sections", "sections", image.sections.len() as u64, limits.sections)?;
            facts.interpreter = interpreter(&image)?;
            facts.dlopen_notes = dlopen_notes::of(&image);
            facts.headers_mapped = image.headers_mapped();
        }
        if let Some(dynamic) = &dynamic {
            let entries = dynamic.entries.len() as u64;
            ElfError::limit(
                "dynamic-entries",
                "entries in the dynamic section",
                entries,
                limits.dynamic_entries,
            )?;
            facts.dynamic = true;
            // musl maps them nevertheless; the process crashes when it accesses the part past the end of the
            // file.
            for load in image.loads() {
                slice(bytes, load.p_offset, load.p_filesz, "PT_LOAD")?;
            }
            image.check_pages()?;
            names(&mut facts, &image, dynamic)?;
            flags(&mut facts, dynamic);
            facts.short_hash_words = symbols::has_short_hash_words(&image, dynamic);
            let (tables, protection) = (relocations::tables(&image, dynamic)?, Protection::of(&image));
            facts.relocations = relocations::facts(image.header.e_machine, &tables, &protection);
            let count = symbols::count(&image, dynamic)?.count;
            ElfError::limit("symbols", "dynamic symbols", count, limits.symbols)?;
            symbols::table(&image, dynamic, count)?;
            facts.dynamic_symbol_count = count;
        }
        Ok(Self { image, dynamic, facts })
    }
}

impl ElfFacts {
    /// Reads the facts of an ELF file of any kind, class and byte order. Section headers are not needed: like
    /// the loader, this uses program headers and `PT_DYNAMIC` (`map_library` and `decode_dyn` in
    /// `ldso/dynlink.c`).
    ///
    /// # Errors
    ///
    /// If the bytes are not ELF, or a table that the loader would read is outside the file.
    pub fn parse(bytes: &[u8]) -> Result<Self, ElfError> {
        Survey::of(bytes).map(|survey| survey.facts)
    }

    /// Like [`ElfFacts::parse`], for a file that may be hostile: whatever exceeds the limits is refused.
    ///
    /// # Errors
    ///
    /// Like [`ElfFacts::parse`], and if a table has more entries than the limits allow.
    pub fn parse_within(bytes: &[u8], limits: &Limits) -> Result<Self, ElfError> {
        Survey::within(bytes, limits).map(|survey| survey.facts)
    }
}

/// The facts from the ELF header and the program headers.
fn header_facts(image: &Image<'_>) -> ElfFacts {
    let attributes = arm_attributes(image);
    let header = &image.header;
    ElfFacts {
        class: image.format.class,
        endian: image.format.endian,
        os_abi: header.e_ident.get(EI_OSABI).copied().unwrap_or_default(),
        machine: header.e_machine,
        flags: header.e_flags,
        kind: match kind(header) {
            Kind::Executable | Kind::Dynamic if image.is_debug_file() => Kind::DebugFile,
            kind => kind,
        },
        arch: arch(image.format, header.e_machine, header.e_flags, attributes.as_ref()),
        arm_cpu_arch: attributes.and_then(|attributes| attributes.cpu_arch),
        isa_needed: notes::isa_needed(image),
        dlopen_notes: Vec::new(),
        interpreter: None,
        dynamic: false,
        soname: None,
        needed: Vec::new(),
        rpath: None,
        runpath: None,
        version_needs: Vec::new(),
        version_definitions: Vec::new(),
        relr: false,
        relocations: RelocationFacts::default(),
        static_tls_flag: false,
        pie_flag: false,
        textrel_tag: false,
        textrel_flag: false,
        legacy_init_only: false,
        hash_table: false,
        gnu_hash_table: false,
        short_hash_words: false,
        segments: image.segments.iter().map(segment).collect(),
        headers_mapped: false,
        dynamic_symbol_count: 0,
    }
}

fn segment(header: &ProgramHeader) -> Segment {
    Segment {
        kind: header.p_type,
        flags: header.p_flags,
        offset: header.p_offset,
        address: header.p_vaddr,
        file_size: header.p_filesz,
        memory_size: header.p_memsz,
        align: header.p_align,
    }
}

fn arm_attributes(image: &Image<'_>) -> Option<ArmAttributes> {
    if image.header.e_machine != EM_ARM {
        return None;
    }
    let section = image.sections.iter().find(|section| section.sh_type == SHT_ARM_ATTRIBUTES)?;
    ArmAttributes::parse(image.format, image.section_bytes(section))
}

/// `PT_INTERP`: a path and its NUL (gABI, "Program Interpreter"). Linux refuses a program where it is longer than
/// `PATH_MAX` (`load_elf_binary` in `fs/binfmt_elf.c`).
fn interpreter(image: &Image<'_>) -> Result<Option<String>, ElfError> {
    let Some(segment) = image.segments.iter().find(|segment| segment.p_type == PT_INTERP) else {
        return Ok(None);
    };
    let bytes = slice(image.file, segment.p_offset, segment.p_filesz, "PT_INTERP")?;
    if segment.p_filesz > LONGEST_NAME {
        return Err(ElfError::malformed("PT_INTERP", "it is longer than any path", segment.p_offset));
    }
    let path = string_at(bytes, 0).unwrap_or(bytes);
    Ok(Some(String::from_utf8_lossy(path).into_owned()))
}

/// Adds the names in the dynamic section and the version tables.
fn names(facts: &mut ElfFacts, image: &Image<'_>, dynamic: &Dynamic) -> Result<(), ElfError> {
    let strings = dynamic.strings(image)?;
    let text = |tag: u64, what| dynamic.value(tag).map(|offset| strings.text(offset, what)).transpose();
    facts.soname = dynamic.value(DT_SONAME).map(|offset| strings.name(offset, "DT_SONAME")).transpose()?;
    facts.rpath = text(DT_RPATH, "DT_RPATH")?;
    facts.runpath = text(DT_RUNPATH, "DT_RUNPATH")?;
    for offset in dynamic.values(DT_NEEDED) {
        facts.needed.push(strings.name(offset, "DT_NEEDED")?);
    }
    for need in needs(image, dynamic)? {
        let mut versions = Vec::new();
        for version in &need.versions {
            versions.push(strings.name(version.name, "version name")?);
        }
        facts.version_needs.push(VersionNeed { file: strings.name(need.file, "version need")?, versions });
    }
    for definition in definitions(image, dynamic)? {
        if let (0, Some(name)) = (definition.flags & VER_FLG_BASE, definition.names.first()) {
            facts.version_definitions.push(strings.name(*name, "version name")?);
        }
    }
    Ok(())
}

/// Adds the tags and flags that change how musl loads the file (`decode_dyn`, `reloc_all`, `do_init_fini`).
fn flags(facts: &mut ElfFacts, dynamic: &Dynamic) {
    let has = |tag| dynamic.value(tag).is_some();
    let flags = dynamic.value(DT_FLAGS).unwrap_or(0);
    facts.relr = has(DT_RELR) && dynamic.value(DT_RELRSZ).is_some_and(|size| size > 0);
    facts.static_tls_flag = flags & DF_STATIC_TLS != 0;
    facts.pie_flag = dynamic.value(DT_FLAGS_1).unwrap_or(0) & DF_1_PIE != 0;
    facts.gnu_hash_table = has(DT_GNU_HASH);
    facts.hash_table = facts.gnu_hash_table || has(DT_HASH);
    facts.textrel_tag = has(DT_TEXTREL);
    facts.textrel_flag = flags & DF_TEXTREL != 0;
    let legacy = has(DT_INIT) || has(DT_FINI);
    facts.legacy_init_only = legacy && !has(DT_INIT_ARRAY) && !has(DT_FINI_ARRAY);
}
