//! What the list of traces shows before anything was received: how to send something.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::canvas::Canvas;
use crate::tui::format;
use crate::tui::widgets::face;
use crate::tui::world::World;

/// One line a language, all of them reading the two variables.
const EXAMPLES: [(&str, &str); 6] = [
    ("Python", "opentelemetry-instrument python app.py"),
    ("Node", "node --require @opentelemetry/auto-instrumentations-node/register app.js"),
    ("Java", "java -javaagent:opentelemetry-javaagent.jar -jar app.jar"),
    ("Go", "otlptracehttp.New(ctx)  // reads the variables"),
    (".NET", "builder.Services.AddOpenTelemetry().UseOtlpExporter()"),
    ("Rust", "opentelemetry_otlp::SpanExporter::builder().with_http().build()?"),
];

/// Where a program should send to: OTLP over HTTP, which every SDK speaks, or else over gRPC.
fn endpoint(listening: &[String]) -> (String, &'static str) {
    let address = |protocol: &str| {
        listening.iter().find_map(|line| line.strip_prefix(protocol)).map(|rest| {
            let address = rest.trim().replace("0.0.0.0:", "127.0.0.1:").replace("[::]:", "[::1]:");
            format!("http://{address}")
        })
    };
    match (address("otlp/http"), address("otlp/grpc")) {
        (Some(http), _) => (http, "http/protobuf"),
        (None, Some(grpc)) => (grpc, "grpc"),
        (None, None) => ("http://127.0.0.1:4318".into(), "http/protobuf"),
    }
}

pub(in crate::tui) fn draw(canvas: &mut Canvas, area: Rect, world: &World) {
    let theme = canvas.theme();
    let listening = world.status.as_ref().map_or(&[][..], |status| &status.listening);
    let (url, protocol) = endpoint(listening);
    let blank = || (Style::new(), String::new());
    let mut lines = vec![(theme.strong(), "No traces yet. Point a program here:".to_owned()), blank()];
    let wide = area.width >= 60;
    for (name, value) in [("ENDPOINT", url.as_str()), ("PROTOCOL", protocol)] {
        let name = format!("OTEL_EXPORTER_OTLP_{name}=");
        if wide {
            lines.push((theme.accent(), format!("  export {name}{value}")));
        } else {
            lines.extend([(theme.accent(), name), (theme.accent(), format!("  {value}"))]);
        }
    }
    let examples = || EXAMPLES.iter().map(|(language, line)| (Style::new(), format!("{language:<7}{line}")));
    let addresses = || listening.iter().map(|line| (theme.dim(), format!("  {line}")));
    let demo = [blank(), (theme.dim(), "Or look around with made-up traces:  spantop demo".to_owned())];
    if usize::from(area.height) >= lines.len() + EXAMPLES.len() + listening.len() + 6 {
        lines.push(blank());
        lines.push((theme.dim(), "and start it with its OpenTelemetry SDK:".into()));
        lines.extend(examples());
        lines.extend(demo);
        lines.push(blank());
        lines.push((theme.dim(), "Listening on".into()));
        lines.extend(addresses());
        if let Some(disk) = world.status.as_ref().and_then(|status| status.disk.as_ref())
            && usize::from(area.height) >= lines.len() + 2
        {
            let budget = format::bytes(disk.budget_bytes);
            lines.extend([blank(), (theme.dim(), format!("Keeping {budget} at most in {}", disk.path))]);
        }
    } else {
        let demo = (theme.dim(), if wide { demo[1].1.clone() } else { "Made-up traces:  spantop demo".into() });
        lines.extend([blank(), demo]);
        lines.extend(addresses());
    }
    face::draw(canvas, area, &lines);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoint_is_one_a_program_can_reach() {
        let lines = |text: &[&str]| text.iter().map(|&line| line.to_owned()).collect::<Vec<_>>();
        let both = lines(&["otlp/grpc 127.0.0.1:4317", "otlp/http 0.0.0.0:4318"]);
        assert_eq!(endpoint(&both), ("http://127.0.0.1:4318".into(), "http/protobuf"));
        assert_eq!(endpoint(&lines(&["otlp/grpc 127.0.0.1:9"])), ("http://127.0.0.1:9".into(), "grpc"));
        assert_eq!(endpoint(&[]).0, "http://127.0.0.1:4318");
    }
}
