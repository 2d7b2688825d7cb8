//! No configuration file makes the reader panic, and every problem prints.

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(problems) = spantop::config::check_bytes(Path::new("fuzz.toml"), bytes.to_vec()) {
        assert!(problems.iter().all(|problem| !problem.to_string().is_empty()));
    }
});
