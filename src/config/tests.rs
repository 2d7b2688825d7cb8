use std::path::{Path, PathBuf};
use std::time::Duration;

use proptest::prelude::*;

use super::*;

fn loaded(file: &str, environment: &[(&str, &str)], given: &[(&str, &str)]) -> Result<Loaded, String> {
    let file = ConfigFile { path: "spantop.toml".into(), text: file.into() };
    let environment = environment.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    let given = given.iter().map(|(long, value)| FlagValue {
        flag: flags().find(|flag| flag.long == *long).unwrap(),
        value: (*value).into(),
    });
    Config::load(Some(&file), environment, &given.collect::<Vec<_>>())
        .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

#[test]
fn built_in_values_need_no_file() {
    let loaded = Config::load(None, [], &[]).unwrap();
    assert_eq!(loaded.config, Config::default());
    assert!(loaded.settings().all(|(_, origin)| *origin == Origin::Default));
}

#[test]
fn each_layer_goes_over_the_one_before() {
    let file = "[store]\nmemory = '1GiB'\nretention = '1h'\nmax_memory_traces = 10";
    let environment = [("SPANTOP_STORE_RETENTION", "2h"), ("SPANTOP_STORE_MEMORY", "2GiB"), ("PATH", "/bin")];
    let loaded = loaded(file, &environment, &[("memory", "3GiB"), ("insecure-bind", "true")]).unwrap();
    let store = Store {
        memory: ByteSize(3 << 30),
        max_memory_traces: 10,
        retention: Duration::from_hours(2),
        ..Store::default()
    };
    assert_eq!(
        loaded.config,
        Config { store, listen: Listen { insecure_bind: true, ..Listen::default() }, ..Config::default() }
    );
    for (key, origin) in [
        ("store.memory", "--memory"),
        ("store.retention", "SPANTOP_STORE_RETENTION"),
        ("store.max_memory_traces", "spantop.toml:4"),
        ("listen.insecure_bind", "--insecure-bind"),
        ("ui.fps", "default"),
    ] {
        assert_eq!(loaded.origin(key).unwrap().to_string(), origin, "{key}");
    }
}

#[test]
fn every_layer_tells_its_problems_at_once() {
    let environment = [("SPANTOP_STORE_MEMROY", "1GiB"), ("SPANTOP_UI_FPS", "fast"), ("SPANTOP_CONFIG", "x.toml")];
    let report = loaded("store.memory = '1B'", &environment, &[("memory", "")]).unwrap_err();
    insta::assert_snapshot!(report, @r"
    spantop.toml:1:16: cannot set store.memory to '1B': out of limits
      store.memory = '1B'
                     ^^^^
      hint: at least 16MiB
    SPANTOP_STORE_MEMROY: unknown environment variable
      hint: did you mean 'SPANTOP_STORE_MEMORY'?
    SPANTOP_UI_FPS: cannot set ui.fps to 'fast': not a whole number
      hint: a whole number from 0 to 65535
    --memory: cannot set store.memory to '': not a size
      hint: a whole number of B, KiB, MiB, GiB, kB, MB or GB, such as 512MiB
    ");
}

#[test]
fn unknown_variables_are_refused_with_the_nearest_name() {
    let variable = |name| loaded("", &[(name, "1")], &[]).unwrap_err();
    assert!(variable("SPANTOP_MEMORY").contains("did you mean 'SPANTOP_STORE_MEMORY'?"));
    assert!(variable("SPANTOP_UI_FSP").contains("did you mean 'SPANTOP_UI_FPS'?"));
    assert!(variable("SPANTOP_BROKER").contains("the sections are"));
}

#[test]
fn a_conflict_across_layers_is_told_where_it_was_set() {
    let open = loaded("listen.grpc = '0.0.0.0:1'", &[], &[]).unwrap_err();
    assert!(open.starts_with("spantop.toml:1:15: cannot set listen.grpc to '0.0.0.0:1'"), "{open}");
    loaded("listen.grpc = '0.0.0.0:1'", &[], &[("insecure-bind", "true")]).unwrap();
    let unclear = loaded("listen.insecure_bind = yes", &[("SPANTOP_LISTEN_GRPC", "0.0.0.0:1")], &[]).unwrap_err();
    assert!(!unclear.contains("TLS"), "a line that cannot be read may have allowed it: {unclear}");
    let memory = [("SPANTOP_STORE_MEMORY", "1GiB")];
    let message = loaded("ingest.max_message = '65MiB'", &memory, &[]).unwrap_err();
    assert!(message.starts_with("spantop.toml:1:22: cannot take a message of 65MiB"), "{message}");
}

#[test]
fn a_message_is_at_most_a_quarter_of_the_store() {
    let limit = |text| loaded(text, &[], &[]).unwrap().config.max_message_bytes();
    assert_eq!(limit(""), 64 << 20);
    assert_eq!(limit("store.memory = '16MiB'"), 4 << 20);
    assert_eq!(limit("store.disk = '32MiB'"), 8 << 20);
    assert_eq!(limit("store = { disk = '32MiB', ephemeral = true }"), 64 << 20);
}

/// What was settled on: the data directory, or that nothing is kept on disk, and where that was said.
fn kept(file: &str, environment: &[(&str, &str)], given: &[(&str, &str)]) -> Result<String, String> {
    let loaded = loaded(file, environment, given)?;
    let origin = loaded.origin("store.ephemeral").unwrap();
    let directory = match &loaded.config.store {
        Store { ephemeral: true, .. } => "nothing".into(),
        Store { path: Some(path), .. } => path.display().to_string(),
        Store { path: None, .. } => "the platform's".into(),
    };
    Ok(format!("{directory} ({origin})"))
}

#[test]
fn the_later_layer_says_whether_anything_is_kept_on_disk() {
    let [dir, ephemeral] = [("data-dir", "flagged"), ("ephemeral", "true")];
    let [file_path, file_ephemeral] = ["store.path = 'filed'", "store.ephemeral = true"];
    let variable = [("SPANTOP_STORE_PATH", "named")];
    assert_eq!(kept("", &[], &[]).unwrap(), "the platform's (default)");
    assert_eq!(kept(file_path, &[], &[]).unwrap(), "filed (default)");
    assert_eq!(kept(file_path, &[], &[ephemeral]).unwrap(), "nothing (--ephemeral)");
    assert_eq!(kept(file_ephemeral, &variable, &[]).unwrap(), "named (SPANTOP_STORE_PATH)");
    assert_eq!(kept(file_ephemeral, &variable, &[dir]).unwrap(), "flagged (--data-dir)");
    assert_eq!(kept(file_ephemeral, &[], &[("data-dir", "")]).unwrap(), "nothing (spantop.toml:1)");
    let both = format!("{file_path}\n{file_ephemeral}");
    assert_eq!(kept(&both, &[], &[]).unwrap(), "nothing (spantop.toml:2)", "a switch that is easy to turn back");
    insta::assert_snapshot!(kept(file_path, &[], &[dir, ephemeral]).unwrap_err(), @r"
    --ephemeral: cannot keep nothing on disk and keep traces in 'flagged'
      hint: leave out --ephemeral or --data-dir
    ");
}

#[test]
fn every_row_is_whole() {
    for setting in SETTINGS {
        assert_eq!(Setting::named(setting.key).unwrap().doc, setting.doc, "{} is there twice", setting.key);
        assert!(!setting.section().is_empty() && !setting.name().contains('.'), "{}", setting.key);
        assert!(!setting.doc.ends_with('.') && setting.doc.len() <= 100, "{}", setting.doc);
        let mut config = Config::default();
        setting.set(&mut config, &setting.print(&Config::default())).unwrap();
        assert_eq!(config, Config::default(), "{}", setting.key);
    }
    let variables: std::collections::HashSet<_> = SETTINGS.iter().map(Setting::variable).collect();
    assert_eq!(variables.len(), SETTINGS.len());
    assert!(
        SETTINGS
            .windows(2)
            .all(|pair| pair[0].section() <= pair[1].section() || pair[0].section() != pair[1].section())
    );
}

#[test]
fn flags_are_those_of_the_command_line() {
    let lines = flags().map(|flag| format!("--{} {} {}", flag.long, flag.value_name.unwrap_or("(switch)"), flag.key));
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r"
    --grpc ADDR listen.grpc
    --http ADDR listen.http
    --api ADDR listen.api
    --insecure-bind (switch) listen.insecure_bind
    --data-dir DIR store.path
    --ephemeral (switch) store.ephemeral
    --memory BYTES store.memory
    --disk BYTES store.disk
    --retention DURATION store.retention
    --theme THEME ui.theme
    --ascii (switch) ui.ascii
    --log FILE log.file
    --log-level LEVEL log.level
    ");
}

fn check<V: Value + PartialEq + std::fmt::Debug>(cases: &[(&str, V)]) {
    for (text, value) in cases {
        assert_eq!(&V::parse(text).unwrap(), value, "{text}");
        assert_eq!(&V::parse(&value.print()).unwrap(), value, "{}", value.print());
    }
}

fn check_refused<V: Value + std::fmt::Debug>(cases: &[&str]) {
    for text in cases {
        assert!(V::parse(text).is_err(), "{text} is {:?}", V::parse(text));
    }
}

#[test]
fn sizes_have_decimal_and_binary_units() {
    check(&[
        ("512MiB", ByteSize(512 << 20)),
        ("1GiB", ByteSize(1 << 30)),
        ("64MB", ByteSize(64_000_000)),
        ("1024KiB", ByteSize(1 << 20)),
        ("1000", ByteSize(1000)),
        ("1000B", ByteSize(1000)),
        ("2 tib", ByteSize(2 << 40)),
        ("0", ByteSize(0)),
    ]);
    check_refused::<ByteSize>(&["", "MiB", "-1", "1.5GiB", "1  B", "1XB", "1M", "+1", "1 ", "16777216TiB", "１MiB"]);
}

#[test]
fn durations_have_units_from_great_to_small() {
    check(&[
        ("90s", Duration::from_secs(90)),
        ("15m", Duration::from_mins(15)),
        ("24h", Duration::from_hours(24)),
        ("1d", Duration::from_hours(24)),
        ("1h30m", Duration::from_mins(90)),
        ("500ms", Duration::from_millis(500)),
        ("3µs", Duration::from_micros(3)),
        ("0s", Duration::ZERO),
    ]);
    check_refused::<Duration>(&[
        "",
        "15",
        "h",
        "1m1h",
        "1s1s",
        "-1s",
        "1.5h",
        "1h 30m",
        "1w",
        "213504d",
        "99999999999999999999s",
    ]);
    assert_eq!(Duration::from_hours(24).print(), "24h");
    assert_eq!(Duration::from_hours(49).print(), "2d1h");
}

#[test]
fn a_duration_that_may_be_off_is_a_duration_or_off() {
    check(&[("off", None), ("30m", Some(Duration::from_mins(30)))]);
    check_refused::<Option<Duration>>(&["", "0", "on", "never"]);
}

#[test]
fn addresses_name_a_host_and_a_port() {
    check(&[
        ("off", Address::Off),
        ("localhost:4317", Address::Localhost(4317)),
        ("LocalHost:0", Address::Localhost(0)),
        ("127.0.0.1:1", Address::Ip("127.0.0.1:1".parse().unwrap())),
        ("[::1]:65535", Address::Ip("[::1]:65535".parse().unwrap())),
    ]);
    check_refused::<Address>(&[
        "",
        "on",
        "4317",
        ":4317",
        "localhost",
        "localhost:+1",
        "::1:4317",
        "host:1",
        "[::1]",
        "1.2.3:4",
    ]);
}

#[test]
fn local_addresses_are_those_no_other_machine_reaches() {
    let local = |text| Address::parse(text).unwrap().is_local();
    assert!(["off", "localhost:1", "127.8.8.8:1", "[::1]:1", "[::ffff:127.0.0.1]:1"].into_iter().all(local));
    assert!(!["0.0.0.0:1", "[::]:1", "10.0.0.1:1", "[fe80::1]:1", "[::ffff:10.0.0.1]:1"].into_iter().any(local));
}

proptest! {
    #[test]
    fn sizes_survive_print_and_parse(bytes: u64, shift in 0..64) {
        let size = ByteSize(bytes >> shift);
        prop_assert_eq!(ByteSize::parse(&size.print()), Ok(size));
    }

    #[test]
    fn durations_survive_print_and_parse(ns: u64, unit in prop::sample::select(vec![1, 1_000_000, 1_000_000_000, 3_600_000_000_000])) {
        let duration = Duration::from_nanos(ns - ns % unit);
        prop_assert_eq!(Duration::parse(&duration.print()), Ok(duration));
    }

    #[test]
    fn any_text_is_a_value_or_refused(text in ".{0,20}|[0-9dhmsunµ.: ]{0,20}|[0-9.:\\[\\]a-f%]{0,20}") {
        for setting in SETTINGS {
            let mut config = Config::default();
            if setting.set(&mut config, &text).is_ok() {
                let printed = setting.print(&config);
                let mut again = Config::default();
                setting.set(&mut again, &printed).unwrap();
                prop_assert_eq!(&again, &config);
            } else {
                prop_assert_eq!(&config, &Config::default());
            }
        }
    }

    #[test]
    fn no_name_is_too_odd_for_a_suggestion(name in ".{0,80}") {
        let hint = nearest::nearest_setting(&name);
        prop_assert!(hint.is_none() || name.chars().count() <= 64 + 8);
    }
}

#[test]
fn near_names_are_suggested_and_far_ones_are_not() {
    let near = |name| nearest::nearest_setting(name).map(|setting| setting.key);
    assert_eq!(near("store.memroy"), Some("store.memory"));
    assert_eq!(near("store.max-memory-traces"), Some("store.max_memory_traces"));
    assert_eq!(near("STORE_MEMORY"), Some("store.memory"));
    assert_eq!(near("fps"), Some("ui.fps"));
    assert_eq!(near("ui.wallpaper"), None);
    assert_eq!(near(&"x".repeat(1_000_000)), None);
}

/// A file that goes when the test ends.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, content: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("spantop-config-{}-{name}", std::process::id()));
        std::fs::write(&path, content).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).ok();
    }
}

