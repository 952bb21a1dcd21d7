//! `#[metrics]` on a struct reaches methods whose impl has no attribute.

use runar_otel_core::__private::SERVICES;
use runar_otel_host::RequestContext;
use runar_otel_macros::{action, event_handler, job, metered, metrics, publisher, service};

use crate::recorded::recorder;

#[service]
#[metrics(prefix = "plain_")]
struct UserService {
    #[inject]
    name: String,
}

impl UserService {
    #[action]
    async fn get_user(&self, _context: &RequestContext, id: u64) -> Result<u64, String> {
        if id == 0 {
            return Err(self.name.clone());
        }
        Ok(id)
    }

    #[action(metrics = true)]
    async fn update_user(&self, context: &RequestContext, id: u64) -> Result<u64, String> {
        self.get_user(context, id).await
    }

    #[event_handler("user.updated")]
    #[metered(event = "user.updated")]
    async fn handle(&self) -> Result<(), String> {
        Ok(())
    }

    #[job(schedule = "*/5 * * * *")]
    #[metered(name = "cleanup_job")]
    async fn cleanup(&self) -> Result<u8, String> {
        Ok(1)
    }

    #[action]
    #[metrics(skip)]
    async fn ping(&self) -> u8 {
        std::future::ready(1).await
    }

    #[metrics(skip)]
    #[action]
    async fn pong(&self) -> u8 {
        std::future::ready(2).await
    }
}

#[publisher]
#[metrics(events = true, service = "bus", actions = false)]
struct EventPublisher;

#[metrics]
#[service(name = "renamed")]
struct Renamed;

#[service(name = "handed down")]
#[metrics(prefix = "x_")]
struct HandedDown;

fn user_service() -> UserService {
    UserService {
        name: "none".to_owned(),
    }
}

#[tokio::test]
async fn actions_feed_the_service_and_the_metered_ones_their_own() {
    // It records from here on.
    drop(recorder());
    let service = user_service();
    let context = RequestContext::new("main");
    service.get_user(&context, 1).await.unwrap();
    service.get_user(&context, 0).await.unwrap_err();
    service.update_user(&context, 2).await.unwrap();
    service.handle().await.unwrap();
    service.cleanup().await.unwrap();
    assert_eq!(service.ping().await + service.pong().await, 3);

    let recorder = recorder();
    let sum = |metric: &str, label: &str| -> f64 {
        let series = recorder.series(metric);
        let with = series
            .iter()
            .filter(|one| one.labels.contains(&label.to_owned()));
        with.map(|one| one.value).sum()
    };
    // The inner call of `update_user` is none of the service: it is not the outermost one.
    assert!((sum("plain_service_requests_total", "outcome=ok") - 2.0).abs() < 1e-9);
    assert!((sum("plain_service_requests_total", "outcome=error") - 1.0).abs() < 1e-9);
    assert!((sum("plain_action_requests_total", "action=update_user") - 1.0).abs() < 1e-9);
    assert!(sum("plain_action_requests_total", "action=get_user").abs() < 1e-9);
    assert!((sum("plain_event_received_total", "event=user.updated") - 1.0).abs() < 1e-9);
    assert!((sum("plain_cleanup_job_requests_total", "action=cleanup") - 1.0).abs() < 1e-9);
}

#[test]
fn the_attribute_links_its_options() {
    let of = |name: &str| SERVICES.iter().find(|service| service.name == name);
    let bus = of("bus").unwrap();
    assert!(bus.events && !bus.actions && bus.prefix.is_empty());
    assert_eq!(bus.module, module_path!());
    assert!(bus.at.file().ends_with("services.rs"));
    assert!(of("renamed").is_some() && of("Renamed").is_none());
    assert_eq!(of("handed down").unwrap().prefix, "x_");
    assert!(of("UserService").is_some());
    let _ = (EventPublisher, Renamed, HandedDown);
}
