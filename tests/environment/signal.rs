//! The end of a process by a signal.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::Duration,
};

use runar_otel_testing::{Metrics, OtlpReceiver, assert_metric};

use crate::program;

#[test]
fn the_last_measurements_are_delivered_when_the_process_is_asked_to_end() {
    for signal in ["TERM", "INT"] {
        let receiver = OtlpReceiver::start();
        let mut command = program::command("serves_until_it_is_told");
        command
            .env("OTEL_METRICS_EXPORTER", "otlp")
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint())
            .stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut line = |wanted: &str| lines.by_ref().any(|line| line.unwrap().contains(wanted));
        assert!(line("serving"), "{signal}");
        let kill = Command::new("kill")
            .args(["-s", signal, &child.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
        assert!(line("all telemetry was delivered"), "{signal}");
        assert!(child.wait().unwrap().success(), "{signal}");
        let received = receiver.wait_until(
            |received| received.counter("last_total", &[]).is_some(),
            Duration::from_secs(10),
        );
        assert_metric!(received, "last_total", == 1);
    }
}
