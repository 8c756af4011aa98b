//! The content of `*.dist-info`, and the name of the file.

use super::scene::{Scene, wheel};
use super::{Group, harmless, refused};
use crate::support::raw_zip::RawZip;
use crate::support::sandbox::object;
use crate::support::wheel_builder::WheelBuilder;

pub(super) const GROUP: Group = Group {
    title: "Names and metadata",
    cases: &[
        refused("a file that is not named as a wheel", &["demo.whl"], |scene| {
            scene.bytes("");
            scene.rename("demo.whl");
        }),
        refused(
            "a platform tag with a dash",
            &["not `linux-x86_64`", "`demo-1.0-cp312-cp312-linux_x86_64.whl`"],
            |s| {
                renamed(s, "demo-1.0-cp312-cp312-linux-x86_64.whl");
            },
        ),
        refused(
            "a build tag with a dash",
            &["not `74-testing`", "`demo-1.0-74_testing-cp312-cp312-linux_x86_64.whl`"],
            |s| {
                renamed(s, "demo-1.0-74-testing-cp312-cp312-linux_x86_64.whl");
            },
        ),
        refused("two build tags", &["not `1-2`", "`demo-1.0-1_2-cp312-cp312-linux_x86_64.whl`"], |s| {
            renamed(s, "demo-1.0-1-2-cp312-cp312-linux_x86_64.whl");
        }),
        refused("tags in another order", &["the ABI tag", "not `linux_x86_64`"], |s| {
            renamed(s, "demo-1.0-cp312-linux_x86_64-cp312.whl");
        }),
        refused(
            "a variant label, and no `variant.json`",
            &[
                "a wheel with a `variant.json`",
                "not `x86_64_v3`",
                "`demo-1.0-cp312-cp312-linux_x86_64.whl` would be",
            ],
            |s| renamed(s, "demo-1.0-cp312-cp312-linux_x86_64-x86_64_v3.whl"),
        ),
        harmless("a variant label, and `variant.json`", &["-musllinux_1_2_x86_64-x86_64_v3.whl"], |scene| {
            scene.wheel(&module().metadata("variant.json", "{}"));
            scene.rename("demo-1.0-cp312-cp312-linux_x86_64-x86_64_v3.whl");
        }),
        refused("the name of another Python", &["`cp311-cp311`", "says `cp312-cp312`"], |s| {
            renamed(s, "demo-1.0-cp311-cp311-linux_x86_64.whl");
        }),
        refused("a tag in WHEEL that stands for 10^12", &["WHEEL` says"], |scene| {
            let many = (0..10_000).map(|n| format!("p{n}")).collect::<Vec<_>>().join(".");
            let text = format!("Wheel-Version: 1.0\nTag: {many}-{many}-{many}\n");
            scene.wheel(&module().metadata("WHEEL", text));
        }),
        refused("no `*.dist-info`", &["there is no `*.dist-info` directory"], |scene| {
            let mut zip = RawZip::default();
            zip.add("demo/a.py", "");
            scene.bytes(zip.to_bytes());
        }),
        refused("two `*.dist-info`", &["there must be one `*.dist-info` directory, not 2"], |scene| {
            scene.wheel(&wheel().file("other-1.0.dist-info/WHEEL", ""));
        }),
        refused(
            "50,000 of `*.dist-info`",
            &["directory, not 50000: `a0.dist-info`, `a1.dist-info`, `a10.dist-info` and others"],
            |scene| {
                let mut zip = RawZip::default();
                for n in 0..50_000 {
                    zip.add(&format!("a{n}.dist-info/x"), "");
                }
                scene.bytes(zip.to_bytes());
            },
        ),
        refused("the `*.dist-info` of something else", &["`demo-1.0.dist-info` does not belong"], |scene| {
            scene.wheel(&wheel());
            scene.rename("other-1.0-cp312-cp312-linux_x86_64.whl");
        }),
        refused("no WHEEL", &["`demo-1.0.dist-info/WHEEL` is missing"], |scene| {
            let mut zip = RawZip::wheel();
            zip.members.pop();
            scene.bytes(zip.finish());
        }),
        refused("no RECORD", &["`demo-1.0.dist-info/RECORD` is missing"], |s| s.wheel(&wheel().no_record())),
        refused("WHEEL without a version", &["WHEEL`, line 1: `Wheel-Version` is missing"], |scene| {
            scene.wheel(&wheel().metadata("WHEEL", "Root-Is-Purelib: false\n"));
        }),
        refused("WHEEL of a future version", &["wheel version `2.0` is not supported"], |scene| {
            scene.wheel(&wheel().metadata("WHEEL", "Wheel-Version: 2.0\n"));
        }),
        refused("WHEEL with a bare carriage return", &["WHEEL`, line 2: a carriage return"], |scene| {
            scene.wheel(
                &wheel().metadata("WHEEL", "Wheel-Version: 1.0\nGenerator: x\rRoot-Is-Purelib: true\n"),
            );
        }),
        refused("WHEEL with a folded line", &["`Root-Is-Purelib` must not be continued"], |scene| {
            scene.wheel(&wheel().metadata("WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: false\n x\n"));
        }),
        refused("METADATA with a bare carriage return", &["METADATA`, line 2: a carriage return"], |scene| {
            let text = "Metadata-Version: 2.1\nSummary: x\rName: pip\nName: demo\nVersion: 1.0\n";
            scene.wheel(&wheel().metadata("METADATA", text));
        }),
        refused("WHEEL that is no text", &["WHEEL`, line 1"], |s| {
            s.wheel(&wheel().metadata("WHEEL", [0xff; 99]))
        }),
        refused(
            "WHEEL of 65 MiB",
            &["WHEEL` has 68157440 bytes, more than the limit `metadata-size` of 67108864"],
            |scene| {
                scene.wheel(&wheel().metadata("WHEEL", vec![b'\n'; 65 << 20]));
            },
        )
        .with(&["--limit", "ratio=2000"]),
        refused(
            "METADATA without a version of its form",
            &["METADATA`, line 1: `Metadata-Version` is missing"],
            |scene| {
                scene.wheel(&wheel().metadata("METADATA", "Version: 1.0\n"));
            },
        ),
        refused("METADATA with escape sequences in its first line", &["METADATA`, line 1"], |scene| {
            scene.wheel(&wheel().metadata("METADATA", "\u{1b}[2J\n"));
        }),
        harmless("METADATA of 5 million lines", &[], |scene| {
            let text =
                "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n".to_owned() + &"A:\n".repeat(5_000_000);
            scene.wheel(&module().metadata("METADATA", text));
        }),
        refused(
            "METADATA of one line of 60 MiB",
            &["METADATA`, line 1: `AAAA", "...` must have the form"],
            |scene| {
                scene.wheel(&wheel().metadata("METADATA", "A".repeat(60 << 20)));
            },
        ),
        refused(
            "RECORD with a row of 63 million fields, copied",
            &["RECORD`, line 1: a row must have 3 fields, this one has 62914561"],
            |s| record(s, &",".repeat(60 << 20)),
        ),
        refused("RECORD with a blank row, copied", &["RECORD`, line 1: a row must not be empty"], |s| {
            record(s, "\n\n")
        }),
        harmless(
            "RECORD with a row of two fields",
            &["RECORD`, line 1: a row must have 3 fields", "the result has a correct `RECORD`"],
            |s| {
                rewritten(s, "a,b\n");
            },
        ),
        harmless("RECORD that climbs out", &["RECORD`, line 1: invalid member name `../../x`"], |scene| {
            rewritten(scene, "../../x,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n");
        }),
        refused(
            "RECORD with an absolute path, copied",
            &["RECORD`, line 1: invalid member name `/etc/passwd`"],
            |scene| {
                record(scene, "/etc/passwd,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n");
            },
        ),
        refused(
            "RECORD with a line separator in a name, copied",
            &["RECORD`, line 1: invalid member name `demo/a\\u{2028}/etc/x`"],
            |scene| {
                record(scene, "demo/a\u{2028}/etc/x,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n");
            },
        ),
        refused(
            "RECORD with an open quote, copied",
            &["RECORD`, line 1: a quoted field must be closed"],
            |s| record(s, "\"a,,\n"),
        ),
        harmless("RECORD with MD5", &["RECORD`, line 1: `md5` is not a hash that PEP 427 allows"], |scene| {
            rewritten(scene, "demo/__init__.py,md5=1B2M2Y8AsgTpgAmY7PhCfg,0\n");
        }),
        harmless("RECORD with a member twice", &["is already listed on line 1"], |scene| {
            let row = "demo/__init__.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n";
            rewritten(scene, &row.repeat(2));
        }),
        harmless(
            "RECORD with a wrong hash",
            &["`demo/__init__.py` does not have the hash", "the result has a correct `RECORD`"],
            |scene| {
                rewritten(scene, &format!("demo/__init__.py,sha256={},0\n", "A".repeat(43)));
            },
        ),
        harmless(
            "RECORD with a wrong size, copied",
            &["warning[record-mismatch]: `demo/__init__.py` has 0 bytes", "says 7"],
            |scene| {
                record(scene, "demo/__init__.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,7\n");
            },
        ),
        harmless(
            "RECORD with a member that is not there",
            &["lists files that the wheel does not have: `demo/b.py`"],
            |scene| {
                rewritten(scene, "demo/b.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n");
            },
        ),
        harmless("RECORD with 300,000 bad rows", &["RECORD`, line 1", "299999 more"], |s| {
            rewritten(s, &",,\n".repeat(300_000))
        }),
        harmless("RECORD of 60 MiB of blank rows", &["1000000 more rows cannot be read"], |s| {
            rewritten(s, &"\n".repeat(60 << 20))
        }),
        harmless(
            "RECORD without one of the members",
            &["`demo/__init__.py` is not listed in `demo-1.0.dist-info/RECORD`"],
            |scene| {
                scene.wheel(&module().unlisted("demo/__init__.py"));
            },
        ),
        harmless("10,000 tags in WHEEL", &[], |scene| {
            let tags: String = (0..10_000).map(|n| format!("Tag: cp312-cp312-linux_{n}\n")).collect();
            scene.wheel(&module().metadata("WHEEL", format!("Wheel-Version: 1.0\n{tags}")));
        }),
    ],
};

/// The `RECORD` of a wheel that is copied unchanged.
fn record(scene: &Scene, text: &str) {
    scene.wheel(&WheelBuilder::new("demo-1.0-py3-none-any.whl").file("demo/__init__.py", "").record(text));
}

/// The `RECORD` of a wheel with a module, which is rewritten.
fn rewritten(scene: &Scene, text: &str) {
    scene.wheel(&module().record(text));
}

fn renamed(scene: &Scene, name: &str) {
    scene.wheel(&module());
    scene.rename(name);
}

fn module() -> WheelBuilder {
    wheel().file_with_mode(super::scene::CORE, object("x86_64/ext_plain.so"), 0o755)
}
