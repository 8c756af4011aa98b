//! The platform policies.
//!
//! @generated from `testdata/policy/musllinux.json` by `cargo xtask codegen`.

use super::definition::Policy;
use crate::platform::{Arch, MuslVersion};

/// Every policy, the one with the oldest musl first.
pub(super) const POLICIES: &[Policy] = &[
    Policy {
        name: "musllinux_1_1",
        version: MuslVersion { major: 1, minor: 1 },
        arches: &[
            Arch::X86_64,
            Arch::I686,
            Arch::Aarch64,
            Arch::Armv7l,
            Arch::Armv6l,
            Arch::Ppc64le,
            Arch::S390x,
            Arch::Riscv64,
        ],
        allowed_libraries: &["libz.so.1"],
        forbidden_symbols: FORBIDDEN_SYMBOLS,
    },
    Policy {
        name: "musllinux_1_2",
        version: MuslVersion { major: 1, minor: 2 },
        arches: &[
            Arch::X86_64,
            Arch::I686,
            Arch::Aarch64,
            Arch::Armv7l,
            Arch::Armv6l,
            Arch::Ppc64le,
            Arch::S390x,
            Arch::Riscv64,
            Arch::Loongarch64,
        ],
        allowed_libraries: &["libz.so.1"],
        forbidden_symbols: FORBIDDEN_SYMBOLS,
    },
];

/// By library: symbols that no object may take from it.
const FORBIDDEN_SYMBOLS: &[(&str, &[&str])] = &[(
    "libz.so.1",
    &[
        "_dist_code",
        "_length_code",
        "_tr_align",
        "_tr_flush_block",
        "_tr_init",
        "_tr_stored_block",
        "_tr_tally",
        "bi_windup",
        "crc32_vpmsum",
        "crc_fold_512to32",
        "crc_fold_copy",
        "crc_fold_init",
        "deflate_copyright",
        "deflate_medium",
        "fill_window",
        "flush_pending",
        "gzflags",
        "inflate_copyright",
        "inflate_fast",
        "inflate_table",
        "longest_match",
        "slide_hash_sse",
        "static_ltree",
        "uncompress2",
        "x86_check_features",
        "x86_cpu_has_pclmul",
        "x86_cpu_has_sse2",
        "x86_cpu_has_sse42",
        "z_errmsg",
        "zcalloc",
        "zcfree",
    ],
)];
