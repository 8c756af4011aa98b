//! Stand-ins for what an extension module needs in its process: CPython, zlib, and the program that loads it.
//! They only have to be loaded, so their functions do nothing.

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
    /// The only directory in which libraries are found by name; it contains `libz.so.1`.
    pub system: PathBuf,
}

/// The start of each stand-in library. Constructors use the objects that Python returns: they read and write
/// them, follow the pointers in a thread's state, and ask whether there was an error.
const PRELUDE: &str = r#"
static char nothing[1 << 20] __attribute__((aligned(64)));
static void *structure[] = {nothing, nothing, nothing, nothing, nothing, nothing, nothing, nothing};
static void *return_nothing(void) { return nothing; }
static void *return_structure(void) { return structure; }
static void *return_null(void) { return 0; }
#define FUNCTION(name) void *name(void) __attribute__((alias("return_nothing")));
#define STRUCTURE_FUNCTION(name) void *name(void) __attribute__((alias("return_structure")));
#define NULL_FUNCTION(name) void *name(void) __attribute__((alias("return_null")));
#define POINTER(name) void *name = nothing;
#define OBJECT(name) char name[1 << 13] __attribute__((aligned(64)));
"#;

impl Stub {
    /// Compiles them, with all of CPython's API that objects of these wheels import.
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
            .flat_map(|object| &object.python_api)
            .map(String::as_str)
            .collect();
        let mut source = PRELUDE.to_owned();
        for name in names {
            source.push_str(&format!("{}({name})\n", kind(name)));
        }
        library(&source, &directory.join("python.c"), &stub.python)?;

        let zlib = fs::read_to_string(root().join("testdata/symbols/zlib.txt"))?;
        let names = zlib.lines().filter(|line| !line.starts_with('#'));
        let functions: String = names.map(|name| format!("FUNCTION({name})\n")).collect();
        library(&format!("{PRELUDE}{functions}"), &directory.join("zlib.c"), &stub.system.join("libz.so.1"))?;
        Ok(stub)
    }
}

/// The kind of a name in CPython's API, which the undefined symbol does not show: the macro of [`PRELUDE`]
/// that defines it.
fn kind(name: &str) -> &'static str {
    /// Variables whose names look like those of functions.
    const OBJECTS: &[&str] = &[
        "PY_TIMEOUT_MAX",
        "PyOS_InputHook",
        "Py_GenericAliasType",
        "Py_Version",
        "Py_hexdigits",
        "_PyOS_ReadlineTState",
        "_PyRuntime",
        "_Py_EllipsisObject",
        "_Py_HashSecret",
        "_Py_ctype_table",
        "_Py_ctype_tolower",
        "_Py_ctype_toupper",
    ];
    match name {
        // A function `type(x)`, not a type.
        "PyObject_Type" => "FUNCTION",
        "PyErr_Occurred" => "NULL_FUNCTION",
        _ if name.starts_with("PyExc_") => "POINTER",
        _ if name.contains("ThreadState_") => "STRUCTURE_FUNCTION",
        _ if ["_Type", "Struct", "Flag"].iter().any(|end| name.ends_with(end)) => "OBJECT",
        _ if OBJECTS.contains(&name) => "OBJECT",
        _ => "FUNCTION",
    }
}

/// Compiles a library that needs no others.
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
