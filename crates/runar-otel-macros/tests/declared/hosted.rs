//! The description of a service for its host.

use std::time::Duration;

use runar_otel_core::__private::{Owner, SITES};
use runar_otel_host::{EventContext, JobContext, RequestContext, Service, ServiceKind};
use runar_otel_macros::{action, dht_operation, dht_service, event_handler, job, metered, service};

#[service(
    name = "users",
    path = "api/users",
    description = "Users",
    version = "2.1.0"
)]
struct Users {
    #[inject]
    count: u8,
    #[metric_field]
    plain: u8,
}

#[service]
impl Users {
    #[action(cache(enabled = true, ttl = 60))]
    async fn profile(&self, _context: &RequestContext) -> u8 {
        self.count
    }

    #[action("list", path = "all/{page}", metrics = true)]
    fn list_all(&self) -> u8 {
        self.plain
    }

    #[action(name = "off", cache(enabled = false))]
    fn uncached(&self) -> u8 {
        let _ = self;
        0
    }

    #[job(schedule = "0 4 * * MON-FRI", name = "nightly")]
    async fn clean(&self, context: &JobContext) -> bool {
        let _ = self;
        context.value("force").is_some()
    }

    #[event_handler("user.created")]
    async fn created(&self, context: &EventContext) -> bool {
        let _ = self;
        context.topic() == "user.created"
    }

    #[event_handler]
    #[metered(event = "user.gone")]
    fn gone(&self) {
        let _ = self;
    }

    #[event_handler]
    fn silent(&self) {
        let _ = self;
    }
}

#[dht_service]
struct Table;

#[service]
impl Table {
    #[dht_operation(cache(ttl = "5m"))]
    fn put(&self) -> u8 {
        let _ = self;
        1
    }
}

#[tokio::test]
async fn the_impl_tells_its_methods_whose_they_are() {
    let users = Users { count: 3, plain: 4 };
    let context = RequestContext::new("main");
    assert_eq!(
        users.profile(&context).await + users.list_all() + users.uncached(),
        7
    );
    users.gone();
    users.silent();
    let job = JobContext::new("main", std::time::SystemTime::UNIX_EPOCH).with_value("force", "yes");
    assert!(users.clean(&job).await);
    assert_eq!(job.scheduled_at(), std::time::SystemTime::UNIX_EPOCH);
    assert!(
        users
            .created(&EventContext::new("main", "user.created"))
            .await
    );

    assert_eq!((Users::name(), Users::path()), ("users", "api/users"));
    assert_eq!((Users::description(), Users::version()), ("Users", "2.1.0"));
    assert_eq!(Users::kind(), ServiceKind::Service);
    let actions = Users::actions();
    let said: Vec<_> = actions
        .iter()
        .map(|action| (action.name, action.path, action.function, action.metrics))
        .collect();
    assert_eq!(
        said,
        [
            ("list", "all/{page}", "list_all", true),
            ("off", "off", "uncached", false),
            ("profile", "profile", "profile", false),
        ]
    );
    let ttl = |at: usize| {
        actions
            .get(at)
            .and_then(|action| action.cache)
            .map(|cache| cache.ttl)
    };
    assert_eq!((ttl(1), ttl(2)), (None, Some(Duration::from_secs(60))));
    let jobs: Vec<_> = Users::jobs()
        .iter()
        .map(|job| (job.name, job.function, job.schedule))
        .collect();
    assert_eq!(jobs, [("nightly", "clean", "0 4 * * MON-FRI")]);
    let handlers: Vec<_> = Users::event_handlers()
        .iter()
        .map(|handler| (handler.topic, handler.function))
        .collect();
    assert_eq!(
        handlers,
        [
            ("silent", "silent"),
            ("user.created", "created"),
            ("user.gone", "gone")
        ]
    );
}

#[test]
fn each_type_of_a_module_has_its_own() {
    assert_eq!(Table.put(), 1);
    assert_eq!((Table::name(), Table::path()), ("Table", "table"));
    assert_eq!(Table::version(), env!("CARGO_PKG_VERSION"));
    assert_eq!(Table::kind(), ServiceKind::Dht);
    let names: Vec<_> = Table::actions().iter().map(|action| action.name).collect();
    assert_eq!(names, ["put"]);
    assert_eq!(
        Table::actions()
            .first()
            .and_then(|action| action.cache)
            .map(|cache| cache.ttl),
        Some(Duration::from_secs(300))
    );
}

#[test]
fn a_service_without_metrics_is_known_as_owner() {
    let owners = SITES.iter().filter_map(|site| site.function().owner);
    let tables: Vec<Owner> = owners.filter(|owner| owner.name == "Table").collect();
    assert_eq!(tables.len(), 1);
    assert!(tables.iter().all(|table| table.service.is_none()));
}
