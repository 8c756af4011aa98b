//! Stand-ins for what an extension module finds in its process: CPython, zlib, and the program that loads it.
//! Only loading is of interest, so no function of them does anything.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::site::Site;
use crate::process::{command, root, run, target};

/// The compiled stand-ins.
#[derive(Debug)]
pub struct Stub {
    /// The program that calls `dlopen`.
    pub driver: PathBuf,
    /// The library that exports CPython's API.
    pub python: PathBuf,
    /// The one directory where libraries are found by name: `libz.so.1` is in it.
    pub system: PathBuf,
}

/// What zlib 1.2.13 exports and declares in `zlib.h`.
const ZLIB: &[&str] = &[
    "adler32",
    "adler32_combine",
    "adler32_combine64",
    "adler32_z",
    "compress",
    "compress2",
    "compressBound",
    "crc32",
    "crc32_combine",
    "crc32_combine64",
    "crc32_combine_gen",
    "crc32_combine_gen64",
    "crc32_combine_op",
    "crc32_z",
    "deflate",
    "deflateBound",
    "deflateCopy",
    "deflateEnd",
    "deflateGetDictionary",
    "deflateInit2_",
    "deflateInit_",
    "deflateParams",
    "deflatePending",
    "deflatePrime",
    "deflateReset",
    "deflateResetKeep",
    "deflateSetDictionary",
    "deflateSetHeader",
    "deflateTune",
    "get_crc_table",
    "gzbuffer",
    "gzclearerr",
    "gzclose",
    "gzclose_r",
    "gzclose_w",
    "gzdirect",
    "gzdopen",
    "gzeof",
    "gzerror",
    "gzflush",
    "gzfread",
    "gzfwrite",
    "gzgetc",
    "gzgetc_",
    "gzgets",
    "gzoffset",
    "gzoffset64",
    "gzopen",
    "gzopen64",
    "gzprintf",
    "gzputc",
    "gzputs",
    "gzread",
    "gzrewind",
    "gzseek",
    "gzseek64",
    "gzsetparams",
    "gztell",
    "gztell64",
    "gzungetc",
    "gzvprintf",
    "gzwrite",
    "inflate",
    "inflateBack",
    "inflateBackEnd",
    "inflateBackInit_",
    "inflateCodesUsed",
    "inflateCopy",
    "inflateEnd",
    "inflateGetDictionary",
    "inflateGetHeader",
    "inflateInit2_",
    "inflateInit_",
    "inflateMark",
    "inflatePrime",
    "inflateReset",
    "inflateReset2",
    "inflateResetKeep",
    "inflateSetDictionary",
    "inflateSync",
    "inflateSyncPoint",
    "inflateUndermine",
    "inflateValidate",
    "uncompress",
    "uncompress2",
    "zError",
    "zlibCompileFlags",
    "zlibVersion",
];

/// The beginning of each stand-in library. What its functions return can be read and written like any object,
/// because constructors do so with what Python gives them.
const PRELUDE: &str = "\
static char nothing[1 << 20] __attribute__((aligned(64)));
void *stub(void) { return nothing; }
void *zero(void) { return 0; }
#define FUNCTION(name) void *name(void) __attribute__((alias(\"stub\")));
static void *members[] = {nothing, nothing, nothing, nothing, nothing, nothing, nothing, nothing};
void *structure(void) { return members; }
#define STRUCTURE(name) void *name(void) __attribute__((alias(\"structure\")));
#define SUCCESS(name) void *name(void) __attribute__((alias(\"zero\")));
#define POINTER(name) void *name = nothing;
#define OBJECT(name) char name[1 << 13] __attribute__((aligned(64)));
";

