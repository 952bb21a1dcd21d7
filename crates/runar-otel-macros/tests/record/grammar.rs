//! All ways to write a record: statement, expression, generic, asynchronous, in either order.

use std::{fmt::Display, time::Duration};

use crate::{metrics, recorded::recorder};

struct Event {
    payment_method: String,
    amount: f64,
    tries: u8,
}

enum Priority {
    High,
}

impl Display for Priority {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::High => out.write_str("high"),
        }
    }
}

#[test]
fn the_documents_grammar_records() {
    let recorder = recorder();
    metrics::increment!("grammar_counter");
    metrics::increment!("grammar_counter", value: 5);
    metrics::increment!("grammar_counter", labels: {"label1" => "value1"});
    metrics::increment!("grammar_counter", labels: {"label1" => "value1",}, value: 2_usize,);
    metrics::increment!("grammar_counter", value: 3_u8, labels: {},);
    let all = recorder.series("grammar_counter");
    assert_eq!(all.len(), 2, "{all:#?}");
    assert!(all[0].labels.is_empty() && (all[0].value - 9.0).abs() < 1e-9);
    assert_eq!(all[1].labels, ["label1=value1"]);
    assert!((all[1].value - 3.0).abs() < 1e-9);
}

#[test]
fn values_and_labels_are_only_borrowed() {
    let recorder = recorder();
    let event = Event {
        payment_method: "card".to_owned(),
        amount: 12.5,
        tries: 2,
    };
    let method = Some(String::from("m"));
    metrics::observe!("grammar_amount", value: event.amount, labels: {
        "payment_method" => event.payment_method,
        "priority" => Priority::High.to_string(),
        "shown" => Priority::High,
        "tries" => event.tries,
        "method" => method,
        "nothing" => None::<&str>
    });
    metrics::observe!("grammar_amount_by_reference", value: &event.amount);
    assert_eq!(event.payment_method, "card");
    assert!(method.is_some());
    assert_eq!(
        recorder.one("grammar_amount").labels,
        [
            "method=m",
            "nothing=",
            "payment_method=card",
            "priority=high",
            "shown=high",
            "tries=2"
        ]
    );
}

#[test]
fn a_record_is_an_expression() {
    let recorder = recorder();
    let branch = |count: u8| match count {
        0 => metrics::increment!("grammar_branch", labels: {"good" => count}),
        1 => metrics::increment!("grammar_branch", value: 2, labels: {"good" => count}),
        _ => (),
    };
    branch(0);
    branch(1);
    let () = metrics::set!("grammar_set", value: 7.0_f32 as f64 / 2.0);
    assert_eq!(recorder.series("grammar_branch").len(), 2);
    assert!((recorder.one("grammar_set").value - 3.5).abs() < 1e-9);
}

fn generic<T: Display, V: runar_otel_core::MetricValue>(kind: &T, value: V) {
    metrics::observe!("grammar_generic", value: value, labels: {"kind" => kind});
}

#[test]
fn generic_functions_share_one_site() {
    let recorder = recorder();
    generic(&"a", 1.5);
    generic(&2, 3_u64);
    generic(&'c', Duration::from_millis(500));
    let all = recorder.series("grammar_generic");
    let labels: Vec<&str> = all.iter().map(|s| s.labels[0].as_str()).collect();
    assert_eq!(labels, ["kind=2", "kind=a", "kind=c"]);
    assert!((all[2].value - 0.5).abs() < 1e-9);
}

#[tokio::test]
async fn a_record_may_await_and_stays_send() {
    async fn later(value: u64) -> Result<u64, ()> {
        tokio::task::yield_now().await;
        Ok(value)
    }
    let work = async {
        metrics::increment!("grammar_async", value: later(4).await?, labels: {
            "first" => later(1).await?,
            "second" => later(2).await?
        });
        Ok::<(), ()>(())
    };
    tokio::spawn(work).await.unwrap().unwrap();
    let recorder = recorder();
    let one = recorder.one("grammar_async");
    assert_eq!(one.labels, ["first=1", "second=2"]);
    assert!((one.value - 4.0).abs() < 1e-9);
}

#[test]
fn a_declarative_macro_may_hand_the_parts_on() {
    macro_rules! count {
        ($name:literal, $value:expr, $label:literal => $text:expr) => {
            metrics::increment!($name, value: $value, labels: {$label => $text})
        };
    }
    let recorder = recorder();
    count!("grammar_handed_on", 1 + 1, "key" => "a".to_owned() + "b");
    let one = recorder.one("grammar_handed_on");
    assert_eq!(one.labels, ["key=ab"]);
    assert!((one.value - 2.0).abs() < 1e-9);
}

#[test]
fn records_nest() {
    let recorder = recorder();
    metrics::increment!("grammar_outer", value: {
        metrics::increment!("grammar_inner");
        2
    });
    assert!((recorder.one("grammar_outer").value - 2.0).abs() < 1e-9);
    assert!((recorder.one("grammar_inner").value - 1.0).abs() < 1e-9);
}

#[test]
fn a_timer_records_when_it_is_dropped() {
    let recorder = recorder();
    let priority = Priority::High;
    let timer = metrics::timer!("grammar_operation", labels: {"priority" => priority.to_string()});
    drop(timer.with_label("how", "well"));
    metrics::timer!("grammar_operation").discard();
    let one = recorder.one("grammar_operation");
    assert_eq!(one.labels, ["how=well", "priority=high"]);
    assert_eq!((one.kind, one.unit.as_str()), ("histogram", "s"));
    assert_eq!(one.bounds[0].to_string(), "0.005");
}
