//! The resource a process sends with its spans, as the SDK of its language detects it.

use opentelemetry_proto::tonic::{common::v1::KeyValue, resource::v1::Resource};

use super::random::Random;
use super::services::{Language, Process};
use super::value::attribute;

/// The version of the semantic conventions that the shop's resources and scopes follow.
pub(super) const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.37.0";

/// Returns the resource of `process`; the same one at each call.
pub(super) fn resource_of(process: Process) -> Resource {
    let seed = process.service as u64 * 64 + process.instance as u64 * 8 + process.release;
    let mut random = Random::new(seed + 1);
    let mut attributes = vec![
        attribute("service.name", process.service.profile().name),
        attribute("service.namespace", "shop"),
        attribute("service.version", process.version()),
        attribute("service.instance.id", random.uuid()),
        attribute("deployment.environment.name", "demo"),
        attribute("host.name", process.host().name),
        attribute("host.arch", "amd64"),
        attribute("os.type", "linux"),
        attribute("process.pid", random.between(1, 40_000)),
    ];
    attributes.extend(sdk(process.language()));
    if process.service.profile().on_kubernetes {
        attributes.extend(kubernetes(process, &mut random));
    }
    Resource { attributes, ..Resource::default() }
}

fn sdk(language: Language) -> Vec<KeyValue> {
    let (name, sdk, version) = match language {
        Language::Cpp => ("cpp", "envoy", "1.36.2"),
        Language::DotNet => ("dotnet", "opentelemetry", "1.14.0"),
        Language::Go => ("go", "opentelemetry", "1.38.0"),
        Language::Java => ("java", "opentelemetry", "1.55.0"),
        Language::NodeJs => ("nodejs", "opentelemetry", "2.2.0"),
        Language::Python => ("python", "opentelemetry", "1.45.1"),
        Language::Ruby => ("ruby", "opentelemetry", "1.10.0"),
        Language::Rust => ("rust", "opentelemetry", "0.31.0"),
    };
    let mut attributes = vec![
        attribute("telemetry.sdk.name", sdk),
        attribute("telemetry.sdk.language", name),
        attribute("telemetry.sdk.version", version),
    ];
    attributes.extend(runtime(language));
    attributes
}

/// What the process detectors of some SDKs add.
fn runtime(language: Language) -> Vec<KeyValue> {
    match language {
        Language::Java => vec![
            attribute("telemetry.distro.name", "opentelemetry-java-instrumentation"),
            attribute("telemetry.distro.version", "2.21.0"),
            attribute("process.runtime.name", "OpenJDK Runtime Environment"),
            attribute("process.runtime.version", "25.0.1+8-LTS"),
            attribute("process.command_args", vec!["java", "-Xmx768m", "-jar", "/app/service.jar"]),
        ],
        Language::NodeJs => vec![
            attribute("process.runtime.name", "nodejs"),
            attribute("process.runtime.version", "24.11.0"),
            attribute("process.command_args", vec!["node", "--require", "./telemetry.js", "dist/main.js"]),
        ],
        Language::Python => vec![
            attribute("telemetry.auto.version", "0.66b1"),
            attribute("process.runtime.name", "cpython"),
            attribute("process.runtime.version", "3.14.0"),
        ],
        Language::DotNet => {
            vec![attribute("process.runtime.name", ".NET"), attribute("process.runtime.version", "10.0.0")]
        }
        Language::Go => vec![attribute("process.runtime.name", "go"), attribute("process.runtime.version", "go1.25.4")],
        Language::Cpp | Language::Ruby | Language::Rust => Vec::new(),
    }
}

fn kubernetes(process: Process, random: &mut Random) -> Vec<KeyValue> {
    let deployment = process.service.address();
    let (replica_set, pod) = (random.bits() & 0xff_ffff_ffff, random.bits() & 0xf_ffff);
    vec![
        attribute("k8s.cluster.name", "shop-eu-1"),
        attribute("k8s.namespace.name", "shop"),
        attribute("k8s.deployment.name", deployment),
        attribute("k8s.pod.name", format!("{deployment}-{replica_set:010x}-{pod:05x}")),
        attribute("k8s.node.name", process.host().name),
        attribute("container.id", format!("{:016x}{:016x}", random.bits(), random.bits())),
    ]
}