#[test]
fn the_flag_names_the_file_before_the_variable_and_the_default() {
    let [flag, variable, default] = ["flag", "variable", "default"].map(|name| Scratch::new(name, name.as_bytes()));
    let environment = [("SPANTOP_CONFIG".to_string(), variable.0.display().to_string())];
    let found = |flag: Option<&Path>, environment: &[(String, String)], default: Option<&Path>| {
        find(flag, environment, default).unwrap().map(|file| file.text)
    };
    assert_eq!(found(Some(&flag.0), &environment, Some(&default.0)).unwrap(), "flag");
    assert_eq!(found(None, &environment, Some(&default.0)).unwrap(), "variable");
    assert_eq!(found(None, &[], Some(&default.0)).unwrap(), "default");
    assert_eq!(found(None, &[("SPANTOP_CONFIG".into(), String::new())], None), None);
    assert_eq!(found(None, &[], Some(Path::new("/nowhere/config.toml"))), None);
}

#[test]
fn a_named_file_must_be_there() {
    let problem = find(Some(Path::new("/nowhere/\u{1b}.toml")), &[], None).unwrap_err();
    insta::assert_snapshot!(problem, @r"
    /nowhere/␛.toml: cannot read the configuration file: there is none
      hint: --config names the file, or else SPANTOP_CONFIG
    ");
}

#[test]
fn large_files_are_refused_and_folders_are_no_files() {
    let large = Scratch::new("large", &vec![b'#'; (1 << 20) + 1]);
    let problem = find(Some(&large.0), &[], None).unwrap_err();
    assert_eq!(problem.message, "cannot take a configuration file of more than 1MiB");
    find(Some(&std::env::temp_dir()), &[], None).unwrap_err();
}

#[test]
fn default_path_ends_as_documented() {
    assert!(default_path().is_none_or(|path| path.ends_with("spantop/config.toml")));
}