impl Stub {
    /// Compiles them, with all of CPython's API that some object of these wheels asks for.
    pub fn build(sites: &[Site]) -> Result<Self> {
        let directory = target().join("e2e/stub");
        let system = directory.join("system");
        fs::create_dir_all(&system)?;
        let stub =
            Self { driver: directory.join("driver"), python: directory.join("libpython-stub.so"), system };
        run(command("musl-gcc")
            .args(["-O1", "-o"])
            .arg(&stub.driver)
            .arg(root().join("xtask/src/e2e/driver.c")))?;

        let names: BTreeSet<&str> = sites
            .iter()
            .flat_map(|site| site.objects.values())
            .flat_map(|object| &object.dso.python_api)
            .map(String::as_str)
            .collect();
        let mut source = PRELUDE.to_owned();
        for name in names {
            source.push_str(&format!("{}({name})\n", kind(name)));
        }
        library(&source, &directory.join("python.c"), &stub.python)?;

        let functions: String = ZLIB.iter().map(|name| format!("FUNCTION({name})\n")).collect();
        library(&format!("{PRELUDE}{functions}"), &directory.join("zlib.c"), &stub.system.join("libz.so.1"))?;
        Ok(stub)
    }
}

/// What a name of CPython's API is, which its undefined symbol doesn't tell: the macro of [`PRELUDE`] that makes it.
fn kind(name: &str) -> &'static str {
    const OBJECTS: &[&str] = &[
        "PY_TIMEOUT_MAX",
        "PyOS_InputHook",
        "Py_Version",
        "Py_hexdigits",
        "_PyOS_ReadlineTState",
        "_PyRuntime",
        "_Py_HashSecret",
        "_Py_ctype_table",
        "_Py_ctype_tolower",
        "_Py_ctype_toupper",
    ];
    if name.starts_with("PyExc_") {
        "POINTER"
    } else if ["_Type", "Type", "Struct", "Object", "Flag"].iter().any(|end| is_noun(name, end))
        || OBJECTS.contains(&name)
    {
        "OBJECT"
    } else if name.contains("ThreadState_") {
        "STRUCTURE"
    } else if is_status(name) {
        "SUCCESS"
    } else {
        "FUNCTION"
    }
}

/// `PyList_Type`, `_Py_NoneStruct`, `_Py_EllipsisObject`, `Py_GenericAliasType`; but not `PyType_Type`'s neighbours such as
/// `PyObject_Type`, `PyErr_BadInternalCall` or `PyModule_AddType`, which are functions.
fn is_noun(name: &str, end: &str) -> bool {
    const FUNCTIONS: &[&str] = &["PyObject_Type", "PyModule_AddType", "PyModule_AddObject"];
    let verb = |name: &str| {
        let word = name.rsplit('_').next().unwrap_or(name);
        ["Get", "Set", "Add", "New", "From", "As", "Is", "Check", "Import"]
            .iter()
            .any(|verb| word.starts_with(verb))
    };
    name.ends_with(end) && !FUNCTIONS.contains(&name) && !verb(name)
}

/// Functions that say with 0 that all went well, that there was no error, or that something is not so.
fn is_status(name: &str) -> bool {
    const WORDS: &[&str] =
        &["Set", "Del", "Add", "Is", "Has", "Check", "Contains", "Ready", "Clear", "Append", "Occurred"];
    let word = name.rsplit('_').next().unwrap_or(name);
    WORDS.iter().any(|status| word.starts_with(status))
}

/// Compiles a library that needs no other.
fn library(text: &str, source: &Path, to: &Path) -> Result<()> {
    fs::write(source, text)?;
    run(command("gcc")
        .args(["-shared", "-fPIC", "-nostdlib", "-O1", "-w", "-fno-builtin", "-o"])
        .arg(to)
        .arg(source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_and_functions_of_the_python_api() {
        for name in
            ["PyList_Type", "_Py_NoneStruct", "_Py_EllipsisObject", "Py_GenericAliasType", "Py_DebugFlag"]
        {
            assert_eq!(kind(name), "OBJECT", "{name}");
        }
        for name in [
            "PyObject_Type",
            "PyModule_AddObject",
            "PyList_New",
            "PyErr_GetRaisedException",
            "PyMarshal_ReadObjectFromString",
        ] {
            assert_eq!(kind(name), "FUNCTION", "{name}");
        }
        assert_eq!(kind("PyExc_ValueError"), "POINTER");
    }
}
